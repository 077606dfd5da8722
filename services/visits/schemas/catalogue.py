"""Bodies about the catalogues."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.visits.domain.catalogue import CatalogueKind, EndEntry, Pillar, SetEntry, Words
from services.visits.schemas.kinds import CODE, UNIT_ID, text, unit
from shared.compiled import CompiledSchema
from shared.vietnamese import nfc


class EndEntrySchema(CompiledSchema):
    """``id``: that of the command; else the Idempotency-Key."""

    id = fields.UUID(load_default=None, allow_none=True)
    kind = fields.Enum(CatalogueKind, by_value=True, required=True)
    code = fields.String(required=True, validate=CODE)
    unit_id = unit()
    effective = fields.Date(required=True)
    document_id = fields.UUID(load_default=None, allow_none=True)


class SetEntrySchema(EndEntrySchema):
    name_vi = text(120, required=True)
    name_en = text(120, required=True)
    pillars = fields.List(
        fields.Enum(Pillar, by_value=True), load_default=[], validate=validate.Length(max=len(Pillar))
    )


class CatalogueQuery(Schema):
    kind = fields.Enum(CatalogueKind, by_value=True, load_default=None)
    unit = fields.String(load_default=None, validate=UNIT_ID)
    as_of = fields.Date(load_default=None)


def set_entry(body: Any) -> SetEntry:
    words = Words(nfc(body.name_vi).strip(), nfc(body.name_en).strip(), tuple(dict.fromkeys(body.pillars)))
    return SetEntry(body.kind, body.code, body.unit_id, body.effective, words, body.document_id)


def end_entry(body: Any) -> EndEntry:
    return EndEntry(body.kind, body.code, body.unit_id, body.effective, body.document_id)
