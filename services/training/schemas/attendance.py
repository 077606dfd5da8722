"""Bodies about attendance."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from marshmallow import Schema, fields, post_load

from services.training.domain.words import Mode, Part
from services.training.schemas.base import Id, UnitId

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
        data["attendance_id"] = data["attendance_id"] or attendance_id(data)
        return data


def attendance_id(data: dict[str, Any]) -> UUID:
    """The same part of the same session attended by the same person is the same command, whoever sends it."""
    return uuid5(ATTENDANCE, f"{data['session_id']}/{data['day']}/{data['part']}/{data['person_id']}")
