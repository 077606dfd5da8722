"""From a figure to its events: what all pages add is the figure, whatever the unit, the map and the days."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from ops.local.provision import Database
from services.reporting.indicators.values import plain
from services.reporting.placing import BEFORE_REFORM
from services.reporting.queries import sources
from services.reporting.queries.sources import Sources
from services.reporting.schemas.sources import SourceQuestion, SourcesQuery
from shared.db import engine
from shared.problems import Problem
from shared.vietnamese import hanoi_day
from tests.reporting_kit import NATION, Facts, MirrorWriter, country, some_facts, unit_rows, visited
from tests.reporting_stack import TODAY, Stack, tree_of

EVER = date(2022, 1, 1)
INDICATORS = (
    *("teams", "seats", "visits", "people_taught", "households_reached", "covered_all", "people_trained"),
    *("taught_25_39", "visits_household", "covered_online_safety_knows", "gained_all"),
    *(
        "platforms",
        "outcomes",
        "obstacles",
        "flags",
        "flags_open",
        "flags_confirmed",
        "visits_late",
        "outreach_by_occasion",
        "outreach_by_topic",
    ),
    *("attendances_by_mode", "attendances_by_organiser", "attendances_by_course"),
)


@pytest.fixture(scope="module")
def stack(module_database: Callable[..., Database]) -> Iterator[Stack]:
    """Facts of a country with a reform, one of them parked; tests only ask."""
    own = engine(module_database("reporting").app_url, name="test", pool_size=8)
    made = Stack(own, MirrorWriter(own))
    rng = random.Random(41)
    units = country(rng)
    facts = some_facts(rng, tree_of(units), 150)
    facts.events += with_codes(facts)
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


def with_codes(facts: Facts) -> list[Any]:
    """What there is has codes; what is returned corrects and voids some of it, and adds outreach sessions."""
    more = []
    for n, (_, partition, stream, (type_, data)) in enumerate(facts.events):
        if type_ == "AttendanceRecorded":
            data |= {"mode": ("online", "hybrid")[n % 2], "organiser": ("firm", None)[n % 2], "course_id": f"c{n % 3}"}
        if type_ != "VisitRecorded":
            continue
        data |= {"platforms": ["vneid", "qr"][: n % 3], "outcomes": ["paid"][: n % 2]}
        data |= {"obstacle": ("language", None)[n % 2], "flags": ["day_in_future"][: n % 2]}
        data |= {"received_on": "2024-05-01"}
        same = ("visit_id", "place_id", "place_kind", "unit_id", "received_on")
        alike = {name: data[name] for name in same} | {"revision": 2, "reason": "typo", "reach": [], "covered": []}
        before = {name: value for name, value in data.items() if name not in (*same[:2], "unit_id", "reach", "covered")}
        if n % 5 == 0:
            after = before | {"platforms": ["qr", "mooc"], "outcomes": [], "obstacle": "language", "flags": []}
            told = ("VisitCorrected", alike | {"before": before, "after": after, "flags": []})
            more.append(("visits", partition, stream, told))
        elif n % 7 == 0:
            more.append(("visits", partition, stream, ("VisitVoided", alike | {"before": before, "day": data["day"]})))
        elif n % 2:
            of = {name: data[name] for name in ("visit_id", "place_id", "unit_id", "day")} | {"flag": "day_in_future"}
            for was, how in ((None, "confirmed"), ("confirmed", "dismissed"))[: 1 + n % 3 % 2]:
                more.append(("visits", partition, stream, ("FlagSettled", of | {"was": was, "how": how})))
    for n, day in enumerate(("2023-02-03", "2024-05-06")):
        session = {"session_id": f"o{n}", "unit_id": "p1-d1-c1-v1", "day": day, "team_id": "t", "member_ids": []}
        session |= {"occasion": ("meeting", "school")[n], "topics": ["fraud", "vneid"][n:], "heads": {"60_plus": 9}}
        more.append(("visits", n, f"outreach:{n}", ("OutreachRecorded", session | {"flags": []})))
    return more


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
        assert plain(report["figures"][indicator]) == told[0]["figure"]


@pytest.mark.parametrize("indicator", ["platforms", "obstacles", "outreach_by_topic", "attendances_by_organiser"])
def test_a_code_has_its_own_events_which_add_up_to_what_the_report_says_of_it(stack: Stack, indicator: str) -> None:
    days = {"from": EVER, "to": TODAY}
    for unit, map_day in ((NATION, TODAY), ("p1", BEFORE_REFORM), ("p1-d1-c1-v1", BEFORE_REFORM)):
        report = stack.answer(unit, map_day, first=EVER, last=TODAY, names=(indicator,))["figures"][indicator]
        assert report["by"] or unit != NATION
        for code, n in {**report["by"], "unheard-of": 0}.items():
            told = pages(stack, unit, f"{indicator}:{code}", **days, map=map_day, limit=50)
            assert {(page["indicator"], page["code"], page["figure"]) for page in told} == {(indicator, code, n)}
            assert sum(event["adds"] for page in told for event in page["events"]) == n
    assert pages(stack, NATION, "obstacles:language")[0]["names"] == {
        "obstacles": {"language": {"vi": "ngôn ngữ", "en": "language"}}
    }


def test_an_event_is_told_by_ids_only(stack: Stack) -> None:
    [page] = pages(stack, "p1-d1-c1", "visits", map=BEFORE_REFORM)
    assert page["events"]
    for event in page["events"]:
        names = {"source", "partition", "position", "id", "type", "recorded_at", "document_id", "facts", "adds"}
        assert event.keys() == names and event["type"] in ("VisitRecorded", "VisitVoided")
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
    for patience in (0.0, 60.0):
        monkeypatch.setattr(sources, "PATIENCE", patience)
        parts = pages(stack, NATION, "households_reached")
        assert len(parts) > 10
        assert [event for page in parts for event in page["events"]] == whole["events"]
        read = [page["read"]["positions"] for page in parts]
        assert read == sorted(set(read)) and read[-1] == parts[-1]["read"]["of"] == whole["read"]["of"]


def test_a_page_goes_on_until_it_finds_something_if_that_takes_seconds_only(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "STRETCH", 5)
    monkeypatch.setattr(sources, "SECONDS", 0.0)
    asked = {"unit": "p1-d1-c1-v1", "indicator": "visits", "map": BEFORE_REFORM}
    monkeypatch.setattr(sources, "PATIENCE", 60.0)
    patient = pages(stack, **asked)
    assert all(page["events"] for page in patient[:-1])
    monkeypatch.setattr(sources, "PATIENCE", 0.0)
    parts = pages(stack, **asked)
    assert len(parts) > len(patient) and any(page["next"] and not page["events"] for page in parts)
    assert [e for page in parts for e in page["events"]] == [e for page in patient for e in page["events"]]


def test_the_events_of_a_village_are_found_among_millions_of_positions(database: Callable[..., Database]) -> None:
    own = engine(database("reporting").app_url, name="test", pool_size=8)
    made, units = Stack(own, MirrorWriter(own)), country(random.Random(41))
    facts = some_facts(random.Random(4), tree_of(units), 60)
    made.mirror.add([*unit_rows(units), *facts.events])
    made.units()
    made.maps.settle()
    made.figures()
    with own.begin() as tx:  # what came before was private to its service, so the mirror has nothing of it
        tx.execute(text("UPDATE bus.mirror SET position = position + 1000000 WHERE source = 'visits'"))
        tx.execute(text("UPDATE bus.cursors SET position = position + 1000000 WHERE source = 'visits'"))
    for unit in sorted({unit for _, unit, *_ in facts.visits} - {"unheard-of"})[:3]:
        told = pages(made, unit, "visits", map=BEFORE_REFORM)
        assert sum(event["adds"] for page in told for event in page["events"]) == told[0]["figure"] > 0
        assert told[-1]["read"]["of"] > 4_000_000
    own.dispose()


@pytest.mark.parametrize(
    ("asked", "code", "pointer"),
    [
        ({"indicator": "happiness"}, "unknown-indicator", "/indicator"),
        ({"indicator": "network"}, "unknown-indicator", "/indicator"),
        ({"indicator": "provinces_with_team"}, "indicator-without-events", "/indicator"),
        ({"indicator": "people"}, "indicator-without-events", "/indicator"),
        ({"indicator": "active_teams"}, "indicator-without-events", "/indicator"),
        ({"indicator": "opinions_by_topic"}, "indicator-without-events", "/indicator"),
        ({"indicator": "seats_by_affiliation:police"}, "indicator-without-events", "/indicator"),
        ({"indicator": "visits:vneid"}, "unknown-indicator", "/indicator"),
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
