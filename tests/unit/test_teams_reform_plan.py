"""From the rows of a file to a plan and its orders: rules of rows, the reform of 1/7/2025, what becomes of teams."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.units import reform_file
from ops.units import seed as units
from services.teams.domain import DECIDER, EVENTS
from services.teams.domain.team.events import Role, Seat
from services.teams.domain.team.merge import Fate
from services.teams.domain.units import MOST_CHANGES, EstablishUnit, ReorganiseUnits
from services.teams.reform.groups import groups_of
from services.teams.reform.mergers import fates
from services.teams.reform.moves import Serving, mergers_of, moves_of
from services.teams.reform.orders import Papers, kept, reorganisations, restored
from services.teams.reform.places import Places, read
from services.teams.reform.plan import Plan, plan_of
from services.teams.reform.preview import access, incomplete, unmentioned
from services.teams.reform.sheet import (
    AREAS,
    KEEP,
    LEAVE,
    LINKS,
    MERGE,
    REASSIGN,
    TEMPLATE,
    Area,
    Line,
    Paper,
    line_of,
)
from shared.codec import Codec
from shared.decider import Rejected
from shared.handler import Envelope, Handler
from shared.handling import handle_many
from shared.memory import MemoryLog
from shared.sheets import Page, read_book, template_file, write_xlsx
from shared.units import UnitTree
from shared.vault import MemoryKeys, Vault
from shared.writer import GroupWriter

REFORM = UUID(int=7)
DAY = date(2025, 7, 1)
EVE = DAY - timedelta(1)
PAPER = Paper("resolution", "Uỷ ban Thường vụ Quốc hội", "1656/NQ-UBTVQH15", 2025, date(2025, 6, 16))


def established(unit: str, level: str, parent: str | None, code: str | None, **other: Any) -> dict[str, Any]:
    kinds = {"nation": "quốc gia", "province": "tỉnh", "district": "huyện", "commune": "xã", "village": "thôn"}
    row = {"unit_id": unit, "level": level, "kind": kinds[level], "name": unit, "parent_id": parent, "code": code}
    return row | {"effective": "2022-01-01"} | other


def small() -> UnitTree:
    """Two provinces, a district in each, three communes in each district, two villages of one commune."""
    tree = UnitTree()
    rows = [established("vn", "nation", None, None)]
    for n, province in enumerate(("p1", "p2"), 1):
        rows += [established(province, "province", "vn", f"0{n}"), established(f"d{n}", "district", province, f"00{n}")]
        rows += [established(f"c{n}{m}", "commune", f"d{n}", f"000{n}{m}") for m in (1, 2, 3)]
    rows += [established(f"v{m}", "village", "c11", None, name=f"Thôn {m}") for m in (1, 2)]
    for row in rows:
        tree.apply("UnitEstablished", row)
    return tree


def line(index: int, level: str = "commune", **said: Any) -> Line:
    return Line(index, level, said.pop("effective", DAY), said.pop("paper", PAPER), **said)


NEW: Mapping[str, Any] = {"new_code": "00012", "new_name": "Mới", "new_kind": "xã", "new_parent": "01"}
FRESH = {**NEW, "new_code": "00090"}
"""A code that nobody bears; that of ``NEW`` is c12's."""


def planned(*lines: Line, tree: UnitTree | None = None) -> Plan:
    return plan_of(REFORM, lines, tree or small())


def flaws(*lines: Line) -> set[tuple[int, str, str]]:
    return {(flaw.index, flaw.column, flaw.code) for flaw in planned(*lines).errors}


