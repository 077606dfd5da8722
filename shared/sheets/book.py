"""A file that has been read: its rows with values by column key, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.sheets.finding import Finding, letters
from shared.sheets.template import Cell, Sheet, Template


@dataclass(frozen=True)
class Layout:
    """Where a sheet of the template lies in the file.

    ``name`` is the sheet's name there ("" in CSV), ``header`` the row of its headers (from 1), ``columns`` the column
    key → (index from 0, header as written), ``cells`` the header row as written, ``around`` the title rows above it
    and a row of numbering below, by their number.
    """

    sheet: Sheet
    name: str
    header: int
    columns: Mapping[str, tuple[int, str]]
    cells: tuple[str, ...]
    around: list[tuple[int, list[Cell]]] = field(default_factory=list)


@dataclass(slots=True)
class Row:
    """One row. ``index`` counts from 0 through the whole book: template's order of sheets, then rows.

    ``values`` has every column of the sheet: None where the cell is empty or could not be read. ``findings`` are what
    reading found; whoever uses the row may add more. ``cells`` are the cells as they came.
    """

    index: int
    sheet: str
    number: int
    values: dict[str, Any]
    cells: list[Cell]
    findings: list[Finding] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.findings


@dataclass
class Book:
    template: Template
    media: str
    layouts: dict[str, Layout]
    rows: list[Row]
    delimiter: str = ","

    def of(self, sheet: str) -> Iterator[Row]:
        """The rows of one sheet, by its key."""
        return (row for row in self.rows if row.sheet == sheet)

    def finding(self, row: Row, column: str, code: str, /, **params: object) -> Finding:
        """A finding at a cell of the row; ``column`` is a column's key, "" for the row as a whole."""
        layout = self.layouts[row.sheet]
        if not column:
            return Finding(code, layout.name, row.number, params=params)
        if column not in layout.columns:  # an optional column that the file does not have
            return Finding(code, layout.name, row.number, header=layout.sheet.by_key[column].vi, params=params)
        index, header = layout.columns[column]
        return Finding(code, layout.name, row.number, letters(index), header, params)

    def header(self, row: Row, column: str) -> str:
        """What the file calls a column."""
        layout = self.layouts[row.sheet]
        return layout.columns[column][1] if column in layout.columns else layout.sheet.by_key[column].vi

    def add(self, row: Row, column: str, code: str, /, **params: object) -> None:
        row.findings.append(self.finding(row, column, code, **params))
