"""Fields that bodies share."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from shared.vietnamese import nfc

PAGE = 500
TOPIC = validate.Regexp(r"[a-z][a-z0-9_]{0,39}\Z")
"""The words of ``domain.words.Topic``, or one's own: the list is open."""


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


class Line(fields.String):
    """One line of text in NFC, without blanks around it."""

    def __init__(self, longest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._length = validate.Length(min=1, max=longest)
        self._printable = validate.Regexp(r"[^\x00-\x1f\x7f-\x9f]*\Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = nfc(super()._deserialize(value, attr, data, **kwargs)).strip()
        self._printable(text)
        return self._length(text)


class Decimal(fields.Float):
    """A JSON number, not a text that looks like one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("Not a valid number.")
        return super()._deserialize(value, attr, data, **kwargs)
