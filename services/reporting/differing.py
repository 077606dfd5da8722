"""What two slots differ in that have counted the same events: figures of the nation and the provinces, day by day.

Both are held meanwhile, so it has to be quick: rows that are equal are passed by as a whole, and the leaves are only
counted – what is wrong in one of them is wrong in its province, unless it is in the wrong place there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from services.reporting.domain import FIGURES
from services.reporting.placing import EVERYWHERE
from services.reporting.store import DOUBTS, MAP_TODAY, Slot
from shared.units import UnitTree

SHOWN = 10
_COLUMNS = (*FIGURES, *DOUBTS)
_ROLLUPS = (("rollup", "day", "{}"), ("rollup_months", "month", "{}_by_month"))
"""Table, what its rows are of, and how their figures are named."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of a unit on the map that begins on ``map``: its sum over all days, and on how many days it differs.

    Figures of open lists are named with their code (``platforms:vneid``), pairs of days by who was reached.
    """

    unit: str
    name: str
    map: date
    figure: str
    was: int
    now: int
    days: int


@dataclass(frozen=True, slots=True)
class Diff:
    """``figures`` of units differ, of which some are ``shown``; so many leaves and records there were and are."""

    figures: int
    shown: tuple[Difference, ...]
    leaves: tuple[int, int]
    records: tuple[int, int]

    @property
    def equal(self) -> bool:
        """Leaves that nothing counts for any more need not be there again."""
        return not self.figures and self.records[0] == self.records[1]

    def document(self) -> dict[str, Any]:
        return asdict(self) | {"equal": self.equal}


@dataclass(frozen=True, slots=True)
class _Found:
    number: int
    unit: str
    figure: str
    days: int
    table: str
    total: str
    """SQL: the sum of the figure over rows of the table; ``:key`` is what it is kept under."""
    key: str = ""


def compare(tx: Connection, was: Slot, now: Slot, tree: UnitTree, keys: Mapping[int, date]) -> Diff:
    """``keys``: the maps with roll-ups, by their first days. Both slots must stand still, on the same maps."""
    slots = (was, now)
    found: list[_Found] = []
    for number, key in keys.items():
        which = {"map": number, "units": [EVERYWHERE, *sorted(tree.existing(key, "province"))]}
        for look in (_columns, _codes, _pairs):
            found += look(tx, slots, which)
    # The nation first, and every unit's figures together.
    found.sort(key=lambda each: (each.unit != EVERYWHERE, each.number, each.unit))
    shown = tuple(_shown(tx, slots, each, tree, keys[each.number]) for each in found[:SHOWN])
    leaves = _both(tx, slots, lambda slot: f"SELECT count(*) FROM {slot.table('placement')} WHERE map = {MAP_TODAY}")
    records = _both(tx, slots, lambda slot: f"SELECT count(*) FROM {slot.table('record')}")
    return Diff(len(found), shown, leaves, records)


def _shown(tx: Connection, slots: Sequence[Slot], each: _Found, tree: UnitTree, key: date) -> Difference:
    def total(slot: Slot) -> str:
        return f"SELECT {each.total} FROM {slot.table(each.table)} WHERE map = :map AND unit = :unit"

    was, now = _both(tx, slots, total, map=each.number, unit=each.unit, key=each.key)
    name = "the nation" if each.unit == EVERYWHERE else tree.full_name(each.unit, key) or each.unit
    return Difference(each.unit, name, key, each.figure, was, now, each.days)


def _both(tx: Connection, slots: Sequence[Slot], asked: Callable[[Slot], str], **which: Any) -> tuple[int, int]:
    was, now = (int(tx.execute(text(asked(slot)), which).scalar_one() or 0) for slot in slots)
    return was, now


# --- looking -----------------------------------------------------------------------------------------------------


def _rows(slots: Sequence[Slot], table: str, of: str) -> str:
    was, now = (f"(SELECT * FROM {slot.table(table)} WHERE map = :map AND unit = ANY(:units))" for slot in slots)
    return f"{was} was FULL JOIN {now} now USING (map, unit, {of})"


def _columns(tx: Connection, slots: Sequence[Slot], which: Mapping[str, Any]) -> Iterator[_Found]:
    days = ", ".join(f"count(*) FILTER (WHERE coalesce(was.{name}, 0) <> coalesce(now.{name}, 0))" for name in _COLUMNS)
    for table, of, called in _ROLLUPS:
        rows = f"{_rows(slots, table, of)} WHERE was IS DISTINCT FROM now"
        for unit, *counts in tx.execute(text(f"SELECT unit, {days} FROM {rows} GROUP BY unit"), which):
            for name, n in zip(_COLUMNS, counts, strict=True):
                if n:
                    yield _Found(which["map"], unit, called.format(name), n, table, f"sum({name})")


def _codes(tx: Connection, slots: Sequence[Slot], which: Mapping[str, Any]) -> Iterator[_Found]:
    for table, of, called in _ROLLUPS:
        rows = tx.execute(
            text(
                f"""SELECT unit, code, count(*) FROM {_rows(slots, table, of)} CROSS JOIN LATERAL (
                        SELECT key AS code FROM jsonb_each(coalesce(was.keyed, '{{}}')) a
                          FULL JOIN jsonb_each(coalesce(now.keyed, '{{}}')) b USING (key)
                         WHERE coalesce(a.value::int, 0) <> coalesce(b.value::int, 0)) codes
                     WHERE was.keyed IS DISTINCT FROM now.keyed GROUP BY unit, code ORDER BY unit, code"""
            ),
            which,
        )
        for unit, code, n in rows:
            yield _Found(which["map"], unit, called.format(code), n, table, "sum((keyed ->> :key)::int)", code)


def _pairs(tx: Connection, slots: Sequence[Slot], which: Mapping[str, Any]) -> Iterator[_Found]:
    for table, called in (("rollup_reach", "reached_{}"), ("rollup_reach_months", "reached_{}_by_month")):
        was, now = (
            f"""(SELECT unit, kind, day, sum(n) AS n FROM {slot.table(table)}
                  WHERE map = :map AND unit = ANY(:units) GROUP BY unit, kind, day)"""
            for slot in slots
        )
        rows = tx.execute(
            text(
                f"""SELECT unit, kind, count(*) FROM {was} was FULL JOIN {now} now USING (unit, kind, day)
                     WHERE coalesce(was.n, 0) <> coalesce(now.n, 0) GROUP BY unit, kind ORDER BY unit, kind"""
            ),
            which,
        )
        for unit, kind, n in rows:
            total = "sum(n) FILTER (WHERE kind = :key)"
            yield _Found(which["map"], unit, called.format(kind), n, table, total, kind)
