"""When somebody has to be trained, and how that stands on a day. Pure arithmetic of days."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class State(StrEnum):
    """``done``: trained, and not due again yet. ``due``: still in time."""

    DUE = "due"
    OVERDUE = "overdue"
    DONE = "done"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Due:
    """One of three: so many days after the appointment, again after so many months, or by a day. The last day in time
    is the due day itself."""

    within_days: int | None = None
    every_months: int | None = None
    by: date | None = None

    def day(self, since: date, trained: date | None) -> date | None:
        """``trained``: the last day of training that counts. None: whoever came after the fixed day has nothing due."""
        if self.within_days is not None:
            return since + timedelta(self.within_days)
        if self.every_months is not None:
            return months_later(trained or since, self.every_months)
        return self.by if self.by is not None and since <= self.by else None

    def state(self, due: date, trained: date | None, day: date) -> State:
        if trained is not None and (self.every_months is None or day <= due):
            return State.DONE
        return State.DUE if day <= due else State.OVERDUE


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last one where it has fewer days."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