# --- rows ---------------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[list[Line], set[tuple[int, str, str]]]] = {
    "unknown": ([line(0, old_code="99999", **FRESH)], {(0, "old_code", "unknown-unit")}),
    "not yet": ([line(0, old_id="c11", effective=date(2021, 1, 1), **FRESH)], {(0, "old_id", "unit-not-yet")}),
    "of another level": ([line(0, "village", old_id="c11", **FRESH)], {(0, "level", "reform-level-differs")}),
    "name of two": (
        [line(0, "village", old_name="thon", old_parent="xx", **FRESH)],
        {(0, "old_parent", "reform-parent-unknown")},
    ),
    "no successor": ([line(0, old_id="c11")], {(0, "new_code", "unit-successor-missing")}),
    "two rows, no main": (
        [
            line(0, old_id="c11", **FRESH),
            line(1, old_id="c11", new_code="00099", new_name="B", new_kind="xã", new_parent="01"),
        ],
        {(0, "main", "unit-main-successor")},
    ),
    "two main": (
        [
            line(0, old_id="c11", main=True, **FRESH),
            line(1, old_id="c11", main=True, new_code="00099", new_name="B", new_kind="xã", new_parent="01"),
        ],
        {(1, "main", "unit-main-successor")},
    ),
    "the same link twice": (
        [line(0, old_id="c11", main=True, **FRESH), line(1, old_id="c11", **FRESH)],
        {(1, "new_code", "reform-link-twice")},
    ),
    "whole, and yet in two": (
        [
            line(0, old_id="c11", main=True, share="whole", **FRESH),
            line(1, old_id="c11", share="part", new_code="00099", new_name="B", new_kind="xã", new_parent="01"),
        ],
        {(0, "share", "reform-share-contradicts")},
    ),
    "parent unknown": (
        [line(0, old_id="c11", **{**FRESH, "new_parent": "77"})],
        {(0, "new_parent", "reform-parent-unknown")},
    ),
    "parent of a lower level": (
        [line(0, old_id="c11", **{**NEW, "new_parent": "00021"}), line(1, old_id="c12", new_code="00012")],
        {(0, "new_parent", "unit-parent-level")},
    ),
    "parent ends": (
        [
            line(0, old_id="c11", **{**NEW, "new_parent": "001"}),
            line(1, "district", old_id="d1"),
            line(2, old_id="c12", new_code="00012"),
        ],
        {(0, "new_parent", "reform-parent-ends")},
    ),
    "code of a standing unit": (
        [line(0, old_id="c11", new_code="00021", new_name="Mới", new_kind="xã", new_parent="01", share="part")],
        {(0, "new_code", "unit-code-taken")},
    ),
    "contradicting names": (
        [line(0, old_id="c11", **NEW), line(1, old_id="c12", **{**NEW, "new_name": "Khác"})],
        {(1, "new_name", "reform-new-contradicts")},
    ),
    "two ids for one unit": (
        [line(0, old_id="c11", new_id="x", **NEW), line(1, old_id="c12", new_id="y", new_code="00012")],
        {(1, "new_id", "reform-ids-contradict")},
    ),
    "not described": (
        [line(0, old_id="c11", new_code="00099"), line(1, old_id="c12", new_code="00099")],
        {(0, column, "reform-new-incomplete") for column in ("new_name", "new_kind", "new_parent")},
    ),
    "no such kind": (
        [line(0, old_id="c11", **{**NEW, "new_kind": "huyện"}), line(1, old_id="c12", new_code="00012")],
        {(0, "new_kind", "reform-kind-unknown")},
    ),
    "each takes the other's place": (
        [line(0, old_id="c11", new_id="c12", main=True), line(1, old_id="c12", new_id="c11", main=True)],
        {(0, "new_code", "reform-heir-ends"), (1, "new_code", "reform-heir-ends")},
    ),
    "into itself, but not mainly": (
        [
            line(0, old_id="c11", new_id=KEEP, share="part"),
            line(1, old_id="c11", main=True, share="part", **{**NEW, "new_code": "00099"}),
        ],
        {(0, "main", "unit-into-itself")},
    ),
    "keeps nothing": (
        [line(0, new_id=KEEP, **NEW)],
        {(0, "new_id", "reform-keeps-nothing"), (0, "new_code", "unit-code-taken")},
    ),
    "unknown and named": (
        [line(0, old_id="c11", share="unknown", **{**NEW, "new_code": "00099"})],
        {(0, "share", "unit-successors-contradict")},
    ),
    "nothing said": ([line(0)], {(0, "old_code", "reform-row-empty")}),
}


