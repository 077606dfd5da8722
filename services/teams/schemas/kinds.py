"""Fields that take one spelling each and cost little: a registry is filled by the hundred thousand rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from marshmallow import ValidationError, fields

from services.teams.schemas.quick import Kind, like
from shared.vietnamese import nfc

CANONICAL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
UNIT_ID = re.compile(r"[A-Za-z0-9:._-]{1,64}")
CODE = re.compile(r"[A-Za-z0-9.-]{1,20}")
MAX_VERSION = 2**31 - 1
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


class CommandId(fields.Field[UUID]):
    """The id of the command: the same id means the same command, for ever."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> UUID:
        return _uuid(value)

    def quick(self) -> Kind:
        return UUID, None


class Uid(fields.Field[str]):
    """One of our ids, as its canonical text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, str) and CANONICAL.fullmatch(value):
            return value
        return str(_uuid(value))

    def quick(self) -> Kind:
        return Annotated[str, like(CANONICAL)], None


class Matching(fields.Field[str]):
    """A short text of a pattern: a unit id, a code, a word of a list."""

    def __init__(self, pattern: re.Pattern[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pattern = pattern

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Not a valid string.")
        if not self.pattern.fullmatch(value):
            raise ValidationError("String does not match expected pattern.")
        return value

    def quick(self) -> Kind:
        return Annotated[str, like(self.pattern)], None


class Line(fields.Field[str]):
    """One line of text in composed form (NFC), without spaces around it."""

    def __init__(self, limit: int, *, at_least: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit, self.at_least = limit, at_least

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Not a valid string.")
        text = nfc(value).strip()
        if not self.at_least <= len(text) <= self.limit:
            raise ValidationError(f"Length must be between {self.at_least} and {self.limit}.")
        if CONTROL.search(text):
            raise ValidationError("String does not match expected pattern.")
        return text

    def quick(self) -> Kind:
        return str, lambda value: self._deserialize(value, None, None)


class Day(fields.Field[date]):
    """``YYYY-MM-DD``."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            if isinstance(value, str) and DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise ValidationError("Not a valid date.")

    def quick(self) -> Kind:
        return date, None


class Choice(fields.Field[Any]):
    """One of the values of an enumeration, or of a tuple of texts."""

    def __init__(self, choices: type[StrEnum] | tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices: Mapping[str, Any] = {str(choice): choice for choice in choices}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and value in self.choices:
            return self.choices[value]
        raise ValidationError(f"Must be one of: {', '.join(self.choices)}.")

    def quick(self) -> Kind:
        return str, lambda value: self._deserialize(value, None, None)


class Version(fields.Field[int]):
    """The number in an ETag."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_VERSION:
            raise ValidationError("Not a valid integer.")
        return value

    def quick(self) -> Kind:
        return Annotated[int, msgspec.Meta(ge=0, le=MAX_VERSION)], None


class Flag(fields.Field[bool]):
    """true or false, nothing that merely looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Not a valid boolean.")
        return value

    def quick(self) -> Kind:
        return bool, None


def _uuid(value: Any) -> UUID:
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise ValidationError("Not a valid UUID.") from None
