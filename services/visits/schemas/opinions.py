"""Bodies about opinions."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from services.visits.domain.catalogue import Pillar
from services.visits.domain.opinion import (
    AnswerOpinion,
    CloseOpinion,
    Closing,
    ForwardOpinion,
    RecordOpinion,
    Subject,
    Withdrawing,
    WithdrawOpinion,
)
from services.visits.projections.opinions import STATES
from services.visits.queries.opinions import COLUMNS
from services.visits.schemas.kinds import CODE, UNIT_ID, Behind, text, unit
from shared.compiled import CompiledSchema
from shared.decider import Personal
from shared.vietnamese import nfc

MOST_TEXT = 2_000
PAGE = 500


class RecordOpinionSchema(CompiledSchema):
    opinion_id = fields.UUID(required=True)
    unit_id = unit()
    day = fields.Date(required=True)
    topic = fields.String(required=True, validate=CODE)
    pillar = fields.Enum(Pillar, by_value=True, load_default=None, allow_none=True)
    team_id = fields.UUID(load_default=None, allow_none=True)
    text = text(MOST_TEXT, required=True)


class ForwardOpinionSchema(CompiledSchema):
    day = fields.Date(required=True)
    due = fields.Date(required=True)
    to_unit_id = fields.String(load_default=None, allow_none=True, validate=UNIT_ID)
    to_body_id = fields.UUID(load_default=None, allow_none=True)


class AnswerOpinionSchema(CompiledSchema):
    day = fields.Date(required=True)
    text = text(MOST_TEXT, required=True)


class CloseOpinionSchema(CompiledSchema):
    day = fields.Date(required=True)
    reason = fields.Enum(Closing, by_value=True, required=True)


class WithdrawOpinionSchema(CompiledSchema):
    day = fields.Date(required=True)
    reason = fields.Enum(Withdrawing, by_value=True, required=True)


class OpinionsQuery(Schema):
    """``where``: heard in the unit and below, or forwarded there. ``after``: ``next`` of the page before."""

    unit = fields.String(required=True, validate=UNIT_ID)
    where = fields.String(load_default="heard", validate=validate.OneOf(list(COLUMNS)))
    state = fields.String(load_default=None, validate=validate.OneOf(list(STATES.values())))
    overdue = fields.Boolean(load_default=False)
    after = Behind(load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, PAGE))


def record_opinion(body: Any, today: date, stands_in: str) -> RecordOpinion:
    about, said = Subject(body.unit_id, body.topic, body.pillar), Personal(nfc(body.text))
    return RecordOpinion(body.opinion_id, about, body.day, said, body.team_id, today=today, stands_in=stands_in)


def forward_opinion(opinion_id: UUID, body: Any, today: date, stands_in: str | None) -> ForwardOpinion:
    to = (body.to_unit_id, body.to_body_id)
    return ForwardOpinion(opinion_id, body.day, body.due, *to, today=today, stands_in=stands_in)


def answer_opinion(opinion_id: UUID, body: Any, today: date) -> AnswerOpinion:
    return AnswerOpinion(opinion_id, body.day, Personal(nfc(body.text)), today=today)


def close_opinion(opinion_id: UUID, body: Any, today: date) -> CloseOpinion:
    return CloseOpinion(opinion_id, body.day, body.reason, today=today)


def withdraw_opinion(opinion_id: UUID, body: Any, today: date) -> WithdrawOpinion:
    return WithdrawOpinion(opinion_id, body.day, body.reason, today=today)
