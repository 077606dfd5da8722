"""Bodies and queries about sessions."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from services.training.domain.changes import ChangeSession
from services.training.domain.sessions import CoOrganiser, ScheduleSession, SessionPart, Trainer
from services.training.domain.words import CancelReason, Mode, Organiser, Part
from services.training.schemas.base import PAGE, Flag, Id, Line, UnitId

MAX_PARTS = 200
MAX_CAPACITY = 100_000


class PartSchema(Schema):
    day = fields.Date(required=True)
    part = fields.Enum(Part, by_value=True, load_default=Part.DAY)

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> SessionPart:
        return SessionPart(**data)


class CoOrganiserSchema(Schema):
    kind = fields.Enum(Organiser, by_value=True, required=True)
    name = Line(200, load_default=None, allow_none=True)

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> CoOrganiser:
        return CoOrganiser(**data)


class TrainerSchema(Schema):
    person_id = Id(load_default=None, allow_none=True)
    organisation = Line(200, load_default=None, allow_none=True)

    @validates_schema
    def one(self, data: dict[str, Any], **_: Any) -> None:
        if (data["person_id"] is None) == (data["organisation"] is None):
            raise ValidationError("one-kind-of-trainer")

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> Trainer:
        return Trainer(**data)


class ArrangedSchema(Schema):
    """What may change later."""

    parts = fields.List(fields.Nested(PartSchema()), validate=validate.Length(min=1, max=MAX_PARTS))
    mode = fields.Enum(Mode, by_value=True, allow_none=True)
    capacity = fields.Integer(strict=True, allow_none=True, validate=validate.Range(min=1, max=MAX_CAPACITY))
    organiser_name = Line(200, allow_none=True)
    co_organisers = fields.List(fields.Nested(CoOrganiserSchema()), validate=validate.Length(max=20))
    venue = Line(200, allow_none=True)
    trainers = fields.List(fields.Nested(TrainerSchema()), validate=validate.Length(max=50))

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> Any:
        return self.made({name: tuple(said) if isinstance(said, list) else said for name, said in data.items()})

    def made(self, data: dict[str, Any]) -> Any:
        """Only what is in the body changes."""
        return ChangeSession(session_id="", fields=tuple(sorted(data)), **data)


class ChangeSessionSchema(ArrangedSchema):
    """→ ``ChangeSession``, its ``session_id`` from the path."""


class SessionSchema(ArrangedSchema):
    """→ ``ScheduleSession``."""

    session_id = Id(load_default=None)
    course_id = Id(required=True)
    unit_id = UnitId(required=True)
    organiser = fields.Enum(Organiser, by_value=True, required=True)
    parts = fields.List(fields.Nested(PartSchema()), required=True, validate=validate.Length(min=1, max=MAX_PARTS))
    simulated = Flag(load_default=False)

    def made(self, data: dict[str, Any]) -> ScheduleSession:
        return ScheduleSession(**data)


class OpenSchema(Schema):
    """An empty object: that people may enrol is all there is to say."""


class HoldSchema(Schema):
    """An empty object: that the session is held is all there is to say."""


class CancelSchema(Schema):
    reason = fields.Enum(CancelReason, by_value=True, required=True)


class SessionsQuery(Schema):
    """Sessions of a unit and those below it that have days from ``first`` to ``last``; ``after``: ``next`` of the page
    before."""

    unit = UnitId(required=True)
    first = fields.Date(data_key="from", load_default=None)
    last = fields.Date(data_key="to", load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(["scheduled", "open", "held", "cancelled"]))
    course = Id(load_default=None)
    after = fields.String(load_default=None, validate=validate.Regexp(r"\d{4}-\d\d-\d\d/[0-9a-f-]{36}\Z"))
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))


class PageQuery(Schema):
    """``after``: the ``next`` of the page before."""

    after = Id(load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))
