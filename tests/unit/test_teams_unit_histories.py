"""Random histories of units, with late facts, corrections and reorganisations: every answer equals a naive re-fold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.teams.domain import DECIDER
from services.teams.domain.documents import Document, DocumentKind, DocumentRegistered
from services.teams.domain.units import (
    AbolishUnit,
    AssignUnitCode,
    ChangeUnitKind,
    Correction,
    CorrectUnit,
    EstablishUnit,
    Reason,
    RedoReorganisation,
    RenameUnit,
    ReorganiseUnits,
    ReparentUnit,
    Successor,
    UndoReorganisation,
    Unit,
    UnitCorrected,
    unit_stream,
)
from services.teams.shown_units import FACT_TYPES
from shared.decider import LookFurther, Rejected
from shared.units import UnitTree

START = date(2024, 1, 1)
DAYS = [START + timedelta(days=n) for n in range(7)]
LEVELS = {"n": "nation", "p": "province", "c": "commune", "v": "village"}
IDS = ("n", "p0", "p1", "c0", "c1", "c2", "v0", "v1")
CODES = ("1", "2")
DOCUMENT = DocumentRegistered("d", DocumentKind.DECISION, "UBND", "1", 2024, START, START, None, "")


class Registry:
    """The log in memory: what was recorded, in order, and the states that it makes."""

    def __init__(self) -> None:
        self.states: dict[str, Any] = defaultdict(lambda: None, {"document:d": Document(DOCUMENT)})
        self.recorded: list[Any] = []

    def send(self, command: Any) -> bool:
        """As the intake does: what a decision misses is read, and it is made again."""
        while True:
            try:
                changes = DECIDER.decide(command, {s: self.states[s] for s in DECIDER.streams(command)})
            except LookFurther as look:
                assert not set(look.streams) <= set(command.also), "asks again for what it was given"
                command = replace(command, also=(*command.also, *look.streams))
            except Rejected:
                return False
            else:
                break
        for stream, event in changes:
            self.states[stream] = DECIDER.evolve(self.states[stream], event)
            self.recorded.append(event)
        return bool(changes)


days, ids, codes = st.sampled_from(DAYS), st.sampled_from(IDS), st.sampled_from(CODES)
names = st.sampled_from(("A", "B"))


def established(unit_id: str, parent: str, code: str | None, day: date, name: str) -> EstablishUnit:
    return EstablishUnit(unit_id, LEVELS[unit_id[0]], "k", name, None if unit_id == "n" else parent, code, day)


def heirs(chosen: list[str]) -> tuple[Successor, ...]:
    return tuple(Successor(unit_id, n == 0) for n, unit_id in enumerate(chosen))


def of_level(unit_id: str, level: int) -> st.SearchStrategy[str]:
    """Mostly a unit that many levels above this one, so that much of what is asked for is possible."""
    wanted = "npcv"[max(0, "npcv".index(unit_id[0]) - level)]
    return st.sampled_from([other for other in IDS if other[0] == wanted] * 3 + [unit_id])


@st.composite
def establishments(draw: st.DrawFn) -> EstablishUnit:
    unit_id = draw(st.sampled_from(("c2", "c2", "v1", "v1", *IDS)))
    return established(unit_id, draw(of_level(unit_id, 1)), draw(st.none() | codes), draw(days), draw(names))


@st.composite
def reparentings(draw: st.DrawFn) -> ReparentUnit:
    unit_id = draw(ids)
    return ReparentUnit(unit_id, draw(of_level(unit_id, 1)), draw(days))


@st.composite
def abolitions(draw: st.DrawFn) -> AbolishUnit:
    unit_id = draw(ids)
    chosen = draw(st.lists(of_level(unit_id, 0), max_size=2, unique=True))
    return AbolishUnit(unit_id, draw(days), heirs(chosen), not chosen)


SINGLE = st.one_of(
    establishments(),
    st.builds(RenameUnit, ids, names, days),
    st.builds(ChangeUnitKind, ids, names, days),
    st.builds(AssignUnitCode, ids, st.just("gso"), st.none() | codes, days),
    reparentings(),
    abolitions(),
)
ANEW = st.one_of(
    st.fixed_dictionaries({"effective": days}),
    st.fixed_dictionaries({"name": names}),
    st.fixed_dictionaries({"code": st.none() | codes}),
    st.fixed_dictionaries({"parent_id": ids}),
    st.fixed_dictionaries({"successors": st.lists(ids, max_size=2, unique=True).map(heirs)}),
)
CORRECTION = st.one_of(
    st.builds(Correction, st.integers(1, 3), st.booleans()),
    st.builds(Correction, st.just(1), st.none(), ANEW),
    st.builds(Correction, st.sampled_from((1, 2)), st.none(), ANEW),
)
REORGANISATIONS = st.just("r")
REASON = st.just(Reason.OTHER)


def reorganised(reorganisation_id: str, day: date, changes: Sequence[Any]) -> ReorganiseUnits:
    dated = tuple(replace(change, effective=day, document_id="d") for change in changes)
    return ReorganiseUnits(reorganisation_id, "d", day, dated)


CORRECTIONS = st.builds(
    lambda unit_id, corrections: CorrectUnit(unit_id, tuple(corrections), Reason.OTHER, "d"),
    ids,
    st.lists(CORRECTION, min_size=1, max_size=2, unique_by=lambda correction: correction.fact),
)
COMMAND = st.one_of(
    SINGLE,
    SINGLE,
    CORRECTIONS,
    CORRECTIONS,
    st.builds(reorganised, REORGANISATIONS, days, st.lists(SINGLE, min_size=1, max_size=2)),
    st.builds(UndoReorganisation, REORGANISATIONS, REASON, st.just("d")),
    st.builds(RedoReorganisation, REORGANISATIONS, REASON, st.just("d")),
)
BEGUN = (
    established("n", "", None, START, "N"),
    established("p0", "n", "1", START, "P"),
    established("p1", "n", None, DAYS[2], "P"),
    established("c0", "p0", "2", START, "A"),
    established("c1", "p0", None, DAYS[1], "B"),
    established("v0", "c0", None, START, "A"),
)
ever = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def registry_of(commands: list[Any]) -> Registry:
    registry = Registry()
    for command in (*BEGUN, *commands):
        registry.send(command)
    return registry


# --- the naive re-fold --------------------------------------------------------------------------------------------

Told = dict[str, Any]


def facts_of(recorded: Sequence[Any]) -> dict[str, list[Told]]:
    """Unit → its facts as they read by then, each with its number."""
    facts: dict[str, list[Told]] = defaultdict(list)
    for event in recorded:
        name = type(event).__name__
        if name in FACT_TYPES:
            mine = facts[event.unit_id]
            mine.append({"type": name, "void": False, "number": len(mine), **msgspec.to_builtins(event)})
        elif isinstance(event, UnitCorrected):
            for told in event.corrections:
                fact = facts[event.unit_id][told.fact - 1]
                said = msgspec.to_builtins(told)
                fact |= {field: value for field, value in said.items() if field in fact}
    return facts


def latest(facts: list[Told], day: date, field: str, types: set[str]) -> Any:
    """The value of the fact that took effect last by that day; the establishment comes before all else of its day."""
    held = [f for f in facts if not f["void"] and f["type"] in types and f["effective"] <= day.isoformat()]
    last = max(held, key=lambda f: (f["effective"], f["type"] != "UnitEstablished", f["number"]), default=None)
    return last[field] if last else None


def exists(facts: list[Told], day: date) -> bool:
    begun = latest(facts, day, "effective", {"UnitEstablished"})
    return begun is not None and latest(facts, day, "effective", {"UnitAbolished"}) is None


def tree_of(events: Sequence[Any]) -> UnitTree:
    tree = UnitTree()
    for event in events:
        tree.apply(type(event).__name__, msgspec.to_builtins(event))
    return tree


@ever
@given(st.lists(COMMAND, max_size=14), st.floats(0, 1))
def test_every_answer_as_of_a_day_known_at_an_instant_equals_the_naive_refold(commands: list[Any], when: float) -> None:
    recorded = registry_of(commands).recorded
    for known in (recorded, recorded[: int(len(recorded) * when)]):
        tree, facts = tree_of(known), facts_of(known)
        for day in (START - timedelta(days=1), *DAYS):
            there = {unit_id for unit_id in IDS if exists(facts[unit_id], day)}
            assert set(tree.existing(day)) == there
            for unit_id in there:
                mine = facts[unit_id]
                assert tree.name(unit_id, day) == latest(mine, day, "name", {"UnitEstablished", "UnitRenamed"})
                assert tree.kind(unit_id, day) == latest(mine, day, "kind", {"UnitEstablished", "UnitKindChanged"})
                assert tree.code(unit_id, day) == latest(mine, day, "code", {"UnitEstablished", "UnitCodeAssigned"})
                above = latest(mine, day, "parent_id", {"UnitEstablished", "UnitReparented"})
                assert tree.parent(unit_id, day) == above or above not in there
            named = {u for u in there if latest(facts[u], day, "name", {"UnitEstablished", "UnitRenamed"}) == "A"}
            assert set(tree.find_by_name("a", day)) == named
            for code in CODES:
                bearers = [u for u in there if tree.code(u, day) == code]
                assert len(bearers) <= 1, "a code is borne by one unit a day"
                assert [bearer for bearer in (tree.by_code(code, day),) if bearer] == bearers


@ever
@given(st.lists(COMMAND, max_size=14))
def test_a_corrected_tree_is_that_of_the_corrected_history(commands: list[Any]) -> None:
    registry = registry_of(commands)
    told, facts = tree_of(registry.recorded), facts_of(registry.recorded)
    plain = UnitTree()
    for mine in facts.values():
        for fact in mine:
            if not fact["void"]:
                plain.apply(fact["type"], fact)
    never = {u for u in IDS if u not in plain}
    assert {u for u in IDS if u not in told} == never
    for day in DAYS:
        for unit_id in set(IDS) - never:
            links = told.successors(unit_id), told.predecessors(unit_id)
            assert links == (plain.successors(unit_id), plain.predecessors(unit_id))
            assert told.codes(unit_id, day) == plain.codes(unit_id, day)
            assert told.life(unit_id) == plain.life(unit_id)
            if not named_anywhere(facts, never):
                assert told.place(unit_id, day) == plain.place(unit_id, day)
                assert told.ancestors(unit_id, day) == plain.ancestors(unit_id, day)
                assert told.children(unit_id, day) == plain.children(unit_id, day)
        assert list(told.called("A", day, former=True)) == list(plain.called("A", day, former=True))


def named_anywhere(facts: dict[str, list[Told]], never: set[str]) -> bool:
    """Whether facts still refer to a unit that never was: those find a place only while it is remembered."""
    standing = [fact for mine in facts.values() for fact in mine if not fact["void"]]
    named = {fact["parent_id"] for fact in standing if "parent_id" in fact}
    return bool(never & (named | {s["unit_id"] for fact in standing for s in fact.get("successors", ())}))


@ever
@given(st.lists(COMMAND, max_size=14))
def test_the_states_that_decide_are_those_that_are_published(commands: list[Any]) -> None:
    registry = registry_of(commands)
    tree = tree_of(registry.recorded)
    for unit_id in IDS:
        unit: Unit | None = registry.states[unit_stream(unit_id)]
        for day in DAYS:
            assert tree.exists(unit_id, day) == (unit is not None and unit.exists(day))
            if unit and unit.exists(day):
                assert tree.code(unit_id, day) == unit.code("gso", day)
                assert tree.life(unit_id) == (unit.opened, unit.closed)


@ever
@given(st.lists(SINGLE, max_size=8), st.lists(SINGLE, min_size=1, max_size=4), days)
def test_what_is_undone_leaves_no_trace_and_what_is_redone_is_all_there(
    commands: list[Any], changes: list[Any], day: date
) -> None:
    registry = registry_of(commands)

    def answers() -> list[Any]:
        tree = tree_of(registry.recorded)
        units = [unit_id for unit_id in IDS if unit_id in tree]
        dated = [
            (unit_id, d, tree.code(unit_id, d), tree.name(unit_id, d), tree.ancestors(unit_id, d))
            for d in DAYS
            for unit_id in units
            if tree.exists(unit_id, d)
        ]
        return [*dated, *((unit_id, tree.life(unit_id), tree.successors(unit_id)) for unit_id in units)]

    before = answers()
    if registry.send(reorganised("r", day, changes)):
        after = answers()
        assert registry.send(UndoReorganisation("r", Reason.WITHDRAWN, "d"))
        assert answers() == before
        assert not registry.send(UndoReorganisation("r", Reason.WITHDRAWN, "d"))
        assert registry.send(RedoReorganisation("r", Reason.WITHDRAWN, "d"))
        assert answers() == after


@ever
@given(st.lists(SINGLE, max_size=6), st.lists(SINGLE, min_size=2, max_size=4), days, st.randoms())
def test_the_order_within_a_reorganisation_says_nothing(
    commands: list[Any], changes: list[Any], day: date, dice: Any
) -> None:
    first, second = registry_of(commands), registry_of(commands)
    shuffled = list(changes)
    dice.shuffle(shuffled)
    assert first.send(reorganised("r", day, changes)) == second.send(reorganised("r", day, shuffled))
    streams = [unit_stream(unit_id) for unit_id in IDS]
    for stream in streams:
        one, other = first.states[stream], second.states[stream]
        assert (one and replace(one, facts=())) == (other and replace(other, facts=()))
