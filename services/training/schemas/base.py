"""Fields that bodies share."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate


class Id(fields.UUID):
    """One of our ids, as its canonical text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return str(super()._deserialize(value, attr, data, **kwargs))


class UnitId(fields.String):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Regexp(r"[A-Za-z0-9:._-]{1,64}\Z"), **kwargs)


class Flag(fields.Boolean):
    """true or false, nothing that merely looks like it."""

    truthy = frozenset({True})  # type: ignore[assignment]  # marshmallow declares a plain set
    falsy = frozenset({False})  # type: ignore[assignment]  # same
