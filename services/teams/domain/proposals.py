"""What could become of teams whose units merged or were divided: proposed, for people to decide. Pure.

Nobody is let go by a proposal: of a person with several seats the one with the highest role goes on and the others are
joined with it; all other seats are carried. Where several leaders come together, who leads is a decision of people:
they are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from services.teams.domain.team.events import Role, Seat
from services.teams.domain.team.merge import Fate, SeatFate

RANK = {Role.LEADER: 0, Role.DEPUTY: 1, Role.MEMBER: 2}
KnownAs = Callable[[str], str]
"""Person id → the id that is kept for this person, where people were joined as duplicates."""


@dataclass(frozen=True, slots=True)
class TeamSeats:
    """A team of the day and its open seats."""

    team_id: str
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    teams: int
    seats: int
    people: int


@dataclass(frozen=True, slots=True)
class Merger:
    """``leaders``: the seats that would lead, if they are more than one: all but one are surplus."""

    into_team_id: str
    new: bool
    from_team_ids: tuple[str, ...]
    fates: tuple[SeatFate, ...]
    leaders: tuple[str, ...]
    before: Numbers
    after: Numbers


def themselves(person_id: str) -> str:
    return person_id


def fates(seats: Sequence[Seat], known_as: KnownAs = themselves) -> Iterator[SeatFate]:
    """Of seats that come together: the first of the best is preferred, so seats of the surviving team come first."""
    best: dict[str, Seat] = {}
    for seat in sorted(seats, key=lambda seat: RANK[seat.role]):
        best.setdefault(known_as(seat.person_id), seat)
    for seat in seats:
        kept = best[known_as(seat.person_id)]
        if kept is seat:
            yield SeatFate(seat.seat_id, Fate.CARRIED)
        else:
            yield SeatFate(seat.seat_id, Fate.JOINED, kept.seat_id)


def surplus_leaders(seats: Sequence[Seat]) -> tuple[str, ...]:
    """The seats that lead, if they are more than one."""
    leaders = tuple(seat.seat_id for seat in seats if seat.role is Role.LEADER)
    return leaders if len(leaders) > 1 else ()


def merger(into_team_id: str, teams: Sequence[TeamSeats], known_as: KnownAs = themselves) -> Merger:
    """``teams`` become one: the one of that id if it is among them, else a new one."""
    teams = sorted(teams, key=lambda team: team.team_id != into_team_id)
    new = all(team.team_id != into_team_id for team in teams)
    seats = [seat for team in teams for seat in team.seats]
    proposed = tuple(fates(seats, known_as))
    carried = [seat for seat, fate in zip(seats, proposed, strict=True) if fate.fate is Fate.CARRIED]
    people = len({known_as(seat.person_id) for seat in seats})
    return Merger(
        into_team_id,
        new,
        tuple(team.team_id for team in teams if team.team_id != into_team_id),
        proposed,
        surplus_leaders(carried),
        Numbers(len(teams), len(seats), people),
        Numbers(1, len(carried), people),
    )
