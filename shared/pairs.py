"""Pages of pairs that resemble each other, area by area: looking at all areas of a nation would take seconds."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

CHUNK = 1_000
"""Units looked at in one query."""

SECONDS = 0.5
"""A page that has taken so long is sent as it is: short, perhaps empty, with a ``next``."""

CURSOR = re.compile(r"[A-Za-z0-9:._-]{1,64}(?:/[0-9a-f~-]{1,36}){2}")
"""``after`` of a page."""

Key = tuple[str, str, str]
"""Area and the ids of the two; the order of the pages."""

Find = Callable[[Mapping[str, str]], Mapping[Key, dict[str, Any]]]
"""Pairs of some units (unit → its area), whose areas are whole."""


def page(
    areas: Mapping[str, Sequence[str]], find: Find, after: str, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Pairs in order, and ``after`` of the next page. ``areas``: area → its units."""
    start = _key(after)
    todo = [area for area in sorted(areas) if area >= start[0]]
    found: list[tuple[Key, dict[str, Any]]] = []
    done, began = start[0], time.monotonic()
    for units in _chunks(todo, areas):
        found += sorted((item for item in find(units).items() if item[0] > start), key=lambda item: item[0])
        if len(found) > limit:
            return [pair for _, pair in found[:limit]], "/".join(found[limit - 1][0])
        done = max(units.values())
        if time.monotonic() - began > SECONDS:
            break
    following = f"{done}/~/~" if any(area > done for area in todo) else None
    return [pair for _, pair in found], following


def _chunks(todo: Sequence[str], areas: Mapping[str, Sequence[str]]) -> Iterator[dict[str, str]]:
    """Unit → area for whole areas, about ``CHUNK`` units at a time."""
    units: dict[str, str] = {}
    for area in todo:
        units.update(dict.fromkeys(areas[area], area))
        if len(units) >= CHUNK:
            yield units
            units = {}
    if units:
        yield units


def _key(after: str) -> Key:
    area, one, other = [*after.split("/"), "", ""][:3]
    return area, one, other
