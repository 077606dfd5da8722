"""A team's life: established (perhaps as a pilot), renamed, reassigned, suspended, the pilot ended, dissolved.

One team per unit and kind holds at establishment, by the reservation ``team-of:<unit>/<kind>``: a later reform may put
several teams into one unit. Every change cites a registered document and has its own effective day, which may lie
before the document was signed, and before changes that were recorded earlier (see ``replay``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.teams.domain.dated import on
from services.teams.domain.documents import cite, document_stream
from services.teams.domain.people import PersonRegistered, RegisterPerson, person_stream, present, registered
from services.teams.domain.team.events import (
    PilotEnded,
    Seat,
    TeamDissolved,
    TeamEstablished,
    TeamFact,
    TeamKind,
    TeamReassigned,
    TeamRenamed,
    TeamResumed,
    TeamSuspended,
)
from services.teams.domain.team.possible import check_seats
from services.teams.domain.team.replay import admit, as_of
from services.teams.domain.team.replay import evolve as evolve_team
from services.teams.domain.team.state import Span, Team
from services.teams.domain.units import standing, unit_stream
from shared.decider import Rejected, ambient, need


@dataclass(frozen=True, slots=True)
class EstablishTeam:
    """``people``: those of its members who are registered with it; each needs a seat."""

    team_id: str
    kind: TeamKind
    unit_id: str
    name: str
    effective: date
    document_id: str
    seats: tuple[Seat, ...] = ()
    pilot: bool = False
    simulated: bool = False
    people: tuple[RegisterPerson, ...] = ()
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True)
class RenameTeam:
    team_id: str
    name: str
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class ReassignTeam:
    """The team serves another unit of its level from that day on."""

    team_id: str
    unit_id: str
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class SuspendTeam:
    team_id: str
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class ResumeTeam:
    team_id: str
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class EndPilot:
    """``effective`` is the first day after the pilot; a converted pilot goes on as an ordinary team."""

    team_id: str
    converted: bool
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class DissolveTeam:
    team_id: str
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class TeamPlaced:
    """Reservation: the team was established for this unit and kind. Private."""

    team_id: str
    effective: date


@dataclass(frozen=True, slots=True)
class Place:
    """Every team that was ever established for the unit and kind: which days it was there, its own stream tells."""

    team_ids: tuple[str, ...]


LifeCommand = EstablishTeam | RenameTeam | ReassignTeam | SuspendTeam | ResumeTeam | EndPilot | DissolveTeam
Changes = Sequence[tuple[str, Any]]
COMMANDS = (EstablishTeam, RenameTeam, ReassignTeam, SuspendTeam, ResumeTeam, EndPilot, DissolveTeam)
EVENTS = (
    TeamEstablished,
    TeamRenamed,
    TeamReassigned,
    TeamSuspended,
    TeamResumed,
    PilotEnded,
    TeamDissolved,
    TeamPlaced,
)


def team_stream(team_id: str) -> str:
    return f"team:{team_id}"


def place_stream(unit_id: str, kind: TeamKind) -> str:
    return f"team-of:{unit_id}/{kind}"


# --- rules that all changes share ---------------------------------------------------------------------------------


def known(states: Mapping[str, Any], team_id: str, pointer: str = "/team_id") -> Team:
    """The team. Raises ``Rejected`` if nobody established it, or if that was voided."""
    team = states[team_stream(team_id)]
    if team is None:
        raise Rejected("team-unknown", pointer, team=team_id)
    assert isinstance(team, Team)
    if team.never:
        raise Rejected("team-void", pointer, team=team_id)
    return team


def running(states: Mapping[str, Any], team_id: str, day: date, pointer: str = "/team_id") -> tuple[Team, Team]:
    """The team by all its facts, and as it was on that day, when it must have existed. Raises ``Rejected``."""
    team = known(states, team_id, pointer)
    then = as_of(team, day)
    if then is None:
        raise Rejected("team-not-yet", "/effective", team=team_id, established=team.established, day=day)
    if then.ended is not None:
        raise Rejected("team-ended", pointer, team=team_id, ended=then.ended)
    return team, then


def place_team(
    command: Any, unit_id: str, kind: TeamKind, states: Mapping[str, Any], ending: Collection[str] = ()
) -> str:
    """Check unit, level and reservation for a new team; returns the reservation's stream. May ``LookFurther``.

    ``ending`` are the teams that the same command ends on the same day.
    """
    need(states, (unit_stream(unit_id),))
    serves(states, unit_id, kind, command.effective)
    return free_place(states, unit_id, kind, [Span(command.effective)], ending)


def free_place(
    states: Mapping[str, Any],
    unit_id: str,
    kind: TeamKind,
    spans: Sequence[Span],
    but: Collection[str] = (),
    at: str = "/unit_id",
) -> str:
    """The reservation's stream, if no other team that was established here is there on any of these days."""
    stream = place_stream(unit_id, kind)
    need(states, (stream,))
    place: Place | None = states[stream]
    others = [team_id for team_id in place.team_ids if team_id not in but] if place else []
    need(states, map(team_stream, others))
    for team_id in others:
        for unit, stay in states[team_stream(team_id)].stays():
            if unit == unit_id and any(stay.meets(span) for span in spans):
                raise Rejected("team-place-taken", at, unit=unit_id, kind=kind, holder=team_id)
    return stream


