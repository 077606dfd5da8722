"""Declared numbers of households, of one unit and of all below one."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from sqlalchemy import Engine, text

from shared.units import UnitTree

# A list of units costs far less as one JSON text than as an array.
_AS_OF = text(
    """SELECT w.unit_id, h.day, h.total, h.qualifier, h.source, h.document_id
         FROM json_array_elements_text(cast(:units AS json)) AS w (unit_id),
              LATERAL (SELECT * FROM read.households x WHERE x.unit_id = w.unit_id COLLATE "C" AND x.day <= :day
                        ORDER BY x.day DESC LIMIT 1) h"""
)
_OF = text(
    """SELECT day, total, qualifier, source, document_id FROM read.households WHERE unit_id = :unit
        ORDER BY day"""
)
_TURN = 500
Commune = tuple[str | None, tuple[str, ...]]
"""A commune and its villages; a village alone has no commune here."""


@dataclass(frozen=True)
class HouseholdQueries:
    engine: Engine

    def of(self, unit_id: str, day: date) -> dict[str, Any]:
        """What counts for the unit on the day, and everything declared."""
        with self.engine.connect() as connection:
            declared = [dict(row) for row in connection.execute(_OF, {"unit": unit_id}).mappings()]
        at = bisect_right(declared, day, key=lambda each: each["day"])
        return {"unit_id": unit_id, "as_of": day, "counts": declared[at - 1] if at else None, "declared": declared}

    def below(self, unit_id: str, day: date, tree: UnitTree, after: str, limit: int) -> dict[str, Any]:
        """A page of the villages at or below the unit with what counts for each, and, on the first page, the sum."""
        communes = list(_communes(tree, unit_id, day))
        named = [unit for commune, villages in communes for unit in (commune, *villages) if unit is not None]
        with self.engine.connect() as connection:
            found = connection.execute(_AS_OF, {"units": orjson.dumps(named).decode(), "day": day}).mappings()
            known = {row["unit_id"]: dict(row) for row in found}
        units = sorted(unit for each in communes for unit in _counting(*each, known))
        page = units[bisect_right(units, after) :][: limit + 1]
        shown = [known.get(unit) or {"unit_id": unit, "total": None} for unit in page[:limit]]
        answer: dict[str, Any] = {"unit_id": unit_id, "as_of": day, "households": shown}
        if not after:
            answer["sum"] = _sum([known[unit] for unit in units if unit in known], len(units))
        return answer | {"next": page[limit - 1] if len(page) > limit else None}


def _communes(tree: UnitTree, unit_id: str, day: date) -> Iterator[Commune]:
    """Others get their turn on the way: the country has thousands."""
    match tree.level(unit_id):
        case "village":
            yield None, (unit_id,)
        case "commune":
            yield unit_id, tree.children(unit_id, day)
        case _:
            for n, path in enumerate(tree.below(unit_id, day, "commune"), 1):
                yield path[-1], tree.children(path[-1], day)
                if n % _TURN == 0:
                    time.sleep(0)


def _counting(commune: str | None, villages: tuple[str, ...], known: dict[str, Any]) -> tuple[str, ...]:
    """The villages; the commune for itself if it has none, or if only it has a figure."""
    if commune is not None and (not villages or (commune in known and not any(each in known for each in villages))):
        return (commune,)
    return villages


def _sum(declared: list[dict[str, Any]], units: int) -> dict[str, Any]:
    """``units`` without a figure are missing from the total; nothing is known of a total without any."""
    return {
        "total": sum(each["total"] for each in declared) if declared else None,
        "exact": len(declared) == units and all(each["qualifier"] == "exact" for each in declared),
        "units": units,
        "units_declared": len(declared),
        "oldest_day": min((each["day"] for each in declared), default=None),
    }
