"""Codes of open lists on PostgreSQL: named as the catalogues name them, summed by pillar, the same wherever told."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import pytest

from ops.local.provision import Database
from services.reporting.exports.table import table_of
from services.reporting.indicators import CATALOGUE
from services.reporting.pages.dashboard import Dashboard
from services.reporting.pages.rendering import rendered
from services.reporting.pages.view import View
from services.reporting.periods import Step
from services.reporting.queries.codes import entries
from services.reporting.queries.known import KnownReports
from services.reporting.schemas.reports import Question, Way
from shared.db import engine
from shared.vietnamese import HANOI
from tests.reporting_kit import NATION, Facts, MirrorWriter, attended, country, unit_rows, visited
from tests.reporting_stack import TODAY, Stack

NAMES = ("platforms", "outcomes", "attendances_by_mode", "visits")
DAY = date(2025, 8, 1)
NOW = datetime(2026, 11, 21, 12, tzinfo=HANOI)


def entry(kind: str, code: str, unit: str, since: str, vi: str, *pillars: str) -> Any:
    data = {"kind": kind, "code": code, "unit_id": unit, "effective": since, "document_id": None}
    words = {"name_vi": vi, "name_en": f"{vi} (en)", "pillars": list(pillars)}
    return "visits", 0, f"catalogue:{kind}:{unit}:{code}", ("CatalogueEntrySet", data | words)


def ended(kind: str, code: str, unit: str, day: str) -> Any:
    data = {"kind": kind, "code": code, "unit_id": unit, "effective": day, "document_id": None}
    return "visits", 0, f"catalogue:{kind}:{unit}:{code}", ("CatalogueEntryEnded", data)


ENTRIES = [
    entry("platform", "vneid", NATION, "2022-01-01", "VNeID", "government", "society"),
    entry("platform", "qr", NATION, "2022-01-01", "Mã QR cũ", "society"),
    entry("platform", "qr", NATION, "2024-01-01", "Mã QR", "economy"),
    entry("platform", "portal", "q1", "2022-01-01", "Cổng của Q1", "government"),
    entry("platform", "portal", "q2", "2022-01-01", "Cổng của Q2"),
    entry("platform", "old", NATION, "2022-01-01", "Nền tảng cũ", "economy"),
    ended("platform", "old", NATION, "2023-01-01"),
    entry("outcome", "vneid", NATION, "2022-01-01", "Kết quả cùng mã", "society"),
]
VISITS = {
    "q1-n1": [["vneid", "qr"], ["vneid", "portal"], ["unheard-of"]],
    "q2-n1": [["portal", "old"], []],
}


@pytest.fixture(scope="module")
def stack(module_database: Callable[..., Database]) -> Iterator[Stack]:
    own = engine(module_database("reporting").app_url, name="test", pool_size=8)
    made, facts = Stack(own, MirrorWriter(own)), Facts()
    for unit, visits in VISITS.items():
        for n, platforms in enumerate(visits):
            visited(facts, f"{unit}-{n}", unit, DAY, set(), 1, False)
            facts.events[-1][3][1]["platforms"] = platforms
    facts.events[0][3][1]["outcomes"] = ["vneid"]
    attended(facts, "someone", "q1-n1", DAY, {})
    made.mirror.add([*unit_rows(country(random.Random(3))), *facts.events, *ENTRIES])
    made.units()
    made.maps.settle()
    made.figures()
    yield made
    own.dispose()


def test_codes_are_named_and_summed_by_pillar(stack: Stack) -> None:
    answer = stack.answer("q1", TODAY, names=NAMES)
    assert answer["figures"] == {
        "platforms": {
            "value": 5,
            "by": {"vneid": 2, "portal": 1, "qr": 1, "unheard-of": 1},
            "by_pillar": {"government": 3, "economy": 1, "society": 2, "none": 1},
        },
        "outcomes": {"value": 1, "by": {"vneid": 1}, "by_pillar": {"society": 1}},
        "attendances_by_mode": {"value": 1, "by": {"online": 1}},
        "visits": 3,
    }
    assert answer["names"] == {
        "platforms": {
            "vneid": {"vi": "VNeID", "en": "VNeID (en)"},
            "portal": {"vi": "Cổng của Q1", "en": "Cổng của Q1 (en)"},
            "qr": {"vi": "Mã QR", "en": "Mã QR (en)"},
        },
        "outcomes": {"vneid": {"vi": "Kết quả cùng mã", "en": "Kết quả cùng mã (en)"}},
        "attendances_by_mode": {"online": {"vi": "trực tuyến", "en": "online"}},
    }
    assert "names" not in stack.answer("q1", TODAY, names=("visits",))


def test_a_province_has_its_own_words_and_what_has_ended_its_last(stack: Stack) -> None:
    answer = stack.answer("q2", TODAY, names=("platforms",))
    assert answer["figures"]["platforms"]["by_pillar"] == {"economy": 1, "none": 1}
    names = {code: each["vi"] for code, each in answer["names"]["platforms"].items()}
    assert names == {"old": "Nền tảng cũ", "portal": "Cổng của Q2"}
    # The nation has no such entry: of those of its provinces the first by id says what it is.
    nation = stack.answer(NATION, TODAY, names=("platforms",))
    assert nation["names"]["platforms"]["portal"]["vi"] == "Cổng của Q1"
    assert stack.answer("q1-n1", TODAY, names=("platforms",))["names"]["platforms"]["portal"]["vi"] == "Cổng của Q1"


@pytest.mark.parametrize(
    ("day", "name", "pillars"),
    [
        (date(2021, 1, 1), "Mã QR cũ", ["society"]),
        (date(2023, 12, 31), "Mã QR cũ", ["society"]),
        (date(2024, 1, 1), "Mã QR", ["economy"]),
        (TODAY, "Mã QR", ["economy"]),
    ],
)
def test_words_and_pillars_are_those_of_the_last_day_asked_for(
    stack: Stack, day: date, name: str, pillars: list[str]
) -> None:
    with stack.reports.area.snapshot(()) as snap:
        found = entries(snap, ("q1", NATION), day, CATALOGUE.chosen(("platforms", "visits")))
    assert found.keys() == {"platform"}
    assert (found["platform"]["qr"].names["vi"], found["platform"]["qr"].pillars) == (name, pillars)


@pytest.mark.parametrize("way", [Way.UNIT, Step.MONTH])
def test_rows_add_up_by_code_and_by_pillar(stack: Stack, way: Way | Step) -> None:
    answer = stack.answer(NATION, TODAY, first=date(2025, 7, 1), last=date(2025, 9, 30), by=way, names=NAMES)
    rows = answer["units"] if way is Way.UNIT else answer["periods"]
    assert len(rows) > 1
    for code in ("platforms", "outcomes"):
        for by in ("by", "by_pillar"):
            summed: dict[str, int] = {}
            for row in rows:
                for key, n in row["figures"][code][by].items():
                    summed[key] = summed.get(key, 0) + n
            assert summed == answer["figures"][code][by] != {}, (code, by)
    table = table_of(answer, CATALOGUE.chosen(NAMES), TODAY, "vi")
    [*_, total] = table.rows
    by_header = dict(zip([column.header for column in table.columns], total.cells, strict=True))
    assert by_header["Số lượt cài đặt, kích hoạt nền tảng: VNeID"] == 2
    assert by_header["Số lượt cài đặt, kích hoạt nền tảng: chính quyền số"] == 4


def test_what_was_known_is_named_too(stack: Stack) -> None:
    question = Question(CATALOGUE.chosen(NAMES), map_day=TODAY, known_at=NOW)
    known = KnownReports(stack.reports.area).answer("q1", question.settled(TODAY), NOW, "en")
    now = stack.answer("q1", TODAY, names=NAMES)
    assert (known["figures"], known["names"]) == (now["figures"], now["names"])


def test_the_dashboard_ranks_the_codes_of_the_chosen_indicator(stack: Stack) -> None:
    def board(indicator: str) -> Dashboard:
        view = View("q1", first=date(2025, 1, 1), last=date(2025, 12, 31), indicator=CATALOGUE.latest[indicator])
        area = stack.reports.area
        return Dashboard(stack.reports, view.settled("q1", TODAY), area.shown("q1", None), frozenset({NATION}), "en")

    lists = board("platforms").lists()
    assert [(name, text, share) for name, text, share, _ in lists["by"]] == [
        ("VNeID (en)", "2", 100.0),
        ("Cổng của Q1 (en)", "1", 50.0),
        ("Mã QR (en)", "1", 50.0),
        ("unheard-of", "1", 50.0),
    ]
    assert [(name, text) for name, text, *_ in lists["by_pillar"]] == [
        ("digital government", "3"),
        ("digital economy", "1"),
        ("digital society", "2"),
        ("no pillar", "1"),
    ]
    assert "indicator=platforms%3Avneid" in (lists["by"][0][3] or "") and lists["by_pillar"][0][3] is None
    assert board("visits").lists() == {}
    page = rendered("lists.html", "en", board=board("platforms"), indicator="Platforms")
    assert "Platforms, by pillar" in page and "Cổng của Q1 (en)" in page
