"""What one question answers: totals, rankings, series and what came before agree with each other."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from ops.local.provision import Database
from services.reporting.periods import CALENDARS, Step, period, previous
from services.reporting.placing import BEFORE_REFORM
from services.reporting.schemas.reports import Page, Way
from shared.db import engine
from shared.problems import Problem
from tests.reporting_kit import AFTER, NATION, MirrorWriter, country, reached, some_facts, unit_rows
from tests.reporting_stack import TODAY, Stack, codes, tree_of

Ask = Callable[..., dict[str, Any]]
FIRST, LAST = date(2025, 3, 3), date(2026, 5, 20)
COUNTED = ("network", "activity", "coverage", "training", "quality")


@pytest.fixture(scope="module")
def stack(module_database: Callable[..., Database]) -> Iterator[Stack]:
    """A country with a reform and its facts; tests only ask."""
    own = engine(module_database("reporting").app_url, name="test", pool_size=8)
    made = Stack(own, MirrorWriter(own))
    rng = random.Random(3)
    units = country(rng)
    made.mirror.add([*unit_rows(units), *some_facts(rng, tree_of(units), 120).events])
    made.units()
    made.maps.settle()
    made.figures()
    yield made
    own.dispose()


UNITS = [
    (NATION, TODAY),
    (NATION, date(2023, 1, 1)),
    ("p1", BEFORE_REFORM),
    ("p1-d1", BEFORE_REFORM),
    ("q1", TODAY),
    ("q1-n1", TODAY),
    ("q1-n1", AFTER),
]


@pytest.mark.parametrize(("unit", "map_day"), UNITS)
def test_units_and_the_remainder_add_up(stack: Stack, unit: str, map_day: date) -> None:
    answer = stack.answer(unit, map_day, by=Way.UNIT, names=COUNTED)
    parts = [row["figures"] for row in answer["units"]]
    parts += [answer["remainder"]["figures"]] if answer["remainder"] else []
    for name, n in answer["figures"].items():
        if isinstance(n, int):
            assert sum(part[name] for part in parts) == n, name
        elif "by" in n:
            for code, times in n["by"].items():
                assert sum(part[name]["by"].get(code, 0) for part in parts) == times, (name, code)
            assert sum(n["by"].values()) == n["value"] == sum(part[name]["value"] for part in parts), name
    assert answer["figures"] == stack.answer(unit, map_day, names=COUNTED)["figures"]
    for row in answer["units"]:
        assert row["figures"] == stack.answer(row["unit"]["id"], map_day, names=COUNTED)["figures"]


def test_whoever_stands_nowhere_is_left_over_for_the_nation(stack: Stack) -> None:
    assert stack.answer(NATION, by=Way.UNIT)["remainder"]["figures"]["visits"] == 1
    assert "unplaced" in codes(stack.answer(NATION))
    assert "unplaced" in codes(stack.answer(NATION, date(2023, 1, 1)))


@pytest.mark.parametrize("descending", [True, False])
def test_a_ranking_is_sorted_paged_and_shares_ranks(stack: Stack, descending: bool) -> None:
    page = Page("commune", "visits", descending)
    whole = stack.answer(NATION, BEFORE_REFORM, by=Way.UNIT, page=page)
    worth = [row["figures"]["visits"] for row in whole["units"]]
    assert worth == sorted(worth, reverse=descending) and len(worth) == whole["units_in_all"] == 18
    ranks = [1 + sum(other > n if descending else other < n for other in worth) for n in worth]
    assert [row["rank"] for row in whole["units"]] == ranks and len(set(ranks)) < len(ranks)
    pages, offset = [], 0
    while offset is not None:
        part = stack.answer(
            NATION, BEFORE_REFORM, by=Way.UNIT, page=Page("commune", "visits", descending, offset=offset, limit=7)
        )
        pages += part["units"]
        offset = part["next"]
    assert pages == whole["units"]


def test_units_without_a_value_come_last_and_names_sort_in_vietnamese(stack: Stack) -> None:
    names = ("mean_team_size",)
    for descending in (True, False):
        page = Page("village", "mean_team_size", descending)
        rows = stack.answer(NATION, BEFORE_REFORM, by=Way.UNIT, names=names, page=page)["units"]
        values = [row["figures"]["mean_team_size"]["value"] for row in rows]
        known = [n for n in values if n is not None]
        assert values == [*sorted(known, reverse=descending), *[None] * (len(values) - len(known))]
        assert 0 < len(known) < len(values)


@pytest.mark.parametrize("step", [Step.WEEK, Step.MONTH, Step.QUARTER, Step.YEAR])
@pytest.mark.parametrize("calendar", CALENDARS)
def test_a_series_equals_one_report_for_each_of_its_periods(stack: Stack, step: Step, calendar: str) -> None:
    rng = random.Random(f"{step} {calendar}")
    for unit, map_day in (*UNITS, ("p1-d1-c1-v1", BEFORE_REFORM)):
        answer = stack.answer(
            unit, map_day, first=FIRST, last=LAST, by=step, calendar=CALENDARS[calendar], previous=True, names=COUNTED
        )
        assert (answer["periods"][0]["from"], answer["periods"][-1]["to"]) == (FIRST, LAST)
        for each in [answer["periods"][0], *rng.sample(answer["periods"], min(4, len(answer["periods"])))]:
            for part in (each, each["previous"]):
                alone = stack.answer(
                    unit, map_day, first=part["from"], last=part["to"], as_of=part["to"], names=COUNTED
                )
                assert part["figures"] == alone["figures"], (unit, each["period"])
        for a, b in zip(answer["periods"], answer["periods"][1:], strict=False):
            assert b["previous"]["figures"] == a["figures"]
        assert answer["figures"] == stack.answer(unit, map_day, first=FIRST, last=LAST, names=COUNTED)["figures"]


def test_the_first_period_is_compared_with_the_whole_one_before_it(stack: Stack) -> None:
    first = date(2025, 3, 1)
    answer = stack.answer(NATION, first=first, last=LAST, by=Step.MONTH, previous=True)
    before = answer["periods"][0]["previous"]
    assert (before["from"], before["to"]) == (date(2025, 2, 1), date(2025, 2, 28))
    assert before["from"] == period(first - timedelta(days=1), Step.MONTH, CALENDARS["calendar"]).first


@pytest.mark.parametrize("calendar", CALENDARS)
def test_what_came_before_is_the_same_question_of_the_period_before(stack: Stack, calendar: str) -> None:
    span = period(date(2025, 8, 10), Step.QUARTER, CALENDARS[calendar])
    ask = {"calendar": CALENDARS[calendar], "names": COUNTED}
    for way in (Way.PERIOD, Way.UNIT):
        answer = stack.answer("q1", TODAY, first=span.first, last=span.last, previous=True, by=way, **ask)
        first, last = previous(span.first, span.last, CALENDARS[calendar])
        then = stack.answer("q1", TODAY, first=first, last=last, by=way, **ask)
        told = answer["previous"]
        assert (told["from"], told["to"], told["as_of"]) == (first, last, last)
        assert told["figures"] == then["figures"]
        for name, n in answer["figures"].items():
            if isinstance(n, int):
                assert told["difference"][name] == n - then["figures"][name]
        if way is Way.UNIT:
            before = {row["unit"]["id"]: row["figures"] for row in then["units"]}
            assert {row["unit"]["id"]: row["previous"]["figures"] for row in answer["units"]} == before


def test_a_year_and_a_month_that_go_on_are_compared_with_the_same_part_of_those_before(stack: Stack) -> None:
    first, part = date(TODAY.year, 1, 1), TODAY.replace(year=TODAY.year - 1)
    then = stack.answer(NATION, TODAY, first=date(part.year, 1, 1), last=part, names=COUNTED)
    for last in (TODAY, date(TODAY.year, 12, 31)):
        answer = stack.answer(NATION, TODAY, first=first, last=last, previous=True, by=Step.MONTH, names=COUNTED)
        told = answer["previous"]
        assert (told["from"], told["to"], told["as_of"]) == (date(part.year, 1, 1), part, part)
        assert told["figures"] == then["figures"]
        row = answer["periods"][TODAY.month - 1]["previous"]
        ends = TODAY.replace(month=TODAY.month - 1)
        assert (row["from"], row["to"], row["as_of"]) == (ends.replace(day=1), ends, ends)
        alone = stack.answer(NATION, TODAY, first=ends.replace(day=1), last=ends, names=COUNTED)
        assert row["figures"] == alone["figures"]
        assert answer["periods"][1]["previous"]["to"] == date(TODAY.year, 1, 31), "a whole one with a whole one"


def test_only_what_is_asked_for_is_told_with_its_version(stack: Stack) -> None:
    answer = stack.answer(NATION, names=("training", "visits"))
    assert list(answer["figures"])[-1] == "visits" and {"attendances", "people_trained"} <= answer["figures"].keys()
    assert not {"teams", "seats"} & answer["figures"].keys()
    assert answer["indicators"] == dict.fromkeys(answer["figures"], 1)


def test_a_question_too_large_says_how_to_narrow_it(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.reporting.queries import reports

    monkeypatch.setattr(reports, "MOST_UNITS", 17)
    with pytest.raises(Problem) as refused:
        stack.answer(NATION, BEFORE_REFORM, by=Way.UNIT, page=Page("commune"))
    assert (refused.value.code, refused.value.pointer) == ("too-many-units", "/level")
    assert refused.value.params == {"most": 17, "level": "commune"}
    monkeypatch.setattr(reports, "MOST_VALUES", 30)
    with pytest.raises(Problem) as refused:
        stack.answer("p1", BEFORE_REFORM, by=Way.UNIT, page=Page("commune"))
    assert (refused.value.code, refused.value.params["indicators"]) == ("too-many-values", 5)
    assert stack.answer("p1", BEFORE_REFORM, by=Way.UNIT, page=Page("commune"), names=("visits", "seats", "teams"))


def test_a_source_that_is_not_reached_is_said_although_nothing_has_moved(stack: Stack) -> None:
    """Also by an answer that was kept; a source that was asked half a minute ago is none of these."""
    whole = stack.answer(NATION)
    assert not {"source_unchecked", "source_never_checked"} & codes(whole)
    try:
        reached(stack.engine, "teams", -30)
        reached(stack.engine, "visits", -90)
        reached(stack.engine, "training", None)
        told = {each["source"]: each for each in stack.answer(NATION)["warnings"] if "source" in each}
        assert told["visits"]["code"] == "source_unchecked" and told["training"]["code"] == "source_never_checked"
        assert told.keys() == {"visits", "training"}
        since = told["visits"]["since"]
        assert f"visits not checked since {since:%H:%M} on {since:%d/%m/%Y}" in told["visits"]["detail"]
        assert since.utcoffset() == timedelta(hours=7)
    finally:
        for source in ("teams", "visits", "training"):
            reached(stack.engine, source, 86_400)
    again = stack.answer(NATION)
    assert again["warnings"] == whole["warnings"] and again["figures"] == whole["figures"]
