"""Bodies and queries about attendance and its corrections."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema
from uuid_utils.compat import uuid5

from services.training.domain.words import CorrectionReason, Mode, Part
from services.training.queries.flags import KINDS
from services.training.schemas.base import PAGE, Id, UnitId

ATTENDANCE = UUID("6f1c9a2e-58d4-5f0b-9d37-0a4b1a3f7c55")
"""Namespace of the ids of attendances whose sender gave none."""


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
        said = (data[name] for name in ("person_id", "session_id", "day", "part"))
        data["attendance_id"] = data["attendance_id"] or attendance_id(*said)
        return data


def attendance_id(person_id: str, session_id: str, day: date, part: Part) -> UUID:
    """The same part of the same session attended by the same person is the same command, whoever sends it."""
    return uuid5(ATTENDANCE, f"{session_id}/{day}/{part}/{person_id}")


class VoidSchema(Schema):
    """→ fields of ``VoidAttendance``."""

    person_id = Id(required=True)
    session_id = Id(required=True)
    day = fields.Date(required=True)
    part = fields.Enum(Part, by_value=True, load_default=Part.DAY)
    reason = fields.Enum(CorrectionReason, by_value=True, required=True)


class RightSchema(Schema):
    """What is right instead; at least one thing."""

    unit_id = UnitId()
    day = fields.Date()
    part = fields.Enum(Part, by_value=True)
    mode = fields.Enum(Mode, by_value=True)

    @validates_schema
    def any(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("correction-empty")


class CorrectSchema(VoidSchema):
    """→ fields of ``CorrectAttendance``."""

    right = fields.Nested(RightSchema(), required=True)

    @post_load
    def flat(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        right = data.pop("right")
        names = {"day": "right_day", "part": "right_part"}
        return data | {names.get(name, name): said for name, said in right.items()}


class FlagsQuery(Schema):
    """``after``: the ``next`` of the page before."""

    unit = UnitId(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(KINDS)))
    first = fields.Date(data_key="from", load_default=None)
    last = fields.Date(data_key="to", load_default=None)
    after = fields.String(load_default=None, validate=validate.Regexp(r"[0-9A-Za-z/-]{10,140}\Z"))
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))
