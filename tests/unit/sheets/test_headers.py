"""Headers as people write them: which column is which, and what is wrong with them."""

from __future__ import annotations

import csv
import io
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.sheets import Column
from tests.sheets_kit import BOTH, HEADER, TEAMS, places, read, refused, xlsx


@pytest.mark.parametrize(
    "header",
    [
        "Mã xã,Loại tổ,Tên tổ Hòa Bình",
        "MA XA,loai to,TEN TO - HOA BINH",
        "Commune code,Kind,Name",
        "unit,kind,name",
        "Mã xã (5 chữ số) *,Loại tổ (*),Tên tổ Hoà Bình",
        unicodedata.normalize("NFD", "Mã xã,Loại tổ,Tên tổ Hoà Bình"),
    ],
)
def test_headers_are_known_without_accents_case_or_language(header: str) -> None:
    [row] = read(f"{header}\n00097,Tổ cấp xã,Tổ 1\n").rows
    assert (row.values["unit"], row.values["kind"], row.values["name"]) == ("00097", "commune", "Tổ 1")


def test_the_order_of_columns_is_free_and_running_numbers_are_ignored() -> None:
    [row] = read("STT,Loại tổ,Mã xã\n1,xã,97\n").rows
    assert (row.values["unit"], row.values["kind"], row.number) == ("00097", "commune", 2)


def test_titles_above_the_header_and_a_row_of_numbering_below_are_passed_over() -> None:
    rows = [["UBND XÃ"], [], ["DANH SÁCH", None, "Mã xã"], [None, "STT", *HEADER], [None, "(1)", "(2)", "(3)"]]
    book = read(xlsx(("Sheet1", [*rows, [None, 1, 97, "xã"], [], [None, 2, 98.0, "xã"], [], []])), "xlsx")
    assert [(row.number, row.values["unit"]) for row in book.rows] == [(6, "00097"), (8, "00098")]
    assert book.layouts["teams"].header == 4


def test_what_is_wrong_with_the_header_is_named_all_at_once() -> None:
    found = refused("Mã xã,Mã xã,Số CCCD,Ngày sinh,Ghi chú,Tên tổ Hoà Bình\n1,1,1,1,1,1\n")
    assert places(found) == [
        ("B1", "column-twice"),
        ("C1", "column-forbidden"),
        ("D1", "column-forbidden"),
        ("E1", "column-unknown"),
        ("1", "column-missing"),
    ]
    assert "91/2025/QH15" in found[1].text("vi")
    assert found[4].detail("vi") == "Thiếu cột “Loại tổ”."
    assert places(refused("Mã xã,Loại tổ,\n1,xã,gì đó\n")) == [("C2", "column-unnamed")]
    assert places(refused("a,b,c\n1,2,3\n")) == [("", "header-missing")]


def test_empty_files_are_told_apart() -> None:
    for content, code in (("", "file-empty"), ("\n\n", "file-empty"), ("Mã xã,Loại tổ\n,\n", "file-no-rows")):
        assert [finding.code for finding in refused(content)] == [code]
    assert [finding.code for finding in refused(xlsx(("Tổ", [])), "xlsx")] == ["file-empty"]


def test_sheets_are_found_by_name_or_by_what_they_hold() -> None:
    teams, villages = [HEADER, ["00097", "xã"]], [["Tên thôn"], ["Đoài"]]
    guide = ("Hướng dẫn", [["Mã xã", "là mã"], ["Loại tổ", "là loại"]])
    book = read(xlsx(("TO", teams), ("thôn", villages), guide), "xlsx", BOTH)
    assert [(row.index, row.sheet) for row in book.rows] == [(0, "teams"), (1, "others")]
    assert [row.sheet for row in read(xlsx(("Bảng 1", teams)), "xlsx", BOTH).rows] == ["teams"]
    twice = refused(xlsx(("Tổ", teams), ("Bảng 2", teams)), "xlsx", BOTH)
    assert places(twice) == [("Bảng 2", "sheet-twice")]
    assert read(xlsx(("Tổ", teams), ("Cũ", teams), hidden="Cũ"), "xlsx").rows
    lost = refused(xlsx(("Tổ", [["Mã", "Loại"], ["00097", "xã"]]), ("thôn", villages)), "xlsx", BOTH)
    assert places(lost) == [("Tổ", "header-missing")]
    poor = refused(xlsx(("Tổ 2", [["Mã xã", "Tên tổ Hoà Bình"], ["00097", "Tổ"]]), ("thôn", villages)), "xlsx", BOTH)
    assert places(poor) == [("Tổ 2!1", "column-missing")]
    assert len(read(xlsx(("Tổ", []), ("thôn", villages), ("Bảng", [["gì", "đó"]])), "xlsx", BOTH).rows) == 1


def spellings(column: Column) -> st.SearchStrategy[str]:
    """What people make of a header."""

    def spelled(text: str, plain: bool, upper: bool, around: str, broken: bool) -> str:
        text = unicodedata.normalize("NFD" if broken else "NFC", text)
        if plain:
            marks = (c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
            text = "".join(marks).replace("đ", "d").replace("Đ", "D")
        return around.format(text.upper() if upper else text)

    around = st.sampled_from(["{}", " {}  ", "{} *", "{} (*)", "{}:", "{}\n(bắt buộc)"])
    texts = st.sampled_from([column.vi, column.en, column.key])
    return st.builds(spelled, texts, st.booleans(), st.booleans(), around, st.booleans())


@settings(max_examples=40, deadline=None)
@given(st.permutations(TEAMS.columns), st.data())
def test_headers_are_known_however_they_are_spelled_and_ordered(columns: list[Column], data: Any) -> None:
    cells = [data.draw(spellings(column)) for column in columns]
    to = io.StringIO()
    csv.writer(to, delimiter=data.draw(st.sampled_from(",;\t"))).writerows(
        [cells, [c.example or "Có" for c in columns], ["00001" if c.key == "unit" else c.example for c in columns]]
    )
    first, second = read(to.getvalue()).rows
    assert first.values["pilot"] is True
    assert (second.values["unit"], second.values["kind"], second.findings) == ("00001", "commune", [])
    assert {key: index for key, (index, _) in read(to.getvalue()).layouts["teams"].columns.items()} == {
        column.key: n for n, column in enumerate(columns)
    }
