"""Files → books."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from shared.sheets.book import Book
from shared.sheets.template import Template


@dataclass(frozen=True)
class Limits:
    rows: int = 200_000
    columns: int = 52
    unpacked_bytes: int = 150_000_000


def read_book(file: BinaryIO, media: str, template: Template, limits: Limits = Limits()) -> Book:
    """Read a whole file (``media``: csv or xlsx). Raises ``SheetError`` if the file as such cannot be used: encoding,
    no header, unknown, missing or forbidden columns, too large. Bad cells are findings of their rows.
    """
    raise NotImplementedError
