"""Values that hold from a day on: ``((day, value), …)`` in order of day."""

from __future__ import annotations

from datetime import date

Dated = tuple[tuple[date, str], ...]


def on(history: Dated, day: date) -> str | None:
    """The value in force on that day; None before the first one."""
    current = None
    for since, value in history:
        if since > day:
            break
        current = value
    return current


def with_value(history: Dated, day: date, value: str) -> Dated:
    """A second value for the same day replaces the first."""
    return tuple(sorted({**dict(history), day: value}.items()))
