"""People with a seat: whoever has two counts once. Pure.

A person counts at the unit of the seat that was taken first among those held on that day (a seat keeps its id when it
is carried to another team). So numbers of people add up over units: that of a commune is who counts there, not who has
a seat there. Two ids count as two people, even where they were joined into one later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.reporting.domain.tally import AT, Known, Tally

_PEOPLE = AT["people"]


def learn(tally: Tally, person: str, known: Known, told: Sequence[Any]) -> None:
    """Told the stints in a team, which replace what was known of it."""
    for team, stints in told:
        if stints:
            known[team] = stints
        else:
            known.pop(team, None)


def count(tally: Tally, person: str, known: Known, sign: int) -> None:
    stints = [stint for team in known.values() for stint in team]
    taken: dict[str, str] = {}
    for seat, _, first, _ in stints:
        taken[seat] = min(first, taken.get(seat, first))
    stints.sort(key=lambda stint: (taken[stint[0]], stint[0]))
    where = None
    for day in sorted({day for _, _, first, end in stints for day in (first, end) if day is not None}):
        now = next((unit for _, unit, first, end in stints if first <= day and (end is None or day < end)), None)
        if now != where:
            for unit, n in ((where, -sign), (now, sign)):
                if unit is not None:
                    tally.row(unit, day)[_PEOPLE] += n
            where = now
