"""The days on which a team made visits: whether it was active in a period. Pure.

Like households that are reached: a team counts on each day it went out, with the day before on which it did, at the
unit that it served on that day. A team that nobody knows yet stands under its own id, hence for the nation only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.reporting.domain.names import TEAM
from services.reporting.domain.tally import Known, Tally

VISITS, UNITS = "visits", "units"


def learn(tally: Tally, team: str, known: Known, told: Sequence[Any]) -> None:
    """Told how many visits more or less there were on a day, or which units the team serves, each from a day on."""
    days = known.setdefault(VISITS, {})
    for what, value in told:
        if what == UNITS:
            known[UNITS] = value
            continue
        day, n = value
        days[day] = days.get(day, 0) + n
        if not days[day]:
            del days[day]


def count(tally: Tally, team: str, known: Known, sign: int) -> None:
    previous = None
    for day in sorted(day for day, n in known.get(VISITS, {}).items() if n > 0):
        link = {"day": day, "previous_day": previous, "n": sign}
        tally.reach(_unit_on(team, known.get(UNITS), day), TEAM, (link,))
        previous = day


def _unit_on(team: str, units: Sequence[tuple[str, str]] | None, day: str) -> str:
    """Before a team is known to have begun, it is where it begins."""
    if not units:
        return team
    return next((unit for since, unit in reversed(units) if since <= day), units[0][1])
