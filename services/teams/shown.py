"""What the API shows: units, teams and documents as JSON."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from services.teams.domain.dated import on
from services.teams.domain.team.events import Role
from services.teams.domain.team.state import Seated, Team
from shared.units import UnitTree


def unit(tree: UnitTree, unit_id: str, day: date) -> dict[str, Any]:
    """The unit as it was on that day; ``stands_in`` says where its facts stand if it did not exist then."""
    since, until = tree.life(unit_id)
    found = {
        "unit_id": unit_id,
        "level": tree.level(unit_id),
        "kind": tree.kind(unit_id, day),
        "name": tree.name(unit_id, day),
        "full_name": tree.full_name(unit_id, day),
        "code": tree.code(unit_id, day),
        "exists": tree.exists(unit_id, day),
        "since": since,
        "until": until,
        "parent_id": tree.parent(unit_id, day),
        "ancestors": tree.ancestors(unit_id, day)[1:],
        "simulated": tree.simulated(unit_id),
        "as_of": day,
    }
    placed = tree.place(unit_id, day)
    if placed and placed.unit_id != unit_id:
        found["stands_in"] = msgspec.to_builtins(placed)
    return found


def kinship(tree: UnitTree, unit_id: str, day: date) -> dict[str, Any]:
    """Direct successors and predecessors, the main one first, and the units of that day's map that cover it."""
    parts = tree.former_unit_on_map(unit_id, day)
    return {
        "unit_id": unit_id,
        "successors": [{"unit_id": heir, "main": n == 0} for n, heir in enumerate(tree.successors(unit_id))],
        "successor_unknown": tree.successor_unknown(unit_id),
        "predecessors": [{"unit_id": heir, "main": n == 0} for n, heir in enumerate(tree.predecessors(unit_id))],
        "as_of": day,
        "on_map": [{"unit_id": part.unit_id, "name": part.name, "whole": part.whole} for part in parts],
    }


def team(state: Team, version: int, day: date) -> dict[str, Any]:
    """The team as it was on that day, by what is known now; seats with the days they were filled."""
    birth = state.birth
    seats = [_seat(seated) for seated in state.filled_on(day)]
    leaders = sum(seat["role"] == Role.LEADER for seat in seats)
    return {
        "team_id": birth.team_id,
        "kind": birth.kind,
        "unit_id": state.unit_on(day),
        "name": on(state.names, max(day, birth.effective)),
        "names": [{"since": since, "name": name} for since, name in state.names],
        "pilot": state.pilot_on(day),
        "established": birth.effective,
        "ended": state.ended,
        "ending": state.ending,
        "into_team_id": state.into,
        "document_id": birth.document_id,
        "simulated": birth.simulated,
        "standing": state.standing_on(day),
        "exists": state.exists(day),
        "seats": seats,
        "surplus_leaders": max(0, leaders - 1),
        "version": version,
        "as_of": day,
    }


def _seat(seated: Seated) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(seated.seat)
    return shown | {"since": seated.since, "until": seated.until}
