"""A team is divided, e.g. when its village goes to two successors. Every seat is placed, or released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.teams.domain.documents import cite, document_stream
from services.teams.domain.team.life import place_stream, running, team_stream
from services.teams.domain.team.moves import (
    Changes,
    Goes,
    Involved,
    Leaves,
    Move,
    States,
    establish,
    existing,
    join_doubled,
    know_places,
    owned,
    rearranged,
    require_fresh,
)
from services.teams.domain.team.rearrange import How, NewTeam, evolve, rearrangement_stream
from services.teams.domain.units import unit_stream
from shared.decider import Rejected, ambient


@dataclass(frozen=True, slots=True)
class SplitInto:
    """A team that takes these seats over: one that exists, or a ``new`` one."""

    team_id: str
    seats: tuple[str, ...]
    new: NewTeam | None = None


@dataclass(frozen=True, slots=True)
class ReleasedSeat:
    seat_id: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SplitTeam:
    """Every open seat of the team is in one of ``into``, or ``released``; if the team ``goes_on``, the others stay.

    A team that does not go on ends, into the first of ``into``. A seat whose person already sits in the team it comes
    to is joined with that person's seat there.
    """

    rearrangement_id: str
    team_id: str
    into: tuple[SplitInto, ...]
    released: tuple[ReleasedSeat, ...]
    goes_on: bool
    effective: date
    document_id: str
    also: tuple[str, ...] = ambient(default=())


COMMANDS = (SplitTeam,)
EVENTS: tuple[type, ...] = ()

__all__ = ["COMMANDS", "EVENTS", "ReleasedSeat", "SplitInto", "SplitTeam", "decide", "evolve", "streams"]


def streams(command: SplitTeam) -> tuple[str, ...]:
    names = [rearrangement_stream(command.rearrangement_id), document_stream(command.document_id)]
    names += [team_stream(command.team_id)]
    for part in command.into:
        names.append(team_stream(part.team_id))
        if part.new is not None:
            names += [unit_stream(part.new.unit_id), place_stream(part.new.unit_id, part.new.kind)]
    return tuple(dict.fromkeys((*names, *command.also)))


def decide(command: SplitTeam, states: States) -> Changes:
    cite(states, command.document_id)
    require_fresh(command, states)
    _check_parts(command)
    then = running(states, command.team_id, command.effective)[1]
    ending = () if command.goes_on else (command.team_id,)
    heirs = [_heir(command, n, part, states) for n, part in enumerate(command.into)]
    if any(heir.kind != then.birth.kind for heir in heirs):
        raise Rejected("split-kinds-differ", "/into", kind=then.birth.kind)
    know_places([(p.new.unit_id, p.new.kind) for p in command.into if p.new], states, ending)
    begun = [
        change
        for part in command.into
        if part.new is not None
        for change in establish(command, part.team_id, part.new, states, ending)
    ]
    what: dict[str, Any] = (
        {} if command.goes_on else {"exists": False, "ending": "split", "into": command.into[0].team_id}
    )
    divided = existing(command.team_id, then, **what)
    involved = [divided, *heirs]
    seats = owned(involved)
    moves: dict[str, Move] = {
        seat_id: Goes(team_id) for seat_id, (team_id, _) in seats.items() if team_id != command.team_id
    }
    moves |= _moves(command, {seat.seat_id for seat in divided.seats})
    return rearranged(command, How.SPLIT, states, involved, join_doubled(moves, seats), begun)


def _check_parts(command: SplitTeam) -> None:
    named = [part.team_id for part in command.into]
    if command.team_id in named:
        raise Rejected("split-into-itself", "/into", team=command.team_id)
    if len(set(named)) < len(named):
        raise Rejected("split-team-twice", "/into")
    if len(named) + command.goes_on < 2:
        raise Rejected("split-too-few", "/into")


def _heir(command: SplitTeam, n: int, part: SplitInto, states: States) -> Involved:
    pointer = f"/into/{n}/team_id"
    if part.new is None:
        return existing(part.team_id, running(states, part.team_id, command.effective, pointer)[1])
    if states[team_stream(part.team_id)] is not None:
        raise Rejected("team-exists", pointer, team=part.team_id)
    return Involved(part.team_id, part.new.kind, part.new.unit_id, None)


def _moves(command: SplitTeam, seats: set[str]) -> dict[str, Move]:
    """Of the divided team's seats."""
    said: list[tuple[str, str, Move]] = []
    for n, part in enumerate(command.into):
        said += [(f"/into/{n}/seats/{m}", seat_id, Goes(part.team_id)) for m, seat_id in enumerate(part.seats)]
    said += [
        (f"/released/{n}/seat_id", let_go.seat_id, Leaves(let_go.reason)) for n, let_go in enumerate(command.released)
    ]
    moves: dict[str, Move] = {}
    for pointer, seat_id, move in said:
        if seat_id not in seats:
            raise Rejected("seat-unknown", pointer, seat=seat_id)
        if seat_id in moves:
            raise Rejected("split-seat-twice", pointer, seat=seat_id)
        moves[seat_id] = move
    for seat_id in sorted(seats - moves.keys()):
        if not command.goes_on:
            raise Rejected("split-seat-unaccounted", "/into", seat=seat_id, team=command.team_id)
        moves[seat_id] = Goes(command.team_id)
    return moves
