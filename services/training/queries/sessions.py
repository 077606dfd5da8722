"""Sessions and who came to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text

from services.training.projections.register import Register
from services.training.queries.base import as_of

_PARTS = text(
    """SELECT day, part, count(*) AS attendances FROM read.attendance WHERE session_id = cast(:session AS uuid)
        GROUP BY day, part ORDER BY day, part"""
)
_TRAINEES = text("SELECT count(DISTINCT person_id) FROM read.attendance WHERE session_id = cast(:session AS uuid)")


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """Unique persons and attendances apart: the second counts every part."""

    trainees: int
    attendances: int
    parts: list[dict[str, Any]]
    as_of: str


class SessionQueries:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def figures(self, session_id: str) -> SessionFigures:
        with self._engine.begin() as tx:
            position = as_of(tx, Register.name)
            parts = [dict(row) for row in tx.execute(_PARTS, {"session": session_id}).mappings()]
            trainees = tx.execute(_TRAINEES, {"session": session_id}).scalar_one()
        return SessionFigures(trainees, sum(part["attendances"] for part in parts), parts, position)
