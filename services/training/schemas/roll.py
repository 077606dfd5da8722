"""Bodies and queries about enrolment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_load, validate
from uuid_utils.compat import uuid5

from services.training.domain.roll import Enrolling, EnrolPeople, WithdrawEnrolment
from services.training.domain.words import WithdrawReason
from services.training.schemas.attendance import ATTENDANCE
from services.training.schemas.base import PAGE, Id, UnitId

MOST_AT_ONCE = 1_000


class EnrollingSchema(Schema):
    person_id = Id(required=True)
    unit_id = UnitId(required=True)

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> Enrolling:
        return Enrolling(**data)


class EnrolSchema(Schema):
    """→ ``EnrolPeople``, its ``session_id`` from the path."""

    people = fields.List(
        fields.Nested(EnrollingSchema()), required=True, validate=validate.Length(min=1, max=MOST_AT_ONCE)
    )

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> EnrolPeople:
        return EnrolPeople("", tuple(data["people"]))


def enrolment_id(person_id: str, session_id: str) -> UUID:
    """In a file each person is enrolled in a session by one command, whatever list the row is in."""
    return uuid5(ATTENDANCE, f"enrol/{session_id}/{person_id}")


class WithdrawEnrolmentSchema(Schema):
    """→ ``WithdrawEnrolment``, its ``session_id`` from the path."""

    person_id = Id(required=True)
    reason = fields.Enum(WithdrawReason, by_value=True, required=True)

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> WithdrawEnrolment:
        return WithdrawEnrolment("", **data)


class RollQuery(Schema):
    """``after``: the ``next`` of the page before."""

    after = fields.String(load_default=None, validate=validate.Regexp(r"(seat|waiting)/\d{1,18}\Z"))
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))
