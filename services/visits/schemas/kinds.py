"""Kinds of values that several bodies have."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

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
