"""What training keeps of the registry equals a fresh fold of its events, in whatever batches they came."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import msgspec
import pytest

from ops.local.provision import Database
from services.teams.domain.team.events import Role, Seat, TeamKind
from services.teams.domain.team.life import DissolveTeam, EstablishTeam
from services.teams.domain.team.merge import Fate, MergeTeams, SeatFate
from services.teams.domain.team.rearrange import TeamsRearranged
from services.teams.domain.team.seats import AppointSeat, ChangeSeat, ReleaseSeat
from services.teams.domain.team.undo import UndoRearrangement
from services.training.domain.seats import EVENTS, Stay, linked, stays, tell, told
from services.training.projections.seats import Seats
from services.training.queries.identities import Identities
from shared.db import engine
from shared.decider import Rejected
from shared.log import Recorded
from tests.unit.test_teams_conservation import START, Registry

SPACE = UUID(int=0)
PEOPLE = [str(uuid5(SPACE, f"p{n}")) for n in range(12)]
VILLAGES = [f"v{n}" for n in range(6)]


class Public(Registry):
    """Keeps what it publishes."""

    def __init__(self) -> None:
        self.published: list[tuple[str, dict[str, Any]]] = []
        super().__init__(VILLAGES, PEOPLE)

    def tell(self, stream: str, event: Any) -> None:
        super().tell(stream, event)
        if type(event).__name__ in EVENTS:
            self.published.append((type(event).__name__, msgspec.to_builtins(event)))


def life(seed: int) -> list[tuple[str, dict[str, Any]]]:
    """A random history of teams; whatever the rules refuse is left out."""
    chance, registry, day = random.Random(seed), Public(), START
    seats, teams, rearranged = list[Seat](), list[str](), list[str]()

    def seat(person: str) -> Seat:
        seats.append(Seat(f"s{len(seats)}", person, chance.choice(list(Role))))
        registry.person_of[seats[-1].seat_id] = person
        return seats[-1]

    for n in range(160):
        day += timedelta(chance.choice([0, 0, 3, 20]))
        on = day - timedelta(chance.choice([0, 0, 0, 30]))
        command: Any
        match chance.randrange(8) if len(teams) > 2 else 0:
            case 0:
                command = EstablishTeam(
                    f"t{n}", TeamKind.VILLAGE, chance.choice(VILLAGES), "Tổ", on, "d", (seat(chance.choice(PEOPLE)),)
                )
                teams.append(f"t{n}")
            case 1 | 2:
                command = AppointSeat(chance.choice(teams), seat(chance.choice(PEOPLE)), on, "d")
            case 3:
                command = ReleaseSeat(chance.choice(teams), chance.choice(seats).seat_id, on, "d")
            case 4:
                command = ChangeSeat(chance.choice(teams), chance.choice(seats).seat_id, on, "d", Role.DEPUTY)
            case 5 | 6:
                into, gone = chance.sample(teams, 2)
                there = registry.naive.on(on).get(gone)
                fates = tuple(SeatFate(one, Fate.CARRIED) for one in sorted(there.seats)) if there else ()
                command = MergeTeams(f"r{n}", into, (gone,), fates, on, "d")
            case _ if rearranged:
                command = UndoRearrangement(f"r{n}", chance.choice(rearranged), on, "d")
            case _:
                command = DissolveTeam(chance.choice(teams), on, "d")
        try:
            done = registry.do(command)
        except Rejected:
            continue
        rearranged += [event.rearrangement_id for event in done if isinstance(event, TeamsRearranged)]
    return registry.published


@pytest.fixture
def tables(database: Callable[..., Database]) -> Iterator[Any]:
    made = engine(database("training").app_url, name="test")
    yield made
    made.dispose()


def recorded(events: Sequence[tuple[str, dict[str, Any]]]) -> list[tuple[str, Recorded]]:
    now = datetime.now(UTC)
    return [
        ("teams", Recorded(0, n, "", 0, type_, 1, data, {}, uuid4(), 1, b"", now))
        for n, (type_, data) in enumerate(events, 1)
    ]


def apply(tables: Any, events: Sequence[tuple[str, dict[str, Any]]], sizes: Iterator[int]) -> None:
    batch = recorded(events)
    while batch:
        size = next(sizes)
        with tables.begin() as tx:
            Seats().apply(tx, batch[:size])
        batch = batch[size:]


def kept(tables: Any) -> set[tuple[Any, ...]]:
    with tables.connect() as tx:
        rows = tx.exec_driver_sql(
            """SELECT seat_id, person_id::text, role, team_id, kind, unit_id, since, until, appointed, in_role
                 FROM read.seats"""
        ).all()
    assert len(set(rows)) == len(rows)
    return {tuple(row) for row in rows}


def folded(events: Sequence[tuple[str, dict[str, Any]]]) -> set[tuple[Any, ...]]:
    teams: dict[str, Any] = {}
    for type_, data in events:
        for one in told(type_, data):
            teams[one.team_id] = tell(teams.get(one.team_id, ()), one)
    found: dict[str, list[Stay]] = {}
    for team_id, facts in teams.items():
        for stay in stays(team_id, facts):
            found.setdefault(stay.seat_id, []).append(stay)
    return {tuple(asdict(stay).values()) for one in found.values() for stay in linked(one)}


@pytest.mark.parametrize("seed", range(6))
def test_seats_equal_a_fresh_fold(tables: Any, seed: int) -> None:
    events, chance = life(seed), random.Random(seed)
    assert len(events) > 20 and "TeamsRearranged" in dict(events)
    for upto in (len(events) // 2, len(events)):
        done = 0 if upto < len(events) else len(events) // 2
        apply(tables, events[done:upto], iter(lambda: chance.choice([1, 1, 2, 7]), 0))
        assert kept(tables) == folded(events[:upto])


def test_joined_people_are_one_until_they_are_separated(tables: Any) -> None:
    a, b, c, d, stranger = PEOPLE[:5]
    found = Identities(tables)

    def tell(type_: str, person: str, duplicate: str) -> None:
        event = {"person_id": person, "duplicate_id": duplicate, "reason": "typo", "document_id": None}
        apply(tables, [(type_, event)], iter(lambda: 1, 0))

    tell("PeopleJoined", b, c)
    tell("PeopleJoined", b, d)
    tell("PeopleJoined", a, b)
    assert found.kept([a, b, c, d, stranger]) == {b: a, c: a, d: a}
    assert found.one_with(d) == found.one_with(a) == {a, b, c, d}
    tell("PeopleSeparated", a, b)
    assert found.kept([a, b, c, d]) == {c: b, d: b}
    assert (found.one_with(a), found.one_with(d)) == ({a}, {b, c, d})
    tell("PeopleSeparated", b, c)
    assert (found.one_with(c), found.one_with(b)) == ({c}, {b, d})


def test_a_seat_that_is_carried_on_keeps_its_day_of_appointment(tables: Any) -> None:
    registry, day = Public(), date(2024, 2, 1)
    seat, other = Seat("s1", PEOPLE[0], Role.LEADER), Seat("s2", PEOPLE[1], Role.LEADER)
    registry.person_of = {"s1": PEOPLE[0], "s2": PEOPLE[1]}
    registry.do(EstablishTeam("t1", TeamKind.VILLAGE, "v1", "Tổ", START, "d", (seat,)))
    registry.do(EstablishTeam("t2", TeamKind.VILLAGE, "v2", "Tổ", START, "d", (other,)))
    registry.do(MergeTeams("r", "t2", ("t1",), (SeatFate("s1", Fate.CARRIED),), day, "d"))
    registry.do(ChangeSeat("t2", "s1", date(2024, 6, 1), "d", Role.MEMBER))
    apply(tables, registry.published, iter(lambda: 1, 0))
    of = sorted(row[2:] for row in kept(tables) if row[0] == "s1")
    assert of == [
        ("leader", "t1", "village", "v1", START, day, START, START),
        ("leader", "t2", "village", "v2", day, date(2024, 6, 1), START, START),
        ("member", "t2", "village", "v2", date(2024, 6, 1), None, START, date(2024, 6, 1)),
    ]
