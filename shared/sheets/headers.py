"""Finding the header row, and which column is which.

Official sheets have merged title rows above the header, a column of running numbers, sometimes a row "(1) (2) (3)"
below it; people rename and reorder columns. Matching goes by folded text; what matches nothing is named, not ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.sheets.finding import Finding, letters
from shared.sheets.tables import empty
from shared.sheets.template import Cell, Column, Sheet
from shared.vietnamese import fold, nfc

HEADER_WITHIN = 20
IGNORED = frozenset({"stt", "tt", "so tt", "so thu tu", "no", "ordinal"})
"""Running numbers."""
RESULT_COLUMNS = {"vi": ("Kết quả", "Lỗi", "Lỗi (tiếng Anh)"), "en": ("Result", "Errors (Vietnamese)", "Errors")}
"""What a result file adds; ignored in an upload, so that a corrected result file can be sent again."""
GUIDE = {"vi": "Hướng dẫn", "en": "Guide"}
"""The sheet of a template that explains the others."""
_IGNORED = IGNORED | {fold(text) for texts in RESULT_COLUMNS.values() for text in texts}

# Law on Personal Data Protection 91/2025/QH15: nobody asks for these, so nobody may send them.
FORBIDDEN = re.compile(
    r"\b(cccd|cmnd|cmt|cmtnd|can cuoc|chung minh|dinh danh ca nhan|so dinh danh|ho chieu|passport|national id"
    r"|citizen id|identity (?:card|number)|id (?:card|number)|ngay sinh|nam sinh|ngay thang nam sinh|sinh nam|birth"
    r"|birthday|dob|birthdate|mat khau|password|otp|pin|anh the|anh giay to|id photo)\b"
)
PERSONAL = re.compile(r"\b(ho ten|ho va ten|ho dem|ten|name|surname|dien thoai|sdt|so dt|phone|mobile|dia chi)\b")
NUMBERING = re.compile(r"\s*[(\[]\s*\d{1,2}\s*[)\]]\s*|\s*[A-Z]\s*")


@dataclass(frozen=True)
class Header:
    """``columns``: column key → (index from 0, header as written). ``findings`` have no sheet name yet."""

    row: int = 0
    cells: tuple[str, ...] = ()
    columns: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    ignored: frozenset[int] = frozenset()
    findings: tuple[Finding, ...] = ()


def best_header(head: Iterable[tuple[int, Sequence[Cell]]], sheet: Sheet) -> Header:
    """Of the first rows the one that names most columns; one without columns if none names any."""
    best = Header()
    for number, cells in head:
        found = _matched(number, cells, sheet)
        if len(found.columns) > len(best.columns):
            best = found
    return best


def certain(header: Header, sheet: Sheet) -> bool:
    """Whether this is a header at all: a word in a title may be called like one column, not like two."""
    return len(header.columns) >= min(2, len(sheet.columns))


def complete(header: Header, sheet: Sheet) -> bool:
    return certain(header, sheet) and all(c.key in header.columns for c in sheet.columns if c.required)


def resembles(header: Header, sheet: Sheet) -> bool:
    """Whether it is meant to be this sheet, if not a good one: so much in common is no accident."""
    required = sum(column.required for column in sheet.columns)
    return certain(header, sheet) and 2 * len(header.columns) >= required + 2


def missing(header: Header, sheet: Sheet) -> list[Finding]:
    wanted = [column for column in sheet.columns if column.required and column.key not in header.columns]
    return [Finding("column-missing", row=header.row, header=c.vi, params={"column": c.vi, "en": c.en}) for c in wanted]


def named_exactly(cell: Cell, sheet: Sheet) -> bool:
    """Whether the text is a header of the sheet with all its accents."""
    if not isinstance(cell, str) or cell.isascii():
        return False
    text = nfc(cell).strip().casefold()
    return any(text == nfc(header).casefold() for c in sheet.columns for header in (c.vi, *c.also))


def is_numbering(cells: Sequence[Cell]) -> bool:
    """A row such as "(1) (2) (3)" below the header of a form."""
    texts = [cell for cell in cells if not empty(cell)]
    return len(texts) >= 2 and all(isinstance(t, str) and NUMBERING.fullmatch(t) for t in texts)


def _matched(number: int, cells: Sequence[Cell], sheet: Sheet) -> Header:
    columns: dict[str, tuple[int, str]] = {}
    ignored: set[int] = set()
    findings: list[Finding] = []
    texts = tuple("" if empty(cell) else nfc(str(cell)).strip() for cell in cells)
    for index, text in enumerate(texts):
        if not text:
            continue
        folded, column = fold(text), _column(text, sheet)
        if column is None and folded in _IGNORED:
            ignored.add(index)
        elif column is None:
            findings.append(Finding(_refused(folded, sheet), row=number, column=letters(index), header=text[:60]))
        elif column.key in columns:
            params = {"first": letters(columns[column.key][0])}
            findings.append(Finding("column-twice", row=number, column=letters(index), header=text, params=params))
        else:
            columns[column.key] = (index, text)
    return Header(number, texts, columns, frozenset(ignored), tuple(findings))


def _refused(folded: str, sheet: Sheet) -> str:
    if FORBIDDEN.search(folded):
        return "column-forbidden"
    return "column-personal" if sheet.nameless and PERSONAL.search(folded) else "column-unknown"


def _column(text: str, sheet: Sheet) -> Column | None:
    """By the whole text, else without what stands in brackets: ``Ngày (dd/mm/yyyy)``."""
    found = sheet.by_header.get(fold(text))
    return found or sheet.by_header.get(fold(re.sub(r"\([^)]*\)|\*", " ", text)))
