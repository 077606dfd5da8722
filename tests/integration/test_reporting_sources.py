"""From a figure to its events: what all pages add is the figure, whatever the unit, the map and the days."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from ops.local.provision import Database
from services.reporting.placing import BEFORE_REFORM
from services.reporting.queries import sources
from services.reporting.queries.sources import Sources
from services.reporting.schemas.sources import SourceQuestion, SourcesQuery
from shared.db import engine
from shared.problems import Problem
from shared.vietnamese import hanoi_day
from tests.integration.test_reporting_figures import TODAY, Stack, tree_of
from tests.reporting_kit import NATION, MirrorWriter, country, some_facts, unit_rows, visited

EVER = date(2022, 1, 1)
INDICATORS = (
    *("teams", "seats", "visits", "people_taught", "households_reached", "covered_all", "people_trained"),
    *("taught_25_39", "visits_household", "covered_online_safety_knows", "gained_all"),
)


@pytest.fixture(scope="module")
def stack(module_database: Callable[..., Database]) -> Iterator[Stack]:
    """Facts of a country with a reform, one of them parked; tests only ask."""
    own = engine(module_database("reporting").app_url, name="test", pool_size=8)
    made = Stack(own, MirrorWriter(own))
    rng = random.Random(41)
    units = country(rng)
    facts = some_facts(rng, tree_of(units), 150)
    visited(facts, "parked", "p1-d1-c1-v1", date(2024, 1, 1), set(), 1, False)
    del facts.events[-1][3][1]["day"]
    made.mirror.add([*unit_rows(units), *facts.events])
    made.units()
    made.maps.settle()
    made.figures()
    # Recorded one after the other, a day each.
    with own.begin() as tx:
        tx.execute(
            text("UPDATE bus.mirror SET recorded_at = timestamptz '2024-01-01 00:00+07' + position * '1 day'::interval")
        )
    yield made
    own.dispose()


def question(indicator: str, **asked: Any) -> SourceQuestion:
    found: SourceQuestion = SourcesQuery().load({"indicator": indicator, **{k: str(v) for k, v in asked.items()}})
    return found


def pages(stack: Stack, unit: str, indicator: str, **asked: Any) -> list[dict[str, Any]]:
    drill, found = Sources(stack.reports.area), list[dict[str, Any]]()
    following: str | None = ""
    while following is not None:
        one = question(indicator, **asked, **({"page": following} if following else {}))
        shown = stack.reports.area.shown(unit, one.question.map_day)
        found.append(drill.page(shown, one.settled(stack.today), one, "en"))
        following = found[-1]["next"]
    return found


@pytest.mark.parametrize("indicator", INDICATORS)
def test_what_all_pages_add_is_the_figure(stack: Stack, indicator: str) -> None:
    rng = random.Random(indicator)
    for unit, map_day in (
        (NATION, TODAY),
        ("p1", BEFORE_REFORM),
        ("p1-d1", BEFORE_REFORM),
        ("q1", TODAY),
        ("q1-n1", TODAY),
        ("p1-d1-c1-v1", BEFORE_REFORM),
        ("q2", date(2025, 8, 1)),
        ("p2", TODAY),
    ):
        first = EVER + timedelta(days=rng.randrange(900))
        days = {"from": first, "to": first + timedelta(days=rng.randrange(900)), "map": map_day}
        told = pages(stack, unit, indicator, **days, limit=rng.choice((1, 7, 500)))
        events = [event for page in told for event in page["events"]]
        assert sum(event["adds"] for event in events) == told[0]["figure"], (unit, map_day)
        assert len({event["id"] for event in events}) == len(events)
        report = stack.answer(unit, map_day, first=days["from"], last=days["to"], as_of=days["to"], names=(indicator,))
        assert report["figures"][indicator] == told[0]["figure"]


def test_an_event_is_told_by_ids_only(stack: Stack) -> None:
    [page] = pages(stack, "p1-d1-c1", "visits", map=BEFORE_REFORM)
    assert page["events"]
    for event in page["events"]:
        names = {"source", "partition", "position", "id", "type", "recorded_at", "document_id", "facts", "adds"}
        assert event.keys() == names and event["type"] == "VisitRecorded"
        assert [fact.keys() for fact in event["facts"]] == [{"unit_id", "day", "adds"}]


def test_what_was_recorded_on_some_days_only(stack: Stack) -> None:
    def recorded(**days: date) -> list[dict[str, Any]]:
        return [event for page in pages(stack, NATION, "visits", **days) for event in page["events"]]

    everything = recorded()
    for first, last in ((date(2024, 1, 5), date(2024, 1, 9)), (date(2024, 1, 1), date(2024, 1, 3))):
        some = recorded(recorded_from=first, recorded_to=last)
        expected = [each for each in everything if first <= hanoi_day(each["recorded_at"]) <= last]
        assert some == expected and some
    assert recorded(recorded_from=date(2030, 1, 1)) == recorded(recorded_to=date(2020, 1, 1)) == []


def test_small_stretches_and_a_page_that_ends_early_change_nothing(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    [whole] = pages(stack, NATION, "households_reached")
    monkeypatch.setattr(sources, "STRETCH", 5)
    monkeypatch.setattr(sources, "SECONDS", 0.0)  # every page is out of time at once
    parts = pages(stack, NATION, "households_reached")
    assert len(parts) > 10
    assert [event for page in parts for event in page["events"]] == whole["events"]


def test_too_much_to_read_is_refused_and_says_how_to_read_less(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_POSITIONS", 100)
    with pytest.raises(Problem) as refused:
        pages(stack, NATION, "visits")
    assert (refused.value.code, refused.value.pointer) == ("too-much-to-read", "/recorded_from")
    assert pages(stack, NATION, "visits", recorded_from=date(2024, 1, 5), recorded_to=date(2024, 1, 9))


@pytest.mark.parametrize(
    ("asked", "code", "pointer"),
    [
        ({"indicator": "happiness"}, "unknown-indicator", "/indicator"),
        ({"indicator": "network"}, "unknown-indicator", "/indicator"),
        ({"indicator": "provinces_with_team"}, "indicator-without-events", "/indicator"),
        ({"indicator": "people"}, "indicator-without-events", "/indicator"),
        ({"indicator": "active_teams"}, "indicator-without-events", "/indicator"),
        ({"indicator": "platforms"}, "indicator-without-events", "/indicator"),
        ({"indicator": "facts_unplaced"}, "indicator-without-events", "/indicator"),
        (
            {"indicator": "visits", "recorded_from": "2026-01-02", "recorded_to": "2026-01-01"},
            "period-reversed",
            "/recorded_from",
        ),
    ],
)
def test_questions_about_events_that_make_no_sense(asked: dict[str, str], code: str, pointer: str) -> None:
    with pytest.raises(Problem) as refused:
        SourcesQuery().load(asked)
    assert (refused.value.code, refused.value.pointer) == (code, pointer)
