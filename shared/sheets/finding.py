"""What is wrong with a file, and exactly where: sheet, row and column as Excel shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.problems import Issue, Problem

MOST_LISTED = 200
"""Findings about a file as a whole that its problem lists."""


def letters(index: int) -> str:
    """Column 0 is A, 25 is Z, 26 is AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong. ``code`` has its texts in the catalogue of problems; ``params`` never quote the cell.

    ``sheet`` is the sheet's name in the file ("" in CSV), ``row`` counts from 1, ``column`` is a letter and ``header``
    what the file calls it. A finding about a whole row has no column, one about a whole sheet no row. Lines of NDJSON
    have a JSON pointer instead of a column.
    """

    code: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    header: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    pointer: str = ""

    @property
    def cell(self) -> str:
        """``Tổ!C12``; ``C12`` in CSV, ``12`` for a row, ``C`` for a column."""
        place = f"{self.column}{self.row if self.row is not None else ''}"
        return f"{self.sheet}!{place}" if self.sheet and place else self.sheet or place

    def detail(self, locale: str) -> str:
        return Issue(self.code, "", self.params).detail(locale)

    def text(self, locale: str) -> str:
        """``C12 (Ngày hiệu lực): …`` in ``vi`` or ``en``, for people."""
        place = f"{self.column}{self.row if self.row is not None else ''}"
        named = f"{place} ({self.header})" if self.header else place
        return f"{named}: {self.detail(locale)}" if named else self.detail(locale)

    def document(self, locale: str) -> dict[str, Any]:
        """For JSON answers."""
        named = {"sheet": self.sheet, "row": self.row, "column": self.column, "header": self.header}
        named["pointer"] = self.pointer
        shown = {name: value for name, value in named.items() if value not in ("", None)}
        return {"code": self.code, "cell": self.cell, **shown, "detail": self.detail(locale)}

    def stored(self) -> dict[str, Any]:
        """For the job's tables; ``restored`` reads it."""
        named = {"c": self.code, "s": self.sheet, "r": self.row, "l": self.column, "h": self.header, "o": self.pointer}
        kept = {name: value for name, value in named.items() if value not in ("", None)}
        return kept | ({"p": {name: _plain(value) for name, value in self.params.items()}} if self.params else {})


def restored(stored: Mapping[str, Any]) -> Finding:
    return Finding(
        stored["c"],
        stored.get("s", ""),
        stored.get("r"),
        stored.get("l", ""),
        stored.get("h", ""),
        stored.get("p", {}),
        stored.get("o", ""),
    )


class SheetError(Problem):
    """The file as a whole cannot be taken; ``findings`` say why. As a problem it lists them with their cells."""

    def __init__(self, *findings: Finding) -> None:
        first = findings[0]
        super().__init__(first.code, where="file")
        self.findings = findings
        self.issues = tuple(Issue(f.code, f"/{f.cell}" if f.cell else "", f.params) for f in findings[:MOST_LISTED])


def _plain(value: object) -> object:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
