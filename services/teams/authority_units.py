"""What a caller must hold to change units: each unit on the day of the fact, and for all but villages the scope
``teams:admin``. Villages are registered by whoever holds their commune."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.teams.domain.units import (
    CorrectUnit,
    EstablishUnit,
    RedoReorganisation,
    Reorganisation,
    ReorganiseUnits,
    ReparentUnit,
    UndoReorganisation,
    Unit,
    reorganisation_stream,
    unit_stream,
)
from services.teams.domain.units.single import COMMANDS as SINGLE
from shared.access import Actor
from shared.problems import Problem
from shared.units import LEVELS

LOWEST = LEVELS[-1]
ADMIN = "teams:admin"

Claim = tuple[str, date, str]
"""A unit, the day on which the caller must hold it, and the pointer of the field that leads to it."""

States = Callable[[Iterable[str]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class UnitKnowledge:
    """``coming``: units that the commands establish; ``states``: of the units and reorganisations to be corrected."""

    coming: Mapping[str, EstablishUnit] = field(default_factory=dict)
    states: Mapping[str, Any] = field(default_factory=dict)

    def unit(self, unit_id: str) -> Unit | None:
        unit: Unit | None = self.states.get(unit_stream(unit_id))
        return unit


def concerns_units(command: Any) -> bool:
    return isinstance(command, (*SINGLE, CorrectUnit, ReorganiseUnits, UndoReorganisation, RedoReorganisation))


def unit_knowledge(commands: Iterable[Any], states: States) -> UnitKnowledge:
    commands = [command for command in commands if concerns_units(command)]
    singles = [one for command in commands for one in _singles(command)]
    undone = [reorganisation_stream(c.reorganisation_id) for c in commands if _undoes(c)]
    found = dict(states(undone)) if undone else {}
    corrected = {unit_stream(c.unit_id) for c in commands if isinstance(c, CorrectUnit)}
    corrected |= {
        unit_stream(fact.unit_id)
        for state in found.values()
        if isinstance(state, Reorganisation)
        for fact in state.made.facts
    }
    if corrected:
        found |= states(corrected)
    return UnitKnowledge({one.unit_id: one for one in singles if isinstance(one, EstablishUnit)}, found)


def named_units(command: Any) -> Iterator[str]:
    """Units that are named by the changes of a reorganisation; those of single commands are in their own fields."""
    if isinstance(command, ReorganiseUnits):
        for change in command.changes:
            yield change.unit_id
            parent = getattr(change, "parent_id", None)
            if parent is not None:
                yield parent


def unit_claims(command: Any, known: UnitKnowledge) -> Iterable[Claim]:
    if isinstance(command, CorrectUnit):
        return _corrected(command, known)
    if _undoes(command):
        return _undone(command, known)
    prefix = "/changes/{}" if isinstance(command, ReorganiseUnits) else ""
    return [claim for n, one in enumerate(_singles(command)) for claim in _of_single(one, prefix.format(n))]


def require_admin(actor: Actor, command: Any, known: UnitKnowledge, level_of: Callable[[str], str | None]) -> None:
    """Raises ``Problem`` if a unit above the villages is changed and the caller is no administrator."""
    if ADMIN in actor.scopes:
        return
    for level, at in _levels(command, known, level_of):
        if level != LOWEST:
            raise Problem("forbidden-scope", at, scope=ADMIN)


def _levels(
    command: Any, known: UnitKnowledge, level_of: Callable[[str], str | None]
) -> Iterator[tuple[str | None, str]]:
    if isinstance(command, CorrectUnit):
        unit = known.unit(command.unit_id)
        yield unit.level if unit else None, "/unit_id"
    elif _undoes(command):
        yield from ((unit.level, "/reorganisation_id") for unit in known.states.values() if isinstance(unit, Unit))
    prefix = "/changes/{}" if isinstance(command, ReorganiseUnits) else ""
    for n, one in enumerate(_singles(command)):
        coming = one if isinstance(one, EstablishUnit) else known.coming.get(one.unit_id)
        yield coming.level if coming else level_of(one.unit_id), f"{prefix.format(n)}/unit_id"


def _undoes(command: Any) -> bool:
    return isinstance(command, (UndoReorganisation, RedoReorganisation))


def _singles(command: Any) -> tuple[Any, ...]:
    if isinstance(command, ReorganiseUnits):
        return command.changes
    return (command,) if isinstance(command, SINGLE) else ()


def _of_single(command: Any, at: str) -> Iterable[Claim]:
    day = command.effective
    match command:
        case EstablishUnit(parent_id=str(parent)):
            return [(parent, day, f"{at}/parent_id")]
        case ReparentUnit(unit_id=unit_id, parent_id=parent):
            return [(unit_id, day, f"{at}/unit_id"), (parent, day, f"{at}/parent_id")]
    return [(command.unit_id, day, f"{at}/unit_id")]


def _corrected(command: CorrectUnit, known: UnitKnowledge) -> Iterator[Claim]:
    """The unit on the days of every fact concerned, as told before and as told now."""
    unit = known.unit(command.unit_id)
    if unit is None:
        raise Problem("no-such-unit", "/unit_id", unit=command.unit_id)
    for n, correction in enumerate(command.corrections):
        told = [unit.facts[correction.fact - 1].event.effective] if 1 <= correction.fact <= len(unit.facts) else []
        days = {*told, correction.anew.get("effective", unit.opened)}
        yield from ((_standing(unit), max(day, unit.opened), f"/corrections/{n}") for day in sorted(days))
        if correction.anew.get("parent_id") is not None:
            yield correction.anew["parent_id"], max(days), f"/corrections/{n}/parent_id"


def _undone(command: UndoReorganisation | RedoReorganisation, known: UnitKnowledge) -> Iterator[Claim]:
    state: Reorganisation | None = known.states.get(reorganisation_stream(command.reorganisation_id))
    for fact in state.made.facts if state else ():
        unit = known.unit(fact.unit_id)
        if state and unit:
            yield _standing(unit), max(state.made.effective, unit.opened), "/reorganisation_id"


def _standing(unit: Unit) -> str:
    """A unit that never was is that of whoever holds what it was believed to be part of."""
    return unit.birth.parent_id if unit.never and unit.birth.parent_id is not None else unit.birth.unit_id
