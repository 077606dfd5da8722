"""The boards of campaigns equal a naive recount, whatever came late, was corrected or voided, in whatever cuts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from ops.local.provision import Database
from services.visits.domain import (
    PLACES,
    AgeBand,
    CorrectVisit,
    Learner,
    Level,
    Mistake,
    PlaceKind,
    RecordVisit,
    Skill,
    SkillLevel,
    VoidVisit,
)
from services.visits.domain.campaign import (
    CAMPAIGNS,
    CampaignScheduled,
    CancelCampaign,
    CloseCampaign,
    OpenCampaign,
    Plan,
    ScheduleCampaign,
    SkillTarget,
    Targets,
    UnitTargets,
)
from services.visits.projections.activity import Activity
from services.visits.projections.network import Network
from services.visits.public import Publisher
from services.visits.queries.board import Boards
from services.visits.queries.campaigns import CampaignQueries
from services.visits.queries.visits import VisitQueries
from services.visits.wiring import PARTITIONS, partition_of, records_of
from shared.decider import Personal
from shared.handler import Handler
from shared.kit import Kit
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree
from tests.visit_days import by
from tests.visits_kit import envelope, of_teams, opened, project

SUNDAY = date(2026, 10, 11)
TEAMS = [UUID(int=n) for n in range(1, 7)]
STANDING = dict(zip(TEAMS, ("v1", "v2", "v3", "c1", "c2", "c3"), strict=True))
BELOW = {"p1": {"p1", "c1", "c2", "v1", "v2", "v3"}, "c1": {"c1", "v1", "v2"}, "v1": {"v1"}, "c2": {"c2", "v3"}}
PLAN = Plan(
    "Ngày chủ nhật số",
    SUNDAY,
    SUNDAY + timedelta(2),
    ("c1", "v1", "c2"),
    Targets(visits=100, covered=(SkillTarget(Skill.PUBLIC_SERVICES, 20),)),
    (UnitTargets("v1", Targets(households=9)), UnitTargets("v3", Targets(visits=3))),
)
NOW = datetime(2026, 10, 12, 5, 0, tzinfo=UTC)
"""Noon of Monday in Viet Nam: one and a half of three days."""


@pytest.fixture
def kit(database: Callable[..., Database]) -> Iterator[Kit]:
    with opened(database("visits")) as kit:
        with kit.engine.begin() as tx:
            born = {"kind": "village", "effective": "2026-01-01", "seats": []}
            told = [{"team_id": str(team), "unit_id": unit, **born} for team, unit in STANDING.items()]
            Network().apply(tx, [of_teams(n, "TeamEstablished", **data) for n, data in enumerate(told, 1)])
        yield kit


def random_visit(n: int, chance: Random) -> RecordVisit:
    place = chance.randrange(40)
    skills = chance.sample(list(Skill), chance.randint(0, 3))
    learned = tuple(SkillLevel(skill, chance.choice(list(Level))) for skill in skills)
    return RecordVisit(
        visit_id=UUID(int=n),
        place_id=UUID(int=place << 64),
        place_kind=PlaceKind.SHOP if place % 10 == 0 else PlaceKind.HOUSEHOLD,
        unit_id=("v1", "v2", "v3", "c3", "c1")[place % 5],
        day=SUNDAY + timedelta(chance.randint(-3, 4)),
        team_id=chance.choice(TEAMS[:4]),
        member_ids=(UUID(int=70),),
        learners=(Learner("a", AgeBand.FROM_60, learned),),
        latest=by(SUNDAY),
    )


def recounted(visits: Sequence[RecordVisit], units: set[str]) -> dict[str, Any]:
    """What was done in these units, told from the visits one by one."""
    here = [v for v in visits if v.unit_id in units]
    window = [v for v in here if PLAN.first_day <= v.day <= PLAN.last_day]
    since: dict[tuple[UUID, Skill], date] = {}
    for v in here:
        for learner in v.learners:
            for s in learner.skills:
                if s.level is Level.DOES and v.place_kind is PlaceKind.HOUSEHOLD:
                    since[v.place_id, s.skill] = min(v.day, since.get((v.place_id, s.skill), v.day))
    all_five: dict[UUID, date] = {}
    for place in {place for place, _ in since}:
        days = [day for (of, _), day in since.items() if of == place]
        if len(days) == len(Skill):
            all_five[place] = max(days)
    gained = [str(skill) for (_, skill), day in since.items() if PLAN.first_day <= day <= PLAN.last_day]
    gained += ["all" for day in all_five.values() if PLAN.first_day <= day <= PLAN.last_day]
    return {
        "visits": len(window),
        "households": len({v.place_id for v in window if v.place_kind is PlaceKind.HOUSEHOLD}),
        "covered": {skill: gained.count(skill) for skill in (*map(str, Skill), "all")},
    }


def changed(kit: Kit, handler: Handler[Any, Any, Any], visits: list[RecordVisit], chance: Random) -> None:
    """A third of the visits are corrected, or voided and then gone from the list."""
    queries = VisitQueries(kit)
    for n, visit in chance.sample(list(enumerate(visits)), len(visits) // 3):
        known = queries.visit(visit.visit_id)
        assert known is not None
        where: dict[str, Any] = {"visit_id": visit.visit_id, "place_id": visit.place_id, "seen": known.seen}
        if chance.random() < 0.4:
            handler.handle(envelope(VoidVisit(reason=Mistake.NEVER_HAPPENED, **where)))
            visits[n] = replace(visit, unit_id="nowhere")
        else:
            other = random_visit(0, chance)
            said = {"day": other.day, "team_id": other.team_id, "learners": other.learners}
            content = replace(known.seen.content, **said)
            handler.handle(envelope(CorrectVisit(content=content, reason=Mistake.TYPO, latest=by(SUNDAY), **where)))
            visits[n] = replace(visit, **said)


def tree_of(kit: Kit) -> UnitTree:
    return UnitDirectory(kit.engine).tree()


@pytest.mark.parametrize("seed", range(4))
def test_a_board_equals_a_recount(kit: Kit, seed: int) -> None:
    chance = Random(seed)
    places = kit.handler(PLACES, partition_of=partition_of, guard_reads=True)
    visits = [random_visit(n, chance) for n in range(1, 200)]
    left = list(visits)
    while left:
        size = chance.randint(1, 60)
        places.handle_many([envelope(visit, visit.visit_id) for visit in left[:size]])
        left = left[size:]
        if chance.random() < 0.7:
            project(kit, Activity(PARTITIONS))
    changed(kit, places, visits, chance)
    project(kit, Activity(PARTITIONS))
    visits = [visit for visit in visits if visit.unit_id != "nowhere"]

    board = Boards(kit.engine).board(PLAN, tree_of(kit), NOW)
    assert board["sum"]["done"] == recounted(visits, BELOW["c1"] | BELOW["c2"])
    shown = {each["unit_id"]: each for each in board["units"]}
    assert list(shown) == ["c1", "v1", "c2", "v3"]
    for unit, figures in shown.items():
        assert figures["done"] == recounted(visits, BELOW.get(unit, {unit})), unit
    assert sum(board["as_of"].values()) == sum(kit.log.heads().values())
    assert (board["days"], board["elapsed_days"]) == (3, 1.5)
    done = board["sum"]["done"]["visits"]
    assert board["sum"]["projected"]["visits"] == 2 * done
    assert board["sum"]["per_day"]["visits"] == round(done / 1.5, 1)

    window = [v for v in visits if PLAN.first_day <= v.day <= PLAN.last_day]
    active = {v.team_id for v in window}
    silent = {team: unit for team, unit in STANDING.items() if unit != "c3" and team not in active}
    assert board["sum"]["teams"] == {"standing": 5, "suspended": 0, "silent": len(silent)}
    listed = Boards(kit.engine).silent_teams(PLAN, tree_of(kit), NOW, PLAN.unit_ids, "", 9)
    assert {UUID(each["team_id"]): each["unit_id"] for each in listed} == silent


def test_targets_and_pages_of_silent_teams(kit: Kit) -> None:
    boards, tree = Boards(kit.engine), tree_of(kit)
    board = boards.board(PLAN, tree, NOW)
    assert board["sum"]["targets"] == {"visits": 100, "households": None, "covered": {"public_services": 20}}
    assert [each["targets"]["households"] for each in board["units"]] == [None, 9, None, None]
    assert board["sum"]["projected"]["visits"] == 0
    assert board["sum"]["teams"] == {"standing": 5, "suspended": 0, "silent": 5}
    first = boards.silent_teams(PLAN, tree, NOW, ("c1",), "", 2)
    rest = boards.silent_teams(PLAN, tree, NOW, ("c1",), first[-1]["team_id"], 2)
    assert [each["unit_id"] for each in (*first, *rest)] == ["v1", "v2", "c1"]
    assert boards.board(PLAN, tree, NOW + timedelta(milliseconds=900)) is board, "counted once a second at most"
    before = boards.board(PLAN, tree, NOW - timedelta(30))
    assert (before["elapsed_days"], before["sum"]["projected"]["visits"]) == (0, None)


MEMBERS = {
    "TeamSuspended": "suspended",
    "TeamResumed": "resumed",
    "TeamRenamed": "renamed",
    "SeatReleased": "released",
    "TeamDissolved": "dissolved",
}


def corrected(fact: int, type_: str, day: date | None) -> tuple[str, dict[str, Any]]:
    """Of the first team; ``day`` None: it never was so."""
    now = None if day is None else {"team_id": str(TEAMS[0]), "effective": day.isoformat()}
    told = {"fact": fact, "type": type_, "how": "voided" if now is None else "corrected", MEMBERS[type_]: now}
    return "TeamCorrected", {"facts": [told], "counts": [], "effective": SUNDAY.isoformat()}


def teams_on(kit: Kit, *days: int) -> list[dict[str, int]]:
    """What the board says of the teams at noon of these days of the campaign."""
    noons = [NOW + timedelta(day - 1) for day in days]
    return [Boards(kit.engine).board(PLAN, tree_of(kit), noon)["sum"]["teams"] for noon in noons]


def tell(kit: Kit, *facts: tuple[str, dict[str, Any]]) -> None:
    with kit.engine.begin() as tx:
        events = [
            of_teams(n, type_, **{"team_id": str(TEAMS[0]), "unit_id": "v1"} | data)
            for n, (type_, data) in enumerate(facts)
        ]
        Network().apply(tx, events)


def test_a_suspended_team_is_not_silent_as_of_the_day(kit: Kit) -> None:
    days = [(SUNDAY + timedelta(n)).isoformat() for n in range(3)]
    all_of_them, without = ({"standing": 5 - n, "suspended": n, "silent": 5 - n} for n in (0, 1))
    tell(kit, ("TeamRenamed", {"effective": days[0]}), ("TeamSuspended", {"effective": days[1]}))
    assert teams_on(kit, 0, 1, 2) == [all_of_them, without, without]
    listed = Boards(kit.engine).silent_teams(PLAN, tree_of(kit), NOW, PLAN.unit_ids, "", 9)
    assert str(TEAMS[0]) not in {each["team_id"] for each in listed} and len(listed) == 4
    tell(kit, ("TeamResumed", {"effective": days[2]}), ("SeatReleased", {"effective": days[0]}))
    assert teams_on(kit, 0, 1, 2) == [all_of_them, without, all_of_them]
    tell(kit, corrected(3, "TeamSuspended", SUNDAY))
    assert teams_on(kit, 0, 1, 2) == [without, without, all_of_them]
    tell(kit, corrected(4, "TeamResumed", None))
    assert teams_on(kit, 0, 1, 2) == [without] * 3
    tell(kit, corrected(3, "TeamSuspended", None), corrected(4, "TeamResumed", SUNDAY))
    assert teams_on(kit, 0, 1, 2) == [all_of_them] * 3


def test_a_suspended_team_that_serves_another_unit_stays_suspended_until_it_ends(kit: Kit) -> None:
    day = SUNDAY.isoformat()
    moved = {"from_unit_id": "v1", "unit_id": "v2", "seats": 0, "effective": day}
    tell(kit, ("TeamSuspended", {"effective": "2026-09-01"}), ("TeamReassigned", moved))
    assert teams_on(kit, 1) == [{"standing": 4, "suspended": 1, "silent": 4}]
    rearranged = {"team_id": str(TEAMS[0]), "unit_id": "v2", "existed": True, "exists": False}
    seats: dict[str, Any] = {"carried": [], "joined": [], "released": [], "restored": []}
    tell(kit, ("TeamsRearranged", {"teams": [rearranged], "effective": day, **seats}))
    assert teams_on(kit, 1) == [{"standing": 4, "suspended": 0, "silent": 4}]
    again = rearranged | {"existed": False, "exists": True}
    tell(kit, ("TeamsRearranged", {"teams": [again], "effective": (SUNDAY + timedelta(1)).isoformat(), **seats}))
    assert teams_on(kit, 1) == [{"standing": 5, "suspended": 0, "silent": 5}]


@pytest.mark.parametrize("seed", range(3))
def test_suspensions_equal_a_recount_however_facts_come_and_are_corrected(kit: Kit, seed: int) -> None:
    chance = Random(seed)
    known: list[tuple[str, date | None]] = [("TeamEstablished", date(2026, 1, 1))]
    told: list[tuple[str, dict[str, Any]]] = []
    for _ in range(25):
        day = SUNDAY + timedelta(chance.randint(-2, 3))
        if len(known) > 1 and chance.random() < 0.4:
            n = chance.randrange(1, len(known))
            known[n] = (known[n][0], None if chance.random() < 0.4 else day)
            told.append(corrected(n + 1, *known[n]))
        else:
            type_ = chance.choice(["TeamSuspended", "TeamResumed", "TeamRenamed", "SeatReleased"])
            known.append((type_, day))
            told.append((type_, {"effective": day.isoformat()}))
    while told:
        size = chance.randint(1, 9)
        tell(kit, *told[:size])
        told = told[size:]
    for n in range(3):
        said = [
            type_
            for day, _, type_ in sorted((day, i, type_) for i, (type_, day) in enumerate(known) if day is not None)
            if day <= SUNDAY + timedelta(n) and type_ in ("TeamSuspended", "TeamResumed")
        ]
        suspended = int(said[-1:] == ["TeamSuspended"])
        assert teams_on(kit, n) == [{"standing": 5 - suspended, "suspended": suspended, "silent": 5 - suspended}]


def test_the_life_of_a_campaign_in_lists_and_publicly(kit: Kit) -> None:
    handler = kit.handler(CAMPAIGNS, partition_of=partition_of)
    queries, tree = CampaignQueries(kit.engine, handler), tree_of(kit)
    ids = [UUID(int=n) for n in range(1, 4)]
    for n, campaign_id in enumerate(ids):
        handler.handle(envelope(ScheduleCampaign(campaign_id, PLAN), campaign_id))
        if n < 2:
            handler.handle(envelope(OpenCampaign(campaign_id, SUNDAY)))
    handler.handle(envelope(CloseCampaign(ids[0], SUNDAY)))
    handler.handle(envelope(CancelCampaign(ids[2], Personal("bão"))))
    project(kit, records_of(kit))

    def listed(unit: str, state: str | None = None, day: date = SUNDAY) -> list[str]:
        return [each["state"] for each in queries.listed(day, day, state, unit, tree)]

    assert listed("p1") == listed("v1") == listed("v3") == ["closed", "open", "cancelled"]
    assert listed("nation", "open") == ["open"] and listed("p2") == [] == listed("c1", day=SUNDAY - timedelta(1))
    assert queries.campaign(ids[1]) == (PLAN, "open", 2) and queries.campaign(UUID(int=9)) is None
    publish = Publisher(UnitDirectory(kit.engine))
    stored = [event for p in range(PARTITIONS) for event in kit.log.read(p, 0, 99)]
    public = [publish(event) for event in stored]
    assert "bão" not in str([event.data for event in stored]) and "reason" not in str(public)
    scheduled = next(p for p in public if p and p.type == CampaignScheduled.__name__)
    assert scheduled.data["targets"] == {
        "visits": 100,
        "households": None,
        "covered": [{"skill": "public_services", "households": 20}],
    }
    assert [each["unit_id"] for each in scheduled.data["unit_targets"]] == ["v1", "v3"]
