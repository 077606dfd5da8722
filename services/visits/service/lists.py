"""What there is per unit: places, visits, and the doubts about them. Rows of today's map, as far as ``as_of``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.visits.projections.activity import Activity
from services.visits.queries.below import units_of
from services.visits.queries.lists import ListQueries
from services.visits.schemas.lists import FlagsQuery, PlacesQuery, VisitsQuery
from services.visits.service.base import Pieces
from shared.edge import Call, Reply, route
from shared.problems import Problem
from shared.vietnamese import hanoi_day


class ListRoutes(Pieces):
    lists: ListQueries

    @route("GET", "/v1/places", scope="visits:read", query=PlacesQuery)
    def list_places(self, call: Call) -> Reply:
        """Without those that are one with another place, and without anything personal."""
        query, units = call.query, self._units(call)
        rows = self.lists.places(units, query["kind"], query["after"], query["limit"])
        return self._page(call, "places", rows, lambda row: f"{row['unit_id']}/{row['place_id']}")

    @route("GET", "/v1/visits", scope="visits:read", query=VisitsQuery)
    def list_visits(self, call: Call) -> Reply:
        query, units = call.query, self._units(call)
        rows = self.lists.visits(units, query["day"], query["team"], query["after"], query["limit"])
        return self._page(call, "visits", rows, lambda row: f"{row['unit_id']}/{row['day']}/{row['visit_id']}")

    @route("GET", "/v1/flags", scope="visits:read", query=FlagsQuery)
    def list_flags(self, call: Call) -> Reply:
        """``counts``: all doubts of the unit, by kind and state."""
        query, units = call.query, self._units(call)
        rows = self.lists.flags(units, query["flag"], query["state"], query["after"], query["limit"])
        more = {"counts": self.lists.counts(units)}
        return self._page(call, "flags", rows, lambda row: f"{row['visit_id']}/{row['flag']}", more)

    def _units(self, call: Call) -> list[str] | None:
        unit_id, tree, today = call.query["unit"], self.units.tree(), hanoi_day(call.now)
        if unit_id not in tree:
            raise Problem("unknown-unit", "/unit", where="query")
        if not tree.covers(call.actor.units, unit_id, today):
            raise Problem("forbidden-unit", "/unit", where="query", day=today.isoformat())
        return units_of(tree, unit_id, today)

    def _page(
        self,
        call: Call,
        name: str,
        rows: list[dict[str, Any]],
        place: Callable[[dict[str, Any]], str],
        more: dict[str, Any] | None = None,
    ) -> Reply:
        following = place(rows[-1]) if len(rows) == call.query["limit"] else None
        answer = {"as_of": self.lists.as_of(Activity.name), name: rows, "next": following}
        return Reply(200, answer | (more or {}))
