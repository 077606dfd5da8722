"""From the figures of a unit to the value of an indicator. Pure.

A count is a number; one over the codes of an open list is ``{"value", "by": {code: n}}``. A ratio is never printed
bare: ``{"value", "numerator", "denominator"}``, the value null where the denominator is nothing or ``"unknown"``. One
whose denominator may be in part unknown says how much of it is known: ``{…, "known", "of"}``, and has no value before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from services.reporting.figures import KEYED
from services.reporting.indicators.indicator import Indicator, Unit

Value = int | float | dict[str, Any]
UNKNOWN = "unknown"
_FACTOR = {Unit.RATIO: 1, Unit.PERCENT: 100}
_PLACES = {Unit.RATIO: 4, Unit.PERCENT: 2}


def value(of: Indicator, figures: Mapping[str, int]) -> Value:
    """Callers see to it that the indicator is counted (``numerator``) and its figures are there."""
    numerator = sum(figures[name] for name in of.numerator or ())
    if not of.is_ratio:
        keyed = [name for name in of.numerator or () if name in KEYED]
        return {"value": numerator, "by": _by_code(keyed, figures)} if keyed else numerator
    if of.denominator is None:
        return {"value": None, "numerator": numerator, "denominator": UNKNOWN}
    denominator = sum(figures[name] for name in of.denominator)
    told: dict[str, Any] = {
        "value": ratio(of.unit, numerator, denominator),
        "numerator": numerator,
        "denominator": denominator,
    }
    if of.whole is None:
        return told
    known, whole = (figures[name] for name in of.whole)
    if known < whole or not whole:
        told |= {"value": None, "denominator": denominator if known else UNKNOWN}
    return told | {"known": known, "of": whole}


def _by_code(keyed: Collection[str], figures: Mapping[str, int]) -> dict[str, int]:
    """The most frequent first."""
    found: Counter[str] = Counter()
    for name, n in figures.items():
        figure, _, code = name.partition(":")
        if code and figure in keyed:
            found[code] += n
    return {code: n for code, n in sorted(found.items(), key=lambda each: (-each[1], each[0])) if n}


def ratio(unit: Unit, numerator: float, denominator: float) -> float | None:
    return round(_FACTOR[unit] * numerator / denominator, _PLACES[unit]) if denominator else None


def plain(value: Value) -> float | None:
    """The number by which values are ranked and compared."""
    return value["value"] if isinstance(value, dict) else value


def difference(now: Value, before: Value) -> float | None:
    """None where one of the two is not known."""
    a, b = plain(now), plain(before)
    return None if a is None or b is None else round(a - b, 4)
