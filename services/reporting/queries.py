"""Reports: what a unit's figures are, on which map, how far they reach and what to be careful about."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, text

from services.reporting import store
from services.reporting.domain import HOUSEHOLD, PERSON, SKILLS
from services.reporting.maps import OtherMaps, UnitsChanging, key_of, numbered
from services.reporting.messages import warning
from services.reporting.positions import Progress, progress
from services.reporting.schemas import Question, Settled, Trend
from services.reporting.store import QUALITY, Slot
from services.reporting.sums import Standing, Sums, series, spread, summed
from shared.problems import Problem
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree

TRIES = 5
WAIT_SECONDS = 5.0
_PLACE_LEVELS = ("village", "commune", "district", "province")


@dataclass(frozen=True, slots=True)
class Shown:
    """The unit asked for, and the map its figures are read from: another than asked if the unit is not there."""

    unit: str
    level: str
    map_day: date
    key: date
    asked_key: date

    @property
    def off_map(self) -> bool:
        return self.key != self.asked_key


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent view of the read model, with the numbers of the maps by their keys."""

    tx: Connection
    slot: Slot
    maps: Mapping[date, int]
    progress: Progress


class Reports:
    def __init__(self, engine: Engine, directory: UnitDirectory, today: Callable[[], date]) -> None:
        self._engine, self._directory, self._today = engine, directory, today
        self._other_maps = OtherMaps(engine, directory)

    @property
    def tree(self) -> UnitTree:
        return self._directory.tree()

    def shown(self, unit: str, question: Question) -> tuple[Shown, Settled]:
        """Raises ``Problem`` for a unit never heard of, a reversed period, a map too early."""
        asked, tree = question.settled(self._today()), self.tree
        if unit not in tree:
            raise Problem("no-such-unit", "/unit_id", where="path", unit=unit)
        day = _day_on_which_it_exists(tree, unit, asked.map_day)
        level = tree.level(unit) or ""
        return Shown(unit, level, day, key_of(tree, day), key_of(tree, asked.map_day)), asked

    def reached(self, question: Question) -> dict[str, Any] | None:
        """Wait until the figures include the positions asked for; else, after five seconds, the answer that says so."""
        end, pause = time.monotonic() + WAIT_SECONDS, 0.01
        while question.after:
            with self._engine.connect() as tx:
                now = progress(tx)
            for source, partition in question.after:
                if (source, partition) not in now.positions:
                    raise Problem("no-such-position", "/after", where="query", source=source, partition=partition)
            if now.includes(question.after):
                if self._directory.position < now.units_position:
                    self._directory.refresh()
                return None
            if time.monotonic() > end:
                return {"outcome": "pending"} | now.document()
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)
        return None

    # --- answers -------------------------------------------------------------------------------------------------

    def report(self, shown: Shown, asked: Settled, locale: str) -> dict[str, Any]:
        with self._snapshot({shown.key, shown.asked_key}) as snap:
            standing = Standing(snap.slot, snap.maps[shown.key], shown.level, (shown.unit,))
            sums = summed(snap.tx, standing, asked)[shown.unit]
            answer = {
                "unit": self._unit(shown.unit, shown.map_day),
                **self._head(shown, asked),
                "figures": figures(sums),
                "warnings": [*self._warnings(shown, asked, snap, locale), *_doubts(sums, shown.level, locale)],
            }
            if shown.off_map:
                answer["successors"] = self._successors(snap, shown, asked.map_day)
            return answer | snap.progress.document()

    def children(self, shown: Shown, asked: Settled, locale: str) -> dict[str, Any]:
        """One row per unit right below, and what stands at the unit itself as ``remainder`` (or at none below it)."""
        tree = self.tree
        below: dict[str, list[str]] = {}
        for child in tree.children(shown.unit, shown.map_day):
            below.setdefault(tree.level(child) or "", []).append(child)
        with self._snapshot({shown.key}) as snap:
            number = snap.maps[shown.key]
            whole = summed(snap.tx, Standing(snap.slot, number, shown.level, (shown.unit,)), asked)[shown.unit]
            rows: dict[str, Sums] = {}
            for level, units in below.items():
                rows |= summed(snap.tx, Standing(snap.slot, number, level, tuple(units)), asked)
            left = whole.minus(rows.values())
            return {
                "unit": self._unit(shown.unit, shown.map_day),
                **self._head(shown, asked),
                "children": [
                    {
                        "unit": self._unit(unit, shown.map_day),
                        "figures": figures(sums),
                        "warnings": _doubts(sums, "", locale),
                    }
                    for unit, sums in rows.items()
                ],
                "remainder": {"figures": figures(left)} if left else None,
                "total": figures(whole),
                "warnings": [*self._warnings(shown, asked, snap, locale), *_doubts(whole, shown.level, locale)],
            } | snap.progress.document()

    def trend(self, shown: Shown, asked: Settled, trend: Trend, locale: str) -> dict[str, Any]:
        """The figures period by period: stocks as of the end of each, households and persons once in each."""
        periods = trend.periods(asked)
        with self._snapshot({shown.key}) as snap:
            standing = Standing(snap.slot, snap.maps[shown.key], shown.level, (shown.unit,))
            sums = series(snap.tx, standing, [each.first for each in periods], asked)
            whole = summed(snap.tx, standing, asked)[shown.unit]
            return {
                "unit": self._unit(shown.unit, shown.map_day),
                **self._head(shown, asked),
                "by": trend.step,
                "calendar": trend.calendar.name,
                "periods": [
                    {
                        "period": each.name,
                        "from": each.first,
                        "to": each.last,
                        "whole": each.whole,
                        "figures": figures(of_it),
                    }
                    for each, of_it in zip(periods, sums, strict=True)
                ],
                "total": figures(whole),
                "warnings": [*self._warnings(shown, asked, snap, locale), *_doubts(whole, shown.level, locale)],
            } | snap.progress.document()

    def map_days(self) -> list[dict[str, Any]]:
        """Days on which units changed, by kind of change; days between two of them have the same map."""
        statement = (
            """SELECT data->>'effective' AS day, type, count(*) AS n FROM read.unit_facts GROUP BY 1, 2 ORDER BY 1, 2"""
        )
        days: dict[str, dict[str, int]] = {}
        with self._engine.connect() as tx:
            for row in tx.execute(text(statement)):
                days.setdefault(row.day, {})[row.type] = row.n
        return [{"day": day, "changes": changes} for day, changes in days.items()]

    # --- parts ---------------------------------------------------------------------------------------------------

    @contextmanager
    def _snapshot(self, keys: Collection[date]) -> Iterator[Snapshot]:
        """One snapshot in which every map is placed, placing those that are not."""
        for _ in range(TRIES):
            with self._engine.begin() as tx:
                tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
                slot = store.live(tx)
                maps = slot.maps(tx)
                numbers = {key: numbered(maps, key, self._directory.position) for key in keys}
                missing = [key for key, number in numbers.items() if number is None]
                if not missing:
                    found = {key: number for key, number in numbers.items() if number is not None}
                    yield Snapshot(tx, slot, found, progress(tx))
                    return
            for key in missing:
                try:
                    self._other_maps.add(key)
                except UnitsChanging:
                    time.sleep(0.2)
        raise Problem("not-ready", headers={"Retry-After": "2"}, reason="map")

    def _unit(self, unit: str, day: date) -> dict[str, Any]:
        tree = self.tree
        return {
            "id": unit,
            "name": tree.full_name(unit, day),
            "level": tree.level(unit),
            "kind": tree.kind(unit, day),
            "code": tree.code(unit, day),
            "simulated": tree.simulated(unit),
        }

    def _head(self, shown: Shown, asked: Settled) -> dict[str, Any]:
        return {
            "map": asked.map_day,
            "map_since": shown.asked_key,
            "map_of_figures": shown.map_day if shown.off_map else asked.map_day,
            "period": {"from": asked.first, "to": asked.last},
            "as_of": asked.as_of,
        }

    def _warnings(self, shown: Shown, asked: Settled, snap: Snapshot, locale: str) -> list[dict[str, object]]:
        found = []
        if not self.tree.exists(shown.unit, asked.map_day):
            day = shown.map_day.isoformat()
            found.append(warning("unit_not_on_map", locale, asked=asked.map_day.isoformat(), shown=day))
        if snap.progress.map_position < snap.progress.units_position:
            found.append(warning("map_settling", locale))
        if snap.progress.parked:
            found.append(warning("parked", locale, events=snap.progress.parked))
        return found

    def _successors(self, snap: Snapshot, shown: Shown, map_day: date) -> list[dict[str, Any]]:
        """The units of the asked map that cover the former one, with the number of its leaves that stand in each."""
        tree = self.tree
        former = (snap.maps[shown.key], shown.level, shown.unit)
        standing = spread(snap.tx, snap.slot, former, snap.maps[shown.asked_key])
        total = sum(leaves for _, leaves in standing)
        parts = []
        for part in tree.former_unit_on_map(shown.unit, map_day):
            level = tree.level(part.unit_id) or ""
            at = _PLACE_LEVELS.index(level) if level in _PLACE_LEVELS else None
            leaves = sum(n for where, n in standing if at is not None and where[at] == part.unit_id)
            share = {"leaves": leaves, "leaves_of": total}
            parts.append({**self._unit(part.unit_id, map_day), "whole": part.whole, **share})
        return parts


