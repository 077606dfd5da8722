"""Reports, and what they may be asked for: indicators, calendars, maps."""

from __future__ import annotations

from typing import Any

import msgspec

from services.reporting.indicators import CATALOGUE
from services.reporting.periods import CALENDARS
from services.reporting.queries.known import KnownReports
from services.reporting.queries.reports import Reports
from services.reporting.schemas.reports import Format, Question, ReportQuery
from services.reporting.service.base import Pieces
from services.reporting.service.exporting import reply
from shared.edge import Call, Reply, route


class ReportRoutes(Pieces):
    reports: Reports
    known: KnownReports

    @route("GET", "/v1/reports/<string:unit_id>", scope="reporting:read", query=ReportQuery)
    def report(self, call: Call) -> Reply:
        """Indicators of one unit, in all and ``by`` period or unit; 202 if ``after`` is not included in time.

        A file or page has all units of a ranking.
        """
        question: Question = call.query
        if (pending := self.not_yet(question.after)) is not None:
            return pending
        today = self.area.today()
        asked = question.settled(today)
        shown = self.allowed(call, call.path["unit_id"], asked.map_day)
        if question.known_at is not None:
            answer = self.known.answer(shown.unit, asked, question.known_at, call.locale, anew=call.anew)
        else:
            whole = question.format is not Format.JSON
            answer = self.reports.answer(shown, asked, call.locale, whole=whole, anew=call.anew)
        return reply(answer, question, today, call.locale)

    @route("GET", "/v1/indicators", scope="reporting:read")
    def indicators(self, call: Call) -> dict[str, Any]:
        """Every indicator in its latest version, and the versions before it."""
        latest = [each.document() for each in CATALOGUE.latest.values()]
        former = [each.document() for each in CATALOGUE.rows if each is not CATALOGUE.latest[each.code]]
        return {"indicators": latest, "former": former}

    @route("GET", "/v1/calendars", scope="reporting:read")
    def calendars(self, call: Call) -> dict[str, Any]:
        return {"calendars": msgspec.to_builtins(list(CALENDARS.values()))}

    @route("GET", "/v1/maps", scope="reporting:read")
    def maps(self, call: Call) -> dict[str, Any]:
        """The days on which units changed: a report may be asked on the map of any day."""
        return {"maps": self.area.map_days()}