def serves(states: Mapping[str, Any], unit_id: str, kind: TeamKind, day: date, at: str = "/unit_id") -> None:
    """The unit exists that day and is of the level that teams of this kind serve."""
    unit = standing(states, unit_id, day, at)
    if unit.level != kind:
        raise Rejected("team-unit-level", at, kind=kind, level=unit.level)


# --- decisions ----------------------------------------------------------------------------------------------------


def streams(command: LifeCommand) -> tuple[str, ...]:
    own = (team_stream(command.team_id), document_stream(command.document_id))
    if isinstance(command, ReassignTeam):
        return *own, unit_stream(command.unit_id)
    if not isinstance(command, EstablishTeam):
        return own
    names = [*own, place_stream(command.unit_id, command.kind), unit_stream(command.unit_id)]
    names += [person_stream(seat.person_id) for seat in command.seats]
    names += [person_stream(person.person_id) for person in command.people]
    return tuple(dict.fromkeys((*names, *command.also)))


def decide(command: LifeCommand, states: Mapping[str, Any]) -> Changes:
    cite(states, command.document_id)
    stream = team_stream(command.team_id)
    if isinstance(command, EstablishTeam):
        return _establish(command, states, stream)
    team, then = running(states, command.team_id, command.effective)
    fact = fact_of(command, then, states)
    if fact is None or fact in team.holding:
        return []
    admit(team, fact)
    return [(stream, fact)]


def fact_of(command: LifeCommand, then: Team, states: Mapping[str, Any]) -> TeamFact | None:
    """What the command makes of the team as it was on that day; None if it was so already."""
    team_id, unit_id, day, document = command.team_id, then.unit_id, command.effective, command.document_id
    seats = len(then.open_seats)
    match command:
        case RenameTeam(name=name):
            return None if on(then.names, day) == name else TeamRenamed(team_id, unit_id, name, day, document)
        case ReassignTeam(unit_id=new):
            serves(states, new, then.birth.kind, day)
            if new == unit_id:
                return None
            return TeamReassigned(team_id, then.birth.kind, unit_id, new, seats, day, document)
        case SuspendTeam():
            return TeamSuspended(team_id, unit_id, day, document)
        case ResumeTeam():
            return TeamResumed(team_id, unit_id, day, document)
        case EndPilot(converted=converted):
            return PilotEnded(team_id, unit_id, day, converted, seats, document)
        case DissolveTeam():
            return TeamDissolved(team_id, unit_id, day, seats, document)
    raise AssertionError(command)


def _establish(command: EstablishTeam, states: Mapping[str, Any], stream: str) -> Changes:
    event = TeamEstablished(
        command.team_id,
        command.kind,
        command.unit_id,
        command.name,
        command.pilot,
        command.effective,
        command.document_id,
        command.seats,
        command.simulated,
    )
    team = states[stream]
    if team is not None:
        if team.birth == event and not team.never:
            return []
        raise Rejected("team-exists", "/team_id", team=command.team_id)
    place = place_team(command, command.unit_id, command.kind, states)
    check_seats(command.seats)
    new = _newcomers(command, states)
    for n, seat in enumerate(command.seats):
        if seat.person_id not in new:
            present(states, seat.person_id, f"/seats/{n}/person_id")
    people = [(person_stream(person_id), person) for person_id, person in new.items()]
    return [(stream, event), (place, TeamPlaced(command.team_id, command.effective)), *people]


def _newcomers(command: EstablishTeam, states: Mapping[str, Any]) -> dict[str, PersonRegistered]:
    """Those registered together with their team; each has a seat in it."""
    seated = {seat.person_id for seat in command.seats}
    new: dict[str, PersonRegistered] = {}
    for n, person in enumerate(command.people):
        at = f"/people/{n}/person_id"
        if person.person_id not in seated:
            raise Rejected("newcomer-without-seat", at, person=person.person_id)
        if person.person_id in new:
            raise Rejected("person-exists", at, person=person.person_id)
        new[person.person_id] = registered(person, states, at)
    return new


def evolve(state: Any, event: Any) -> Any:
    if not isinstance(event, TeamPlaced):
        return evolve_team(state, event)
    return Place(tuple(dict.fromkeys((*(state.team_ids if state else ()), event.team_id))))
