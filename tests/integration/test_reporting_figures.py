"""The read model on PostgreSQL: figures equal a naive recount, whatever the batches, maps and order of arrival."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ops.local.provision import Database
from services.reporting import store
from services.reporting.figures import UNITS
from services.reporting.indicators import CATALOGUE
from services.reporting.indicators.values import plain
from services.reporting.maps import Maps
from services.reporting.placing import BEFORE_REFORM
from services.reporting.projections import Figures
from services.reporting.queries.reports import Reports
from services.reporting.queries.standing import Area
from services.reporting.rebuild import rebuild
from services.reporting.schemas.reports import Question, Way
from shared.db import engine
from shared.memory import MemoryLog
from shared.subscription import Subscription
from shared.unit_directory import UnitDirectory, Units
from shared.units import UnitTree
from tests.reporting_kit import (
    AFTER,
    NATION,
    REFORM,
    Facts,
    MirrorWriter,
    country,
    recount,
    some_facts,
    team,
    unit_rows,
    visited,
)
from tests.unit_events import abolished, established

TODAY = date(2026, 11, 21)
EVER = date(2022, 1, 1)


@dataclass
class Stack:
    """What the processes hold, in one."""

    engine: Engine
    mirror: MirrorWriter
    today: date = TODAY

    def __post_init__(self) -> None:
        self.maps = Maps(self.engine, UnitDirectory(self.engine, 0), lambda: self.today, resting=0)
        area = Area(self.engine, UnitDirectory(self.engine, 0), lambda: self.today, self.engine)
        url = self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.reports = Reports(area, engine(url, name="test questions", pool_size=4, questions=True))

    def subscription(self, limit: int = 500) -> Subscription:
        return Subscription(Figures(UnitDirectory(self.engine, 0)), self.engine, MemoryLog(), limit=limit)

    def units(self) -> None:
        units = Subscription(Units(), self.engine, MemoryLog())
        while units.step():
            pass

    def figures(self, limit: int = 500) -> None:
        subscription = self.subscription(limit)
        while subscription.step():
            pass

    def answer(self, unit: str, map_day: date | None = None, **question: Any) -> dict[str, Any]:
        asked = Question(CATALOGUE.chosen(question.pop("names", ())), map_day=map_day, **question)
        return self.reports.answer(self.reports.area.shown(unit, map_day), asked.settled(self.today), "en")

    def figures_of(self, unit: str, map_day: date | None, **question: Any) -> dict[str, int]:
        """Without the ratios."""
        figures = self.answer(unit, map_day, **question)["figures"]
        return {name: n for name, n in figures.items() if isinstance(n, int)}

    def tables(self) -> dict[str, list[Any]]:
        """Everything but rows of zeros."""
        kept = {}
        for name in store.TABLES:
            with self.engine.connect() as tx:
                rows = [tuple(row) for row in tx.execute(text(f"SELECT * FROM read.{name}"))]
            numbers = {"leaf": 2, "rollup": 3, "rollup_months": 3}.get(name)
            if numbers:
                rows = [(*row[:numbers], *(n or 0 for n in row[numbers:])) for row in rows if any(row[numbers:])]
            if "reach" in name:
                rows = [row for row in rows if row[2]]  # n, after the two days
            kept[name] = sorted(rows, key=repr)
        return kept


@pytest.fixture
def stack(database: Callable[..., Database]) -> Iterator[Stack]:
    own = engine(database("reporting").app_url, name="test", pool_size=8)
    yield Stack(own, MirrorWriter(own))
    own.dispose()


def tree_of(events: list[Any]) -> UnitTree:
    tree = UnitTree()
    for event in events:
        tree.apply(*event)
    return tree


def codes(answer: dict[str, Any]) -> set[str]:
    return {warning["code"] for warning in answer["warnings"]}


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
