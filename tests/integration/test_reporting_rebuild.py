"""A rebuild names what differs before it switches, and can be taken back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from sqlalchemy import text

from ops.local.provision import Database
from services.reporting import rebuild as rebuilding
from services.reporting.placing import EVERYWHERE
from services.reporting.projections import NAME
from services.reporting.resting import NothingToGoBackTo
from tests.reporting_kit import country, recount, some_facts, unit_rows
from tests.reporting_rebuild_kit import anew, arrive, back, compared, in_chunks, planted, some_history, state
from tests.reporting_stack import EVER, TODAY, Stack, tree_of


@pytest.fixture
def stack(database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    yield from in_chunks(database, monkeypatch)


# --- comparing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [EVERYWHERE, "q1"])
@pytest.mark.parametrize(
    ("table", "change", "figure"),
    [
        ("rollup", "visits = coalesce(visits, 0) + 1", "visits"),
        ("rollup", "serving_trained = coalesce(serving_trained, 0) + 1", "serving_trained"),
        ("rollup", "unplaced = coalesce(unplaced, 0) + 1", "unplaced"),
        ("rollup", """keyed = read.keyed_plus(coalesce(keyed, '{}'), '{"platforms:new": 1}')""", "platforms:new"),
        ("rollup_months", "visits = coalesce(visits, 0) + 1", "visits_by_month"),
        (
            "rollup_months",
            """keyed = read.keyed_plus(coalesce(keyed, '{}'), '{"platforms:new": 1}')""",
            "platforms:new_by_month",
        ),
        ("rollup_reach", "n = n + 1", "reached_household"),
        ("rollup_reach_months", "n = n + 1", "reached_household_by_month"),
    ],
)
def test_a_figure_that_was_wrong_is_named(stack: Stack, unit: str, table: str, change: str, figure: str) -> None:
    events, units, _ = some_history(3)
    arrive(stack, events)
    of_households = " AND kind = 'household'" if "reach" in table else ""
    one = f"SELECT ctid FROM read.{table}_2a WHERE map = 1 AND unit = '{unit}'{of_households} LIMIT 1"
    planted(stack, f"UPDATE read.{table}_2a SET {change} WHERE ctid = ({one})")
    before = state(stack)
    diff = compared(anew(stack, compare_only=True))
    assert state(stack) == before, "the live figures go on"
    found = {each.figure: each for each in diff.shown}
    assert (diff.figures, set(found), diff.equal) == (1, {figure}, False)
    told = found[figure]
    name = "the nation" if unit == EVERYWHERE else tree_of(units).full_name(unit, told.map)
    assert (told.unit, told.name, told.was - told.now, told.days) == (unit, name, 1, 1)
    assert told.map == date(2026, 3, 1)
    diff = compared(anew(stack))
    assert diff.figures == 1
    assert compared(anew(stack)).equal, "mended, so there is nothing left to tell"


def test_what_stands_on_a_wrong_day_differs_though_the_sum_does_not(stack: Stack) -> None:
    arrive(stack, some_history(4)[0])
    where = "map = 0 AND unit = '*' AND visits > 0"
    for change, order in (("visits + 1", "day"), ("visits - 1", "day DESC")):
        row = f"(SELECT ctid FROM read.rollup_2a WHERE {where} ORDER BY {order} LIMIT 1)"
        planted(stack, f"UPDATE read.rollup_2a SET visits = {change} WHERE ctid = {row}")
    diff = compared(anew(stack, compare_only=True))
    (told,) = diff.shown
    assert (told.figure, told.was, told.days, diff.figures) == ("visits", told.now, 2, 1)


def test_of_many_figures_the_nations_come_first(stack: Stack) -> None:
    arrive(stack, some_history(5)[0])
    with stack.engine.begin() as tx:
        tx.execute(text("UPDATE read.rollup_2a SET visits = 99, seats = 99, people_taught = 99"))
        tx.execute(text("DELETE FROM read.record_2a WHERE kind = 'team'"))
    diff = compared(anew(stack, compare_only=True))
    assert diff.figures > len(diff.shown) == 10
    assert [each.unit for each in diff.shown[:6]] == [EVERYWHERE] * 6
    assert diff.records[0] < diff.records[1] and diff.leaves[0] == diff.leaves[1] > 0


# --- going back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_back_after_more_has_happened_equals_a_fresh_count(stack: Stack, seed: int) -> None:
    events, _, _ = some_history(seed)
    arrive(stack, events[: len(events) // 2])
    assert compared(anew(stack)).equal
    arrive(stack, events[len(events) // 2 :])
    counted = state(stack)
    done = back(stack)
    assert (done.slot, done.events) == ("2a", len(events) - len(events) // 2)
    assert compared(done).equal
    assert state(stack) == ("2a", *counted[1:])
    assert stack.maps.settle() == 0
    fresh = anew(stack)
    assert compared(fresh).equal and state(stack) == counted


def test_back_and_back_again_is_where_one_was(stack: Stack) -> None:
    events, _, _ = some_history(7)
    third = len(events) // 3
    arrive(stack, events[:third])
    anew(stack)
    arrive(stack, events[third : 2 * third])
    assert back(stack).slot == "2a"
    arrive(stack, events[2 * third :])
    assert back(stack).slot == "2b"
    assert back(stack).events == 0, "nothing has happened since"
    counted = state(stack)
    assert compared(anew(stack)).equal
    assert state(stack)[3] == counted[3]


def test_a_map_that_was_asked_for_is_complete_after_going_back(stack: Stack) -> None:
    rng = random.Random(11)
    units = country(rng)
    facts = some_facts(rng, tree_of(units), 40, strangers=False)
    day = date(2025, 8, 1)  # neither before the reform nor today
    arrive(stack, [*unit_rows(units), *facts.events[:20]])
    stack.answer("q1", day)
    anew(stack)
    arrive(stack, facts.events[20:])
    back(stack)
    for unit in ("q1", "q2", "q1-n1"):
        assert stack.figures_of(unit, day) == recount(facts, tree_of(units), unit, day, EVER, TODAY, TODAY)


def test_what_was_wrong_is_wrong_again(stack: Stack) -> None:
    """That is what going back means; and it is said."""
    arrive(stack, some_history(8)[0])
    one = "SELECT ctid FROM read.rollup_2a WHERE map = 1 AND unit = '*' AND visits > 0 LIMIT 1"
    planted(stack, f"UPDATE read.rollup_2a SET visits = 0 WHERE ctid = ({one})")
    wrong = stack.tables()
    anew(stack)
    diff = compared(back(stack))
    assert stack.tables() == wrong
    assert [(each.unit, each.figure, each.now < each.was) for each in diff.shown] == [(EVERYWHERE, "visits", True)]


def refused(stack: Stack) -> str:
    before = state(stack)
    with pytest.raises(NothingToGoBackTo) as error:
        back(stack)
    assert state(stack) == before
    return error.value.reason


def test_there_is_nothing_to_go_back_to(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(stack, some_history(9)[0])
    assert refused(stack) == "none", "never switched"
    anew(stack)
    anew(stack, compare_only=True)
    assert refused(stack) == "none", "emptied by what was only compared"
    anew(stack)

    def breaks(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as broken, pytest.raises(OSError):
        broken.setattr(rebuilding, "sum_up", breaks)
        anew(stack)
    assert refused(stack) == "none", "emptied by a rebuild that broke off"
    anew(stack)
    assert back(stack).diff is not None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE read.resting SET counts = counts - 1", "older"),
        ("UPDATE bus.sources SET log_id = gen_random_uuid() WHERE source = 'training'", "begun_anew"),
        (f"UPDATE bus.cursors SET position = 1 WHERE subscription = '{NAME}' AND source = 'training'", "begun_anew"),
    ],
)
def test_going_back_would_not_be_right(stack: Stack, change: str, reason: str) -> None:
    arrive(stack, some_history(9)[0])
    anew(stack)
    planted(stack, change)
    assert refused(stack) == reason
