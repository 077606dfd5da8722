"""What entrypoints of reporting share."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.reporting.queries.reports import etag
from services.reporting.queries.standing import Area, Shown
from services.reporting.schemas.reports import Positions
from shared.edge import Call, Reply
from shared.problems import Problem
from shared.units import LEVELS


class Pieces:
    """Provided by ``wiring.py``; the mixins of the service name what only they need."""

    area: Area

    def not_yet(self, after: Positions | None) -> Reply | None:
        """202 with the positions reached if ``after`` is not included in time."""
        pending = self.area.pending(after)
        return None if pending is None else Reply(202, pending, headers={"Retry-After": "1"})

    def allowed(self, call: Call, unit: str, map_day: date | None) -> Shown:
        """A former unit may be looked at by whoever answers for its place on the map asked for."""
        shown = self.area.shown(unit, map_day)
        if not self.area.tree.covers(call.actor.units, shown.unit, shown.asked_day):
            raise Problem("forbidden-unit", "/unit_id", where="path", day=shown.asked_day.isoformat())
        return shown

    def own_units(self, call: Call) -> list[str]:
        """The known units of the token, the highest first."""
        tree = self.area.tree
        known = [unit for unit in call.actor.units if unit in tree]
        return sorted(known, key=lambda unit: (LEVELS.index(tree.level(unit) or LEVELS[-1]), unit))

    def require_sight(self, call: Call, unit: str, at: str, where: str, day: date | None = None) -> None:
        """What is kept about a unit may be seen by whoever answers for its place today, or answered for it that day."""
        tree, today = self.area.tree, self.area.today()
        if unit not in tree:
            raise Problem("no-such-unit", at, where=where, unit=unit)
        if not any(tree.covers(call.actor.units, unit, each) for each in (today, day or today)):
            raise Problem("forbidden-unit", at, where=where, day=today.isoformat())


def told(answer: dict[str, Any]) -> Reply:
    """An answer with the version of its content; its texts are in the caller's language."""
    return Reply(200, answer, headers={"Vary": "Accept-Language"}, etag=etag(answer))
