"""People by their seats: of which units they are, who sits below a unit on a day, who is one with whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, text

from services.teams.projections.people import People, forget
from services.teams.projections.registry import Registry
from services.teams.queries.below import UnitsBelow
from shared.unit_directory import UnitDirectory, Units

OPEN = """s.since <= :day AND (s.until IS NULL OR s.until > :day)
          AND t.since <= :day AND (t.until IS NULL OR t.until > :day)"""
"""A seat ``s`` filled on the day, in a team ``t`` (``read.team_spans``) as it was on the day."""

_POSITION = text("SELECT min(position) FROM bus.cursors WHERE subscription = ANY(:names) AND source = ''")
_TEAM_UNITS = text("SELECT DISTINCT unit_id FROM read.team_spans")
_EVER = text(
    """SELECT s.person_id, array_agg(DISTINCT t.unit_id) AS units
         FROM read.seats s
         JOIN (SELECT team_id, unit_id FROM read.team_spans UNION ALL SELECT team_id, unit_id FROM read.team_units) t
              USING (team_id)
        WHERE s.person_id = ANY(:people) GROUP BY s.person_id"""
)
_PAGE = text(
    f"""WITH page AS MATERIALIZED (
           SELECT s.person_id FROM read.team_spans t JOIN read.seats s USING (team_id)
            WHERE t.unit_id IN (SELECT json_array_elements_text(cast(:units AS json))) AND {OPEN}
              AND s.person_id > :after
            GROUP BY s.person_id ORDER BY s.person_id LIMIT :limit)
       SELECT page.person_id, j.kept_id,
              json_agg(json_build_object('team_id', t.team_id, 'unit_id', t.unit_id, 'seat_id', s.seat_id,
                                         'role', s.role, 'since', s.since) ORDER BY t.team_id, s.seat_id) AS seats
         FROM page JOIN read.seats s USING (person_id) JOIN read.team_spans t USING (team_id)
         LEFT JOIN read.person_joins j ON j.duplicate_id = page.person_id
        WHERE t.unit_id IN (SELECT json_array_elements_text(cast(:units AS json))) AND {OPEN}
        GROUP BY page.person_id, j.kept_id ORDER BY page.person_id"""
)
_TOTALS = text(
    f"""SELECT count(*) AS seats, count(DISTINCT s.person_id) AS ids,
              count(DISTINCT coalesce(j.kept_id, s.person_id)) AS people
         FROM read.team_spans t JOIN read.seats s USING (team_id)
         LEFT JOIN read.person_joins j ON j.duplicate_id = s.person_id
        WHERE t.unit_id IN (SELECT json_array_elements_text(cast(:units AS json))) AND {OPEN}"""
)


@dataclass(frozen=True, slots=True)
class Page:
    """People with a seat on a day, by id; ``totals`` only with the first page."""

    people: list[dict[str, Any]]
    totals: dict[str, int] | None
    position: str


class PeopleQueries:
    def __init__(self, engine: Engine, directory: UnitDirectory) -> None:
        self._engine, self._directory = engine, directory
        self._below = UnitsBelow(directory)
        self._learned = -1

    def scope(self, tx: Connection, unit_id: str | None, held: Collection[str], day: date) -> list[str]:
        """Units with teams that stand on that day at or below what the caller holds, and the unit asked for if any.

        A unit that is not there that day is asked for where its facts stand; that widens nobody's rights.
        """
        position = self._position(tx, Registry.name)
        if position != self._learned:
            self._below.add(tx.execute(_TEAM_UNITS).scalars())
            self._learned = position
        allowed = self._below.of(held, day)
        if unit_id is None or (unit_id in held and len(held) == 1):
            return allowed
        placed = self._directory.tree().place(unit_id, day)
        wanted = self._below.of({unit_id, placed.unit_id} if placed else {unit_id}, day)
        return list(set(allowed).intersection(wanted))

    def _position(self, tx: Connection, *names: str) -> int:
        """How far these projections have come."""
        return tx.execute(_POSITION, {"names": list(names)}).scalar() or 0

    def units_of(self, people: Collection[str]) -> dict[str, list[str]]:
        """The units of all teams that each ever had a seat in; nobody without a seat is among them."""
        with self._engine.begin() as tx:
            return {person: units for person, units in tx.execute(_EVER, {"people": list(people)}).all()}

    def page(self, unit_id: str | None, held: Collection[str], day: date, after: str, limit: int) -> Page:
        with self._engine.begin() as tx:
            position = self._position(tx, Registry.name, Units.name, People.name)
            asked = {"units": as_json(self.scope(tx, unit_id, held, day)), "day": day}
            rows = tx.execute(_PAGE, asked | {"after": after, "limit": limit}).mappings().all()
            totals = None if after else dict(tx.execute(_TOTALS, asked).mappings().one())
        return Page([dict(row) for row in rows], totals, f"0:{position}")

    def forget(self, person_id: str) -> None:
        """Take the person's tokens out of the index now; the projection does so for sure."""
        with self._engine.begin() as tx:
            forget(tx, [person_id])


def as_json(values: Collection[Any]) -> str:
    return orjson.dumps(list(values)).decode()
