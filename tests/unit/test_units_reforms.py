"""Random reforms: wherever and in whatever order units come and go, no fact is lost on any map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise, product
from math import prod
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.units import LEVELS, UNIT_EVENTS, UnitTree

START = date(2022, 1, 1)
Event = tuple[str, dict[str, Any]]


class Country:
    """Makes the events of a random but lawful history."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.standing: dict[str, list[str]] = {level: [] for level in LEVELS}
        self.parents: dict[str, str | None] = {}
        self.day = START

    def establish(self, level: str, parent: str | None, code: str | None = None) -> str:
        unit = f"{level[0]}{len(self.parents)}"
        self.parents[unit] = parent
        self.standing[level].append(unit)
        fields = {"level": level, "kind": level, "name": unit, "parent_id": parent, "code": code, "simulated": False}
        self.events.append(("UnitEstablished", {"unit_id": unit, "effective": self.day.isoformat(), **fields}))
        return unit

    def abolish(self, level: str, unit: str, successors: list[str], *, unknown: bool = False) -> None:
        self.standing[level].remove(unit)
        links = [{"unit_id": successor, "main": n == 0} for n, successor in enumerate(successors)]
        fields = {"successors": links, "successor_unknown": unknown}
        self.events.append(("UnitAbolished", {"unit_id": unit, "effective": self.day.isoformat(), **fields}))

    def move(self, unit: str, parent: str) -> None:
        self.parents[unit] = parent
        fields = {"parent_id": parent, "effective": self.day.isoformat()}
        self.events.append(("UnitReparented", {"unit_id": unit, **fields}))


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    country = Country()
    nation = country.establish("nation", None)
    for _ in range(draw(st.integers(1, 3))):
        province = country.establish("province", nation)
        for _ in range(draw(st.integers(0, 2))):
            district = country.establish("district", province)
            for _ in range(draw(st.integers(1, 3))):
                commune = country.establish("commune", district)
                for _ in range(draw(st.integers(0, 2))):
                    country.establish("village", commune)
    for step in draw(st.lists(st.sampled_from(STEPS), max_size=8)):
        country.day += timedelta(days=draw(st.integers(0, 200)))
        step(country, draw)
    return country.events


def pick(country: Country, draw: st.DrawFn, level: str) -> str | None:
    standing = country.standing[level]
    return draw(st.sampled_from(standing)) if standing else None


def above(country: Country, draw: st.DrawFn) -> str:
    return draw(st.sampled_from(country.standing["province"] + country.standing["district"]))


def merge_into_a_new_commune(country: Country, draw: st.DrawFn) -> None:
    chosen = {pick(country, draw, "commune") for _ in range(draw(st.integers(1, 4)))} - {None}
    heir = country.establish("commune", above(country, draw))
    for unit in sorted(filter(None, chosen)):
        country.abolish("commune", unit, [heir])


def merge_into_a_neighbour(country: Country, draw: st.DrawFn) -> None:
    unit, heir = pick(country, draw, "commune"), pick(country, draw, "commune")
    if unit and heir and unit != heir:
        country.abolish("commune", unit, [heir])


def split_a_commune(country: Country, draw: st.DrawFn) -> None:
    unit = pick(country, draw, "commune")
    if unit:
        heirs = [country.establish("commune", above(country, draw)) for _ in range(draw(st.integers(2, 3)))]
        country.abolish("commune", unit, heirs)


def lose_a_commune(country: Country, draw: st.DrawFn) -> None:
    unit = pick(country, draw, "commune")
    if unit:
        country.abolish("commune", unit, [], unknown=True)


def abolish_all_districts(country: Country, draw: st.DrawFn) -> None:
    for unit in list(country.standing["district"]):
        country.abolish("district", unit, [])


def merge_provinces(country: Country, draw: st.DrawFn) -> None:
    chosen = {pick(country, draw, "province") for _ in range(2)} - {None}
    heir = country.establish("province", country.standing["nation"][0])
    for unit in sorted(filter(None, chosen)):
        country.abolish("province", unit, [heir])


def move_a_village(country: Country, draw: st.DrawFn) -> None:
    unit, parent = pick(country, draw, "village"), pick(country, draw, "commune")
    if unit and parent:
        country.move(unit, parent)


def found_a_village(country: Country, draw: st.DrawFn) -> None:
    parent = pick(country, draw, "commune")
    if parent:
        country.establish("village", parent)


STEPS = [
    merge_into_a_new_commune,
    merge_into_a_neighbour,
    split_a_commune,
    lose_a_commune,
    abolish_all_districts,
    merge_provinces,
    move_a_village,
    found_a_village,
]


def fold_all(events: list[Event]) -> UnitTree:
    tree = UnitTree()
    for type_, data in events:
        tree.apply(type_, data)
    return tree


def units_of(events: list[Event]) -> list[str]:
    return [data["unit_id"] for type_, data in events if type_ == "UnitEstablished"]


