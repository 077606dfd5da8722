"""Many units change by one document on one day: a reorganisation, all or nothing, stream ``reorganisation:<id>``.

In the reform of 1/7/2025 old communes became parts of several new ones, and new ones took over the codes of old ones
the same day. So the changes of a reorganisation are judged together, by what is so once all of them are made: their
order says nothing. The units' own events are the ordinary ones. Undoing withdraws exactly these facts; that is recorded
too, and can be taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from services.teams.domain.documents import cite, document_stream
from services.teams.domain.units.corrections import Reason, apply_corrections
from services.teams.domain.units.facts import (
    Fact,
    Facts,
    UnitAbolished,
    UnitEstablished,
    UnitFact,
    in_order,
)
from services.teams.domain.units.rules import Changes, States, check_references, referred, take_codes
from services.teams.domain.units.single import UnitCommand, fact_of, refuse_contradiction
from services.teams.domain.units.state import Unit, contradicted, replay, unit_stream
from shared.decider import Rejected, ambient, need
from shared.units import LEVELS

MOST_CHANGES = 1_000


@dataclass(frozen=True, slots=True)
class ReorganiseUnits:
    """``changes``: at most ``MOST_CHANGES`` commands about units, each with this ``effective`` and ``document_id``."""

    reorganisation_id: str
    document_id: str
    effective: date
    changes: tuple[UnitCommand, ...]
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True)
class UndoReorganisation:
    reorganisation_id: str
    reason: Reason
    document_id: str
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True)
class RedoReorganisation:
    """Undo an undoing."""

    reorganisation_id: str
    reason: Reason
    document_id: str
    also: tuple[str, ...] = ambient(default=())


# --- events -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FactOfUnit:
    unit_id: str
    fact: int


@dataclass(frozen=True, slots=True)
class LevelTotal:
    """How many of the units concerned exist on the day before, and on the day."""

    level: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class UnitsReorganised:
    """The units' own events of the same command follow it."""

    reorganisation_id: str
    document_id: str
    effective: date
    facts: tuple[FactOfUnit, ...]
    totals: tuple[LevelTotal, ...]


@dataclass(frozen=True, slots=True)
class ReorganisationUndone:
    """``facts`` were withdrawn; a ``UnitCorrected`` for each unit follows."""

    reorganisation_id: str
    document_id: str
    effective: date
    reason: Reason
    facts: tuple[FactOfUnit, ...]


@dataclass(frozen=True, slots=True)
class ReorganisationRedone:
    """``facts`` are so again; a ``UnitCorrected`` for each unit follows."""

    reorganisation_id: str
    document_id: str
    effective: date
    reason: Reason
    facts: tuple[FactOfUnit, ...]


@dataclass(frozen=True, slots=True)
class Reorganisation:
    """``withdrawn``: what was undone, None while it stands."""

    made: UnitsReorganised
    withdrawn: tuple[FactOfUnit, ...] | None = None


COMMANDS = (ReorganiseUnits, UndoReorganisation, RedoReorganisation)
EVENTS = (UnitsReorganised, ReorganisationUndone, ReorganisationRedone)


def reorganisation_stream(reorganisation_id: str) -> str:
    return f"reorganisation:{reorganisation_id}"


# --- decisions ----------------------------------------------------------------------------------------------------


def streams(command: ReorganiseUnits | UndoReorganisation | RedoReorganisation) -> tuple[str, ...]:
    names = [reorganisation_stream(command.reorganisation_id), document_stream(command.document_id)]
    if isinstance(command, ReorganiseUnits):
        for event in map(fact_of, command.changes):
            names += [unit_stream(event.unit_id), *referred(event)]
    return tuple(dict.fromkeys((*names, *command.also)))


def decide(command: ReorganiseUnits | UndoReorganisation | RedoReorganisation, states: States) -> Changes:
    cite(states, command.document_id)
    known: Reorganisation | None = states[reorganisation_stream(command.reorganisation_id)]
    if isinstance(command, ReorganiseUnits):
        return _reorganise(command, known, states)
    if known is None:
        raise Rejected("reorganisation-unknown", "/reorganisation_id", reorganisation=command.reorganisation_id)
    if isinstance(command, UndoReorganisation):
        return _undo(command, known, states)
    return _redo(command, known, states)


def _reorganise(command: ReorganiseUnits, known: Reorganisation | None, states: States) -> Changes:
    events = [fact_of(change) for change in command.changes]
    if known is not None:
        if _same(known, command, events, states):
            return []
        raise Rejected("reorganisation-exists", "/reorganisation_id", reorganisation=command.reorganisation_id)
    after, facts = _together(events, states)
    units = {**states, **{unit_stream(unit_id): unit for unit_id, unit in after.items()}}
    for n, event in enumerate(events):
        check_references(event, after[event.unit_id].level, units, f"/changes/{n}")
    pointers = {event.unit_id: f"/changes/{n}" for n, event in enumerate(events)}
    pointers |= {e.unit_id: f"/changes/{n}" for n, e in enumerate(events) if getattr(e, "code", None) is not None}
    codes = take_codes(after, states, pointers.__getitem__)
    day = command.effective
    made = UnitsReorganised(command.reorganisation_id, command.document_id, day, facts, _totals(after.values(), day))
    ordered = [(unit_stream(event.unit_id), event) for event in sorted(events, key=_turn)]
    return [(reorganisation_stream(command.reorganisation_id), made), *ordered, *codes]


def _turn(event: UnitFact) -> int:
    """Units are established, the higher ones first, before others refer to them; ends come last."""
    if isinstance(event, UnitEstablished):
        return LEVELS.index(event.level)
    return len(LEVELS) + isinstance(event, UnitAbolished)


