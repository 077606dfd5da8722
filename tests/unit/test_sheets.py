"""Tables of people: what is read, what is refused and where, and that what is written is read again."""

from __future__ import annotations

import csv
import io
import tempfile
import unicodedata
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.problem_texts_files import FILES
from shared.problems import CATALOGUE
from shared.sheets import (
    Choice,
    Code,
    Column,
    Day,
    Finding,
    Integer,
    Limits,
    Number,
    Page,
    Phone,
    Sheet,
    SheetError,
    Template,
    Text,
    Word,
    YesNo,
    letters,
    read_book,
    template_file,
    write_csv,
    write_results,
    write_xlsx,
)
from shared.sheets.finding import restored
from shared.sheets.kinds import EARLIEST, LATEST

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


# --- headers --------------------------------------------------------------------------------------------------------


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


# --- cells ----------------------------------------------------------------------------------------------------------


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


# --- encodings and formats ------------------------------------------------------------------------------------------


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


# --- limits ---------------------------------------------------------------------------------------------------------


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


# --- writing --------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=40).map(
    lambda text: unicodedata.normalize("NFC", text)
)
risky = st.tuples(st.sampled_from(["=", "+", "-", "@", "'=", "''@", "＝"]), texts).map("".join)
values = st.fixed_dictionaries(
    {
        "unit": st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,7}|[0-9]{5}", fullmatch=True),
        "kind": st.sampled_from(["commune", "village"]),
    },
    optional={
        "name": (texts | risky).map(lambda text: unicodedata.normalize("NFC", text)),
        "effective": st.dates(max(EARLIEST, date(1945, 9, 2)), LATEST),
        "phone": st.from_regex(r"\+?[0-9]{10,12}", fullmatch=True),
        "size": st.integers(0, 100),
        "pilot": st.booleans(),
        "score": st.integers(0, 1000).map(lambda tenths: tenths / 10),
    },
)
EMPTY = dict.fromkeys(TEAMS.by_key)


@settings(max_examples=60, deadline=None)
@given(st.lists(values, min_size=1, max_size=8))
@example(
    [ROW | {"name": "=HYPERLINK(1)"}, ROW | {"name": "'=x"}, ROW | {"name": "'x"}, ROW | {"phone": "+84912345678"}]
)
def test_what_is_written_as_csv_is_read_again(rows: list[dict[str, Any]]) -> None:
    content = b"".join(write_csv(TEAMS.columns, rows))
    found = read(content).rows
    assert [row.findings for row in found] == [[]] * len(rows)
    assert [row.values for row in found] == [EMPTY | row for row in rows]
    written = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert not any(text[:1] in {"=", "+", "-", "@", "＝"} for line in written for text in line)


@settings(max_examples=6, deadline=None)
@given(st.lists(values, min_size=1, max_size=40))
@example([ROW | {"name": "=HYPERLINK(1)"}, ROW | {"name": "'=x"}, ROW | {"phone": "+84912345678"}])
def test_what_is_written_as_xlsx_is_read_again(rows: list[dict[str, Any]]) -> None:
    to = io.BytesIO()
    write_xlsx(to, [Page(TEAMS, rows)])
    assert [row.values for row in read(to.getvalue(), "xlsx").rows] == [EMPTY | row for row in rows]
    with zipfile.ZipFile(to) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


@given(st.dates(EARLIEST, LATEST), st.sampled_from(["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d"]))
def test_days_are_read_as_written(day: date, form: str) -> None:
    assert Day().read(day.strftime(form)) == day


@given(st.integers(0, 20_000))
def test_columns_have_the_letters_of_excel(index: int) -> None:
    assert letters(index) == xlsxwriter.utility.xl_col_to_name(index)


class Became:
    def __init__(self, outcome: str, findings: list[Finding]) -> None:
        self.outcome, self.findings = outcome, findings


@pytest.mark.parametrize("media", ["csv", "xlsx"])
def test_the_result_keeps_every_row_at_its_place_and_can_be_sent_again(media: str) -> None:
    lines = [["UBND XÃ =1+1"], [], ["STT", *HEADER], [1, "00097", "xã"], [], [2, "00098", "tỉnh"], [3, "00099", "xã"]]
    content = (
        xlsx(("Danh sách", lines))
        if media == "xlsx"
        else "\n".join(";".join(map(str, line)) for line in lines).encode("utf-16")
    )
    book = read(content, media)
    became = {row.index: Became("stored" if row.good else "rejected", row.findings) for row in book.rows[:2]}
    for _ in range(2):
        to = io.BytesIO()
        write_results(book, became, to, "vi")
        again = read(to.getvalue(), media)
        assert [(row.number, row.values) for row in again.rows] == [(row.number, row.values) for row in book.rows]
        assert [row.cells[-3] for row in again.rows] == ["Đã ghi", "Bị từ chối", "Chưa xử lý"]
        assert again.rows[1].cells[-2] == "C6 (Loại tổ): Phải là một trong: Tổ cấp xã, Tổ cấp thôn."
        book = again


def test_every_finding_has_its_texts() -> None:
    assert FILES.items() <= CATALOGUE.items()
    for text in FILES.values():
        assert all((*text.titles, *text.details))
        assert all(unicodedata.is_normalized("NFC", part) for part in (*text.titles, *text.details))
