"""The facts of a team while they are being corrected: stated anew, voided, brought back, added, and restated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from typing import Any

from services.teams.domain.documents import cite
from services.teams.domain.people import present
from services.teams.domain.team import life, seats
from services.teams.domain.team.events import (
    MEMBERS,
    Corrected,
    FactNow,
    PilotEnded,
    Seat,
    SeatAppointed,
    SeatChanged,
    SeatReleased,
    TeamDissolved,
    TeamEstablished,
    TeamFact,
    TeamReassigned,
    TeamReconstituted,
    TeamRenamed,
    TeamTookPart,
)
from services.teams.domain.team.meaning import happen
from services.teams.domain.team.replay import as_of, in_order, replay
from services.teams.domain.team.seats import reconstitution
from services.teams.domain.team.state import Team
from shared.decider import LookFurther, Rejected

States = Mapping[str, Any]

Added = life.LifeCommand | seats.SeatCommand
"""A late fact, said as the command that would have told it; it is about the same team."""

COMMON = frozenset({"effective", "document_id"})
CORRECTABLE: Mapping[type, frozenset[str]] = {
    TeamEstablished: COMMON | {"unit_id", "name", "pilot", "seats"},
    TeamRenamed: COMMON | {"name"},
    TeamReassigned: COMMON | {"unit_id"},
    PilotEnded: COMMON | {"converted"},
    TeamReconstituted: COMMON | {"seats"},
    SeatAppointed: COMMON | {"seat"},
    SeatReleased: COMMON | {"seat_id", "reason"},
    SeatChanged: COMMON | {"seat", "reason"},
}
"""Type of fact → what can be stated anew; of all others only what is common to all."""


@dataclass(frozen=True, slots=True)
class Correction:
    """``void`` True: it never was so; False: it was after all. ``anew``: fields of the fact (``CORRECTABLE``)."""

    fact: int
    void: bool | None = None
    anew: Mapping[str, Any] = field(default_factory=dict)


class Draft:
    """The facts of a team while they are being corrected. ``said``: the numbers concerned, and where in the command."""

    def __init__(self, before: Team) -> None:
        self.before = before
        self.facts = list(before.facts)
        self.voided = set(before.voided)
        self.said: dict[int, str] = {}
        self._listed: dict[int, tuple[Seat, ...]] = {}  # full lists of reconstitutions stated anew

    def correct(self, correction: Correction, at: str, states: States) -> None:
        number = correction.fact
        if not 1 <= number <= len(self.before.facts):
            raise Rejected("fact-unknown", f"{at}/fact", fact=number)
        if number in self.said:
            raise Rejected("fact-twice", f"{at}/fact", fact=number)
        self.said[number] = at
        fact = self.facts[number - 1]
        if isinstance(fact, TeamTookPart):
            raise _rearranged(number, fact, f"{at}/fact")
        if correction.void is False:
            self.voided.discard(number)
        elif correction.void:
            self._void(number, at)
        if number in self.voided and correction.anew:
            raise Rejected("fact-void", f"{at}/fact", fact=number)
        self._state_anew(number, fact, correction.anew, at, states)

    def _void(self, number: int, at: str) -> None:
        """What was told of a team that never was is void as well."""
        numbers = [number]
        if isinstance(self.facts[number - 1], TeamEstablished):
            numbers = [n for n in range(1, len(self.facts) + 1) if n not in self.voided]
        for each in numbers:
            fact = self.facts[each - 1]
            if isinstance(fact, TeamTookPart):
                raise _rearranged(each, fact, f"{at}/fact")
            self.voided.add(each)

    def _state_anew(self, number: int, fact: TeamFact, anew: Mapping[str, Any], at: str, states: States) -> None:
        for name in anew:
            if name not in CORRECTABLE.get(type(fact), COMMON):
                raise Rejected("fact-field", f"{at}/{name}", fact=number, type=type(fact).__name__, field=name)
        if "document_id" in anew:
            cite(states, anew["document_id"], f"{at}/document_id")
        _people(fact, anew, at, states)
        values = dict(anew)
        if isinstance(fact, TeamReconstituted) and "seats" in values:
            self._listed[number] = values.pop("seats")
        self.facts[number - 1] = replace(fact, **values)

    def add(self, late: Added, at: str, states: States) -> None:
        if late.team_id != self.before.birth.team_id or isinstance(late, life.EstablishTeam):
            raise Rejected("added-to-another-team", f"{at}/team_id", team=late.team_id)
        with _under(at):
            cite(states, late.document_id)
            for fact in self._late(late, states):
                if fact not in (fact for n, fact in self._held()):
                    self.facts.append(fact)
                    self.said[len(self.facts)] = at

    def _late(self, late: Added, states: States) -> list[TeamFact]:
        team = replay(tuple(self.facts), self.voided)
        assert team is not None
        then = as_of(team, late.effective)
        if then is None:
            raise Rejected("team-not-yet", "/effective", team=late.team_id, established=team.established)
        if then.ended is not None:
            raise Rejected("team-ended", "/effective", team=late.team_id, ended=then.ended)
        if isinstance(late, seats.SeatCommand):
            return list(seats.facts_of(late, then, states))
        fact = life.fact_of(late, then, states)
        return [fact] if fact is not None else []

    def restate(self) -> None:
        """Make totals and units that facts state those that are so in their turn."""
        told: Team | None = None
        for number, fact in self._held():
            if told is not None:
                with _under(self.said.get(number, "")):
                    fact = self.facts[number - 1] = self._restated(number, fact, told)
            told = happen(told, fact)

    def _restated(self, number: int, fact: TeamFact, told: Team) -> TeamFact:
        total, unit_id = len(told.open_seats), told.unit_id
        match fact:
            case TeamReconstituted() if number in self._listed:
                return reconstitution(told, self._listed[number], fact.effective, fact.document_id)
            case TeamReconstituted():
                after = total - len(fact.released) + len(fact.appointed)
                return replace(fact, unit_id=unit_id, seats_before=total, seats_after=after)
            case PilotEnded() | TeamDissolved():
                return replace(fact, unit_id=unit_id, seats=total)
            case TeamReassigned():
                return replace(fact, from_unit_id=unit_id, seats=total)
            case TeamEstablished() | TeamTookPart():
                return fact
            case _:
                return replace(fact, unit_id=unit_id)

    def _held(self) -> list[tuple[int, TeamFact]]:
        return in_order(self.facts, self.voided)

    def changed(self) -> list[int]:
        """Numbers of the facts that are not as they were."""
        old = self.before
        return [
            n
            for n, fact in enumerate(self.facts, 1)
            if n > len(old.facts) or fact != old.facts[n - 1] or (n in self.voided) != (n in old.voided)
        ]

    def told(self, number: int) -> Iterator[TeamFact]:
        """The fact as it was told before and as it is told now."""
        if number <= len(self.before.facts):
            yield self.before.facts[number - 1]
        yield self.facts[number - 1]

    def as_told(self, number: int) -> FactNow:
        fact = self.facts[number - 1]
        kind = type(fact)
        if number in self.voided:
            return FactNow(number, kind.__name__, Corrected.VOIDED)
        member: dict[str, Any] = {MEMBERS[kind]: fact}
        return FactNow(number, kind.__name__, self._how(number), **member)

    def _how(self, number: int) -> Corrected:
        if number > len(self.before.facts):
            return Corrected.ADDED
        if number in self.before.voided:
            return Corrected.RESTORED
        return Corrected.CORRECTED if number in self.said else Corrected.RESTATED


def _rearranged(number: int, fact: TeamTookPart, at: str) -> Rejected:
    return Rejected("correction-of-rearrangement", at, fact=number, rearrangement=fact.rearrangement_id)


def _people(fact: TeamFact, anew: Mapping[str, Any], at: str, states: States) -> None:
    """Who is newly named must be known."""
    named = {seat.person_id for f in fields(fact) for seat in _seats_in(getattr(fact, f.name))}
    for name in ("seats", "seat"):
        for n, seat in enumerate(_seats_in(anew.get(name))):
            if seat.person_id not in named:
                where = f"{at}/seat" if name == "seat" else f"{at}/seats/{n}"
                present(states, seat.person_id, f"{where}/person_id")


def _seats_in(value: Any) -> tuple[Seat, ...]:
    if isinstance(value, Seat):
        return (value,)
    return value if isinstance(value, tuple) and value and isinstance(value[0], Seat) else ()


@contextmanager
def _under(at: str) -> Iterator[None]:
    """What is refused inside points into that part of the command."""
    try:
        yield
    except LookFurther:
        raise
    except Rejected as rejected:
        raise Rejected(rejected.code, at + rejected.pointer, **rejected.params) from rejected