@pytest.mark.parametrize("case", BAD)
def test_a_row_that_cannot_be_is_told_with_its_column(case: str) -> None:
    lines, expected = BAD[case]
    assert flaws(*lines) == expected


def test_a_unit_that_ends_is_not_reformed_again_that_day_or_later() -> None:
    tree = small()
    end = {"unit_id": "c11", "successors": [{"unit_id": "c12", "main": True}], "successor_unknown": False}
    tree.apply("UnitAbolished", end | {"effective": "2025-07-01"})
    plan = planned(line(0, old_id="c11", **NEW), tree=tree)
    assert [flaw.code for flaw in plan.errors] == ["unit-closed"]
    tree = small()
    tree.apply("UnitAbolished", end | {"effective": "2026-01-01"})
    plan = planned(line(0, old_id="c11", **NEW), line(1, old_id="c12", new_code="00012"), tree=tree)
    assert [flaw.code for flaw in plan.errors] == ["reform-unit-ends-later"]


def test_units_are_found_by_code_without_zeros_by_name_and_within_their_commune() -> None:
    plan = planned(
        line(0, old_code="11", old_name="c12", **NEW),
        line(1, old_name="C12", new_code="12"),
        line(2, "village", old_name="thôn 2", old_parent="11", new_parent="00023"),
    )
    assert [(flaw.code, flaw.warning, flaw.params) for flaw in plan.flaws] == [
        ("reform-name-differs", True, {"name": "Xã c11"})
    ]
    assert {item.unit_id for item in plan.abolished} == {"c11", "c12"}
    assert [(item.unit_id, item.parent_id) for item in plan.altered] == [("v2", "c23")]
    [new] = plan.established
    assert (new.code, plan.after.by_code("00012", DAY), plan.after.parent(new.unit_id, DAY)) == (
        "00012",
        new.unit_id,
        "p1",
    )


def test_one_becomes_exactly_one_and_goes_on() -> None:
    plan = planned(line(0, old_id="c11", new_code="00011", new_name="Tên mới", new_kind="phường", new_parent="02"))
    [item] = plan.altered
    assert (item.unit_id, item.name, item.kind, item.parent_id, item.code) == ("c11", "Tên mới", "phường", "p2", None)
    assert not plan.established and not plan.abolished


def test_one_unit_takes_in_another_and_goes_on() -> None:
    plan = planned(line(0, old_id="c11", new_id=KEEP, new_code="00011"), line(1, old_id="c12", new_code="00011"))
    assert (plan.errors, plan.established, plan.altered) == ([], [], [])
    assert [(item.unit_id, item.heirs) for item in plan.abolished] == [("c12", ("c11",))]


def test_days_follow_each_other_in_one_file() -> None:
    later = date(2026, 1, 1)
    plan = planned(
        line(0, old_id="c11", **NEW),
        line(1, old_id="c12", new_code="00012"),
        line(2, old_code="00012", new_code="00012", new_name="Nữa", new_kind="xã", new_parent="01", effective=later),
        line(3, old_id="c13", new_code="00012", effective=later),
    )
    assert (plan.errors, plan.days) == ([], [DAY, later])
    first, second = plan.established
    assert [item.heirs for item in plan.abolished if item.unit_id == first.unit_id] == [(second.unit_id,)]
    assert plan.after.place("c11", later).unit_id == second.unit_id  # type: ignore[union-attr]  # it is known


