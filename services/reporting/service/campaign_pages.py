"""Pages of campaigns: a list, and a board that renews itself as visits come in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from services.reporting.pages.rendering import rendered
from services.reporting.queries.below import behind_of
from services.reporting.queries.board import Boards, part_of, version
from services.reporting.schemas.campaigns import CampaignsQuery, StreamQuery
from services.reporting.service.campaigns import Board, CampaignRoutes
from services.reporting.service.pages import go
from shared.edge import Call, Reply
from shared.edge_page import html, page
from shared.edge_stream import Hub, Told


class CampaignPages(CampaignRoutes):
    page_hub: Hub

    @page("GET", "/campaigns", scope="reporting:read", query=CampaignsQuery)
    def campaigns_page(self, call: Call) -> Reply:
        """Those that concern the visitor, or a ``unit``; the latest first."""
        asked = call.query
        if asked["unit"] is not None:
            self.require_sight(call, asked["unit"], "/unit", "query")
        units = call.actor.units if asked["unit"] is None else {asked["unit"]}
        behind = behind_of(asked["after"])
        found = self.campaigns.listed(units, asked["state"], asked["day"], behind, asked["limit"])
        context: dict[str, Any] = {"found": found, "sub": call.actor.sub, "asked": asked}
        context["today"] = self.area.today()
        return html(rendered("campaigns.html", call.locale, **context), call.locale)

    @page("GET", "/campaigns/<uuid:campaign_id>", scope="reporting:read", query=StreamQuery)
    def campaign_page(self, call: Call) -> Reply:
        """The whole of it, or a ``unit``'s part; whoever answers for parts only is sent to the first of them."""
        own = self._own_parts(call)
        if own and call.query["unit"] is None:
            return go(f"/campaigns/{call.path['campaign_id']}?" + urlencode({"unit": own[0], "lang": call.locale}))
        campaign_id, unit, locale = self._board(call)
        found = self.boards.board(campaign_id, unit, call.now, locale)
        parts = [self.area.unit(each, found["map"]) for each in own]
        context: dict[str, Any] = {"board": found, "unit": unit, "own": parts, "sub": call.actor.sub}
        context["today"] = self.area.today()
        return html(rendered("campaign.html", locale, **context), locale)

    def _own_parts(self, call: Call) -> list[str]:
        """The visitor's units that have a part in the campaign, the highest first; none if all of it is theirs."""
        part, day = self.boards.part(call.path["campaign_id"], None)
        if self.answers_for(call, part.campaign.unit_ids, day):
            return []
        return [unit for unit in self.own_units(call) if part_of(part.campaign, unit, self.area.tree, day)]

    @page("GET", "/campaigns/<uuid:campaign_id>/stream", scope="reporting:read", query=StreamQuery)
    def follow_campaign_page(self, call: Call) -> Reply:
        """The changing part of the page as server-sent events (``board``)."""
        return self.page_hub.follow(self._board(call), call.last_event_id)


def page_hub(boards: Boards) -> Hub:
    def tell(board: Board) -> Told:
        campaign_id, unit, locale = board
        found = boards.board(campaign_id, unit, datetime.now(UTC), locale)
        text = rendered("board.html", locale, board=found, unit=unit)
        return Told(version(found), " ".join(text.split()).encode())  # an event's data is one line

    return Hub("board", boards.moved, tell)
