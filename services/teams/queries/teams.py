"""Pages of teams: below units, as of a day, as known at a moment.

What is known now is read from ``read.team_spans``; former knowledge is folded from the streams of the teams that any
telling ever placed there. Either walks down the tree of the day until the page is full. Where a filter leaves few teams
of the whole country, those are placed instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, text

from services.teams.domain.dated import on
from services.teams.domain.team.events import Role
from services.teams.domain.team.state import Team
from services.teams.projections.registry import Registry
from services.teams.queries.folds import Folds
from services.teams.queries.order import Path, Place, Stop, path_of, stops
from shared.log import Log
from shared.unit_directory import UnitDirectory, Units
from shared.units import UnitTree
from shared.vietnamese import fold

FEW = 2_000
"""So many matches of a filter are placed one by one; of more, a walk soon fills a page."""
STOPS, MOST_STOPS = 150, 5_000

_POSITION = text("SELECT min(position) FROM bus.cursors WHERE subscription = ANY(:names) AND source = ''")
_HOLDS = "s.since <= :day AND (s.until IS NULL OR s.until > :day)"
_MATCHES = f"""{_HOLDS} AND (cast(:kind AS text) IS NULL OR s.kind = :kind)
          AND (cast(:standing AS text) IS NULL OR s.standing = :standing)
          AND (cast(:name AS text) IS NULL OR position(:name IN s.folded) > 0)
          AND (cast(:document AS text) IS NULL OR s.team_id IN
               (SELECT substr(c.stream_id, 6) FROM read.citations c
                 WHERE c.document_id = :document AND c.stream_id LIKE 'team:%'))"""
_AT_STOPS = text(
    f"""SELECT w.n, s.team_id
         FROM unnest(cast(:units AS text[])) WITH ORDINALITY AS w (unit_id, n),
              LATERAL (SELECT s.team_id FROM read.team_spans s
                        WHERE s.unit_id = w.unit_id AND {_MATCHES} AND (w.n > 1 OR s.team_id > :after)) s
        ORDER BY w.n, s.team_id LIMIT :limit"""
)
_FILTERED = text(f"SELECT s.unit_id, s.team_id FROM read.team_spans s WHERE {_MATCHES} LIMIT {FEW + 1}")
_COUNT_ALL = text(f"SELECT count(*) FROM read.team_spans s WHERE {_MATCHES}")
_COUNT = text(f"SELECT count(*) FROM read.team_spans s WHERE s.unit_id = ANY(:units) AND {_MATCHES}")
_SHARING = text(
    f"""SELECT w.stop, s.kind, count(*) AS n
         FROM unnest(cast(:units AS text[]), cast(:stops AS int[])) AS w (unit_id, stop),
              LATERAL (SELECT s.kind FROM read.team_spans s WHERE s.unit_id = w.unit_id AND {_HOLDS}) s
        GROUP BY 1, 2"""
)
_SHOWN = text(
    f"""SELECT s.team_id, s.kind, s.unit_id, s.name, s.standing, t.established, t.ended, t.ending, t.into_team_id,
              t.document_id, t.simulated, f.seats, f.leaders
         FROM unnest(cast(:teams AS text[])) WITH ORDINALITY AS w (team_id, n)
         JOIN read.team_spans s ON s.team_id = w.team_id AND {_HOLDS}
         JOIN read.teams t ON t.team_id = w.team_id
        CROSS JOIN LATERAL (SELECT count(*) AS seats, count(*) FILTER (WHERE x.role = 'leader') AS leaders
                              FROM read.seats x WHERE x.team_id = w.team_id AND x.since <= :day
                               AND (x.until IS NULL OR x.until > :day)) f
        ORDER BY w.n"""
)
_EVER_THERE = text(
    """SELECT w.n, s.team_id
         FROM unnest(cast(:units AS text[])) WITH ORDINALITY AS w (unit_id, n),
              LATERAL (SELECT s.team_id FROM read.team_spans s WHERE s.unit_id = w.unit_id
                       UNION SELECT u.team_id FROM read.team_units u WHERE u.unit_id = w.unit_id) s
        ORDER BY w.n, s.team_id"""
)

Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Teams below the roots on a day, those that match all filters; ``name`` is part of the name, in any spelling.

    ``awaiting``: only those awaiting a decision, because their unit is gone or others of their kind stand there too.
    """

    roots: Collection[str]
    day: date
    known_at: datetime | None = None
    kind: str | None = None
    standing: str | None = None
    name: str | None = None
    document: str | None = None
    awaiting: bool = False
    after: Place | None = None
    limit: int = 100

    @property
    def filters(self) -> dict[str, Any]:
        name = fold(self.name) if self.name is not None else None
        document = self.document
        return {"day": self.day, "kind": self.kind, "standing": self.standing, "name": name, "document": document}

    @property
    def selective(self) -> bool:
        return self.name is not None or self.document is not None or self.standing in ("pilot", "suspended")


