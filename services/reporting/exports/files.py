"""A table as CSV and as XLSX, written piece by piece."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # published without types

from services.reporting.exports.table import Cell, Column, Kind, Row, Table
from services.reporting.exports.words import MOTTO, words
from shared.sheets.writing import OPTIONS, csv_of

PIECE = 262_144
PUNCTUATION = {"vi": (";", ","), "en": (",", ".")}
"""Between columns, and before decimals: Excel with Vietnamese settings has the comma within numbers, and reads columns
apart by semicolons."""


def csv_file(table: Table) -> Iterator[bytes]:
    """UTF-8 with BOM, a header and the rows: what is said around a table would be in the way of whoever reads it in."""

    def lines() -> Iterator[list[Cell]]:
        yield [column.header for column in table.columns]
        for row in table.rows:
            yield list(row.cells)

    return csv_of(lines(), *PUNCTUATION[table.locale])


def xlsx_file(table: Table, packed: Callable[[Callable[[], object]], object]) -> Iterator[bytes]:
    """The official layout (decree 30/2020/NĐ-CP, annex I). ``packed`` runs what takes seconds in C, off the hub."""
    with tempfile.TemporaryFile() as file:
        sheet = _Sheet(xlsxwriter.Workbook(file, OPTIONS), table)
        sheet.write()
        packed(sheet.close)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


FONT = {"font_name": "Times New Roman", "font_size": 13}
LEAST_WIDTH, NATION_WIDTH = 96, 48
"""Characters: of a page, and of its right half with the name of the nation."""
NUMBERS = {Kind.COUNT: "#,##0", Kind.RATIO: "#,##0.00", Kind.PERCENT: "#,##0.00", Kind.DAY: "dd/mm/yyyy"}


class _Sheet:
    """Rows in order: in constant memory none can be written again."""

    def __init__(self, book: Any, table: Table) -> None:
        self._book, self._table = book, table
        self._sheet = book.add_worksheet(words("report", table.locale))
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._row = 0
        self._last = len(table.columns) - 1
        widths = [column.width for column in table.columns]
        factor = max(1.0, LEAST_WIDTH / sum(widths))
        self._widths = [width * factor for width in widths]
        self._split = self._last
        while self._split > 1 and sum(self._widths[self._split :]) < NATION_WIDTH:
            self._split -= 1

    def close(self) -> None:
        self._book.close()

    def write(self) -> None:
        self._page()
        self._heading()
        self._title()
        self._body()
        self._ending()

    def _format(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(FONT | properties)
        return self._formats[key]

    def _page(self) -> None:
        """A4; margins of the decree: 20–25 mm above and below, 30–35 left, 15–20 right."""
        sheet = self._sheet
        sheet.set_paper(9)
        if self._table.wide:
            sheet.set_landscape()
        sheet.set_margins(left=30 / 25.4, right=15 / 25.4, top=20 / 25.4, bottom=20 / 25.4)
        sheet.fit_to_pages(1, 0)
        sheet.set_header("&C&P", {"margin": 10 / 25.4})
        for n, width in enumerate(self._widths):
            sheet.set_column(n, n, width)

    def _halves(self, left: str, right: str, left_format: Any, right_format: Any) -> None:
        """One line of the heading or the ending: a body on the left, the nation or the signature on the right."""
        for first, last, text, format_ in (
            (0, self._split - 1, left, left_format),
            (self._split, self._last, right, right_format),
        ):
            if last > first:
                self._sheet.merge_range(self._row, first, self._row, last, text, format_)
            else:
                self._sheet.write_string(self._row, first, text, format_)
        self._row += 1

    def _whole(self, text: str, format_: Any) -> None:
        self._sheet.merge_range(self._row, 0, self._row, self._last, text, format_)
        self._row += 1

    def _heading(self) -> None:
        table = self._table
        centre = self._format(align="center", shrink=True)
        bold = self._format(align="center", bold=True, shrink=True)
        self._halves(table.body[0], MOTTO[0], centre, bold)
        self._halves(table.body[1], MOTTO[1], self._format(align="center", bold=True, underline=1, shrink=True), bold)
        day = table.today
        dated = f"{table.place}, ngày {day.day:02} tháng {day.month:02} năm {day.year}"
        self._halves("Số:        /BC-", dated, centre, self._format(align="center", italic=True))
        self._row += 1

    def _title(self) -> None:
        table = self._table
        bold = self._format(align="center", bold=True)
        self._whole(words("report", table.locale), self._format(align="center", bold=True, font_size=14))
        self._whole(table.title, bold)
        for line in table.lines:
            self._whole(line, self._format(align="center", italic=True))
        self._row += 1

    def _body(self) -> None:
        header = self._format(bold=True, border=1, align="center", valign="vcenter", text_wrap=True)
        for n, column in enumerate(self._table.columns):
            self._sheet.write_string(self._row, n, column.header, header)
        self._sheet.repeat_rows(self._row)
        self._row += 1
        for row in self._table.rows:
            for n, (column, cell) in enumerate(zip(self._table.columns, row.cells, strict=True)):
                self._cell(n, cell, _kind(row, column, n), row.strong)
            self._row += 1
        self._row += 1

    def _cell(self, column: int, cell: Cell, kind: Kind, strong: bool) -> None:
        wrapped = {"text_wrap": True} if kind is Kind.TEXT else {"num_format": NUMBERS[kind]}
        format_ = self._format(border=1, valign="top", bold=strong, **wrapped)
        match cell:
            case None:
                self._sheet.write_blank(self._row, column, None, format_)
            case int() | float():
                self._sheet.write_number(self._row, column, cell, format_)
            case str():
                self._sheet.write_string(self._row, column, cell, format_)
            case date():
                self._sheet.write_datetime(self._row, column, cell, format_)

    def _ending(self) -> None:
        table, small = self._table, self._format(font_size=11, text_wrap=True)
        self._whole(words("notes", table.locale), self._format(font_size=11, bold=True, italic=True))
        for note in table.notes:
            self._whole(note, small)
        self._row += 1
        strong = self._format(font_size=12, bold=True, italic=True)
        self._halves(
            words("recipients", table.locale),
            words("signer", table.locale),
            strong,
            self._format(align="center", bold=True),
        )
        self._halves(
            words("archive", table.locale),
            words("signature", table.locale),
            self._format(font_size=11),
            self._format(align="center", italic=True),
        )


def _kind(row: Row, column: Column, n: int) -> Kind:
    return row.kinds[n] if row.kinds else column.kind
