"""Marshmallow schemas that load a thousand rows without a pause.

Marshmallow takes about 90 µs for a visit, the largest single cost of taking one in. A ``CompiledSchema`` derives from
its own fields a msgspec type that accepts the same rows in a few µs; only what that refuses goes through marshmallow,
which finds all the errors and names their places. So the fields are declared once, and the two cannot disagree: what
cannot be derived faithfully (another kind of field, validator or hook) does not start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any
from uuid import UUID

import msgspec
from marshmallow import RAISE, Schema, ValidationError, fields, missing, validate

_NO_OPTIONS: dict[str, Any] = {}


class CompiledSchema(Schema):
    """``load`` answers with a frozen object that has the schema's fields as attributes; lists are tuples.

    Raises ``marshmallow.ValidationError`` like any schema. Fields that are not required must have a ``load_default``.
    """

    class Meta:
        unknown = RAISE

    def load(self, data: Any, **options: Any) -> Any:
        if options:
            return super().load(data, **options)  # marshmallow itself, loading a nested schema the slow way
        shape = _shape(type(self))
        try:
            return msgspec.convert(data, shape)
        except (msgspec.ValidationError, RecursionError):
            # Either wrong, or one of the spellings that only marshmallow takes (a UUID with braces).
            found = super().load(data)
        try:
            return msgspec.convert(found, shape)
        except msgspec.ValidationError as error:
            raise ValidationError("Invalid value.") from error


@cache
def _shape(schema: type[Schema]) -> Any:
    """The msgspec type that accepts what the schema accepts."""
    if any(schema._hooks.values()) or schema().unknown != RAISE:
        raise TypeError(f"{schema.__name__} has hooks or admits unknown fields, which cannot be compiled")
    members = [_member(name, field) for name, field in schema().load_fields.items()]
    return msgspec.defstruct(
        schema.__name__.removesuffix("Schema"), members, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False
    )


def _member(name: str, field: fields.Field[Any]) -> Any:
    if field.data_key not in (None, name):
        raise TypeError(f"{name}: data_key cannot be compiled")
    kind = _kind(field)
    if field.allow_none:
        kind = kind | None
    if field.required:
        return name, kind
    if field.load_default is missing:
        raise TypeError(f"{name} is neither required nor has a default")
    default = field.load_default() if callable(field.load_default) else field.load_default
    return name, kind, tuple(default) if isinstance(default, list) else default


def _kind(field: fields.Field[Any]) -> Any:
    derive = _KINDS.get(type(field))
    if derive is None:
        raise TypeError(f"{type(field).__name__} cannot be compiled")
    kind, options = derive(field)
    options = options | _limits(field.validators, options.keys())
    return Annotated[kind, msgspec.Meta(**options)] if options else kind


_KINDS: dict[type, Callable[[Any], tuple[Any, dict[str, Any]]]] = {
    fields.UUID: lambda field: (UUID, _NO_OPTIONS),
    fields.Date: lambda field: (date, _NO_OPTIONS),
    fields.AwareDateTime: lambda field: (datetime, {"tz": True}),
    fields.Enum: lambda field: (field.enum, _NO_OPTIONS),
    fields.String: lambda field: (str, _NO_OPTIONS),
    fields.Float: lambda field: (float, _NO_OPTIONS),
    fields.Integer: lambda field: (int, _NO_OPTIONS),
    fields.List: lambda field: (tuple[_kind(field.inner), ...], _NO_OPTIONS),  # type: ignore[misc]  # a type made at run time
    fields.Nested: lambda field: (_nested(field), _NO_OPTIONS),
}


def _nested(field: fields.Nested) -> Any:
    if field.unknown not in (None, RAISE):
        raise TypeError("a nested schema that admits unknown fields cannot be compiled")
    shape = _shape(type(field.schema))
    return tuple[shape, ...] if field.many else shape  # type: ignore[valid-type]  # a type made at run time


def _limits(validators: Iterable[Any], taken: Iterable[str]) -> dict[str, Any]:
    """Validators as msgspec's constraints."""
    limits: dict[str, Any] = {}
    found: dict[str, Any]
    for validator in validators:
        match validator:
            case validate.Length():
                found = {"min_length": validator.equal or validator.min, "max_length": validator.equal or validator.max}
            case validate.Range(min_inclusive=True, max_inclusive=True):
                found = {"ge": validator.min, "le": validator.max}
            case validate.Regexp() if str(validator.regex.pattern).startswith("^"):
                # Marshmallow matches from the start, msgspec anywhere: equal for a pattern that starts with ^.
                found = {"pattern": validator.regex.pattern}
            case _:
                raise TypeError(f"{validator!r} cannot be compiled")
        found = {name: limit for name, limit in found.items() if limit is not None}
        if found.keys() & {*limits, *taken}:
            raise TypeError("two validators of a kind cannot be compiled")
        limits |= found
    return limits