def days_of(tree: UnitTree) -> list[date]:
    return [day + timedelta(days=n) for day in tree.map_changes for n in (-1, 0, 1) if day + timedelta(days=n) >= START]


def answers(tree: UnitTree, units: list[str], days: list[date]) -> list[object]:
    return [(tree.place(u, d), tree.ancestors(u, d), tree.children(u, d)) for u in units for d in days]


@settings(max_examples=150, deadline=None)
@given(histories())
def test_every_fact_stands_on_every_map_below_the_nation(events: list[Event]) -> None:
    tree = fold_all(events)
    nation = events[0][1]["unit_id"]
    for day in days_of(tree):
        for unit in units_of(events):
            placed = tree.place(unit, day)
            assert placed is not None and tree.exists(placed.unit_id, day)
            chain = tree.ancestors(placed.unit_id, day)
            assert chain[0] == placed.unit_id and chain[-1] == nation
            assert all(tree.exists(one, day) and tree.parent(one, day) == up for one, up in pairwise(chain))


@settings(max_examples=150, deadline=None)
@given(histories(), st.data())
def test_totals_are_equal_on_any_two_maps(events: list[Event], data: st.DataObject) -> None:
    tree = fold_all(events)
    facts = {unit: data.draw(st.integers(0, 9)) for unit in units_of(events)}
    days = data.draw(st.lists(st.sampled_from(days_of(tree)), min_size=2, max_size=2))
    totals = []
    for day in days:
        sums: Counter[str] = Counter()
        for unit, n in facts.items():
            placed = tree.place(unit, day)
            assert placed is not None
            for one in tree.ancestors(placed.unit_id, day):
                sums[one] += n
        nation = events[0][1]["unit_id"]
        assert sums[nation] == sum(facts.values())
        below = sum(sums[child] for child in tree.children(nation, day))
        held = sum(n for unit, n in facts.items() if getattr(tree.place(unit, day), "unit_id", "") == nation)
        assert below + held == sums[nation]
        totals.append(sums[nation])
    assert totals[0] == totals[1]


class Otherwise(UnitTree):
    """The same country, in which other links are the main ones: link n of a unit before those it has as a rule."""

    def __init__(self, events: list[Event], mains: Mapping[tuple[str, str], int]) -> None:
        super().__init__()
        self._mains = mains
        for type_, data in events:
            if data.get("successors"):
                heirs = sorted(link["unit_id"] for link in data["successors"])
                main = heirs[mains.get(("successors", data["unit_id"]), 0)]
                data = data | {"successors": [{"unit_id": heir, "main": heir == main} for heir in heirs]}
            self.apply(type_, data)

    def predecessors(self, unit_id: str) -> tuple[str, ...]:
        found = sorted(super().predecessors(unit_id))
        main = self._mains.get(("predecessors", unit_id), 0)
        return (*found[main : main + 1], *found[:main], *found[main + 1 :])


def countries(events: list[Event], data: st.DataObject) -> tuple[list[UnitTree], bool]:
    """The country as each choice of main links makes it; and whether these are all choices, or some of very many."""
    tree = fold_all(events)
    forks = {
        (kind, unit): len(links)
        for unit in units_of(events)
        for kind, links in (("successors", tree.successors(unit)), ("predecessors", tree.predecessors(unit)))
        if len(links) > 1
    }
    whole = prod(forks.values()) <= 24
    if whole:
        chosen: Iterable[Sequence[int]] = product(*map(range, forks.values()))
    else:
        chosen = [[data.draw(st.integers(0, n - 1)) for n in forks.values()] for _ in range(12)]
    return [Otherwise(events, dict(zip(forks, mains, strict=True))) for mains in chosen], whole


@settings(max_examples=80, deadline=None)
@given(histories(), st.data())
def test_what_is_certain_holds_the_facts_whatever_is_chosen(events: list[Event], data: st.DataObject) -> None:
    tree = fold_all(events)
    others, whole = countries(events, data)
    for day in data.draw(st.lists(st.sampled_from(days_of(tree)), min_size=1, max_size=3, unique=True)):
        for unit in units_of(events):
            placed = tree.place(unit, day)
            assert placed is not None
            chain = set(tree.ancestors(placed.unit_id, day))
            assert placed.uncertain <= chain
            held = [other.ancestors(where.unit_id, day) for other in others if (where := other.place(unit, day))]
            in_all = chain.intersection(*held)
            assert chain - placed.uncertain <= in_all
            if whole:  # and nothing is called uncertain that is not
                assert chain - placed.uncertain == in_all


