"""The entrypoints of visits; what they need is provided by ``wiring.py``."""

from __future__ import annotations

from uuid import UUID, uuid5

from services.visits.areas import Areas
from services.visits.domain import CampaignCommand, CampaignEvent, CampaignState, PlaceCommand, PlaceEvent, PlaceState
from services.visits.intake import Intake
from services.visits.queries import Queries, place_answer, visit_answer
from services.visits.schemas import (
    CancelCampaignSchema,
    RecordVisitSchema,
    RegisterPlaceSchema,
    ScheduleCampaignSchema,
    cancel_campaign,
    register_place,
    schedule_campaign,
)
from shared.batch import batch
from shared.edge import Call, Reply, Rows, answered, route
from shared.edge_batch import batch_reply
from shared.edge_feed import Feed
from shared.edge_health import Health
from shared.handler import Handler
from shared.mirror import Delivery, Mirror, Rejection
from shared.problems import Problem
from shared.topology import queue
from shared.unit_directory import UnitDirectory
from shared.vietnamese import hanoi_day

PERSONAL = "places:read"
"""Scope of addresses and notes."""


class VisitsService(Health, Feed):
    name = "visits"
    intake: Intake
    places: Handler[PlaceCommand, PlaceState, PlaceEvent]
    campaigns: Handler[CampaignCommand, CampaignState, CampaignEvent]
    queries: Queries
    units: UnitDirectory
    mirror: Mirror

    # --- visits --------------------------------------------------------------------------------------------------

    @route("POST", "/v1/visits", scope="visits:write", body=RecordVisitSchema)
    def record(self, call: Call) -> Reply:
        return answered(self.intake.one(call), id=str(call.body.visit_id))

    @route("POST", "/v1/visits/batch", scope="visits:write", body=Rows(RecordVisitSchema))
    def record_many(self, call: Call) -> Reply:
        return batch_reply(call.body, self.intake.many(call, call.body), call.locale, key="visit_id")

    @route("GET", "/v1/visits/<uuid:visit_id>", scope="visits:read")
    def show_visit(self, call: Call) -> Reply:
        found = self.queries.visit(call.path["visit_id"])
        if found is None:
            raise Problem("not-found", where="path")
        event, stored = found
        self._require_sight(call, event.unit_id)
        answer = visit_answer(event, stored, personal=PERSONAL in call.actor.scopes)
        return Reply(200, answer, etag=stored.version)

    # --- places --------------------------------------------------------------------------------------------------

    @route("POST", "/v1/places", scope="visits:write", body=RegisterPlaceSchema)
    def register(self, call: Call) -> Reply:
        """A place is registered once: its own id is the command's."""
        command = register_place(call.body)
        Areas(self.units.tree(), call.actor).require(command.unit_id, hanoi_day(call.now))
        return answered(self.places.handle(call.envelope(command, command.place_id)), id=str(command.place_id))

    @route("GET", "/v1/places/<uuid:place_id>", scope="visits:read")
    def show_place(self, call: Call) -> Reply:
        place_id: UUID = call.path["place_id"]
        found = self.queries.place(place_id)
        if found is None:
            raise Problem("not-found", where="path")
        place, version = found
        self._require_sight(call, place.unit_id)
        answer = place_answer(place_id, place, version)
        if PERSONAL in call.actor.scopes:
            answer["address"] = self.queries.address(place_id)
        return Reply(200, answer, etag=version)

    # --- campaigns -----------------------------------------------------------------------------------------------

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
        if found := self.queries.campaign(campaign_id):
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
        found = self.queries.campaign(call.path["campaign_id"])
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
        return Reply(200, answer | self.queries.board(plan, self.units.tree()))

    # --- other services' events ----------------------------------------------------------------------------------

    @batch(queue("visits"))
    def ingest(self, deliveries: list[Delivery]) -> list[Rejection]:
        return self.mirror.ingest(deliveries)

    def _require_sight(self, call: Call, unit_id: str) -> None:
        """Facts of a former unit may be read by whoever answers for its place today."""
        day = hanoi_day(call.now)
        if not self.units.tree().covers(call.actor.units, unit_id, day):
            raise Problem("forbidden-unit", where="path", day=day.isoformat())
