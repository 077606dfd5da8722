"""From a figure to the events it is made of."""

from __future__ import annotations

from services.reporting.queries.sources import Sources
from services.reporting.schemas.sources import SourceQuestion, SourcesQuery
from services.reporting.service.base import Pieces, told
from shared.edge import Call, Reply, route


class SourceRoutes(Pieces):
    sources: Sources

    @route("GET", "/v1/sources/<string:unit_id>", scope="reporting:read", query=SourcesQuery)
    def list_sources(self, call: Call) -> Reply:
        """A page of the events behind an indicator; what all pages ``add`` is its ``figure``."""
        question: SourceQuestion = call.query
        if (pending := self.not_yet(question.after)) is not None:
            return pending
        asked = question.settled(self.area.today())
        shown = self.allowed(call, call.path["unit_id"], asked.map_day)
        return told(self.sources.page(shown, asked, question, call.locale))
