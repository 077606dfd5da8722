"""One unit as it is kept in memory, and the histories of its name, kind, parent and codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

# A history is a plain text while it has one value, else (first day, text) pairs in order of day; the first pair holds
# since ever (date.min), because whether the unit exists at all is asked elsewhere. Nearly every unit has one value,
# and a hundred thousand villages fit into memory. None in a pair: no value from that day on (codes only).
History = str | tuple[tuple[date, str | None], ...] | None


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
        "shares",
        "simulated",
        "start",
        "successor_unknown",
        "successors",
        "void",
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
        self.shares: Mapping[str, int] | None = None  # successor → per cent, where the document says so
        self.predecessors: tuple[str, ...] = ()
        self.successor_unknown = False
        self.simulated = False
        self.void = False  # it never was: its establishment was withdrawn

    def copy(self) -> Unit:
        """Independent of this one; all values but the codes are immutable."""
        other = Unit.__new__(Unit)
        for name in Unit.__slots__:
            setattr(other, name, getattr(self, name))
        other.codes = dict(self.codes) if self.codes is not None else None
        return other

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


def from_its_day(history: History, day: date) -> str | None:
    """As ``on``, but nothing before the first dated value: a unit may go without a code for years."""
    if isinstance(history, tuple) and day < history[0][0]:
        return None
    return on(history, day)


def values(history: History) -> tuple[str, ...]:
    if history is None:
        return ()
    return (history,) if isinstance(history, str) else tuple(value for _, value in history if value is not None)


def stretches(history: History) -> Iterator[tuple[str, date, date]]:
    """Each value with its first day and the first day after; ``date.min`` and ``date.max`` where there is no limit."""
    pairs = ((date.min, history),) if isinstance(history, str) else history or ()
    ends = (*(day for day, _ in pairs[1:]), date.max)
    for (since, value), until in zip(pairs, ends, strict=True):
        if value is not None:
            yield value, since, until


def of_pairs(pairs: Iterable[tuple[date, str | None]], start: date | None = None) -> History:
    """The history of dated values. The first of them holds since ever, if it does from ``start`` on."""
    ordered = tuple(sorted(pairs))
    if ordered and (start is None or ordered[0][0] <= start):
        ordered = ((date.min, ordered[0][1]), *ordered[1:])
        return ordered[0][1] if len(ordered) == 1 else ordered
    return ordered or None


def since_ever(history: History, value: str | None) -> History:
    """Set the first value; later ones stay."""
    later = tuple(pair for pair in history if pair[0] != date.min) if isinstance(history, tuple) else ()
    if not later or value is None:
        return later or value
    return ((date.min, value), *later)


def with_value(history: History, day: date, value: str | None) -> History:
    """Add a dated value; a second one for the same day corrects the first."""
    pairs: tuple[tuple[date, str | None], ...] = ((date.min, history),) if isinstance(history, str) else history or ()
    return tuple(sorted({**dict(pairs), day: value}.items()))
