"""The entrypoints of reporting; what they need is provided by ``wiring.py``."""

from __future__ import annotations

from typing import Any

from services.reporting.queries import Reports, Shown, etag
from services.reporting.schemas import Question, ReportQuery, Settled, Trend, TrendQuery
from shared.batch import batch
from shared.edge import Call, Reply, route
from shared.edge_feed import Feed
from shared.edge_health import Health
from shared.mirror import Delivery, Mirror, Rejection
from shared.problems import Problem
from shared.topology import queue


class ReportingService(Health, Feed):
    name = "reporting"
    reports: Reports
    mirror: Mirror

    @route("GET", "/v1/reports/<string:unit_id>", scope="reporting:read", query=ReportQuery)
    def report(self, call: Call) -> Reply:
        """Figures of one unit; 202 with the positions reached if ``after`` is not included in time."""
        pending = self.reports.reached(call.query)
        if pending is not None:
            return Reply(202, pending, headers={"Retry-After": "1"})
        shown, asked = self._allowed(call, call.query)
        return _answered(self.reports.report(shown, asked, call.locale))

    @route("GET", "/v1/reports/<string:unit_id>/trend", scope="reporting:read", query=TrendQuery)
    def trend(self, call: Call) -> Reply:
        """Figures of one unit, period by period."""
        trend: Trend = call.query
        pending = self.reports.reached(trend.question)
        if pending is not None:
            return Reply(202, pending, headers={"Retry-After": "1"})
        shown, asked = self._allowed(call, trend.question)
        return _answered(self.reports.trend(shown, asked, trend, call.locale))

    @route("GET", "/v1/reports/<string:unit_id>/children", scope="reporting:read", query=ReportQuery)
    def children(self, call: Call) -> Reply:
        pending = self.reports.reached(call.query)
        if pending is not None:
            return Reply(202, pending, headers={"Retry-After": "1"})
        shown, asked = self._allowed(call, call.query)
        return _answered(self.reports.children(shown, asked, call.locale))

    @route("GET", "/v1/maps", scope="reporting:read")
    def maps(self, call: Call) -> dict[str, Any]:
        """The days on which units changed: a report may be asked on the map of any day."""
        return {"maps": self.reports.map_days()}

    @batch(queue("reporting"))
    def ingest(self, deliveries: list[Delivery]) -> list[Rejection]:
        return self.mirror.ingest(deliveries)

    def _allowed(self, call: Call, question: Question) -> tuple[Shown, Settled]:
        """A former unit may be looked at by whoever answers for its place on the map asked for."""
        shown, asked = self.reports.shown(call.path["unit_id"], question)
        if not self.reports.tree.covers(call.actor.units, shown.unit, asked.map_day):
            raise Problem("forbidden-unit", "/unit_id", where="path", day=asked.map_day.isoformat())
        return shown, asked


def _answered(answer: dict[str, Any]) -> Reply:
    return Reply(200, answer, headers={"Vary": "Accept-Language"}, etag=etag(answer))
