"""Bodies and queries about rules, exemptions and obligations."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from services.training.domain.dues import Due, State
from services.training.domain.exemptions import EndExemption, ExemptionReason, ExemptPerson
from services.training.domain.rules import EndRule, ReplaceRule, Role, SetRule, TeamKind, Terms
from services.training.schemas.base import PAGE, TOPIC, Flag, Id, UnitId

MAX_DAYS, MAX_MONTHS, MAX_REMIND = 3_660, 120, 366
MAX_ITEMS = 40
TERMS = ("due", "courses", "topics", "all_of_it", "team_kind", "roles", "counts_from", "remind_days")


class DueSchema(Schema):
    within_days = fields.Integer(strict=True, validate=validate.Range(min=0, max=MAX_DAYS))
    every_months = fields.Integer(strict=True, validate=validate.Range(min=1, max=MAX_MONTHS))
    by = fields.Date()

    @validates_schema
    def one(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) != 1:
            raise ValidationError("Exactly one of within_days, every_months and by.")

    @post_load
    def due(self, data: dict[str, Any], **_: Any) -> Due:
        return Due(**data)


class BasedSchema(Schema):
    effective = fields.Date(required=True)
    document_id = Id(load_default=None, allow_none=True)
    source = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=300))


class ReplaceRuleSchema(BasedSchema):
    """→ ``ReplaceRule``, its ``rule_id`` from the path."""

    due = fields.Nested(DueSchema(), required=True)
    courses = fields.List(Id(), load_default=list, validate=validate.Length(max=MAX_ITEMS))
    topics = fields.List(fields.String(validate=TOPIC), load_default=list, validate=validate.Length(max=MAX_ITEMS))
    all_of_it = Flag(load_default=False)
    team_kind = fields.Enum(TeamKind, by_value=True, load_default=None, allow_none=True)
    roles = fields.List(fields.Enum(Role, by_value=True), load_default=list, validate=validate.Length(max=3))
    counts_from = fields.Date(load_default=None, allow_none=True)
    remind_days = fields.Integer(strict=True, load_default=14, validate=validate.Range(min=0, max=MAX_REMIND))

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> Any:
        told = {name: data.pop(name) for name in TERMS}
        lists = {name: tuple(dict.fromkeys(told[name])) for name in ("courses", "topics", "roles")}
        return self.made(terms=Terms(**told | lists), **data)

    def made(self, **data: Any) -> Any:
        return ReplaceRule(rule_id="", **data)


class RuleSchema(ReplaceRuleSchema):
    """→ ``SetRule``."""

    rule_id = Id(load_default=None)
    unit_id = UnitId(required=True)

    def made(self, **data: Any) -> SetRule:
        return SetRule(**data)


class EndRuleSchema(BasedSchema):
    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> EndRule:
        return EndRule(rule_id="", **data)


class ExemptionSchema(Schema):
    """→ ``ExemptPerson``."""

    exemption_id = Id(load_default=None)
    person_id = Id(required=True)
    rule_id = Id(required=True)
    since = fields.Date(required=True)
    until = fields.Date(load_default=None, allow_none=True)
    reason = fields.Enum(ExemptionReason, by_value=True, required=True)

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> ExemptPerson:
        return ExemptPerson(**data)


class EndExemptionSchema(Schema):
    effective = fields.Date(required=True)

    @post_load
    def command(self, data: dict[str, Any], **_: Any) -> EndExemption:
        return EndExemption(exemption_id="", **data)


class RulesQuery(Schema):
    """``unit``: only rules that concern it."""

    unit = UnitId(load_default=None)
    as_of = fields.Date(load_default=None)


class SummaryQuery(Schema):
    unit = UnitId(required=True)
    as_of = fields.Date(load_default=None)
    rule = Id(load_default=None)


class ObligationsQuery(SummaryQuery):
    """``after``: ``next`` of the page before."""

    state = fields.Enum(State, by_value=True, load_default=None)
    after = fields.String(load_default="", validate=validate.Length(max=2_000))
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))
