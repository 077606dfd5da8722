"""Bodies about courses."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.training.domain.courses import OfferCourse
from services.training.domain.words import Mode, Topic
from services.training.schemas.base import Flag, Id
from shared.vietnamese import nfc


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
