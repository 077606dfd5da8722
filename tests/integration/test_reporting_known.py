"""Figures as they were known at a moment: what a report said then it says again, whatever has been recorded since."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from ops.local.provision import Database
from services.reporting.figures import UNITS
from services.reporting.indicators import CATALOGUE
from services.reporting.periods import Step
from services.reporting.placing import BEFORE_REFORM
from services.reporting.projections import Figures
from services.reporting.queries import known
from services.reporting.queries.known import KnownReports
from services.reporting.schemas.reports import Question
from shared.db import engine
from shared.memory import MemoryLog
from shared.parking import unpark
from shared.problems import Problem
from shared.unit_directory import UnitDirectory
from shared.vietnamese import HANOI
from tests.integration.test_reporting_census import declared
from tests.reporting_kit import AFTER, NATION, Facts, MirrorWriter, country, some_facts, unit_rows, visited
from tests.reporting_stack import TODAY, Stack, tree_of

FIRST, SECOND = (datetime(2026, month, 1, 12, tzinfo=HANOI) for month in (9, 10))
NAMES = tuple(code for code, each in CATALOGUE.latest.items() if each.numerator and UNITS.isdisjoint(each.figures))
ASKED = [
    (NATION, TODAY, date(2022, 1, 1), TODAY, TODAY),
    (NATION, BEFORE_REFORM, date(2023, 5, 5), date(2024, 5, 5), date(2024, 1, 1)),
    ("p1", BEFORE_REFORM, date(2022, 1, 1), date(2024, 12, 31), date(2025, 12, 31)),
    ("p2-d1", BEFORE_REFORM, date(2023, 1, 1), date(2025, 12, 31), BEFORE_REFORM),
    ("q1", TODAY, date(2022, 1, 1), TODAY, TODAY),
    ("q1-n1", date(2025, 8, 1), date(2023, 3, 1), date(2026, 3, 1), date(2026, 3, 1)),
    ("p1-d1-c1-v1", BEFORE_REFORM, date(2022, 1, 1), TODAY, TODAY),
]


def opinion(step: str, identity: str, unit: str, day: str) -> Any:
    data = {"opinion_id": identity, "unit_id": unit, "topic": "power", "pillar": None, "day": day}
    data |= {"team_id": None, "visit_id": None} if step == "OpinionRecorded" else {"due": None}
    return "visits", 0, f"opinion:{identity}", (step, data)


def recorded(stack: Stack, events: list[Any], moment: datetime) -> None:
    stack.mirror.add(events)
    with stack.engine.begin() as tx:
        # Those that were there before have a later time already.
        tx.execute(
            text("UPDATE bus.mirror SET recorded_at = :at WHERE recorded_at < :first"), {"at": moment, "first": FIRST}
        )
    stack.units()
    stack.maps.settle()
    stack.figures()


@pytest.fixture(scope="module")
def told_then(module_database: Callable[..., Database]) -> Iterator[tuple[Stack, list[dict[str, Any]]]]:
    """What was told at the first moment, and the stack as it is after the second one."""
    own = engine(module_database("reporting").app_url, name="test", pool_size=8)
    made, rng = Stack(own, MirrorWriter(own)), random.Random(12)
    units = country(random.Random(3))
    before = [each for each in units if each[1]["effective"] < str(AFTER)]
    facts = some_facts(rng, tree_of(units), 120).events
    half = len(facts) // 2
    first = [
        declared("p1-d1-c1-v1", date(2024, 1, 1), 80),
        opinion("OpinionRecorded", "o", "p1-d1-c1-v1", "2024-02-01"),
    ]
    then = [declared("p1-d1-c1-v1", date(2024, 1, 1), 90), opinion("OpinionAnswered", "o", "p1-d1-c1-v1", "2024-02-05")]
    recorded(made, [*unit_rows(before), *facts[:half], *first], FIRST)
    answers = [answer(made, *asked) for asked in ASKED]
    recorded(made, [*unit_rows([each for each in units if each not in before]), *facts[half:], *then], SECOND)
    yield made, answers
    own.dispose()


def answer(stack: Stack, unit: str, map_day: date, first: date, last: date, as_of: date) -> dict[str, Any]:
    return stack.answer(unit, map_day, first=first, last=last, as_of=as_of, names=NAMES)


def as_known(stack: Stack, asked: Any, moment: datetime, names: tuple[str, ...] = NAMES) -> dict[str, Any]:
    unit, map_day, first, last, as_of = asked
    question = Question(CATALOGUE.chosen(names), map_day=map_day, first=first, last=last, as_of=as_of, known_at=moment)
    return KnownReports(stack.reports.area).answer(unit, question.settled(stack.today), moment, "en")


@pytest.mark.parametrize("n", range(len(ASKED)))
def test_what_a_report_said_then_it_says_again(told_then: tuple[Stack, list[dict[str, Any]]], n: int) -> None:
    stack, answers = told_then
    asked = ASKED[n]
    for moment in (FIRST, SECOND - timedelta(microseconds=1)):
        again = as_known(stack, asked, moment)
        assert again["figures"] == answers[n]["figures"]
        assert again["positions"] == answers[n]["positions"]
        assert again["lag"] == {"teams": 0, "visits": 0, "training": 0} and again["freshness"]["moved_at"]
    now = answer(stack, *asked)
    assert as_known(stack, asked, SECOND)["figures"] == now["figures"]
    assert now["figures"] != answers[n]["figures"]


@pytest.mark.parametrize(
    "name", ["visits", "households_reached", "teams", "leaders", "opinions_open", "people_trained"]
)
def test_only_as_much_is_read_as_the_indicator_needs(
    told_then: tuple[Stack, list[dict[str, Any]]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, answers = told_then
    for n in (0, 2, 6):
        assert as_known(stack, ASKED[n], FIRST, (name,))["figures"][name] == answers[n]["figures"][name]
    monkeypatch.setattr(known, "MOST_POSITIONS", 10)
    with pytest.raises(Problem) as refused:
        as_known(stack, ASKED[0], FIRST, (name,))
    assert refused.value.code == "known-at-too-much" and refused.value.params["most"] == 10


def test_what_is_kept_does_not_outlive_a_parked_event_that_is_put_right(database: Callable[..., Database]) -> None:
    own = engine(database("reporting").app_url, name="test", pool_size=8)
    made, facts = Stack(own, MirrorWriter(own)), Facts()
    visited(facts, "good", "p1-d1-c1-v1", date(2024, 1, 1), set(), 2, False)
    visited(facts, "bad", "p1-d1-c1-v1", date(2024, 1, 1), set(), 2, False)
    _, partition, stream, (_, data) = facts.events[-1]
    day = data.pop("day")
    recorded(made, [*unit_rows(country(random.Random(3))), *facts.events], FIRST)
    reports = KnownReports(made.reports.area)
    asked = Question(CATALOGUE.chosen(("visits", "platforms", "facts_parked")), map_day=BEFORE_REFORM).settled(
        made.today
    )

    def told(*, anew: bool = False) -> tuple[int, Any, dict[str, int]]:
        answer = reports.answer("p1", asked, FIRST, "en", anew=anew)
        return answer["figures"]["visits"], answer["figures"]["platforms"]["by"], answer["lag"]

    def parked() -> list[int]:
        """As it was known then, and as it is now: of the province, the nation and another province."""
        then = reports.answer("p1", asked, FIRST, "en")
        now = [made.answer(unit, BEFORE_REFORM, names=("facts_parked",)) for unit in ("p1", NATION, "p2")]
        # Nobody knows its day, so it waits in every period.
        by_day = made.answer("p1", BEFORE_REFORM, names=("facts_parked",), by=Step.MONTH, first=date(2023, 12, 1))
        return [each["figures"]["facts_parked"] for each in (then, *now, by_day["periods"][0])]

    lag = {"teams": 0, "visits": 0, "training": 0}
    assert parked() == [1, 1, 1, 0, 1]
    later = Facts()
    visited(later, "bad as well", "p1-d1-c1-v1", date(2024, 1, 1), set(), 2, False)
    del later.events[-1][3][1]["day"]
    recorded(made, later.events, SECOND)
    assert parked() == [1, 2, 2, 0, 2], "it was not there yet"
    assert told() == told() == (1, {"vneid": 1}, lag)
    with own.begin() as tx:
        right = {"day": day, "stream": stream, "partition": partition}
        tx.execute(
            text(
                """UPDATE bus.mirror SET data = data || jsonb_build_object('day', cast(:day AS text))
                    WHERE source = 'visits' AND partition = :partition AND stream_id = :stream"""
            ),
            right,
        )
    assert unpark(own, Figures(UnitDirectory(own, 0)), MemoryLog()).applied == 1
    assert told() == (2, {"vneid": 2}, lag)
    assert parked() == [0, 1, 1, 0, 1]
    with own.begin() as tx:  # nothing tells of this, so only whoever asks for it is answered anew
        tx.execute(text("UPDATE bus.mirror SET data = data || '{\"platforms\": []}' WHERE source = 'visits'"))
    assert (told(), told(anew=True)) == ((2, {"vneid": 2}, lag), (2, {}, lag))
    assert told() == (2, {}, lag)
    own.dispose()


def test_nothing_was_known_before_the_first_moment(told_then: tuple[Stack, list[dict[str, Any]]]) -> None:
    stack, _ = told_then
    with pytest.raises(Problem) as refused:
        as_known(stack, ASKED[0], FIRST - timedelta(microseconds=1))
    assert refused.value.code == "unit-not-known-then"
    late = ("late-village", TODAY, date(2022, 1, 1), TODAY, TODAY)
    with pytest.raises(Problem):
        as_known(stack, late, FIRST)
    assert as_known(stack, late, SECOND)["unit"]["id"] == "late-village"
