"""Bodies about campaigns."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from services.visits.domain.campaign import (
    CancelCampaign,
    ChangeCampaign,
    Plan,
    ScheduleCampaign,
    SkillTarget,
    Targets,
    UnitTargets,
)
from services.visits.domain.vocabulary import Skill
from services.visits.projections.campaigns import STATES
from services.visits.schemas.kinds import UNIT_ID, number, text, unit
from shared.compiled import CompiledSchema
from shared.decider import Personal
from shared.vietnamese import nfc

BILLION = 1_000_000_000
MOST_UNITS = 1_000
PAGE = 500


class SkillTargetSchema(CompiledSchema):
    skill = fields.Enum(Skill, by_value=True, required=True)
    households = fields.Integer(strict=True, required=True, validate=validate.Range(1, BILLION))


class TargetsSchema(CompiledSchema):
    visits = number(1, BILLION)
    households = number(1, BILLION)
    covered = fields.Nested(SkillTargetSchema, many=True, load_default=[], validate=validate.Length(max=len(Skill)))


class UnitTargetsSchema(TargetsSchema):
    unit_id = unit()


class ChangeCampaignSchema(CompiledSchema):
    """The whole plan as it is to be."""

    name = text(200, required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    unit_ids = fields.List(fields.String(validate=UNIT_ID), required=True, validate=validate.Length(1, MOST_UNITS))
    targets = fields.Nested(TargetsSchema, load_default=None, allow_none=True)
    unit_targets = fields.Nested(
        UnitTargetsSchema, many=True, load_default=[], validate=validate.Length(max=MOST_UNITS)
    )


class ScheduleCampaignSchema(ChangeCampaignSchema):
    campaign_id = fields.UUID(required=True)


class CancelCampaignSchema(CompiledSchema):
    reason = text(1_000, required=True)


class CampaignsQuery(Schema):
    """``from`` and ``to``: campaigns with a day between them; without, those of today."""

    since = fields.Date(load_default=None, data_key="from")
    until = fields.Date(load_default=None, data_key="to")
    state = fields.String(load_default=None, validate=validate.OneOf(list(STATES.values())))
    unit = fields.String(required=True, validate=UNIT_ID)


class SilentQuery(Schema):
    unit = fields.String(load_default=None, validate=UNIT_ID)
    after = fields.String(load_default="", validate=validate.Length(max=64))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, PAGE))


def schedule_campaign(body: Any) -> ScheduleCampaign:
    return ScheduleCampaign(body.campaign_id, _plan(body))


def change_campaign(campaign_id: UUID, body: Any) -> ChangeCampaign:
    return ChangeCampaign(campaign_id, _plan(body))


def cancel_campaign(campaign_id: UUID, body: Any) -> CancelCampaign:
    return CancelCampaign(campaign_id, Personal(nfc(body.reason)))


def _plan(body: Any) -> Plan:
    return Plan(
        nfc(body.name),
        body.first_day,
        body.last_day,
        body.unit_ids,
        _targets(body.targets) if body.targets else Targets(),
        tuple(UnitTargets(each.unit_id, _targets(each)) for each in body.unit_targets),
    )


def _targets(body: Any) -> Targets:
    covered = tuple(SkillTarget(each.skill, each.households) for each in body.covered)
    return Targets(body.visits, body.households, covered)
