"""Bodies and queries about assessment and certificates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_load, validate
from uuid_utils.compat import uuid5

from services.training.domain.assessment import CorrectAssessment
from services.training.domain.certificates import RevokeCertificate
from services.training.domain.words import CorrectionReason, RevocationReason
from services.training.schemas.attendance import ATTENDANCE
from services.training.schemas.base import Decimal, Id, UnitId

MAX_ATTEMPTS = 20


class Attempt(fields.Integer):
    def __init__(self) -> None:
        super().__init__(strict=True, load_default=1, validate=validate.Range(min=1, max=MAX_ATTEMPTS))


class AssessmentSchema(Schema):
    """→ fields of ``RecordAssessment``, and ``assessment_id``: the id of the command, for ever."""

    assessment_id = fields.UUID(load_default=None)
    person_id = Id(required=True)
    session_id = Id(required=True)
    unit_id = UnitId(required=True)
    day = fields.Date(required=True)
    score = Decimal(required=True)
    attempt = Attempt()

    @post_load
    def identified(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        said = (data[name] for name in ("person_id", "session_id", "attempt"))
        data["assessment_id"] = data["assessment_id"] or assessment_id(*said)
        return data


def assessment_id(person_id: str, session_id: str, attempt: int) -> UUID:
    """One attempt of one person in one session is one command, as with attendance."""
    return uuid5(ATTENDANCE, f"score/{session_id}/{attempt}/{person_id}")


class CorrectAssessmentSchema(Schema):
    """→ ``CorrectAssessment``."""

    person_id = Id(required=True)
    session_id = Id(required=True)
    score = Decimal(required=True)
    attempt = Attempt()
    reason = fields.Enum(CorrectionReason, by_value=True, required=True)

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> CorrectAssessment:
        return CorrectAssessment(**data)


class IssueSchema(Schema):
    """For one person, or for all who attended the session and qualify; ``after``: ``next`` of the answer before."""

    session_id = Id(required=True)
    person_id = Id(load_default=None)
    after = Id(load_default=None)


class RevokeSchema(Schema):
    """→ ``RevokeCertificate``, its ``number`` from the path."""

    reason = fields.Enum(RevocationReason, by_value=True, required=True)

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> RevokeCertificate:
        return RevokeCertificate("", **data)
