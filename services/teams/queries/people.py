"""People by their seats: of which units they are, who sits below a unit on a day, who is one with whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, text

from services.teams.projections.people import People, forget
from services.teams.projections.registry import Registry
from services.teams.queries.standing import Standing
from shared.unit_directory import UnitDirectory, Units
from shared.units import LEVELS

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
_BELOW = "t.unit_id IN (SELECT json_array_elements_text(cast(:units AS json)))"
_SEATS = """SELECT page.person_id, j.kept_id,
              json_agg(json_build_object('team_id', t.team_id, 'unit_id', t.unit_id, 'seat_id', s.seat_id,
                                         'role', s.role, 'since', s.since) ORDER BY t.team_id, s.seat_id) AS seats
         FROM page JOIN read.seats s USING (person_id) JOIN read.team_spans t USING (team_id)
         LEFT JOIN read.person_joins j ON j.duplicate_id = page.person_id"""
_PAGE = text(
    f"""WITH page AS MATERIALIZED (
           SELECT s.person_id FROM read.team_spans t JOIN read.seats s USING (team_id)
            WHERE {_BELOW} AND {OPEN} AND s.person_id > :after
            GROUP BY s.person_id ORDER BY s.person_id LIMIT :limit)
       {_SEATS} WHERE {_BELOW} AND {OPEN} GROUP BY page.person_id, j.kept_id ORDER BY page.person_id"""
)
# Of the whole nation: along the index, as far as the page goes.
_PAGE_OF_ALL = text(
    f"""WITH page AS MATERIALIZED (
           SELECT DISTINCT s.person_id FROM read.seats s
            WHERE s.person_id > :after AND EXISTS (SELECT FROM read.team_spans t WHERE t.team_id = s.team_id AND {OPEN})
            ORDER BY s.person_id LIMIT :limit)
       {_SEATS} WHERE {OPEN} GROUP BY page.person_id, j.kept_id ORDER BY page.person_id"""
)
_COUNTED = f"""SELECT count(*) AS seats, count(DISTINCT s.person_id) AS ids,
              count(DISTINCT coalesce(j.kept_id, s.person_id)) AS people
         FROM read.team_spans t JOIN read.seats s USING (team_id)
         LEFT JOIN read.person_joins j ON j.duplicate_id = s.person_id
        WHERE {OPEN}"""
_TOTALS, _TOTALS_OF_ALL = text(f"{_COUNTED} AND {_BELOW}"), text(_COUNTED)


@dataclass(frozen=True, slots=True)
class Page:
    """People with a seat on a day, by id; ``totals`` only with the first page."""

    people: list[dict[str, Any]]
    totals: dict[str, int] | None
    position: str


class PeopleQueries:
    def __init__(self, engine: Engine, directory: UnitDirectory) -> None:
        self._engine, self._directory = engine, directory
        self._standing = Standing(directory)
        self._learned = -1

    def standing(self) -> Standing:
        """Where all units with teams stand, as far as the tables have come.

        The tree of a nation takes its time to build, so whoever asks is in no transaction.
        """
        with self._engine.begin() as tx:
            position = self._position(tx, Registry.name)
            units = tx.execute(_TEAM_UNITS).scalars().all() if position != self._learned else ()
        self._standing.add(units)
        self._learned = position
        return self._standing

    def scopes(
        self, unit_ids: Iterable[str | None], held: Collection[str], day: date
    ) -> dict[str | None, Sequence[str] | None]:
        """For each unit asked for (None: all) the units with teams that stand on that day at or below it.

        Only those that the caller holds; None instead of a list: all there are. A unit that is not there that day is
        asked for where its facts stand; that widens nobody's rights.
        """
        standing, tree = self.standing(), self._directory.tree()
        everything = any(unit in tree and tree.level(unit) == LEVELS[0] for unit in held)
        allowed = None if everything else standing.below(held, day)
        found: dict[str | None, Sequence[str] | None] = {None: allowed}
        for unit_id in unit_ids:
            if unit_id is not None and not (everything and unit_id in held):
                placed = tree.place(unit_id, day)
                wanted = standing.below({unit_id, placed.unit_id} if placed else {unit_id}, day)
                found[unit_id] = wanted if allowed is None else list(set(wanted).intersection(allowed))
        return found

    def scope(self, unit_id: str | None, held: Collection[str], day: date) -> Sequence[str] | None:
        """As ``scopes``, for one unit."""
        found = self.scopes([unit_id], held, day)
        return found.get(unit_id, found[None])

    def _position(self, tx: Connection, *names: str) -> int:
        """How far these projections have come."""
        return tx.execute(_POSITION, {"names": list(names)}).scalar() or 0

    def units_of(self, people: Collection[str]) -> dict[str, list[str]]:
        """The units of all teams that each ever had a seat in; nobody without a seat is among them."""
        with self._engine.begin() as tx:
            return {person: units for person, units in tx.execute(_EVER, {"people": list(people)}).all()}

    def page(self, unit_id: str | None, held: Collection[str], day: date, after: str, limit: int) -> Page:
        units = self.scope(unit_id, held, day)
        asked = {"units": None if units is None else as_json(units), "day": day}
        statement, totals_of = (_PAGE_OF_ALL, _TOTALS_OF_ALL) if units is None else (_PAGE, _TOTALS)
        with self._engine.begin() as tx:
            position = self._position(tx, Registry.name, Units.name, People.name)
            rows = tx.execute(statement, asked | {"after": after, "limit": limit}).mappings().all()
            totals = None if after else dict(tx.execute(totals_of, asked).mappings().one())
        return Page([dict(row) for row in rows], totals, f"0:{position}")

    def forget(self, person_id: str) -> None:
        """Take the person's tokens out of the index now; the projection does so for sure."""
        with self._engine.begin() as tx:
            forget(tx, [person_id])


def as_json(values: Collection[Any]) -> str:
    return orjson.dumps(list(values)).decode()
