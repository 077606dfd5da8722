"""All indicators with all their versions, checked when they are loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from services.reporting.figures import AS_OF_A_DAY, SORTS, Sort
from services.reporting.indicators.families import expanded
from services.reporting.indicators.indicator import Group, Indicator, Unit
from shared.vietnamese import nfc

_CODE = re.compile(r"[a-z][a-z0-9_]{0,59}")
_GROUPS = frozenset(Group)


class UnknownIndicator(LookupError):
    """Neither a code nor a group."""


class BadCatalogue(ValueError):
    """The data file breaks a rule; the text says where."""


class Catalogue:
    """``latest``: code → its highest version, in the order of the file."""

    def __init__(self, rows: Iterable[Indicator]) -> None:
        self.rows = tuple(rows)
        self.latest: dict[str, Indicator] = {}
        for row in self.rows:
            if fault := _fault(row, self.latest.get(row.code)):
                raise BadCatalogue(f"{row.code}@{row.version}: {fault}")
            self.latest[row.code] = row

    def chosen(self, names: Iterable[str]) -> tuple[Indicator, ...]:
        """The indicators named by code or by group, each once; without any name the usual ones.

        Raises ``UnknownIndicator``. One that is only declared is chosen by its own code, never by its group.
        """
        found: dict[str, Indicator] = {}
        for name in names:
            if name in self.latest:
                found[name] = self.latest[name]
            elif name in _GROUPS:
                found |= {c: each for c, each in self.latest.items() if each.group == name and each.numerator}
            else:
                raise UnknownIndicator(name)
        return tuple(found.values()) or tuple(each for each in self.latest.values() if each.usual and each.numerator)


def _fault(row: Indicator, former: Indicator | None) -> str | None:
    """What is wrong with a row, in words for whoever edits the file."""
    texts = (row.name.vi, row.name.en, row.about.vi, row.about.en)
    if not _CODE.fullmatch(row.code) or row.code in _GROUPS:
        return "a code is lower case letters, digits and _, and no name of a group"
    if row.version != (former.version + 1 if former else 1):
        return "versions of a code follow one another from 1"
    if any(not each.strip() or nfc(each) != each for each in texts):
        return "names and descriptions are needed in both languages, Vietnamese in NFC"
    if unknown := [name for name in row.figures if name not in SORTS]:
        return f"there is no figure {unknown[0]}"
    if row.whole and not row.denominator:
        return "only what has a denominator can be whole"
    if row.denominator and not row.is_ratio:
        return "only a ratio or a percentage has a denominator"
    if row.numerator == () or row.denominator == ():
        return "a list of figures is not empty; null says that there is none"
    return _date_fault(row)


def _date_fault(row: Indicator) -> str | None:
    """Figures of one day and figures of a period never meet in one value; only flows add up over periods."""
    sorts = {SORTS[name] for name in row.figures}
    if len({sort in AS_OF_A_DAY for sort in sorts}) > 1:
        return "figures as of a day and figures of a period cannot be put together"
    if row.additive.periods and (row.is_ratio or row.unit is Unit.DAYS or sorts - {Sort.FLOW}):
        return "only sums of flows add up over periods"
    if row.additive.units and row.is_ratio:
        return "a ratio does not add up over units"
    return None


FILE = Path(__file__).with_name("indicators.json")


def load(file: Path = FILE) -> Catalogue:
    """Raises ``BadCatalogue``, ``msgspec.ValidationError``."""
    rows = list(expanded(msgspec.json.decode(file.read_bytes())))
    return Catalogue(msgspec.convert(rows, list[Indicator]))


CATALOGUE = load()
