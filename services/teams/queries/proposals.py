"""Teams where they stand on a day, unit by unit down the tree: which of them wait for a decision.

A team stands at the unit it serves; if that is no more, where the unit's facts stand (``UnitTree.place``). So several
teams may stand at one unit. A request looks at ``MOST_STOPS`` units at most: a page may be short, or empty, and still
have a ``next``. What was known at a moment is folded from the streams, which is dearer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from sqlalchemy import Connection, Engine, text

from services.teams.domain.proposals import TeamSeats
from services.teams.domain.team.events import Role, Seat
from services.teams.projections.registry import Registry
from services.teams.queries.awaiting import json
from services.teams.queries.folds import Folds
from services.teams.queries.order import Path, Place, Stop, stops
from services.teams.queries.teams import as_listed
from shared.unit_directory import UnitDirectory, Units

MOST_STOPS = {False: 10_000, True: 2_000}
"""By whether teams must be folded."""
CHUNK = 500

_POSITION = text("SELECT min(position) FROM bus.cursors WHERE subscription = ANY(:names) AND source = ''")
_TEAMS = text(
    """SELECT s.team_id, s.unit_id, s.kind, s.name, s.simulated, s.seats, s.leaders
         FROM json_array_elements_text(cast(:units AS json)) AS w (unit_id),
              LATERAL (SELECT * FROM read.team_spans s WHERE s.unit_id = w.unit_id COLLATE "C"
                          AND s.since <= :day AND (s.until IS NULL OR s.until > :day)) s
        ORDER BY s.team_id"""
)
_EVER_THERE = text(
    """SELECT DISTINCT s.team_id FROM json_array_elements_text(cast(:units AS json)) AS w (unit_id),
              LATERAL (SELECT s.team_id FROM read.team_spans s WHERE s.unit_id = w.unit_id COLLATE "C"
                       UNION SELECT u.team_id FROM read.team_units u WHERE u.unit_id = w.unit_id COLLATE "C") s"""
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


@dataclass(frozen=True, slots=True)
class Asked:
    """``wanted``: which groups; from behind the unit at the path ``after`` on."""

    roots: Collection[str]
    day: date
    wanted: Callable[[Together], bool]
    after: Path = ()
    limit: int = 100
    known_at: datetime | None = None


class Standings:
    def __init__(self, engine: Engine, directory: UnitDirectory, folds: Folds) -> None:
        self._engine, self._directory, self._folds = engine, directory, folds

    def page(self, asked: Asked) -> Page:
        """Groups in the order of the tree."""
        with self._engine.begin() as tx:
            position = tx.execute(_POSITION, {"names": [Registry.name, Units.name]}).scalar() or 0
            self._directory.refresh()  # the position speaks of the tree too
            tree = self._directory.tree(asked.known_at)
            found: list[Together] = []
            looked, last, most = 0, asked.after, MOST_STOPS[asked.known_at is not None]
            ways = (stop for stop in stops(tree, asked.roots, asked.day, asked.after) if stop.path != asked.after)
            while looked < most and (chunk := list(islice(ways, CHUNK))):
                at_stop = self._at(tx, chunk, asked)
                for stop in chunk:
                    looked, last = looked + 1, stop.path
                    found += [group for group in at_stop.get(stop.path, ()) if asked.wanted(group)]
                    if len(found) >= asked.limit:
                        return Page(found, str(Place(last, last[-1], "")), f"0:{position}")
            return Page(found, str(Place(last, last[-1], "")) if looked >= most else None, f"0:{position}")

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
            rows = tx.execute(_TEAMS, {"units": json(list(unit_ids)), "day": day}).all()
        return {(row.unit_id, row.kind): row.team_id for row in reversed(rows)}

    def kept(self, people: Iterable[str]) -> dict[str, str]:
        """Person → whoever is kept for this person, for those who were joined as duplicates."""
        with self._engine.begin() as tx:
            return {row.duplicate_id: row.kept_id for row in tx.execute(_KEPT, {"people": list(people)})}

    def _at(self, tx: Connection, chunk: Collection[Stop], asked: Asked) -> dict[Path, list[Together]]:
        where = {source: stop.path for stop in chunk for source in stop.sources}
        teams = self._known_then(tx, where, asked) if asked.known_at else self._known_now(tx, where, asked.day)
        groups: dict[tuple[Path, str], list[Standing]] = {}
        for team in teams:
            if team.unit_id in where:
                groups.setdefault((where[team.unit_id], team.kind), []).append(team)
        found: dict[Path, list[Together]] = {}
        for (path, kind), together in sorted(groups.items()):
            found.setdefault(path, []).append(Together(path[-1], kind, tuple(together)))
        return found

    def _known_now(self, tx: Connection, units: Collection[str], day: date) -> list[Standing]:
        return [Standing(*row) for row in tx.execute(_TEAMS, {"units": json(list(units)), "day": day})]

    def _known_then(self, tx: Connection, units: Collection[str], asked: Asked) -> list[Standing]:
        ever = sorted(tx.execute(_EVER_THERE, {"units": json(list(units))}).scalars())
        folded = self._folds.teams(ever, asked.known_at)
        listed = [as_listed(one.team, asked.day) for one in folded.values() if one.team.exists(asked.day)]
        return [Standing(*(shown[name] for name in Standing.__slots__)) for shown in listed]
