"""Changes of one unit: established, renamed, of another kind, with another code, below another unit, abolished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.teams.domain.dated import on
from services.teams.domain.documents import cite, document_stream
from services.teams.domain.units.facts import (
    Fact,
    Facts,
    Successor,
    UnitAbolished,
    UnitCodeAssigned,
    UnitCodeTaken,
    UnitEstablished,
    UnitFact,
    UnitKindChanged,
    UnitRenamed,
    UnitReparented,
)
from services.teams.domain.units.rules import Changes, check_references, referred, standing, take_codes, with_main
from services.teams.domain.units.state import Unit, UnitCode, code_stream, contradicted, replay, unit_stream
from shared.decider import Rejected, ambient
from shared.units import GSO


@dataclass(frozen=True, slots=True)
class EstablishUnit:
    """``code`` is a GSO code. ``also``: see ``looks``."""

    unit_id: str
    level: str
    kind: str
    name: str
    parent_id: str | None
    code: str | None
    effective: date
    document_id: str | None = None
    simulated: bool = False
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True)
class RenameUnit:
    unit_id: str
    name: str
    effective: date
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeUnitKind:
    unit_id: str
    kind: str
    effective: date
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class AssignUnitCode:
    """``code`` None: the unit gives its code of that system up."""

    unit_id: str
    system: str
    code: str | None
    effective: date
    document_id: str | None = None
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True)
class ReparentUnit:
    unit_id: str
    parent_id: str
    effective: date
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class AbolishUnit:
    """Merged (one successor), split (several), or gone with nobody knowing where to."""

    unit_id: str
    effective: date
    successors: tuple[Successor, ...] = ()
    successor_unknown: bool = False
    document_id: str | None = None


UnitCommand = EstablishUnit | RenameUnit | ChangeUnitKind | AssignUnitCode | ReparentUnit | AbolishUnit

COMMANDS = (EstablishUnit, RenameUnit, ChangeUnitKind, AssignUnitCode, ReparentUnit, AbolishUnit)
EVENTS = (
    UnitEstablished,
    UnitRenamed,
    UnitKindChanged,
    UnitCodeAssigned,
    UnitReparented,
    UnitAbolished,
    UnitCodeTaken,
)


def fact_of(command: UnitCommand) -> UnitFact:
    """The fact that the command states."""
    unit_id, day, document = command.unit_id, command.effective, command.document_id
    match command:
        case EstablishUnit(level=level, kind=kind, name=name, parent_id=parent, code=code, simulated=simulated):
            return UnitEstablished(unit_id, level, kind, name, parent, code, day, document, simulated)
        case RenameUnit(name=name):
            return UnitRenamed(unit_id, name, day, document)
        case ChangeUnitKind(kind=kind):
            return UnitKindChanged(unit_id, kind, day, document)
        case AssignUnitCode(system=system, code=code):
            return UnitCodeAssigned(unit_id, system, code, day, document)
        case ReparentUnit(parent_id=parent):
            return UnitReparented(unit_id, parent, day, document)
        case AbolishUnit(successors=successors, successor_unknown=unknown):
            return UnitAbolished(unit_id, day, with_main(successors), unknown, document)


# --- decisions ----------------------------------------------------------------------------------------------------


def streams(command: UnitCommand) -> tuple[str, ...]:
    event = fact_of(command)
    names = [unit_stream(command.unit_id), *referred(event)]
    match event:
        case UnitEstablished(code=str(code)):
            names.append(code_stream(GSO, code))
        case UnitCodeAssigned(system=system, code=str(code)):
            names.append(code_stream(system, code))
    if isinstance(command, (EstablishUnit, AssignUnitCode)):
        names += command.also
    if command.document_id is not None:
        names.append(document_stream(command.document_id))
    return tuple(dict.fromkeys(names))


def decide(command: UnitCommand, states: Mapping[str, Any]) -> Changes:
    if command.document_id is not None:
        cite(states, command.document_id)
    stream, event = unit_stream(command.unit_id), fact_of(command)
    known: Unit | None = states[stream]
    if _said_already(known, event):
        return []
    if isinstance(event, UnitEstablished):
        if known is not None and not known.never:
            raise Rejected("unit-exists", "/unit_id", unit=command.unit_id)
        unit = with_facts(known, event)
    else:
        unit = with_facts(open_to(known, event, states), event)
    check_references(event, unit.level, states)
    return [(stream, event), *take_codes({command.unit_id: unit}, states)]


def _said_already(unit: Unit | None, event: UnitFact) -> bool:
    """Whether that is so on that day as it is, so that nothing needs to be recorded."""
    if unit is None or unit.never or (not unit.exists(event.effective) and not isinstance(event, UnitAbolished)):
        return False
    match event:
        case UnitEstablished():
            return unit.birth == event
        case UnitRenamed(effective=day, name=name):
            return on(unit.names, day) == name
        case UnitKindChanged(effective=day, kind=kind):
            return on(unit.kinds, day) == kind
        case UnitReparented(effective=day, parent_id=parent):
            return on(unit.parents, day) == parent
        case UnitCodeAssigned(effective=day, system=system, code=code):
            return unit.code(system, day) == code
        case UnitAbolished():
            return (unit.closed, unit.successors) == (event.effective, event.successors)


def open_to(known: Unit | None, event: UnitFact, states: Mapping[str, Any]) -> Unit:
    """The unit, if such a fact may be added to it. An end is possible once only."""
    if isinstance(event, UnitAbolished) and known is not None and known.closed is not None:
        raise Rejected("unit-closed", "/unit_id", unit=event.unit_id, closed=known.closed, day=event.effective)
    unit = standing(states, event.unit_id, event.effective, "/effective")
    if isinstance(event, UnitAbolished) and event.effective == unit.opened:
        raise Rejected("unit-ends-at-start", "/effective", unit=event.unit_id, day=event.effective)
    return unit


def with_facts(known: Unit | None, *events: UnitFact) -> Unit:
    """The unit with new facts. Raises ``Rejected`` naming the recorded fact that could then not be true."""
    facts = (*(known.facts if known else ()), *(Fact(event) for event in events))
    refuse_contradiction(facts)
    return replay(facts)


def refuse_contradiction(facts: Facts, pointer: str = "/effective") -> None:
    number = contradicted(facts)
    if number is not None:
        event = facts[number - 1].event
        raise Rejected(
            "unit-fact-contradicted",
            pointer,
            unit=event.unit_id,
            fact=number,
            type=type(event).__name__,
            day=event.effective,
            document=event.document_id or "–",
        )


# --- what events mean ---------------------------------------------------------------------------------------------


def evolve(state: Any, event: Any) -> Any:
    if isinstance(event, UnitCodeTaken):
        takers = state.takers if state else ()
        return UnitCode(takers if event.unit_id in takers else (*takers, event.unit_id))
    facts = state.facts if state else ()
    return replay((*facts, Fact(event)))
