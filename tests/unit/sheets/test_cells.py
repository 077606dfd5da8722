"""Cells as people write them: what is read, what is refused and where."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter

from shared.sheets import template_file
from shared.sheets.finding import restored
from tests.sheets_kit import HEADER, TEAMS, TEMPLATE, places, read, refused, xlsx


def cell(column: str, value: Any, media: str = "xlsx") -> Any:
    """The value of a cell, or the code it is refused with."""
    values = {"unit": "00097", "kind": "xã"} | {column: value}
    keys = list(values)
    if media == "xlsx":
        content: Any = xlsx(("Tổ", [[TEAMS.by_key[key].vi for key in keys], list(values.values())]))
    else:
        lines = [[TEAMS.by_key[key].vi.replace(",", "") for key in keys], list(values.values())]
        content = "\n".join(",".join(line) for line in lines)
    [row] = read(content, media).rows
    return row.findings[0].code if row.findings else row.values[column]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("unit", 97.0, "00097"),
        ("unit", "097", "00097"),
        ("unit", "abc/1", "abc/1"),
        ("unit", "a b", "code-format"),
        ("unit", "", "cell-missing"),
        ("kind", " tổ  CẤP xã ", "commune"),
        ("kind", "Village team", "village"),
        ("kind", "tỉnh", "unknown-choice"),
        ("name", 12.0, "12"),
        ("name", date(2023, 5, 12), "cell-became-day"),
        ("name", True, "cell-boolean"),
        ("name", "a\x07b", "cell-control"),
        ("name", "x" * 101, "wrong-length"),
        ("name", "  Tổ\u00a0 một\n", "Tổ một"),
        ("effective", date(2023, 10, 1), date(2023, 10, 1)),
        ("effective", datetime(2023, 10, 1, 7, 30), date(2023, 10, 1)),
        ("effective", "1/10/2023", date(2023, 10, 1)),
        ("effective", "01.10.2023", date(2023, 10, 1)),
        ("effective", "2023-10-01", date(2023, 10, 1)),
        ("effective", "10/13/2023", "day-unknown"),
        ("effective", "29/02/2023", "day-unknown"),
        ("effective", "1/10/23", "day-format"),
        ("effective", 45200, "day-format"),
        ("effective", "1/1/1900", "day-far"),
        ("phone", 912345678.0, "0912345678"),
        ("phone", "0912 345.678", "0912345678"),
        ("phone", "(+84) 912-345-678", "+84912345678"),
        ("phone", "gọi sau", "phone-format"),
        ("size", 7.0, 7),
        ("size", "7", 7),
        ("size", 7.5, "wrong-type"),
        ("size", 101, "out-of-range"),
        ("score", 7.5, 7.5),
        ("score", 0.1 + 0.2, 0.3),
        ("score", "7,5", 7.5),
        ("score", " 7.5 ", 7.5),
        ("score", 100, 100.0),
        ("score", "100,1", "out-of-range"),
        ("score", -1, "out-of-range"),
        ("score", "7,25", "number-decimals"),
        ("score", 7.25, "number-decimals"),
        ("score", "1.000,5", "wrong-type"),
        ("score", True, "wrong-type"),
        ("score", date(2022, 5, 8), "cell-became-day"),
        ("pilot", "x", True),
        ("pilot", False, False),
        ("pilot", "có lẽ", "unknown-choice"),
    ],
)
def test_cells_of_excel(column: str, value: Any, expected: Any) -> None:
    assert cell(column, value) == expected


def test_an_error_of_excel_is_no_empty_cell() -> None:
    to = io.BytesIO()
    with xlsxwriter.Workbook(to) as book:
        sheet = book.add_worksheet("Tổ")
        sheet.write_row(0, 0, [*HEADER, "Tên tổ Hoà Bình"])
        sheet.write_row(1, 0, ["00097", "xã"])
        sheet.write_formula(1, 2, "=1/0", None, "#DIV/0!")
    [row] = read(to.getvalue(), "xlsx").rows
    assert places(row.findings) == [("Tổ!C2", "cell-error")]


def test_every_bad_cell_is_named_in_both_languages() -> None:
    book = read(xlsx(("Tổ", [HEADER, ["00097", "xã"], [], [None, "tỉnh"]])), "xlsx")
    [_, row] = book.rows
    assert places(row.findings) == [("Tổ!A4", "cell-missing"), ("Tổ!B4", "unknown-choice")]
    assert row.findings[1].text("vi") == "B4 (Loại tổ): Phải là một trong: Tổ cấp xã, Tổ cấp thôn."
    assert row.findings[1].text("en") == "B4 (Loại tổ): It must be one of: Tổ cấp xã, Tổ cấp thôn."
    assert restored(row.findings[1].stored()) == row.findings[1]
    assert "tỉnh" not in str(row.findings[1].document("vi"))


def test_an_example_row_that_was_left_in_is_skipped() -> None:
    for media in ("csv", "xlsx"):
        for locale in ("vi", "en"):
            assert [f.code for f in refused(template_file(TEMPLATE, media, locale), media)] == ["file-no-rows"]
