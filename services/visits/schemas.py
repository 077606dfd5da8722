"""What clients send: bodies of the HTTP API, and how they become commands.

There is no field for names, phone numbers, identity numbers or birth dates, and a field that does not exist is an
error: what must not be stored is refused at the door (Law on Personal Data Protection 91/2025/QH15).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import fields, validate

from services.visits.domain import (
    AgeBand,
    CancelCampaign,
    Learner,
    Level,
    PlaceKind,
    RecordVisit,
    RegisterPlace,
    ScheduleCampaign,
    Skill,
    SkillLevel,
    Targets,
)
from shared.compiled import CompiledSchema
from shared.decider import Personal
from shared.vietnamese import nfc

UNIT_ID = validate.Regexp(r"^[A-Za-z0-9-]{1,64}\Z")
# A pseudonym, no name (no spaces or accents) and no long number: those are phone or identity numbers.
LEARNER_REF = validate.Regexp(r"^(?![0-9]{9,}\Z)[A-Za-z0-9_-]{1,36}\Z")
PLATFORM = validate.Regexp(r"^[a-z0-9][a-z0-9_.-]{0,39}\Z")
DAY_MINUTES = 1_440
BILLION = 1_000_000_000


def _unit() -> fields.String:
    return fields.String(required=True, validate=UNIT_ID)


def _text(limit: int, **options: Any) -> fields.String:
    return fields.String(validate=validate.Length(1, limit), **options)


def _number(least: int, most: int) -> fields.Integer:
    return fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(least, most))


class SkillLevelSchema(CompiledSchema):
    skill = fields.Enum(Skill, by_value=True, required=True)
    level = fields.Enum(Level, by_value=True, required=True)


class LearnerSchema(CompiledSchema):
    ref = fields.String(required=True, validate=LEARNER_REF)
    age_band = fields.Enum(AgeBand, by_value=True, required=True)
    skills = fields.Nested(SkillLevelSchema, many=True, load_default=[], validate=validate.Length(max=len(Skill)))


class RecordVisitSchema(CompiledSchema):
    visit_id = fields.UUID(required=True)
    place_id = fields.UUID(required=True)
    place_kind = fields.Enum(PlaceKind, by_value=True, required=True)
    unit_id = _unit()
    day = fields.Date(required=True)
    team_id = fields.UUID(required=True)
    member_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 30))
    started_at = fields.AwareDateTime(load_default=None, allow_none=True)
    duration_minutes = _number(1, DAY_MINUTES)
    learners = fields.Nested(LearnerSchema, many=True, load_default=[], validate=validate.Length(max=50))
    platforms = fields.List(fields.String(validate=PLATFORM), load_default=[], validate=validate.Length(max=40))
    note = _text(2_000, load_default=None, allow_none=True)


class RegisterPlaceSchema(CompiledSchema):
    place_id = fields.UUID(required=True)
    kind = fields.Enum(PlaceKind, by_value=True, required=True)
    unit_id = _unit()
    address = _text(300, load_default=None, allow_none=True)


class TargetsSchema(CompiledSchema):
    visits = _number(1, BILLION)
    households = _number(1, BILLION)


class ScheduleCampaignSchema(CompiledSchema):
    campaign_id = fields.UUID(required=True)
    name = _text(200, required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    unit_ids = fields.List(fields.String(validate=UNIT_ID), required=True, validate=validate.Length(1, 1_000))
    targets = fields.Nested(TargetsSchema, load_default=None, allow_none=True)


class CancelCampaignSchema(CompiledSchema):
    reason = _text(1_000, required=True)


# --- body → command --------------------------------------------------------------------------------------------------

_SKILL_LEVELS = {(skill, level): SkillLevel(skill, level) for skill in Skill for level in Level}


def record_visit(body: Any, today: date) -> RecordVisit:
    """From what ``RecordVisitSchema`` loaded; ``today`` is the day in Viet Nam."""
    return RecordVisit(
        visit_id=body.visit_id,
        place_id=body.place_id,
        place_kind=body.place_kind,
        unit_id=body.unit_id,
        day=body.day,
        team_id=body.team_id,
        member_ids=body.member_ids,
        learners=tuple(
            Learner(x.ref, x.age_band, tuple(_SKILL_LEVELS[s.skill, s.level] for s in x.skills)) for x in body.learners
        ),
        platforms=body.platforms,
        started_at=body.started_at,
        duration_minutes=body.duration_minutes,
        note=_personal(body.note),
        today=today,
    )


def register_place(body: Any) -> RegisterPlace:
    return RegisterPlace(body.place_id, body.kind, body.unit_id, _personal(body.address))


def schedule_campaign(body: Any) -> ScheduleCampaign:
    targets = Targets(body.targets.visits, body.targets.households) if body.targets else Targets()
    return ScheduleCampaign(body.campaign_id, nfc(body.name), body.first_day, body.last_day, body.unit_ids, targets)


def cancel_campaign(campaign_id: Any, body: Any) -> CancelCampaign:
    return CancelCampaign(campaign_id, Personal(nfc(body.reason)))


def _personal(text: str | None) -> Personal | None:
    return None if text is None else Personal(nfc(text))
