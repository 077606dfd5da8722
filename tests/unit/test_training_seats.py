"""Who serves where, as training folds it from public events, is what the registry itself knows, on every day.

The registry's own domain plays random lives of teams, with mergers, splits, undoings, late facts and corrections.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.teams.domain.team.events import Seat
from services.teams.domain.team.state import Team
from services.training.domain.seats import EVENTS, Facts, Stay, linked, stays, tell, told
from shared.decider import Rejected
from tests.unit.test_teams_conservation import Changes, Registry
from tests.unit.test_teams_corrections import CORRECTIONS, LATE, LISTS, START, establish, registry

Serving = set[tuple[str, str, str, str, str]]
"""seat, person, role, team, unit."""


class Folded:
    """All public events so far, as a service keeps them that hears nothing else."""

    def __init__(self) -> None:
        self.teams: dict[str, Facts] = {}

    def tell(self, event: Any) -> None:
        if type(event).__name__ in EVENTS:
            for one in told(type(event).__name__, msgspec.to_builtins(event)):
                self.teams[one.team_id] = tell(self.teams.get(one.team_id, ()), one)

    def stays(self) -> list[Stay]:
        return [stay for team_id, facts in self.teams.items() for stay in stays(team_id, facts)]


def serving(found: Iterable[Stay], day: date) -> Serving:
    return {
        (stay.seat_id, stay.person_id, stay.role, stay.team_id, stay.unit_id)
        for stay in found
        if stay.since <= day and (stay.until is None or day < stay.until)
    }


def known(teams: Collection[Team], day: date) -> Serving:
    return {
        (seat.seat_id, seat.person_id, seat.role.value, team.birth.team_id, team.unit_on(day))
        for team in teams
        for seat in (seated.seat for seated in team.filled_on(day))
    }


def naive_first_day(found: Iterable[Stay], stay: Stay, day: date, same_role: bool) -> date:
    """Back from day to day, for as long as the same person had the seat."""
    while any(
        (other.seat_id, other.person_id) == (stay.seat_id, stay.person_id)
        and other.since <= day - timedelta(1) < (other.until or date.max)
        and (not same_role or other.role == stay.role)
        for other in found
    ):
        day -= timedelta(1)
    return day


class Heard(Registry):
    def __init__(self, villages: Any, people: Any) -> None:
        self.folded = Folded()
        super().__init__(villages, people)

    def tell(self, stream: str, event: Any) -> None:
        super().tell(stream, event)
        self.folded.tell(event)


class Listening(Changes):
    def __init__(self) -> None:
        super().__init__()
        self.registry: Heard = Heard([f"v{n}" for n in range(6)], [f"p{n}" for n in range(12)])

    def teardown(self) -> None:
        found = self.registry.folded.stays()
        teams = [state for state in self.registry.states.values() if isinstance(state, Team)]
        for day in self.registry.naive.days():
            assert serving(found, day) == known(teams, day)
        for seat_id in {stay.seat_id for stay in found}:
            for stay in linked(stay for stay in found if stay.seat_id == seat_id):
                assert stay.appointed == naive_first_day(found, stay, stay.since, False)
                assert stay.in_role == naive_first_day(found, stay, stay.since, True)


TestListening = Listening.TestCase
TestListening.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


@settings(max_examples=150, deadline=None)
@given(LISTS, st.lists(st.one_of(LATE, LATE, CORRECTIONS), max_size=12))
def test_late_facts_and_corrections(seats: tuple[Seat, ...], commands: list[Any]) -> None:
    spec, folded, days = registry(), Folded(), set[date]()
    for command in (establish("t", "v", START, *seats, pilot=True), *commands):
        spec.when(command)
        if isinstance(spec._outcome, Rejected):
            continue
        for stream, event in spec.events:
            folded.tell(event)
            if stream == "team:t":
                days |= {event.effective + timedelta(n) for n in (-1, 0, 1)}
    team = spec.state("team:t")
    for day in days:
        assert serving(folded.stays(), day) == (known([team], day) if team and team.exists(day) else set())
