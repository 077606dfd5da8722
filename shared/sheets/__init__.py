"""Tables as people keep them – CSV and XLSX – read and written by a template.

    book = read_book(file, "xlsx", TEMPLATE)               # raises SheetError: nothing in this file can be used
    for row in book.of("teams"):
        row.values["effective"]                            # typed by the column's kind, None if empty
        row.findings                                       # located: sheet, row, column, code, texts in vi and en
    book.add(row, "unit", "unknown-unit", day="…")         # a finding of one's own, at the row's cell

    write_csv(columns, values, locale)                     # → pieces of bytes, one row of values (by key) at a time
    write_xlsx(file, [Page(sheet, values), …], locale)     # → into an open file, in constant memory
    template_file(TEMPLATE, "xlsx", locale)                # → the empty template with explanation, choices, example

Nothing here knows a service, a database or HTTP. Reading is for the worker process, never for the api.
"""

from __future__ import annotations

from shared.sheets.book import Book, Layout, Row
from shared.sheets.finding import Finding, SheetError, letters
from shared.sheets.kinds import Choice, Code, Day, Integer, Number, Phone, Text, Uid, Word, YesNo
from shared.sheets.reading import read_book
from shared.sheets.results import write_results
from shared.sheets.tables import Limits
from shared.sheets.template import Cell, CellError, Column, Kind, Sheet, Template
from shared.sheets.template_file import template_file
from shared.sheets.writing import Page, write_csv, write_xlsx

__all__ = [
    "Book",
    "Cell",
    "CellError",
    "Choice",
    "Code",
    "Column",
    "Day",
    "Finding",
    "Integer",
    "Kind",
    "Layout",
    "Limits",
    "Number",
    "Page",
    "Phone",
    "Row",
    "Sheet",
    "SheetError",
    "Template",
    "Text",
    "Uid",
    "Word",
    "YesNo",
    "letters",
    "read_book",
    "template_file",
    "write_csv",
    "write_results",
    "write_xlsx",
]
