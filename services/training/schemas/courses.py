"""Bodies and queries about courses."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.training.domain.courses import CertificateRule, OfferCourse, ReviseCourse
from services.training.domain.words import Audience, Level, Mode, Pillar
from services.training.schemas.base import PAGE, TOPIC, Decimal, Flag, Id, Line

MAX_HOURS = 1_000
MAX_MONTHS = 240


class CertificateRuleSchema(Schema):
    attended_percent = fields.Integer(strict=True, load_default=100, validate=validate.Range(min=1, max=100))
    assessment = Flag(load_default=False)
    validity_months = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1, max=MAX_MONTHS)
    )

    @post_load
    def rule(self, data: dict[str, Any], **_: Any) -> CertificateRule:
        return CertificateRule(**data)


class ReviseCourseSchema(Schema):
    """→ ``ReviseCourse``, its ``course_id`` from the path: all that the course says from now on."""

    title = Line(200, required=True)
    topics = fields.List(fields.String(validate=TOPIC), required=True, validate=validate.Length(min=1, max=20))
    mode = fields.Enum(Mode, by_value=True, load_default=Mode.IN_PERSON)
    pillar = fields.Enum(Pillar, by_value=True, load_default=None, allow_none=True)
    level = fields.Enum(Level, by_value=True, load_default=Level.BASIC)
    duration_hours = Decimal(load_default=None, allow_none=True, validate=validate.Range(min=0.5, max=MAX_HOURS))
    audience = fields.List(fields.Enum(Audience, by_value=True), load_default=list, validate=validate.Length(max=3))
    pass_mark = Decimal(load_default=None, allow_none=True, validate=validate.Range(min=0, max=100))
    certificate = fields.Nested(CertificateRuleSchema(), load_default=None, allow_none=True)
    document_id = Id(load_default=None, allow_none=True)

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> Any:
        lists = {name: tuple(sorted(set(data.pop(name)))) for name in ("topics", "audience")}
        return self.made(**lists, **data)

    def made(self, **data: Any) -> Any:
        return ReviseCourse(course_id="", **data)


class CourseSchema(ReviseCourseSchema):
    """→ ``OfferCourse``; ``course_id`` may be left to the service (then it follows from the Idempotency-Key)."""

    course_id = Id(load_default=None)
    simulated = Flag(load_default=False)

    def made(self, **data: Any) -> OfferCourse:
        return OfferCourse(**data)


class WithdrawCourseSchema(Schema):
    """An empty object: that the course is withdrawn is all there is to say."""


class CoursesQuery(Schema):
    """``after``: the ``next`` of the page before."""

    topic = fields.String(load_default=None, validate=TOPIC)
    pillar = fields.Enum(Pillar, by_value=True, load_default=None)
    level = fields.Enum(Level, by_value=True, load_default=None)
    withdrawn = fields.Boolean(load_default=None)
    after = Id(load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))
