"""Reads for the API. ``as_of`` is the position of the own log up to which the tables tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text

from services.training.projections import Register

_AS_OF = text("SELECT position FROM bus.cursors WHERE subscription = :name AND source = '' AND partition = 0")
_PARTS = text(
    """SELECT day, part, count(*) AS attendances FROM read.attendance WHERE session_id = cast(:session AS uuid)
        GROUP BY day, part ORDER BY day, part"""
)
_TRAINEES = text("SELECT count(DISTINCT person_id) FROM read.attendance WHERE session_id = cast(:session AS uuid)")
_PERSON = text(
    """SELECT session_id, course_id, unit_id, day, part, mode FROM read.attendance
        WHERE person_id = cast(:person AS uuid) ORDER BY day, session_id, part"""
)


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """Unique persons and attendances apart: the second counts every part."""

    trainees: int
    attendances: int
    parts: list[dict[str, Any]]
    as_of: str


class Queries:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def session(self, session_id: str) -> SessionFigures:
        with self._engine.begin() as tx:
            as_of = tx.execute(_AS_OF, {"name": Register.name}).scalar() or 0
            parts = [dict(row) for row in tx.execute(_PARTS, {"session": session_id}).mappings()]
            trainees = tx.execute(_TRAINEES, {"session": session_id}).scalar_one()
        return SessionFigures(trainees, sum(part["attendances"] for part in parts), parts, f"0:{as_of}")

    def person(self, person_id: str) -> tuple[list[dict[str, Any]], str]:
        """Each attendance with its unit and day, oldest first; and ``as_of``."""
        with self._engine.begin() as tx:
            as_of = tx.execute(_AS_OF, {"name": Register.name}).scalar() or 0
            rows = [dict(row) for row in tx.execute(_PERSON, {"person": person_id}).mappings()]
        return rows, f"0:{as_of}"
