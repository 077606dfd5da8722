"""What is written is read again, and a result keeps every row at its place."""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.problem_texts_files import FILES
from shared.problems import CATALOGUE
from shared.sheets import Day, Finding, Page, letters, write_csv, write_results, write_xlsx
from shared.sheets.kinds import EARLIEST, LATEST
from tests.sheets_kit import HEADER, ROW, TEAMS, read, xlsx

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
