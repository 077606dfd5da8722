"""How far a campaign has come, and where it will end at that pace."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

HANOI = timezone(timedelta(hours=7))
SOONEST = 1 / 24
"""Within the first hour nobody can tell a pace."""


def elapsed_days(first_day: date, last_day: date, now: datetime) -> float:
    """Days and parts of a day of the period that have gone by, in Viet Nam: 0 before it, all of them after it."""
    gone = (now - datetime.combine(first_day, time(), HANOI)) / timedelta(days=1)
    return min(max(gone, 0.0), (last_day - first_day).days + 1.0)


def per_day(done: int, elapsed: float) -> float | None:
    return round(done / elapsed, 1) if elapsed >= SOONEST else None


def projected(done: int, elapsed: float, days: int) -> int | None:
    """What it comes to at the end if it goes on as it did on the average so far; never less than what is done."""
    if elapsed >= days:
        return done
    return max(done, round(done / elapsed * days)) if elapsed >= SOONEST else None
