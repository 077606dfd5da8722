"""Seats of a running team: appoint, release, change, hand over the lead, and reconstitute (*kiện toàn*).

A reconstitution is a new list of the whole team under a new decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.teams.domain.documents import cite, document_stream
from services.teams.domain.people import person_stream, present
from services.teams.domain.team.events import (
    Role,
    Seat,
    SeatAppointed,
    SeatChanged,
    SeatReleased,
    TeamFact,
    TeamReconstituted,
)
from services.teams.domain.team.life import running, team_stream
from services.teams.domain.team.possible import check_seats, opened
from services.teams.domain.team.replay import admit, evolve
from services.teams.domain.team.state import Team
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


@dataclass(frozen=True, slots=True)
class ChangeSeat:
    """Another role or affiliation; what is None stays."""

    team_id: str
    seat_id: str
    effective: date
    document_id: str
    role: Role | None = None
    affiliation: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeLeader:
    """Another leader, e.g. after the election of a village head: a seat of the team, or a new one (``seat``).

    The leader so far becomes ``former_role``, or is released where that is None.
    """

    team_id: str
    effective: date
    document_id: str
    seat_id: str | None = None
    seat: Seat | None = None
    former_role: Role | None = Role.MEMBER
    reason: str | None = None


SeatCommand = ReconstituteTeam | AppointSeat | ReleaseSeat | ChangeSeat | ChangeLeader
Changes = Sequence[tuple[str, Any]]
COMMANDS = (ReconstituteTeam, AppointSeat, ReleaseSeat, ChangeSeat, ChangeLeader)
EVENTS = (SeatAppointed, SeatReleased, SeatChanged, TeamReconstituted)

__all__ = ["COMMANDS", "EVENTS", "decide", "evolve", "streams"]


# --- decisions ----------------------------------------------------------------------------------------------------


def streams(command: SeatCommand) -> tuple[str, ...]:
    names = [team_stream(command.team_id), document_stream(command.document_id)]
    match command:
        case ReconstituteTeam():
            names += [person_stream(seat.person_id) for seat in command.seats]
        case AppointSeat(seat=Seat() as seat) | ChangeLeader(seat=Seat() as seat):
            names.append(person_stream(seat.person_id))
        case _:
            pass
    return tuple(dict.fromkeys(names))


def decide(command: SeatCommand, states: Mapping[str, Any]) -> Changes:
    cite(states, command.document_id)
    team, then = running(states, command.team_id, command.effective)
    facts = [fact for fact in facts_of(command, then, states) if fact not in team.holding]
    if facts:
        admit(team, *facts)
    return [(team_stream(command.team_id), fact) for fact in facts]


def facts_of(command: SeatCommand, then: Team, states: Mapping[str, Any]) -> Sequence[TeamFact]:
    """``then``: the team as it was on the effective day."""
    team_id, unit_id, day, document = command.team_id, then.unit_id, command.effective, command.document_id
    match command:
        case ReconstituteTeam():
            return [_reconstituted(command, then, states)]
        case AppointSeat(seat=seat):
            present(states, seat.person_id, "/seat/person_id")
            return [SeatAppointed(team_id, unit_id, seat, day, document)]
        case ReleaseSeat(seat_id=seat_id):
            return [SeatReleased(team_id, unit_id, seat_id, day, document, command.reason)]
        case ChangeSeat(seat_id=seat_id):
            now = opened(then, seat_id).seat
            seat = _changed(now, command.role, command.affiliation)
            return [SeatChanged(team_id, unit_id, seat, day, document, command.reason)] if seat != now else []
        case ChangeLeader():
            return _led_by(command, then, states)


def _changed(seat: Seat, role: Role | None, affiliation: str | None) -> Seat:
    return Seat(seat.seat_id, seat.person_id, role or seat.role, affiliation or seat.affiliation)


def _led_by(command: ChangeLeader, then: Team, states: Mapping[str, Any]) -> Sequence[TeamFact]:
    """First the leaders so far, then the new one: a team has one leader at a time."""
    team_id, unit_id, day, document = command.team_id, then.unit_id, command.effective, command.document_id
    chosen = _chosen(command, then)
    facts: list[TeamFact] = []
    for former in then.open_seats:
        if former.role is not Role.LEADER or former.seat_id == chosen.seat_id:
            continue
        if command.former_role is None:
            facts.append(SeatReleased(team_id, unit_id, former.seat_id, day, document, command.reason))
        else:
            seat = _changed(former, command.former_role, None)
            facts.append(SeatChanged(team_id, unit_id, seat, day, document, command.reason))
    if command.seat_id is None and chosen not in then.open_seats:
        present(states, chosen.person_id, "/seat/person_id")
        facts.append(SeatAppointed(team_id, unit_id, chosen, day, document))
    elif chosen.role is not Role.LEADER:
        seat = _changed(chosen, Role.LEADER, None)
        facts.append(SeatChanged(team_id, unit_id, seat, day, document, command.reason))
    return facts


def _chosen(command: ChangeLeader, then: Team) -> Seat:
    """The seat of the leader to be: one of the team's, as it is now, or the new one."""
    if (command.seat_id is None) == (command.seat is None):
        raise Rejected("leader-unclear", "/seat_id")
    if command.former_role is Role.LEADER:
        raise Rejected("leader-exists", "/former_role")
    if command.seat is None:
        return opened(then, command.seat_id or "").seat
    if command.seat.role is not Role.LEADER:
        raise Rejected("leader-unclear", "/seat/role")
    return command.seat


def _reconstituted(command: ReconstituteTeam, then: Team, states: Mapping[str, Any]) -> TeamReconstituted:
    for n, seat in enumerate(command.seats):
        if seat.seat_id not in then.seats:
            present(states, seat.person_id, f"/seats/{n}/person_id")
    return reconstitution(then, command.seats, command.effective, command.document_id)


def reconstitution(then: Team, seats: Sequence[Seat], day: date, document_id: str, at: str = "") -> TeamReconstituted:
    """The fact that makes these the seats of the team. Raises ``Rejected``."""
    check_seats(seats, at)
    before = {seat.seat_id: seat for seat in then.open_seats}
    after = {seat.seat_id: seat for seat in seats}
    for n, seat in enumerate(seats):
        known = then.seats.get(seat.seat_id)
        if known is not None and (known.until is not None or known.seat.person_id != seat.person_id):
            raise Rejected("seat-id-taken", f"{at}/seats/{n}/seat_id", seat=seat.seat_id)
    released = tuple(seat_id for seat_id, seat in before.items() if after.get(seat_id) != seat)
    appointed = tuple(seat for seat_id, seat in after.items() if before.get(seat_id) != seat)
    total = len(before) - len(released) + len(appointed)
    return TeamReconstituted(
        then.birth.team_id, then.unit_id, day, document_id, len(before), total, released, appointed
    )
