"""The board of every campaign equals what is counted anew for its days and units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import httpx

from ops.verify.difference import Difference
from ops.verify.source import Source
from shared.units import UnitTree

Count = Callable[[date, date, date], Mapping[str, Counter[str]]]
"""First and last day, and the map → unit → figures."""
COUNTED = ("visits", "households_reached", "people_taught")


def check(http: httpx.Client, visits: Source, tree: UnitTree, today: date, count: Count) -> int:
    """Raises ``Difference``; the number of figures compared."""
    plans: dict[str, Mapping[str, Any]] = {}
    for stream, type_, data in visits.stream(
        """SELECT stream_id, type, data FROM log.events WHERE starts_with(stream_id, 'campaign:')
            ORDER BY partition, position"""
    ):
        if type_ in ("CampaignScheduled", "CampaignChanged"):
            plans[stream.removeprefix("campaign:")] = data
    return sum(_check(http, tree, today, campaign, plan, count) for campaign, plan in plans.items())


def _check(
    http: httpx.Client, tree: UnitTree, today: date, campaign: str, plan: Mapping[str, Any], count: Count
) -> int:
    first, last = (date.fromisoformat(plan[name]) for name in ("first_day", "last_day"))
    map_day = min(max(today, first), last)
    answer = http.get(f"/v1/campaigns/{campaign}/board")
    if answer.status_code != 200:
        raise Difference(f"the board of campaign {campaign} answered {answer.status_code}: {answer.text[:200]}")
    roots = {unit for unit in plan["unit_ids"] if unit in tree}
    apart = [unit for unit in roots if not tree.covers(roots - {unit}, unit, map_day)]
    if not all(tree.exists(unit, map_day) for unit in apart):
        return 0  # one that is gone answers on the last map that it was on
    counted = count(first, last, map_day)
    compared = 0
    for name, told in answer.json()["figures"].items():
        if name in COUNTED or name.startswith("gained_"):
            expected = sum(counted[unit][name] for unit in apart if unit in counted)
            if told["done"] != expected:
                raise Difference(f"campaign {campaign}: {name} is {told['done']} on its board, counted anew {expected}")
            compared += 1
    return compared
