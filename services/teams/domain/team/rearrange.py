"""Rearranging teams: in a merger, a split or the undoing of one, no person disappears. Stream ``rearrangement:<id>``.

Every open seat of every team concerned is *carried* (into another team, or on in its own), *joined* with another seat
of the same person, or *released*; undoing brings back what was joined or released (*restored*). The totals are part of
the event and reconcile: seats_after = seats_before - joined - released + restored. Several leaders may come together:
the surplus is left for a later decision, not hidden.

The commands are in ``merge``, ``split`` and ``undo``; each says which teams are ``Involved`` and how every seat moves,
and ``rearranged`` makes the events of that, the same way for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

from services.teams.domain.duplicates import kept_for
from services.teams.domain.team.events import Count, Seat, TeamEstablished, TeamKind, TeamTookPart
from services.teams.domain.team.life import TeamPlaced, place_team, team_stream
from services.teams.domain.team.replay import admit
from services.teams.domain.team.replay import evolve as evolve_team
from services.teams.domain.team.state import Team
from shared.decider import Rejected


class How(StrEnum):
    MERGER = "merger"
    SPLIT = "split"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class NewTeam:
    """A team that the rearrangement establishes."""

    kind: TeamKind
    unit_id: str
    name: str
    simulated: bool = False


# --- events -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TeamPart:
    """One team before and after. A team that begins again did not exist before.

    One that is ``new`` has its ``TeamEstablished`` (without seats) just before, so it existed: with no seats.
    """

    team_id: str
    kind: TeamKind
    unit_id: str
    new: bool
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
    """It ends, because ``with_seat_id`` is the same person's and goes on."""

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
    """A seat that the undone rearrangement had joined with another one, or released (``with_seat_id`` is None)."""

    seat: Seat
    to_team_id: str
    with_seat_id: str | None
    reason: str | None


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
    """``unit_id``: of the first team that exists afterwards. ``undoes``: the rearrangement that this one takes back."""

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


@dataclass(frozen=True, slots=True)
class RearrangementUndone:
    """Private."""

    rearrangement_id: str
    by: str


@dataclass(frozen=True, slots=True)
class RearrangementDoneAgain:
    """Its undoing was undone: what it did is so again, by the rearrangement ``by``. Private."""

    rearrangement_id: str
    by: str


COMMANDS: tuple[type, ...] = ()
EVENTS = (TeamsRearranged, RearrangementUndone, RearrangementDoneAgain, TeamTookPart)


@dataclass(frozen=True, slots=True)
class Rearrangement:
    """``undone_by`` the one that took it back, ``again`` the one that took that back in turn."""

    event: TeamsRearranged
    undone_by: str | None = None
    again: str | None = None


def rearrangement_stream(rearrangement_id: str) -> str:
    return f"rearrangement:{rearrangement_id}"


# --- what the three commands share --------------------------------------------------------------------------------

Changes = Sequence[tuple[str, Any]]
States = Mapping[str, Any]


class Rearranging(Protocol):
    @property
    def rearrangement_id(self) -> str: ...
    @property
    def effective(self) -> date: ...
    @property
    def document_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Involved:
    """A team concerned, and what it is before (``then``, on the day) and after. One that ends says why, and where to.

    ``then`` is None for a team that is established here.
    """

    team_id: str
    kind: TeamKind
    unit_id: str
    then: Team | None
    existed: bool = True
    exists: bool = True
    ending: str | None = None
    into: str | None = None

    @property
    def seats(self) -> tuple[Seat, ...]:
        return self.then.open_seats if self.then is not None and self.existed else ()


@dataclass(frozen=True, slots=True)
class Goes:
    """On in that team, which may be its own."""

    team_id: str


@dataclass(frozen=True, slots=True)
class Joins:
    with_seat_id: str


@dataclass(frozen=True, slots=True)
class Leaves:
    reason: str | None = None


Move = Goes | Joins | Leaves
Owned = Mapping[str, tuple[str, Seat]]
"""Seat id → the team it is in before, and the seat."""


def require_fresh(command: Rearranging, states: States) -> None:
    if states[rearrangement_stream(command.rearrangement_id)] is not None:
        raise Rejected("rearrangement-exists", "/rearrangement_id", rearrangement=command.rearrangement_id)


def existing(team_id: str, then: Team, **what: Any) -> Involved:
    return Involved(team_id, then.birth.kind, then.unit_id, then, **what)


def owned(involved: Sequence[Involved]) -> dict[str, tuple[str, Seat]]:
    """The open seats of the teams concerned."""
    found: dict[str, tuple[str, Seat]] = {}
    for team in involved:
        for seat in team.seats:
            if seat.seat_id in found:
                raise Rejected("seat-id-taken", "/seats", seat=seat.seat_id)
            found[seat.seat_id] = (team.team_id, seat)
    return found


def establish(command: Rearranging, team_id: str, new: NewTeam, states: States, ending: Sequence[str]) -> Changes:
    """A team without seats; they come with the rearrangement. ``ending``: the teams that end by it."""
    place = place_team(command, new.unit_id, new.kind, states, ending)
    day, document = command.effective, command.document_id
    event = TeamEstablished(team_id, new.kind, new.unit_id, new.name, False, day, document, (), new.simulated)
    return [(team_stream(team_id), event), (place, TeamPlaced(team_id, day))]


def same_person(one: Seat, other: Seat, states: States) -> bool:
    """By their ids, or because the two were joined as duplicates."""
    if one.person_id == other.person_id:
        return True
    return kept_for(one.person_id, states, "/seats") == kept_for(other.person_id, states, "/seats")


