"""The units whose facts a unit holds on a day."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

from shared.units import UnitTree

_TURN = 500


def units_of(tree: UnitTree, unit_id: str, day: date) -> list[str] | None:
    """The unit, all below it, and former or later units whose facts stand there that day. None: the whole country."""
    if tree.level(unit_id) == "nation":
        return None
    return [unit for units in homes(tree, unit_id, day).values() for unit in units]


def homes(tree: UnitTree, unit_id: str, day: date) -> dict[str, list[str]]:
    """For each unit of the subtree as it is that day those whose facts stand there: itself, former and later ones.

    Others get their turn on the way: a province has thousands.
    """
    found: dict[str, list[str]] = {}
    for n, each in enumerate(_standing(tree, unit_id, day), 1):
        found[each] = [each, *tree.held(each, day)]
        if n % _TURN == 0:
            time.sleep(0)
    return found


def _standing(tree: UnitTree, unit_id: str, day: date) -> Iterator[str]:
    placed = tree.place(unit_id, day)
    if placed is not None:
        yield placed.unit_id
        for path in tree.below(placed.unit_id, day):
            yield path[-1]
