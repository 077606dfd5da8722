"""Tables on their way out: CSV as it is made, XLSX by way of a temporary file, neither ever whole in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import eventlet
from eventlet import tpool

from shared.edge_jobs import attachment, content_type
from shared.edge_reply import Reply
from shared.sheets import Sheet, write_csv
from shared.sheets.writing import Workbook, cells_of

PIECE = 262_144

Values = Mapping[str, Any]


def export(sheet: Sheet, pages: Iterable[list[Values]], media: str, locale: str, name: str) -> Reply:
    """The reply: ``pages`` of rows by column key, written by the sheet's columns. Never kept by caches."""
    pieces = _csv(sheet, pages, locale) if media == "csv" else _xlsx(sheet, pages, locale)
    headers = {"Content-Type": content_type(media), "Cache-Control": "no-store"} | attachment(name, media)
    return Reply(200, pieces, headers)


def _rows(pages: Iterable[list[Values]]) -> Iterator[Values]:
    for page in pages:
        yield from page
        eventlet.sleep(0)  # others want their turn


def _csv(sheet: Sheet, pages: Iterable[list[Values]], locale: str) -> Iterator[bytes]:
    return write_csv(sheet.columns, _rows(pages), locale)


def _xlsx(sheet: Sheet, pages: Iterable[list[Values]], locale: str) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        book = Workbook(file)
        book.page(sheet, locale)
        for values in _rows(pages):
            book.row(cells_of(sheet.columns, values))
        tpool.execute(book.close)  # packing a large book takes seconds, in C
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
