"""CSV as it comes: UTF-8 with or without BOM, UTF-16, Windows-1258; comma, semicolon or tab.

An encoding is recognised or the file is refused: a guess would store wrong names. Windows-1258 decodes nearly any
bytes, so it counts only if a header of the template comes out with its accents.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from shared.sheets.finding import Finding, SheetError
from shared.sheets.headers import HEADER_WITHIN, best_header, named_exactly
from shared.sheets.tables import Limits, Table
from shared.sheets.template import Cell, Template

DELIMITERS = (",", ";", "\t")
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
HINT = re.compile(r"\s*sep=(.)\r?\n")
LONGEST_FIELD = 10_000
NEUTRAL = re.compile(r"'+[=+\-@\t\r＝＋－＠]")


def read_csv(file: BinaryIO, template: Template, limits: Limits) -> list[Table]:
    """The one table of the file. Raises ``SheetError``."""
    raw = file.read()
    if raw[:4] == b"PK\x03\x04" or raw[:4] == b"\xd0\xcf\x11\xe0":
        raise SheetError(Finding("file-not-csv"))
    text = _decoded(raw, template)
    hint = HINT.match(text)
    body = text[hint.end() :] if hint else text
    delimiter = hint[1] if hint else max(DELIMITERS, key=lambda each: _score(body, each, template))
    return [Table("", _rows(body, delimiter, limits), delimiter=delimiter)]


def _decoded(raw: bytes, template: Template) -> str:
    for bom, encoding in BOMS:
        if raw.startswith(bom):
            return _strictly(raw, encoding)
    zeros = raw[:2000].count(0)
    if zeros > len(raw[:2000]) // 5:
        return _strictly(raw, "utf-16-le" if raw[1:2000:2].count(0) > zeros // 2 else "utf-16-be")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        older = _windows_1258(raw, template)
        if older is None:
            raise SheetError(Finding("file-encoding", row=raw.count(b"\n", 0, error.start) + 1)) from None
        return older


def _strictly(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise SheetError(Finding("file-encoding")) from None


def _windows_1258(raw: bytes, template: Template) -> str | None:
    try:
        text = raw.decode("cp1258")
    except UnicodeDecodeError:
        return None
    for delimiter in DELIMITERS:
        for _, cells in _head(text, delimiter):
            if any(named_exactly(cell, sheet) for sheet in template.sheets for cell in cells):
                return text
    return None


def _head(text: str, delimiter: str) -> list[tuple[int, list[Cell]]]:
    try:
        return list(islice(_rows(text, delimiter, Limits()), HEADER_WITHIN))
    except SheetError:
        return []


def _score(text: str, delimiter: str, template: Template) -> int:
    head = _head(text, delimiter)
    return max((len(best_header(head, sheet).columns) for sheet in template.sheets), default=0)


def _rows(text: str, delimiter: str, limits: Limits) -> Iterator[tuple[int, list[Cell]]]:
    """Records with anything in them, numbered as Excel shows them: a record with line breaks is one row."""
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells: list[Cell] = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise SheetError(Finding("csv-broken", row=number)) from None
        if any(cell and not cell.isspace() for cell in cells):
            yield number, [cell[1:] if cell[:1] == "'" and NEUTRAL.match(cell) else cell for cell in cells]
