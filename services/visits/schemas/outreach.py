"""Bodies about outreach sessions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from services.visits.domain.doubts import Latest
from services.visits.domain.outreach import (
    CorrectOutreach,
    Heads,
    Occasion,
    RecordOutreach,
    Session,
    SessionReason,
    VoidOutreach,
)
from services.visits.domain.vocabulary import AgeBand, Flag
from services.visits.schemas.kinds import CODE, UNIT_ID, Behind, number, personal, text, unit
from services.visits.standing import Stand
from shared.compiled import CompiledSchema

DAY_MINUTES = 1_440
MOST_HEADS = 100_000
MOST_NOTE = 2_000
PAGE = 500


class HeadsSchema(CompiledSchema):
    age_band = fields.Enum(AgeBand, by_value=True, required=True)
    n = fields.Integer(strict=True, required=True, validate=validate.Range(1, MOST_HEADS))


class SessionSchema(CompiledSchema):
    """What happened, as it is recorded or corrected."""

    unit_id = unit()
    day = fields.Date(required=True)
    team_id = fields.UUID(required=True)
    member_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 30))
    occasion = fields.Enum(Occasion, by_value=True, required=True)
    heads = fields.Nested(HeadsSchema, many=True, required=True, validate=validate.Length(1, len(AgeBand)))
    topics = fields.List(fields.String(validate=CODE), load_default=[], validate=validate.Length(max=20))
    started_at = fields.AwareDateTime(load_default=None, allow_none=True)
    duration_minutes = number(1, DAY_MINUTES)
    note = text(MOST_NOTE, load_default=None, allow_none=True)


class RecordOutreachSchema(SessionSchema):
    session_id = fields.UUID(required=True)


class CorrectOutreachSchema(SessionSchema):
    """The whole session as it is to be; ``note`` is about the correction."""

    reason = fields.Enum(SessionReason, by_value=True, required=True)


class VoidOutreachSchema(CompiledSchema):
    reason = fields.Enum(SessionReason, by_value=True, required=True)
    note = text(MOST_NOTE, load_default=None, allow_none=True)


class SessionsQuery(Schema):
    """``after``: ``next`` of the page before."""

    unit = fields.String(required=True, validate=UNIT_ID)
    since = fields.Date(required=True, data_key="from")
    until = fields.Date(required=True, data_key="to")
    after = Behind(load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, PAGE))


def record_outreach(body: Any, latest: Latest, stand: Stand, doubts: tuple[Flag, ...]) -> RecordOutreach:
    note, all_doubts = personal(body.note), stand.with_doubts(doubts)
    return RecordOutreach(body.session_id, _session(body), latest, note, all_doubts, stand.unit_id)


def correct_outreach(
    session_id: UUID, body: Any, latest: Latest, stand: Stand, doubts: tuple[Flag, ...]
) -> CorrectOutreach:
    note, all_doubts = personal(body.note), stand.with_doubts(doubts)
    return CorrectOutreach(session_id, _session(body), body.reason, latest, note, all_doubts, stand.unit_id)


def void_outreach(session_id: UUID, body: Any) -> VoidOutreach:
    return VoidOutreach(session_id, body.reason, personal(body.note))


def _session(body: Any) -> Session:
    heads = tuple(Heads(each.age_band, each.n) for each in body.heads)
    said = (body.unit_id, body.day, body.team_id, body.member_ids, body.occasion, heads, body.topics)
    return Session(*said, body.started_at, body.duration_minutes)
