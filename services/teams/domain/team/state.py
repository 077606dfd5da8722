"""A team as its facts tell: what it was called, which unit it served, when it existed, who sat in it.

Days are half-open: a life, a suspension or a seat holds from ``since`` until the day before ``until``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from services.teams.domain.dated import Dated, on
from services.teams.domain.team.events import Role, Seat, TeamEstablished, TeamFact

VOID = "void"


@dataclass(frozen=True, slots=True)
class Span:
    since: date
    until: date | None = None

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)

    def meets(self, other: Span) -> bool:
        """Whether they share a day."""
        first = max(self.since, other.since)
        return self.holds(first) and other.holds(first)


@dataclass(frozen=True, slots=True)
class Life(Span):
    """``ending``: pilot, dissolved, merged, split, undone or void; ``into``: the team that carries its seats on."""

    ending: str | None = None
    into: str | None = None


@dataclass(frozen=True, slots=True)
class Seated(Span):
    """A seat from the day it was filled until it was released, or changed."""

    seat: Seat = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Team:
    """``facts``: in the order they were recorded, as corrected, ``voided`` the numbers of those that never were so; all
    else follows from them (``replay``).

    ``seats`` holds each seat's latest filling, ``past`` the earlier ones. A team whose establishment is voided never
    was: ``birth`` then tells what had been believed.
    """

    facts: tuple[TeamFact, ...]
    birth: TeamEstablished
    names: Dated
    units: Dated
    lives: tuple[Life, ...]
    seats: Mapping[str, Seated]
    past: tuple[Seated, ...] = ()
    converted: date | None = None
    suspensions: tuple[Span, ...] = ()
    voided: frozenset[int] = frozenset()

    @property
    def never(self) -> bool:
        return self.lives[-1].ending == VOID

    @property
    def holding(self) -> tuple[TeamFact, ...]:
        """The facts that are not voided."""
        return tuple(fact for number, fact in enumerate(self.facts, 1) if number not in self.voided)

    @property
    def established(self) -> date:
        return self.birth.effective

    @property
    def ended(self) -> date | None:
        return self.lives[-1].until

    @property
    def ending(self) -> str | None:
        return self.lives[-1].ending

    @property
    def into(self) -> str | None:
        return self.lives[-1].into

    @property
    def unit_id(self) -> str:
        """The unit it serves by its latest fact."""
        return self.units[-1][1]

    def unit_on(self, day: date) -> str:
        """The unit it served on that day; before its establishment the first one."""
        return on(self.units, max(day, self.established)) or self.birth.unit_id

    def exists(self, day: date) -> bool:
        return any(life.holds(day) for life in self.lives)

    def filled_on(self, day: date) -> tuple[Seated, ...]:
        """The seats of that day."""
        return tuple(seated for seated in (*self.past, *self.seats.values()) if seated.holds(day))

    @property
    def open_seats(self) -> tuple[Seat, ...]:
        """The seats after all facts."""
        return tuple(seated.seat for seated in self.seats.values() if seated.until is None)

    @property
    def pilot(self) -> bool:
        return self.birth.pilot and self.converted is None

    def pilot_on(self, day: date) -> bool:
        return self.birth.pilot and (self.converted is None or day < self.converted)

    def suspended_on(self, day: date) -> bool:
        return any(span.holds(day) for span in self.suspensions)

    def standing_on(self, day: date) -> str:
        """``not_yet``, ``ended``, ``suspended``, ``pilot`` or ``active``; ``void`` if it never was."""
        if self.never:
            return VOID
        if day < self.established:
            return "not_yet"
        if not self.exists(day):
            return "ended"
        return "suspended" if self.suspended_on(day) else "pilot" if self.pilot_on(day) else "active"

    @property
    def surplus_leaders(self) -> int:
        """Leaders beyond one, which a merger may leave for decision."""
        return max(0, sum(seat.role is Role.LEADER for seat in self.open_seats) - 1)

    def stays(self) -> Iterator[tuple[str, Span]]:
        """Unit by unit, the days on which the team existed and served it."""
        ends = [(since, unit, later) for (since, unit), (later, _) in pairwise(self.units)]
        for since, unit, later in [*ends, (*self.units[-1], None)]:
            for life in self.lives:
                first = max(since, life.since)
                last = min((day for day in (later, life.until) if day is not None), default=None)
                if last is None or first < last:
                    yield unit, Span(first, last)
