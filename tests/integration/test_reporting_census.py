"""Units with and without a team, communes awaiting a decision, rates over declared households, counted naively."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from ops.local.provision import Database
from services.reporting.periods import Step
from services.reporting.placing import BEFORE_REFORM, place
from services.reporting.schemas.reports import Page, Way
from shared.db import engine
from shared.units import UnitTree
from tests.reporting_kit import AFTER, NATION, Facts, MirrorWriter, country, some_facts, team, unit_rows
from tests.reporting_stack import TODAY, Stack, tree_of

NAMES = (
    *("communes", "communes_with_team", "communes_without_team", "communes_awaiting", "communes_with_team_share"),
    *("villages", "villages_with_team", "villages_without_team", "provinces_with_team", "provinces_complete"),
    "teams_awaiting",
)
UNITS = country(random.Random(3))
MERGED = [data["unit_id"] for type_, data in UNITS if type_ == "UnitAbolished" and data["effective"] == str(AFTER)]
"""Villages that became ``late-village``."""


def declared(unit: str, day: date, total: int) -> Any:
    data = {"unit_id": unit, "day": str(day), "total": total, "qualifier": "exact", "source": "xã", "before": None}
    return "visits", 0, f"households:{unit}", ("HouseholdsDeclared", data)


@pytest.fixture(scope="module")
def facts() -> Facts:
    rng, tree = random.Random(5), tree_of(UNITS)
    made = some_facts(rng, tree, 120)
    for n, commune in enumerate(tree.existing(BEFORE_REFORM, "commune")):
        if commune.startswith(("p1", "p2-d1")) or n % 3:
            team(made, f"commune-{n}", "commune", commune, date(2023, 1 + n % 12, 1), 5)
    for n, village in enumerate(MERGED):  # before any other
        team(made, f"village-{n}", "village", village, date(2021, 12, 1 + n), 5)
    return made


@pytest.fixture(scope="module")
def stack(module_database: Callable[..., Database], facts: Facts) -> Iterator[Stack]:
    own = engine(module_database("reporting").app_url, name="test", pool_size=8)
    made = Stack(own, MirrorWriter(own))
    tree = tree_of(UNITS)
    # Every home of the first province, all but one of the second one's, and none of the third one's.
    homes = [unit for unit in tree.existing(BEFORE_REFORM, "village") if unit.startswith(("p1", "p2"))]
    homes.remove("p2-d2-c3-v2")
    households = [declared(unit, date(2024, 1, 1) + timedelta(days=n % 3), 100) for n, unit in enumerate(homes)]
    made.mirror.add([*unit_rows(UNITS), *facts.events, *households])
    made.units()
    made.maps.settle()
    made.figures()
    yield made
    own.dispose()


def naive(facts: Facts, tree: UnitTree, unit: str, map_day: date, as_of: date) -> dict[str, int]:
    def inside(level: str) -> list[str]:
        return [u for u in tree.existing(map_day, level) if unit in tree.ancestors(u, map_day)]

    def teams(kinds: tuple[str, ...], at: str) -> int:
        stand = 0
        for kind, leaf, day, n, _ in facts.teams:
            where = place(tree, leaf, map_day)
            here = where.home if kinds == ("village",) else where.commune if kinds == ("commune",) else where.province
            stand += n if kind in kinds and here == at and day <= as_of else 0
        return stand

    communes, villages = inside("commune"), inside("village")
    with_team = [commune for commune in communes if teams(("commune",), commune) > 0]
    taught = [village for village in villages if teams(("village",), village) > 0]
    provinces = inside("province")
    stand: Counter[tuple[str | None, str]] = Counter()
    moved: Counter[tuple[str | None, str]] = Counter()
    for kind, leaf, day, n, _ in facts.teams:
        home = place(tree, leaf, map_day).home
        if day <= as_of and home is not None and unit in tree.ancestors(home, map_day):
            stand[home, kind] += n
            moved[home, kind] += n if home != leaf else 0
    complete = [p for p in provinces if all(c in with_team for c in communes if p in tree.ancestors(c, map_day))]
    return {
        "communes": len(communes),
        "communes_with_team": len(with_team),
        "communes_without_team": len(communes) - len(with_team),
        "communes_awaiting": sum(teams(("commune",), commune) > 1 for commune in communes),
        "villages": len(villages),
        "villages_with_team": len(taught),
        "villages_without_team": len(villages) - len(taught),
        "provinces_with_team": sum(teams(("commune", "village"), p) > 0 for p in provinces),
        "provinces_complete": len(complete),
        "teams_awaiting": sum(n if n > 1 else moved[at] for at, n in stand.items()),
    }


def told(figures: dict[str, Any]) -> dict[str, int]:
    return {name: n for name, n in figures.items() if isinstance(n, int)}


@pytest.mark.parametrize(
    ("unit", "map_day"),
    [
        (NATION, TODAY),
        (NATION, BEFORE_REFORM),
        (NATION, date(2025, 8, 1)),
        ("p1", BEFORE_REFORM),
        ("p2-d1", BEFORE_REFORM),
        ("p1-d1-c1", BEFORE_REFORM),
        ("q1", TODAY),
        ("q1-n1", AFTER),
        ("p1-d1-c1-v1", BEFORE_REFORM),
        ("p3", TODAY),
    ],
)
def test_units_with_and_without_a_team_on_any_map_and_day(stack: Stack, facts: Facts, unit: str, map_day: date) -> None:
    tree = stack.reports.area.tree
    shown = stack.reports.area.shown(unit, map_day).map_day
    for as_of in (date(2022, 1, 1), date(2023, 6, 30), date(2024, 2, 1), TODAY):
        answer = stack.answer(unit, map_day, as_of=as_of, names=NAMES)
        expected = naive(facts, tree, unit, shown, as_of)
        assert told(answer["figures"]) == expected, as_of
        share = answer["figures"]["communes_with_team_share"]
        assert (share["numerator"], share["denominator"]) == (expected["communes_with_team"], expected["communes"])
        rows = stack.answer(unit, map_day, as_of=as_of, names=NAMES, by=Way.UNIT)["units"]
        for row in rows:
            assert told(row["figures"]) == naive(facts, tree, row["unit"]["id"], shown, as_of), row["unit"]["id"]


def test_what_was_asked_about_really_occurs(stack: Stack) -> None:
    eve = told(stack.answer(NATION, BEFORE_REFORM, as_of=BEFORE_REFORM, names=NAMES)["figures"])
    now = told(stack.answer(NATION, TODAY, names=NAMES)["figures"])
    assert 0 < eve["communes_with_team"] < eve["communes"] == 18 and 0 < eve["villages_with_team"] < eve["villages"]
    assert 0 < eve["provinces_complete"] < 3 and now["communes_awaiting"] > 0
    assert (
        told(stack.answer(NATION, BEFORE_REFORM, as_of=date(2022, 1, 1), names=NAMES)["figures"])["communes_with_team"]
        < eve["communes_with_team"]
    )


def test_a_team_whose_unit_is_gone_awaits_a_decision_and_so_do_all_of_merged_villages(stack: Stack) -> None:
    def awaiting(unit: str, map_day: date, as_of: date) -> int:
        found: int = stack.answer(unit, map_day, as_of=as_of, names=("teams_awaiting",))["figures"]["teams_awaiting"]
        return found

    first, last = date(2021, 12, 1), date(2021, 12, len(MERGED))
    for unit in ("late-village", "q1-n1", "q1", NATION):
        assert (awaiting(unit, TODAY, first), awaiting(unit, TODAY, last)) == (1, len(MERGED)), unit
    assert [awaiting(unit, BEFORE_REFORM, last) for unit in (*MERGED, NATION)] == [0] * (len(MERGED) + 1)


@pytest.mark.parametrize(("unit", "map_day"), [(NATION, TODAY), ("p1", BEFORE_REFORM), ("q1", TODAY)])
def test_a_series_and_a_ranking_say_the_same(stack: Stack, unit: str, map_day: date) -> None:
    first, last = date(2023, 1, 10), date(2024, 3, 5)
    answer = stack.answer(unit, map_day, first=first, last=last, by=Step.QUARTER, names=NAMES, previous=True)
    for each in answer["periods"]:
        for part in (each, each["previous"]):
            alone = stack.answer(unit, map_day, as_of=part["to"], names=NAMES)
            assert part["figures"] == alone["figures"], each["period"]
    page = Page("commune", "communes_awaiting", descending=True)
    rows = stack.answer(unit, map_day, by=Way.UNIT, names=NAMES, page=page)
    counted = [row["figures"]["communes_awaiting"] for row in rows["units"]]
    assert counted == sorted(counted, reverse=True) and sum(counted) == rows["figures"]["communes_awaiting"]


def test_a_rate_is_told_where_every_village_has_declared_its_households(stack: Stack) -> None:
    names, day = ("coverage_all", "coverage_online_payment_knows", "households", "covered_all"), date(2025, 6, 1)
    rate = {u: stack.answer(u, BEFORE_REFORM, as_of=day, names=names)["figures"] for u in ("p1", "p2", "p3", "p2-d1")}
    assert rate["p1"]["coverage_all"]["denominator"] == rate["p1"]["households"] == 1_200
    assert rate["p1"]["coverage_all"]["value"] == round(100 * rate["p1"]["covered_all"] / 1_200, 2) > 0
    assert rate["p1"]["coverage_online_payment_knows"] == rate["p1"]["coverage_all"]
    assert (
        rate["p2"]["coverage_all"] | {"value": None, "denominator": 1_100, "known": 11, "of": 12}
        == rate["p2"]["coverage_all"]
    )
    assert rate["p2-d1"]["coverage_all"]["value"] is not None
    assert (
        rate["p3"]["coverage_all"] | {"value": None, "denominator": "unknown", "known": 0} == rate["p3"]["coverage_all"]
    )
    early = stack.answer("p1", BEFORE_REFORM, as_of=date(2024, 1, 1), names=names)["figures"]["coverage_all"]
    assert early["value"] is None and 0 < early["known"] < early["of"] == 12
    ranked = stack.answer(
        NATION, BEFORE_REFORM, as_of=day, names=names, by=Way.UNIT, page=Page(sort="coverage_all", descending=True)
    )["units"]
    assert ranked[0]["unit"]["id"] == "p1" and ranked[-1]["figures"]["coverage_all"]["value"] is None
