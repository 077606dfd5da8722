"""Templates of teams, and files that are read by them."""

from __future__ import annotations

import io
import tempfile
from typing import Any

import pytest
import xlsxwriter

from shared.sheets import (
    Choice,
    Code,
    Column,
    Day,
    Finding,
    Integer,
    Limits,
    Number,
    Phone,
    Sheet,
    SheetError,
    Template,
    Text,
    Word,
    YesNo,
    read_book,
)

KINDS = Choice((Word("commune", "Tổ cấp xã", "Commune team", ("xã",)), Word("village", "Tổ cấp thôn", "Village team")))
TEAMS = Sheet(
    "teams",
    "Tổ",
    "Teams",
    (
        Column("key", "Mã trong file", "Key in file", Text(40), example="T001"),
        Column("unit", "Mã xã", "Commune code", Code(8, digits=5), required=True, example="00097"),
        Column("kind", "Loại tổ", "Kind", KINDS, required=True, example="Tổ cấp xã"),
        Column("name", "Tên tổ, Hoà Bình", "Name", Text(100), example="Tổ 1"),
        Column("effective", "Ngày thành lập", "Established on", Day(), example="01/10/2023"),
        Column("phone", "Điện thoại", "Phone", Phone(), example="0912345678"),
        Column("size", "Số người", "Members", Integer(0, 100), example="7"),
        Column("pilot", "Thí điểm", "Pilot", YesNo()),
        Column("score", "Điểm", "Score", Number(0, 100, 1)),
    ),
)
OTHERS = Sheet("others", "Thôn", "Villages", (Column("name", "Tên thôn", "Village", Text(50), required=True),))
TEMPLATE = Template("teams", "Tổ", "Teams", (TEAMS,))
BOTH = Template("both", "Tổ và thôn", "Both", (TEAMS, OTHERS))
ROW = {"unit": "00097", "kind": "commune"}


def read(content: bytes | str, media: str = "csv", template: Template = TEMPLATE, **limits: int) -> Any:
    raw = content if isinstance(content, bytes) else content.encode()
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.flush()
        file.seek(0)
        return read_book(file, media, template, Limits(**limits) if limits else Limits())


def refused(content: bytes | str, media: str = "csv", template: Template = TEMPLATE, **limits: int) -> list[Finding]:
    with pytest.raises(SheetError) as caught:
        read(content, media, template, **limits)
    return list(caught.value.findings)


def places(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.cell, finding.code) for finding in findings]


def xlsx(*sheets: tuple[str, list[list[Any]]], hidden: str = "") -> bytes:
    """A workbook as Excel would write it: days as date cells, numbers as numbers."""
    to = io.BytesIO()
    with xlsxwriter.Workbook(to, {"in_memory": True, "default_date_format": "dd/mm/yyyy"}) as book:
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for r, cells in enumerate(rows):
                for c, cell in enumerate(cells):
                    if cell is not None:
                        sheet.write(r, c, cell)
            if name == hidden:
                sheet.hide()
    return to.getvalue()


HEADER = ["Mã xã", "Loại tổ"]
