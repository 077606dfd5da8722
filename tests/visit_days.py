"""When visits came in, for tests of what is decided about them."""

from __future__ import annotations

from datetime import date, datetime, time

from services.visits.domain.doubts import HANOI, Latest


def by(day: date) -> Latest:
    """Nothing of that day is still to come."""
    return Latest(datetime.combine(day, time.max, HANOI), day)
