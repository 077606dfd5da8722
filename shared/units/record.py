"""One unit as it is kept in memory, and the histories of its name, kind, parent and codes."""

from __future__ import annotations

from datetime import date

# A history is a plain text while it has one value, else (first day, text) pairs in order of day; the first pair holds
# since ever (date.min), because whether the unit exists at all is asked elsewhere. Nearly every unit has one value,
# and a hundred thousand villages fit into memory.
History = str | tuple[tuple[date, str], ...] | None


class Unit:
    __slots__ = (
        "codes",
        "end",
        "id",
        "kinds",
        "level",
        "names",
        "parents",
        "predecessors",
        "simulated",
        "start",
        "successor_unknown",
        "successors",
    )

    def __init__(self, unit_id: str) -> None:
        self.id = unit_id
        self.level = ""
        self.start: date | None = None
        self.end: date | None = None
        self.names: History = None
        self.kinds: History = None
        self.parents: History = None
        self.codes: dict[str, History] | None = None
        self.successors: tuple[str, ...] = ()  # the main one first
        self.predecessors: tuple[str, ...] = ()
        self.successor_unknown = False
        self.simulated = False

    def exists(self, day: date) -> bool:
        return self.start is not None and self.start <= day and (self.end is None or day < self.end)


def on(history: History, day: date) -> str | None:
    if history is None or isinstance(history, str):
        return history
    value = history[0][1]
    for first, later in history[1:]:
        if first > day:
            break
        value = later
    return value


def values(history: History) -> tuple[str, ...]:
    if history is None:
        return ()
    return (history,) if isinstance(history, str) else tuple(value for _, value in history)


def since_ever(history: History, value: str | None) -> History:
    """Set the first value; later ones stay."""
    later = tuple(pair for pair in history if pair[0] != date.min) if isinstance(history, tuple) else ()
    if not later or value is None:
        return later or value
    return ((date.min, value), *later)


def with_value(history: History, day: date, value: str) -> History:
    """Add a dated value; a second one for the same day corrects the first."""
    pairs = ((date.min, history),) if isinstance(history, str) else history or ()
    return tuple(sorted({**dict(pairs), day: value}.items()))
