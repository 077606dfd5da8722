"""Correcting what is recorded of a unit: facts are withdrawn, brought back or stated anew, never rewritten.

A correction names facts of one unit by their number, gives a reason and a document, and is an event itself. What is
published beside it is the whole unit as it is known from then on, so that readers need no history of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from services.teams.domain.documents import cite, document_stream
from services.teams.domain.units.facts import Fact, Facts, Successor, UnitFact
from services.teams.domain.units.rules import Changes, States, check_references, referred, take_codes, with_main
from services.teams.domain.units.single import refuse_contradiction
from services.teams.domain.units.state import Unit, replay, unit_stream
from shared.decider import Rejected, ambient, need

CORRECTABLE = ("effective", "name", "kind", "code", "parent_id", "successors", "successor_unknown")


class Reason(StrEnum):
    """A word, because it is published: an official's own words may name people."""

    TYPO = "typo"
    WRONG_DAY = "wrong_day"
    WRONG_DOCUMENT = "wrong_document"
    WRONG_UNIT = "wrong_unit"
    WITHDRAWN = "withdrawn"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Correction:
    """``void`` True: it never was so; False: it was after all. ``anew``: fields of the fact (``CORRECTABLE``)."""

    fact: int
    void: bool | None = None
    anew: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CorrectUnit:
    unit_id: str
    corrections: tuple[Correction, ...]
    reason: Reason
    document_id: str
    also: tuple[str, ...] = ambient(default=())


# --- event --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CorrectedFact:
    """The fact as it is known from now on; fields that a fact of this type has not are None or empty."""

    fact: int
    type: str
    void: bool
    effective: date
    name: str | None = None
    kind: str | None = None
    system: str | None = None
    code: str | None = None
    parent_id: str | None = None
    successors: tuple[Successor, ...] = ()
    successor_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Since:
    since: date
    value: str


@dataclass(frozen=True, slots=True)
class CodeSince:
    system: str
    since: date
    code: str | None


@dataclass(frozen=True, slots=True)
class UnitCorrected:
    """``effective``: the first day that may look different. The rest is the unit as a whole.

    ``established`` None: it never was; its name, kind and parent are then what had been believed, so that facts
    recorded for it meanwhile still find a place.
    """

    unit_id: str
    effective: date
    reason: Reason
    document_id: str
    corrections: tuple[CorrectedFact, ...]
    level: str
    established: date | None
    ended: date | None
    names: tuple[Since, ...]
    kinds: tuple[Since, ...]
    parents: tuple[Since, ...]
    codes: tuple[CodeSince, ...]
    successors: tuple[Successor, ...]
    successor_unknown: bool
    simulated: bool
    reorganisation_id: str | None = None


COMMANDS = (CorrectUnit,)
EVENTS = (UnitCorrected,)


# --- decisions ----------------------------------------------------------------------------------------------------


def streams(command: CorrectUnit) -> tuple[str, ...]:
    return tuple(dict.fromkeys((unit_stream(command.unit_id), document_stream(command.document_id), *command.also)))


def decide(command: CorrectUnit, states: States) -> Changes:
    cite(states, command.document_id)
    unit: Unit | None = states[unit_stream(command.unit_id)]
    if unit is None:
        raise Rejected("no-such-unit", "/unit_id", unit=command.unit_id)
    facts = _corrected(unit, command.corrections)
    if facts == unit.facts:
        return []
    refuse_contradiction(facts, "/corrections")
    return apply_corrections({command.unit_id: facts}, states, command.reason, command.document_id)


def _corrected(unit: Unit, corrections: Iterable[Correction]) -> Facts:
    facts = list(unit.facts)
    seen: set[int] = set()
    for n, correction in enumerate(corrections):
        if not 1 <= correction.fact <= len(facts):
            raise Rejected("unit-fact-unknown", f"/corrections/{n}/fact", unit=unit.birth.unit_id, fact=correction.fact)
        if correction.fact in seen:
            raise Rejected("unit-fact-twice", f"/corrections/{n}/fact", fact=correction.fact)
        seen.add(correction.fact)
        facts[correction.fact - 1] = _stated_anew(facts[correction.fact - 1], correction, f"/corrections/{n}")
    return tuple(facts)


