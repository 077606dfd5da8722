"""A table as a page to be printed: A4, one file without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.reporting.exports.table import Cell, Kind, Row, Table
from services.reporting.exports.words import MOTTO, shown_day, shown_number, words

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PIECE = 200
"""Parts of the template in a piece of the answer."""


def html_page(table: Table) -> Iterator[bytes]:
    def cell(value: Cell, kind: Kind) -> str:
        match value:
            case None:
                return "–" if kind.is_number else ""
            case int() | float():
                return shown_number(value, table.locale)
            case date():
                return shown_day(value)
            case _:
                return value

    def kind(row: Row, n: int) -> Kind:
        return row.kinds[n] if row.kinds else table.columns[n].kind

    def say(name: str) -> str:
        return words(name, table.locale)

    stream = _ENVIRONMENT.get_template("page.html").stream(table=table, motto=MOTTO, say=say, cell=cell, kind=kind)
    stream.enable_buffering(PIECE)
    return (piece.encode() for piece in stream)