@dataclass(frozen=True, slots=True)
class Page:
    """``position``: of the log, that the tables have come to."""

    teams: list[Shown]
    next: Place | None
    position: str


class Queries:
    def __init__(self, engine: Engine, directory: UnitDirectory, log: Log) -> None:
        self._engine, self._directory, self.folds = engine, directory, Folds(log)

    def teams(self, wanted: Wanted) -> Page:
        tree = self._directory.tree(wanted.known_at)
        with self._engine.begin() as tx:
            position = f"0:{tx.execute(_POSITION, {'names': [Registry.name, Units.name]}).scalar() or 0}"
            if wanted.known_at is not None:
                found = islice(self._as_known(tx, tree, wanted), wanted.limit + 1)
                page = [(where, shown) for where, shown in found]
            else:
                places = list(islice(self._places(tx, tree, wanted), wanted.limit + 1))
                page = list(zip(places, _shown(tx, places, wanted.day), strict=True))
                _mark_awaiting(tx, tree, page, wanted.day)
        rest = len(page) > wanted.limit
        page = page[: wanted.limit]
        return Page([shown for _, shown in page], page[-1][0] if rest else None, position)

    def count(self, wanted: Wanted) -> int:
        """How many there are on all pages, by what is known now."""
        tree = self._directory.tree()
        with self._engine.begin() as tx:
            if wanted.awaiting:
                return sum(1 for _ in self._places(tx, tree, replace(wanted, after=None)))
            if any(tree.level(root) == "nation" and tree.exists(root, wanted.day) for root in wanted.roots):
                return int(tx.execute(_COUNT_ALL, wanted.filters).scalar_one())
            units = [unit for stop in stops(tree, wanted.roots, wanted.day) for unit in stop.sources]
            return int(tx.execute(_COUNT, {**wanted.filters, "units": units}).scalar_one())

    # --- as known now -----------------------------------------------------------------------------------------------

    def _places(self, tx: Connection, tree: UnitTree, wanted: Wanted) -> Iterator[Place]:
        if wanted.selective and not wanted.awaiting:
            few = tx.execute(_FILTERED, wanted.filters).all()
            if len(few) <= FEW:
                return iter(_placed(tree, few, wanted))
        return _walked(tx, tree, wanted)

    # --- as known then ----------------------------------------------------------------------------------------------

    def _as_known(self, tx: Connection, tree: UnitTree, wanted: Wanted) -> Iterator[tuple[Place, Shown]]:
        walk = stops(tree, wanted.roots, wanted.day, wanted.after.path if wanted.after else ())
        for chunk in _chunks(walk):
            units = [(stop, unit) for stop in chunk for unit in stop.sources]
            rows = tx.execute(_EVER_THERE, {"units": [unit for _, unit in units]}).all()
            teams = self.folds.teams({row.team_id for row in rows}, wanted.known_at)
            there: list[tuple[Place, Shown]] = []
            for row in rows:
                stop, unit_id = units[row.n - 1]
                folded = teams.get(row.team_id)
                if folded and folded.team.exists(wanted.day) and folded.team.unit_on(wanted.day) == unit_id:
                    there.append((Place(stop.path, unit_id, row.team_id), as_listed(folded.team, wanted.day)))
            _await({}, there)
            for where, shown in sorted(there, key=lambda pair: pair[0].key):
                behind = wanted.after is None or where.key > wanted.after.key
                if behind and _matches(teams[where.team_id].team, shown, wanted):
                    yield where, shown


def as_listed(team: Team, day: date) -> Shown:
    """A row of a list, from a folded team that existed on that day."""
    seats = [seated.seat for seated in team.filled_on(day)]
    return {
        "team_id": team.birth.team_id,
        "kind": team.birth.kind.value,
        "unit_id": team.unit_on(day),
        "name": on(team.names, day),
        "standing": team.standing_on(day),
        "established": team.established,
        "ended": team.ended,
        "ending": team.ending,
        "into_team_id": team.into,
        "document_id": team.birth.document_id,
        "simulated": team.birth.simulated,
        "seats": len(seats),
        "leaders": sum(seat.role is Role.LEADER for seat in seats),
    }


