"""Finding units by what they are or were called."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from heapq import merge
from threading import Lock

from shared.units.record import Unit, stretches, values
from shared.vietnamese import fold


@dataclass(frozen=True, slots=True)
class Called:
    """A unit bore a name from ``since`` to the day before ``until`` (None: it still does)."""

    unit_id: str
    name: str
    since: date
    until: date | None


class NameIndex:
    """Folded name → ids of the units that ever bore it, sorted; made when first asked for."""

    def __init__(self, units: Mapping[str, Unit]) -> None:
        self._units = units
        self._ids: dict[str, list[str]] | None = None
        self._lock = Lock()

    def add(self, unit_id: str, name: str) -> None:
        with self._lock:
            if self._ids is not None:
                _add(self._ids, unit_id, name)

    def called(self, text: str, day: date, level: str | None, *, former: bool, after: str) -> Iterator[Called]:
        """As ``UnitTree.called``."""
        wanted = fold(text)
        words = wanted.split()
        keys = {wanted, *(" ".join(words[n:]) for n in range(1, min(len(words), 4)))}
        lists = [known for known in map(self._made().get, keys) if known]
        before = ""
        for unit_id in merge(*(known[bisect_right(known, after) :] for known in lists)):
            unit = self._units[unit_id]
            if unit_id != before and level in (None, unit.level) and (former or unit.exists(day)):
                yield from _bearings(unit, wanted, day, former)
            before = unit_id

    def _made(self) -> Mapping[str, list[str]]:
        with self._lock:
            if self._ids is None:
                self._ids = {}
                for unit_id in sorted(self._units):
                    for name in values(self._units[unit_id].names):
                        _add(self._ids, unit_id, name)
            return self._ids


def _bearings(unit: Unit, wanted: str, day: date, former: bool) -> Iterator[Called]:
    """When the unit was called so, with or without the kind it was of."""
    if unit.start is None:
        return
    end = unit.end or date.max
    for name, since, until in stretches(unit.names):
        first, last = max(since, unit.start), min(until, end)
        if first >= last or first > day or (not former and last <= day):
            continue
        folded = fold(name)
        if folded == wanted or (
            wanted.endswith(folded)
            and any(
                f"{fold(kind)} {folded}" == wanted
                for kind, start, stop in stretches(unit.kinds)
                if start < last and first < stop and start <= day and (former or day < stop)
            )
        ):
            yield Called(unit.id, name, first, last if last < date.max else None)


def _add(by_name: dict[str, list[str]], unit_id: str, name: str) -> None:
    called = by_name.setdefault(fold(name), [])
    at = bisect_left(called, unit_id)
    if at == len(called) or called[at] != unit_id:
        called.insert(at, unit_id)
