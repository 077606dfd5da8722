"""No sequence of mergers, splits, undoings and late facts loses or doubles a person; Chương Mỹ's is the golden case.

What the domain decides is held against two counts that share nothing with it: verify's, which folds every team's own
events, and reporting's, which adds up the published ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from ops.verify.teams import Team, TeamFacts
from services.reporting.domain import FIGURES, Tally, count
from services.teams.domain import DECIDER
from services.teams.domain.documents import DocumentKind, DocumentRegistered
from services.teams.domain.people import PersonRegistered
from services.teams.domain.team.events import Role, Seat, TeamKind
from services.teams.domain.team.life import DissolveTeam, EstablishTeam
from services.teams.domain.team.merge import Fate, MergeTeams, SeatFate
from services.teams.domain.team.rearrange import NewTeam, TeamsRearranged
from services.teams.domain.team.seats import AppointSeat, ReconstituteTeam, ReleaseSeat
from services.teams.domain.team.split import ReleasedSeat, SplitInto, SplitTeam
from services.teams.domain.team.undo import SeatPlacement, UndoRearrangement
from services.teams.domain.units import UnitEstablished
from shared.decider import LookFurther, Personal, Rejected

START = date(2023, 10, 1)
PEOPLE = [f"p{n}" for n in range(12)]
VILLAGES = [f"v{n}" for n in range(6)]
DOCUMENT = DocumentRegistered("d", DocumentKind.DECISION, "UBND", "1/QĐ", 2023, START, START, None, "")
PUBLIC = {"TeamEstablished", "TeamReconstituted", "SeatAppointed", "SeatReleased", "TeamsRearranged", "TeamDissolved"}


class Registry:
    """Decides commands and tells every event to the domain, to verify's count and to reporting's."""

    def __init__(self, villages: Sequence[str], people: Sequence[str]) -> None:
        self.states: dict[str, Any] = {}
        self.naive, self.tally, self.position = TeamFacts(), Tally(), 0
        self.person_of: dict[str, str] = {}
        self.tell("document:d", DOCUMENT)
        for person in people:
            self.tell(f"person:{person}", PersonRegistered(person, Personal("An")))
        for village in villages:
            event = UnitEstablished(village, "village", "thôn", village, "c", None, START, None, True)
            self.tell(f"unit:{village}", event)

    def tell(self, stream: str, event: Any) -> None:
        self.states[stream] = DECIDER.evolve(self.states.get(stream), event)
        self.position += 1
        if stream.startswith(("team:", "rearrangement:")):
            data, type_ = msgspec.to_builtins(event), type(event).__name__
            self.naive.tell(stream, self.position, type_, data)
            if type_ in PUBLIC:
                count(self.tally, type_, data)

    def do(self, command: Any) -> list[Any]:
        """The events; raises ``Rejected``."""
        states = {stream: self.states.get(stream) for stream in DECIDER.streams(command)}
        try:
            changes = list(DECIDER.decide(command, states))
        except LookFurther as look:
            return self.do(replace(command, also=tuple({*command.also, *look.streams})))
        for stream, event in changes:
            self.tell(stream, event)
        return [event for _, event in changes]

    def rearrange(self, command: MergeTeams | SplitTeam | UndoRearrangement) -> TeamsRearranged:
        """Nobody in the teams concerned disappears or comes from nowhere, and the totals are those of the field."""
        before = self.naive.on(command.effective)
        event = next(event for event in self.do(command) if isinstance(event, TeamsRearranged))
        after = self.naive.on(command.effective)
        teams = [part.team_id for part in event.teams]
        were, are = self.people(before, teams), self.people(after, teams)
        restored = {back.seat.person_id for back in event.restored}
        assert were.keys() <= are.keys() | {gone.seat.person_id for gone in event.released}
        assert are.keys() <= were.keys() | restored
        totals = event.totals
        assert (totals.seats_before, totals.seats_after) == (were.total(), are.total())
        assert totals.seats_after == totals.seats_before - totals.joined - totals.released + totals.restored
        standing = [team_id for team_id in teams if after[team_id].standing]
        assert totals.teams_after == len(standing)
        return event

    def people(self, teams: dict[str, Team], chosen: Sequence[str]) -> Counter[str]:
        return Counter(
            self.person_of[seat]
            for team_id in chosen
            if team_id in teams and teams[team_id].standing
            for seat in teams[team_id].seats
        )

    def check(self, day: date) -> None:
        """On that day: no seat in two teams, no person twice in one; domain, verify and reporting count the same."""
        teams = {team_id: team for team_id, team in self.naive.on(day).items() if team.standing}
        seats = [seat for team in teams.values() for seat in team.seats]
        assert len(seats) == len(set(seats))
        for team_id, team in teams.items():
            assert max(self.people(teams, [team_id]).values(), default=1) == 1
            filled = [seated.seat.seat_id for seated in self.states[f"team:{team_id}"].filled_on(day)]
            assert sorted(filled) == sorted(team.seats)
        known = {name.removeprefix("team:"): state for name, state in self.states.items() if name.startswith("team:")}
        assert teams.keys() == {team_id for team_id, state in known.items() if state.exists(day)}
        for unit in VILLAGES:
            here = [team for team in teams.values() if team.unit_id == unit]
            assert self.told(unit, day) == (len(here), sum(len(team.seats) for team in here))

    def told(self, unit: str, day: date) -> tuple[int, int]:
        """What reporting has added up until that day."""
        rows = [row for (at, since), row in self.tally.figures.items() if at == unit and since <= day.isoformat()]
        teams, seats = FIGURES.index("teams_village"), FIGURES.index("seats")
        return sum(row[teams] for row in rows), sum(row[seats] for row in rows)


class Changes(RuleBasedStateMachine):
    """Any order of changes on any days; what is refused changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.registry = Registry(VILLAGES, PEOPLE)
        self.today, self.made = START, 0
        self.teams: list[str] = []
        self.rearranged: list[str] = []

    def new_id(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}{self.made}"

    def new_seat(self, person: str, role: Role = Role.MEMBER) -> Seat:
        seat = Seat(self.new_id("s"), person, role)
        self.registry.person_of[seat.seat_id] = person
        return seat

    def day(self, data: st.DataObject) -> date:
        """Mostly today or soon, sometimes long ago."""
        back = data.draw(st.sampled_from([0, 0, 0, 0, 5, 40]))
        self.today += timedelta(data.draw(st.integers(0, 10)))
        return max(START, self.today - timedelta(back))

    def seats_on(self, team: str, day: date) -> list[str]:
        found = self.registry.naive.on(day).get(team)
        return sorted(found.seats) if found and found.standing else []

    def attempt(self, command: Any) -> list[Any]:
        try:
            return self.registry.do(command)
        except Rejected:
            return []

    def attempt_rearranging(self, command: MergeTeams | SplitTeam | UndoRearrangement) -> None:
        try:
            self.registry.rearrange(command)
        except Rejected:
            return
        self.rearranged.append(command.rearrangement_id)
        if isinstance(command, MergeTeams) and command.new:
            self.teams.append(command.into_team_id)
        if isinstance(command, SplitTeam):
            self.teams += [part.team_id for part in command.into if part.new]

    @rule(data=st.data(), people=st.lists(st.sampled_from(PEOPLE), unique=True, max_size=4))
    def establish(self, data: st.DataObject, people: list[str]) -> None:
        team, village = self.new_id("t"), data.draw(st.sampled_from(VILLAGES))
        seats = tuple(self.new_seat(p, Role.MEMBER if n else Role.LEADER) for n, p in enumerate(people))
        if self.attempt(EstablishTeam(team, TeamKind.VILLAGE, village, "Tổ", self.day(data), "d", seats)):
            self.teams.append(team)

    @precondition(lambda self: self.teams)
    @rule(data=st.data(), person=st.sampled_from(PEOPLE))
    def appoint(self, data: st.DataObject, person: str) -> None:
        team = data.draw(st.sampled_from(self.teams))
        self.attempt(AppointSeat(team, self.new_seat(person), self.day(data), "d"))

    @precondition(lambda self: self.teams)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        team, day = data.draw(st.sampled_from(self.teams)), self.day(data)
        seats = self.seats_on(team, day)
        if seats:
            self.attempt(ReleaseSeat(team, data.draw(st.sampled_from(seats)), day, "d"))

    @precondition(lambda self: self.teams)
    @rule(data=st.data(), people=st.lists(st.sampled_from(PEOPLE), unique=True, max_size=4))
    def reconstitute(self, data: st.DataObject, people: list[str]) -> None:
        team = data.draw(st.sampled_from(self.teams))
        self.attempt(ReconstituteTeam(team, tuple(map(self.new_seat, people)), self.day(data), "d"))

    @precondition(lambda self: len(self.teams) > 5)
    @rule(data=st.data())
    def dissolve(self, data: st.DataObject) -> None:
        self.attempt(DissolveTeam(data.draw(st.sampled_from(self.teams)), self.day(data), "d"))

    @precondition(lambda self: len(self.teams) > 1)
    @rule(data=st.data(), new=st.booleans())
    def merge(self, data: st.DataObject, new: bool) -> None:
        day = self.day(data)
        chosen = data.draw(st.lists(st.sampled_from(self.teams), min_size=2, max_size=3, unique=True))
        into = self.new_id("t") if new else chosen[0]
        fates, kept = [], {}
        for seat in (seat for team in chosen for seat in self.seats_on(team, day)):
            person = self.registry.person_of[seat]
            if person in kept:
                fates.append(SeatFate(seat, Fate.JOINED, kept[person]))
            elif data.draw(st.integers(0, 5)) == 0:
                fates.append(SeatFate(seat, Fate.RELEASED))
            else:
                kept[person] = seat
                fates.append(SeatFate(seat, Fate.CARRIED))
        described = NewTeam(TeamKind.VILLAGE, data.draw(st.sampled_from(VILLAGES)), "Tổ") if new else None
        gone = tuple(chosen if new else chosen[1:])
        self.attempt_rearranging(MergeTeams(self.new_id("r"), into, gone, tuple(fates), day, "d", described))

    @precondition(lambda self: self.teams)
    @rule(data=st.data(), goes_on=st.booleans())
    def split(self, data: st.DataObject, goes_on: bool) -> None:
        team, day = data.draw(st.sampled_from(self.teams)), self.day(data)
        others = [other for other in self.teams if other != team]
        heirs = [data.draw(st.sampled_from([None, *others])) for _ in range(data.draw(st.integers(1, 2)))]
        shares: dict[int, list[str]] = {n: [] for n in range(len(heirs) + 2)}
        for seat in self.seats_on(team, day):
            shares[data.draw(st.integers(0, len(heirs) + goes_on))].append(seat)
        into = tuple(
            SplitInto(heir, tuple(shares[n]))
            if heir
            else SplitInto(
                self.new_id("t"),
                tuple(shares[n]),
                NewTeam(TeamKind.VILLAGE, data.draw(st.sampled_from(VILLAGES)), "Tổ"),
            )
            for n, heir in enumerate(heirs)
        )
        released = tuple(map(ReleasedSeat, shares[len(heirs)]))
        self.attempt_rearranging(SplitTeam(self.new_id("r"), team, into, released, goes_on, day, "d"))

    @precondition(lambda self: self.rearranged)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        undoes, day = data.draw(st.sampled_from(self.rearranged[-4:])), self.day(data)
        event = self.registry.states[f"rearrangement:{undoes}"].event
        teams = [part.team_id for part in event.teams]
        command = UndoRearrangement(self.new_id("u"), undoes, data.draw(st.sampled_from([day, event.effective])), "d")
        homes = st.sampled_from([None, *teams])
        for _ in range(12):
            try:
                self.registry.rearrange(command)
            except Rejected as rejection:
                if rejection.code != "undo-seat-unaccounted":
                    return
                placement = SeatPlacement(str(rejection.params["seat"]), data.draw(homes))
                command = replace(command, seats=(*command.seats, placement))
                continue
            self.rearranged.append(command.rearrangement_id)
            return

    def teardown(self) -> None:
        for day in self.registry.naive.days():
            self.registry.check(day)


