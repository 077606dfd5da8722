"""Fields that queries and bodies share."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import fields, validate

from shared.vietnamese import nfc

UNIT_ID = validate.Regexp(r"[^\x00-\x1f\x7f]{1,64}\Z")
"""Ids come from the registry: any printable text."""


FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)


class Day(fields.Date):
    """A day that figures can be asked for; others are slips of the pen."""

    _plausible = validate.Range(min=FIRST_DAY, max=LAST_DAY)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(load_default=None, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return self._plausible(super()._deserialize(value, attr, data, **kwargs))


class Line(fields.String):
    """One line of text in NFC, blanks collapsed."""

    def __init__(self, longest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._length = validate.Length(min=1, max=longest)
        self._printable = validate.Regexp(r"[^\x00-\x1f\x7f-\x9f]*\Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = nfc(super()._deserialize(value, attr, data, **kwargs)).strip()
        self._printable(text)
        return self._length(" ".join(text.split()))


class Names(fields.String):
    """Words separated by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        return tuple(dict.fromkeys(word for each in text.split(",") if (word := each.strip())))
