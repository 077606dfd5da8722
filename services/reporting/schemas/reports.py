"""The query of ``GET /v1/reports/<unit>``: one set of parameters for totals, series and rankings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from services.reporting.figures import UNITS
from services.reporting.indicators import CATALOGUE, Indicator, UnknownIndicator
from services.reporting.periods import CALENDARS, Calendar, Step
from services.reporting.placing import EARLIEST_MAP
from services.reporting.schemas.base import LAST_DAY, Day, Names
from services.reporting.sums import Window
from shared.moments import Moment
from shared.problems import Problem

_AFTER = re.compile(r"(?:(teams|visits|training):)?(\d{1,5}):(\d{1,18})")
Positions = Mapping[tuple[str, int], int]
"""(source, partition) → position."""

PAGE = 1_000
NAME = "name"


class Way(StrEnum):
    """How an answer is laid out beside the total: not at all, by the units below, or by the periods of a step."""

    PERIOD = "period"
    UNIT = "unit"


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Page:
    """Of a ranking. ``sort``: the code of an indicator, or None for the units' names; ``level``: None for the units
    right below."""

    level: str | None = None
    sort: str | None = None
    descending: bool = False
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Question:
    """``first``–``last``: the period of flows, both days included; stocks are as of ``as_of``; None means today, and of
    ``first`` the beginning. ``known_at``: by what was recorded up to then."""

    indicators: tuple[Indicator, ...]
    first: date | None = None
    last: date | None = None
    as_of: date | None = None
    map_day: date | None = None
    after: Positions | None = None
    by: Way | Step = Way.PERIOD
    calendar: Calendar = CALENDARS["calendar"]
    previous: bool = False
    page: Page = Page()
    format: Format = Format.JSON
    known_at: datetime | None = None

    def settled(self, today: date) -> Settled:
        """With today's date filled in. Raises ``Problem`` for a reversed period or a map too early."""
        first, last = self.first or EARLIEST_MAP, self.last or today
        if first > last:
            raise Problem("period-reversed", "/from", where="query", first=first, last=last)
        map_day = self.map_day or today
        if map_day < EARLIEST_MAP:
            raise Problem("map-too-early", "/map", where="query", first=EARLIEST_MAP)
        return Settled(self, Window(first, last, self.as_of or last), map_day, today)


@dataclass(frozen=True, slots=True)
class Settled:
    question: Question
    window: Window
    map_day: date
    today: date


class MapField(Day):
    """A day, or ``today`` (None). How early a map can be is for the question to say."""

    _plausible = validate.Range(max=LAST_DAY)

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


class IndicatorsField(Names):
    """Codes and groups, separated by commas; each indicator that is asked for has to be counted from events."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        found = chosen(super()._deserialize(value, attr, data, **kwargs), "/indicators")
        for each in found:
            if each.numerator is None:
                raise Problem("indicator-only-declared", "/indicators", where="query", indicator=each.code)
        return found


def chosen(names: tuple[str, ...], pointer: str) -> tuple[Indicator, ...]:
    """Raises ``Problem`` for a name that is neither a code nor a group."""
    try:
        return CATALOGUE.chosen(names)
    except UnknownIndicator as unknown:
        raise Problem("unknown-indicator", pointer, where="query", indicator=str(unknown)) from None


class PlaceQuery(Schema):
    """What every question about a unit may say: on which map, and what has to be included."""

    map_day = MapField(data_key="map")
    after = AfterField(load_default=None)


class ReportQuery(PlaceQuery):
    remembered = True
    indicators = IndicatorsField(load_default=lambda: CATALOGUE.chosen(()))
    first = Day(data_key="from")
    last = Day(data_key="to")
    as_of = Day()
    known_at = Moment(load_default=None)
    by = fields.String(load_default=Way.PERIOD.value, validate=validate.OneOf([*Step, *Way]))
    calendar = fields.String(load_default="calendar", validate=validate.OneOf(list(CALENDARS)))
    previous = fields.Boolean(load_default=False)
    level = fields.String(load_default=None, validate=validate.OneOf(["province", "district", "commune", "village"]))
    sort = fields.String(load_default=None, validate=validate.Regexp(r"-?[a-z][a-z0-9_]{0,59}\Z"))
    offset = fields.Integer(load_default=0, validate=validate.Range(min=0, max=1_000_000))
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))
    format = fields.Enum(Format, by_value=True, load_default=Format.JSON)

    @post_load
    def question(self, data: dict[str, Any], **kwargs: Any) -> Question:
        by, calendar = data.pop("by"), CALENDARS[data.pop("calendar")]
        way = Way(by) if by in set(Way) else Step(by)
        page = _page(data, way, data["indicators"])
        needs_beginning = isinstance(way, Step) or data["previous"]
        if needs_beginning and data["first"] is None:
            raise Problem("missing-field", "/from", where="query")
        if data["known_at"] is not None:
            _knowable(way, data)
        return Question(**data, by=way, calendar=calendar, page=page)


def _knowable(way: Way | Step, data: dict[str, Any]) -> None:
    """Raises ``Problem`` for what cannot be asked as it was known at a moment."""
    for name, asked in (("by", way is not Way.PERIOD), ("previous", data["previous"])):
        if asked:
            raise Problem("known-at-in-all-only", f"/{name}", where="query", name=name)
    for each in data["indicators"]:
        if not UNITS.isdisjoint(each.figures):
            raise Problem("known-at-of-units", "/indicators", where="query", indicator=each.code)


def _page(data: dict[str, Any], way: Way | Step, indicators: tuple[Indicator, ...]) -> Page:
    """Takes what only a ranking has out of the query. Raises ``Problem`` where nothing is ranked, or not by that."""
    level, sort, offset, limit = (data.pop(name) for name in ("level", "sort", "offset", "limit"))
    if way is not Way.UNIT:
        for name, given in (("level", level), ("sort", sort), ("offset", offset or None)):
            if given is not None:
                raise Problem("only-by-unit", f"/{name}", where="query", name=name)
    code = (sort or NAME).removeprefix("-")
    if code != NAME and code not in {each.code for each in indicators}:
        raise Problem("sort-not-shown", "/sort", where="query", sort=code)
    return Page(level, None if code == NAME else code, (sort or "").startswith("-"), offset, limit)
