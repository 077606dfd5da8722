"""Teams become one: a team that exists, or a new one. Each seat of theirs needs a fate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.teams.domain.documents import cite, document_stream
from services.teams.domain.team.events import Seat
from services.teams.domain.team.life import place_stream, running, team_stream
from services.teams.domain.team.moves import (
    Changes,
    Goes,
    Involved,
    Joins,
    Leaves,
    Move,
    Owned,
    States,
    establish,
    existing,
    know_people,
    owned,
    rearranged,
    require_fresh,
    same_person,
)
from services.teams.domain.team.rearrange import How, NewTeam, evolve, rearrangement_stream
from services.teams.domain.units import unit_stream
from shared.decider import Rejected, ambient


class Fate(StrEnum):
    CARRIED = "carried"
    JOINED = "joined"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class SeatFate:
    """What becomes of one seat; ``with_seat_id`` names the carried seat of the same person that it is joined with."""

    seat_id: str
    fate: Fate
    with_seat_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MergeTeams:
    """``new`` describes the surviving team if it does not exist yet.

    Every open seat of the ``from_team_ids`` needs a fate; seats of an existing surviving team are carried unless
    ``seats`` says otherwise.
    """

    rearrangement_id: str
    into_team_id: str
    from_team_ids: tuple[str, ...]
    seats: tuple[SeatFate, ...]
    effective: date
    document_id: str
    new: NewTeam | None = None
    also: tuple[str, ...] = ambient(default=())


COMMANDS = (MergeTeams,)
EVENTS: tuple[type, ...] = ()

__all__ = ["COMMANDS", "EVENTS", "Fate", "MergeTeams", "SeatFate", "decide", "evolve", "streams"]


def streams(command: MergeTeams) -> tuple[str, ...]:
    names = [rearrangement_stream(command.rearrangement_id), document_stream(command.document_id)]
    names += [team_stream(team_id) for team_id in (command.into_team_id, *command.from_team_ids)]
    if command.new is not None:
        names += [unit_stream(command.new.unit_id), place_stream(command.new.unit_id, command.new.kind)]
    return tuple(dict.fromkeys((*names, *command.also)))


def decide(command: MergeTeams, states: States) -> Changes:
    cite(states, command.document_id)
    require_fresh(command, states)
    into = _surviving(command, states)
    gone = [
        existing(
            team_id,
            running(states, team_id, command.effective, f"/from_team_ids/{n}")[1],
            exists=False,
            ending="merged",
            into=command.into_team_id,
        )
        for n, team_id in enumerate(command.from_team_ids)
    ]
    if any(team.kind != into.kind for team in gone):
        raise Rejected("merge-kinds-differ", "/from_team_ids", kind=into.kind)
    involved = [into, *gone]
    moves = _moves(command, owned(involved), states)
    new = command.new
    begun = establish(command, into.team_id, new, states, command.from_team_ids) if new is not None else ()
    return rearranged(command, How.MERGER, states, involved, moves, begun)


def _surviving(command: MergeTeams, states: States) -> Involved:
    into, gone, new = command.into_team_id, command.from_team_ids, command.new
    if into in gone:
        raise Rejected("merge-into-itself", "/from_team_ids", team=into)
    if len(set(gone)) < len(gone):
        raise Rejected("merge-team-twice", "/from_team_ids")
    if len(gone) < (2 if new else 1):
        raise Rejected("merge-too-few", "/from_team_ids")
    if new is None:
        return existing(into, running(states, into, command.effective, "/into_team_id")[1])
    if states[team_stream(into)] is not None:
        raise Rejected("team-exists", "/into_team_id", team=into)
    return Involved(into, new.kind, new.unit_id, None)


def _moves(command: MergeTeams, seats: Owned, states: States) -> Mapping[str, Move]:
    moves: dict[str, Move] = {}
    for n, fate in enumerate(command.seats):
        if fate.seat_id not in seats:
            raise Rejected("seat-unknown", f"/seats/{n}/seat_id", seat=fate.seat_id)
        if fate.seat_id in moves:
            raise Rejected("merge-seat-twice", f"/seats/{n}/seat_id", seat=fate.seat_id)
        moves[fate.seat_id] = _move(fate, command.into_team_id)
    for seat_id, (team_id, _) in seats.items():
        if seat_id not in moves:
            if team_id != command.into_team_id:
                raise Rejected("merge-seat-unaccounted", "/seats", seat=seat_id, team=team_id)
            moves[seat_id] = Goes(team_id)
    _check_people([seat for s, (_, seat) in seats.items() if isinstance(moves[s], Goes)])
    joined = {seat_id: move for seat_id, move in moves.items() if isinstance(move, Joins)}
    know_people([(seats[s][1], seats[j.with_seat_id][1]) for s, j in joined.items() if j.with_seat_id in seats], states)
    for seat_id, move in joined.items():
        _check_joined(seats[seat_id][1], move.with_seat_id, seats, moves, states)
    return moves


def _move(fate: SeatFate, into: str) -> Move:
    match fate.fate:
        case Fate.CARRIED:
            return Goes(into)
        case Fate.JOINED:
            return Joins(fate.with_seat_id or "")
        case Fate.RELEASED:
            return Leaves(fate.reason)


def _check_people(carried: Sequence[Seat]) -> None:
    people: set[str] = set()
    for seat in carried:
        if seat.person_id in people:
            raise Rejected("person-already-seated", "/seats", person=seat.person_id)
        people.add(seat.person_id)


def _check_joined(seat: Seat, other: str, seats: Owned, moves: Mapping[str, Move], states: States) -> None:
    """Joining removes a doubled seat, never a person: the other seat is the same person's, and goes on."""
    if not isinstance(moves.get(other), Goes):
        raise Rejected("merge-joined-with-nobody", "/seats", seat=seat.seat_id)
    if not same_person(seats[other][1], seat, states):
        raise Rejected("merge-joined-other-person", "/seats", seat=seat.seat_id, other=other)
