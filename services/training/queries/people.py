"""What a person was taught."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, text

from services.training.projections.register import Register
from services.training.queries.base import as_of

_PERSON = text(
    """SELECT session_id, course_id, unit_id, day, part, mode FROM read.attendance
        WHERE person_id = cast(:person AS uuid) ORDER BY day, session_id, part"""
)


class PeopleQueries:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, person_id: str) -> tuple[list[dict[str, Any]], str]:
        """Each attendance with its unit and day, oldest first; and ``as_of``."""
        with self._engine.begin() as tx:
            position = as_of(tx, Register.name)
            rows = [dict(row) for row in tx.execute(_PERSON, {"person": person_id}).mappings()]
        return rows, position
