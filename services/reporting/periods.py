"""Periods that reports are asked for. Calendars are data (``calendars.json``), their arithmetic is here.

A calendar says on which day its months begin; quarters and years are made of such months. A week begins on Monday in
all of them.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec


class Step(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Calendar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``first_day``: the day of the month on which its months begin; one that does not begin on the first is named
    after the month in which it ends. ``title``, ``about``: ``{"vi": …, "en": …}``."""

    name: str
    first_day: Annotated[int, msgspec.Meta(ge=1, le=28)]
    title: dict[str, str]
    about: dict[str, str]

    def month_of(self, day: date) -> tuple[int, int]:
        """Year and month of the period that a day lies in."""
        months = day.year * 12 + day.month - 1 + (self.first_day > 1 and day.day >= self.first_day)
        return months // 12, months % 12 + 1

    def begins(self, year: int, month: int) -> date:
        """The first day of a month of this calendar."""
        months = year * 12 + month - 1 - (self.first_day > 1)
        return date(months // 12, months % 12 + 1, self.first_day)


_FILE = Path(__file__).with_name("calendars.json")
CALENDARS = {each.name: each for each in msgspec.json.decode(_FILE.read_bytes(), type=list[Calendar])}
_MONTHS = {Step.MONTH: 1, Step.QUARTER: 3, Step.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Period:
    """Both days included. ``name``: ``2026-11-28``, ``2026-W48``, ``2026-11``, ``2026-Q4``, ``2026``. ``whole``:
    nothing of it was cut off by the limits of the question."""

    first: date
    last: date
    name: str
    whole: bool = True


def period(day: date, step: Step, calendar: Calendar) -> Period:
    """The period that a day lies in."""
    if step is Step.DAY:
        return Period(day, day, day.isoformat())
    if step is Step.WEEK:
        monday = day - timedelta(days=day.weekday())
        year, week, _ = day.isocalendar()
        return Period(monday, monday + timedelta(days=6), f"{year}-W{week:02}")
    length = _MONTHS[step]
    year, month = calendar.month_of(day)
    month -= (month - 1) % length
    after = year * 12 + month - 1 + length
    last = calendar.begins(after // 12, after % 12 + 1) - timedelta(days=1)
    return Period(calendar.begins(year, month), last, _name(step, year, month))


def _name(step: Step, year: int, month: int) -> str:
    match step:
        case Step.MONTH:
            return f"{year}-{month:02}"
        case Step.QUARTER:
            return f"{year}-Q{(month + 2) // 3}"
        case _:
            return str(year)


def periods(first: date, last: date, step: Step, calendar: Calendar) -> Iterator[Period]:
    """The periods from ``first`` to ``last``, in order; the outermost are cut off there, and say so."""
    day = first
    while day <= last:
        whole = period(day, step, calendar)
        cut = Period(max(whole.first, first), min(whole.last, last), whole.name)
        yield Period(cut.first, cut.last, cut.name, (cut.first, cut.last) == (whole.first, whole.last))
        day = whole.last + timedelta(days=1)


def previous(first: date, last: date, calendar: Calendar, *, running: bool = False) -> tuple[date, date]:
    """What ``first``–``last`` is compared with: the same number of months, quarters or years before if it is made of
    whole ones, else as many days right before.

    ``running``: it has come as far as ``last`` and goes on. If it began with a year, a quarter or a month, it is
    compared with the same part of those before: 1 January to 28 November with 1 January to 28 November last year.
    """
    for step in (Step.YEAR, Step.QUARTER, Step.MONTH):
        spans = list(periods(first, last, step, calendar)) if (last - first).days < 40 * 366 else []
        begun = running and first < last and period(first, step, calendar).first == first
        if spans and (begun or all(each.whole for each in spans)):
            begin = first
            for _ in spans:
                begin = period(begin - timedelta(days=1), step, calendar).first
            end = first - timedelta(days=1)
            return begin, end if spans[-1].whole else min(end, _months_before(last, len(spans) * _MONTHS[step]))
    days = (last - first).days + 1
    return first - timedelta(days=days), first - timedelta(days=1)


def same_part(before: Period, until: date, step: Step, calendar: Calendar) -> date:
    """Up to which day ``before`` is compared with the period after it, which has come as far as ``until``."""
    now = period(until, step, calendar)
    if until == now.last:
        return before.last
    end = _months_before(until, _MONTHS[step]) if step in _MONTHS else before.first + (until - now.first)
    return min(end, before.last)


def _months_before(day: date, months: int) -> date:
    """The same day of the month, or the last of a shorter one."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
