"""Bodies about places."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from services.visits.domain import (
    ChangePlace,
    ClosePlace,
    Closing,
    CorrectPlace,
    Mistake,
    MovePlace,
    PlaceKind,
    Position,
    RegisterPlace,
    ReopenPlace,
)
from services.visits.schemas.kinds import UNIT_ID, personal, text, unit
from services.visits.standing import Stand
from shared.compiled import CompiledSchema

COARSE = 2
"""Decimals of a position: about a kilometre. What is finer is dropped at the door."""


class PositionSchema(CompiledSchema):
    """Degrees."""

    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    lon = fields.Float(required=True, validate=validate.Range(-180, 180))


class DetailsSchema(CompiledSchema):
    address = text(300, load_default=None, allow_none=True)
    contact = text(100, load_default=None, allow_none=True)
    position = fields.Nested(PositionSchema, load_default=None, allow_none=True)


class RegisterPlaceSchema(DetailsSchema):
    place_id = fields.UUID(required=True)
    kind = fields.Enum(PlaceKind, by_value=True, required=True)
    unit_id = unit()


class MovePlaceSchema(CompiledSchema):
    unit_id = unit()
    day = fields.Date(required=True)


class CorrectPlaceSchema(CompiledSchema):
    reason = fields.Enum(Mistake, by_value=True, required=True)
    kind = fields.Enum(PlaceKind, by_value=True, load_default=None, allow_none=True)
    unit_id = fields.String(load_default=None, allow_none=True, validate=UNIT_ID)


class ClosePlaceSchema(CompiledSchema):
    day = fields.Date(required=True)
    reason = fields.Enum(Closing, by_value=True, required=True)


class JoinPlacesSchema(CompiledSchema):
    """Of the duplicate that the path names."""

    kept_id = fields.UUID(required=True)


class OtherPlaceSchema(CompiledSchema):
    """That the path's place is not."""

    other_id = fields.UUID(required=True)


def register_place(body: Any, stand: Stand) -> RegisterPlace:
    """``stand``: the unit of today."""
    return RegisterPlace(
        body.place_id, body.kind, body.unit_id, *_details(body), stands_in=stand.unit_id, holds=stand.holds
    )


def change_place(place_id: Any, body: Any) -> ChangePlace:
    return ChangePlace(place_id, *_details(body))


def move_place(place_id: Any, body: Any) -> MovePlace:
    return MovePlace(place_id, body.unit_id, body.day)


def correct_place(place_id: Any, body: Any) -> CorrectPlace:
    return CorrectPlace(place_id, body.reason, body.kind, body.unit_id)


def close_place(place_id: Any, body: Any) -> ClosePlace:
    return ClosePlace(place_id, body.day, body.reason)


def reopen_place(place_id: Any, body: Any) -> ReopenPlace:
    return ReopenPlace(place_id, body.day, body.reason)


def _details(body: Any) -> tuple[Any, Any, Position | None]:
    at = body.position
    position = None if at is None else Position(round(at.lat, COARSE), round(at.lon, COARSE))
    return personal(body.address), personal(body.contact), position
