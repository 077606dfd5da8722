"""Bodies about campaigns."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from services.visits.domain import CancelCampaign, ScheduleCampaign, Targets
from services.visits.schemas.kinds import UNIT_ID, number, text
from shared.compiled import CompiledSchema
from shared.decider import Personal
from shared.vietnamese import nfc

BILLION = 1_000_000_000


class TargetsSchema(CompiledSchema):
    visits = number(1, BILLION)
    households = number(1, BILLION)


class ScheduleCampaignSchema(CompiledSchema):
    campaign_id = fields.UUID(required=True)
    name = text(200, required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    unit_ids = fields.List(fields.String(validate=UNIT_ID), required=True, validate=validate.Length(1, 1_000))
    targets = fields.Nested(TargetsSchema, load_default=None, allow_none=True)


class CancelCampaignSchema(CompiledSchema):
    reason = text(1_000, required=True)


def schedule_campaign(body: Any) -> ScheduleCampaign:
    targets = Targets(body.targets.visits, body.targets.households) if body.targets else Targets()
    return ScheduleCampaign(body.campaign_id, nfc(body.name), body.first_day, body.last_day, body.unit_ids, targets)


def cancel_campaign(campaign_id: Any, body: Any) -> CancelCampaign:
    return CancelCampaign(campaign_id, Personal(nfc(body.reason)))
