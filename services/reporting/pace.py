"""How far something with a first and a last day has come, at which pace, and where that leads. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from shared.vietnamese import HANOI

SOONEST = 1 / 24
"""Within the first hour nobody can tell a pace."""


@dataclass(frozen=True, slots=True)
class Span:
    """Both days included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def elapsed(self, now: datetime) -> float:
        """Days and parts of a day gone by, in Viet Nam: 0 before the first day, all of them after the last."""
        gone = (now - datetime.combine(self.first, time(), HANOI)) / timedelta(days=1)
        return min(max(gone, 0.0), float(self.days))


@dataclass(frozen=True, slots=True)
class Pace:
    """``per_day``: on the average so far; ``projected``: what it comes to on the last day at that pace; ``reached_on``:
    the day on which the target is reached at that pace, be it after the last. Each None where nobody can tell."""

    per_day: float | None
    projected: int | None
    reached_on: date | None


def pace(done: int, target: int | None, span: Span, elapsed: float) -> Pace:
    if elapsed < SOONEST:
        return Pace(None, None, None)
    each = done / elapsed
    over = elapsed >= span.days
    projected = done if over else max(done, round(each * span.days))
    return Pace(round(each, 1), projected, None if over else _reached_on(done, target, span, each))


def _reached_on(done: int, target: int | None, span: Span, each: float) -> date | None:
    if target is None or done >= target or each <= 0:
        return None
    days = math.ceil(target / each) - 1
    return span.first + timedelta(days=days) if days < _FAR else None


_FAR = 3_650
"""Ten years: a pace that slow tells no day."""


def percent(done: int, target: int | None) -> float | None:
    return None if target is None else round(100 * done / target, 1)
