"""Where a question stands: which unit on which map, in one snapshot of the read model, and how far that has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text

from services.reporting import store
from services.reporting.census import Existing
from services.reporting.maps import OtherMaps, UnitsChanging, key_of, numbered, wanted_keys
from services.reporting.messages import warning
from services.reporting.placing import EARLIEST_MAP, EVERYWHERE
from services.reporting.positions import Progress, progress
from services.reporting.schemas.reports import Positions
from services.reporting.store import Slot
from services.reporting.sums_sql import Standing
from shared.problems import Problem
from shared.reader import SharedAnswer
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree
from shared.vietnamese import HANOI

TRIES = 5
WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Shown:
    """The unit asked for, and the map its figures are read from: another than asked if the unit is not there."""

    unit: str
    level: str
    map_day: date
    key: date
    asked_day: date
    asked_key: date

    @property
    def off_map(self) -> bool:
        return self.key != self.asked_key

    @property
    def counted_as(self) -> str:
        """What a fact has to stand in to count: the nation has every fact, placed or not."""
        return EVERYWHERE if self.level == "nation" else self.unit


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent view of the read model, with the numbers of the maps by their keys."""

    tx: Connection
    slot: Slot
    maps: Mapping[date, int]
    progress: Progress

    def standing(self, shown: Shown, level: str | None = None, units: tuple[str, ...] | None = None) -> Standing:
        """The unit itself, or units of a level on its map."""
        return Standing(self.slot, self.maps[shown.key], level or shown.level, units or (shown.unit,))


class Area:
    """Units, maps and positions: what every question about a unit begins with."""

    def __init__(self, engine: Engine, directory: UnitDirectory, today: Callable[[], date], lookups: Engine) -> None:
        """``lookups``: connections outside any transaction."""
        self.engine, self.directory, self.today = engine, directory, today
        self.existing = Existing(directory)
        self._other_maps = OtherMaps(engine, directory)
        self._lookups, self._progress = lookups, SharedAnswer(self._look)
        self._asking = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @property
    def tree(self) -> UnitTree:
        return self.directory.tree()

    def shown(self, unit: str, map_day: date | None, tree: UnitTree | None = None) -> Shown:
        """By the units of now, or of ``tree``. Raises ``Problem`` for a unit never heard of, or a map too early."""
        tree, asked = tree or self.tree, map_day or self.today()
        if asked < EARLIEST_MAP:
            raise Problem("map-too-early", "/map", where="query", first=EARLIEST_MAP)
        if unit not in tree:
            raise Problem("no-such-unit", "/unit_id", where="path", unit=unit)
        day = _day_on_which_it_exists(tree, unit, asked)
        return Shown(unit, tree.level(unit) or "", day, key_of(tree, day), asked, key_of(tree, asked))

    def usual_keys(self) -> set[date]:
        """Of the maps that have roll-ups, as soon as these have settled."""
        return set(wanted_keys(self.tree, self.today()).values())

    def near(self, shown: Shown) -> tuple[str, ...]:
        """The unit, then those above it up to the nation."""
        return self.tree.ancestors(shown.unit, shown.map_day)

    def pending(self, after: Positions | None) -> dict[str, Any] | None:
        """Wait until the figures include the positions asked for; else, after five seconds, the answer that says so."""
        end, pause = time.monotonic() + WAIT_SECONDS, 0.01
        while after:
            now = self.how_far()
            for source, partition in after:
                if (source, partition) not in now.positions:
                    raise Problem("no-such-position", "/after", where="query", source=source, partition=partition)
            if now.includes(after):
                if self.directory.position < now.units_position:
                    self.directory.refresh()
                return None
            if time.monotonic() > end:
                return {"outcome": "pending"} | now.document()
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)
        return None

    def how_far(self) -> Progress:
        """Where the read model stands, in one round trip: for whoever reads nothing else. In a crowd it is shared."""
        return self._progress.ask()

    def _look(self) -> Progress:
        with self._lookups.connect() as tx:
            return progress(tx)

    @contextmanager
    def snapshot(self, keys: Collection[date], questions: Engine | None = None) -> Iterator[Snapshot]:
        """One snapshot in which every map is placed, placing those that are not. ``questions``: an engine made for what
        is asked in the same words again and again (``shared.db.engine``)."""
        for _ in range(TRIES):
            with (questions or self._asking).begin() as tx:
                how_far = progress(tx)
                try:
                    slot = store.named(how_far.slot)
                except store.OtherTables:
                    raise Problem("not-ready", headers={"Retry-After": "10"}, reason="rebuild") from None
                numbers = {key: numbered(how_far.maps, key, self.directory.position) for key in keys}
                missing = [key for key, number in numbers.items() if number is None]
                if not missing:
                    found = {key: number for key, number in numbers.items() if number is not None}
                    yield Snapshot(tx, slot, found, how_far)
                    return
            for key in missing:
                try:
                    self._other_maps.add(key)
                except UnitsChanging:
                    time.sleep(0.2)
        raise Problem("not-ready", headers={"Retry-After": "2"}, reason="map")

    # --- what answers say of it ----------------------------------------------------------------------------------

    def unit(self, unit: str, day: date) -> dict[str, Any]:
        tree = self.tree
        return {
            "id": unit,
            "name": tree.full_name(unit, day),
            "level": tree.level(unit),
            "kind": tree.kind(unit, day),
            "code": tree.code(unit, day),
            "simulated": tree.simulated(unit),
        }

    def head(self, shown: Shown) -> dict[str, Any]:
        return {
            "unit": self.unit(shown.unit, shown.map_day),
            "map": shown.asked_day,
            "map_since": shown.asked_key,
            "map_of_figures": shown.map_day if shown.off_map else shown.asked_day,
        }

    def warnings(self, shown: Shown, how_far: Progress, locale: str) -> list[dict[str, object]]:
        found = []
        if not self.tree.exists(shown.unit, shown.asked_day):
            asked, day = shown.asked_day.isoformat(), shown.map_day.isoformat()
            found.append(warning("unit_not_on_map", locale, asked=asked, shown=day))
        return found + doubts_of(how_far, locale)

    def map_days(self) -> list[dict[str, Any]]:
        """Days on which units changed, by kind of change; days between two of them have the same map."""
        statement = (
            """SELECT data->>'effective' AS day, type, count(*) AS n FROM read.unit_facts GROUP BY 1, 2 ORDER BY 1, 2"""
        )
        days: dict[str, dict[str, int]] = {}
        with self.engine.connect() as tx:
            for row in tx.execute(text(statement)):
                days.setdefault(row.day, {})[row.type] = row.n
        return [{"day": day, "changes": changes} for day, changes in days.items()]


def doubts_of(how_far: Progress, locale: str) -> list[dict[str, object]]:
    """What keeps figures of any unit from being whole."""
    found = []
    if how_far.map_position < how_far.units_position:
        found.append(warning("map_settling", locale))
    if not how_far.whole:
        found.append(warning("counted_anew", locale))
    if how_far.parked:
        found.append(warning("parked", locale, events=how_far.parked))
    for source, since in how_far.unchecked.items():
        if since is None:
            found.append(warning("source_never_checked", locale, source=source))
        else:
            found.append(warning("source_unchecked", locale, source=source, since=since.astimezone(HANOI)))
    return found


def _day_on_which_it_exists(tree: UnitTree, unit: str, day: date) -> date:
    """The day itself, or the nearest one on which the unit existed."""
    start, end = tree.life(unit)
    if end is not None and end <= day:
        return end - timedelta(days=1)
    return start if start is not None and start > day else day
