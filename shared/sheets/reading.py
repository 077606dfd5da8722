"""Files → books: find the sheets, their headers, and read every row by the kinds of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, BinaryIO

from shared.sheets.book import Book, Layout, Row
from shared.sheets.csv_in import read_csv
from shared.sheets.finding import Finding, SheetError, letters
from shared.sheets.headers import (
    GUIDE,
    HEADER_WITHIN,
    Header,
    best_header,
    certain,
    complete,
    is_numbering,
    missing,
    resembles,
)
from shared.sheets.tables import LIMITS, Limits, Table, empty
from shared.sheets.template import Cell, CellError, Column, Sheet, Template
from shared.sheets.xlsx_in import read_xlsx
from shared.vietnamese import fold

Rows = list[tuple[int, list[Cell]]]
MOST_REMEMBERED = 1_000
"""Texts of a column whose values are kept: days, words and units are the same in row after row."""


def read_book(file: BinaryIO, media: str, template: Template, limits: Limits = LIMITS) -> Book:
    """Read a whole file (``media``: csv or xlsx; XLSX is a file on disk, at its beginning).

    Raises ``SheetError`` if the file as such cannot be used: encoding, no header, unknown, missing or forbidden
    columns, too large, no row. Bad cells are findings of their rows.
    """
    tables = read_xlsx(file, limits) if media == "xlsx" else read_csv(file, template, limits)
    placed = _placed(tables, template)
    book = Book(template, media, {}, [], delimiter=tables[0].delimiter if tables else ",")
    for sheet in template.sheets:
        if sheet.key in placed:
            _Reader(book, sheet, placed[sheet.key], limits).read()
    if not book.rows:
        raise SheetError(Finding("file-no-rows"))
    return book


class _Found:
    """A table of the file that is a sheet of the template."""

    def __init__(self, table: Table, head: Rows, header: Header) -> None:
        self.table, self.head, self.header = table, head, header

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        return chain(self.head, self.table.rows)


def _placed(tables: Sequence[Table], template: Template) -> dict[str, _Found]:
    """Sheet key → where it is. Raises ``SheetError``, naming everything that is wrong with any header."""
    heads = [(table, list(islice(table.rows, HEADER_WITHIN))) for table in tables]
    if not any(head for _, head in heads):
        raise SheetError(Finding("file-empty"))
    placed: dict[str, _Found] = {}
    findings: list[Finding] = []
    for table, head in heads:
        sheet, header = _sheet_of(table, head, template)
        if sheet is None:
            continue
        if not certain(header, sheet):
            findings.append(_no_header(sheet, table.name))
            continue
        if sheet.key in placed:
            findings.append(Finding("sheet-twice", table.name, params={"first": placed[sheet.key].table.name}))
            continue
        placed[sheet.key] = _Found(table, head, header)
        findings += [_in_sheet(each, table.name) for each in (*header.findings, *missing(header, sheet))]
    findings += [
        Finding("sheet-missing", s.vi, params={"sheet": s.vi, "en": s.en})
        for s in template.sheets
        if s.required and s.key not in placed and tables[0].name
    ]
    if not placed and not findings:
        findings.append(_no_header(template.sheets[0], ""))
    if findings:
        raise SheetError(*findings)
    return placed


def _sheet_of(table: Table, head: Rows, template: Template) -> tuple[Sheet | None, Header]:
    """By the sheet's name; else, if it is shown, the sheet whose header it has. None for a sheet of another kind.

    What is meant to be ours must not be passed over: it is returned, and refused, even if its header is a poor one.
    """
    if not head or table.hidden or fold(table.name) in {fold(name) for name in GUIDE.values()}:
        return None, Header()
    for sheet in template.sheets:
        if table.name and fold(table.name) in sheet.names:
            return sheet, best_header(head, sheet)
    rated = [(sheet, best_header(head, sheet)) for sheet in template.sheets]
    sheet, header = max(rated, key=lambda each: (complete(each[1], each[0]), len(each[1].columns)))
    # A workbook has other sheets too. In CSV there is nothing else.
    meant = certain(header, sheet) if not table.name else resembles(header, sheet)
    return (sheet, header) if meant else (None, header)


def _no_header(sheet: Sheet, name: str) -> Finding:
    columns = ", ".join(column.vi for column in sheet.columns if column.required)
    return Finding("header-missing", name, params={"columns": columns, "within": HEADER_WITHIN})


def _in_sheet(finding: Finding, name: str) -> Finding:
    return Finding(finding.code, name, finding.row, finding.column, finding.header, finding.params)


class _Reader:
    def __init__(self, book: Book, sheet: Sheet, found: _Found, limits: Limits) -> None:
        header = found.header
        self._book, self._sheet, self._found, self._limits = book, sheet, found, limits
        self._columns: list[tuple[Column, int, dict[Cell, Any]]] = [
            (column, header.columns[column.key][0], {}) for column in sheet.columns if column.key in header.columns
        ]
        self._named = {index for index, _ in header.columns.values()} | header.ignored
        self._broken = {row for row, _ in found.table.broken}

    def read(self) -> None:
        header, table = self._found.header, self._found.table
        above: Rows = []
        layout = Layout(self._sheet, table.name, header.row, header.columns, header.cells, above)
        self._book.layouts[self._sheet.key] = layout
        first, example = True, self._example()
        for number, cells in self._found.rows():
            if number <= header.row:
                if number < header.row:
                    above.append((number, cells))
                continue
            if first and is_numbering(cells):
                above.append((number, cells))
                first = False
                continue
            first = False
            self._check_place(number, cells)
            row = self._row(number, cells)
            if row.findings or row.values != example:
                self._book.rows.append(row)

    def _check_place(self, number: int, cells: list[Cell]) -> None:
        name = self._found.table.name
        if len(self._book.rows) >= self._limits.rows or number > self._limits.rows + HEADER_WITHIN:
            raise SheetError(Finding("file-rows", name, number, params={"limit": self._limits.rows}))
        for index, cell in enumerate(cells):
            if index not in self._named and not empty(cell):
                raise SheetError(Finding("column-unnamed", name, number, letters(index)))

    def _example(self) -> dict[str, object] | None:
        """The values of the template's example row, which people leave in; None if the sheet has none."""
        if not any(column.example for column in self._sheet.columns):
            return None
        return {c.key: c.kind.read(c.example) if c.example else None for c in self._sheet.columns}

    def _row(self, number: int, cells: list[Cell]) -> Row:
        row = Row(len(self._book.rows), self._sheet.key, number, dict.fromkeys(self._sheet.by_key), cells)
        broken = self._found.table.broken if number in self._broken else ()
        for column, index, known in self._columns:
            cell = cells[index] if index < len(cells) else None
            if (number, index) in broken:
                self._book.add(row, column.key, "cell-error")
            elif type(cell) is str and cell in known:
                row.values[column.key] = known[cell]
            elif empty(cell):
                if column.required:
                    self._book.add(row, column.key, "cell-missing")
            else:
                try:
                    row.values[column.key] = value = column.kind.read(cell)
                except CellError as error:
                    self._book.add(row, column.key, error.code, **error.params)
                    continue
                if type(cell) is str and len(known) < MOST_REMEMBERED:
                    known[cell] = value
        return row
