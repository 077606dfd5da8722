"""Kinds of values that several bodies have."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, validate

from shared.decider import Personal
from shared.vietnamese import nfc

UNIT_ID = validate.Regexp(r"^[A-Za-z0-9-]{1,64}\Z")
CODE = validate.Regexp(r"^[a-z0-9][a-z0-9_.-]{0,39}\Z")
"""Of an entry of a catalogue."""


def unit() -> fields.String:
    return fields.String(required=True, validate=UNIT_ID)


def text(limit: int, **options: Any) -> fields.String:
    return fields.String(validate=validate.Length(1, limit), **options)


def number(least: int, most: int) -> fields.Integer:
    return fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(least, most))


def personal(said: str | None) -> Personal | None:
    return None if said is None else Personal(nfc(said))


class Behind(fields.Field[tuple[date, UUID]]):
    """Where the next page begins, in a query: behind the day and the id of the last one shown (``behind``)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[date, UUID]:
        day, _, identity = str(value).partition("_")
        try:
            return date.fromisoformat(day), UUID(identity)
        except ValueError:
            raise ValidationError("String does not match expected pattern.") from None


def behind(day: date, identity: UUID) -> str:
    return f"{day.isoformat()}_{identity}"
