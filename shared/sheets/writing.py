"""Values → CSV and XLSX. Nothing written is ever run as a formula."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from shared.sheets.template import Column, Sheet, Template

Values = Mapping[str, Any]
"""Column key → value; missing or None leaves the cell empty."""


@dataclass(frozen=True)
class Page:
    sheet: Sheet
    rows: Iterable[Values]


def write_csv(columns: Sequence[Column], rows: Iterable[Values], locale: str = "vi") -> Iterator[bytes]:
    """UTF-8 with BOM (Excel needs it), commas, CRLF; pieces of some hundred rows."""
    raise NotImplementedError


def write_xlsx(to: BinaryIO, pages: Iterable[Page], locale: str = "vi") -> None:
    """A workbook in constant memory (a temporary file per sheet)."""
    raise NotImplementedError


def template_file(template: Template, media: str, locale: str = "vi") -> bytes:
    """The empty file people fill in: header, an example row, in XLSX also an explanation sheet and lists of choices."""
    raise NotImplementedError
