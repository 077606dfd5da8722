"""What teams and units are asked for: warnings about how teams are made up, regulations, plans. Pure.

An affair is a record of numbered facts; one that ``corrects`` another takes its number, ``EntryVoided`` strikes one
out, or the whole record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from services.reporting.domain.tally import AT, FACTS, Known, Tally

_WARNINGS, _REGULATIONS, _PLANS = AT["warnings"], AT["regulations"], AT["plans"]

# --- warnings ----------------------------------------------------------------------------------------------------


def warned(holds: bool) -> Callable[[Tally, Mapping[str, Any]], None]:
    def counter(tally: Tally, data: Mapping[str, Any]) -> None:
        tally.row(data["unit_id"], data["effective"])[FACTS] += 1
        code = data["code"]
        tally.tell("warning", f"{data['team_id']}:{code}", (data["effective"], data["unit_id"], code, holds))

    return counter


def learn_warning(tally: Tally, warning: str, known: Known, told: Sequence[Any]) -> None:
    """Of several entries of one day the latest counts."""
    for day, unit, code, holds in told:
        known[day] = [unit, code, holds]


def count_warning(tally: Tally, warning: str, known: Known, sign: int) -> None:
    """A warning counts in the unit for which it was raised, until it is cleared."""
    where = None
    for day in sorted(known):
        unit, code, holds = known[day]
        now = unit if holds else None
        for place, n in ((where, -sign), (now, sign)):
            if place is not None and now != where:
                tally.row(place, day)[_WARNINGS] += n
                tally.key(place, "warnings_code", code, day, n)
        where = now


# --- regulations and plans ---------------------------------------------------------------------------------------


def fact(affair: str, key: str, *also: str) -> Callable[[Tally, Mapping[str, Any]], None]:
    """Counts a fact of a record of this affair, whose id is called so; with these of its fields."""

    def counter(tally: Tally, data: Mapping[str, Any]) -> None:
        tally.row(data["unit_id"], data["effective"])[FACTS] += 1
        number = data["corrects"] or data["fact"]
        tally.tell(affair, data[key], (number, [data["effective"], data["unit_id"], *(data[name] for name in also)]))

    return counter


def voided(tally: Tally, data: Mapping[str, Any]) -> None:
    if data["affair"] in ("regulation", "plan"):
        tally.row(data["unit_id"], data["effective"])[FACTS] += 1
        tally.tell(data["affair"], data["record_id"], (data["corrects"], None))


def learn(tally: Tally, record: str, known: Known, told: Sequence[Any]) -> None:
    facts = known.setdefault("facts", {})
    for number, content in told:
        if content is not None:
            facts[str(number)] = content
        elif number is not None:
            facts.pop(str(number), None)
        else:
            known["void"] = True


def count_regulation(tally: Tally, record: str, known: Known, sign: int) -> None:
    """From the day it is issued until it is replaced or repealed."""
    for unit, day, n, _ in _life(known):
        tally.row(unit, day)[_REGULATIONS] += sign * n


def count_plan(tally: Tally, record: str, known: Known, sign: int) -> None:
    """From the day it is adopted until it is withdrawn, and by the year it is for."""
    for unit, day, n, opened in _life(known):
        tally.row(unit, day)[_PLANS] += sign * n
        for year in opened:
            tally.key(unit, "plans_year", str(year), day, sign * n)


def _life(known: Known) -> Iterator[tuple[str, str, int, Sequence[Any]]]:
    """Unit, day, 1 for its beginning and −1 for its end, and what its first fact says."""
    facts = (
        [] if known.get("void") else sorted(known.get("facts", {}).items(), key=lambda each: (each[1][0], int(each[0])))
    )
    if facts:
        _, (first, unit, *opened) = facts[0]
        yield unit, first, 1, opened
        for _, (day, *_rest) in facts[1:2]:
            yield unit, day, -1, opened
