"""What must be so between units: parents, successors, and one bearer a day for each code.

``units`` and ``states`` are states by stream, as read for the decision; ``at`` is the pointer to the change concerned.
Sources: Law on the Organisation of Local Government 72/2025/QH15 (levels, mergers and splits); Decision
19/2025/QĐ-TTg (codes of administrative units).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from services.teams.domain.units.facts import (
    Successor,
    UnitAbolished,
    UnitCodeTaken,
    UnitEstablished,
    UnitFact,
    UnitReparented,
)
from services.teams.domain.units.state import Spans, Unit, code_stream, covered, first_shared_day, unit_stream
from shared.decider import Rejected, need
from shared.units import LEVELS

RANK = {level: rank for rank, level in enumerate(LEVELS)}
WHOLE = 100

States = Mapping[str, Any]
Changes = Sequence[tuple[str, Any]]


def standing(states: States, unit_id: str, day: date, pointer: str) -> Unit:
    """The unit, if it exists on that day; else why not."""
    unit = states[unit_stream(unit_id)]
    if unit is None or unit.never:
        raise Rejected("unknown-unit", pointer, unit=unit_id, day=day)
    if day < unit.opened:
        raise Rejected("unit-not-yet", pointer, unit=unit_id, opened=unit.opened, day=day)
    if unit.closed is not None and unit.closed <= day:
        raise Rejected("unit-closed", pointer, unit=unit_id, closed=unit.closed, day=day)
    assert isinstance(unit, Unit)
    return unit


def referred(event: UnitFact) -> tuple[str, ...]:
    """Streams of the other units that a fact names."""
    match event:
        case UnitEstablished(parent_id=str(parent)) | UnitReparented(parent_id=parent):
            return (unit_stream(parent),)
        case UnitAbolished():
            return tuple(unit_stream(successor.unit_id) for successor in event.successors)
    return ()


def check_references(event: UnitFact, level: str, units: States, at: str = "") -> None:
    """The units that a fact names exist on its day, and make sense there."""
    match event:
        case UnitEstablished(parent_id=None):
            if level != LEVELS[0]:
                raise Rejected("unit-parent-missing", f"{at}/parent_id", level=level)
        case UnitEstablished(parent_id=str(parent)) | UnitReparented(parent_id=parent):
            _check_parent(units, level, parent, event.effective, f"{at}/parent_id")
        case UnitAbolished():
            _check_successors(event, level, units, at)


def _check_parent(units: States, level: str, parent_id: str, day: date, pointer: str) -> None:
    """A parent is of a higher level; so no chain of parents can ever run in a circle."""
    parent = standing(units, parent_id, day, pointer)
    if RANK[parent.level] >= RANK[level]:
        raise Rejected("unit-parent-level", pointer, parent_level=parent.level, level=level)


def _check_successors(event: UnitAbolished, level: str, units: States, at: str) -> None:
    named = [successor.unit_id for successor in event.successors]
    if event.unit_id in named:
        raise Rejected("unit-into-itself", f"{at}/successors", unit=event.unit_id)
    if len(set(named)) < len(named):
        raise Rejected("unit-successor-twice", f"{at}/successors")
    if named and event.successor_unknown:
        raise Rejected("unit-successors-contradict", f"{at}/successor_unknown")
    shares = [successor.share for successor in event.successors if successor.share is not None]
    if shares and (len(shares) < len(named) or sum(shares) != WHOLE):
        raise Rejected("unit-shares", f"{at}/successors")
    if named and sum(successor.main for successor in event.successors) != 1:
        raise Rejected("unit-main-successor", f"{at}/successors")
    # The district level was abolished as a whole on 1/7/2025: nothing succeeds a district, its communes go on.
    if not named and not event.successor_unknown and level != "district":
        raise Rejected("unit-successor-missing", f"{at}/successors", level=level)
    for n, successor in enumerate(named):
        # A successor that nobody has heard of may still be established.
        if units[unit_stream(successor)] is not None:
            standing(units, successor, event.effective, f"{at}/successors/{n}/unit_id")


def with_main(successors: tuple[Successor, ...]) -> tuple[Successor, ...]:
    """Where shares are given and none is called the main one, it is the one with the largest share."""
    shares = [successor.share or 0 for successor in successors]
    if any(successor.main for successor in successors) or shares.count(max(shares, default=0)) != 1 or not max(shares):
        return successors
    return tuple(replace(s, main=s.share == max(shares)) for s in successors)


# --- codes --------------------------------------------------------------------------------------------------------


def take_codes(after: Mapping[str, Unit], states: States, at: Callable[[str], str] = lambda unit_id: "") -> Changes:
    """Reservations for every code that a unit bears on more days than before; ``after``: the changed units by id.

    A code is borne by one unit a day. Every unit that ever took a code is named in its reservation stream, and that
    stream is written whenever somebody comes to bear the code longer, so that two can never do so at once.
    """
    claims = {
        (unit_id, system, code): spans
        for unit_id, unit in after.items()
        for (system, code), spans in unit.bearings().items()
        if not covered(spans, _before(states, unit_id).get((system, code), ()))
    }
    reservations = {(system, code): code_stream(system, code) for _, system, code in claims}
    need(states, reservations.values())
    takers = {key: set(states[stream].takers if states[stream] else ()) for key, stream in reservations.items()}
    for unit_id, system, code in claims:
        takers[system, code].add(unit_id)
    need(states, {unit_stream(unit_id) for units in takers.values() for unit_id in units if unit_id not in after})
    for (unit_id, system, code), spans in claims.items():
        for other in sorted(takers[system, code] - {unit_id}):
            bearer = after.get(other) or states[unit_stream(other)]
            day = first_shared_day(spans, bearer.bearings().get((system, code), ()) if bearer else ())
            if day is not None:
                raise Rejected("unit-code-taken", f"{at(unit_id)}/code", value=code, holder=other, day=day)
    return [
        (reservations[system, code], UnitCodeTaken(system, code, unit_id, spans[0][0]))
        for (unit_id, system, code), spans in claims.items()
    ]


def _before(states: States, unit_id: str) -> Mapping[tuple[str, str], Spans]:
    unit: Unit | None = states.get(unit_stream(unit_id))
    return unit.bearings() if unit else {}
