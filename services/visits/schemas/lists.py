"""Queries of lists: ``unit`` is the root of a subtree, ``after`` the ``next`` of the page before."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validate

from services.visits.domain import Flag, PlaceKind
from services.visits.projections.flags import SESSION, VISIT
from services.visits.queries.lists import FIRST_DAY, FIRST_ID
from services.visits.schemas.kinds import UNIT_ID
from shared.pairs import CURSOR

PAGE = 500
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
STATES = ("open", "confirmed", "dismissed", "reconciled")


class After(fields.Field[tuple[Any, ...]]):
    """The parts of a row's place in the order of its list, joined by ``/``."""

    def __init__(self, *parts: Callable[[str], Any], first: tuple[Any, ...]) -> None:
        super().__init__(load_default=first)
        self._parts = parts

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Any, ...]:
        given = value.split("/") if isinstance(value, str) else []
        try:
            return tuple(part(text) for part, text in zip(self._parts, given, strict=True))
        except ValueError:
            raise ValidationError("String does not match expected pattern.") from None


def _word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise ValueError(text)
    return text


class OfUnit(Schema):
    unit = fields.String(required=True, validate=UNIT_ID)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, PAGE))


class PlacesQuery(OfUnit):
    kind = fields.Enum(PlaceKind, by_value=True, load_default=None)
    after = After(_word, UUID, first=("", FIRST_ID))


class VisitsQuery(OfUnit):
    day = fields.Date(load_default=None)
    team = fields.UUID(load_default=None)
    after = After(_word, date.fromisoformat, UUID, first=("", FIRST_DAY, FIRST_ID))


class DuplicatesQuery(OfUnit):
    kind = fields.Enum(PlaceKind, by_value=True, load_default=None)
    after = fields.String(load_default="", validate=validate.Regexp(rf"(?:{CURSOR.pattern})?\Z"))


class FlagsQuery(OfUnit):
    of = fields.String(load_default=None, validate=validate.OneOf((VISIT, SESSION)))
    flag = fields.Enum(Flag, by_value=True, load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    after = After(UUID, _word, first=(FIRST_ID, ""))
