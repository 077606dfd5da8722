"""Campaigns and their boards on PostgreSQL: what a board says is what the facts of its days and units add up to."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from ops.local.provision import Database
from services.reporting.domain import SKILLS
from services.reporting.queries.board import Boards, version
from services.reporting.queries.campaigns import CampaignQueries
from shared.db import engine
from shared.problems import Problem
from tests.reporting_kit import NATION, Facts, MirrorWriter, country, recount, some_facts, unit_rows, visited
from tests.reporting_stack import Stack, tree_of

FIRST, LAST, TODAY = date(2026, 3, 2), date(2026, 5, 31), date(2026, 5, 1)
NOON = datetime(2026, 5, 1, 5, tzinfo=UTC)
TARGETS = {"visits": 40, "households": 30, "covered": [{"skill": "online_payment", "households": 5}]}
NOTHING: dict[str, Any] = {"visits": None, "households": None, "covered": []}
WHOLE, PROVINCE, ENDED, NESTED, TOGETHER, APART = (UUID(int=n) for n in range(1, 7))


def planned(campaign: UUID, units: list[str], first: date = FIRST, last: date = LAST, **more: Any) -> Any:
    data = {"campaign_id": str(campaign), "name": "Ngày chủ nhật số", "first_day": str(first), "last_day": str(last)}
    data |= {"unit_ids": units, "targets": NOTHING, "unit_targets": []} | more
    return "visits", 0, f"campaign:{campaign}", ("CampaignScheduled", data)


def step(campaign: UUID, type_: str, **data: Any) -> Any:
    return "visits", 0, f"campaign:{campaign}", (type_, {"campaign_id": str(campaign)} | data)


PLANS = [
    planned(WHOLE, [NATION], targets=TARGETS, unit_targets=[{"unit_id": "q1-n1", "targets": NOTHING | {"visits": 7}}]),
    planned(PROVINCE, ["q1"], first=FIRST - timedelta(days=9)),
    step(PROVINCE, "CampaignChanged", **planned(PROVINCE, ["q1"], name="Tháng cao điểm")[3][1]),
    step(PROVINCE, "CampaignOpened", day=str(FIRST)),
    planned(ENDED, ["p1-d1", "p2"], date(2024, 1, 1), date(2024, 12, 31)),
    step(ENDED, "CampaignOpened", day="2024-01-01"),
    step(ENDED, "CampaignClosed", day="2024-12-31"),
    planned(NESTED, ["q2", "q2-n1", "q1-n1", "nowhere"], date(2026, 4, 1), date(2026, 4, 30)),
    step(NESTED, "CampaignCancelled"),
]


@pytest.fixture(scope="module")
def facts() -> Facts:
    rng = random.Random(7)
    made = some_facts(rng, tree_of(country(random.Random(3))), 200)
    for n in range(25):  # in the days of the campaigns, some twice
        known: set[date] = set()
        for day in (FIRST + timedelta(days=n), FIRST + timedelta(days=40 - n))[: 1 + n % 2]:
            visited(made, f"c{n}", f"q{1 + n % 2}-n{1 + n % 4}", day, known, 2, n % 3 == 0)
    return made


@pytest.fixture(scope="module")
def stack(module_database: Callable[..., Database], facts: Facts) -> Iterator[Stack]:
    own = engine(module_database("reporting").app_url, name="test", pool_size=8)
    made = Stack(own, MirrorWriter(own), TODAY)
    made.mirror.add([*unit_rows(country(random.Random(3))), *facts.events, *PLANS])
    made.units()
    made.maps.settle()
    made.figures()
    yield made
    own.dispose()


def board(stack: Stack, campaign: UUID, unit: str | None = None, now: datetime = NOON) -> dict[str, Any]:
    return Boards(stack.reports.area).board(campaign, unit, now, "en")


def done(figures: dict[str, Any]) -> dict[str, int]:
    return {name: each["done"] for name, each in figures.items()}


def expected(facts: Facts, stack: Stack, unit: str, map_day: date, first: date, last: date) -> dict[str, int]:
    tree = stack.reports.area.tree
    now = recount(facts, tree, unit, map_day, first, last, last)
    eve = first - timedelta(days=1)
    before = recount(facts, tree, unit, map_day, first, last, eve)
    gained = {f"gained_{skill}": now[f"covered_{skill}"] - before[f"covered_{skill}"] for skill in (*SKILLS, "all")}
    return {name: now[name] for name in ("visits", "households_reached", "people_taught")} | gained


@pytest.mark.parametrize(
    ("campaign", "unit", "roots", "first", "last", "map_day"),
    [
        (WHOLE, None, [NATION], FIRST, LAST, TODAY),
        (WHOLE, "q1", ["q1"], FIRST, LAST, TODAY),
        (WHOLE, "q1-n1", ["q1-n1"], FIRST, LAST, TODAY),
        (PROVINCE, None, ["q1"], FIRST, LAST, TODAY),
        (PROVINCE, NATION, ["q1"], FIRST, LAST, TODAY),
        (ENDED, None, ["p1-d1", "p2"], date(2024, 1, 1), date(2024, 12, 31), date(2024, 12, 31)),
        (ENDED, "p1", ["p1-d1"], date(2024, 1, 1), date(2024, 12, 31), date(2024, 12, 31)),
        (NESTED, None, ["q2", "q1-n1"], date(2026, 4, 1), date(2026, 4, 30), date(2026, 4, 30)),
    ],
)
def test_a_board_is_what_the_facts_of_its_days_and_units_add_up_to(
    stack: Stack,
    facts: Facts,
    campaign: UUID,
    unit: str | None,
    roots: list[str],
    first: date,
    last: date,
    map_day: date,
) -> None:
    told = board(stack, campaign, unit)
    parts = [expected(facts, stack, root, map_day, first, last) for root in roots]
    whole = done(told["figures"])
    assert {name: sum(part[name] for part in parts) for name in parts[0]} == {
        name: n for name, n in whole.items() if name != "active_teams"
    }
    assert whole["visits"] > 0 and told["map"] == map_day
    for row in told["units"]:
        mine = done(row["figures"])
        mine.pop("active_teams")
        assert mine == expected(facts, stack, row["unit"]["id"], map_day, first, last)


def test_targets_pace_and_what_they_come_to(stack: Stack) -> None:
    told = board(stack, WHOLE)
    assert (told["days"], told["elapsed_days"]) == (91, 60.5)
    visits, payment = told["figures"]["visits"], told["figures"]["gained_online_payment"]
    assert payment["done"] > 0
    assert visits["target"] == 40 and visits["percent"] == round(100 * visits["done"] / 40, 1)
    assert visits["per_day"] == round(visits["done"] / 60.5, 1)
    assert visits["projected"] == max(visits["done"], round(visits["done"] / 60.5 * 91))
    assert payment["target"] == 5 and told["figures"]["households_reached"]["target"] == 30
    assert told["figures"]["people_taught"] | {"target": None, "percent": None} == told["figures"]["people_taught"]
    [own] = [row for row in told["units"] if row["figures"]["visits"]["target"] is not None]
    assert own["unit"]["id"] == "q1-n1" and own["figures"]["visits"]["target"] == 7
    assert {row["unit"]["id"] for row in told["units"]} == {"q1", "q2", "q1-n1"} and told["units_in_all"] == 3
    assert board(stack, WHOLE, "q1-n1")["figures"]["visits"]["target"] == 7
    assert board(stack, WHOLE, "q2")["figures"]["visits"]["target"] is None
    assert board(stack, PROVINCE, NATION)["figures"] == board(stack, PROVINCE)["figures"]


def test_a_unit_that_is_not_known_is_said_and_not_counted(stack: Stack) -> None:
    told = board(stack, NESTED)
    assert [warn["code"] for warn in told["warnings"] if warn["code"] == "units_unknown"] == ["units_unknown"]
    assert {row["unit"]["id"] for row in told["units"]} == {"q2", "q1-n1"}, "one inside another is no row of its own"


@pytest.mark.parametrize(
    ("campaign", "unit", "code"),
    [
        (UUID(int=99), None, "not-found"),
        (PROVINCE, "q2", "unit-not-in-campaign"),
        (ENDED, "p3", "unit-not-in-campaign"),
    ],
)
def test_what_there_is_no_board_of(stack: Stack, campaign: UUID, unit: str | None, code: str) -> None:
    with pytest.raises(Problem) as refused:
        board(stack, campaign, unit)
    assert refused.value.code == code


def listed(stack: Stack, *units: str, **asked: Any) -> list[UUID]:
    query = {"state": None, "day": None, "behind": None, "limit": 50} | asked
    found = CampaignQueries(stack.reports.area).listed(units, **query)
    return [each["campaign_id"] for each in found["campaigns"]]


def test_campaigns_are_listed_by_unit_state_and_day_the_latest_first(stack: Stack) -> None:
    assert listed(stack, NATION) == [NESTED, PROVINCE, WHOLE, ENDED]
    assert listed(stack, "q2") == listed(stack, "p3") == [NESTED, WHOLE]
    assert listed(stack, "q1") == [NESTED, PROVINCE, WHOLE, ENDED], "what is its place now was so then"
    assert set(listed(stack, "q1-n2")) >= {PROVINCE, WHOLE}
    assert listed(stack) == []
    assert listed(stack, NATION, state="cancelled") == [NESTED]
    assert listed(stack, NATION, state="open") == [PROVINCE]
    assert listed(stack, NATION, state="closed", day=date(2024, 12, 31)) == [ENDED]
    assert listed(stack, NATION, state="scheduled", day=LAST) == [WHOLE]
    assert listed(stack, NATION, day=LAST + timedelta(days=1)) == []
    queries, behind, found = CampaignQueries(stack.reports.area), None, []
    while True:
        answer = queries.listed([NATION], None, None, behind, 1)
        found += answer["campaigns"]
        if answer["next"] is None:
            break
        day, _, identity = answer["next"].partition("_")
        behind = date.fromisoformat(day), UUID(identity)
    assert [each["campaign_id"] for each in found] == [NESTED, PROVINCE, WHOLE, ENDED]
    assert found[1]["name"] == "Tháng cao điểm" and found[1]["first_day"] == FIRST
    assert found[2]["targets"] == {"visits": 40, "households_reached": 30, "gained_online_payment": 5}


def test_a_late_visit_counts_for_the_campaign_of_its_day_and_changes_its_board(stack: Stack) -> None:
    boards, facts = Boards(stack.reports.area), Facts()
    before, moved = [board(stack, each) for each in (WHOLE, ENDED)], boards.moved()
    assert [version(board(stack, each)) for each in (WHOLE, ENDED)] == [version(each) for each in before]
    later = board(stack, WHOLE, now=NOON + timedelta(minutes=1))
    assert version(later) == version(before[0]), "the clock alone is no news"
    visited(facts, "late", "p2-d1-c1-v1", date(2024, 12, 31), set(), 1, False)
    stack.mirror.add(facts.events)
    stack.figures()
    after = [board(stack, each) for each in (WHOLE, ENDED)]
    assert boards.moved() != moved
    assert version(after[0]) == version(before[0]) and version(after[1]) != version(before[1])
    assert done(after[1]["figures"])["visits"] == done(before[1]["figures"])["visits"] + 1


def estimated(told: dict[str, Any]) -> int:
    return sum(warn["facts"] for warn in told["warnings"] if warn["code"] == "estimated")


def test_of_several_units_it_is_uncertain_what_may_belong_to_none_of_them(stack: Stack) -> None:
    """Communes of before the reform went to communes of one province each."""
    communes = {q: [f"{q}-n{n}" for n in range(1, 5)] for q in ("q1", "q2")}
    alone = {unit: estimated(board(stack, WHOLE, unit)) for of in communes.values() for unit in of}
    doubtful = [max(of, key=lambda unit: alone[unit]) for of in communes.values()]
    stack.mirror.add([planned(TOGETHER, communes["q1"]), planned(APART, doubtful)])
    stack.figures()
    assert estimated(board(stack, TOGETHER)) == 0
    assert estimated(board(stack, TOGETHER, doubtful[0])) == alone[doubtful[0]] > 0
    assert estimated(board(stack, APART)) == sum(alone[unit] for unit in doubtful) > alone[doubtful[0]]
