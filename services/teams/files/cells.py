"""Kinds of cells that only the registry has. What they accept is what the API accepts (``schemas``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.teams.schemas.forbidden import IDENTITY_NUMBER, LONG_NUMBER, RULE
from services.teams.schemas.kinds import WORD
from shared.sheets import Cell, CellError, Choice, Phone, Text
from shared.sheets.kinds import line


@dataclass(frozen=True)
class PersonName(Text):
    """A number inside would be an identity or phone number."""

    def read(self, cell: Cell) -> str:
        name = super().read(cell)
        if LONG_NUMBER.search(name):
            raise CellError(RULE)
        return name


@dataclass(frozen=True)
class PersonPhone(Phone):
    """Twelve digits that begin with the code of a province are an identity number."""

    def read(self, cell: Cell) -> str:
        phone = super().read(cell)
        if IDENTITY_NUMBER.fullmatch(phone):
            raise CellError(RULE)
        return phone


@dataclass(frozen=True)
class OpenChoice(Choice):
    """The words of the list, or any other word as the API takes it (``lower_case``)."""

    def read(self, cell: Cell) -> Any:
        try:
            return super().read(cell)
        except CellError:
            word = line(cell)
            if WORD.fullmatch(word) and not LONG_NUMBER.search(word):
                return word
            raise
