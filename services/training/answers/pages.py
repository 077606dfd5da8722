"""Pages of lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Row = dict[str, Any]


def page(name: str, found: list[Row], limit: int, place: Callable[[Row], str], as_of: str) -> Row:
    """``found`` has one row more than ``limit`` if there is more; ``next`` is the place of the last one shown."""
    shown = found[:limit]
    return {name: shown, "next": place(shown[-1]) if len(found) > limit else None, "as_of": as_of}
