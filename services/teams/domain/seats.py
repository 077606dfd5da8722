"""Seats of a running team: appoint, release, and reconstitute (*kiện toàn*: a new list under a new decision)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.teams.domain.documents import cite, document_stream
from services.teams.domain.people import person_stream, present
from services.teams.domain.teams import Role, Seat, Seated, Team, check_composition, running, settles, team_stream
from shared.decider import Rejected

# --- commands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReconstituteTeam:
    """The full new list in ``seats``: who is not on it is released. A seat may change its role, never its person."""

    team_id: str
    seats: tuple[Seat, ...]
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class AppointSeat:
    team_id: str
    seat: Seat
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class ReleaseSeat:
    """``reason`` is a word of a list of the client's, never a sentence: it is published."""

    team_id: str
    seat_id: str
    effective: date
    document_id: str
    reason: str | None = None


# --- events -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TeamReconstituted:
    """A seat whose role or affiliation changes is in both lists. seats_after = seats_before - released + appointed."""

    team_id: str
    unit_id: str
    effective: date
    document_id: str
    seats_before: int
    seats_after: int
    released: tuple[str, ...]
    appointed: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class SeatAppointed:
    team_id: str
    unit_id: str
    seat: Seat
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class SeatReleased:
    team_id: str
    unit_id: str
    seat_id: str
    effective: date
    document_id: str
    reason: str | None


# --- decisions ----------------------------------------------------------------------------------------------------

SeatCommand = ReconstituteTeam | AppointSeat | ReleaseSeat
Changes = Sequence[tuple[str, Any]]


COMMANDS = (ReconstituteTeam, AppointSeat, ReleaseSeat)
EVENTS = (SeatAppointed, SeatReleased, TeamReconstituted)


def streams(command: SeatCommand) -> tuple[str, ...]:
    names = [team_stream(command.team_id), document_stream(command.document_id)]
    match command:
        case ReconstituteTeam():
            names += [person_stream(seat.person_id) for seat in command.seats]
        case AppointSeat():
            names.append(person_stream(command.seat.person_id))
        case _:
            pass
    return tuple(dict.fromkeys(names))


def decide(command: SeatCommand, states: Mapping[str, Any]) -> Changes:
    cite(states, command.document_id)
    team = running(states, command.team_id, command.effective)
    stream = team_stream(command.team_id)
    match command:
        case ReconstituteTeam():
            return _reconstitute(command, team, states, stream)
        case AppointSeat():
            return _appoint(command, team, states, stream)
        case ReleaseSeat():
            return _release(command, team, stream)


def _reconstitute(command: ReconstituteTeam, team: Team, states: Mapping[str, Any], stream: str) -> Changes:
    settles(team, command.effective)
    check_composition(command.seats)
    before = {seat.seat_id: seat for seat in team.open_seats}
    after = {seat.seat_id: seat for seat in command.seats}
    for n, seat in enumerate(command.seats):
        known = team.seats.get(seat.seat_id)
        if known is not None and (known.until is not None or known.seat.person_id != seat.person_id):
            raise Rejected("seat-id-taken", f"/seats/{n}/seat_id", seat=seat.seat_id)
        if known is None:
            present(states, seat.person_id, f"/seats/{n}/person_id")
    released = tuple(seat_id for seat_id, seat in before.items() if after.get(seat_id) != seat)
    appointed = tuple(seat for seat_id, seat in after.items() if before.get(seat_id) != seat)
    event = TeamReconstituted(
        command.team_id,
        team.unit_id,
        command.effective,
        command.document_id,
        len(before),
        len(before) - len(released) + len(appointed),
        released,
        appointed,
    )
    return [(stream, event)]


def _appoint(command: AppointSeat, team: Team, states: Mapping[str, Any], stream: str) -> Changes:
    seat, day = command.seat, command.effective
    known = team.seats.get(seat.seat_id)
    if known is not None:
        if (known.seat, known.since, known.until) == (seat, day, None):
            return []
        raise Rejected("seat-id-taken", "/seat/seat_id", seat=seat.seat_id)
    after_settlement(team, day)
    present(states, seat.person_id, "/seat/person_id")
    for seated in team.seats.values():
        if seated.lasts_beyond(day) and seated.seat.person_id == seat.person_id:
            raise Rejected("person-already-seated", "/seat/person_id", person=seat.person_id)
        if seated.lasts_beyond(day) and seat.role is Role.LEADER is seated.seat.role:
            raise Rejected("leader-exists", "/seat/role")
    return [(stream, SeatAppointed(command.team_id, team.unit_id, seat, day, command.document_id))]


def _release(command: ReleaseSeat, team: Team, stream: str) -> Changes:
    seated, day = team.seats.get(command.seat_id), command.effective
    if seated is None:
        raise Rejected("seat-unknown", "/seat_id", seat=command.seat_id)
    if seated.until is not None:
        if seated.until == day:
            return []
        raise Rejected("seat-released", "/seat_id", seat=command.seat_id, until=seated.until)
    if day < seated.since:
        raise Rejected("release-before-appointment", "/effective", since=seated.since, day=day)
    after_settlement(team, day)
    event = SeatReleased(command.team_id, team.unit_id, command.seat_id, day, command.document_id, command.reason)
    return [(stream, event)]


def after_settlement(team: Team, day: date) -> None:
    """A single seat may change on any day since the last stated totals, which must stay true."""
    if day < team.settled:
        raise Rejected("change-out-of-order", "/effective", team=team.birth.team_id, last=team.settled, day=day)


# --- what events mean ---------------------------------------------------------------------------------------------


def evolve(state: Any, event: Any) -> Any:
    match event:
        case SeatAppointed(seat=seat):
            return replace(state, seats={**state.seats, seat.seat_id: Seated(seat, event.effective)})
        case SeatReleased():
            return replace(state, seats=released(state.seats, (event.seat_id,), event.effective))
        case TeamReconstituted():
            seats = released(state.seats, event.released, event.effective)
            past = tuple(seats[seat.seat_id] for seat in event.appointed if seat.seat_id in seats)
            seats.update({seat.seat_id: Seated(seat, event.effective) for seat in event.appointed})
            return replace(state, seats=seats, past=state.past + past, settled=event.effective)
    return state


def released(seats: Mapping[str, Seated], seat_ids: Sequence[str], day: date) -> dict[str, Seated]:
    return {**seats, **{seat_id: replace(seats[seat_id], until=day) for seat_id in seat_ids if seat_id in seats}}
