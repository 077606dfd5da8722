"""The query for the events behind a figure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from services.reporting.figures import OF_EVENTS
from services.reporting.indicators import Indicator
from services.reporting.indicators.codes import list_of
from services.reporting.schemas.base import Day
from services.reporting.schemas.reports import PlaceQuery, Positions, Question, Settled, chosen
from shared.problems import Problem

PAGE = 500
_CURSOR = re.compile(r"(teams|visits|training):(\d{1,5}):(\d{1,18})")

Cursor = tuple[str, int, int]
"""source, partition, the last position read"""


class CursorField(fields.Field[Cursor]):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Cursor:
        match = _CURSOR.fullmatch(str(value))
        if match is None:
            raise ValidationError("String does not match expected pattern.")
        return match[1], int(match[2]), int(match[3])


@dataclass(frozen=True, slots=True)
class SourceQuestion:
    """``code``: of an indicator of an open list only this one. ``recorded_from``–``recorded_to``: days on which the
    events were recorded, to read less than all of them."""

    indicator: Indicator
    code: str | None
    question: Question
    recorded_from: date | None
    recorded_to: date | None
    cursor: Cursor | None
    limit: int
    after: Positions | None

    def settled(self, today: date) -> Settled:
        return self.question.settled(today)


class SourcesQuery(PlaceQuery):
    """``indicator``: of an open list also one code of it, ``platforms:vneid``. ``page``: where the last answer ended
    (its ``next``)."""

    indicator = fields.String(
        required=True, validate=validate.Regexp(r"[a-z][a-z0-9_]{0,59}(:[^\x00-\x1f\x7f]{1,64})?\Z")
    )
    first = Day(data_key="from")
    last = Day(data_key="to")
    as_of = Day()
    recorded_from = Day()
    recorded_to = Day()
    page = CursorField(load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, PAGE))

    @post_load
    def question(self, data: dict[str, Any], **kwargs: Any) -> SourceQuestion:
        name, _, code = data["indicator"].partition(":")
        indicator, *others = chosen((name,), "/indicator")
        if others or (code and list_of(indicator) is None):  # the name of a group, or a code of no list
            raise Problem("unknown-indicator", "/indicator", where="query", indicator=data["indicator"])
        if not OF_EVENTS.issuperset(indicator.numerator or ("",)):
            raise Problem("indicator-without-events", "/indicator", where="query", indicator=indicator.code)
        first, last = data["recorded_from"], data["recorded_to"]
        if first and last and first > last:
            raise Problem("period-reversed", "/recorded_from", where="query", first=first, last=last)
        names = ("first", "last", "as_of", "map_day")
        question = Question((indicator,), **{name: data[name] for name in names})
        return SourceQuestion(
            indicator, code or None, question, first, last, data["page"], data["limit"], data["after"]
        )
