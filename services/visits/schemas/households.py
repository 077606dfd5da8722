"""Bodies about declared numbers of households."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.visits.domain.households import (
    Declaration,
    DeclarationReason,
    DeclareHouseholds,
    Qualifier,
    WithdrawHouseholds,
)
from services.visits.schemas.kinds import UNIT_ID, text, unit
from shared.compiled import CompiledSchema
from shared.vietnamese import nfc

MOST_HOUSEHOLDS = 1_000_000
MOST_SOURCE = 200
PAGE = 500


class DeclareHouseholdsSchema(CompiledSchema):
    """``reason`` only to replace a figure of the same day."""

    unit_id = unit()
    day = fields.Date(required=True)
    total = fields.Integer(strict=True, required=True, validate=validate.Range(0, MOST_HOUSEHOLDS))
    qualifier = fields.Enum(Qualifier, by_value=True, load_default=Qualifier.EXACT)
    source = text(MOST_SOURCE, required=True)
    document_id = fields.UUID(load_default=None, allow_none=True)
    reason = fields.Enum(DeclarationReason, by_value=True, load_default=None, allow_none=True)


class WithdrawHouseholdsSchema(CompiledSchema):
    unit_id = unit()
    day = fields.Date(required=True)
    reason = fields.Enum(DeclarationReason, by_value=True, required=True)


class AsOfQuery(Schema):
    as_of = fields.Date(load_default=None)


class HouseholdsQuery(AsOfQuery):
    unit = fields.String(required=True, validate=UNIT_ID)
    after = fields.String(load_default="", validate=validate.Length(max=64))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, PAGE))


def declare_households(body: Any, stands_in: str) -> DeclareHouseholds:
    source = " ".join(nfc(body.source).split())
    declaration = Declaration(body.day, body.total, body.qualifier, source, body.document_id)
    return DeclareHouseholds(body.unit_id, declaration, body.reason, stands_in=stands_in)


def withdraw_households(body: Any, stands_in: str) -> WithdrawHouseholds:
    return WithdrawHouseholds(body.unit_id, body.day, body.reason, stands_in=stands_in)
