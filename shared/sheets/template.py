"""What a file looks like: a template has sheets, a sheet has columns, a column has a kind.

    TEAMS = Sheet("teams", "Tổ", "Teams", (
        Column("key", "Mã trong file", "Key in file", Text(40), example="T001"),
        Column("effective", "Ngày thành lập", "Established on", Day(), required=True, example="01/10/2023"),
    ))
    TEMPLATE = Template("teams", "Tổ công nghệ số cộng đồng", "Community teams", (TEAMS,))

Headers are matched without regard to accents, case, order or language; ``key`` matches as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from shared.vietnamese import fold

Cell = Any
"""What a cell holds: str (always, in CSV), int, float, bool, date, datetime, time, timedelta; None if empty."""


class CellError(Exception):
    """A cell that its kind cannot read. ``code`` has texts in the catalogue; ``params`` never quote the cell."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params


class Kind(Protocol):
    """How a cell becomes a value and back."""

    def read(self, cell: Cell) -> Any:
        """The value of a cell that is not empty. Raises ``CellError``."""

    def write(self, value: Any) -> Cell:
        """The cell of a value that is not None; what ``read`` reads as the same value."""

    def explained(self, locale: str) -> str:
        """What may stand in the cell, in a few words."""

    @property
    def choices(self) -> tuple[str, ...]:
        """The Vietnamese words to choose from, for the list in Excel; empty if anything may be written."""


@dataclass(frozen=True)
class Column:
    """``also`` are further headers it is known by; ``width`` is the width in Excel, in characters."""

    key: str
    vi: str
    en: str
    kind: Kind
    required: bool = False
    example: str = ""
    vi_note: str = ""
    en_note: str = ""
    also: tuple[str, ...] = ()
    width: int = 18

    def header(self, locale: str) -> str:
        return self.en if locale == "en" else self.vi

    def note(self, locale: str) -> str:
        return self.en_note if locale == "en" else self.vi_note


@dataclass(frozen=True)
class Sheet:
    """``required``: a workbook without this sheet is refused. ``also`` are further names of it. ``nameless``: people
    are named by their ids only, so a column of names or telephone numbers is refused, and says what to do instead."""

    key: str
    vi: str
    en: str
    columns: tuple[Column, ...]
    required: bool = False
    also: tuple[str, ...] = ()
    nameless: bool = False

    def title(self, locale: str) -> str:
        return self.en if locale == "en" else self.vi

    @cached_property
    def by_key(self) -> Mapping[str, Column]:
        return {column.key: column for column in self.columns}

    @cached_property
    def by_header(self) -> Mapping[str, Column]:
        """Folded header → column."""
        return {fold(text): c for c in self.columns for text in (c.key, *c.also, c.en, c.vi)}

    @cached_property
    def names(self) -> frozenset[str]:
        """Folded names of the sheet."""
        return frozenset(fold(text) for text in (self.key, self.vi, self.en, *self.also))


@dataclass(frozen=True)
class Template:
    """``name`` is that of the route. A CSV file holds one sheet: the one whose headers it has."""

    name: str
    vi: str
    en: str
    sheets: tuple[Sheet, ...]
    vi_note: str = ""
    en_note: str = ""

    def title(self, locale: str) -> str:
        return self.en if locale == "en" else self.vi

    def sheet(self, key: str) -> Sheet:
        return next(sheet for sheet in self.sheets if sheet.key == key)
