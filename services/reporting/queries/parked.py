"""Events that could not be counted are in no read model: they are looked at when somebody asks, and are few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, text

from services.reporting.placing import place
from services.reporting.projections import NAME
from shared.units import UnitTree

Positions = Mapping[tuple[str, int], int]
_PARKED = text(
    """SELECT m.data ->> 'unit_id' AS unit, coalesce(m.data ->> 'day', m.data ->> 'effective', '') AS day,
              p.source, p.partition, p.position
         FROM bus.parked p
         JOIN bus.sources s USING (source)
         JOIN bus.mirror m ON (m.source, m.log_id, m.partition, m.position)
                            = (p.source, s.log_id, p.partition, p.position)
        WHERE p.subscription = :name"""
)


def parked(
    tx: Connection, tree: UnitTree, map_day: date, days: Sequence[date], upto: Positions | None = None
) -> list[Counter[str]]:
    """For each of the days: unit of the map (or ``*``) → events of days up to it, and of those that tell none.

    ``upto``: only events up to these positions, as of a moment when no others were there.
    """
    found = [Counter[str]() for _ in days]
    for unit, told, source, partition, position in tx.execute(_PARKED, {"name": NAME}):
        if upto is not None and position > upto.get((source, partition), 0):
            continue
        where = place(tree, unit or "", map_day)
        for day, counts in zip(days, found, strict=True):
            if told <= day.isoformat():
                counts.update(dict.fromkeys({where.home or "", *where.above}, 1))
    return found
