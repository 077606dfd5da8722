"""What entrypoints of visits share."""

from __future__ import annotations

from services.visits.domain import Flag, PlaceCommand, PlaceEvent, PlaceState
from shared.edge import Call
from shared.handler import Handler
from shared.problems import Problem
from shared.unit_directory import UnitDirectory
from shared.vietnamese import hanoi_day

PERSONAL = "places:read"
"""Scope of addresses and notes."""


def flag_of(call: Call) -> Flag:
    """The doubt that the path names."""
    if call.path["flag"] not in {*Flag}:
        raise Problem("not-found", where="path")
    return Flag(call.path["flag"])


class Pieces:
    """Provided by ``wiring.py``; the mixins of the service use them and name what only they need."""

    places: Handler[PlaceCommand, PlaceState, PlaceEvent]
    units: UnitDirectory

    def require_sight(self, call: Call, unit_id: str) -> None:
        """Facts of a former unit may be read by whoever answers for its place today."""
        day = hanoi_day(call.now)
        if not self.units.tree().covers(call.actor.units, unit_id, day):
            raise Problem("forbidden-unit", where="path", day=day.isoformat())
