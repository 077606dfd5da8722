"""Where units with teams stand on a day: which are below a unit, and in which commune each is."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from shared.unit_directory import UnitDirectory
from shared.units import UnitTree

_KEPT_MAPS = 6
_TURN = 2_000
"""Units placed at a stretch: a nation's take half a second, and others want their turn."""


@dataclass(slots=True)
class Map:
    """One map. ``taken``: how many of the known units have been placed on it."""

    below: dict[str, list[str]] = field(default_factory=dict)
    commune: dict[str, str] = field(default_factory=dict)
    """Unit → its commune; what stands above all communes is a place of its own."""
    taken: int = 0


class Standing:
    """Of the units it was told of. One walk over them serves every question about that map."""

    def __init__(self, directory: UnitDirectory) -> None:
        self._directory = directory
        self._units: list[str] = []
        self._known: set[str] = set()
        self._maps: dict[tuple[int, date], Map] = {}

    def add(self, unit_ids: Iterable[str]) -> None:
        new = [unit_id for unit_id in dict.fromkeys(unit_ids) if unit_id not in self._known]
        if any(unit_id not in self._directory.tree() for unit_id in new):
            self._directory.refresh()
        self._known.update(new)
        self._units.extend(new)

    def on(self, day: date) -> Map:
        tree = self._directory.tree()
        key = (self._directory.position, tree.map_key(day))
        found = self._maps.pop(key, None) or Map()
        while len(self._maps) >= _KEPT_MAPS:
            del self._maps[next(iter(self._maps))]
        self._maps[key] = found
        while found.taken < len(self._units):
            first, found.taken = found.taken, min(found.taken + _TURN, len(self._units))
            for unit_id in self._units[first : found.taken]:
                _place(found, tree, unit_id, day)
            if found.taken < len(self._units):
                time.sleep(0)
        return found

    def below(self, roots: Collection[str], day: date) -> Sequence[str]:
        """The units at or below the roots; former ones where their facts stand. Not to be changed."""
        lists = [units for root in roots if (units := self.on(day).below.get(root))]
        if len(lists) <= 1:
            return lists[0] if lists else ()
        return list(dict.fromkeys(unit for units in lists for unit in units))


def _place(found: Map, tree: UnitTree, unit_id: str, day: date) -> None:
    placed = tree.place(unit_id, day)
    above = tree.ancestors(placed.unit_id, day) if placed else ()
    for root in {unit_id, *above}:
        found.below.setdefault(root, []).append(unit_id)
    found.commune[unit_id] = next((unit for unit in above if tree.level(unit) == "commune"), unit_id)
