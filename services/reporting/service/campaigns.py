"""Campaigns, and their boards: asked for, or followed live."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson

from services.reporting.queries.below import behind_of
from services.reporting.queries.board import Boards, version
from services.reporting.queries.campaigns import CampaignQueries
from services.reporting.schemas.campaigns import BoardQuery, CampaignsQuery, StreamQuery
from services.reporting.service.base import Pieces, told
from shared.edge import Call, Reply, route
from shared.edge_stream import Hub, Told
from shared.problems import Problem

Board = tuple[UUID, str | None, str]
"""Campaign, unit, language."""


class CampaignRoutes(Pieces):
    campaigns: CampaignQueries
    boards: Boards
    board_hub: Hub

    @route("GET", "/v1/campaigns", scope="reporting:read", query=CampaignsQuery)
    def list_campaigns(self, call: Call) -> dict[str, Any]:
        """Those that concern a ``unit``, or any of the caller's, the latest first."""
        asked = call.query
        if asked["unit"] is not None:
            self.require_sight(call, asked["unit"], "/unit", "query")
        units = call.actor.units if asked["unit"] is None else {asked["unit"]}
        return self.campaigns.listed(units, asked["state"], asked["day"], behind_of(asked["after"]), asked["limit"])

    @route("GET", "/v1/campaigns/<uuid:campaign_id>/board", scope="reporting:read", query=BoardQuery)
    def board(self, call: Call) -> Reply:
        """Targets, what is done, pace and where it leads: of the whole campaign, or of what of it lies in ``unit``."""
        if (pending := self.not_yet(call.query["after"])) is not None:
            return pending
        campaign, unit, locale = self._board(call)
        return told(self.boards.board(campaign, unit, call.now, locale))

    @route("GET", "/v1/campaigns/<uuid:campaign_id>/stream", scope="reporting:read", query=StreamQuery)
    def follow_board(self, call: Call) -> Reply:
        """The board as server-sent events (``board``): now, and whenever anything of it has changed."""
        return self.board_hub.follow(self._board(call), call.last_event_id)

    def _board(self, call: Call) -> Board:
        """The board asked for, if the caller answers for all that it is about."""
        campaign_id, unit = call.path["campaign_id"], call.query["unit"]
        tree = self.area.tree
        if unit is not None and unit not in tree:
            raise Problem("no-such-unit", "/unit", where="query", unit=unit)
        part, day = self.boards.part(campaign_id, unit)
        about = part.campaign.unit_ids if unit is None else part.roots
        if not self.answers_for(call, about, day):
            raise Problem("forbidden-unit", "/unit", where="query", day=day.isoformat())
        return campaign_id, unit, call.locale

    def answers_for(self, call: Call, units: Collection[str], day: date) -> bool:
        """Whether the caller answers for each of them, today or that day."""
        days = (self.area.today(), day)
        return all(any(self.area.tree.covers(call.actor.units, each, on) for on in days) for each in units)


def board_hub(boards: Boards) -> Hub:
    def tell(board: Board) -> Told:
        campaign_id, unit, locale = board
        found = boards.board(campaign_id, unit, datetime.now(UTC), locale)
        return Told(version(found), orjson.dumps(found))

    return Hub("board", boards.moved, tell)
