"""A team and its life: established (perhaps as a pilot), renamed, the pilot ended, dissolved. Stream ``team:<id>``.

One team per unit and kind holds at establishment, by the reservation ``team-of:<unit>/<kind>``: a later reform may put
several teams into one unit. Every change cites a registered document and has its own effective day, which may lie
before the document was signed. Changes of the whole composition (with totals) come in the order of their days; the
registry's bitemporal corrections will lift that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from services.teams.domain.dated import Dated, on, with_value
from services.teams.domain.documents import cite, document_stream
from services.teams.domain.people import person_stream, present
from services.teams.domain.units import standing, unit_stream
from shared.decider import Rejected, ambient


class TeamKind(StrEnum):
    """The level of the unit that the team serves."""

    COMMUNE = "commune"
    VILLAGE = "village"


class Role(StrEnum):
    """Tổ trưởng, tổ phó, thành viên."""

    LEADER = "leader"
    DEPUTY = "deputy"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a team. Its id is given once and stays when teams merge."""

    seat_id: str
    person_id: str
    role: Role
    affiliation: str | None = None


# --- commands ----------------------------------------------------------------------------------------------------


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


# --- events -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TeamEstablished:
    team_id: str
    kind: TeamKind
    unit_id: str
    name: str
    pilot: bool
    effective: date
    document_id: str
    seats: tuple[Seat, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class TeamRenamed:
    team_id: str
    unit_id: str
    name: str
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class PilotEnded:
    team_id: str
    unit_id: str
    effective: date
    converted: bool
    seats: int
    document_id: str


@dataclass(frozen=True, slots=True)
class TeamDissolved:
    team_id: str
    unit_id: str
    effective: date
    seats: int
    document_id: str


@dataclass(frozen=True, slots=True)
class TeamPlaced:
    """Reservation: the team was established for this unit and kind. Private."""

    team_id: str
    effective: date


# --- states -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seated:
    """A seat from the day it was filled until it was released."""

    seat: Seat
    since: date
    until: date | None = None

    def lasts_beyond(self, day: date) -> bool:
        return self.until is None or self.until > day


@dataclass(frozen=True, slots=True)
class Team:
    """``settled``: the day of the last change that stated totals. ``ending``: how it ended, if it did.

    ``seats`` holds each seat's latest filling, ``past`` what a change of role has replaced.
    """

    birth: TeamEstablished
    names: Dated
    pilot: bool
    settled: date
    seats: Mapping[str, Seated] = field(default_factory=dict)
    past: tuple[Seated, ...] = ()
    converted: date | None = None
    ended: date | None = None
    ending: str | None = None
    into: str | None = None

    @property
    def established(self) -> date:
        return self.birth.effective

    @property
    def unit_id(self) -> str:
        return self.birth.unit_id

    @property
    def open_seats(self) -> tuple[Seat, ...]:
        return tuple(seated.seat for seated in self.seats.values() if seated.until is None)

    def filled_on(self, day: date) -> tuple[Seated, ...]:
        """The seats of that day."""
        ever = (*self.past, *self.seats.values())
        return tuple(seated for seated in ever if seated.since <= day and seated.lasts_beyond(day))

    def pilot_on(self, day: date) -> bool:
        return self.birth.pilot and (self.converted is None or day < self.converted)

    @property
    def surplus_leaders(self) -> int:
        """Leaders beyond one, which a merger may leave for decision."""
        return max(0, sum(seat.role is Role.LEADER for seat in self.open_seats) - 1)


@dataclass(frozen=True, slots=True)
class Place:
    team_id: str


def team_stream(team_id: str) -> str:
    return f"team:{team_id}"


def place_stream(unit_id: str, kind: TeamKind) -> str:
    return f"team-of:{unit_id}/{kind}"


# --- rules that all changes share ---------------------------------------------------------------------------------


def running(states: Mapping[str, Any], team_id: str, day: date, pointer: str = "/team_id") -> Team:
    """The team, if it has been established by that day and has not ended."""
    team = states[team_stream(team_id)]
    if team is None:
        raise Rejected("team-unknown", pointer, team=team_id)
    if team.ended is not None:
        raise Rejected("team-ended", pointer, team=team_id, ended=team.ended)
    if day < team.established:
        raise Rejected("team-not-yet", "/effective", team=team_id, established=team.established, day=day)
    assert isinstance(team, Team)
    return team


def settles(team: Team, day: date) -> None:
    """A change with totals comes after every other change of the composition."""
    days = [day for seated in team.seats.values() for day in (seated.since, seated.until) if day is not None]
    last = max([team.settled, *days])
    if day < last:
        raise Rejected("change-out-of-order", "/effective", team=team.birth.team_id, last=last, day=day)


def check_composition(seats: Sequence[Seat], states: Mapping[str, Any] | None = None) -> None:
    """Seat ids and people once each, one leader at most; people registered (where their states are given)."""
    ids: set[str] = set()
    people: set[str] = set()
    leaders = 0
    for n, seat in enumerate(seats):
        if seat.seat_id in ids:
            raise Rejected("seat-id-taken", f"/seats/{n}/seat_id", seat=seat.seat_id)
        if seat.person_id in people:
            raise Rejected("person-already-seated", f"/seats/{n}/person_id", person=seat.person_id)
        leaders += seat.role is Role.LEADER
        if leaders > 1:
            raise Rejected("leader-exists", f"/seats/{n}/role")
        ids.add(seat.seat_id)
        people.add(seat.person_id)
        if states is not None:
            present(states, seat.person_id, f"/seats/{n}/person_id")


def place_team(
    command: Any, unit_id: str, kind: TeamKind, states: Mapping[str, Any], ending: Collection[str] = ()
) -> str:
    """Check unit, level and reservation for a new team; returns the reservation's stream.

    ``ending`` are the teams that the same command ends on the same day.
    """
    unit = standing(states, unit_id, command.effective, "/unit_id")
    if unit.level != kind:
        raise Rejected("team-unit-level", "/kind", kind=kind, level=unit.level)
    stream = place_stream(unit_id, kind)
    place = states[stream]
    if place is not None and place.team_id not in ending:
        holder = states[team_stream(place.team_id)] if command.place_holder == place.team_id else None
        if holder is None or holder.ended is None or holder.ended > command.effective:
            raise Rejected("team-place-taken", "/unit_id", unit=unit_id, kind=kind, holder=place.team_id)
    return stream


# --- decisions ----------------------------------------------------------------------------------------------------

LifeCommand = EstablishTeam | RenameTeam | EndPilot | DissolveTeam
Changes = Sequence[tuple[str, Any]]


COMMANDS = (EstablishTeam, RenameTeam, EndPilot, DissolveTeam)
EVENTS = (TeamEstablished, TeamRenamed, PilotEnded, TeamDissolved, TeamPlaced)


def streams(command: LifeCommand) -> tuple[str, ...]:
    own = (team_stream(command.team_id), document_stream(command.document_id))
    if not isinstance(command, EstablishTeam):
        return own
    names = [*own, place_stream(command.unit_id, command.kind), unit_stream(command.unit_id)]
    names += [person_stream(seat.person_id) for seat in command.seats]
    if command.place_holder is not None:
        names.append(team_stream(command.place_holder))
    return tuple(dict.fromkeys(names))


def decide(command: LifeCommand, states: Mapping[str, Any]) -> Changes:
    cite(states, command.document_id)
    stream, day, document = team_stream(command.team_id), command.effective, command.document_id
    if isinstance(command, EstablishTeam):
        return _establish(command, states, stream)
    team = running(states, command.team_id, day)
    match command:
        case RenameTeam(name=name):
            if on(team.names, day) == name:
                return []
            return [(stream, TeamRenamed(command.team_id, team.unit_id, name, day, document))]
        case EndPilot(converted=converted):
            if not team.pilot:
                raise Rejected("team-not-pilot", "/team_id", team=command.team_id)
            settles(team, day)
            seats = len(team.open_seats)
            return [(stream, PilotEnded(command.team_id, team.unit_id, day, converted, seats, document))]
        case DissolveTeam():
            settles(team, day)
            return [(stream, TeamDissolved(command.team_id, team.unit_id, day, len(team.open_seats), document))]


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
    check_composition(command.seats, states)
    return [(stream, event), (place, TeamPlaced(command.team_id, command.effective))]


# --- what events mean ---------------------------------------------------------------------------------------------


def evolve(state: Any, event: Any) -> Any:
    match event:
        case TeamEstablished():
            seats = {seat.seat_id: Seated(seat, event.effective) for seat in event.seats}
            return Team(event, ((event.effective, event.name),), event.pilot, event.effective, seats)
        case TeamRenamed():
            return replace(state, names=with_value(state.names, event.effective, event.name))
        case PilotEnded(converted=True):
            return replace(state, pilot=False, converted=event.effective, settled=event.effective)
        case PilotEnded():
            return ended(state, event.effective, "pilot")
        case TeamDissolved():
            return ended(state, event.effective, "dissolved")
        case TeamPlaced():
            return Place(event.team_id)
    return state


def ended(team: Team, day: date, how: str, into: str | None = None) -> Team:
    """The team after its end: whoever still had a seat had it until that day."""
    closed = {
        seat_id: replace(seated, until=day) if seated.until is None else seated
        for seat_id, seated in team.seats.items()
    }
    return replace(team, seats=closed, settled=day, ended=day, ending=how, into=into)
