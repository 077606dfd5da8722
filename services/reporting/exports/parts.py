"""What an indicator of an open list is made of, as lines or columns of a table. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.reporting.exports.words import words
from services.reporting.indicators import Indicator
from services.reporting.indicators.codes import PILLARS, WORDS, list_of, occurring

LINES, COLUMNS = 1_000, 30
"""Codes of an indicator that have one of their own; those behind them, the rarest, share one."""
CELLS = 200_000
"""Of all codes, in the rows of a table; with more of them fewer codes have a column."""


@dataclass(frozen=True, slots=True)
class Part:
    """``by``: which sums of a value the ``keys`` are of, codes or pillars."""

    name: str
    by: str
    keys: tuple[str, ...]

    def of(self, value: Any) -> int:
        return sum(value[self.by].get(key, 0) for key in self.keys)


def most_codes(answer: Mapping[str, Any], indicators: Sequence[Indicator]) -> int:
    """How many codes of each open list have a line, or a column, of their own."""
    rows = answer.get("units", answer.get("periods"))
    if rows is None:
        return LINES
    lists = sum(list_of(each) is not None for each in indicators)
    return min(COLUMNS, CELLS // max(1, len(rows) * lists))


def parts(answer: Mapping[str, Any], indicator: Indicator, locale: str, most: int) -> list[Part]:
    """By code, the most frequent first, then by pillar; none for what is no open list."""
    if list_of(indicator) is None:
        return []
    names, language = answer["names"][indicator.code], "en" if locale == "en" else "vi"
    codes = occurring(answer, indicator.code)
    found = [Part(names[code][language] if code in names else code, "by", (code,)) for code in codes[:most]]
    if rest := codes[most:]:
        found.append(Part(words("other_codes", locale), "by", tuple(rest)))
    pillars = occurring(answer, indicator.code, "by_pillar")
    return found + [Part(WORDS["pillar"][key][language], "by_pillar", (key,)) for key in PILLARS if key in pillars]
