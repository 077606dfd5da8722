"""What there is per unit: places, visits, and the doubts about visits and outreach sessions.

Rows of today's map, as far as ``as_of``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from services.visits.projections.activity import Activity
from services.visits.projections.records import Records
from services.visits.queries.alike import AlikeQueries
from services.visits.queries.below import homes, units_of
from services.visits.queries.lists import ListQueries
from services.visits.schemas.lists import DuplicatesQuery, FlagsQuery, PlacesQuery, VisitsQuery
from services.visits.service.base import Pieces
from shared.edge import Call, Reply, route
from shared.problems import Problem
from shared.units import UnitTree
from shared.vietnamese import hanoi_day


class ListRoutes(Pieces):
    lists: ListQueries
    alike: AlikeQueries

    @route("GET", "/v1/places", scope="visits:read", query=PlacesQuery)
    def list_places(self, call: Call) -> Reply:
        """Without those that are one with another place, and without anything personal."""
        query, units = call.query, self._units(call)
        rows = self.lists.places(units, query["kind"], query["after"], query["limit"])
        return self._page(call, "places", rows, lambda row: f"{row['unit_id']}/{row['place_id']}")

    @route("GET", "/v1/places/duplicates", scope="places:read", query=DuplicatesQuery)
    def suggest_duplicates(self, call: Call) -> Reply:
        """Pairs of ids and why: whoever may see addresses looks at both, then merges them or tells them apart."""
        query = call.query
        found, following = self.alike.page(self._homes(call), query["kind"], query["after"], query["limit"])
        return Reply(200, {"as_of": self._as_of(), "duplicates": found, "next": following})

    @route("GET", "/v1/visits", scope="visits:read", query=VisitsQuery)
    def list_visits(self, call: Call) -> Reply:
        query, units = call.query, self._units(call)
        rows = self.lists.visits(units, query["day"], query["team"], query["after"], query["limit"])
        return self._page(call, "visits", rows, lambda row: f"{row['unit_id']}/{row['day']}/{row['visit_id']}")

    @route("GET", "/v1/flags", scope="visits:read", query=FlagsQuery)
    def list_flags(self, call: Call) -> Reply:
        """Of visits and of outreach sessions. ``counts``: all doubts of the unit, by kind and state."""
        query, units = call.query, self._units(call)
        rows = self.lists.flags(units, query["of"], query["flag"], query["state"], query["after"], query["limit"])
        more = {"counts": self.lists.counts(units)}
        return self._page(call, "flags", rows, lambda row: f"{row['id']}/{row['flag']}", more)

    def _units(self, call: Call) -> list[str] | None:
        return units_of(*self._asked(call))

    def _homes(self, call: Call) -> dict[str, list[str]]:
        return homes(*self._asked(call))

    def _asked(self, call: Call) -> tuple[UnitTree, str, date]:
        """The unit of the query and today. Raises ``Problem`` unless it is the caller's."""
        unit_id, tree, today = call.query["unit"], self.units.tree(), hanoi_day(call.now)
        if unit_id not in tree:
            raise Problem("no-such-unit", "/unit", where="query", unit=unit_id)
        if not tree.covers(call.actor.units, unit_id, today):
            raise Problem("forbidden-unit", "/unit", where="query", day=today.isoformat())
        return tree, unit_id, today

    def _as_of(self) -> dict[str, int]:
        """Places and visits are listed by one projection, sessions and what places have in common by another."""
        return self.lists.as_of(Activity.name, Records.name)

    def _page(
        self,
        call: Call,
        name: str,
        rows: list[dict[str, Any]],
        place: Callable[[dict[str, Any]], str],
        more: dict[str, Any] | None = None,
    ) -> Reply:
        following = place(rows[-1]) if len(rows) == call.query["limit"] else None
        answer = {"as_of": self._as_of(), name: rows, "next": following}
        return Reply(200, answer | (more or {}))
