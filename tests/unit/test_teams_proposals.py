"""Proposals lose nobody and double nobody, and prefer the higher role."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.teams.domain.proposals import RANK, Merger, Numbers, TeamSeats, merger, surplus_leaders
from services.teams.domain.team.events import Role, Seat
from services.teams.domain.team.merge import Fate, SeatFate


def seat(n: int, person: str, role: Role = Role.MEMBER) -> Seat:
    return Seat(f"s{n}", person, role)


def test_the_better_role_of_a_person_goes_on_and_leaders_are_listed() -> None:
    into = TeamSeats("a", (seat(1, "an", Role.LEADER), seat(2, "ba")))
    other = TeamSeats("b", (seat(3, "ba", Role.LEADER), seat(4, "an"), seat(5, "ca")))
    assert merger("a", [other, into]) == Merger(
        "a",
        False,
        ("b",),
        (
            SeatFate("s1", Fate.CARRIED),
            SeatFate("s2", Fate.JOINED, "s3"),
            SeatFate("s3", Fate.CARRIED),
            SeatFate("s4", Fate.JOINED, "s1"),
            SeatFate("s5", Fate.CARRIED),
        ),
        ("s1", "s3"),
        Numbers(2, 5, 3),
        Numbers(1, 3, 3),
    )


def test_people_who_were_joined_count_as_one() -> None:
    known_as = {"an": "an", "an2": "an"}.__getitem__
    proposed = merger("n", [TeamSeats("a", (seat(1, "an2"),)), TeamSeats("b", (seat(2, "an", Role.DEPUTY),))], known_as)
    assert (proposed.new, proposed.from_team_ids) == (True, ("a", "b"))
    assert proposed.fates == (SeatFate("s1", Fate.JOINED, "s2"), SeatFate("s2", Fate.CARRIED))
    assert proposed.after == Numbers(1, 1, 1)


def test_one_leader_is_no_surplus() -> None:
    assert surplus_leaders([seat(1, "an", Role.LEADER), seat(2, "ba", Role.DEPUTY)]) == ()


people = st.sampled_from(["an", "ba", "ca", "du", "em"])
teams = st.lists(st.dictionaries(people, st.sampled_from(Role), max_size=4), min_size=2, max_size=4)


@given(teams, st.sampled_from(["t0", "new"]))
def test_everybody_goes_on_exactly_once(drawn: list[dict[str, Role]], into: str) -> None:
    made = [
        TeamSeats(f"t{t}", tuple(Seat(f"s{t}-{p}", p, role) for p, role in team.items()))
        for t, team in enumerate(drawn)
    ]
    proposed = merger(into, made)
    seats = {seat.seat_id: seat for team in made for seat in team.seats}
    carried = {seats[f.seat_id].person_id: seats[f.seat_id] for f in proposed.fates if f.fate is Fate.CARRIED}
    assert len(proposed.fates) == len(seats)
    assert len(carried) == proposed.after.seats == proposed.before.people
    for fate in proposed.fates:
        kept = carried[seats[fate.seat_id].person_id]
        assert RANK[kept.role] <= RANK[seats[fate.seat_id].role]
        assert (fate.with_seat_id or fate.seat_id) == kept.seat_id
