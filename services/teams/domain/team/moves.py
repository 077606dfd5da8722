"""What merging, splitting and undoing share: who is involved, how every seat moves, and the events of that.

Each of the three says which teams are ``Involved`` and where each of their seats goes; ``rearranged`` makes the events,
the same way for all, and asserts that nobody is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from services.teams.domain.duplicates import kept_for
from services.teams.domain.team.events import Count, Seat, TeamEstablished, TeamKind, TeamTookPart
from services.teams.domain.team.life import TeamPlaced, place_stream, place_team, team_stream
from services.teams.domain.team.rearrange import (
    CarriedSeat,
    How,
    JoinedSeat,
    LetGoSeat,
    NewTeam,
    RestoredSeat,
    TeamPart,
    TeamsRearranged,
    Totals,
    rearrangement_stream,
)
from services.teams.domain.team.replay import admit
from services.teams.domain.team.state import Team
from services.teams.domain.units import unit_stream
from shared.decider import LookFurther, Rejected, need

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


def know_places(places: Iterable[tuple[str, TeamKind]], states: States, but: Collection[str]) -> None:
    """All that taking these places will ask about them, asked at once; ``but``: teams that give theirs up."""
    places = list(places)
    need(states, [stream for unit, kind in places for stream in (unit_stream(unit), place_stream(unit, kind))])
    held = [states[place_stream(unit, kind)] for unit, kind in places]
    need(states, [team_stream(team_id) for place in held if place for team_id in place.team_ids if team_id not in but])


def establish(command: Rearranging, team_id: str, new: NewTeam, states: States, ending: Sequence[str]) -> Changes:
    """A team without seats; they come with the rearrangement. ``ending``: the teams that end by it."""
    place = place_team(command, new.unit_id, new.kind, states, ending)
    day, document = command.effective, command.document_id
    event = TeamEstablished(team_id, new.kind, new.unit_id, new.name, False, day, document, (), new.simulated)
    return [(team_stream(team_id), event), (place, TeamPlaced(team_id, day))]


def know_people(pairs: Iterable[tuple[Seat, Seat]], states: States) -> None:
    """All that ``same_person`` will ask about these pairs, asked at once."""
    missing: set[str] = set()
    for pair in pairs:
        for seat in pair if pair[0].person_id != pair[1].person_id else ():
            try:
                kept_for(seat.person_id, states, "/seats")
            except LookFurther as look:
                missing.update(look.streams)
    if missing:
        raise LookFurther(missing)


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
