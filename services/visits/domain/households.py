"""How many households a village has, as somebody declared it for a day: the denominator that visits cannot give.

One stream per unit, ``households:<unit>``. A declaration says how many there were as of its day; asked for any day, the
latest one up to that day counts. Another figure for the same day is a correction and needs a reason.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.decider import Decider, Rejected, ambient


class Qualifier(StrEnum):
    """As the source has it: 412; *khoảng*, *hơn*, *gần* 400."""

    EXACT = "exact"
    ABOUT = "about"
    MORE_THAN = "more_than"
    NEARLY = "nearly"


class DeclarationReason(StrEnum):
    TYPO = "typo"
    WRONG_DAY = "wrong_day"
    WRONG_UNIT = "wrong_unit"
    WRONG_SOURCE = "wrong_source"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Declaration:
    """``source``: who says so, in their own words (a report, a register); public."""

    day: date
    total: int
    qualifier: Qualifier
    source: str
    document_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class HouseholdsDeclared:
    """The figure as of ``day``; with ``reason`` it replaces ``before``. ``reported_unit_id``: the unit as it was named,
    if that is not the one of the day."""

    unit_id: str
    day: date
    total: int
    qualifier: Qualifier
    source: str
    document_id: UUID | None = None
    reason: DeclarationReason | None = None
    before: int | None = None
    reported_unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class HouseholdsWithdrawn:
    """Nothing was declared as of ``day``."""

    unit_id: str
    day: date
    reason: DeclarationReason
    before: int


HouseholdsEvent = HouseholdsDeclared | HouseholdsWithdrawn
EVENTS: tuple[type, ...] = (HouseholdsDeclared, HouseholdsWithdrawn)


@dataclass(frozen=True, slots=True)
class DeclareHouseholds:
    """``reason``: why a figure declared before for that day is replaced. ``unit_id``: as whoever declares knows it;
    ``stands_in``: the unit of that day that it is, if not the same."""

    unit_id: str
    declaration: Declaration
    reason: DeclarationReason | None = None
    stands_in: str | None = ambient(default=None)


@dataclass(frozen=True, slots=True)
class WithdrawHouseholds:
    """``unit_id`` and ``stands_in`` as when it is declared."""

    unit_id: str
    day: date
    reason: DeclarationReason
    stands_in: str | None = ambient(default=None)


HouseholdsCommand = DeclareHouseholds | WithdrawHouseholds

Declared = tuple[Declaration, ...]
"""By day; one per day at most."""


def households_stream(unit_id: str) -> str:
    return f"households:{unit_id}"


def as_of(declared: Declared, day: date) -> Declaration | None:
    """What counts on that day."""
    at = bisect_right(declared, day, key=lambda each: each.day)
    return declared[at - 1] if at else None


def _of(declared: Declared, day: date) -> Declaration | None:
    found = as_of(declared, day)
    return found if found and found.day == day else None


def decide(command: HouseholdsCommand, states: Mapping[str, Declared]) -> Sequence[tuple[str, HouseholdsEvent]]:
    unit_id = command.stands_in or command.unit_id
    stream = households_stream(unit_id)
    match command:
        case DeclareHouseholds(named, new, reason):
            known = _of(states[stream], new.day)
            if known == new:
                return []
            if known and reason is None:
                raise Rejected("households-declared", "/total", day=new.day, total=known.total)
            if not known and reason is not None:
                raise Rejected("households-not-declared", "/day", day=new.day)
            content = (new.day, new.total, new.qualifier, new.source, new.document_id)
            before, reported = known.total if known else None, named if named != unit_id else None
            return [(stream, HouseholdsDeclared(unit_id, *content, reason, before, reported))]
        case WithdrawHouseholds(_, day, reason):
            known = _of(states[stream], day)
            if known is None:
                raise Rejected("households-not-declared", "/day", day=day)
            return [(stream, HouseholdsWithdrawn(unit_id, day, reason, known.total))]


def evolve(state: Declared, event: HouseholdsEvent) -> Declared:
    others = [each for each in state if each.day != event.day]
    if isinstance(event, HouseholdsDeclared):
        others.append(Declaration(event.day, event.total, event.qualifier, event.source, event.document_id))
    return tuple(sorted(others, key=lambda each: each.day))


HOUSEHOLDS: Decider[HouseholdsCommand, Declared, HouseholdsEvent] = Decider(
    initial=lambda stream: (),
    streams=lambda command: (households_stream(command.stands_in or command.unit_id),),
    decide=decide,
    evolve=evolve,
)
