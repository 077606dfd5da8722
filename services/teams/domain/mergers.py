"""Merging teams: no person disappears.

Every open seat of every team concerned is *carried* into the surviving team, *joined* with another seat of the same
person, or *released*; the totals are part of the event and reconcile: seats_before = carried + joined + released, and
seats_after = carried. Several leaders may come together: the surplus is left for a later decision, not hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from services.teams.domain.documents import cite, document_stream
from services.teams.domain.seats import released
from services.teams.domain.teams import (
    Role,
    Seat,
    Seated,
    Team,
    TeamEstablished,
    TeamKind,
    TeamPlaced,
    ended,
    place_stream,
    place_team,
    running,
    settles,
    team_stream,
)
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
class NewTeam:
    kind: TeamKind
    unit_id: str
    name: str
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class MergeTeams:
    """``new`` describes the surviving team if it does not exist yet.

    Every open seat of the ``from_team_ids`` needs a fate; seats of an existing surviving team are carried unless
    ``seats`` says otherwise.
    """

    into_team_id: str
    from_team_ids: tuple[str, ...]
    seats: tuple[SeatFate, ...]
    effective: date
    document_id: str
    new: NewTeam | None = None
    place_holder: str | None = ambient(default=None)


# --- events -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MergedTeam:
    team_id: str
    unit_id: str
    seats: int


@dataclass(frozen=True, slots=True)
class CarriedSeat:
    """``from_team_id`` is the surviving team itself for its own seats."""

    seat_id: str
    person_id: str
    role: Role
    affiliation: str | None
    from_team_id: str


@dataclass(frozen=True, slots=True)
class JoinedSeat:
    seat_id: str
    person_id: str
    from_team_id: str
    with_seat_id: str


@dataclass(frozen=True, slots=True)
class LetGoSeat:
    seat_id: str
    person_id: str
    from_team_id: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    teams_before: int
    teams_after: int
    seats_before: int
    carried: int
    joined: int
    released: int
    seats_after: int


@dataclass(frozen=True, slots=True)
class TeamsMerged:
    """On the surviving team's stream; a surviving team that is new has its ``TeamEstablished`` just before.

    So ``teams_before`` counts the surviving team in either case, and ``carried`` lists its own seats too.
    """

    into_team_id: str
    unit_id: str
    from_teams: tuple[MergedTeam, ...]
    effective: date
    document_id: str
    carried: tuple[CarriedSeat, ...]
    joined: tuple[JoinedSeat, ...]
    released: tuple[LetGoSeat, ...]
    totals: Totals


@dataclass(frozen=True, slots=True)
class TeamAbsorbed:
    """On the stream of each team that ends by the merger. Private: ``TeamsMerged`` says it all."""

    team_id: str
    into_team_id: str
    effective: date


# --- decisions ----------------------------------------------------------------------------------------------------

Changes = Sequence[tuple[str, Any]]
Owned = tuple[str, Seat]
"""A seat and the team it is in before the merger."""


COMMANDS = (MergeTeams,)
EVENTS = (TeamsMerged, TeamAbsorbed)


def streams(command: MergeTeams) -> tuple[str, ...]:
    names = [team_stream(command.into_team_id), document_stream(command.document_id)]
    names += [team_stream(team_id) for team_id in command.from_team_ids]
    if command.new is not None:
        names += [unit_stream(command.new.unit_id), place_stream(command.new.unit_id, command.new.kind)]
    if command.place_holder is not None:
        names.append(team_stream(command.place_holder))
    return tuple(dict.fromkeys(names))


def decide(command: MergeTeams, states: Mapping[str, Any]) -> Changes:
    cite(states, command.document_id)
    into = _surviving(command, states)
    teams = {team_id: _absorbed(command, states, n) for n, team_id in enumerate(command.from_team_ids)}
    kind = into.birth.kind if into else command.new.kind if command.new else None
    if any(team.birth.kind != kind for team in teams.values()):
        raise Rejected("merge-kinds-differ", "/from_team_ids", kind=kind)
    owned = _owned(command.into_team_id, into, teams)
    fates = _fates(command, owned)
    merged = _merged(command, into, teams, owned, fates)
    changes: list[tuple[str, Any]] = [(team_stream(command.into_team_id), merged)]
    if into is None and command.new is not None:
        changes = [*_establish(command, command.new, states), *changes]
    absorbed = [TeamAbsorbed(team_id, command.into_team_id, command.effective) for team_id in teams]
    return [*changes, *((team_stream(event.team_id), event) for event in absorbed)]


def _surviving(command: MergeTeams, states: Mapping[str, Any]) -> Team | None:
    """The surviving team; None if it is to be established."""
    if command.into_team_id in command.from_team_ids:
        raise Rejected("merge-into-itself", "/from_team_ids", team=command.into_team_id)
    if len(set(command.from_team_ids)) < len(command.from_team_ids):
        raise Rejected("merge-team-twice", "/from_team_ids")
    if command.new is None:
        if not command.from_team_ids:
            raise Rejected("merge-too-few", "/from_team_ids")
        team = running(states, command.into_team_id, command.effective, "/into_team_id")
        settles(team, command.effective)
        return team
    if states[team_stream(command.into_team_id)] is not None:
        raise Rejected("team-exists", "/into_team_id", team=command.into_team_id)
    if len(command.from_team_ids) < 2:
        raise Rejected("merge-too-few", "/from_team_ids")
    return None


def _absorbed(command: MergeTeams, states: Mapping[str, Any], n: int) -> Team:
    team = running(states, command.from_team_ids[n], command.effective, f"/from_team_ids/{n}")
    settles(team, command.effective)
    return team


def _establish(command: MergeTeams, new: NewTeam, states: Mapping[str, Any]) -> Changes:
    place = place_team(command, new.unit_id, new.kind, states, ending=command.from_team_ids)
    event = TeamEstablished(
        command.into_team_id,
        new.kind,
        new.unit_id,
        new.name,
        False,
        command.effective,
        command.document_id,
        (),
        new.simulated,
    )
    placed = TeamPlaced(command.into_team_id, command.effective)
    return [(team_stream(command.into_team_id), event), (place, placed)]


def _owned(into_id: str, into: Team | None, teams: Mapping[str, Team]) -> dict[str, Owned]:
    owned: dict[str, Owned] = {}
    for team_id, team in [*([(into_id, into)] if into else []), *teams.items()]:
        for seat in team.open_seats:
            if seat.seat_id in owned:
                raise Rejected("seat-id-taken", "/from_team_ids", seat=seat.seat_id)
            owned[seat.seat_id] = (team_id, seat)
    if into is not None:
        # A seat that the surviving team had earlier keeps its id.
        clash = next((s for s, (t, _) in owned.items() if t != into_id and s in into.seats), None)
        if clash is not None:
            raise Rejected("seat-id-taken", "/from_team_ids", seat=clash)
    return owned


def _fates(command: MergeTeams, owned: Mapping[str, Owned]) -> dict[str, SeatFate]:
    fates: dict[str, SeatFate] = {}
    for n, fate in enumerate(command.seats):
        if fate.seat_id not in owned:
            raise Rejected("seat-unknown", f"/seats/{n}/seat_id", seat=fate.seat_id)
        if fate.seat_id in fates:
            raise Rejected("merge-seat-twice", f"/seats/{n}/seat_id", seat=fate.seat_id)
        fates[fate.seat_id] = fate
    for seat_id, (team_id, _) in owned.items():
        if seat_id not in fates:
            if team_id != command.into_team_id:
                raise Rejected("merge-seat-unaccounted", "/seats", seat=seat_id, team=team_id)
            fates[seat_id] = SeatFate(seat_id, Fate.CARRIED)
    people: set[str] = set()
    for seat_id, (_, seat) in owned.items():
        fate = fates[seat_id]
        if fate.fate is Fate.CARRIED and seat.person_id in people:
            raise Rejected("person-already-seated", "/seats", person=seat.person_id)
        people |= {seat.person_id} if fate.fate is Fate.CARRIED else set()
        if fate.fate is Fate.JOINED:
            _check_joined(seat, fate, owned, fates)
    return fates


def _check_joined(seat: Seat, fate: SeatFate, owned: Mapping[str, Owned], fates: Mapping[str, SeatFate]) -> None:
    """Joining removes a doubled seat, never a person: the other seat is the same person's, and goes on."""
    other = fate.with_seat_id
    if other is None or other not in owned or fates[other].fate is not Fate.CARRIED:
        raise Rejected("merge-joined-with-nobody", "/seats", seat=seat.seat_id)
    if owned[other][1].person_id != seat.person_id:
        raise Rejected("merge-joined-other-person", "/seats", seat=seat.seat_id, other=other)


