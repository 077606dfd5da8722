"""Reports on paper: the same numbers as the answer, in the punctuation of the reader, in the official layout."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from services.reporting.exports.files import csv_file, xlsx_file
from services.reporting.exports.page import html_page
from services.reporting.exports.table import Table, table_of
from services.reporting.exports.words import shown_number
from services.reporting.indicators import CATALOGUE, value

NAMES = ("seats", "mean_team_size", "coverage_all", "visits")
INDICATORS = CATALOGUE.chosen(NAMES)
UNIT = {"id": "x", "name": "Tỉnh Ninh Bình", "level": "province", "kind": "tỉnh", "code": "37", "simulated": False}
DAY, TODAY = date(2026, 3, 31), date(2026, 4, 2)


def figures(n: int) -> dict[str, Any]:
    """Of a unit in which nobody has declared households."""
    return {each.code: value(each, defaultdict(lambda: n, homes_declared=0)) for each in INDICATORS}


def answer(**more: Any) -> dict[str, Any]:
    return {
        "unit": UNIT,
        "map": DAY,
        "map_of_figures": DAY,
        "period": {"from": date(2026, 1, 1), "to": DAY},
        "as_of": DAY,
        "figures": figures(12_345),
        "warnings": [{"code": "estimated", "facts": 3, "detail": "3 sự kiện <ước tính>"}],
        "indicators": dict.fromkeys(NAMES, 1),
        "positions": {"visits": {"0": 5, "1": 7}},
    } | more


PREVIOUS = {
    "figures": figures(12_400),
    "difference": {"seats": -55, "mean_team_size": 0.0, "coverage_all": None, "visits": -55},
}
TOTAL = answer(previous=PREVIOUS)
ROWS = [
    {"unit": UNIT | {"id": f"u{n}", "name": f"Xã {n}"}, "rank": n, "figures": figures(n * 1000), "warnings": []}
    for n in range(1, 4)
]
BY_UNIT = answer(units=ROWS, remainder={"figures": figures(1)})
PERIODS = [{"period": "2026-01", "from": date(2026, 1, 1), "to": date(2026, 1, 31), "figures": figures(7)}]
BY_PERIOD = answer(periods=PERIODS)


def table(of: dict[str, Any], locale: str = "vi") -> Table:
    return table_of(of, INDICATORS, TODAY, locale)


def read_csv(of: Table) -> list[list[str]]:
    text = b"".join(csv_file(of)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";" if of.locale == "vi" else ","))


def test_csv_in_vietnamese_has_semicolons_and_decimal_commas() -> None:
    header, seats, mean, coverage, _ = read_csv(table(TOTAL))
    assert header[:4] == ["STT", "Chỉ tiêu", "Đơn vị tính", "Giá trị"]
    assert seats[3:] == ["12345", "", "12400", "-55"]
    assert mean[3:5] == ["0,5", "12.345 / 24.690"]
    assert coverage[3:5] == ["", "12.345 / chưa có mẫu số"], "a rate without denominator is told without a value"


def test_csv_in_english_has_commas_and_points() -> None:
    _, seats, mean, coverage, _ = read_csv(table(TOTAL, "en"))
    assert (seats[3], mean[3], mean[4], coverage[4]) == (
        "12345",
        "0.5",
        "12,345 / 24,690",
        "12,345 / denominator unknown",
    )


def test_rows_of_units_end_with_what_is_left_and_the_total() -> None:
    header, *rows = read_csv(table(BY_UNIT))
    assert [row[2] for row in rows] == ["Xã 1", "Xã 2", "Xã 3", "Chưa xếp vào đơn vị nào", "Tổng số"]
    assert [row[header.index("Số vị trí trong tổ")] for row in rows] == ["1000", "2000", "3000", "1", "12345"]
    assert "Số vị trí bình quân mỗi tổ: tử số / mẫu số" in header, "a ratio is never printed bare"


@pytest.mark.parametrize(("locale", "named"), [("vi", "≈ Ước tính"), ("en", "≈ Estimated")])
def test_rows_say_how_many_of_their_facts_stand_somewhere_by_choice(locale: str, named: str) -> None:
    doubtful = ROWS[0] | {"warnings": [{"code": "unplaced", "facts": 9}, {"code": "estimated", "facts": 7}]}
    told = table(answer(units=[doubtful, *ROWS[1:]], remainder={"figures": figures(1)}), locale)
    header, *rows = read_csv(told)
    assert header[-1].startswith(named) and [row[-1] for row in rows] == ["7", "", "", "", "3"]
    assert [note for note in told.notes if note.startswith(named)], "what the sign means"
    assert not [note for note in table(BY_UNIT, locale).notes if note.startswith(named)]
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(xlsx_file(told, lambda pack: pack()))))
    cells = [row[len(header) - 1] for row in book.get_sheet_by_index(0).to_python()]
    first = cells.index(header[-1]) + 1
    assert cells[first : first + 5] == [7, "", "", "", 3]
    page = Cells(b"".join(html_page(told)).decode())
    assert [row[-1] for row in page.rows[1:]] == ["7", "–", "–", "–", "3"]


def test_rows_of_periods_say_their_days() -> None:
    _, january, total = read_csv(table(BY_PERIOD))
    assert january[:3] == ["2026-01", "01/01/2026", "31/01/2026"]
    assert total[:3] == ["Tổng số", "01/01/2026", "31/03/2026"]


def test_what_looks_like_a_formula_is_text_in_csv() -> None:
    rows = [ROWS[0] | {"unit": UNIT | {"name": "=1+1"}}]
    assert read_csv(table(answer(units=rows, remainder=None)))[1][2] == "'=1+1"


@pytest.mark.parametrize("of", [TOTAL, BY_UNIT, BY_PERIOD])
def test_xlsx_has_the_official_layout_and_real_numbers(of: dict[str, Any]) -> None:
    content = b"".join(xlsx_file(table(of), lambda pack: pack()))
    [name] = (book := CalamineWorkbook.from_filelike(io.BytesIO(content))).sheet_names
    rows = book.get_sheet_by_name(name).to_python()
    texts = [cell for row in rows for cell in row if isinstance(cell, str) and cell]
    for said in (
        "ỦY BAN NHÂN DÂN",
        "TỈNH NINH BÌNH",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Ninh Bình, ngày 02 tháng 04 năm 2026",
        "BÁO CÁO",
        "Số liệu từ ngày 01/01/2026 đến ngày 31/03/2026",
        "3 sự kiện <ước tính>",
        "Vị trí nguồn dữ liệu: visits:0:5, visits:1:7",
        "Nơi nhận:",
        "QUYỀN HẠN, CHỨC VỤ CỦA NGƯỜI KÝ",
    ):
        assert said in texts, said
    numbers = [cell for row in rows for cell in row if isinstance(cell, float)]
    assert 12_345 in numbers and 0.5 in numbers


LISTS = CATALOGUE.chosen(("platforms", "visits", "attendances_by_mode"))
CODE_NAMES = {
    "platforms": {"vneid": {"vi": "VNeID – định danh điện tử", "en": "VNeID"}, "qr": {"vi": "Mã QR", "en": "QR"}},
    "attendances_by_mode": {"online": {"vi": "trực tuyến", "en": "online"}},
}


def told(vneid: int, qr: int, new: int, online: int) -> dict[str, Any]:
    codes = {code: n for code, n in (("vneid", vneid), ("qr", qr), ("new", new)) if n}
    pillars = {pillar: n for pillar, n in (("economy", qr), ("none", new)) if n}
    return {
        "platforms": {"value": vneid + qr + new, "by": codes, "by_pillar": {"government": vneid} | pillars},
        "visits": 9,
        "attendances_by_mode": {"value": online, "by": {"online": online}},
    }


BEFORE = {
    "figures": told(3, 0, 2, 1),
    "difference": {"platforms": 5, "visits": 0, "attendances_by_mode": 3},
}
OF_LISTS: dict[str, Any] = {"names": CODE_NAMES, "figures": told(7, 3, 0, 4), "indicators": {"platforms": 1}}
UNITS = [
    {"unit": UNIT | {"name": f"Xã {n}"}, "rank": None, "figures": told(7 - n, 3 * n, 0, 2), "warnings": []}
    for n in (0, 1)
]


def laid(of: dict[str, Any], locale: str = "vi") -> Table:
    return table_of(answer(**OF_LISTS | of), LISTS, TODAY, locale)


def test_every_code_of_an_open_list_is_a_line_below_its_indicator_and_so_is_every_pillar() -> None:
    header, *rows = read_csv(laid({"previous": BEFORE}))
    platforms, modes = "Số lượt cài đặt, kích hoạt nền tảng", "Số lượt tập huấn theo hình thức"
    assert [(row[0], row[1], row[3], row[5], row[6]) for row in rows] == [
        ("1", platforms, "10", "5", "5"),
        ("", f"{platforms}: VNeID – định danh điện tử", "7", "3", "4"),
        ("", f"{platforms}: Mã QR", "3", "0", "3"),
        ("", f"{platforms}: new", "0", "2", "-2"),
        ("", f"{platforms}: chính quyền số", "7", "3", "4"),
        ("", f"{platforms}: kinh tế số", "3", "0", "3"),
        ("", f"{platforms}: không thuộc trụ cột nào", "0", "2", "-2"),
        ("2", "Số lượt hướng dẫn", "9", "9", "0"),
        ("3", modes, "4", "1", "3"),
        ("", f"{modes}: trực tuyến", "4", "1", "3"),
    ]
    assert all(len(row) == len(header) for row in rows)
    english = read_csv(laid({}, "en"))
    assert [row[1].partition(": ")[2] for row in english[2:6]] == [
        "VNeID",
        "QR",
        "digital government",
        "digital economy",
    ]


def test_every_code_of_an_open_list_is_a_column_beside_its_indicator() -> None:
    header, *rows = read_csv(laid({"units": UNITS, "remainder": {"figures": told(0, 0, 1, 0)}}, "en"))
    names = [name.partition(": ")[2] for name in header[4:-1]]
    assert names == [
        *("", "VNeID", "QR", "new", "digital government", "digital economy", "no pillar", ""),
        *("", "online"),
    ]
    assert [row[4:-1] for row in rows] == [
        ["7", "7", "0", "0", "7", "0", "0", "9", "2", "2"],
        ["9", "6", "3", "0", "6", "3", "0", "9", "2", "2"],
        ["1", "0", "0", "1", "0", "0", "1", "9", "0", "0"],
        ["10", "7", "3", "0", "7", "3", "0", "9", "4", "4"],
    ]


def test_the_rarest_codes_share_a_column_so_that_all_columns_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.reporting.exports.parts.COLUMNS", 1)
    header, first, *_ = read_csv(laid({"periods": [PERIODS[0] | {"figures": told(1, 2, 4, 1)}]}, "en"))
    names = [name.partition(": ")[2] for name in header[3:7]]
    assert (names, first[3:7]) == (["", "VNeID", "all other codes", "digital government"], ["7", "1", "6", "1"])
    monkeypatch.setattr("services.reporting.exports.parts.CELLS", 1)
    assert read_csv(laid({"units": UNITS, "remainder": None}, "en"))[0][5].endswith(": all other codes")


@pytest.mark.parametrize("more", [{}, {"previous": BEFORE}, {"units": UNITS, "remainder": None}])
def test_codes_are_in_every_format(more: dict[str, Any]) -> None:
    page = Cells(b"".join(html_page(laid(more))).decode())
    content = b"".join(xlsx_file(laid(more), lambda pack: pack()))
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    rows = book.get_sheet_by_name(book.sheet_names[0]).to_python()
    for cells in (page.rows, rows):
        assert any(str(cell).endswith(": VNeID – định danh điện tử") for row in cells for cell in row)
        assert any(str(cell).endswith(": chính quyền số") for row in cells for cell in row)


class Cells(HTMLParser):
    """Texts of the cells of a page, row by row; what else it refers to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.foreign: list[str] = []
        self._open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.foreign += [str(v) for name, v in attrs if name in ("src", "href", "srcset", "action")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._open = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.rows[-1][-1] += data


def test_the_page_tells_the_same_and_needs_nothing_from_elsewhere() -> None:
    rows = [ROWS[0] | {"unit": UNIT | {"name": "<script>alert(1)</script>"}}]
    page = b"".join(html_page(table(answer(units=rows, remainder=None)))).decode()
    cells = Cells(page)
    assert cells.foreign == [] and "<script" not in page and '<html lang="vi">' in page and "@page" in page
    assert cells.rows[1][2] == "<script>alert(1)</script>"
    assert cells.rows[1][4:6] == ["1.000", "0,5"] and cells.rows[-1][4] == "12.345"
    assert "3 sự kiện &lt;ước tính&gt;" in page


def test_files_are_written_piece_by_piece() -> None:
    def pieces(of: Iterator[bytes]) -> int:
        return max(len(piece) for piece in of)

    many = answer(units=[ROWS[n % 3] for n in range(4_000)], remainder=None)
    assert pieces(csv_file(table(many))) < 100_000
    assert pieces(html_page(table(many))) < 100_000
    assert pieces(xlsx_file(table(many), lambda pack: pack())) <= 262_144


def test_numbers_are_punctuated_as_the_reader_does() -> None:
    assert [shown_number(n, "vi") for n in (1234567, 0.5, -12.25, 1000.0, None)] == [
        "1.234.567",
        "0,5",
        "-12,25",
        "1.000",
        "–",
    ]
    assert [shown_number(n, "en") for n in (1234567, 0.5)] == ["1,234,567", "0.5"]
