"""The reform of 1/7/2025 as a file, and what the registry makes of its orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from ops.units import reform_file
from ops.units import seed as units
from services.teams.domain import DECIDER, EVENTS
from services.teams.domain.units import MOST_CHANGES, EstablishUnit
from services.teams.reform.groups import groups_of
from services.teams.reform.orders import Papers, kept, reorganisations, restored
from services.teams.reform.plan import Plan, plan_of
from services.teams.reform.preview import access, unmentioned
from services.teams.reform.sheet import LINKS, Line, line_of
from shared.codec import Codec
from shared.decider import Rejected
from shared.handler import Envelope, Handler
from shared.handling import handle_many
from shared.memory import MemoryLog
from shared.units import UnitTree
from shared.vault import MemoryKeys, Vault
from shared.writer import GroupWriter
from tests.reform_plan_kit import DAY, EVE, REFORM


@pytest.fixture(scope="module")
def seed() -> units.Seed:
    return units.load()


@pytest.fixture(scope="module")
def eve(seed: units.Seed) -> UnitTree:
    """The country on 30/6/2025, without the reform."""
    tree = UnitTree()
    for row in units.rows(seed, reform_file.EVE):
        tree.apply(*units.as_event(row))
    return tree


@pytest.fixture(scope="module")
def national(seed: units.Seed) -> list[Line]:
    return [line_of(n, _typed(row)) for n, row in enumerate(reform_file.rows(seed))]


@pytest.fixture(scope="module")
def plan(eve: UnitTree, national: list[Line]) -> Plan:
    return plan_of(REFORM, national, eve)


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {c.key: c.kind.read(row[c.key]) if row.get(c.key) not in (None, "") else None for c in LINKS.columns}


def _facts(tree: UnitTree, level: str) -> dict[str, Any]:
    return {
        unit: [
            *(tree.code(unit, DAY), tree.name(unit, DAY), tree.kind(unit, DAY), tree.parent(unit, DAY)),
            *tree.predecessors(unit),
        ]
        for unit in tree.existing(DAY, level)
    }


def test_the_reform_of_2025_as_a_file_makes_the_tree_that_the_seed_has(
    seed: units.Seed, eve: UnitTree, plan: Plan
) -> None:
    assert plan.flaws == []
    assert (len(plan.established), len(plan.altered), len(plan.abolished)) == (3213, 131, 11126)
    for level in ("province", "district", "commune"):
        assert _facts(plan.after, level) == _facts(seed.tree, level)
    for unit in seed.tree.existing(EVE):
        assert plan.after.successors(unit) == seed.tree.successors(unit)
    assert not list(unmentioned(plan, eve))
    assert sum(item["ends"] for item in access(plan, eve)) == 11126


def test_codes_alone_say_the_same(seed: units.Seed, eve: UnitTree, national: list[Line]) -> None:
    plan = plan_of(REFORM, [replace(each, old_id=None, new_id=None) for each in national], eve)
    assert plan.flaws == []

    def told(tree: UnitTree, level: str) -> list[Any]:
        found = []
        for unit in tree.existing(DAY, level):
            parent = tree.code(tree.parent(unit, DAY) or "", DAY)
            former = sorted(tree.code(each, EVE) or "" for each in tree.predecessors(unit))
            found.append((tree.code(unit, DAY), tree.name(unit, DAY), tree.kind(unit, DAY), parent or "", former))
        return sorted(found)

    for level in ("province", "commune"):
        assert told(plan.after, level) == told(seed.tree, level)
    hong_ha = plan.after.by_code("00097", DAY) or ""
    assert (eve.name(eve.by_code("00097", EVE) or "", EVE), plan.after.name(hong_ha, DAY)) == ("Tứ Liên", "Hồng Hà")


def test_groups_are_whole_and_their_orders_survive_being_kept(eve: UnitTree, plan: Plan) -> None:
    groups = groups_of(plan, eve)
    assert sum(len(group.items) for group in groups) == len(plan.items)
    group_of = {item.unit_id: n for n, group in enumerate(groups) for item in group.items}
    for end in plan.abolished:
        assert {group_of[heir] for heir in end.heirs if heir in group_of} <= {group_of[end.unit_id]}
    orders = list(reorganisations(Papers(REFORM, {}), groups, {}))
    assert max(len(order.command.changes) for order in orders) <= MOST_CHANGES
    assert len({order.command_id for order in orders}) == len(orders)
    some = [*orders[:40], *orders[-40:]]
    assert [restored(orjson.loads(orjson.dumps(kept(order)))) for order in some] == some


def test_the_registry_accepts_the_orders_of_a_province(eve: UnitTree, national: list[Line], seed: units.Seed) -> None:
    hanoi = eve.by_code("01", EVE) or ""
    here = [each for each in national if eve.covers({hanoi}, each.old_id or "", EVE)]
    plan = plan_of(REFORM, here, eve)
    papers = Papers(REFORM, {})
    orders = [*papers.orders(plan.papers), *reorganisations(papers, groups_of(plan, eve), {})]
    log, writer = MemoryLog(), None
    try:
        writer = GroupWriter(log)
        codec = Codec(*EVENTS, vault=Vault(MemoryKeys()))
        handler: Any = Handler(log, writer, DECIDER, codec, hash_key=b"0" * 32, guard_reads=True)
        send(handler, ((UUID(int=1000 + n), c) for n, c in enumerate(standing(eve, hanoi))))
        send(handler, ((order.command_id, order.command) for order in orders))
    finally:
        if writer:
            writer.stop()
    tree = UnitTree()
    for event in log.read(0, 0, 100_000):
        tree.apply(event.type, event.data)
    for unit in tree.existing(DAY, "commune"):
        assert (tree.name(unit, DAY), tree.code(unit, DAY)) == (seed.tree.name(unit, DAY), seed.tree.code(unit, DAY))
    assert sum(1 for _ in tree.existing(DAY, "commune")) == 126


def standing(tree: UnitTree, province: str) -> Iterator[EstablishUnit]:
    """A province as it was on the eve, as if it had always been so."""
    nation = tree.ancestors(province, EVE)[-1]
    for level in ("nation", "province", "district", "commune"):
        for unit in tree.existing(EVE, level):
            if unit == nation or tree.covers({province}, unit, EVE):
                kind, name, code = tree.kind(unit, EVE) or "", tree.name(unit, EVE) or "", tree.code(unit, EVE)
                yield EstablishUnit(unit, level, kind, name, tree.parent(unit, EVE), code, date(2022, 1, 1))


def send(handler: Any, commands: Iterable[tuple[UUID, Any]]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    answers = handle_many(handler, [Envelope(command_id, command, "t", now) for command_id, command in commands])
    assert [answer.code for answer in answers if isinstance(answer, Rejected)] == []
