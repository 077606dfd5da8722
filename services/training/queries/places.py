"""Lists go down the tree of a day, unit by unit, so that a page costs what is on it.

Facts of a former unit are found where they stand on that day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from shared.units import UnitTree

Path = tuple[str, ...]
"""Unit ids from the root of a list down to a unit."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A unit, and the units whose facts stand there: itself, then former ones."""

    path: Path
    sources: tuple[str, ...]


def stops(tree: UnitTree, root: str, day: date, after: Path = ()) -> Iterator[Stop]:
    """The root and all units below it, in the order of their paths; from the stop ``after`` on, itself included."""
    rest = after[1:] if after and after[0] == root else ()
    here = (root, *rest)
    if tree.ancestors(here[-1], day)[: len(here)] == here[::-1] or not rest:
        yield _stop(tree, here, day)
    for path in tree.below(root, day, after=rest):
        yield _stop(tree, (root, *path), day)


def _stop(tree: UnitTree, path: Path, day: date) -> Stop:
    return Stop(path, (path[-1], *tree.held(path[-1], day)))


def whole(tree: UnitTree, root: str, day: date) -> bool:
    """Whether everything stands below the root."""
    return tree.level(root) == "nation" and tree.exists(root, day)


def units_below(tree: UnitTree, root: str, day: date) -> list[str] | None:
    """The unit and all below it, with the former units whose facts stand there; None: everything."""
    if whole(tree, root, day):
        return None
    return [unit_id for stop in stops(tree, root, day) for unit_id in stop.sources]


class Below:
    """What stands below a unit on a day; the same units are asked for many times, for each seat of a page."""

    def __init__(self, tree: UnitTree, unit_id: str, day: date) -> None:
        self._tree, self._unit_id, self._day = tree, unit_id, day
        self._all = whole(tree, unit_id, day)
        self._known: dict[str, bool] = {}

    def holds(self, unit_id: str) -> bool:
        if self._all:
            return True
        known = self._known.get(unit_id)
        if known is None:
            known = self._known[unit_id] = self._tree.covers((self._unit_id,), unit_id, self._day)
        return known


class Area(Below):
    """The units of a rule's area on a day. A former area is what stood below it on its last day."""

    def __init__(self, tree: UnitTree, unit_id: str, day: date) -> None:
        _, end = tree.life(unit_id)
        super().__init__(tree, unit_id, end - timedelta(1) if end is not None and end <= day else day)


def below(tree: UnitTree, root: str, day: date) -> list[str] | None:
    """The units whose facts stand below a unit on that day's map; None for all there are."""
    if whole(tree, root, day):
        return None
    return [unit_id for stop in stops(tree, root, day) for unit_id in stop.sources]
