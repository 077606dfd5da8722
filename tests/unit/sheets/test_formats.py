"""Encodings and formats of files, and how large they may be."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from typing import Any

import pytest
import xlsxwriter

from tests.sheets_kit import HEADER, places, read, refused, xlsx


def windows_1258(text: str) -> bytes:
    """Vietnamese as old Windows programs wrote it: letters composed, tones behind them."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    parts = []
    for letter in text:
        plain = "".join(c for c in unicodedata.normalize("NFD", letter) if c not in tones)
        tone = "".join(c for c in unicodedata.normalize("NFD", letter) if c in tones)
        parts.append(unicodedata.normalize("NFC", plain) + tone)
    return "".join(parts).encode("cp1258")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1258"])
def test_encodings_and_delimiters_are_recognised(encoding: str, delimiter: str) -> None:
    text = "Mã xã,Loại tổ,Điện thoại\r\n00097,Tổ cấp xã,0912345678\r\n".replace(",", delimiter)
    [row] = read(windows_1258(text) if encoding == "cp1258" else text.encode(encoding)).rows
    assert row.values["kind"] == "commune"
    assert row.values["phone"] == "0912345678"


def test_an_encoding_that_cannot_be_told_is_refused() -> None:
    assert places(refused("unit,kind\n00097,Tổ cấp xã\n".encode() + b"\xff\xfe\xff")) == [("3", "file-encoding")]
    assert places(refused(windows_1258("unit,kind\n00097,Tổ cấp xã\n"))) == [("2", "file-encoding")]


def test_csv_says_where_it_is_broken_and_counts_rows_as_excel_does() -> None:
    assert places(refused('Mã xã,Loại tổ\n00097,"xã" cũ\n')) == [("2", "csv-broken")]
    assert places(refused('Mã xã,Loại tổ\n00097,"xã\n')) == [("2", "csv-broken")]
    book = read('sep=;\nMã xã;Loại tổ;Tên tổ Hoà Bình\n00097;xã;"Tổ\nmột"\n\n00098;xã;\n')
    assert [(row.number, row.values["name"]) for row in book.rows] == [(2, "Tổ một"), (4, None)]


def test_files_of_another_format_are_told() -> None:
    workbook = xlsx(("Tổ", [HEADER, ["00097", "xã"]]))
    for content, media, code in (
        (workbook, "csv", "file-not-csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "xlsx", "file-old-excel"),
        (b"Ma xa", "xlsx", "file-not-xlsx"),
        (workbook[:2000], "xlsx", "file-not-xlsx"),
    ):
        assert [finding.code for finding in refused(content, media)] == [code]


def altered(content: bytes, part: str, change: Any) -> bytes:
    to = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            data = source.read(info)
            target.writestr(info.filename, change(data) if info.filename == part else data)
    return to.getvalue()


def test_too_much_is_refused_before_it_is_parsed() -> None:
    plain = xlsx(("Tổ", [HEADER, ["00097", "xã"]]))
    sheet = "xl/worksheets/sheet1.xml"
    bomb = altered(plain, sheet, lambda data: data + b" " * 5_000_000)
    assert places(refused(bomb, "xlsx", unpacked_bytes=1_000_000, rows=10, columns=52)) == [("", "file-unpacked")]
    wide = altered(plain, sheet, lambda data: data.replace(b'r="A2"', b'r="XFD2"'))
    assert places(refused(wide, "xlsx")) == [("Tổ!XFD2", "file-columns")]
    deep = altered(plain, sheet, lambda data: data.replace(b'r="A2"', b'r="A1048576"'))
    assert places(refused(deep, "xlsx")) == [("Tổ!A1048576", "file-rows")]
    assert places(refused("Mã xã,Loại tổ\n" + "1,xã\n" * 11, rows=10, columns=52)) == [("12", "file-rows")]


def test_a_file_that_would_end_the_process_ends_a_child() -> None:
    plain = xlsx(("Tổ", [HEADER, ["00097", "xã"]]))

    def scattered(data: bytes) -> bytes:
        # Two cells in quotes that our own look does not know: laid out, they would take four hundred gigabytes.
        return data.replace(b"</sheetData>", b"<row r='1048576'><c r='XFD1048576'><v>1</v></c></row></sheetData>")

    assert [f.code for f in refused(altered(plain, "xl/worksheets/sheet1.xml", scattered), "xlsx")] == [
        "file-too-complex"
    ]


def test_formatted_but_empty_columns_do_no_harm() -> None:
    to = io.BytesIO()
    with xlsxwriter.Workbook(to) as book:
        sheet = book.add_worksheet("Tổ")
        bold = book.add_format({"bold": True})
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["00097", "xã"])
        sheet.write_blank(1, 16_000, None, bold)
    assert len(read(to.getvalue(), "xlsx").rows) == 1
