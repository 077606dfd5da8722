"""Pages of teams: below units, as of a day, as known at a moment.

What is known now is read from ``read.team_spans``; former knowledge is folded from the streams of the teams that any
telling ever placed there. Either walks down the tree of the day until the page is full. Where a filter leaves few teams
of the whole country, those are placed instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, text

from services.teams.domain.dated import on
from services.teams.domain.team.events import Role
from services.teams.domain.team.state import Team
from services.teams.queries.awaiting import HOLDS, Shown, Standing, json, mark, mark_all
from services.teams.queries.come_to import POSITIONS, come_to
from services.teams.queries.folds import Folds
from services.teams.queries.order import Path, Place, Stop, apart, path_of, stops
from services.teams.queries.past import known_there
from shared.log import Log
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree
from shared.vietnamese import fold

FEW = 2_000
"""So many matches of a filter are placed one by one; of more, a walk soon fills a page."""
STOPS = 140
MOST_STOPS = {True: 5_000, False: 500}
"""Of units looked at in one round trip, most do serve; what must be folded is dearer."""

_MATCHES = f"""{HOLDS} AND (cast(:kind AS text) IS NULL OR s.kind = :kind)
          AND (cast(:standing AS text) IS NULL OR s.standing = :standing)
          AND (cast(:name AS text) IS NULL OR position(:name IN s.folded) > 0)
          AND (cast(:document AS text) IS NULL OR s.team_id IN
               (SELECT substr(c.stream_id, 6) FROM read.citations c
                 WHERE c.document_id = :document AND c.stream_id LIKE 'team:%'))"""
_COLUMNS = """s.team_id, s.kind, s.unit_id, s.name, s.standing, s.established, s.ended, s.ending, s.into_team_id,
              s.document_id, s.simulated, s.seats, s.leaders"""
# A list of texts costs far less as one JSON text than as an array, and one round trip less than two. A row without a
# team tells the positions where there is none. ``OFFSET 0``: each unit is looked up by its key whatever the planner
# expects.
_AT_STOPS = text(
    f"""SELECT p.tables, p.units, x.*
         FROM ({POSITIONS}) p
         LEFT JOIN (SELECT w.n, s.*
                      FROM json_array_elements_text(cast(:stops AS json)) WITH ORDINALITY AS w (unit_id, n),
                           LATERAL (SELECT {_COLUMNS} FROM read.team_spans s
                                     WHERE s.unit_id = w.unit_id COLLATE "C" AND {_MATCHES}
                                       AND (w.n > 1 OR s.team_id > :after) OFFSET 0) s
                     ORDER BY w.n, s.team_id LIMIT :limit) x ON true
        ORDER BY x.n, x.team_id"""
)
_FILTERED = text(f"SELECT {_COLUMNS} FROM read.team_spans s WHERE {_MATCHES} LIMIT {FEW + 1}")
_COUNT_ALL = text(f"SELECT count(*) FROM read.team_spans s WHERE {_MATCHES}")
_COUNT = text(
    f"""SELECT count(*) FROM read.team_spans s
         WHERE s.unit_id IN (SELECT json_array_elements_text(cast(:units AS json)) COLLATE "C") AND {_MATCHES}"""
)
SHOWN = tuple(column.strip().removeprefix("s.") for column in _COLUMNS.split(","))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Teams below the roots on a day, those that match all filters; ``name`` is part of the name, in any spelling."""

    roots: Collection[str]
    day: date
    known_at: datetime | None = None
    kind: str | None = None
    standing: str | None = None
    name: str | None = None
    document: str | None = None
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


@dataclass(slots=True)
class Come:
    """How far the tables of teams and those of units have come."""

    tables: int | None = None
    units: int | None = None


