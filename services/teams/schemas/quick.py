"""The usual row in a few µs: what a schema's fields accept, as a msgspec type made from them.

Marshmallow takes 30 µs for a person and more for a team, the largest single cost of loading a nation. So a field of our
own kinds names the msgspec type of its usual spelling (``quick``); any other loads its value by itself. Whatever the
quick way refuses goes through marshmallow, which finds all errors and names their places: the two cannot disagree about
what is accepted, because the fields are declared once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from marshmallow import RAISE, Schema, fields

Finish = Callable[[Any], Any]
Kind = tuple[Any, Finish | None]
"""A msgspec type, and what still has to be done with a value of it (raises ``marshmallow.ValidationError``)."""


class _Absent:
    """A field that was not sent."""


ABSENT = _Absent()


def like(pattern: re.Pattern[str]) -> msgspec.Meta:
    """The whole text matches; msgspec itself looks anywhere."""
    return msgspec.Meta(pattern=f"^(?:{pattern.pattern})\\Z")


class QuickLoad:
    """Loads the rows of one schema; made from its fields as they are at the first row."""

    def __init__(self, schema: Schema) -> None:
        if schema.unknown != RAISE or any(schema._hooks.values()):
            raise TypeError(f"{type(schema).__name__} has hooks or admits unknown fields")
        members: list[Any] = []
        self._fields: list[tuple[str, Finish | None, Any]] = []
        for name, field in schema.load_fields.items():
            kind, finish = _kind(field)
            members.append((name, kind) if field.required else (name, kind, ABSENT))
            self._fields.append((name, finish, field.load_default))
        self._shape = msgspec.defstruct(
            type(schema).__name__, members, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False
        )

    def load(self, data: Any) -> dict[str, Any]:
        """The loaded fields by name. Raises ``msgspec.ValidationError`` or ``marshmallow.ValidationError``."""
        found = {}
        values = msgspec.structs.astuple(msgspec.convert(data, self._shape))
        for (name, finish, default), value in zip(self._fields, values, strict=True):
            if value is ABSENT:
                found[name] = default() if callable(default) else default
            else:
                found[name] = value if finish is None else finish(value)
        return found


def _kind(field: fields.Field[Any]) -> Kind:
    # A field that only inherits its quick way, but loads otherwise, has none.
    if _definer(field, "quick") is not _definer(field, "_deserialize") or field.validators:
        return Any, field.deserialize
    quick: Callable[[], Kind] = field.quick  # type: ignore[attr-defined]  # just looked up
    kind, finish = quick()
    if not field.allow_none:
        return kind, finish
    return kind | None, finish and (lambda value: None if value is None else finish(value))


def _definer(field: fields.Field[Any], method: str) -> type | None:
    return next((cls for cls in type(field).__mro__ if method in vars(cls)), None)