def test_a_file_that_must_be_complete_names_what_it_misses() -> None:
    lines = [line(0, old_id="c11", **NEW), line(1, old_id="c12", new_code="00012")]
    plan, tree = planned(*lines), small()
    [flaw] = incomplete([Area(9, "01", "commune", DAY)], plan, tree)
    assert (flaw.code, flaw.params) == (
        "reform-unmentioned",
        {"units": 1, "level": "commune", "examples": "Xã c13"},
    )
    assert [item["unit_id"] for item in unmentioned(plan, tree)] == ["c13"]
    [unknown] = incomplete([Area(9, "77", "commune", DAY)], plan, tree)
    assert unknown.code == "reform-area-unknown"


def test_a_finding_names_its_cell_after_the_file_is_gone() -> None:
    places = Places({"links": {"name": "Tệp", "columns": {"main": [12, "Chính"]}}}, {4: ("links", 6), 3: ("links", 5)})
    plan = planned(line(3, old_id="c11", main=True, **FRESH), line(4, old_id="c11", **FRESH))
    [flaw] = plan.errors
    found = places.finding(replace(flaw, column="main"))
    assert (found.cell, found.header, found.params) == ("Tệp!M6", "Chính", {"other": 5})


def test_a_workbook_from_the_template_is_read_as_it_was_meant() -> None:
    """Spreadsheets drop the zeros of codes and keep days as days."""
    to = io.BytesIO()
    values = {c.key: None for c in LINKS.columns} | {
        **{"level": "commune", "old_code": 97, "new_code": 97, "new_name": "Hồng Hà", "new_kind": "Phường"},
        **{"new_parent": "01", "main": True, "share": "whole", "effective": DAY, "document_kind": "resolution"},
        **{"issuer": PAPER.issuer, "number": PAPER.number, "signed_on": PAPER.signed_on, "teams": REASSIGN},
    }
    area = {"unit": "01", "level": "commune", "effective": DAY}
    write_xlsx(to, [Page(LINKS, [values]), Page(AREAS, [area])])
    with tempfile.TemporaryFile() as file:
        file.write(to.getvalue())
        file.seek(0)
        book = read_book(file, "xlsx", TEMPLATE)
    assert [row.findings for row in book.rows] == [[], []]
    [found], [within] = read(book)
    assert (found.paper, found.effective, found.main, within.unit) == (PAPER, DAY, True, "01")
    tree = small()
    tree.apply("UnitEstablished", established("tulien", "commune", "d1", "00097", name="Tứ Liên"))
    plan = plan_of(REFORM, [found], tree)
    assert [(i.unit_id, i.name, i.kind, i.parent_id) for i in plan.altered] == [("tulien", "Hồng Hà", "phường", "p1")]


@pytest.mark.parametrize("media", ["csv", "xlsx"])
def test_the_empty_template_can_be_downloaded(media: str) -> None:
    assert len(template_file(TEMPLATE, media, "vi")) > 500


# --- the nation ---------------------------------------------------------------------------------------------------


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


# --- any reform ---------------------------------------------------------------------------------------------------


@st.composite
def reforms(draw: st.DrawFn) -> list[Line]:
    """The six communes go to some new ones, each to one or two."""
    count = draw(st.integers(1, 4))
    lines: list[Line] = []
    for unit in ("c11", "c12", "c13", "c21", "c22", "c23"):
        heirs = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=2, unique=True))
        for n, heir in enumerate(heirs):
            said = {"new_code": f"9000{heir}", "new_name": f"N{heir}", "new_kind": "xã", "new_parent": "01"}
            lines.append(line(len(lines), old_id=unit, main=n == 0, share="part" if len(heirs) > 1 else None, **said))
    return lines


