"""Who has a seat in a session and who waits."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, text

from services.training.projections.register import Register
from services.training.queries.base import as_of

_PAGE = text(
    """SELECT person_id::text AS person_id, unit_id, place, came FROM read.rolls
        WHERE session_id = cast(:session AS uuid) AND (place, came) > (:place, :came)
        ORDER BY place, came LIMIT :limit"""
)


class RollQueries:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, session_id: str, after: str | None, limit: int) -> tuple[list[dict[str, Any]], str]:
        """Seats first. One row more than ``limit`` if there is more; and ``as_of``."""
        place, _, came = (after or "/0").partition("/")
        asked = {"session": session_id, "place": place, "came": int(came), "limit": limit + 1}
        with self._engine.begin() as tx:
            position = as_of(tx, Register.name)
            return [dict(row) for row in tx.execute(_PAGE, asked).mappings()], position
