"""Whether a caller may speak about a unit on a day: the edge's rule, remembered for the rows of one request."""

from __future__ import annotations

from datetime import date

from shared.access import Actor
from shared.problems import Problem
from shared.units import UnitTree


class Areas:
    """One request's view of the units. Phones send a hundred visits of one village on one day: ask the tree once."""

    def __init__(self, tree: UnitTree, actor: Actor) -> None:
        self._tree, self._actor = tree, actor
        self._known: dict[tuple[str, date], str | None] = {}

    def covers(self, unit_id: str, day: date) -> bool:
        """Also of a unit that is no more: whether the caller answers for where its facts stand."""
        return self._tree.covers(self._actor.units, unit_id, day)

    def covers_part(self, unit_id: str, day: date) -> bool:
        """As ``covers``; of a unit that is no more, also whether the caller answers for a part of it."""
        if self.covers(unit_id, day):
            return True
        parts = () if self._tree.exists(unit_id, day) else self._tree.former_unit_on_map(unit_id, day)
        return any(self.covers(part.unit_id, day) for part in parts)

    def require_known(self, unit_id: str, day: date, at: str = "/unit_id") -> None:
        """Like ``require`` for a unit that may be no more on that day."""
        if unit_id not in self._tree or not self.covers(unit_id, day):
            code = "forbidden-unit" if unit_id in self._tree else "unknown-unit"
            raise Problem(code, at, day=day.isoformat())

    def require(self, unit_id: str, day: date, at: str = "/unit_id") -> None:
        """The unit is there on that day, and the caller answers for it."""
        key = (unit_id, day)
        if key not in self._known:
            self._known[key] = self._code(unit_id, day)
        if code := self._known[key]:
            raise Problem(code, at, day=day.isoformat())

    def _code(self, unit_id: str, day: date) -> str | None:
        if unit_id not in self._tree:
            return "unknown-unit"
        if not self._tree.exists(unit_id, day):
            return "unit-not-on-day"
        return None if self._tree.covers(self._actor.units, unit_id, day) else "forbidden-unit"
