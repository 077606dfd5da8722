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
from services.teams.domain.people import person_stream, present
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
from services.teams.domain.team.state import Team
from services.teams.domain.units import standing, unit_stream
from shared.decider import Rejected, ambient


@dataclass(frozen=True, slots=True)
class EstablishTeam:
    """``place_holder``: the team that was established here last, once a rejection has named it."""

    team_id: str
    kind: TeamKind
    unit_id: str
    name: str
    effective: date
    document_id: str
    seats: tuple[Seat, ...] = ()
    pilot: bool = False
    simulated: bool = False
    place_holder: str | None = ambient(default=None)


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
    team_id: str


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
    """The team. Raises ``Rejected`` if nobody established it."""
    team = states[team_stream(team_id)]
    if team is None:
        raise Rejected("team-unknown", pointer, team=team_id)
    assert isinstance(team, Team)
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
    """Check unit, level and reservation for a new team; returns the reservation's stream.

    ``ending`` are the teams that the same command ends on the same day.
    """
    serves(states, unit_id, kind, command.effective)
    stream = place_stream(unit_id, kind)
    place = states[stream]
    if place is not None and place.team_id not in ending:
        holder = states[team_stream(place.team_id)] if command.place_holder == place.team_id else None
        if holder is None or _still_there(holder, unit_id, command.effective):
            raise Rejected("team-place-taken", "/unit_id", unit=unit_id, kind=kind, holder=place.team_id)
    return stream


def serves(states: Mapping[str, Any], unit_id: str, kind: TeamKind, day: date) -> None:
    """The unit exists that day and is of the level that teams of this kind serve."""
    unit = standing(states, unit_id, day, "/unit_id")
    if unit.level != kind:
        raise Rejected("team-unit-level", "/kind", kind=kind, level=unit.level)


def _still_there(holder: Team, unit_id: str, day: date) -> bool:
    """Whether the team serves the unit on that day or later."""
    return any(unit == unit_id and (span.until is None or span.until > day) for unit, span in holder.stays())


# --- decisions ----------------------------------------------------------------------------------------------------


def streams(command: LifeCommand) -> tuple[str, ...]:
    own = (team_stream(command.team_id), document_stream(command.document_id))
    if isinstance(command, ReassignTeam):
        return *own, unit_stream(command.unit_id)
    if not isinstance(command, EstablishTeam):
        return own
    names = [*own, place_stream(command.unit_id, command.kind), unit_stream(command.unit_id)]
    names += [person_stream(seat.person_id) for seat in command.seats]
    if command.place_holder is not None:
        names.append(team_stream(command.place_holder))
    return tuple(dict.fromkeys(names))


def decide(command: LifeCommand, states: Mapping[str, Any]) -> Changes:
    cite(states, command.document_id)
    stream = team_stream(command.team_id)
    if isinstance(command, EstablishTeam):
        return _establish(command, states, stream)
    team, then = running(states, command.team_id, command.effective)
    fact = _fact(command, then, states)
    if fact is None or fact in team.holding:
        return []
    admit(team, fact)
    return [(stream, fact)]


def _fact(command: LifeCommand, then: Team, states: Mapping[str, Any]) -> TeamFact | None:
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
        if team.birth == event:
            return []
        raise Rejected("team-exists", "/team_id", team=command.team_id)
    place = place_team(command, command.unit_id, command.kind, states)
    check_seats(command.seats)
    for n, seat in enumerate(command.seats):
        present(states, seat.person_id, f"/seats/{n}/person_id")
    return [(stream, event), (place, TeamPlaced(command.team_id, command.effective))]


def evolve(state: Any, event: Any) -> Any:
    return Place(event.team_id) if isinstance(event, TeamPlaced) else evolve_team(state, event)
