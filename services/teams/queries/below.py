"""Which of some units stand below others on a day."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from shared.unit_directory import UnitDirectory

_KEPT = 64


class UnitsBelow:
    """Of the units it was told of, those at or below some roots on a day; former ones where their facts stand."""

    def __init__(self, directory: UnitDirectory) -> None:
        self._directory = directory
        self._units: list[str] = []
        self._known: set[str] = set()
        self._kept: dict[tuple[int, date, frozenset[str]], tuple[int, list[str]]] = {}

    def add(self, unit_ids: Iterable[str]) -> None:
        new = [unit_id for unit_id in dict.fromkeys(unit_ids) if unit_id not in self._known]
        if any(unit_id not in self._directory.tree() for unit_id in new):
            self._directory.refresh()
        self._known.update(new)
        self._units.extend(new)

    def of(self, roots: Collection[str], day: date, known_at: datetime | None = None) -> list[str]:
        tree, position = self._directory.as_known(known_at)
        key = (position, tree.map_key(day), frozenset(roots))
        taken, found = self._kept.pop(key, (0, []))
        known = len(self._units)
        found = [*found, *(unit for unit in self._units[taken:known] if tree.covers(roots, unit, day))]
        while len(self._kept) >= _KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = known, found
        return found
