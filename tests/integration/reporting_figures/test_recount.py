"""The read model on PostgreSQL: figures equal a naive recount, whatever the batches, maps and order of arrival."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from services.reporting import store
from services.reporting.figures import UNITS
from services.reporting.indicators import CATALOGUE
from services.reporting.indicators.values import plain
from services.reporting.placing import BEFORE_REFORM
from services.reporting.rebuild import rebuild
from services.reporting.schemas.reports import Way
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree
from tests.reporting_kit import NATION, Facts, country, recount, some_facts, unit_rows, visited
from tests.reporting_stack import EVER, TODAY, Stack, tree_of
from tests.unit_events import established


@pytest.mark.parametrize("seed", range(5))
def test_figures_equal_a_recount_on_every_map_in_any_order(stack: Stack, seed: int) -> None:
    rng = random.Random(seed)
    units = country(rng)
    tree = tree_of(units)
    facts = some_facts(rng, tree, 60)
    # Facts before the units they name, units before and after the reform apart, the maps settled at odd moments.
    arriving = sorted(rng.sample(range(len(facts.events) + 1), 3))
    parts = [facts.events[a:b] for a, b in zip([0, *arriving], [*arriving, None], strict=True)]
    cut = rng.randrange(len(units))
    for step, part in enumerate(parts):
        stack.mirror.add(part)
        stack.mirror.add(unit_rows(units[:cut] if step == 1 else units[cut:] if step == 2 else []))
        stack.units()
        stack.figures(limit=rng.choice((1, 7, 500)))
        if rng.random() < 0.5:
            stack.maps.settle()
    stack.maps.settle()
    assert stack.maps.settle() == 0
    for map_day in (BEFORE_REFORM, TODAY, EVER + timedelta(days=rng.randrange(1800))):
        asked = [NATION, *rng.sample(sorted(tree.existing(map_day)), 12)]
        for unit in asked:
            first = EVER + timedelta(days=rng.randrange(900))
            last = first + timedelta(days=rng.randrange(900))
            as_of = EVER + timedelta(days=rng.randrange(1800))
            told = stack.figures_of(unit, map_day, first=first, last=last, as_of=as_of)
            assert told == recount(facts, tree, unit, map_day, first, last, as_of), (unit, map_day)
    check_the_nation_on_any_two_maps(stack, rng)
    check_what_is_uncertain(stack, tree, rng)


def check_what_is_uncertain(stack: Stack, tree: UnitTree, rng: random.Random) -> None:
    """Roll-ups, day by day, and answers on a map without them: the facts of leaves for which a choice is behind the
    unit."""
    with stack.engine.connect() as tx:
        leaves = tx.execute(text("SELECT unit, day, facts FROM read.leaf WHERE facts <> 0")).all()
        rows = tx.execute(text("SELECT map, unit, day, uncertain FROM read.rollup WHERE uncertain <> 0")).all()
    seen = Counter[str | None]()

    def expected(map_day: date) -> Counter[tuple[str, date]]:
        found = Counter[tuple[str, date]]()
        for leaf, day, facts in leaves:
            placed = tree.place(leaf, map_day)
            for unit in placed.uncertain if placed else ():
                found[unit, day] += facts
                seen[tree.level(unit)] += 1
        return Counter({key: n for key, n in found.items() if n})

    for number, map_day in ((store.MAP_BEFORE, BEFORE_REFORM), (store.MAP_TODAY, TODAY)):
        rolled_up = {key: n for key, n in expected(map_day).items() if tree.level(key[0]) != "village"}
        assert {(unit, day): n for at, unit, day, n in rows if at == number} == rolled_up
    assert seen["commune"]
    map_day = EVER + timedelta(days=rng.randrange(1800))
    sums = Counter[str]()
    for (unit, day), n in expected(map_day).items():
        sums[unit] += n if day <= TODAY else 0
    for unit in (NATION, *rng.sample(sorted(tree.existing(map_day)), 12), *sums):
        told = stack.answer(unit, map_day, first=EVER, last=TODAY, as_of=TODAY)["warnings"]
        assert sum(each["facts"] for each in told if each["code"] == "estimated") == sums[unit], (unit, map_day)


ADDITIVE = [
    each.code
    for each in CATALOGUE.latest.values()
    if each.additive.units and each.numerator and UNITS.isdisjoint(each.figures) and each.group != "quality"
]
"""How many units there are, and how well leaves are placed, is a matter of the map."""


def check_the_nation_on_any_two_maps(stack: Stack, rng: random.Random) -> None:
    """Every additive figure is equal, and is the sum over the provinces of either map and what stands in none."""
    assert len(ADDITIVE) > 200
    for _ in range(3):
        days = [EVER + timedelta(days=rng.randrange(1800)) for _ in range(2)]
        first = EVER + timedelta(days=rng.randrange(900))
        window = {"first": first, "last": first + timedelta(days=rng.randrange(900))}
        answers = [stack.answer(NATION, day, by=Way.UNIT, names=ADDITIVE, **window) for day in days]
        assert answers[0]["figures"] == answers[1]["figures"], days
        for answer in answers:
            parts = [row["figures"] for row in answer["units"]]
            parts += [answer["remainder"]["figures"]] if answer["remainder"] else []
            sums = {name: sum(plain(part[name]) or 0 for part in parts) for name in ADDITIVE}
            assert sums == {name: plain(n) for name, n in answer["figures"].items()}


@pytest.mark.parametrize("seed", range(3))
def test_batches_do_not_matter_and_a_rebuild_gives_the_same(stack: Stack, seed: int) -> None:
    rng = random.Random(seed)
    units = country(rng)
    facts = some_facts(rng, tree_of(units), 80)
    mixed = [*unit_rows(units[:20]), *facts.events[:60], *unit_rows(units[20:]), *facts.events[60:]]
    stack.mirror.add(mixed)
    stack.figures(limit=rng.choice((1, 13)))
    stack.units()
    stack.maps.settle()
    live = stack.tables()
    done = rebuild(stack.engine, UnitDirectory(stack.engine), lambda: TODAY, lambda done, total: None)
    assert (done.slot, done.events, done.parked) == ("2b", len(mixed), 0)
    assert done.diff is not None and done.diff.equal
    assert stack.tables() == live
    assert stack.maps.settle() == 0
    # The projection goes on in the new slot, and the next rebuild takes the first one again.
    more = Facts()
    visited(more, "later", "p1-d1-c1-v1", TODAY, set(), 2, True)
    stack.mirror.add(more.events)
    stack.figures()
    assert stack.answer(NATION)["figures"]["visits"] == len(facts.visits) + 1
    live = stack.tables()
    assert rebuild(stack.engine, UnitDirectory(stack.engine), lambda: TODAY, lambda done, total: None).slot == "2a"
    assert stack.tables() == live


def test_a_rebuild_rolls_up_leaves_of_every_level(stack: Stack) -> None:
    """Villages, facts of whole communes, districts or provinces, and of units that nobody has heard of."""
    units = [
        established(NATION, "nation", None, EVER),
        established("p", "province", NATION, EVER),
        established("d", "district", "p", EVER),
        established("c", "commune", "d", EVER),
        established("v", "village", "c", EVER),
        established("of-p", "commune", "p", EVER),
    ]
    facts = Facts()
    for unit in ("v", "c", "d", "p", NATION, "of-p", "unheard"):
        for day in (date(2024, 1, 1), date(2024, 1, 2)):
            visited(facts, f"in {unit}", unit, day, set(), 1, True)
    stack.mirror.add([*unit_rows(units), *facts.events])
    stack.units()
    stack.maps.settle()
    stack.figures()
    live = stack.tables()
    rebuild(stack.engine, UnitDirectory(stack.engine), lambda: TODAY, lambda done, total: None)
    assert stack.tables() == live
    visits = {unit: stack.answer(unit)["figures"]["visits"] for unit in (NATION, "p", "d", "c", "of-p")}
    assert visits == {NATION: 14, "p": 10, "d": 6, "c": 4, "of-p": 2}


def test_an_event_that_breaks_the_contract_is_parked_and_a_rebuild_parks_it_again(stack: Stack) -> None:
    facts = Facts()
    visited(facts, "h1", "v", TODAY, set(), 1, False)
    visited(facts, "h2", "v", TODAY, set(), 1, False)
    known: set[date] = set()
    visited(facts, "h1", "v", TODAY, known, 1, False)
    del facts.events[0][3][1]["day"]
    stack.mirror.add(facts.events)
    stack.figures()

    def state() -> tuple[int, list[int]]:
        with stack.engine.connect() as tx:
            parked = tx.execute(text("SELECT position FROM bus.parked ORDER BY source, partition, position"))
            return tx.execute(text("SELECT sum(visits) FROM read.leaf")).scalar_one(), list(parked.scalars())

    before = state()
    assert before[0] == 1 and len(before[1]) == 2
    done = rebuild(stack.engine, UnitDirectory(stack.engine), lambda: TODAY, lambda done, total: None)
    assert done.parked == 2 and state() == before


def test_ids_of_any_letters_survive(stack: Stack) -> None:
    """Ids come from other services: nothing in them may break or change a statement."""
    odd = ['a"b', "a\\b", "{a,b}", "NULL", "Đông Anh", "a'b", "%s", " "]
    facts = Facts()
    for unit in odd:
        visited(facts, unit, unit, TODAY, set(), 1, False)
    stack.mirror.add([*unit_rows(established(unit, "village", None, EVER) for unit in odd), *facts.events])
    stack.units()
    stack.figures()
    assert [stack.answer(unit)["figures"]["visits"] for unit in odd] == [1] * len(odd)
