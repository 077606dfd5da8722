"""Bodies at the HTTP edge → commands. Unknown fields are refused, so neither names nor national ids slip in."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from marshmallow import Schema, fields, post_load, validate

from services.training.domain import (
    CancelReason,
    Mode,
    OfferCourse,
    Organiser,
    Part,
    ScheduleSession,
    SessionPart,
    Topic,
)
from shared.vietnamese import nfc

MAX_PARTS = 200
MAX_CAPACITY = 100_000
ATTENDANCE = UUID("6f1c9a2e-58d4-5f0b-9d37-0a4b1a3f7c55")
"""Namespace of the ids of attendances whose sender gave none."""


class Id(fields.UUID):
    """One of our ids, as its canonical text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return str(super()._deserialize(value, attr, data, **kwargs))


class UnitId(fields.String):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Regexp(r"[A-Za-z0-9:._-]{1,64}\Z"), **kwargs)


class Flag(fields.Boolean):
    """true or false, nothing that merely looks like it."""

    truthy = frozenset({True})  # type: ignore[assignment]  # marshmallow declares a plain set
    falsy = frozenset({False})  # type: ignore[assignment]  # same


class CourseSchema(Schema):
    """→ ``OfferCourse``; ``course_id`` may be left to the service (then it follows from the Idempotency-Key)."""

    course_id = Id(load_default=None)
    title = fields.String(required=True, validate=validate.Length(min=1, max=200))
    topics = fields.List(fields.Enum(Topic, by_value=True), required=True, validate=validate.Length(min=1, max=20))
    mode = fields.Enum(Mode, by_value=True, load_default=Mode.IN_PERSON)
    simulated = Flag(load_default=False)

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> OfferCourse:
        topics = tuple(sorted(set(data.pop("topics"))))
        return OfferCourse(title=nfc(data.pop("title")).strip(), topics=topics, **data)


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


class AttendanceSchema(Schema):
    """→ fields of ``RecordAttendance``, and ``attendance_id``: the id of the command, for ever."""

    attendance_id = fields.UUID(load_default=None)
    person_id = Id(required=True)
    session_id = Id(required=True)
    unit_id = UnitId(required=True)
    day = fields.Date(required=True)
    part = fields.Enum(Part, by_value=True, load_default=Part.DAY)
    mode = fields.Enum(Mode, by_value=True, load_default=None, allow_none=True)

    @post_load
    def identified(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        data["attendance_id"] = data["attendance_id"] or attendance_id(data)
        return data


def attendance_id(data: dict[str, Any]) -> UUID:
    """The same part of the same session attended by the same person is the same command, whoever sends it."""
    return uuid5(ATTENDANCE, f"{data['session_id']}/{data['day']}/{data['part']}/{data['person_id']}")
