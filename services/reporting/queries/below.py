"""Records of a unit and of the units below it, each on the day of its own: read in order until a page is full."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from shared.problems import Problem
from shared.units import UnitTree

AT_ONCE = 500
Row = Mapping[str, Any]
Behind = tuple[date, UUID]
"""Day and id of the last one shown."""


def page(
    read: Callable[[Behind | None, int], list[Row]],
    inside: Callable[[Row], bool],
    behind: Behind | None,
    limit: int,
    key: str,
) -> tuple[list[Row], str | None]:
    """A page of the rows that are inside, and where the next one begins. ``key``: the column of the id."""
    found: list[Row] = []
    for row in _rows(read, behind, key):
        if not inside(row):
            continue
        if len(found) == limit:
            return found, f"{found[-1]['day'].isoformat()}_{found[-1][key]}"
        found.append(row)
    return found, None


def _rows(read: Callable[[Behind | None, int], list[Row]], behind: Behind | None, key: str) -> Iterator[Row]:
    """Others get their turn between chunks."""
    while True:
        rows = read(behind, AT_ONCE)
        yield from rows
        if len(rows) < AT_ONCE:
            return
        behind = rows[-1]["day"], rows[-1][key]
        time.sleep(0)


def lies_in(tree: UnitTree, unit: str) -> Callable[[Row], bool]:
    """Whether a record's unit was the unit or below it on the record's day."""
    return lambda row: tree.covers((unit,), row["unit_id"], row["day"])


def behind_of(text: str | None) -> Behind | None:
    """From ``after`` of a query. Raises ``Problem``."""
    if text is None:
        return None
    day, _, identity = text.partition("_")
    try:
        return date.fromisoformat(day), UUID(identity)
    except ValueError:
        raise Problem("wrong-format", "/after", where="query", expected="") from None
