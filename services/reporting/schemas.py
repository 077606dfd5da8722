"""Query parameters of the reports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from services.reporting.periods import CALENDARS, Calendar, Period, Step, periods
from services.reporting.placing import EARLIEST_MAP
from shared.problems import Problem

_AFTER = re.compile(r"(?:(teams|visits|training):)?(\d{1,5}):(\d{1,18})")
Positions = Mapping[tuple[str, int], int]
"""(source, partition) → position."""

MOST_PERIODS = 800
"""In a trend: two years of days."""


@dataclass(frozen=True, slots=True)
class Question:
    """``first``–``last``: the period of flows, both days included; stocks are as of ``as_of``; None means today."""

    first: date
    last: date | None
    as_of: date | None
    map_day: date | None
    after: Positions

    def settled(self, today: date) -> Settled:
        """With today's date filled in. Raises ``Problem`` for a reversed period or a map too early."""
        last = self.last or today
        if self.first > last:
            raise Problem("period-reversed", "/from", where="query", first=self.first, last=last)
        map_day = self.map_day or today
        if map_day < EARLIEST_MAP:
            raise Problem("map-too-early", "/map", where="query", first=EARLIEST_MAP)
        return Settled(self.first, last, self.as_of or last, map_day)


@dataclass(frozen=True, slots=True)
class Settled:
    first: date
    last: date
    as_of: date
    map_day: date


class MapField(fields.Date):
    """A day, or ``today`` (None)."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return None if value == "today" else super()._deserialize(value, attr, data, **kwargs)


class AfterField(fields.String):
    """``2:4711`` (visits), ``teams:0:17`` or several, separated by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        wanted: dict[tuple[str, int], int] = {}
        for token in super()._deserialize(value, attr, data, **kwargs).split(","):
            match = _AFTER.fullmatch(token.strip())
            if match is None:
                raise ValidationError("String does not match expected pattern.")
            key = (match[1] or "visits", int(match[2]))
            wanted[key] = max(int(match[3]), wanted.get(key, 0))
        return wanted


@dataclass(frozen=True, slots=True)
class Trend:
    """A question asked for each of the periods it is made of."""

    question: Question
    step: Step
    calendar: Calendar

    def periods(self, asked: Settled) -> list[Period]:
        """Raises ``Problem`` if there are too many."""
        found = []
        for each in periods(asked.first, asked.last, self.step, self.calendar):
            found.append(each)
            if len(found) > MOST_PERIODS:
                raise Problem("too-many-periods", "/by", where="query", most=MOST_PERIODS, step=self.step)
        return found


class ReportQuery(Schema):
    first = fields.Date(data_key="from", load_default=EARLIEST_MAP)
    last = fields.Date(data_key="to", load_default=None)
    as_of = fields.Date(load_default=None)
    map_day = MapField(data_key="map", load_default=None)
    after = AfterField(load_default=dict)

    @post_load
    def question(self, data: dict[str, Any], **kwargs: Any) -> Question:
        return Question(**data)


class TrendQuery(ReportQuery):
    first = fields.Date(data_key="from", required=True)
    step = fields.Enum(Step, by_value=True, data_key="by", load_default=Step.MONTH)
    calendar = fields.String(load_default="calendar", validate=validate.OneOf(list(CALENDARS)))

    @post_load
    def question(self, data: dict[str, Any], **kwargs: Any) -> Any:
        step, calendar = data.pop("step"), CALENDARS[data.pop("calendar")]
        return Trend(Question(**data), step, calendar)
