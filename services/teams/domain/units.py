"""Administrative units: dated facts about one unit, each stream ``unit:<id>``.

Ids are our own and never change. Codes, names, kinds and parents are dated assignments: a state code is not an identity
(3,316 of the 3,321 codes of 1/7/2025 were used by another commune before), so who bears a code from when on is kept in
a reservation stream ``unit-code:<system>/<code>``. Intervals are half-open: ``effective`` is the first day that counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from services.teams.domain.dated import Dated, on, with_value
from services.teams.domain.documents import cite, document_stream
from shared.decider import Rejected, ambient
from shared.units import GSO, LEVELS

RANK = {level: rank for rank, level in enumerate(LEVELS)}


@dataclass(frozen=True, slots=True)
class Successor:
    unit_id: str
    main: bool


# --- commands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EstablishUnit:
    """``code`` is a GSO code. ``code_holder``: the unit that took the code last, once a rejection has named it."""

    unit_id: str
    level: str
    kind: str
    name: str
    parent_id: str | None
    code: str | None
    effective: date
    document_id: str | None = None
    simulated: bool = False
    code_holder: str | None = ambient(default=None)


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
    unit_id: str
    system: str
    code: str
    effective: date
    document_id: str | None = None
    code_holder: str | None = ambient(default=None)


@dataclass(frozen=True, slots=True)
class ReparentUnit:
    unit_id: str
    parent_id: str
    effective: date
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class AbolishUnit:
    unit_id: str
    effective: date
    successors: tuple[Successor, ...] = ()
    successor_unknown: bool = False
    document_id: str | None = None


# --- events (stored exactly as published) ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnitEstablished:
    unit_id: str
    level: str
    kind: str
    name: str
    parent_id: str | None
    code: str | None
    effective: date
    document_id: str | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class UnitRenamed:
    unit_id: str
    name: str
    effective: date
    document_id: str | None


@dataclass(frozen=True, slots=True)
class UnitKindChanged:
    unit_id: str
    kind: str
    effective: date
    document_id: str | None


@dataclass(frozen=True, slots=True)
class UnitCodeAssigned:
    unit_id: str
    system: str
    code: str
    effective: date
    document_id: str | None


@dataclass(frozen=True, slots=True)
class UnitReparented:
    unit_id: str
    parent_id: str
    effective: date
    document_id: str | None


@dataclass(frozen=True, slots=True)
class UnitAbolished:
    unit_id: str
    effective: date
    successors: tuple[Successor, ...]
    successor_unknown: bool
    document_id: str | None


@dataclass(frozen=True, slots=True)
class UnitCodeTaken:
    """Reservation: this unit bears the code from that day on. Private."""

    system: str
    code: str
    unit_id: str
    effective: date


# --- states -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unit:
    birth: UnitEstablished
    names: Dated
    kinds: Dated
    parents: Dated
    codes: Mapping[str, Dated] = field(default_factory=dict)
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
        return self.opened <= day and (self.closed is None or day < self.closed)

    def parent(self, day: date) -> str | None:
        return on(self.parents, max(day, self.opened))

    def bears(self, system: str, code: str, since: date) -> bool:
        """Whether the unit bears the code on any day from ``since`` on."""
        history = self.codes.get(system, ())
        ends = [day for day, _ in history[1:]] + [self.closed or date.max]
        return any(
            value == code and start < end and end > since for (start, value), end in zip(history, ends, strict=True)
        )


@dataclass(frozen=True, slots=True)
class UnitCode:
    """Who took the code from which day on, in order."""

    takings: Dated


def unit_stream(unit_id: str) -> str:
    return f"unit:{unit_id}"


def code_stream(system: str, code: str) -> str:
    return f"unit-code:{system}/{code}"


def standing(states: Mapping[str, Any], unit_id: str, day: date, pointer: str) -> Unit:
    """The unit, if it exists on that day; else why not."""
    unit = states[unit_stream(unit_id)]
    if unit is None:
        raise Rejected("unknown-unit", pointer, unit=unit_id, day=day)
    if day < unit.opened:
        raise Rejected("unit-not-yet", pointer, unit=unit_id, opened=unit.opened, day=day)
    if unit.closed is not None and unit.closed <= day:
        raise Rejected("unit-closed", pointer, unit=unit_id, closed=unit.closed, day=day)
    assert isinstance(unit, Unit)
    return unit


# --- decisions ----------------------------------------------------------------------------------------------------

UnitCommand = EstablishUnit | RenameUnit | ChangeUnitKind | AssignUnitCode | ReparentUnit | AbolishUnit
Changes = Sequence[tuple[str, Any]]


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


def streams(command: UnitCommand) -> tuple[str, ...]:
    others: list[str] = []
    match command:
        case EstablishUnit(parent_id=parent_id, code=code):
            others += [unit_stream(parent_id)] if parent_id is not None else []
            others += [code_stream(GSO, code)] if code is not None else []
        case AssignUnitCode():
            others.append(code_stream(command.system, command.code))
        case ReparentUnit():
            others.append(unit_stream(command.parent_id))
        case AbolishUnit():
            others += [unit_stream(successor.unit_id) for successor in command.successors]
        case _:
            pass
    if isinstance(command, (EstablishUnit, AssignUnitCode)) and command.code_holder is not None:
        others.append(unit_stream(command.code_holder))
    if command.document_id is not None:
        others.append(document_stream(command.document_id))
    return tuple(dict.fromkeys((unit_stream(command.unit_id), *others)))


def decide(command: UnitCommand, states: Mapping[str, Any]) -> Changes:
    if command.document_id is not None:
        cite(states, command.document_id)
    stream = unit_stream(command.unit_id)
    if isinstance(command, EstablishUnit):
        return _establish(command, states, stream)
    if isinstance(command, AbolishUnit):
        return _abolish(command, states, stream)
    unit = standing(states, command.unit_id, command.effective, "/effective")
    day = command.effective
    match command:
        case RenameUnit(name=name):
            return _assign(unit.names, stream, UnitRenamed(command.unit_id, name, day, command.document_id), name)
        case ChangeUnitKind(kind=kind):
            return _assign(unit.kinds, stream, UnitKindChanged(command.unit_id, kind, day, command.document_id), kind)
        case ReparentUnit(parent_id=parent_id):
            _check_parent(states, unit.level, parent_id, day)
            event = UnitReparented(command.unit_id, parent_id, day, command.document_id)
            return _assign(unit.parents, stream, event, parent_id)
        case AssignUnitCode(system=system, code=code):
            if on(unit.codes.get(system, ()), day) == code:
                return []
            taken = _take_code(command, system, code, states)
            return [(stream, UnitCodeAssigned(command.unit_id, system, code, day, command.document_id)), taken]


def _establish(command: EstablishUnit, states: Mapping[str, Any], stream: str) -> Changes:
    event = UnitEstablished(
        command.unit_id,
        command.level,
        command.kind,
        command.name,
        command.parent_id,
        command.code,
        command.effective,
        command.document_id,
        command.simulated,
    )
    unit = states[stream]
    if unit is not None:
        if unit.birth == event:
            return []
        raise Rejected("unit-exists", "/unit_id", unit=command.unit_id)
    if command.parent_id is not None:
        _check_parent(states, command.level, command.parent_id, command.effective)
    elif command.level != LEVELS[0]:
        raise Rejected("unit-parent-missing", "/parent_id", level=command.level)
    if command.code is None:
        return [(stream, event)]
    return [(stream, event), _take_code(command, GSO, command.code, states)]


def _check_parent(states: Mapping[str, Any], level: str, parent_id: str, day: date) -> None:
    """A parent is of a higher level; so no chain of parents can ever run in a circle."""
    parent = standing(states, parent_id, day, "/parent_id")
    if RANK[parent.level] >= RANK[level]:
        raise Rejected("unit-parent-level", "/parent_id", parent_level=parent.level, level=level)


def _take_code(
    command: EstablishUnit | AssignUnitCode, system: str, code: str, states: Mapping[str, Any]
) -> tuple[str, UnitCodeTaken]:
    """A code is borne by one unit a day. Whoever took it last must have given it up (by abolition or another code)."""
    stream = code_stream(system, code)
    known = states[stream]
    holder = next((u for _, u in reversed(known.takings) if u != command.unit_id), None) if known else None
    if holder is not None:
        bearer = states[unit_stream(holder)] if command.code_holder == holder else None
        if bearer is None or bearer.bears(system, code, command.effective):
            raise Rejected("unit-code-taken", "/code", value=code, holder=holder, day=command.effective)
    return stream, UnitCodeTaken(system, code, command.unit_id, command.effective)


def _assign(history: Dated, stream: str, event: Any, value: str) -> Changes:
    return [] if on(history, event.effective) == value else [(stream, event)]


def _abolish(command: AbolishUnit, states: Mapping[str, Any], stream: str) -> Changes:
    unit = states[stream]
    event = UnitAbolished(
        command.unit_id, command.effective, command.successors, command.successor_unknown, command.document_id
    )
    if unit is not None and unit.closed is not None:
        if (unit.closed, unit.successors) == (command.effective, command.successors):
            return []
        raise Rejected("unit-closed", "/unit_id", unit=command.unit_id, closed=unit.closed, day=command.effective)
    unit = standing(states, command.unit_id, command.effective, "/effective")
    named = [successor.unit_id for successor in command.successors]
    if command.unit_id in named:
        raise Rejected("unit-into-itself", "/successors", unit=command.unit_id)
    if len(set(named)) < len(named):
        raise Rejected("unit-successor-twice", "/successors")
    if named and command.successor_unknown:
        raise Rejected("unit-successors-contradict", "/successor_unknown")
    if named and sum(successor.main for successor in command.successors) != 1:
        raise Rejected("unit-main-successor", "/successors")
    # The district level was abolished as a whole on 1/7/2025: nothing succeeds a district, its communes go on.
    if not named and not command.successor_unknown and unit.level != "district":
        raise Rejected("unit-successor-missing", "/successors", level=unit.level)
    for n, successor in enumerate(named):
        # A successor may be established by a later command: a code is free for it only after this abolition.
        if states[unit_stream(successor)] is not None:
            standing(states, successor, command.effective, f"/successors/{n}/unit_id")
    return [(stream, event)]


# --- what events mean ---------------------------------------------------------------------------------------------


def evolve(state: Any, event: Any) -> Any:
    match event:
        case UnitEstablished():
            since = event.effective
            codes = {GSO: ((since, event.code),)} if event.code is not None else {}
            parents = ((since, event.parent_id),) if event.parent_id is not None else ()
            return Unit(event, ((since, event.name),), ((since, event.kind),), parents, codes)
        case UnitRenamed():
            return replace(state, names=with_value(state.names, event.effective, event.name))
        case UnitKindChanged():
            return replace(state, kinds=with_value(state.kinds, event.effective, event.kind))
        case UnitReparented():
            return replace(state, parents=with_value(state.parents, event.effective, event.parent_id))
        case UnitCodeAssigned():
            history = with_value(state.codes.get(event.system, ()), event.effective, event.code)
            return replace(state, codes={**state.codes, event.system: history})
        case UnitAbolished():
            return replace(
                state,
                closed=event.effective,
                successors=event.successors,
                successor_unknown=event.successor_unknown,
            )
        case UnitCodeTaken():
            takings = state.takings if state else ()
            return UnitCode(with_value(takings, event.effective, event.unit_id))
    return state
