"""How cells become values: text, day, word of a list, number, code, phone.

Spreadsheets turn what people type into something else – a code into a number without its zeros, a number of a document
into a day – so every kind says what it accepts, and refuses what can only be guessed at.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from typing import Any
from uuid import UUID

from shared.sheets.template import Cell, CellError
from shared.vietnamese import fold, nfc

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
SPACES = re.compile(r"\s+")
DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
WHOLE = re.compile(r"[+-]?\d{1,15}(?:\.0+)?")
DECIMAL = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,9})?")
EARLIEST, LATEST = date(1945, 9, 2), date(2200, 12, 31)


def line(cell: Cell) -> str:
    """A cell as one line of composed text. Raises ``CellError`` for what is no text."""
    if isinstance(cell, str):
        if CONTROL.search(cell):
            raise CellError("cell-control")
        return SPACES.sub(" ", nfc(cell)).strip()
    if isinstance(cell, bool):
        raise CellError("cell-boolean")
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return whole_text(cell)
    # Excel reads "12/5" as a day: what was meant cannot be known any more.
    raise CellError("cell-became-day")


def whole_text(number: float) -> str:
    """12.0 is what a spreadsheet makes of 12."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


@dataclass(frozen=True)
class Text:
    """One line of text, NFC, without spaces around it."""

    most: int
    least: int = 1

    choices = ()

    def read(self, cell: Cell) -> str:
        text = line(cell)
        if not self.least <= len(text) <= self.most:
            raise CellError("wrong-length", expected=f"{self.least}–{self.most}")
        return text

    def write(self, value: Any) -> Cell:
        return str(value)

    def explained(self, locale: str) -> str:
        return f"text, up to {self.most} characters" if locale == "en" else f"chữ, tối đa {self.most} ký tự"


@dataclass(frozen=True)
class Day:
    """A day: ``dd/mm/yyyy``, a date cell of Excel, or ``yyyy-mm-dd``. Value: ``date``."""

    choices = ()

    def read(self, cell: Cell) -> date:
        found = self._day(cell)
        if not EARLIEST <= found <= LATEST:
            raise CellError("day-far", earliest=_shown(EARLIEST), latest=_shown(LATEST))
        return found

    def _day(self, cell: Cell) -> date:
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        if not isinstance(cell, str):
            raise CellError("day-format")
        text = line(cell)
        try:
            if match := DAY_FIRST.fullmatch(text):
                return date(int(match[3]), int(match[2]), int(match[1]))
            if match := YEAR_FIRST.fullmatch(text):
                return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            raise CellError("day-unknown") from None
        raise CellError("day-format")

    def write(self, value: Any) -> Cell:
        return value

    def explained(self, locale: str) -> str:
        return "day, dd/mm/yyyy" if locale == "en" else "ngày, dd/mm/yyyy"


@dataclass(frozen=True)
class Word:
    """A word of a list: what it means, and what people write for it. ``also`` are further spellings."""

    value: Any
    vi: str
    en: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """One of a list, by its Vietnamese or English word, without regard to accents and case. Value: ``Word.value``."""

    words: tuple[Word, ...]

    @cached_property
    def choices(self) -> tuple[str, ...]:
        return tuple(word.vi for word in self.words)

    @cached_property
    def _as_written(self) -> Mapping[Any, Any]:
        return {word.vi: word.value for word in self.words}

    @cached_property
    def _by_text(self) -> Mapping[str, Any]:
        return {
            fold(text): word.value
            for word in self.words
            for text in (word.vi, word.en, *word.also, *([word.value] if isinstance(word.value, str) else []))
        }

    def read(self, cell: Cell) -> Any:
        if isinstance(cell, bool):
            cell = str(cell)
        if cell in self._as_written:  # nearly always: it was chosen from the list
            return self._as_written[cell]
        text = fold(line(cell))
        if text not in self._by_text:
            raise CellError("unknown-choice", expected=", ".join(self.choices))
        return self._by_text[text]

    def write(self, value: Any) -> Cell:
        return next((word.vi for word in self.words if word.value == value), str(value))

    def explained(self, locale: str) -> str:
        words = ", ".join(word.en if locale == "en" else word.vi for word in self.words)
        return f"one of: {words}" if locale == "en" else f"một trong: {words}"


def YesNo() -> Choice:
    """Có / không. Value: bool."""
    return Choice(
        (Word(True, "Có", "Yes", ("x", "true", "đúng", "1")), Word(False, "Không", "No", ("false", "sai", "0")))
    )


