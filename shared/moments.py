"""``known_at`` in queries and bodies: the moment by which something was known."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any

from marshmallow import ValidationError, fields

from shared.vietnamese import HANOI

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Moment(fields.Field[datetime]):
    """An instant (RFC 3339, with its zone), or a day: its end in Viet Nam."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            if isinstance(value, str):
                # In a query string an unescaped plus of "+07:00" arrives as a space.
                moment = datetime.fromisoformat(value.replace(" ", "+"))
                if _DAY.fullmatch(value):
                    return datetime.combine(moment.date() + timedelta(1), time(), HANOI) - timedelta(microseconds=1)
                if moment.tzinfo is not None:
                    return moment
        except (ValueError, OverflowError):
            pass
        raise ValidationError("Not a valid aware datetime.")