class Queries:
    """``lookups``: connections outside any transaction, for pages, which are look-ups by key."""

    def __init__(self, engine: Engine, lookups: Engine, directory: UnitDirectory, log: Log) -> None:
        self._engine, self._lookups, self._directory, self.folds = engine, lookups, directory, Folds(log)

    def teams(self, wanted: Wanted) -> Page:
        if wanted.known_at is None and not wanted.selective:
            return self._walked(wanted)
        with self._engine.begin() as tx:
            position, tree = come_to(tx, self._directory, wanted.known_at)
            if wanted.known_at is not None:
                found = self._as_known(tx, tree, wanted, wanted.known_at)
                return _page(list(islice(found, wanted.limit + 1)), wanted, position)
            few = tx.execute(_FILTERED, wanted.filters).all()
            if len(few) <= FEW:
                page = _placed(tree, few, wanted)[: wanted.limit + 1]
                mark(tx, tree, page, wanted.day, {place.path for place, _ in page})
                return _page(page, wanted, position)
        return self._walked(wanted)

    def _walked(self, wanted: Wanted) -> Page:
        """A list must not miss the teams of units that the tables know and the tree in memory does not yet."""
        tree = self._directory.tree()
        with self._lookups.connect() as tx:
            come = Come()
            page = list(islice(_walked(tx, tree, wanted, come), wanted.limit + 1))
            if (come.units or 0) > self._directory.position:
                tree = self._directory.refresh()
                page = list(islice(_walked(tx, tree, wanted, come), wanted.limit + 1))
            mark(tx, tree, page, wanted.day, _unsure(page, wanted))
        return _page(page, wanted, come.tables)

    def count(self, wanted: Wanted) -> int:
        """How many there are on all pages, by what is known now."""
        with self._engine.begin() as tx:
            _, tree = come_to(tx, self._directory)
            if any(tree.level(root) == "nation" and tree.exists(root, wanted.day) for root in wanted.roots):
                return int(tx.execute(_COUNT_ALL, wanted.filters).scalar_one())
            units = [unit for stop in stops(tree, wanted.roots, wanted.day) for unit in stop.sources]
            return int(tx.execute(_COUNT, {**wanted.filters, "units": json(units)}).scalar_one())

    # --- as known then ----------------------------------------------------------------------------------------------

    def _as_known(self, tx: Connection, tree: UnitTree, wanted: Wanted, known_at: datetime) -> Iterator[Standing]:
        walk = stops(tree, wanted.roots, wanted.day, wanted.after.path if wanted.after else ())
        for chunk in _chunks(walk, folded=True):
            known = known_there(tx, self.folds, chunk, wanted.day, known_at)
            page = [(one.place, as_listed(one.team, wanted.day)) for one in known]
            mark_all(page)
            for one, (place, shown) in zip(known, page, strict=True):
                behind = wanted.after is None or place.key > wanted.after.key
                if behind and _matches(one.team, shown, wanted):
                    yield place, shown


def _page(found: list[Standing], wanted: Wanted, position: int | None) -> Page:
    """``found``: one more than the page has, if there are more."""
    page = found[: wanted.limit]
    return Page([shown for _, shown in page], page[-1][0] if len(found) > wanted.limit else None, f"0:{position or 0}")


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
        and (wanted.document is None or any(wanted.document == _cited(fact) for fact in team.holding))
    )


def _cited(fact: Any) -> str | None:
    return getattr(fact, "document_id", None)


def _chunks(walk: Iterator[Stop], *, folded: bool = False) -> Iterator[list[Stop]]:
    size = STOPS
    while chunk := list(islice(walk, size)):
        yield chunk
        size = min(4 * size, MOST_STOPS[not folded])


def _walked(tx: Connection, tree: UnitTree, wanted: Wanted, come: Come) -> Iterator[Standing]:
    after = wanted.after
    for chunk in _chunks(stops(tree, wanted.roots, wanted.day, after.path if after else ())):
        units = [(stop.path, unit) for stop in chunk for unit in stop.sources]
        behind = ""
        if after is not None:
            units = [(path, unit) for path, unit in units if not _before(path, unit, after)]
            behind = after.team_id if units and units[0] == (after.path, after.source) else ""
            after = None
        asked = {**wanted.filters, "stops": json([unit for _, unit in units]), "after": behind}
        for come.tables, come.units, n, *row in tx.execute(_AT_STOPS, {**asked, "limit": wanted.limit + 1}).all():
            if n is not None:
                path, unit = units[n - 1]
                yield Place(path, unit, row[0]), dict(zip(SHOWN, row, strict=True))


def _unsure(page: list[Standing], wanted: Wanted) -> set[Path]:
    """Where the page may begin or end amid those that stand at one stop, or leaves out what does not match."""
    paths = [place.path for place, _ in page]
    if wanted.standing is not None:
        return set(paths)
    first = {path for path in paths[:1] if wanted.after and path == wanted.after.path}
    return first | ({paths[-1]} if len(page) > wanted.limit and paths[-2:-1] == paths[-1:] else set())


def _before(path: Path, unit: str, after: Place) -> bool:
    return path == after.path and (unit != path[-1], unit) < (after.source != after.path[-1], after.source)


def _placed(tree: UnitTree, rows: Iterable[Any], wanted: Wanted) -> list[Standing]:
    """These teams in the order of the walk, from behind the cursor on."""
    found, roots = [], apart(tree, wanted.roots, wanted.day)
    for row in rows:
        path = path_of(tree, roots, row.unit_id, wanted.day)
        if path is not None:
            found.append((Place(path, row.unit_id, row.team_id), dict(zip(SHOWN, row, strict=True))))
    found.sort(key=lambda standing: standing[0].key)
    return [standing for standing in found if wanted.after is None or standing[0].key > wanted.after.key]
