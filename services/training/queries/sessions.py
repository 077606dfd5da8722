"""Sessions, who is on their rolls, and who came to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, text

from services.training.projections.register import Register
from services.training.queries.base import as_of

# A human being with several ids counts once (read.joins).
_PARTS = text(
    """SELECT a.day, a.part, count(DISTINCT coalesce(j.kept_id, a.person_id)) AS attendances
         FROM read.attendance a LEFT JOIN read.joins j ON j.duplicate_id = a.person_id
        WHERE a.session_id = cast(:session AS uuid) GROUP BY a.day, a.part ORDER BY a.day, a.part"""
)
_TRAINEES = text(
    """SELECT count(DISTINCT coalesce(j.kept_id, a.person_id))
         FROM read.attendance a LEFT JOIN read.joins j ON j.duplicate_id = a.person_id
        WHERE a.session_id = cast(:session AS uuid)"""
)
_ROLL = text("SELECT place, count(*) AS n FROM read.rolls WHERE session_id = cast(:session AS uuid) GROUP BY place")
_PEOPLE = text(
    """SELECT DISTINCT person_id::text FROM read.attendance
        WHERE session_id = cast(:session AS uuid) AND (cast(:after AS uuid) IS NULL OR person_id > :after)
        ORDER BY 1 LIMIT :limit"""
)
_LIST = text(
    """SELECT session_id::text AS session_id, course_id::text AS course_id, unit_id, organiser, mode, first_day,
              last_day, capacity, status
         FROM read.sessions
        WHERE (cast(:units AS text[]) IS NULL OR unit_id = ANY(:units))
          AND (cast(:first AS date) IS NULL OR last_day >= :first)
          AND (cast(:last AS date) IS NULL OR first_day <= :last)
          AND (cast(:status AS text) IS NULL OR status = :status)
          AND (cast(:course AS uuid) IS NULL OR course_id = :course)
          AND (cast(:after_day AS date) IS NULL OR (first_day, session_id) > (:after_day, cast(:after_id AS uuid)))
        ORDER BY first_day, session_id LIMIT :limit"""
)


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """Unique persons and attendances apart: the second counts every part. ``roll``: seats and waiting."""

    trainees: int
    attendances: int
    parts: list[dict[str, Any]]
    as_of: str
    roll: dict[str, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """``units``: None for all of them; ``after``: first day and id behind which the page begins."""

    units: Sequence[str] | None
    first: date | None
    last: date | None
    status: str | None
    course: str | None
    after: tuple[date, str] | None
    limit: int


class SessionQueries:
    def __init__(self, engine: Engine) -> None:
        """An answer is of one moment, however many statements it takes."""
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def figures(self, session_id: str) -> SessionFigures:
        asked = {"session": session_id}
        with self._engine.begin() as tx:
            position = as_of(tx, Register.name)
            parts = [dict(row) for row in tx.execute(_PARTS, asked).mappings()]
            trainees = tx.execute(_TRAINEES, asked).scalar_one()
            roll = {str(row.place): int(row.n) for row in tx.execute(_ROLL, asked)}
        return SessionFigures(trainees, sum(part["attendances"] for part in parts), parts, position, roll)

    def page(self, wanted: Wanted) -> tuple[list[dict[str, Any]], str]:
        """One more than ``limit`` if there is more; and ``as_of``."""
        after_day, after_id = wanted.after or (None, None)
        asked = {
            "units": list(wanted.units) if wanted.units is not None else None,
            "first": wanted.first,
            "last": wanted.last,
            "status": wanted.status,
            "course": wanted.course,
            "after_day": after_day,
            "after_id": after_id,
            "limit": wanted.limit + 1,
        }
        with self._engine.begin() as tx:
            position = as_of(tx, Register.name)
            return [dict(row) for row in tx.execute(_LIST, asked).mappings()], position

    def people(self, session_id: str, after: str | None, limit: int) -> list[str]:
        """The ids under which attendance of a session stands, in their order."""
        with self._engine.begin() as tx:
            found = tx.execute(_PEOPLE, {"session": session_id, "after": after, "limit": limit})
            return [str(person) for person in found.scalars()]