def _merged(
    command: MergeTeams,
    into: Team | None,
    teams: Mapping[str, Team],
    owned: Mapping[str, Owned],
    fates: Mapping[str, SeatFate],
) -> TeamsMerged:
    def of(fate: Fate) -> list[tuple[str, Seat, SeatFate]]:
        return [(team, seat, fates[s]) for s, (team, seat) in owned.items() if fates[s].fate is fate]

    carried = tuple(CarriedSeat(s.seat_id, s.person_id, s.role, s.affiliation, team) for team, s, _ in of(Fate.CARRIED))
    joined = tuple(JoinedSeat(s.seat_id, s.person_id, team, f.with_seat_id or "") for team, s, f in of(Fate.JOINED))
    let_go = tuple(LetGoSeat(s.seat_id, s.person_id, team, f.reason) for team, s, f in of(Fate.RELEASED))
    totals = Totals(
        teams_before=len(teams) + 1,
        teams_after=1,
        seats_before=len(owned),
        carried=len(carried),
        joined=len(joined),
        released=len(let_go),
        seats_after=len(carried),
    )
    unit_id = into.unit_id if into else command.new.unit_id if command.new else ""
    merged = tuple(MergedTeam(team_id, team.unit_id, len(team.open_seats)) for team_id, team in teams.items())
    return TeamsMerged(
        command.into_team_id,
        unit_id,
        merged,
        command.effective,
        command.document_id,
        carried,
        joined,
        let_go,
        totals,
    )


# --- what events mean ---------------------------------------------------------------------------------------------


def evolve(state: Any, event: Any) -> Any:
    match event:
        case TeamsMerged():
            gone = [*(seat.seat_id for seat in event.joined), *(seat.seat_id for seat in event.released)]
            seats = released(state.seats, gone, event.effective)
            for new in event.carried:
                if new.from_team_id != event.into_team_id:
                    seat = Seat(new.seat_id, new.person_id, new.role, new.affiliation)
                    seats[new.seat_id] = Seated(seat, event.effective)
            return replace(state, seats=seats, settled=event.effective)
        case TeamAbsorbed():
            return ended(state, event.effective, "merged", event.into_team_id)
    return state
