"""Campaigns and their boards."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid5

from services.visits.areas import Areas
from services.visits.domain.campaign import (
    CampaignCommand,
    CampaignEvent,
    CampaignState,
    CloseCampaign,
    OpenCampaign,
    Plan,
)
from services.visits.queries.board import Boards, targets_shown
from services.visits.queries.campaigns import CampaignQueries
from services.visits.schemas.campaigns import (
    CampaignsQuery,
    CancelCampaignSchema,
    ChangeCampaignSchema,
    ScheduleCampaignSchema,
    SilentQuery,
    cancel_campaign,
    change_campaign,
    schedule_campaign,
)
from services.visits.service.base import Pieces
from shared.edge import Call, Reply, answered, route
from shared.handler import Handler
from shared.problems import Problem
from shared.vietnamese import hanoi_day


class CampaignRoutes(Pieces):
    campaigns: Handler[CampaignCommand, CampaignState, CampaignEvent]
    campaign_queries: CampaignQueries
    boards: Boards

    @route("POST", "/v1/campaigns", scope="visits:admin", body=ScheduleCampaignSchema)
    def schedule(self, call: Call) -> Reply:
        command = schedule_campaign(call.body)
        self._require_plan(call, command.plan)
        answer = self.campaigns.handle(call.envelope(command, command.campaign_id))
        return answered(answer, id=str(command.campaign_id))

    @route("POST", "/v1/campaigns/<uuid:campaign_id>/change", scope="visits:admin", body=ChangeCampaignSchema)
    def change(self, call: Call) -> Reply:
        self._require_campaign(call)
        command = change_campaign(call.path["campaign_id"], call.body)
        self._require_plan(call, command.plan)
        return answered(self.campaigns.handle(call.envelope(command)), id=str(command.campaign_id))

    @route("POST", "/v1/campaigns/<uuid:campaign_id>/open", scope="visits:admin")
    def open_campaign(self, call: Call) -> Reply:
        return self._once(call, OpenCampaign(call.path["campaign_id"], hanoi_day(call.now)), "open")

    @route("POST", "/v1/campaigns/<uuid:campaign_id>/close", scope="visits:admin")
    def close_campaign(self, call: Call) -> Reply:
        return self._once(call, CloseCampaign(call.path["campaign_id"], hanoi_day(call.now)), "close")

    @route("POST", "/v1/campaigns/<uuid:campaign_id>/cancel", scope="visits:admin", body=CancelCampaignSchema)
    def cancel(self, call: Call) -> Reply:
        return self._once(call, cancel_campaign(call.path["campaign_id"], call.body), "cancel")

    @route("GET", "/v1/campaigns", scope="visits:read", query=CampaignsQuery)
    def list_campaigns(self, call: Call) -> Reply:
        asked, today, tree = call.query, hanoi_day(call.now), self.units.tree()
        if asked["unit"] not in tree:
            raise Problem("no-such-unit", "/unit", where="query", unit=asked["unit"])
        since = asked["since"] or (min(today, asked["until"]) if asked["until"] else today)
        until = asked["until"] or max(today, since)
        found = self.campaign_queries.listed(since, until, asked["state"], asked["unit"], tree)
        return Reply(200, {"from": since, "to": until, "campaigns": found})

    @route("GET", "/v1/campaigns/<uuid:campaign_id>", scope="visits:read")
    def show_campaign(self, call: Call) -> Reply:
        plan, shown, version = self._campaign(call)
        unit_targets = [{"unit_id": each.unit_id, **targets_shown(each.targets)} for each in plan.unit_targets]
        more = {"unit_ids": plan.unit_ids, "targets": targets_shown(plan.targets), "unit_targets": unit_targets}
        return Reply(200, shown | more, etag=version)

    @route("GET", "/v1/campaigns/<uuid:campaign_id>/board", scope="visits:read")
    def board(self, call: Call) -> Reply:
        """Sums over units are no secrets: any reader of visits may look."""
        plan, shown, _ = self._campaign(call)
        return Reply(200, shown | self.boards.board(plan, self.units.tree(), call.now))

    @route("GET", "/v1/campaigns/<uuid:campaign_id>/silent-teams", scope="visits:read", query=SilentQuery)
    def silent_teams(self, call: Call) -> Reply:
        """Teams that stand in the campaign's units (with ``unit``: below that one) and have no visit in its days."""
        plan, _, _ = self._campaign(call)
        asked, tree = call.query, self.units.tree()
        if asked["unit"] is not None and not tree.covers(plan.unit_ids, asked["unit"], plan.first_day):
            raise Problem("unit-not-in-campaign", "/unit", where="query")
        roots = plan.unit_ids if asked["unit"] is None else (asked["unit"],)
        found = self.boards.silent_teams(plan, tree, call.now, roots, asked["after"], asked["limit"] + 1)
        page = found[: asked["limit"]]
        return Reply(200, {"teams": page, "next": page[-1]["team_id"] if len(found) > len(page) else None})

    def _once(self, call: Call, command: CampaignCommand, step: str) -> Reply:
        """A campaign is opened, closed, cancelled once: the command's id says which step it is."""
        self._require_campaign(call)
        answer = self.campaigns.handle(call.envelope(command, uuid5(command.campaign_id, step)))
        return answered(answer, id=str(command.campaign_id))

    def _campaign(self, call: Call) -> tuple[Plan, dict[str, Any], int]:
        campaign_id: UUID = call.path["campaign_id"]
        found = self.campaign_queries.campaign(campaign_id)
        if found is None:
            raise Problem("not-found", where="path")
        plan, state, version = found
        days: dict[str, date] = {"first_day": plan.first_day, "last_day": plan.last_day}
        return plan, {"campaign_id": campaign_id, "name": plan.name, "state": state, **days}, version

    def _require_campaign(self, call: Call) -> None:
        """Whoever changes a campaign answers for all its units. An unknown one is for the domain to refuse."""
        if found := self.campaign_queries.campaign(call.path["campaign_id"]):
            self._require_units(call, found[0], at="")

    def _require_plan(self, call: Call, plan: Plan) -> None:
        self._require_units(call, plan, at="/unit_ids/{}")
        tree = self.units.tree()
        for n, each in enumerate(plan.unit_targets):
            if not tree.covers(plan.unit_ids, each.unit_id, plan.first_day):
                raise Problem("unit-not-in-campaign", f"/unit_targets/{n}/unit_id")

    def _require_units(self, call: Call, plan: Plan, at: str) -> None:
        areas = Areas(self.units.tree(), call.actor)
        for n, unit_id in enumerate(plan.unit_ids):
            areas.require(unit_id, plan.first_day, at.format(n))
