"""The provinces of the vendored map, and which of them make up the provinces of a day. Pure.

The map is drawn as of before the reform of 1/7/2025, with the archipelagos Hoàng Sa and Trường Sa as shapes of their
own. Nothing is listed by hand: a shape is the province that bore its name then (or the one whose district did), and on
another day it belongs to whatever unit that province's facts stand at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from services.reporting.pages.files import FILES
from shared.units import UnitTree
from shared.vietnamese import fold

DRAWN = date(2024, 1, 1)
"""A day on which the map's names were those of the provinces."""
_PATH = re.compile(r'<path\s+id="(\w+)"\s+aria-label="([^"]+)"')
SHAPES: Mapping[str, str] = dict(_PATH.findall(FILES["vietnam.svg"].body.plain.decode()))
"""id → name without accents"""


def drawn(tree: UnitTree, nation: str) -> dict[str, str]:
    """Shape → the province that it is, or belongs to, on the day the map was drawn."""
    provinces = tree.children(nation, DRAWN)
    named = dict(_named(tree, provinces))
    within = {name: province for province in provinces for name, _ in _named(tree, tree.children(province, DRAWN))}
    found = {shape: named.get(fold(label)) or within.get(fold(label)) for shape, label in SHAPES.items()}
    return {shape: province for shape, province in found.items() if province is not None}


def _named(tree: UnitTree, units: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    return ((fold(tree.name(unit, DRAWN) or ""), unit) for unit in units)


def on_map(tree: UnitTree, nation: str, day: date) -> dict[str, list[str]]:
    """Province of that day → its shapes."""
    found: dict[str, list[str]] = {}
    for shape, province in drawn(tree, nation).items():
        placed = tree.place(province, day)
        if placed is not None and tree.level(placed.unit_id) == "province":
            found.setdefault(placed.unit_id, []).append(shape)
    return found
