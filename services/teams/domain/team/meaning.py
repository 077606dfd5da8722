"""What a fact means: the team before it → the team after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from services.teams.domain.dated import with_value
from services.teams.domain.team.events import (
    PilotEnded,
    Seat,
    SeatAppointed,
    SeatChanged,
    SeatReleased,
    TeamDissolved,
    TeamEstablished,
    TeamFact,
    TeamReassigned,
    TeamReconstituted,
    TeamRenamed,
    TeamResumed,
    TeamSuspended,
    TeamTookPart,
)
from services.teams.domain.team.state import Life, Seated, Span, Team


def happen(team: Team | None, fact: TeamFact) -> Any:
    """The team after the fact, its ``facts`` left to the caller; before the establishment a fact means nothing."""
    if isinstance(fact, TeamEstablished):
        day = fact.effective
        seats = {seat.seat_id: Seated(day, seat=seat) for seat in fact.seats}
        return Team((), fact, ((day, fact.name),), ((day, fact.unit_id),), (Life(day),), seats)
    return _change(team, fact, fact.effective) if team is not None else None


def _change(team: Team, fact: TeamFact, day: date) -> Team:
    match fact:
        case TeamRenamed(name=name):
            return replace(team, names=with_value(team.names, day, name))
        case TeamReassigned(unit_id=unit_id):
            return replace(team, units=with_value(team.units, day, unit_id))
        case TeamSuspended():
            return replace(team, suspensions=(*team.suspensions, Span(day)))
        case TeamResumed():
            return _resumed(team, day)
        case SeatAppointed(seat=seat):
            return _seated(team, (), (seat,), day)
        case SeatReleased(seat_id=seat_id):
            return _seated(team, (seat_id,), (), day)
        case SeatChanged(seat=seat):
            return _seated(team, (seat.seat_id,), (seat,), day)
        case TeamReconstituted():
            return _seated(team, fact.released, fact.appointed, day)
        case PilotEnded(converted=True):
            return replace(team, converted=day)
        case PilotEnded():
            return _ended(team, day, "pilot")
        case TeamDissolved():
            return _ended(team, day, "dissolved")
        case TeamTookPart():
            return _took_part(team, fact, day)
    return team


def _seated(team: Team, left: Sequence[str], came: Sequence[Seat], day: date) -> Team:
    seats: dict[str, Seated] = dict(team.seats)
    for seat_id in left:
        if seat_id in seats and seats[seat_id].until is None:
            seats[seat_id] = replace(seats[seat_id], until=day)
    past = tuple(seats.pop(seat.seat_id) for seat in came if seat.seat_id in seats)
    seats.update({seat.seat_id: Seated(day, seat=seat) for seat in came})
    return replace(team, seats=seats, past=team.past + past)


def _took_part(team: Team, fact: TeamTookPart, day: date) -> Team:
    if team.ended is not None and fact.exists:
        last = team.lives[-1]
        begun = (*team.lives[:-1], Life(last.since)) if last.until == day else (*team.lives, Life(day))
        team = replace(team, lives=begun)
    team = _seated(team, fact.left, fact.came, day)
    return team if fact.exists else _ended(team, day, fact.ending or "", fact.into_team_id)


def _ended(team: Team, day: date, ending: str, into: str | None = None) -> Team:
    """Whoever still had a seat had it until that day."""
    seats: Mapping[str, Seated] = {
        seat_id: replace(seated, until=day) if seated.until is None else seated
        for seat_id, seated in team.seats.items()
    }
    life = replace(team.lives[-1], until=day, ending=ending, into=into)
    return _resumed(replace(team, seats=seats, lives=(*team.lives[:-1], life)), day)


def _resumed(team: Team, day: date) -> Team:
    if not team.suspensions or team.suspensions[-1].until is not None:
        return team
    return replace(team, suspensions=(*team.suspensions[:-1], replace(team.suspensions[-1], until=day)))
