"""Figures as people read them: numbers, differences, shares. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.reporting.domain import BANDS, KINDS
from services.reporting.exports.words import decimals, shown_day, shown_number
from services.reporting.figures import SORTS, Sort
from services.reporting.indicators import CATALOGUE, Indicator, Unit
from services.reporting.indicators.values import UNKNOWN, plain
from services.reporting.pages.words import words
from shared.vietnamese import HANOI

Document = Mapping[str, Any]
TILES = (
    "households_reached",
    "visits",
    "people_taught",
    "coverage_public_services",
    "teams",
    "active_teams",
    "seats",
    "people_trained",
)
COUNTED = {"coverage_public_services": "covered_public_services"}
"""Share → what it is a share of the households."""
BESIDE = {"people_trained": "training_coverage"}
"""Tile → the share that is told below its number."""
SKILLS = ("public_services", "online_shopping", "online_payment", "online_safety", "local_platforms", "all")
LEVELS = ("does", "understands", "knows")


def name_of(indicator: Indicator, locale: str) -> str:
    return indicator.name.en if locale == "en" else indicator.name.vi


def code_name(names: Mapping[str, Document], indicator: str, code: str, locale: str) -> str:
    """Of an open list, by the ``names`` of an answer; the code itself if it has none."""
    return str(names[indicator].get(code, {}).get("en" if locale == "en" else "vi", code))


def is_stock(indicator: Indicator) -> bool:
    """As of a day, not of a period."""
    return any(SORTS[figure] is Sort.STOCK for figure in indicator.figures)


def shown(value: Any, indicator: Indicator, locale: str, places: int = 0) -> str:
    number = plain(value)
    text = shown_number(number, locale, places)
    return f"{text} %" if number is not None and indicator.unit is Unit.PERCENT else text


def places(values: Iterable[Any]) -> int:
    """Decimals with which values of one column stand below each other."""
    return max((decimals(plain(value)) for value in values), default=0)


def moment(at: datetime) -> str:
    return at.astimezone(HANOI).strftime("%H:%M:%S %d/%m/%Y")


def span(first: date | str, last: date | str) -> str:
    """``01/11/2026 – 29/11/2026``; of one day that day."""
    return " – ".join(dict.fromkeys((shown_day(first), shown_day(last))))


def comparable(values: Sequence[Any]) -> list[float]:
    """Values of one indicator as numbers to be drawn side by side, all of one kind: rates if each that counts anything
    has a rate, else the numerators of all."""
    rates = [each for each in values if isinstance(each, dict) and "numerator" in each]
    if any(each["value"] is None and each["numerator"] for each in rates):
        return [each["numerator"] for each in rates]
    return [plain(each) or 0 for each in values]


@dataclass(frozen=True, slots=True)
class Tile:
    """``difference``: as text with its sign, None where one of the two is not known; ``way``: up, down or same."""

    code: str
    """Of the indicator that the map and the trend show when the tile is chosen."""
    name: str
    about: str
    value: str
    note: str
    difference: str | None
    way: str
    spark: str


def tile(code: str, answer: Document, points: Sequence[float], locale: str) -> Tile:
    indicator = CATALOGUE.latest[code]
    value, name, note = answer["figures"][code], name_of(indicator, locale), ""
    more = answer["previous"]["difference"][code]
    if isinstance(value, dict) and "denominator" in value:
        # The count goes first: it is known, also where what it is a part of is not.
        before = answer["previous"]["figures"][code]
        more, note = value["numerator"] - before["numerator"], _share(value, indicator, locale)
        text, name = shown_number(value["numerator"], locale), words("covered", locale)
        code = COUNTED[code]
    else:
        text = shown(value, indicator, locale)
    if code in BESIDE:
        note = _of_members(answer["figures"][BESIDE[code]], CATALOGUE.latest[BESIDE[code]], locale)
    difference, way = changed(more, locale)
    about = indicator.about.en if locale == "en" else indicator.about.vi
    return Tile(code, name, about, text, note, difference, way, spark(points))


def _share(value: Document, indicator: Indicator, locale: str) -> str:
    if value["denominator"] == UNKNOWN or value["value"] is None:
        return words("no_denominator", locale)
    of = words("of_households", locale, n=shown_number(value["denominator"], locale))
    return f"{shown(value, indicator, locale)} {of}"


def _of_members(value: Document, indicator: Indicator, locale: str) -> str:
    if value["value"] is None:
        return ""
    share, of = shown(value, indicator, locale), shown_number(value["denominator"], locale)
    return words("of_members", locale, share=share, n=of)


def changed(more: float | None, locale: str) -> tuple[str | None, str]:
    if more is None:
        return None, "same"
    if more == 0:
        return words("same", locale), "same"
    return f"{'+' if more > 0 else '−'}{shown_number(abs(more), locale)}", "up" if more > 0 else "down"


WIDE, HIGH = 120, 28


def spark(points: Sequence[float]) -> str:
    """The points of a polyline in a box of ``WIDE`` × ``HIGH``; empty if there is no line to draw."""
    top = max(points, default=0)
    if len(points) < 2 or top <= 0:
        return ""
    step = WIDE / (len(points) - 1)
    return " ".join(
        f"{n * step:.1f},{HIGH - 2 - (HIGH - 4) * max(value, 0) / top:.1f}" for n, value in enumerate(points)
    )


@dataclass(frozen=True, slots=True)
class Skill:
    """``bars``: (level, number as text, width in per cent of the widest), from does to knows."""

    name: str
    bars: Sequence[tuple[str, str, float]]


def skills(figures: Document, locale: str) -> list[Skill]:
    worth = {each: [figures[code] for code in _codes(each)] for each in SKILLS}
    top = max((n for numbers in worth.values() for n in numbers), default=0) or 1
    return [
        Skill(
            words(each, locale),
            [
                (level, shown_number(n, locale), round(100 * n / top, 2))
                for level, n in zip(LEVELS, numbers, strict=True)
            ],
        )
        for each, numbers in worth.items()
    ]


def _codes(skill: str) -> tuple[str, str, str]:
    return f"covered_{skill}", f"covered_{skill}_understands", f"covered_{skill}_knows"


_COVERAGE = re.compile(
    f"(cover(?:ed|age)(?:_(?:{'|'.join(KINDS)}))?_(?:{'|'.join(SKILLS)}))"
    f"(?:_(?:{'|'.join(LEVELS)}))?((?:_(?:{'|'.join(BANDS)}))?)"
)


def at_levels(code: str) -> dict[str, str]:
    """Level → the indicator of coverage that says of it what this one says of another level; empty for all others."""
    match = _COVERAGE.fullmatch(code)
    if match is None:
        return {}
    found = {level: f"{match[1]}{'' if level == LEVELS[0] else f'_{level}'}{match[2]}" for level in LEVELS}
    return {level: each for level, each in found.items() if each in CATALOGUE.latest}


SKILL_CODES = tuple(code for skill in SKILLS for code in _codes(skill))


def period_name(row: Document, step: str, locale: str) -> str:
    """``28/11``, ``Tuần 48/2026``, ``11/2026``, ``Quý 4/2026``, ``2026``."""
    name, first = str(row["period"]), date.fromisoformat(str(row["from"]))
    match step:
        case "day":
            return shown_day(first)
        case "week":
            year, number = name.split("-W")
            return f"{words('week', locale)} {int(number)}/{year}"
        case "month":
            year, number = name.split("-")
            return f"{number}/{year}"
        case "quarter":
            year, number = name.split("-Q")
            return f"{words('quarter', locale)} {number}/{year}"
        case _:
            return name


def state_of(campaign: Document, today: date) -> str:
    """What its organisers did; of what they left undone until it was over, that (``unopened``, ``unclosed``)."""
    left = {"scheduled": "unopened", "open": "unclosed"} if campaign["last_day"] < today else {}
    return left.get(campaign["state"], str(campaign["state"]))