def _stated_anew(fact: Fact, correction: Correction, at: str) -> Fact:
    has = {f.name for f in fields(fact.event)}
    for name in correction.anew:
        if name not in has or name not in CORRECTABLE:
            kind = type(fact.event).__name__
            raise Rejected("unit-fact-field", f"{at}/{name}", fact=correction.fact, type=kind, field=name)
    anew = dict(correction.anew)
    if "successors" in anew:
        anew["successors"] = with_main(anew["successors"])
    return Fact(replace(fact.event, **anew), fact.void if correction.void is None else correction.void)


def apply_corrections(
    corrected: Mapping[str, Facts],
    states: States,
    reason: Reason,
    document_id: str,
    reorganisation_id: str | None = None,
) -> Changes:
    """The events that make these the facts of the units. Raises ``Rejected`` if the units do not fit together then."""
    after = {unit_id: replay(facts) for unit_id, facts in corrected.items()}
    news = [(unit, fact) for unit in after.values() for fact in _stated(states, unit) if not fact.void]
    need(states, (stream for _, fact in news for stream in referred(fact.event)))
    units = {**states, **{unit_stream(unit_id): unit for unit_id, unit in after.items()}}
    for unit, fact in news:
        check_references(fact.event, unit.level, units, "/corrections")
    events = [
        (unit_stream(unit_id), _event(states[unit_stream(unit_id)], unit, reason, document_id, reorganisation_id))
        for unit_id, unit in after.items()
    ]
    return [*events, *take_codes(after, states, lambda unit_id: "/corrections")]


def _stated(states: States, unit: Unit) -> list[Fact]:
    """The facts that are not as they were before."""
    before: Unit = states[unit_stream(unit.birth.unit_id)]
    return [new for old, new in zip(before.facts, unit.facts, strict=True) if old != new]


def _event(before: Unit, unit: Unit, reason: Reason, document_id: str, reorganisation_id: str | None) -> UnitCorrected:
    changed = [n for n, (old, new) in enumerate(zip(before.facts, unit.facts, strict=True), 1) if old != new]
    days = [facts[n - 1].event.effective for n in changed for facts in (before.facts, unit.facts)]
    return UnitCorrected(
        unit.birth.unit_id,
        min(days),
        reason,
        document_id,
        tuple(_told(n, unit.facts[n - 1]) for n in changed),
        unit.level,
        None if unit.never else unit.opened,
        unit.closed,
        tuple(Since(*pair) for pair in unit.names),
        tuple(Since(*pair) for pair in unit.kinds),
        tuple(Since(*pair) for pair in unit.parents),
        tuple(CodeSince(system, *pair) for system, history in unit.codes.items() for pair in history),
        unit.successors,
        unit.successor_unknown,
        unit.birth.simulated,
        reorganisation_id,
    )


def _told(number: int, fact: Fact) -> CorrectedFact:
    event = fact.event
    has = {f.name for f in fields(event)} - {"effective"}
    values = {f.name: getattr(event, f.name) for f in fields(CorrectedFact) if f.name in has}
    return CorrectedFact(number, type(event).__name__, fact.void, event.effective, **values)


# --- what events mean ---------------------------------------------------------------------------------------------


def evolve(unit: Unit, event: UnitCorrected) -> Unit:
    facts = list(unit.facts)
    for told in event.corrections:
        facts[told.fact - 1] = Fact(_as_told(facts[told.fact - 1].event, told), told.void)
    return replay(tuple(facts))


def _as_told(event: UnitFact, told: CorrectedFact) -> UnitFact:
    has = {f.name for f in fields(event)}
    return replace(event, **{name: getattr(told, name) for name in CORRECTABLE if name in has})
