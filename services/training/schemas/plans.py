"""Bodies and queries about plans and coverage."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.training.domain.plans import Measure, RevisePlan, SetPlan, Target
from services.training.schemas.base import TOPIC, Id, UnitId

EARLIEST = date(2022, 1, 1)
"""Nobody was trained before there were teams."""
MAX_TARGETS, MAX_VALUE = 40, 10_000_000


class TargetSchema(Schema):
    measure = fields.Enum(Measure, by_value=True, required=True)
    value = fields.Integer(strict=True, required=True, validate=validate.Range(min=0, max=MAX_VALUE))
    course_id = Id(load_default=None, allow_none=True)
    topic = fields.String(load_default=None, allow_none=True, validate=TOPIC)

    @post_load
    def target(self, data: dict[str, Any], **_: Any) -> Target:
        return Target(**data)


class RevisePlanSchema(Schema):
    """→ ``RevisePlan``, its ``plan_id`` from the path."""

    targets = fields.List(
        fields.Nested(TargetSchema()), required=True, validate=validate.Length(min=1, max=MAX_TARGETS)
    )
    document_id = Id(load_default=None, allow_none=True)

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> Any:
        return self.made(**data | {"targets": tuple(data["targets"])})

    def made(self, **data: Any) -> Any:
        return RevisePlan(plan_id="", **data)


class PlanSchema(RevisePlanSchema):
    """→ ``SetPlan``."""

    plan_id = Id(load_default=None)
    unit_id = UnitId(required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)

    def made(self, **data: Any) -> SetPlan:
        return SetPlan(**data)


class WithdrawPlanSchema(Schema):
    """An empty object."""


class PlansQuery(Schema):
    """``as_of``: plans whose period holds that day; else all."""

    unit = UnitId(required=True)
    as_of = fields.Date(load_default=None)


class CoverageQuery(Schema):
    """``trained_as_of``: trained by that day, if not by ``as_of``."""

    unit = UnitId(required=True)
    as_of = fields.Date(load_default=None)
    trained_as_of = fields.Date(load_default=None)
    topic = fields.String(load_default=None, validate=TOPIC)
