"""Campaigns and their boards."""

from __future__ import annotations

from uuid import UUID, uuid5

from services.visits.areas import Areas
from services.visits.domain import CampaignCommand, CampaignEvent, CampaignState
from services.visits.queries.campaigns import CampaignQueries
from services.visits.schemas.campaigns import (
    CancelCampaignSchema,
    ScheduleCampaignSchema,
    cancel_campaign,
    schedule_campaign,
)
from services.visits.service.base import Pieces
from shared.edge import Call, Reply, answered, route
from shared.handler import Handler
from shared.problems import Problem


class CampaignRoutes(Pieces):
    campaigns: Handler[CampaignCommand, CampaignState, CampaignEvent]
    campaign_queries: CampaignQueries

    @route("POST", "/v1/campaigns", scope="visits:admin", body=ScheduleCampaignSchema)
    def schedule(self, call: Call) -> Reply:
        command = schedule_campaign(call.body)
        areas = Areas(self.units.tree(), call.actor)
        for n, unit_id in enumerate(command.unit_ids):
            areas.require(unit_id, command.first_day, f"/unit_ids/{n}")
        answer = self.campaigns.handle(call.envelope(command, command.campaign_id))
        return answered(answer, id=str(command.campaign_id))

    @route("POST", "/v1/campaigns/<uuid:campaign_id>/cancel", scope="visits:admin", body=CancelCampaignSchema)
    def cancel(self, call: Call) -> Reply:
        campaign_id: UUID = call.path["campaign_id"]
        if found := self.campaign_queries.campaign(campaign_id):
            plan, _, _ = found
            areas = Areas(self.units.tree(), call.actor)
            for unit_id in plan.unit_ids:
                areas.require(unit_id, plan.first_day, at="")
        command = cancel_campaign(campaign_id, call.body)
        answer = self.campaigns.handle(call.envelope(command, uuid5(campaign_id, "cancel")))
        return answered(answer, id=str(campaign_id))

    @route("GET", "/v1/campaigns/<uuid:campaign_id>/board", scope="visits:read")
    def board(self, call: Call) -> Reply:
        """Sums over units are no secrets: any reader of visits may look."""
        found = self.campaign_queries.campaign(call.path["campaign_id"])
        if found is None:
            raise Problem("not-found", where="path")
        plan, cancelled, _ = found
        answer = {
            "campaign_id": plan.campaign_id,
            "name": plan.name,
            "first_day": plan.first_day,
            "last_day": plan.last_day,
            "cancelled": cancelled,
            "targets": {"visits": plan.targets.visits, "households": plan.targets.households},
        }
        return Reply(200, answer | self.campaign_queries.board(plan, self.units.tree()))
