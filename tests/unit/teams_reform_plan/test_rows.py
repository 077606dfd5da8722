"""From the rows of a file to a plan: what each row says, and what cannot be."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from datetime import date

import pytest

from services.teams.reform.places import Places, read
from services.teams.reform.plan import plan_of
from services.teams.reform.preview import incomplete, unmentioned
from services.teams.reform.sheet import AREAS, KEEP, LINKS, REASSIGN, TEMPLATE, Area, Line
from shared.sheets import Page, read_book, template_file, write_xlsx
from tests.reform_plan_kit import DAY, FRESH, NEW, PAPER, REFORM, established, flaws, line, planned, small

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
