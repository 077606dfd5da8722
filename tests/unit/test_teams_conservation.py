"""No sequence of changes loses or doubles a seat or a person; Chương Mỹ's merger is the golden case."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.teams.domain import DECIDER
from services.teams.domain.documents import DocumentKind, DocumentRegistered
from services.teams.domain.people import PersonRegistered
from services.teams.domain.team.events import Role, Seat, TeamKind
from services.teams.domain.team.life import EstablishTeam
from services.teams.domain.team.merge import Fate, MergeTeams, SeatFate
from services.teams.domain.team.seats import AppointSeat, ReleaseSeat
from services.teams.domain.units import UnitEstablished
from shared.decider import Personal
from shared.testing import Spec

START = date(2023, 10, 1)
PEOPLE = [f"p{n}" for n in range(12)]
DOCUMENT = DocumentRegistered("d", DocumentKind.DECISION, "UBND", "1/QĐ", 2023, START, START, None, "")


def registry(villages: int, people: list[str]) -> Spec[Any, Any, Any]:
    spec: Spec[Any, Any, Any] = Spec(DECIDER)
    spec.given(("document:d", DOCUMENT))
    spec.given(*((f"person:{p}", PersonRegistered(p, Personal("An"))) for p in people))
    for v in range(villages):
        spec.given(
            (f"unit:v{v}", UnitEstablished(f"v{v}", "village", "thôn", f"Thôn {v}", "c", None, START, None, True))
        )
    return spec


class Changes(RuleBasedStateMachine):
    """Any order of establishing, appointing, releasing and merging, compared with a plain list of who sits where."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = registry(8, PEOPLE)
        self.day = START
        self.made = 0
        self.seated: dict[str, tuple[str, str]] = {}  # seat → team, person
        self.teams: list[str] = []
        self.released: set[str] = set()
        self.joined: set[str] = set()

    def next_seat(self, person: str, role: Role = Role.MEMBER) -> Seat:
        self.made += 1
        return Seat(f"s{self.made}", person, role)

    def next_id(self) -> str:
        self.made += 1
        return f"r{self.made}"

    def people_of(self, team: str) -> list[str]:
        return [person for at, person in self.seated.values() if at == team]

    @precondition(lambda self: len(self.teams) < 8 and self.made < 60)
    @rule(people=st.lists(st.sampled_from(PEOPLE), unique=True, max_size=5))
    def establish(self, people: list[str]) -> None:
        n = len(self.teams)
        seats = tuple(self.next_seat(p, Role.LEADER if not i else Role.MEMBER) for i, p in enumerate(people))
        command = EstablishTeam(f"t{n}", TeamKind.VILLAGE, f"v{n}", "Tổ", self.day, "d", seats)
        assert self.spec.when(command).events
        self.teams.append(f"t{n}")
        self.seated |= {seat.seat_id: (f"t{n}", seat.person_id) for seat in seats}

    def running(self) -> list[str]:
        return [team for team in self.teams if self.spec.state(f"team:{team}").ended is None]

    @precondition(lambda self: self.running())
    @rule(data=st.data(), person=st.sampled_from(PEOPLE))
    def appoint(self, data: st.DataObject, person: str) -> None:
        team = data.draw(st.sampled_from(self.running()))
        seat = self.next_seat(person)
        self.spec.when(AppointSeat(team, seat, self.day, "d"))
        if person in self.people_of(team):
            self.spec.then_rejected("person-already-seated")
        else:
            assert self.spec.events
            self.seated[seat.seat_id] = (team, person)

    @precondition(lambda self: self.seated)
    @rule(data=st.data(), later=st.integers(0, 40))
    def release(self, data: st.DataObject, later: int) -> None:
        self.day += timedelta(later)
        seat = data.draw(st.sampled_from(sorted(self.seated)))
        team, person = self.seated.pop(seat)
        assert self.spec.when(ReleaseSeat(team, seat, self.day, "d")).events
        self.released.add(person)

    @precondition(lambda self: len(self.running()) > 1)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        chosen = data.draw(st.lists(st.sampled_from(self.running()), min_size=2, max_size=4, unique=True))
        into, sources = chosen[0], chosen[1:]
        before = {person for at, person in self.seated.values() if at in chosen}
        fates, kept, after = [], {}, dict(self.seated)
        for seat, (team, person) in self.seated.items():
            if team not in chosen:
                continue
            if person in kept:
                fates.append(SeatFate(seat, Fate.JOINED, with_seat_id=kept[person]))
                del after[seat]
                self.joined.add(seat)
            else:
                kept[person] = seat
                fates.append(SeatFate(seat, Fate.CARRIED))
                after[seat] = (into, person)
        merged = self.spec.when(MergeTeams(self.next_id(), into, tuple(sources), tuple(fates), self.day, "d")).events[
            0
        ][1]
        totals = merged.totals
        assert totals.seats_before == totals.carried + totals.joined + totals.released == len(fates)
        assert totals.seats_after == len(self.spec.state(f"team:{into}").open_seats)
        self.seated = after
        assert {person for at, person in self.seated.values() if at == into} == before

    @invariant()
    def every_seat_is_where_it_should_be(self) -> None:
        found = [
            (seat.seat_id, (team, seat.person_id))
            for team in self.teams
            for seat in self.spec.state(f"team:{team}").open_seats
        ]
        assert len(found) == len(dict(found))
        assert dict(found) == self.seated


TestConservation = Changes.TestCase
TestConservation.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_chuong_my_208_teams_become_207_and_1456_seats_stay() -> None:
    """32 communes, 208 teams of seven; the villages of two teams merge: 207 teams and still 1,456 (Q1/2024)."""
    spec = registry(208, [f"p{n}" for n in range(1456)])
    for t in range(208):
        seats = tuple(
            Seat(f"s{n}", f"p{n}", Role.LEADER if n % 7 == 0 else Role.MEMBER) for n in range(7 * t, 7 * t + 7)
        )
        assert spec.when(EstablishTeam(f"t{t}", TeamKind.VILLAGE, f"v{t}", "Tổ", START, "d", seats)).events
    fates = tuple(SeatFate(f"s{n}", Fate.CARRIED) for n in range(7, 14))
    merged = spec.when(MergeTeams("r", "t0", ("t1",), fates, date(2024, 2, 1), "d")).events[0][1]
    assert (merged.totals.teams_before - merged.totals.teams_after, merged.totals.seats_after) == (1, 14)
    teams = [spec.state(f"team:t{t}") for t in range(208)]
    running = [team for team in teams if team.ended is None]
    people = [seat.person_id for team in running for seat in team.open_seats]
    assert (len(running), len(people), len(set(people))) == (207, 1456, 1456)
    assert spec.state("team:t0").surplus_leaders == 1