def _same(known: Reorganisation, command: ReorganiseUnits, events: Sequence[UnitFact], states: States) -> bool:
    made = known.made
    if known.withdrawn is not None or (made.document_id, made.effective) != (command.document_id, command.effective):
        return False
    if not {fact.unit_id for fact in made.facts} <= {event.unit_id for event in events}:
        return False
    return {states[unit_stream(f.unit_id)].facts[f.fact - 1].event for f in made.facts} == set(events)


def _together(events: Sequence[UnitFact], states: States) -> tuple[dict[str, Unit], tuple[FactOfUnit, ...]]:
    """The units once all is done, and the numbers of the new facts. Raises ``Rejected`` for what cannot be."""
    facts: dict[str, Facts] = {}
    at: dict[tuple[str, int], str] = {}
    said: set[tuple[str, type, str | None]] = set()
    for n in sorted(range(len(events)), key=lambda n: _turn(events[n])):
        event, pointer = events[n], f"/changes/{n}"
        unit: Unit | None = states[unit_stream(event.unit_id)]
        key = (event.unit_id, type(event), getattr(event, "system", None))
        if key in said:
            raise Rejected("unit-changed-twice", pointer, unit=event.unit_id)
        if isinstance(event, UnitEstablished) and unit is not None and not unit.never:
            raise Rejected("unit-exists", f"{pointer}/unit_id", unit=event.unit_id)
        known = facts.get(event.unit_id, unit.facts if unit else ())
        if not known and not isinstance(event, UnitEstablished):
            raise Rejected("unknown-unit", f"{pointer}/unit_id", unit=event.unit_id, day=event.effective)
        said.add(key)
        facts[event.unit_id] = (*known, Fact(event))
        at[event.unit_id, len(known) + 1] = pointer
    for unit_id, all_facts in facts.items():
        _refuse_impossible(unit_id, all_facts, at)
    return {unit_id: replay(known) for unit_id, known in facts.items()}, tuple(FactOfUnit(*fact) for fact in at)


def _refuse_impossible(unit_id: str, facts: Facts, at: Mapping[tuple[str, int], str]) -> None:
    number = contradicted(facts)
    if number is None:
        return
    pointer = at.get((unit_id, number))
    if pointer is None:
        refuse_contradiction(facts, next(pointer for (unit, _), pointer in at.items() if unit == unit_id))
        return
    unit, event = replay(facts), facts[number - 1].event
    day = event.effective
    if unit.never:
        raise Rejected("unknown-unit", f"{pointer}/unit_id", unit=unit_id, day=day)
    if day < unit.opened:
        raise Rejected("unit-not-yet", f"{pointer}/unit_id", unit=unit_id, opened=unit.opened, day=day)
    if isinstance(event, UnitAbolished) and day == unit.opened:
        raise Rejected("unit-ends-at-start", f"{pointer}/unit_id", unit=unit_id, day=day)
    closed = min(event.effective for _, event in in_order(facts) if isinstance(event, UnitAbolished))
    raise Rejected("unit-closed", f"{pointer}/unit_id", unit=unit_id, closed=closed, day=day)


def _totals(units: Iterable[Unit], day: date) -> tuple[LevelTotal, ...]:
    by_level: dict[str, list[Unit]] = {}
    for unit in units:
        by_level.setdefault(unit.level, []).append(unit)
    eve = day - timedelta(days=1)
    return tuple(
        LevelTotal(level, sum(u.exists(eve) for u in by_level[level]), sum(u.exists(day) for u in by_level[level]))
        for level in LEVELS
        if level in by_level
    )


# --- undoing ------------------------------------------------------------------------------------------------------


def _undo(command: UndoReorganisation, known: Reorganisation, states: States) -> Changes:
    if known.withdrawn is not None:
        return []
    facts, changes = _voided(command, known.made.facts, states, void=True)
    made = known.made
    undone = ReorganisationUndone(made.reorganisation_id, command.document_id, made.effective, command.reason, facts)
    return [(reorganisation_stream(made.reorganisation_id), undone), *changes]


def _redo(command: RedoReorganisation, known: Reorganisation, states: States) -> Changes:
    if known.withdrawn is None:
        return []
    facts, changes = _voided(command, known.withdrawn, states, void=False)
    made = known.made
    redone = ReorganisationRedone(made.reorganisation_id, command.document_id, made.effective, command.reason, facts)
    return [(reorganisation_stream(made.reorganisation_id), redone), *changes]


def _voided(
    command: UndoReorganisation | RedoReorganisation, facts: Sequence[FactOfUnit], states: States, *, void: bool
) -> tuple[tuple[FactOfUnit, ...], Changes]:
    """Those of the facts that were otherwise till now, and the corrections that make them all void, or not."""
    need(states, (unit_stream(fact.unit_id) for fact in facts))
    changed = tuple(f for f in facts if states[unit_stream(f.unit_id)].facts[f.fact - 1].void != void)
    corrected = {fact.unit_id: list(states[unit_stream(fact.unit_id)].facts) for fact in changed}
    for fact in changed:
        known = corrected[fact.unit_id]
        known[fact.fact - 1] = replace(known[fact.fact - 1], void=void)
    units = {unit_id: tuple(known) for unit_id, known in corrected.items()}
    for known_facts in units.values():
        refuse_contradiction(known_facts, "/reorganisation_id")
    changes = apply_corrections(
        units, states, command.reason, command.document_id, reorganisation_id=command.reorganisation_id
    )
    return changed, changes


# --- what events mean ---------------------------------------------------------------------------------------------


def evolve(state: Any, event: Any) -> Any:
    match event:
        case UnitsReorganised():
            return Reorganisation(event)
        case ReorganisationUndone(facts=facts):
            return replace(state, withdrawn=facts)
        case ReorganisationRedone():
            return replace(state, withdrawn=None)
    return state
