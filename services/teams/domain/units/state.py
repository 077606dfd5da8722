"""Facts → unit, and who takes a code. What is so on a day follows from the facts in the order they took effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.teams.domain.dated import Dated, on
from services.teams.domain.units.facts import (
    Facts,
    Successor,
    UnitAbolished,
    UnitCodeAssigned,
    UnitEstablished,
    UnitFact,
    UnitKindChanged,
    UnitRenamed,
    UnitReparented,
    in_order,
)
from shared.units import GSO

Codes = tuple[tuple[date, str | None], ...]
Spans = tuple[tuple[date, date], ...]
"""Half-open stretches of days, in order and apart from each other."""


@dataclass(frozen=True, slots=True)
class Unit:
    """``never``: its establishment was withdrawn, so it never was; ``birth`` then tells what had been believed."""

    facts: Facts
    birth: UnitEstablished
    never: bool
    names: Dated
    kinds: Dated
    parents: Dated
    codes: Mapping[str, Codes]
    closed: date | None = None
    successors: tuple[Successor, ...] = ()
    successor_unknown: bool = False

    @property
    def opened(self) -> date:
        return self.birth.effective

    @property
    def level(self) -> str:
        return self.birth.level

    def exists(self, day: date) -> bool:
        return not self.never and self.opened <= day and (self.closed is None or day < self.closed)

    def parent(self, day: date) -> str | None:
        return on(self.parents, max(day, self.opened))

    def code(self, system: str, day: date) -> str | None:
        current = None
        for since, code in self.codes.get(system, ()):
            current = code if since <= day else current
        return current

    def bearings(self) -> dict[tuple[str, str], Spans]:
        """When the unit bears which (system, code)."""
        found: dict[tuple[str, str], Spans] = {}
        for system, history in self.codes.items():
            ends = [day for day, _ in history[1:]] + [self.closed or date.max]
            for (start, code), end in zip(history, ends, strict=True):
                if code is not None and start < end:
                    found[system, code] = joined(found.get((system, code), ()), start, end)
        return found


def joined(spans: Spans, start: date, end: date) -> Spans:
    """One more stretch, not before the others."""
    if spans and spans[-1][1] == start:
        return (*spans[:-1], (spans[-1][0], end))
    return (*spans, (start, end))


def covered(spans: Spans, by: Spans) -> bool:
    return all(any(a <= start and end <= b for a, b in by) for start, end in spans)


def first_shared_day(one: Spans, other: Spans) -> date | None:
    return min((max(a, c) for a, b in one for c, d in other if max(a, c) < min(b, d)), default=None)


def replay(facts: Facts) -> Unit:
    """The unit that these facts make; they need not be possible, only begin with an establishment."""
    events = [event for _, event in in_order(facts)]
    births = [event for event in events if isinstance(event, UnitEstablished)]
    if not births:
        believed = [fact.event for fact in facts if isinstance(fact.event, UnitEstablished)][-1]
        return _born(facts, believed, [], never=True)
    return _born(facts, births[0], events, never=False)


def _born(facts: Facts, birth: UnitEstablished, events: list[UnitFact], *, never: bool) -> Unit:
    since = birth.effective
    names, kinds = {since: birth.name}, {since: birth.kind}
    parents = {since: birth.parent_id} if birth.parent_id is not None else {}
    codes: dict[str, dict[date, str | None]] = {GSO: {since: birth.code}} if birth.code and not never else {}
    end: UnitAbolished | None = None
    for event in events:
        match event:
            case UnitRenamed(effective=day, name=name):
                names[day] = name
            case UnitKindChanged(effective=day, kind=kind):
                kinds[day] = kind
            case UnitReparented(effective=day, parent_id=parent):
                parents[day] = parent
            case UnitCodeAssigned(effective=day, system=system, code=code):
                codes.setdefault(system, {})[day] = code
            case UnitAbolished():
                end = event
    return Unit(
        facts,
        birth,
        never,
        tuple(names.items()),
        tuple(kinds.items()),
        tuple(parents.items()),
        {system: tuple(history.items()) for system, history in codes.items()},
        end.effective if end else None,
        end.successors if end else (),
        end.successor_unknown if end else False,
    )


def contradicted(facts: Facts) -> int | None:
    """The number of the first fact, in order of days, that cannot be true after those before it."""
    opened = closed = None
    for number, event in in_order(facts):
        if isinstance(event, UnitEstablished):
            if opened is not None:
                return number
            opened = event.effective
        elif opened is None or closed is not None:
            return number
        elif isinstance(event, UnitAbolished):
            closed = event.effective
            if closed == opened:
                return number
    return None


@dataclass(frozen=True, slots=True)
class UnitCode:
    """Every unit that ever took the code: which days it bears it, its own stream tells."""

    takers: tuple[str, ...]


def unit_stream(unit_id: str) -> str:
    return f"unit:{unit_id}"


def code_stream(system: str, code: str) -> str:
    return f"unit-code:{system}/{code}"