def join_doubled(moves: Mapping[str, Move], seats: Owned) -> dict[str, Move]:
    """Where seats of one person come together in one team, the one that was there already goes on, else the first."""
    kept: dict[tuple[str, str], str] = {}
    at_home_first = sorted(seats, key=lambda s: moves[s] != Goes(seats[s][0]))
    joined = dict(moves)
    for seat_id in at_home_first:
        move = moves[seat_id]
        if isinstance(move, Goes):
            other = kept.setdefault((move.team_id, seats[seat_id][1].person_id), seat_id)
            joined[seat_id] = move if other == seat_id else Joins(other)
    for seat_id, move in moves.items():
        if isinstance(move, Joins) and isinstance(further := joined[move.with_seat_id], Joins):
            joined[seat_id] = further
    return joined


def rearranged(
    command: Rearranging,
    how: How,
    states: States,
    involved: Sequence[Involved],
    moves: Mapping[str, Move],
    begun: Changes = (),
    *,
    undoes: str | None = None,
    restored: Sequence[RestoredSeat] = (),
) -> Changes:
    """The events of a rearrangement, after those that it begins with. Raises ``Rejected`` for what cannot be."""
    event = _event(command, how, undoes, involved, moves, restored)
    _conserved(event)
    parts = [_part(event, team) for team in involved]
    for part in parts:
        stream = team_stream(part.team_id)
        first = [fact for at, fact in begun if at == stream]
        admit(states[stream], *first, part)
    own = (rearrangement_stream(command.rearrangement_id), event)
    return [*begun, own, *((team_stream(part.team_id), part) for part in parts)]


def _event(
    command: Rearranging,
    how: How,
    undoes: str | None,
    involved: Sequence[Involved],
    moves: Mapping[str, Move],
    restored: Sequence[RestoredSeat],
) -> TeamsRearranged:
    carried, joined, released = [], [], []
    for seat_id, (team_id, seat) in owned(involved).items():
        match moves[seat_id]:
            case Goes(to):
                carried.append(CarriedSeat(seat, team_id, to))
            case Joins(other):
                joined.append(JoinedSeat(seat, team_id, other))
            case Leaves(reason):
                released.append(LetGoSeat(seat, team_id, reason))
    filled = [c.to_team_id for c in carried] + [r.to_team_id for r in restored]
    teams = tuple(_team_part(team, filled.count(team.team_id)) for team in involved)
    return TeamsRearranged(
        command.rearrangement_id,
        how,
        undoes,
        next(team.unit_id for team in (*(t for t in teams if t.exists), *teams)),
        command.effective,
        command.document_id,
        teams,
        tuple(carried),
        tuple(joined),
        tuple(released),
        tuple(restored),
        Totals(
            teams_before=sum(team.existed for team in teams),
            teams_after=sum(team.exists for team in teams),
            seats_before=sum(team.seats_before for team in teams),
            carried=len(carried),
            joined=len(joined),
            released=len(released),
            restored=len(restored),
            seats_after=sum(team.seats_after for team in teams),
        ),
        tuple(_counts(teams, command.effective)),
    )


def _team_part(team: Involved, seats_after: int) -> TeamPart:
    new = team.then is None
    return TeamPart(team.team_id, team.kind, team.unit_id, new, team.existed, team.exists, len(team.seats), seats_after)


def _counts(teams: Sequence[TeamPart], day: date) -> Iterator[Count]:
    for team in teams:
        more, seats = team.exists - team.existed, team.seats_after - team.seats_before
        if more or seats:
            yield Count(team.unit_id, team.kind, day, more, seats)


def _conserved(event: TeamsRearranged) -> None:
    """The promise that every rearrangement keeps. A rule above that broke it would be a mistake of ours."""
    totals = event.totals
    kept = {c.seat.seat_id: c.seat for c in event.carried}
    there = {team.team_id for team in event.teams if team.exists}
    arrived = [c.to_team_id for c in event.carried] + [r.to_team_id for r in event.restored]
    conserved = (
        totals.seats_before == totals.carried + totals.joined + totals.released
        and totals.seats_after == totals.seats_before - totals.joined - totals.released + totals.restored
        and there.issuperset(arrived)
        and all(j.with_seat_id in kept for j in event.joined)
        and sum(count.teams for count in event.counts) == totals.teams_after - totals.teams_before
        and sum(count.seats for count in event.counts) == totals.seats_after - totals.seats_before
    )
    if not conserved:
        raise AssertionError(f"rearrangement {event.rearrangement_id} does not reconcile: {totals}")


def _part(event: TeamsRearranged, team: Involved) -> TeamTookPart:
    """What the event says of one team."""
    here = team.team_id
    left = [c.seat.seat_id for c in event.carried if c.from_team_id == here != c.to_team_id]
    left += [gone.seat.seat_id for gone in event.joined if gone.from_team_id == here]
    left += [gone.seat.seat_id for gone in event.released if gone.from_team_id == here]
    came = [c.seat for c in event.carried if c.to_team_id == here != c.from_team_id]
    came += [back.seat for back in event.restored if back.to_team_id == here]
    return TeamTookPart(
        here,
        event.rearrangement_id,
        event.effective,
        len(team.seats),
        tuple(left),
        tuple(came),
        team.existed,
        team.exists,
        None if team.exists else team.ending,
        None if team.exists else team.into,
        team.unit_id,
    )


# --- what events mean ---------------------------------------------------------------------------------------------


def evolve(state: Any, event: Any) -> Any:
    match event:
        case TeamsRearranged():
            return Rearrangement(event)
        case RearrangementUndone(by=by):
            return Rearrangement(state.event, by)
        case RearrangementDoneAgain(by=by):
            return Rearrangement(state.event, None, by)
    return evolve_team(state, event)
