"""Where figures stand: former units, estimates, villages that were merged, maps that change meanwhile."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from services.reporting.indicators import CATALOGUE
from services.reporting.placing import BEFORE_REFORM
from services.reporting.rebuild import rebuild
from services.reporting.schemas.reports import Question, Way
from shared.unit_directory import UnitDirectory
from tests.reporting_kit import AFTER, NATION, REFORM, Facts, country, recount, some_facts, team, unit_rows, visited
from tests.reporting_stack import EVER, TODAY, Stack, codes, tree_of
from tests.unit_events import abolished, established


def test_answers_are_kept_until_something_happens_and_can_be_had_anew(stack: Stack) -> None:
    facts = Facts()
    visited(facts, "one", NATION, TODAY, set(), 1, True)
    stack.mirror.add([*unit_rows([established(NATION, "nation", None, EVER)]), *facts.events])
    stack.units()
    stack.figures()
    shown, asked = stack.reports.area.shown(NATION, None), Question(CATALOGUE.chosen(())).settled(TODAY)

    def visits(*, anew: bool = False) -> Any:
        return stack.reports.answer(shown, asked, "en", anew=anew)["figures"]["visits"]

    assert visits() == 1
    with stack.engine.begin() as tx:  # behind the api's back, as nothing of ours does
        tx.execute(text("UPDATE read.rollup_2a SET visits = 7"))
    assert (visits(), visits(anew=True), visits()) == (1, 7, 1)
    more = Facts()
    visited(more, "two", NATION, TODAY, set(), 1, False)
    stack.mirror.add(more.events)
    stack.figures()
    assert visits() == 8


def test_a_former_district_answers_for_its_own_leaves_and_lists_its_successors(stack: Stack) -> None:
    units = [
        established(NATION, "nation", None, EVER),
        established("hn", "province", NATION, EVER),
        established("cm", "district", "hn", EVER),
        established("a", "commune", "cm", EVER),
        established("b", "commune", "cm", EVER),
        established("a1", "village", "a", EVER),
        established("b1", "village", "b", EVER),
        established("x", "commune", "hn", REFORM),
        established("cm-ward", "commune", "hn", REFORM),
        abolished("cm", REFORM),
        abolished("a", REFORM, "x", "cm-ward"),
        abolished("b", REFORM, "cm-ward"),
    ]
    facts = Facts()
    for unit, day in (("a1", date(2024, 1, 1)), ("b1", date(2024, 1, 1)), ("a1", date(2026, 1, 1))):
        visited(facts, unit, unit, day, set(), 1, False)
    team(facts, "t", "commune", "a", date(2023, 10, 1), 7)
    stack.mirror.add([*unit_rows(units), *facts.events])
    stack.units()
    stack.figures()
    stack.maps.settle()
    old, now = stack.answer("cm", BEFORE_REFORM), stack.answer("cm", TODAY)
    assert old["figures"]["visits"] == now["figures"]["visits"] == 3
    assert "unit_not_on_map" not in codes(old) and "unit_not_on_map" in codes(now)
    assert now["map_of_figures"] == BEFORE_REFORM
    assert {part["id"]: (part["leaves"], part["leaves_of"], part["whole"]) for part in now["successors"]} == {
        "x": (2, 3, True),
        "cm-ward": (1, 3, True),
    }


def test_figures_are_an_estimate_only_where_they_would_be_others_by_another_choice(stack: Stack) -> None:
    units = [
        established(NATION, "nation", None, EVER),
        established("hn", "province", NATION, EVER),
        *(established(district, "district", "hn", EVER) for district in ("cm", "td")),
        *(established(commune, "commune", "cm", EVER) for commune in ("a", "b", "c")),
        established("d", "commune", "td", EVER),
        established("a1", "village", "a", EVER),
        *(established(commune, "commune", "hn", REFORM) for commune in ("x", "y", "z")),
        *(abolished(district, REFORM) for district in ("cm", "td")),
        abolished("a", REFORM, "x", "y"),
        abolished("b", REFORM, "y"),
        *(abolished(commune, REFORM, "z") for commune in ("c", "d")),
    ]
    facts = Facts()
    team(facts, "t", "commune", "a", date(2023, 10, 1), 7)
    for unit in ("x", "y", "z", "a1"):
        visited(facts, unit, unit, date(2026, 1, 1), set(), 1, False)
    stack.mirror.add([*unit_rows(units), *facts.events])
    stack.units()
    stack.figures()
    stack.maps.settle()

    def estimates(map_day: date) -> dict[str, int]:
        """Of all units of the map, asked one by one, and as rows of the unit above."""
        alone, rows = {}, {}
        for unit in tree_of(units).existing(map_day):
            answer = stack.answer(unit, map_day, by=Way.UNIT)
            for found, who, told in (
                (alone, unit, answer),
                *((rows, row["unit"]["id"], row) for row in answer["units"]),
            ):
                if "estimated" in codes(told):
                    [found[who]] = [each["facts"] for each in told["warnings"] if each["code"] == "estimated"]
        assert alone == rows, "nothing but the nation is in no row, and for it nothing is an estimate"
        return alone

    # The team and the village of a split commune stand at its main successor; the village itself is there for certain.
    assert stack.answer("x", TODAY)["figures"]["teams_commune"] == 1
    assert estimates(TODAY).keys() == {"x"}
    # Facts of y stand at a or b, in the same district; those of z at c or d, of two districts of one province.
    assert estimates(BEFORE_REFORM).keys() == {"b", "c", "cm"}
    assert stack.answer(NATION, TODAY, names=("facts_estimated",))["figures"]["facts_estimated"] > 0


def test_a_village_answers_for_those_merged_into_it(stack: Stack) -> None:
    units = country(random.Random(5))
    tree = tree_of(units)
    gone = next((event["unit_id"] for type_, event in units if event.get("successors", [{}])[:1] == [LATE]), None)
    facts = Facts()
    visited(facts, "h", gone or "late-village", AFTER - timedelta(days=1), set(), 1, False)
    stack.mirror.add([*unit_rows(units), *facts.events])
    stack.units()
    stack.figures()
    stack.maps.settle()
    assert tree.exists("late-village", TODAY)
    assert stack.answer("late-village", TODAY)["figures"]["visits"] == 1


LATE = {"unit_id": "late-village", "main": True}


def test_today_passing_a_change_moves_the_map(stack: Stack) -> None:
    units = country(random.Random(7))
    facts = Facts()
    visited(facts, "h", "p1-d1-c1-v1", date(2025, 1, 1), set(), 1, False)
    stack.today = BEFORE_REFORM
    stack.mirror.add([*unit_rows(units), *facts.events])
    stack.units()
    stack.figures()
    stack.maps.settle()
    assert stack.answer("p1")["figures"]["visits"] == 1
    stack.today = REFORM
    assert stack.answer("q1")["figures"]["visits"] == 1, "answered from leaves until the roll-ups follow"
    assert stack.maps.settle() == 1
    assert stack.answer("q1")["figures"]["visits"] == 1


def test_another_map_stays_complete_while_facts_of_new_places_arrive(stack: Stack) -> None:
    units = country(random.Random(11))
    tree = tree_of(units)
    facts = some_facts(random.Random(12), tree, 40, strangers=False)
    stack.mirror.add([*unit_rows(units), *facts.events[:20]])
    stack.units()
    stack.maps.settle()
    stack.figures()
    day = date(2025, 8, 1)  # neither before the reform nor today
    stack.answer("q1", day)
    stack.mirror.add(facts.events[20:])
    stack.figures()
    for unit in ("q1", "q2", "q1-n1", "p1-d1-c1-v1"):
        assert stack.figures_of(unit, day) == recount(facts, tree, unit, day, EVER, TODAY, TODAY)


def test_projecting_while_the_map_changes_loses_nothing(stack: Stack) -> None:
    """Two workers project, a third moves leaves; the roll-ups must equal those made from the leaves at the end."""
    rng = random.Random(17)
    units = country(rng)
    tree = tree_of(units)
    facts = some_facts(rng, tree, 300)
    stack.mirror.add(facts.events)
    errors: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # told to the test below
            errors.append(error)

    def move() -> None:
        for start in range(0, len(units), 9):
            stack.mirror.add(unit_rows(units[start : start + 9]))
            stack.units()
            stack.maps.settle()

    works = [lambda: stack.figures(limit=9), lambda: stack.figures(limit=11), move]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    stack.figures()
    stack.maps.settle()
    live = stack.tables()
    rebuild(stack.engine, UnitDirectory(stack.engine), lambda: TODAY, lambda done, total: None)
    assert stack.tables() == live
    for unit in (NATION, "q1", "q2", "q1-n1"):
        assert stack.figures_of(unit, None) == recount(facts, tree, unit, TODAY, EVER, TODAY, TODAY)