def _day_on_which_it_exists(tree: UnitTree, unit: str, day: date) -> date:
    """The day itself, or the nearest one on which the unit existed."""
    start, end = tree.life(unit)
    if end is not None and end <= day:
        return end - timedelta(days=1)
    return start if start is not None and start > day else day


def _doubts(sums: Sums, level: str, locale: str) -> list[dict[str, object]]:
    """A choice between units is none for the nation that holds them all."""
    codes = [code for code in QUALITY if sums.figures[code] and not (level == "nation" and code == "estimated")]
    return [warning(code, locale, facts=sums.figures[code]) for code in codes]


def figures(sums: Sums) -> dict[str, Any]:
    n = sums.figures
    return {
        "teams": n["teams_commune"] + n["teams_village"],
        "teams_commune": n["teams_commune"],
        "teams_village": n["teams_village"],
        "seats": n["seats"],
        "visits": n["visits"],
        "people_taught": n["people_taught"],
        "households_reached": sums.reached[HOUSEHOLD],
        "households_covered": {skill: n[f"covered_{skill}"] for skill in (*SKILLS, "all")},
        "attendances": n["attendances"],
        "people_trained": sums.reached[PERSON],
    }


def etag(answer: Mapping[str, Any]) -> str:
    """Changes with everything but the clock: lag and freshness do not make an answer new."""
    content = {name: value for name, value in answer.items() if name not in ("lag", "freshness")}
    return hashlib.blake2b(orjson.dumps(content), digest_size=12).hexdigest()