def _matches(team: Team, shown: Shown, wanted: Wanted) -> bool:
    return (
        wanted.kind in (None, shown["kind"])
        and wanted.standing in (None, shown["standing"])
        and (wanted.name is None or fold(wanted.name) in fold(shown["name"]))
        and (not wanted.awaiting or shown["awaiting_decision"])
        and (wanted.document is None or any(wanted.document == _cited(fact) for fact in team.holding))
    )


def _cited(fact: Any) -> str | None:
    return getattr(fact, "document_id", None)


def _chunks(walk: Iterator[Stop]) -> Iterator[list[Stop]]:
    size = STOPS
    while chunk := list(islice(walk, size)):
        yield chunk
        size = min(4 * size, MOST_STOPS)


def _walked(tx: Connection, tree: UnitTree, wanted: Wanted) -> Iterator[Place]:
    after = wanted.after
    for chunk in _chunks(stops(tree, wanted.roots, wanted.day, after.path if after else ())):
        units = [(stop, unit) for stop in chunk for unit in stop.sources]
        behind = ""
        if after is not None:
            units = [(stop, unit) for stop, unit in units if not _before(stop, unit, after)]
            behind = after.team_id if units and (units[0][0].path, units[0][1]) == (after.path, after.source) else ""
            after = None
        asked = {**wanted.filters, "units": [unit for _, unit in units], "after": behind}
        limit = None if wanted.awaiting else wanted.limit + 1
        rows = tx.execute(_AT_STOPS, {**asked, "limit": limit}).all()
        places = [Place(units[row.n - 1][0].path, units[row.n - 1][1], row.team_id) for row in rows]
        yield from places if not wanted.awaiting else _only_awaiting(tx, tree, places, wanted.day)


def _before(stop: Stop, unit: str, after: Place) -> bool:
    return stop.path == after.path and (unit != stop.path[-1], unit) < (after.source != after.path[-1], after.source)


def _placed(tree: UnitTree, rows: Iterable[Any], wanted: Wanted) -> list[Place]:
    """These teams in the order of the walk, from behind the cursor on."""
    found = []
    for row in rows:
        path = path_of(tree, wanted.roots, row.unit_id, wanted.day)
        if path is not None:
            found.append(Place(path, row.unit_id, row.team_id))
    found.sort(key=lambda place: place.key)
    return [place for place in found if wanted.after is None or place.key > wanted.after.key]


def _shown(tx: Connection, places: Sequence[Place], day: date) -> list[Shown]:
    rows = tx.execute(_SHOWN, {"teams": [place.team_id for place in places], "day": day}) if places else ()
    return [dict(row._mapping) for row in rows]


# --- who awaits a decision ----------------------------------------------------------------------------------------


def _only_awaiting(tx: Connection, tree: UnitTree, places: list[Place], day: date) -> Iterator[Place]:
    page = list(zip(places, _shown(tx, places, day), strict=True))
    _mark_awaiting(tx, tree, page, day)
    return (place for place, shown in page if shown["awaiting_decision"])


def _mark_awaiting(tx: Connection, tree: UnitTree, page: list[tuple[Place, Shown]], day: date) -> None:
    """A page may show some only of those that stand at a stop, so they are counted there."""
    paths = list(dict.fromkeys(place.path for place, _ in page))
    sources = [(unit, n) for n, path in enumerate(paths) for unit in (path[-1], *tree.held(path[-1], day))]
    asked = {"units": [unit for unit, _ in sources], "stops": [n for _, n in sources], "day": day}
    rows = tx.execute(_SHARING, asked).all() if paths else []
    _await({(paths[row.stop], row.kind): row.n for row in rows}, page)


def _await(sharing: Mapping[tuple[Path, str], int], page: Iterable[tuple[Place, Shown]]) -> None:
    page = list(page)
    sharing = sharing or Counter((place.path, shown["kind"]) for place, shown in page)
    for place, shown in page:
        here = place.path[-1]
        shown["stands_in"] = here if here != place.source else None
        shown["awaiting_decision"] = here != place.source or sharing[place.path, shown["kind"]] > 1
