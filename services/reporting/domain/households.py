"""Declared numbers of households: the denominator of coverage. Pure.

On any day the latest declaration of a unit up to it counts, and those of units that exist no more do not: what became
of their households is for their successors to declare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.reporting.domain.tally import AT, FACTS, Known, Tally

_TOTAL, _UNITS = AT["households_total"], AT["households_declared"]
DECLARED, ENDS = "declared", "ends"


def declared(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.row(data["unit_id"], data["day"])[FACTS] += 1
    tally.tell("households", data["unit_id"], (DECLARED, (data["day"], int(data["total"]))))


def withdrawn(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.row(data["unit_id"], data["day"])[FACTS] += 1
    tally.tell("households", data["unit_id"], (DECLARED, (data["day"], None)))


def unit_abolished(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.tell("households", data["unit_id"], (ENDS, data["effective"]))


def unit_corrected(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.tell("households", data["unit_id"], (ENDS, data["ended"]))


def learn(tally: Tally, unit: str, known: Known, told: Sequence[Any]) -> None:
    totals = known.setdefault(DECLARED, {})
    for what, value in told:
        if what == ENDS:
            known[ENDS] = value
        elif value[1] is None:
            totals.pop(value[0], None)
        else:
            totals[value[0]] = value[1]


def count(tally: Tally, unit: str, known: Known, sign: int) -> None:
    before = units = 0
    end = known.get(ENDS)
    days = sorted(known.get(DECLARED, {}).items())
    for day, total in [*(each for each in days if end is None or each[0] < end), *([(end, 0)] if end else [])]:
        exists = int(day != end)
        if (total, exists) != (before, units):
            row = tally.row(unit, day)
            row[_TOTAL] += sign * (total - before)
            row[_UNITS] += sign * (exists - units)
        before, units = total, exists
