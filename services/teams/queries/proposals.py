"""Teams where they stand on a day, unit by unit down the tree: which of them wait for a decision.

A team stands at the unit it serves; if that is no more, where the unit's facts stand (``UnitTree.place``). So several
teams may stand at one unit. A request looks at ``MOST_STOPS`` units at most: a page may be short, or empty, and still
have a ``next``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, text

from services.teams.domain.proposals import TeamSeats
from services.teams.domain.team.events import Role, Seat
from services.teams.projections.registry import Registry
from services.teams.queries.order import Path, Place, Stop, stops
from shared.unit_directory import UnitDirectory, Units

MOST_STOPS = 10_000
CHUNK = 500

_POSITION = text("SELECT min(position) FROM bus.cursors WHERE subscription = ANY(:names) AND source = ''")
_TEAMS = text(
    """SELECT s.team_id, s.unit_id, s.kind, s.name, t.simulated
         FROM read.team_spans s JOIN read.teams t USING (team_id)
        WHERE s.unit_id = ANY(:units) AND s.since <= :day AND (s.until IS NULL OR s.until > :day)
        ORDER BY s.team_id"""
)
_SEATS = text(
    """SELECT team_id, count(*) AS seats, count(*) FILTER (WHERE role = 'leader') AS leaders
         FROM read.seats WHERE team_id = ANY(:teams) AND since <= :day AND (until IS NULL OR until > :day)
        GROUP BY team_id"""
)
_WHO = text(
    """SELECT team_id, seat_id, person_id, role, affiliation
         FROM read.seats WHERE team_id = ANY(:teams) AND since <= :day AND (until IS NULL OR until > :day)
        ORDER BY team_id, since, seat_id"""
)
_KEPT = text("SELECT duplicate_id, kept_id FROM read.person_joins WHERE duplicate_id = ANY(:people)")


@dataclass(frozen=True, slots=True)
class Standing:
    """A team as it is on the day; ``unit_id`` is the unit it serves, be it there or not."""

    team_id: str
    unit_id: str
    kind: str
    name: str
    simulated: bool
    seats: int
    leaders: int


@dataclass(frozen=True, slots=True)
class Together:
    """The teams of one kind that stand at a unit. ``reasons``: what waits for a decision, if anything does."""

    unit_id: str
    kind: str
    teams: tuple[Standing, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        found = {
            "unit_ended": any(team.unit_id != self.unit_id for team in self.teams),
            "unit_shared": len(self.teams) > 1,
            "surplus_leaders": any(team.leaders > 1 for team in self.teams),
        }
        return tuple(reason for reason, holds in found.items() if holds)


@dataclass(frozen=True, slots=True)
class Page:
    groups: list[Together]
    following: str | None
    position: str


class Standings:
    def __init__(self, engine: Engine, directory: UnitDirectory) -> None:
        self._engine, self._directory = engine, directory

    def page(
        self, roots: Collection[str], day: date, after: Path, limit: int, wanted: Callable[[Together], bool]
    ) -> Page:
        """Groups in the order of the tree, from behind the unit at that path."""
        with self._engine.begin() as tx:
            position = tx.execute(_POSITION, {"names": [Registry.name, Units.name]}).scalar() or 0
            tree = self._directory.refresh()  # which the position speaks of too
            found: list[Together] = []
            last: Path = after
            looked, ways = 0, (stop for stop in stops(tree, roots, day, after) if stop.path != after)
            while looked < MOST_STOPS and (chunk := list(islice(ways, CHUNK))):
                at_stop = self._at(tx, chunk, day)
                for stop in chunk:
                    looked, last = looked + 1, stop.path
                    found += [group for group in at_stop.get(stop.path, ()) if wanted(group)]
                    if len(found) >= limit:
                        return Page(found, str(Place(last, last[-1], "")), f"0:{position}")
            following = str(Place(last, last[-1], "")) if looked >= MOST_STOPS else None
            return Page(found, following, f"0:{position}")

    def seats(self, team_ids: Collection[str], day: date) -> dict[str, TeamSeats]:
        """The open seats of these teams on that day; none for a team that is not there."""
        found: dict[str, list[Seat]] = {team_id: [] for team_id in team_ids}
        with self._engine.begin() as tx:
            for row in tx.execute(_WHO, {"teams": list(team_ids), "day": day}):
                found[row.team_id].append(Seat(row.seat_id, row.person_id, Role(row.role), row.affiliation))
        return {team_id: TeamSeats(team_id, tuple(seats)) for team_id, seats in found.items()}

    def serving(self, unit_ids: Collection[str], day: date) -> dict[tuple[str, str], str]:
        """Unit and kind → a team that serves the unit on that day."""
        with self._engine.begin() as tx:
            rows = tx.execute(_TEAMS, {"units": list(unit_ids), "day": day}).all()
        return {(row.unit_id, row.kind): row.team_id for row in reversed(rows)}

    def kept(self, people: Iterable[str]) -> dict[str, str]:
        """Person → whoever is kept for this person, for those who were joined as duplicates."""
        with self._engine.begin() as tx:
            return {row.duplicate_id: row.kept_id for row in tx.execute(_KEPT, {"people": list(people)})}

    def _at(self, tx: Connection, chunk: Collection[Stop], day: date) -> dict[Path, list[Together]]:
        where = {source: stop for stop in chunk for source in stop.sources}
        rows = tx.execute(_TEAMS, {"units": list(where), "day": day}).all()
        counted = {row.team_id: row for row in tx.execute(_SEATS, {"teams": [row.team_id for row in rows], "day": day})}
        groups: dict[tuple[Path, str], list[Standing]] = {}
        for row in rows:
            team = _standing(row, counted.get(row.team_id))
            groups.setdefault((where[team.unit_id].path, team.kind), []).append(team)
        found: dict[Path, list[Together]] = {}
        for (path, kind), teams in sorted(groups.items()):
            found.setdefault(path, []).append(Together(path[-1], kind, tuple(teams)))
        return found


def _standing(row: Any, seats: Any) -> Standing:
    counted = (seats.seats, seats.leaders) if seats else (0, 0)
    return Standing(row.team_id, row.unit_id, row.kind, row.name, row.simulated, *counted)
