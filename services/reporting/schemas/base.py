"""Fields that queries and bodies share."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from marshmallow import ValidationError, fields, validate

from shared.vietnamese import HANOI, nfc

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


class Moment(fields.Field[datetime]):
    """An instant (RFC 3339, with its zone), or a day: its end in Viet Nam."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            # In a query string an unescaped plus of "+07:00" arrives as a space.
            moment = datetime.fromisoformat(str(value).replace(" ", "+"))
            if len(str(value)) == len("2026-11-28"):
                return datetime.combine(moment.date() + timedelta(1), time(), HANOI) - timedelta(microseconds=1)
            if moment.tzinfo is not None:
                return moment
        except (ValueError, OverflowError):
            pass
        raise ValidationError("Not a valid aware datetime.")


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
