"""A rearrangement is taken back: what ended begins again, what began ends, and seats go back to where they were.

Nothing is rewritten: an undoing is a rearrangement of its own, by its own document, on that day or later. It can be
undone in turn, which is the same rearrangement again. What happened in between stays true: who was released since stays
released, and who was appointed since to a team that ends must be placed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.teams.domain.documents import cite, document_stream
from services.teams.domain.team.events import TeamTookPart
from services.teams.domain.team.life import TeamPlaced, known, place_team, team_stream
from services.teams.domain.team.moves import (
    Changes,
    Goes,
    Involved,
    Joins,
    Leaves,
    Move,
    Owned,
    States,
    existing,
    join_doubled,
    know_people,
    know_places,
    owned,
    rearranged,
    require_fresh,
    same_person,
)
from services.teams.domain.team.rearrange import (
    How,
    RearrangementDoneAgain,
    RearrangementUndone,
    RestoredSeat,
    TeamPart,
    TeamsRearranged,
    evolve,
    rearrangement_stream,
)
from services.teams.domain.team.replay import as_of
from services.teams.domain.team.state import Team
from shared.decider import Rejected, ambient, need


@dataclass(frozen=True, slots=True)
class SeatPlacement:
    """The team that takes a seat; None releases it."""

    seat_id: str
    team_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class UndoRearrangement:
    """``seats`` places those that were appointed since to a team that ends, and any other that shall go elsewhere."""

    rearrangement_id: str
    undoes: str
    effective: date
    document_id: str
    seats: tuple[SeatPlacement, ...] = ()
    also: tuple[str, ...] = ambient(default=())


COMMANDS = (UndoRearrangement,)
EVENTS: tuple[type, ...] = ()

__all__ = ["COMMANDS", "EVENTS", "SeatPlacement", "UndoRearrangement", "decide", "evolve", "streams"]


def streams(command: UndoRearrangement) -> tuple[str, ...]:
    names = [rearrangement_stream(command.rearrangement_id), rearrangement_stream(command.undoes)]
    return tuple(dict.fromkeys((*names, document_stream(command.document_id), *command.also)))


def decide(command: UndoRearrangement, states: States) -> Changes:
    cite(states, command.document_id)
    require_fresh(command, states)
    event = _standing(command, states)
    need(states, [team_stream(part.team_id) for part in event.teams])
    need(states, [rearrangement_stream(event.undoes)] if event.undoes else [])
    involved = [_turned_back(command, event, part, states) for part in event.teams]
    seats = owned(involved)
    moves = join_doubled(_moves(command, event, involved, seats, states), seats)
    changes = rearranged(
        command,
        How.UNDO,
        states,
        involved,
        moves,
        undoes=event.rearrangement_id,
        restored=tuple(_restored(event, seats, moves)),
    )
    return [*changes, *_places(command, involved, states), *_marks(command, event)]


def _standing(command: UndoRearrangement, states: States) -> TeamsRearranged:
    """What is to be undone, if it is in force."""
    state = states[rearrangement_stream(command.undoes)]
    if state is None:
        raise Rejected("rearrangement-unknown", "/undoes", rearrangement=command.undoes)
    if state.undone_by is not None:
        raise Rejected("rearrangement-undone", "/undoes", rearrangement=command.undoes, by=state.undone_by)
    if state.again is not None:
        raise Rejected("rearrangement-redone", "/undoes", rearrangement=command.undoes, by=state.again)
    event: TeamsRearranged = state.event
    if command.effective < event.effective:
        raise Rejected("undo-too-early", "/effective", since=event.effective, day=command.effective)
    return event


def _turned_back(command: UndoRearrangement, event: TeamsRearranged, part: TeamPart, states: States) -> Involved:
    """The team as it is on the day, which must be as the rearrangement left it: there or not."""
    team = known(states, part.team_id, "/undoes")
    then = as_of(team, command.effective)
    exists = then is not None and then.ended is None
    if then is None or exists is not part.exists:
        raise Rejected("undo-contradicted", "/undoes", team=part.team_id, day=command.effective)
    if part.existed and not part.new:
        return existing(part.team_id, then, existed=exists)
    ending, into = _ended_before(team, event.undoes)
    return existing(part.team_id, then, existed=exists, exists=False, ending=ending, into=into)


def _ended_before(team: Team, rearrangement_id: str | None) -> tuple[str, str | None]:
    """What ends again ends as it did then; what had only begun is undone."""
    for fact in team.facts:
        if isinstance(fact, TeamTookPart) and fact.rearrangement_id == rearrangement_id and fact.ending is not None:
            return fact.ending, fact.into_team_id
    return "undone", None


def _moves(
    command: UndoRearrangement, event: TeamsRearranged, involved: Sequence[Involved], seats: Owned, states: States
) -> Mapping[str, Move]:
    there = {team.team_id for team in involved if team.exists}
    moves: dict[str, Move] = {seat_id: Goes(team) for seat_id, (team, _) in seats.items() if team in there}
    for carried in event.carried:
        if seats.get(carried.seat.seat_id, ("",))[0] == carried.to_team_id:
            moves[carried.seat.seat_id] = Goes(carried.from_team_id)
    said = _said(command, there, seats)
    moves |= said
    know_people(
        [(r.seat, seats[r.with_seat_id][1]) for r in event.restored if r.with_seat_id and r.with_seat_id in seats],
        states,
    )
    for back in event.restored:
        seat_id = back.seat.seat_id
        if seat_id in said or seats.get(seat_id, ("",))[0] != back.to_team_id:
            continue
        if back.with_seat_id is None:
            moves[seat_id] = Leaves(back.reason)
        elif _goes_on(back.with_seat_id, moves) and same_person(back.seat, seats[back.with_seat_id][1], states):
            moves[seat_id] = Joins(back.with_seat_id)
    for seat_id, (team_id, _) in seats.items():
        if seat_id not in moves:
            raise Rejected("undo-seat-unaccounted", "/seats", seat=seat_id, team=team_id)
    return moves


def _goes_on(seat_id: str, moves: Mapping[str, Move]) -> bool:
    return isinstance(moves.get(seat_id), Goes)


def _said(command: UndoRearrangement, there: set[str], seats: Owned) -> Mapping[str, Move]:
    said: dict[str, Move] = {}
    for n, placement in enumerate(command.seats):
        if placement.seat_id not in seats:
            raise Rejected("seat-unknown", f"/seats/{n}/seat_id", seat=placement.seat_id)
        if placement.seat_id in said:
            raise Rejected("undo-seat-twice", f"/seats/{n}/seat_id", seat=placement.seat_id)
        if placement.team_id is None:
            said[placement.seat_id] = Leaves(placement.reason)
        elif placement.team_id in there:
            said[placement.seat_id] = Goes(placement.team_id)
        else:
            raise Rejected("undo-team-not-there", f"/seats/{n}/team_id", team=placement.team_id)
    return said


def _restored(event: TeamsRearranged, seats: Owned, moves: Mapping[str, Move]) -> Iterator[RestoredSeat]:
    """Joined seats, unless the person was released since; released ones, unless the person has a seat there again."""
    seated = {(move.team_id, seats[s][1].person_id) for s, move in moves.items() if isinstance(move, Goes)}
    back = [
        RestoredSeat(joined.seat, joined.from_team_id, joined.with_seat_id, None)
        for joined in event.joined
        if joined.with_seat_id in seats and not isinstance(moves[joined.with_seat_id], Leaves)
    ]
    back += [RestoredSeat(gone.seat, gone.from_team_id, None, gone.reason) for gone in event.released]
    for restored in back:
        if (restored.to_team_id, restored.seat.person_id) not in seated:
            seated.add((restored.to_team_id, restored.seat.person_id))
            yield restored


def _places(command: UndoRearrangement, involved: Sequence[Involved], states: States) -> Changes:
    """A team that begins again takes its place, unless another one has taken it meanwhile."""
    ending = [team.team_id for team in involved if team.existed and not team.exists]
    back = [team for team in involved if team.exists and not team.existed]
    gone = [*ending, *(team.team_id for team in back)]
    know_places([(team.unit_id, team.kind) for team in back], states, gone)
    placed = [(place_team(command, t.unit_id, t.kind, states, gone), t.team_id) for t in back]
    return [(stream, TeamPlaced(team_id, command.effective)) for stream, team_id in placed]


def _marks(command: UndoRearrangement, event: TeamsRearranged) -> Changes:
    undone, by = event.rearrangement_id, command.rearrangement_id
    marks: Changes = [(rearrangement_stream(undone), RearrangementUndone(undone, by))]
    if event.undoes is None:
        return marks
    return [*marks, (rearrangement_stream(event.undoes), RearrangementDoneAgain(event.undoes, by))]
