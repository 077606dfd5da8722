"""Bodies about places."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from services.visits.domain import PlaceKind, RegisterPlace
from services.visits.schemas.kinds import personal, text, unit
from shared.compiled import CompiledSchema


class RegisterPlaceSchema(CompiledSchema):
    place_id = fields.UUID(required=True)
    kind = fields.Enum(PlaceKind, by_value=True, required=True)
    unit_id = unit()
    address = text(300, load_default=None, allow_none=True)


def register_place(body: Any) -> RegisterPlace:
    return RegisterPlace(body.place_id, body.kind, body.unit_id, personal(body.address))