@settings(max_examples=80, deadline=None)
@given(histories(), st.data())
def test_several_units_surely_cover_what_one_of_them_covers_whatever_is_chosen(
    events: list[Event], data: st.DataObject
) -> None:
    tree = fold_all(events)
    others, whole = countries(events, data)
    day = data.draw(st.sampled_from(days_of(tree)))
    roots = data.draw(st.sets(st.sampled_from(units_of(events)), min_size=1, max_size=4))
    for unit in units_of(events):
        surely, always = tree.surely_covers(roots, unit, day), all(other.covers(roots, unit, day) for other in others)
        assert always if surely else not (whole and always), unit
    assert not tree.surely_covers(roots, "nowhere", day)


@settings(max_examples=100, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_recording_does_not_matter(events: list[Event], random: Any) -> None:
    units = units_of(events)
    in_order, shuffled = fold_all(events), list(events)
    random.shuffle(shuffled)
    days = days_of(in_order)
    assert answers(fold_all(shuffled), units, days) == answers(in_order, units, days)


@settings(max_examples=60, deadline=None)
@given(histories())
def test_what_stands_below_a_unit_is_what_has_it_above(events: list[Event]) -> None:
    tree = fold_all(events)
    for day in days_of(tree):
        for unit in tree.existing(day):
            children = [u for u in tree.existing(day) if tree.parent(u, day) == unit]
            assert tree.children(unit, day) == tuple(sorted(children))
            paths = list(tree.below(unit, day))
            assert {path[-1] for path in paths} == {u for u in tree.existing(day) if unit in tree.ancestors(u, day)[1:]}
            assert paths == sorted(paths) and all(
                tree.ancestors(path[-1], day)[: len(path) + 1] == (*reversed(path), unit) for path in paths
            )
            for n, path in enumerate(paths):
                assert list(tree.below(unit, day, after=path)) == paths[n + 1 :]


@settings(max_examples=60, deadline=None)
@given(histories())
def test_a_unit_holds_what_is_placed_in_it(events: list[Event]) -> None:
    tree, units = fold_all(events), units_of(events)
    for day in days_of(tree):
        gone = [(unit, tree.place(unit, day)) for unit in units if not tree.exists(unit, day)]
        for unit in tree.existing(day):
            assert tree.held(unit, day) == tuple(sorted(u for u, at in gone if at and at.unit_id == unit))


@settings(max_examples=60, deadline=None)
@given(histories())
def test_answers_given_in_between_are_forgotten_when_facts_come_in(events: list[Event]) -> None:
    units, final = units_of(events), fold_all(events)
    days = days_of(final)[-4:]
    asked = UnitTree()
    for type_, data in events:
        answers(asked, units, days)
        asked.find_by_name(data.get("name", "x"), days[-1])
        asked.apply(type_, data)
    assert answers(asked, units, days) == answers(final, units, days)
    assert [asked.find_by_name(u, days[-1]) for u in units] == [final.find_by_name(u, days[-1]) for u in units]


IDS = st.sampled_from("abcdefg")
DAY = st.dates(date(2022, 1, 1), date(2022, 1, 9)).map(date.isoformat)
SINCE = st.fixed_dictionaries({"since": DAY, "value": IDS})
FACT = st.fixed_dictionaries(
    {
        "unit_id": IDS,
        "level": st.sampled_from(LEVELS),
        "kind": st.just("k"),
        "name": IDS,
        "parent_id": IDS,
        "code": st.none() | IDS,
        "system": st.just("gso"),
        "effective": DAY,
        "successors": st.lists(st.fixed_dictionaries({"unit_id": IDS, "main": st.booleans()}), max_size=3),
        "successor_unknown": st.booleans(),
        "established": st.none() | DAY,
        "ended": st.none() | DAY,
        "names": st.lists(SINCE, max_size=2, unique_by=lambda since: since["since"]),
        "kinds": st.just([{"since": "2022-01-01", "value": "k"}]),
        "parents": st.lists(SINCE, max_size=2, unique_by=lambda since: since["since"]),
        "codes": st.lists(st.fixed_dictionaries({"system": st.just("gso"), "since": DAY, "code": IDS}), max_size=1),
        "simulated": st.booleans(),
    }
).map(lambda data: data if data["code"] else {**data, "code": "none"})


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(UNIT_EVENTS), FACT), max_size=25))
def test_nothing_recorded_makes_a_question_fail(events: list[Event]) -> None:
    tree = fold_all(events)
    for unit in "abcdefg":
        for day in (date(2021, 1, 1), date(2022, 1, 5), date(2023, 1, 1)):
            levels = [LEVELS.index(tree.level(one) or "") for one in tree.ancestors(unit, day)]
            assert levels == sorted(set(levels), reverse=True)
            placed = tree.place(unit, day)
            assert placed is None or tree.exists(placed.unit_id, day)
            assert all(tree.exists(part.unit_id, day) for part in tree.former_unit_on_map(unit, day))
            assert tree.covers({unit}, unit, day)
            tree.children(unit, day)
            tree.predecessors(unit)
            tree.find_by_name(unit, day)
            tree.by_code(unit, day)
