"""Bodies about sessions."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.training.domain.sessions import ScheduleSession, SessionPart
from services.training.domain.words import CancelReason, Mode, Organiser, Part
from services.training.schemas.base import Flag, Id, UnitId

MAX_PARTS = 200
MAX_CAPACITY = 100_000


class PartSchema(Schema):
    day = fields.Date(required=True)
    part = fields.Enum(Part, by_value=True, load_default=Part.DAY)

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> SessionPart:
        return SessionPart(**data)


class SessionSchema(Schema):
    """→ ``ScheduleSession``."""

    session_id = Id(load_default=None)
    course_id = Id(required=True)
    unit_id = UnitId(required=True)
    organiser = fields.Enum(Organiser, by_value=True, required=True)
    mode = fields.Enum(Mode, by_value=True, load_default=None, allow_none=True)
    parts = fields.List(fields.Nested(PartSchema()), required=True, validate=validate.Length(min=1, max=MAX_PARTS))
    capacity = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1, max=MAX_CAPACITY)
    )
    simulated = Flag(load_default=False)

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> ScheduleSession:
        return ScheduleSession(parts=tuple(data.pop("parts")), **data)


class HoldSchema(Schema):
    """An empty object: that the session is held is all there is to say."""


class CancelSchema(Schema):
    reason = fields.Enum(CancelReason, by_value=True, required=True)
