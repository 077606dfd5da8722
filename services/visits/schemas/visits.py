"""Bodies about visits."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from marshmallow import fields, validate

from services.visits.domain import (
    AgeBand,
    Content,
    Flag,
    Heard,
    Learner,
    Level,
    Mistake,
    Obstacle,
    PlaceKind,
    RecordVisit,
    Settled,
    Skill,
    SkillLevel,
)
from services.visits.domain.catalogue import Pillar
from services.visits.domain.doubts import Latest
from services.visits.schemas.kinds import CODE, number, personal, text, unit
from services.visits.standing import Stand
from shared.compiled import CompiledSchema
from shared.decider import Personal
from shared.vietnamese import nfc

# Ten or twelve digits beginning with 0, alone in groups or beside letters: a phone or an identity number. Ids made by
# chance may look like that.
_MADE_ID = r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}\Z"
_GROUPED = r"0(?:[_-]?[0-9]){9}(?:(?:[_-]?[0-9]){2})?\Z"
_AMONG_LETTERS = r"(?:.*[^0-9])?0[0-9]{9}(?:[0-9]{2})?(?![0-9])"
_NO_NUMBER = rf"(?:(?={_MADE_ID})|(?!{_GROUPED})(?!{_AMONG_LETTERS}))"
# A pseudonym, no name (no spaces or accents) and no number of anybody.
LEARNER_REF = validate.Regexp(rf"^(?![0-9]{{9,}}\Z){_NO_NUMBER}[A-Za-z0-9_-]{{1,36}}\Z")
CONSENT_REF = validate.Regexp(rf"^{_NO_NUMBER}[A-Za-z0-9_-]{{1,64}}\Z")
DAY_MINUTES = 1_440


class SkillLevelSchema(CompiledSchema):
    skill = fields.Enum(Skill, by_value=True, required=True)
    level = fields.Enum(Level, by_value=True, required=True)


class LearnerSchema(CompiledSchema):
    ref = fields.String(required=True, validate=LEARNER_REF)
    age_band = fields.Enum(AgeBand, by_value=True, required=True)
    skills = fields.Nested(SkillLevelSchema, many=True, load_default=[], validate=validate.Length(max=len(Skill)))


class ContentSchema(CompiledSchema):
    """What a correction states anew."""

    day = fields.Date(required=True)
    team_id = fields.UUID(required=True)
    member_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 30))
    started_at = fields.AwareDateTime(load_default=None, allow_none=True)
    duration_minutes = number(1, DAY_MINUTES)
    learners = fields.Nested(LearnerSchema, many=True, load_default=[], validate=validate.Length(max=50))
    platforms = fields.List(fields.String(validate=CODE), load_default=[], validate=validate.Length(max=40))
    outcomes = fields.List(fields.String(validate=CODE), load_default=[], validate=validate.Length(max=40))
    obstacle = fields.Enum(Obstacle, by_value=True, load_default=None, allow_none=True)
    consent_ref = fields.String(load_default=None, allow_none=True, validate=CONSENT_REF)
    note = text(2_000, load_default=None, allow_none=True)


class HeardSchema(CompiledSchema):
    topic = fields.String(required=True, validate=CODE)
    pillar = fields.Enum(Pillar, by_value=True, load_default=None, allow_none=True)
    text = text(2_000, required=True)


class RecordVisitSchema(ContentSchema):
    visit_id = fields.UUID(required=True)
    place_id = fields.UUID(required=True)
    place_kind = fields.Enum(PlaceKind, by_value=True, required=True)
    unit_id = unit()
    opinion = fields.Nested(HeardSchema, load_default=None, allow_none=True)


class CorrectVisitSchema(ContentSchema):
    reason = fields.Enum(Mistake, by_value=True, required=True)
    remark = text(1_000, load_default=None, allow_none=True)


class VoidVisitSchema(CompiledSchema):
    reason = fields.Enum(Mistake, by_value=True, required=True)
    remark = text(1_000, load_default=None, allow_none=True)


class Judged(StrEnum):
    """How a person settles a doubt; the third way is no person's."""

    CONFIRMED = Settled.CONFIRMED.value
    DISMISSED = Settled.DISMISSED.value


class SettleFlagSchema(CompiledSchema):
    how = fields.Enum(Judged, by_value=True, required=True)


_SKILL_LEVELS = {(skill, level): SkillLevel(skill, level) for skill in Skill for level in Level}


def record_visit(body: Any, latest: Latest, stand: Stand, doubts: tuple[Flag, ...]) -> RecordVisit:
    """From what ``RecordVisitSchema`` loaded; ``stand`` is the unit of the visit's day."""
    return RecordVisit(
        visit_id=body.visit_id,
        place_id=body.place_id,
        place_kind=body.place_kind,
        unit_id=body.unit_id,
        day=body.day,
        team_id=body.team_id,
        member_ids=body.member_ids,
        learners=_learners(body),
        platforms=body.platforms,
        outcomes=body.outcomes,
        obstacle=body.obstacle,
        started_at=body.started_at,
        duration_minutes=body.duration_minutes,
        consent_ref=body.consent_ref,
        note=personal(body.note),
        opinion=_heard(body.opinion),
        latest=latest,
        stands_in=stand.unit_id,
        holds=stand.holds,
        doubts=stand.with_doubts(doubts),
    )


def _heard(said: Any) -> Heard | None:
    return None if said is None else Heard(said.topic, Personal(nfc(said.text)), said.pillar)


def content(body: Any) -> Content:
    """From what ``CorrectVisitSchema`` loaded."""
    return Content(
        day=body.day,
        team_id=body.team_id,
        member_ids=body.member_ids,
        learners=_learners(body),
        platforms=body.platforms,
        outcomes=body.outcomes,
        obstacle=body.obstacle,
        started_at=body.started_at,
        duration_minutes=body.duration_minutes,
        consent_ref=body.consent_ref,
    )


def _learners(body: Any) -> tuple[Learner, ...]:
    return tuple(
        [Learner(x.ref, x.age_band, tuple([_SKILL_LEVELS[s.skill, s.level] for s in x.skills])) for x in body.learners]
    )
