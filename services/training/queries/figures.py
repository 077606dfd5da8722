"""How many were trained: of those who serve on a day, and in a period. A joined person is one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine, text

from services.training.domain.plans import Measure, Target
from services.training.queries.places import units_below, whole
from shared.unit_directory import UnitDirectory

_HERE = "(:everywhere OR {unit} = ANY(:units))"
_LEARNT = """(cast(:course AS uuid) IS NULL OR l.course_id = cast(:course AS uuid))
              AND (cast(:topic AS text) IS NULL OR :topic = ANY(l.topics))"""
_SERVING = text(
    f"""WITH serving AS (
            SELECT coalesce(j.kept_id, s.person_id) AS person_id, count(*) AS seats
              FROM read.seats s LEFT JOIN read.joins j ON j.duplicate_id = s.person_id
             WHERE {_HERE.format(unit="s.unit_id")} AND s.since <= :day AND (s.until IS NULL OR s.until > :day)
             GROUP BY 1
        ), trained AS (
            SELECT DISTINCT coalesce(j.kept_id, a.person_id) AS person_id
              FROM read.attendance a JOIN read.lessons l ON l.session_id = a.session_id
              LEFT JOIN read.joins j ON j.duplicate_id = a.person_id
             WHERE a.day <= :trained_day AND {_LEARNT}
        )
        SELECT cast(coalesce(sum(s.seats), 0) AS bigint) AS seats, count(*) AS people, count(t.person_id) AS trained
          FROM serving s LEFT JOIN trained t USING (person_id)"""
)
_TRAINED = text(
    f"""SELECT count(DISTINCT person_id) AS people, count(*) AS attendances FROM (
        SELECT DISTINCT coalesce(j.kept_id, a.person_id) AS person_id, a.session_id, a.day, a.part
          FROM read.attendance a JOIN read.lessons l ON l.session_id = a.session_id
          LEFT JOIN read.joins j ON j.duplicate_id = a.person_id
         WHERE {_HERE.format(unit="a.unit_id")} AND a.day BETWEEN :first AND :last AND {_LEARNT}) came"""
)
_HELD = text(
    f"""SELECT count(*) FROM read.sessions s JOIN read.lessons l ON l.session_id = s.session_id
         WHERE {_HERE.format(unit="s.unit_id")} AND s.status = 'held' AND s.last_day BETWEEN :first AND :last
           AND {_LEARNT}"""
)
_PLANS = text(
    """SELECT plan_id::text FROM read.plans
        WHERE unit_id = :unit AND (cast(:day AS date) IS NULL OR :day BETWEEN first_day AND last_day)
        ORDER BY first_day, plan_id"""
)


@dataclass(frozen=True, slots=True)
class Trained:
    """``people`` are unique, ``attendances`` are not."""

    people: int
    attendances: int


@dataclass(frozen=True, slots=True)
class Serving:
    """Seats and people of a day; ``trained``: how many of these people were trained by another day."""

    seats: int
    people: int
    trained: int


class Figures:
    def __init__(self, engine: Engine, directory: UnitDirectory) -> None:
        self._engine, self._directory = engine, directory

    def serving(self, unit_id: str, day: date, trained_day: date, topic: str | None) -> Serving:
        asked = self._place(unit_id, day) | {"day": day, "trained_day": trained_day, "course": None, "topic": topic}
        with self._engine.begin() as tx:
            tx.execute(text("SET LOCAL work_mem = '64MB'"))
            return Serving(*tx.execute(_SERVING, asked).one())

    def trained(
        self, unit_id: str, first: date, last: date, *, topic: str | None = None, course: str | None = None
    ) -> Trained:
        """In that period, in the unit as it is on its last day; whoever trained in two units counts in both."""
        asked = self._place(unit_id, last) | {"first": first, "last": last, "course": course, "topic": topic}
        with self._engine.begin() as tx:
            return Trained(*tx.execute(_TRAINED, asked).one())

    def reached(self, target: Target, unit_id: str, first: date, last: date) -> int:
        """What a plan's target has come to."""
        if target.measure is Measure.SESSIONS:
            where = self._place(unit_id, last) | {"first": first, "last": last}
            with self._engine.begin() as tx:
                return int(tx.execute(_HELD, where | {"course": target.course_id, "topic": target.topic}).scalar_one())
        found = self.trained(unit_id, first, last, topic=target.topic, course=target.course_id)
        return found.people if target.measure is Measure.PEOPLE else found.attendances

    def plans(self, unit_id: str, day: date | None) -> list[str]:
        with self._engine.begin() as tx:
            return list(tx.execute(_PLANS, {"unit": unit_id, "day": day}).scalars())

    def _place(self, unit_id: str, day: date) -> dict[str, object]:
        tree = self._directory.tree()
        return {"everywhere": whole(tree, unit_id, day), "units": units_below(tree, unit_id, day) or []}