TestConservation = Changes.TestCase
TestConservation.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_chuong_my_208_teams_become_207_and_1456_seats_stay() -> None:
    """32 communes, 208 teams of seven; the villages of two teams merge: 207 teams and still 1,456 (Q1/2024)."""
    registry = Registry([f"v{n}" for n in range(208)], [f"p{n}" for n in range(1456)])
    for t in range(208):
        seats = tuple(
            Seat(f"s{n}", f"p{n}", Role.LEADER if n % 7 == 0 else Role.MEMBER) for n in range(7 * t, 7 * t + 7)
        )
        registry.person_of |= {seat.seat_id: seat.person_id for seat in seats}
        assert registry.do(EstablishTeam(f"t{t}", TeamKind.VILLAGE, f"v{t}", "Tổ", START, "d", seats))

    def figures(day: date) -> tuple[int, int, int]:
        running = [team for team in registry.naive.on(day).values() if team.standing]
        seats = [seat for team in running for seat in team.seats]
        return len(running), len(seats), len({registry.person_of[seat] for seat in seats})

    merged, undone, again = date(2024, 2, 1), date(2024, 6, 1), date(2024, 9, 1)
    fates = tuple(SeatFate(f"s{n}", Fate.CARRIED) for n in range(7, 14))
    totals = registry.rearrange(MergeTeams("r", "t0", ("t1",), fates, merged, "d")).totals
    assert (totals.teams_before - totals.teams_after, totals.seats_after) == (1, 14)
    assert registry.states["team:t0"].surplus_leaders == 1
    registry.rearrange(UndoRearrangement("u1", "r", undone, "d"))
    registry.rearrange(UndoRearrangement("u2", "u1", again, "d"))
    days = (START, merged, undone, again)
    assert [figures(day) for day in days] == [(teams, 1456, 1456) for teams in (208, 207, 208, 207)]
