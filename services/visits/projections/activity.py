"""How much happened per unit and day.

``read.activity`` (unit, day, previous day): ``reached`` holds the households' reach rows (``domain/reach.py``), so that
distinct households of any period are a sum; ``visits`` stands in the row without previous day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, text

from shared.log import Recorded

NEVER = "0001-01-01"
"""Stands for "no previous day", which a key cannot hold as NULL."""

_ADD = text(
    """INSERT INTO read.activity AS a (day, unit_id, previous_day, visits, reached)
       SELECT * FROM unnest(cast(:days AS date[]), cast(:units AS text[]), cast(:previous AS date[]),
                            cast(:visits AS int[]), cast(:reached AS int[]))
       ON CONFLICT (day, unit_id, previous_day)
       DO UPDATE SET visits = a.visits + excluded.visits, reached = a.reached + excluded.reached"""
)


class Activity:
    """Projection ``activity@1`` of the own log."""

    name = "activity@1"

    def __init__(self, partitions: int) -> None:
        self.sources: Mapping[str, Collection[int]] = {"": range(partitions)}

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        visits: dict[tuple[str, str, str], int] = {}
        reached: dict[tuple[str, str, str], int] = {}
        for _, event in batch:
            if event.type != "VisitRecorded":
                continue
            data = event.data
            unit, key = data["unit_id"], (data["day"], data["unit_id"], NEVER)
            visits[key] = visits.get(key, 0) + 1
            for row in data["reach"] if data["place_kind"] == "household" else ():
                key = (row["day"], unit, row["previous_day"] or NEVER)
                reached[key] = reached.get(key, 0) + row["n"]
        # Sorted, so that two workers adding to the same rows cannot deadlock.
        keys = sorted(visits.keys() | reached.keys())
        if keys:
            days, units, previous = zip(*keys, strict=True)
            tx.execute(
                _ADD,
                {
                    "days": list(days),
                    "units": list(units),
                    "previous": list(previous),
                    "visits": [visits.get(key, 0) for key in keys],
                    "reached": [reached.get(key, 0) for key in keys],
                },
            )
