"""Rearranging teams: in a merger, a split or the undoing of one, no person disappears. Stream ``rearrangement:<id>``.

Every open seat of every team concerned is *carried* (into another team, or on in its own), *joined* with another seat
of the same person, or *released*; undoing brings back what was joined or released (*restored*). The totals are part of
the event and reconcile: seats_after = seats_before - joined - released + restored. Several leaders may come together:
the surplus is left for a later decision, not hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from services.teams.domain.documents import cite, document_stream
from services.teams.domain.team.events import Count, Seat, TeamEstablished, TeamKind, TeamTookPart
from services.teams.domain.team.life import TeamPlaced, place_stream, place_team, running, team_stream
from services.teams.domain.team.replay import admit
from services.teams.domain.team.replay import evolve as evolve_team
from services.teams.domain.team.state import Team
from services.teams.domain.units import unit_stream
from shared.decider import Rejected, ambient


class How(StrEnum):
    MERGER = "merger"
    SPLIT = "split"
    UNDO = "undo"


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

    rearrangement_id: str
    into_team_id: str
    from_team_ids: tuple[str, ...]
    seats: tuple[SeatFate, ...]
    effective: date
    document_id: str
    new: NewTeam | None = None
    place_holder: str | None = ambient(default=None)


# --- events -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TeamPart:
    """One team before and after. A team that begins here, or begins again, did not exist before."""

    team_id: str
    kind: TeamKind
    unit_id: str
    existed: bool
    exists: bool
    seats_before: int
    seats_after: int


@dataclass(frozen=True, slots=True)
class CarriedSeat:
    """``from_team_id`` is ``to_team_id`` for a seat that stays where it is."""

    seat: Seat
    from_team_id: str
    to_team_id: str


@dataclass(frozen=True, slots=True)
class JoinedSeat:
    seat: Seat
    from_team_id: str
    with_seat_id: str


@dataclass(frozen=True, slots=True)
class LetGoSeat:
    seat: Seat
    from_team_id: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class RestoredSeat:
    """A seat that the undone rearrangement had joined or released."""

    seat: Seat
    to_team_id: str


@dataclass(frozen=True, slots=True)
class Totals:
    teams_before: int
    teams_after: int
    seats_before: int
    carried: int
    joined: int
    released: int
    restored: int
    seats_after: int


@dataclass(frozen=True, slots=True)
class TeamsRearranged:
    """``unit_id``: of the first team that exists afterwards. A team that is new has its ``TeamEstablished`` (without
    seats) just before, so it ``existed``: with no seats. ``undoes``: the rearrangement that this one takes back."""

    rearrangement_id: str
    how: How
    undoes: str | None
    unit_id: str
    effective: date
    document_id: str
    teams: tuple[TeamPart, ...]
    carried: tuple[CarriedSeat, ...]
    joined: tuple[JoinedSeat, ...]
    released: tuple[LetGoSeat, ...]
    restored: tuple[RestoredSeat, ...]
    totals: Totals
    counts: tuple[Count, ...]


COMMANDS = (MergeTeams,)
EVENTS = (TeamsRearranged, TeamTookPart)


@dataclass(frozen=True, slots=True)
class Rearrangement:
    event: TeamsRearranged


def rearrangement_stream(rearrangement_id: str) -> str:
    return f"rearrangement:{rearrangement_id}"


# --- decisions ----------------------------------------------------------------------------------------------------

Changes = Sequence[tuple[str, Any]]
Owned = tuple[str, Seat]
"""A seat and the team it is in before."""


def streams(command: MergeTeams) -> tuple[str, ...]:
    names = [rearrangement_stream(command.rearrangement_id), team_stream(command.into_team_id)]
    names += [document_stream(command.document_id)]
    names += [team_stream(team_id) for team_id in command.from_team_ids]
    if command.new is not None:
        names += [unit_stream(command.new.unit_id), place_stream(command.new.unit_id, command.new.kind)]
    if command.place_holder is not None:
        names.append(team_stream(command.place_holder))
    return tuple(dict.fromkeys(names))


def decide(command: MergeTeams, states: Mapping[str, Any]) -> Changes:
    cite(states, command.document_id)
    if states[rearrangement_stream(command.rearrangement_id)] is not None:
        raise Rejected("rearrangement-exists", "/rearrangement_id", rearrangement=command.rearrangement_id)
    into = _surviving(command, states)
    absorbed = {
        team_id: running(states, team_id, command.effective, f"/from_team_ids/{n}")[1]
        for n, team_id in enumerate(command.from_team_ids)
    }
    kind = into.birth.kind if into else command.new.kind if command.new else None
    if any(team.birth.kind != kind for team in absorbed.values()):
        raise Rejected("merge-kinds-differ", "/from_team_ids", kind=kind)
    owned = _owned(command.into_team_id, into, absorbed)
    fates = _fates(command, owned)
    begun = _establish(command, command.new, states) if into is None and command.new is not None else []
    event = _merged(command, into, absorbed, owned, fates)
    parts = _parts(event, absorbed, command.into_team_id)
    for part in parts:
        state = states[team_stream(part.team_id)]
        first = [fact for stream, fact in begun if stream == team_stream(part.team_id)]
        admit(state, *first, part)
    stream = rearrangement_stream(command.rearrangement_id)
    return [*begun, (stream, event), *((team_stream(part.team_id), part) for part in parts)]


def _surviving(command: MergeTeams, states: Mapping[str, Any]) -> Team | None:
    """The surviving team of that day; None if it is to be established."""
    if command.into_team_id in command.from_team_ids:
        raise Rejected("merge-into-itself", "/from_team_ids", team=command.into_team_id)
    if len(set(command.from_team_ids)) < len(command.from_team_ids):
        raise Rejected("merge-team-twice", "/from_team_ids")
    if command.new is None:
        if not command.from_team_ids:
            raise Rejected("merge-too-few", "/from_team_ids")
        return running(states, command.into_team_id, command.effective, "/into_team_id")[1]
    if states[team_stream(command.into_team_id)] is not None:
        raise Rejected("team-exists", "/into_team_id", team=command.into_team_id)
    if len(command.from_team_ids) < 2:
        raise Rejected("merge-too-few", "/from_team_ids")
    return None


def _establish(command: MergeTeams, new: NewTeam, states: Mapping[str, Any]) -> list[tuple[str, Any]]:
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
    absorbed: Mapping[str, Team],
    owned: Mapping[str, Owned],
    fates: Mapping[str, SeatFate],
) -> TeamsRearranged:
    def of(fate: Fate) -> list[tuple[str, Seat, SeatFate]]:
        return [(team, seat, fates[s]) for s, (team, seat) in owned.items() if fates[s].fate is fate]

    carried = tuple(CarriedSeat(seat, team, command.into_team_id) for team, seat, _ in of(Fate.CARRIED))
    joined = tuple(JoinedSeat(seat, team, f.with_seat_id or "") for team, seat, f in of(Fate.JOINED))
    let_go = tuple(LetGoSeat(seat, team, f.reason) for team, seat, f in of(Fate.RELEASED))
    new = command.new
    kind, unit_id = (into.birth.kind, into.unit_id) if into else (new.kind, new.unit_id) if new else ("", "")
    before = len(into.open_seats) if into else 0
    survivor = TeamPart(command.into_team_id, TeamKind(kind), unit_id, True, True, before, len(carried))
    gone = [
        TeamPart(team_id, team.birth.kind, team.unit_id, True, False, len(team.open_seats), 0)
        for team_id, team in absorbed.items()
    ]
    teams = (survivor, *gone)
    return TeamsRearranged(
        command.rearrangement_id,
        How.MERGER,
        None,
        unit_id,
        command.effective,
        command.document_id,
        teams,
        carried,
        joined,
        let_go,
        (),
        _totals(teams, len(carried), len(joined), len(let_go), 0),
        tuple(_counts(teams, command.effective)),
    )


def _totals(teams: Sequence[TeamPart], carried: int, joined: int, released: int, restored: int) -> Totals:
    return Totals(
        teams_before=sum(team.existed for team in teams),
        teams_after=sum(team.exists for team in teams),
        seats_before=sum(team.seats_before for team in teams),
        carried=carried,
        joined=joined,
        released=released,
        restored=restored,
        seats_after=sum(team.seats_after for team in teams),
    )


def _counts(teams: Sequence[TeamPart], day: date) -> Sequence[Count]:
    return [
        Count(team.unit_id, team.kind, day, team.exists - team.existed, team.seats_after - team.seats_before)
        for team in teams
        if (team.exists, team.seats_after) != (team.existed, team.seats_before)
    ]


def _parts(event: TeamsRearranged, absorbed: Mapping[str, Team], into_id: str) -> list[TeamTookPart]:
    """What the event says of each team."""
    parts = []
    for team in event.teams:
        here = team.team_id
        left = [c.seat.seat_id for c in event.carried if c.from_team_id == here != c.to_team_id]
        left += [gone.seat.seat_id for gone in event.joined if gone.from_team_id == here]
        left += [gone.seat.seat_id for gone in event.released if gone.from_team_id == here]
        came = [c.seat for c in event.carried if c.to_team_id == here != c.from_team_id]
        came += [back.seat for back in event.restored if back.to_team_id == here]
        ending, into = ("merged", into_id) if here in absorbed else (None, None)
        parts.append(
            TeamTookPart(
                here,
                event.rearrangement_id,
                event.effective,
                team.seats_before,
                tuple(left),
                tuple(came),
                team.exists,
                ending,
                into,
                team.unit_id,
            )
        )
    return parts


# --- what events mean ---------------------------------------------------------------------------------------------


def evolve(state: Any, event: Any) -> Any:
    return Rearrangement(event) if isinstance(event, TeamsRearranged) else evolve_team(state, event)
