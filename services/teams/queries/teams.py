"""Pages of teams."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, Row, text

from services.teams.projections.registry import Registry
from shared.unit_directory import UnitDirectory, Units

_AS_OF = text("SELECT min(position) FROM bus.cursors WHERE subscription = ANY(:names) AND source = ''")
_NEW_TEAMS = text("SELECT position, unit_id FROM read.teams WHERE position > :position ORDER BY position")
_TEAMS = text(
    """SELECT t.team_id, t.kind, t.unit_id, t.established, t.ended, t.ending, t.into_team_id, t.simulated,
              t.pilot AND (t.pilot_until IS NULL OR t.pilot_until > :day) AS pilot, n.name, s.seats, s.leaders
         FROM read.teams t
         LEFT JOIN LATERAL (SELECT n.name FROM read.team_names n WHERE n.team_id = t.team_id AND n.since <= :day
                             ORDER BY n.since DESC LIMIT 1) n ON true
        CROSS JOIN LATERAL (SELECT count(*) AS seats, count(*) FILTER (WHERE s.role = 'leader') AS leaders
                              FROM read.seats s WHERE s.team_id = t.team_id AND s.since <= :day
                               AND (s.until IS NULL OR s.until > :day)) s
        WHERE t.unit_id = ANY(:units) AND (cast(:kind AS text) IS NULL OR t.kind = :kind)
          AND t.established <= :day AND (t.ended IS NULL OR t.ended > :day) AND t.team_id > :after
        ORDER BY t.team_id LIMIT :limit"""
)
_PERSON_UNITS = text(
    """SELECT DISTINCT t.unit_id FROM read.seats s JOIN read.teams t USING (team_id) WHERE s.person_id = :person"""
)

_KEPT_MAPS = 8


@dataclass
class _Map:
    """One map: below each unit, the units that have teams; ``taken`` is how many of all team units are placed."""

    below: dict[str, list[str]]
    taken: int = 0


class TeamUnits:
    """Which units with teams stand below a unit on a day, former units included where their facts stand."""

    def __init__(self, directory: UnitDirectory) -> None:
        self._directory = directory
        self._units: list[str] = []
        self._known: set[str] = set()
        self._placed = 0
        self._maps: dict[tuple[int, date], _Map] = {}
        self.position = 0

    def add(self, teams: Iterable[Row[Any]]) -> None:
        """Positions and units of teams established since ``position``."""
        for row in teams:
            position, unit_id = row.position, row.unit_id
            self.position = max(self.position, position)
            if unit_id not in self._known:
                self._known.add(unit_id)
                self._units.append(unit_id)
        if any(unit_id not in self._directory.tree() for unit_id in self._units[self._placed :]):
            self._directory.refresh()
        self._placed = len(self._units)

    def below(self, roots: Collection[str], day: date) -> list[str]:
        tree = self._directory.tree()
        key = (self._directory.position, tree.map_key(day))
        placed = self._maps.get(key)
        if placed is None:
            while len(self._maps) >= _KEPT_MAPS:
                del self._maps[next(iter(self._maps))]
            placed = self._maps[key] = _Map({})
        for unit_id in self._units[placed.taken :]:
            found = tree.place(unit_id, day)
            for above in {unit_id, *(tree.ancestors(found.unit_id, day) if found else ())}:
                placed.below.setdefault(above, []).append(unit_id)
            placed.taken += 1
        return sorted({unit for root in roots for unit in placed.below.get(root, ())})


class Queries:
    def __init__(self, engine: Engine, directory: UnitDirectory) -> None:
        self._engine = engine
        self._team_units = TeamUnits(directory)

    def teams(
        self, roots: Collection[str], day: date, kind: str | None, after: str, limit: int
    ) -> tuple[list[dict[str, Any]], str]:
        """Teams of that day in the subtrees, by id; and the position of the log that the tables have come to."""
        with self._engine.begin() as tx:
            position = tx.execute(_AS_OF, {"names": [Registry.name, Units.name]}).scalar() or 0
            self._team_units.add(tx.execute(_NEW_TEAMS, {"position": self._team_units.position}).all())
            units = self._team_units.below(roots, day)
            rows = tx.execute(
                _TEAMS, {"units": units, "kind": kind, "day": day, "after": after, "limit": limit}
            ).mappings()
            return [dict(row) for row in rows], f"0:{position}"

    def units_of_person(self, person_id: str) -> list[str]:
        """The units of all teams the person ever had a seat in."""
        with self._engine.begin() as tx:
            return list(tx.execute(_PERSON_UNITS, {"person": person_id}).scalars())
