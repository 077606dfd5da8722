"""Values → CSV and XLSX. Nothing written is ever run as a formula.

A text that begins like one (= + - @, also full-width, tab) is neutralised: in CSV by an apostrophe before it, which our
reader takes away again; in XLSX it is a text cell marked as such, so it stays what it is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

import xlsxwriter  # type: ignore[import-untyped]  # published without types
from xlsxwriter.exceptions import XlsxWriterException  # type: ignore[import-untyped]  # the same

from shared.sheets.template import Cell, Column, Sheet

RISKY = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
ROWS_PER_PIECE = 500
MOST_TEXT = 32_000
"""Excel takes 32,767 characters in a cell."""
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}

Values = Mapping[str, Any]
"""Column key → value; missing or None leaves the cell empty."""


@dataclass(frozen=True)
class Page:
    sheet: Sheet
    rows: Iterable[Values]


# --- by template ----------------------------------------------------------------------------------------------------


def cells_of(columns: Sequence[Column], values: Values) -> list[Cell]:
    return [None if (value := values.get(c.key)) is None else c.kind.write(value) for c in columns]


def write_csv(columns: Sequence[Column], rows: Iterable[Values], locale: str = "vi") -> Iterator[bytes]:
    """UTF-8 with BOM (Excel needs it), commas, CRLF; pieces of some hundred rows."""

    def lines() -> Iterator[list[Cell]]:
        yield [column.header(locale) for column in columns]
        for values in rows:
            yield cells_of(columns, values)

    return csv_of(lines())


def write_xlsx(to: BinaryIO, pages: Iterable[Page], locale: str = "vi") -> None:
    """A workbook in constant memory (a temporary file per sheet)."""
    with Workbook(to) as book:
        for page in pages:
            book.page(page.sheet, locale)
            for values in page.rows:
                book.row(cells_of(page.sheet.columns, values))


# --- cells -----------------------------------------------------------------------------------------------------------


def csv_of(rows: Iterable[Sequence[Cell]], delimiter: str = ",", point: str = ".") -> Iterator[bytes]:
    """Rows of cells as CSV: UTF-8 with BOM, CRLF, days as dd/mm/yyyy; ``point``: what parts the decimals."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    buffer.write("\ufeff")
    for n, cells in enumerate(rows, 1):
        # Excel shows an empty line as a row, a line of one quoted empty text as well; csv writes the latter.
        writer.writerow([_csv_text(cell, point) for cell in cells])
        if n % ROWS_PER_PIECE == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _csv_text(cell: Cell, point: str) -> str:
    """A negative number is no formula."""
    text = cell if type(cell) is str else shown(cell)
    if isinstance(cell, int | float):
        return text.replace(".", point)
    return "'" + text if text and RISKY.match(text) else text


def shown(cell: Cell) -> str:
    """A cell as text, days as dd/mm/yyyy."""
    match cell:
        case None:
            return ""
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime() if (cell.hour, cell.minute, cell.second) != (0, 0, 0):
            return cell.strftime("%d/%m/%Y %H:%M:%S")
        case date():
            return cell.strftime("%d/%m/%Y")
        case _:
            return str(cell)


class Workbook:
    """An XLSX file being written, row after row, sheet after sheet."""

    def __init__(self, to: BinaryIO) -> None:
        self._book = xlsxwriter.Workbook(to, OPTIONS)
        self._book.set_properties({"created": datetime(2026, 1, 1)})  # equal contents, equal files
        self.header = self._book.add_format({"bold": True, "bg_color": "#DDEBF7", "text_wrap": True, "valign": "top"})
        self.required = self._book.add_format({"bold": True, "bg_color": "#FCE4D6", "text_wrap": True, "valign": "top"})
        self.wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._day = self._book.add_format({"num_format": "dd/mm/yyyy"})
        self._text = self._book.add_format({"num_format": "@"})
        self._quoted = self._book.add_format({"num_format": "@", "quote_prefix": True})
        self.sheet: Any = None
        self._next = 0

    def __enter__(self) -> Workbook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Pack it all into the file."""
        self._book.close()

    def begin(self, name: str) -> None:
        """A new sheet; under another name where Excel would not take this one."""
        try:
            self.sheet = self._book.add_worksheet(name)
        except XlsxWriterException:
            self.sheet = self._book.add_worksheet()
        self._next = 0

    def page(self, sheet: Sheet, locale: str) -> None:
        """Begin a sheet of a template: widths, text format where digits would be lost, header, frozen below it."""
        self.begin(sheet.title(locale))
        for index, column in enumerate(sheet.columns):
            self.sheet.set_column(index, index, column.width, self._text if is_text(column) else None)
        self.row(
            [c.header(locale) for c in sheet.columns],
            [self.required if c.required else self.header for c in sheet.columns],
        )
        self.sheet.freeze_panes(1, 0)

    def row(self, cells: Sequence[Cell], formats: Sequence[Any] = (), at: int | None = None) -> None:
        """The next row, or the row ``at`` (from 0), which lies below all written so far."""
        number = self._next if at is None else at
        self._next = number + 1
        for index, cell in enumerate(cells):
            self._cell(number, index, cell, formats[index] if index < len(formats) else None)

    def _cell(self, row: int, column: int, cell: Cell, format_: Any) -> None:
        match cell:
            case None | "":
                return
            case bool():
                self.sheet.write_boolean(row, column, cell, format_)
            case int() | float():
                self.sheet.write_number(row, column, cell, format_)
            case datetime() if (cell.hour, cell.minute, cell.second) != (0, 0, 0):
                self.sheet.write_string(row, column, shown(cell), format_)
            case date() if cell.year >= 1900:
                self.sheet.write_datetime(row, column, cell, format_ or self._day)
            case _:
                text = shown(cell)[:MOST_TEXT]
                marked = self._quoted if RISKY.match(text) else None
                self.sheet.write_string(row, column, text, format_ or marked)


def is_text(column: Column) -> bool:
    """Whether Excel must not make a number or a day of it."""
    return not isinstance(column.kind.write(column.kind.read(column.example)) if column.example else "", (date, int))