@dataclass(frozen=True)
class Integer:
    """A whole number. Value: int."""

    least: int = 0
    most: int = 1_000_000

    choices = ()

    def read(self, cell: Cell) -> int:
        if isinstance(cell, (bool, date, datetime, time)):
            raise CellError("wrong-type", expected="integer")
        text = line(cell).replace(" ", "")
        if not WHOLE.fullmatch(text):
            raise CellError("wrong-type", expected="integer")
        number = int(text.partition(".")[0])
        if not self.least <= number <= self.most:
            raise CellError("out-of-range", expected=f"{self.least}–{self.most}")
        return number

    def write(self, value: Any) -> Cell:
        return int(value)

    def explained(self, locale: str) -> str:
        span = f"{self.least}–{self.most}"
        return f"whole number {span}" if locale == "en" else f"số nguyên {span}"


@dataclass(frozen=True)
class Number:
    """A number with so many decimals at most, after a comma or a point. Value: float."""

    least: float = 0
    most: float = 1_000_000
    decimals: int = 1

    choices = ()

    def read(self, cell: Cell) -> float:
        number = round(self._number(cell), 9)  # what a spreadsheet works out ends in noise
        if round(number, self.decimals) != number:
            raise CellError("number-decimals", most=self.decimals)
        if not self.least <= number <= self.most:
            raise CellError("out-of-range", expected=f"{self.least:g}–{self.most:g}")
        return number

    def _number(self, cell: Cell) -> float:
        if isinstance(cell, (int, float)) and not isinstance(cell, bool) and math.isfinite(cell):
            return float(cell)
        text = line(cell).replace(" ", "") if isinstance(cell, (str, date, datetime, time)) else ""
        if not DECIMAL.fullmatch(text):
            raise CellError("wrong-type", expected="number")
        return float(text.replace(",", "."))

    def write(self, value: Any) -> Cell:
        return float(value)

    def explained(self, locale: str) -> str:
        span = f"{self.least:g}–{self.most:g}"
        if locale == "en":
            return f"number {span}, {self.decimals} decimal(s) at most"
        return f"số {span}, tối đa {self.decimals} chữ số thập phân"


@dataclass(frozen=True)
class Code:
    """A code: letters, digits, ``. - _ : /``. ``digits``: all-digit codes have so many, lost zeros are put back.

    Value: str. A spreadsheet makes 97.0 of 00097.
    """

    most: int = 40
    digits: int = 0

    choices = ()

    def read(self, cell: Cell) -> str:
        text = line(cell)
        if text.isdigit() is False and WHOLE.fullmatch(text) and text.endswith(("0",)) and "." in text:
            text = text.partition(".")[0]
        if text.isascii() and text.isdigit():
            text = text.zfill(self.digits)
        if not CODE.fullmatch(text) or len(text) > self.most:
            raise CellError("code-format", most=self.most)
        return text

    def write(self, value: Any) -> Cell:
        return str(value)

    def explained(self, locale: str) -> str:
        if self.digits:
            return f"code of {self.digits} digits" if locale == "en" else f"mã gồm {self.digits} chữ số"
        return "code: letters, digits, . - _ : /" if locale == "en" else "mã: chữ cái, chữ số, . - _ : /"


CODE = re.compile(r"[\w.:/-]+")
UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PHONE = re.compile(r"\+?\d{8,15}")
PHONE_NOISE = re.compile(r"[\s().·-]|(?<=\d)\.(?=\d)")


@dataclass(frozen=True)
class Phone:
    """A phone number. Value: digits, perhaps after ``+``; the zero that a spreadsheet drops is put back."""

    choices = ()

    def read(self, cell: Cell) -> str:
        number = PHONE_NOISE.sub("", line(cell))
        if isinstance(cell, (int, float)) and not isinstance(cell, bool) and len(number) == 9:
            number = "0" + number
        if not PHONE.fullmatch(number):
            raise CellError("phone-format")
        return number

    def write(self, value: Any) -> Cell:
        return str(value)

    def explained(self, locale: str) -> str:
        return "phone number, as text" if locale == "en" else "số điện thoại, dạng văn bản"


@dataclass(frozen=True)
class Uid:
    """An id that the system has given, as an export shows it; ``known``: there always is one. Value: its canonical
    text."""

    known: bool = False

    choices = ()

    def read(self, cell: Cell) -> str:
        if isinstance(cell, str) and UID.fullmatch(cell):  # nearly always: as it was given
            return cell
        try:
            return str(UUID(line(cell)))
        except ValueError:
            raise CellError("wrong-type", expected="UUID") from None

    def write(self, value: Any) -> Cell:
        return str(value)

    def explained(self, locale: str) -> str:
        if locale == "en":
            return "id given by the system" + ("" if self.known else "; leave empty for new ones")
        return "mã do hệ thống cấp" + ("" if self.known else "; mục mới thì để trống")


def _shown(day: date) -> str:
    return day.strftime("%d/%m/%Y")