@settings(max_examples=60, deadline=None)
@given(reforms())
def test_whatever_is_reformed_every_unit_stands_somewhere(lines: list[Line]) -> None:
    tree = small()
    plan = plan_of(REFORM, lines, tree)
    assert plan.errors == []
    for unit in tree.existing(EVE, "commune"):
        placed = plan.after.place(unit, DAY)
        assert placed is not None and plan.after.level(placed.unit_id) == "commune"
    for end in plan.abolished:
        assert not plan.after.exists(end.unit_id, DAY)
        assert all(plan.after.exists(heir, DAY) for heir in end.heirs)
    codes = [plan.after.code(unit, DAY) for unit in plan.after.existing(DAY, "commune")]
    assert len(codes) == len(set(codes))
    orders = list(reorganisations(Papers(REFORM, {}), groups_of(plan, tree), {}))
    changed = [c.unit_id for o in orders if isinstance(o.command, ReorganiseUnits) for c in o.command.changes]
    assert len(set(changed)) == len({item.unit_id for item in plan.items})


# --- teams --------------------------------------------------------------------------------------------------------


def team(team_id: str, unit: str, kind: str = "commune", seats: int = 3) -> Serving:
    return Serving(team_id, kind, unit, seats, 1)


def test_teams_serve_the_main_successor_and_are_listed_where_they_come_together() -> None:
    plan = planned(line(0, old_id="c11", **NEW), line(1, old_id="c12", new_code="00012"))
    new = plan.established[0].unit_id
    moves = list(moves_of(plan, {DAY: [team("a", "c11"), team("b", "c12"), team("c", "c13")]}))
    assert {(m.team.team_id, m.action, m.unit_id) for m in moves} == {("a", REASSIGN, new), ("b", REASSIGN, new)}
    assert [m.action for m in moves_of(plan, {DAY: [team("a", "c11")]}, {"a"})] == [LEAVE]


def test_teams_of_villages_that_come_together_are_merged_one_alone_is_only_moved() -> None:
    said = {"new_name": "Thôn mới", "new_kind": "thôn", "new_parent": "00011"}
    plan = planned(line(0, "village", old_id="v1", **said), line(1, "village", old_id="v2", **said))
    new = plan.established[0].unit_id
    both = {DAY: [team("a", "v1", "village"), team("b", "v2", "village", 5)]}
    [merger] = mergers_of(moves_of(plan, both), both)
    assert (merger.unit_id, merger.teams, merger.into) == (new, ("a", "b"), None)
    alone = {DAY: both[DAY][:1]}
    assert [move.action for move in moves_of(plan, alone)] == [REASSIGN]
    lines = [line(0, "village", old_id="v1", new_id=KEEP), line(1, "village", old_id="v2", new_id="v1", teams=MERGE)]
    plan = planned(*lines)
    [merger] = mergers_of(moves_of(plan, both), both)
    assert (merger.unit_id, merger.teams, merger.into) == ("v1", ("b",), "a")


def test_a_team_goes_where_each_day_takes_it() -> None:
    later = date(2026, 1, 1)
    plan = planned(
        line(0, old_id="c11", **NEW),
        line(1, old_id="c12", new_code="00012"),
        line(2, old_code="00012", new_code="00012", new_name="Nữa", new_kind="xã", new_parent="01", effective=later),
        line(3, old_id="c13", new_code="00012", effective=later),
    )
    moves = list(moves_of(plan, {DAY: [team("a", "c11")], later: [team("c", "c13")]}))
    first, second = (item.unit_id for item in plan.established)
    assert [(m.team.team_id, m.unit_id) for m in moves] == [("a", first), ("a", second), ("c", second)]


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(Role)), max_size=12))
def test_a_merger_keeps_every_person_once(members: list[tuple[int, Role]]) -> None:
    seats = [Seat(f"s{n}", f"p{person}", role) for n, (person, role) in enumerate(members)]
    found = {fate.seat_id: fate for fate in fates(seats)}
    carried = [seat for seat in seats if found[seat.seat_id].fate is Fate.CARRIED]
    assert len(found) == len(seats)
    assert sorted(seat.person_id for seat in carried) == sorted({seat.person_id for seat in seats})
    for seat in seats:
        if found[seat.seat_id].fate is Fate.JOINED:
            other = next(s for s in carried if s.seat_id == found[seat.seat_id].with_seat_id)
            assert other.person_id == seat.person_id
