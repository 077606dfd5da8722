"""What an address asks for, and the addresses of everything that can be asked next. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from services.reporting.indicators import CATALOGUE, Indicator
from services.reporting.periods import CALENDARS, Calendar, Step, period
from services.reporting.placing import BEFORE_REFORM, EARLIEST_MAP

USUAL = "households_reached"
_NAMES = {"first": "from", "last": "to", "map_day": "map"}


@dataclass(frozen=True, slots=True)
class View:
    """None: what is usual, so that a short address stays what it is tomorrow."""

    unit: str | None = None
    first: date | None = None
    last: date | None = None
    calendar: str = "calendar"
    map_day: date | None = None
    by: Step | None = None
    indicator: Indicator | None = None
    sort: str | None = None

    def link(self, locale: str, **changes: Any) -> str:
        return "/?" + urlencode(self.fields(locale, **changes))

    def fields(self, locale: str, **changes: Any) -> dict[str, str]:
        """The fields of the address, with these changes."""
        changed = replace(self, **changes)
        told = {_NAMES.get(each.name, each.name): _told(getattr(changed, each.name)) for each in fields(changed)}
        if changed.calendar == "calendar":
            told["calendar"] = None
        return {name: value for name, value in told.items() if value} | {"lang": locale}

    def events(self, unit: str, locale: str, page: str | None = None, code: str | None = None) -> str:
        """The address of the events behind the indicator, or behind one code of its open list."""
        told = {name: value for name, value in self.fields(locale).items() if name in ("from", "to", "map", "lang")}
        indicator = ":".join(filter(None, (_told(self.indicator), code)))
        asked = {"indicator": indicator} | told | ({"page": page} if page else {})
        return f"/events/{quote(unit, safe='')}?{urlencode(asked)}"

    def settled(self, unit: str, today: date) -> Showing:
        first = self.first or date(min(today, self.last or today).year, 1, 1)
        last = self.last or max(today, first)
        indicator = self.indicator or CATALOGUE.latest[USUAL]
        map_day = self.map_day or today
        return Showing(self, unit, first, last, map_day, self.by or usual_step(first, last), indicator, today)


def _told(value: Any) -> str | None:
    if value is None:
        return None
    return str(value.code if isinstance(value, Indicator) else value)


def usual_step(first: date, last: date) -> Step:
    """So that a chart has some dozen points."""
    days = (last - first).days + 1
    for step, most in ((Step.DAY, 31), (Step.WEEK, 120), (Step.MONTH, 1_000)):
        if days <= most:
            return step
    return Step.QUARTER


@dataclass(frozen=True, slots=True)
class Showing:
    """A view with every blank filled in."""

    view: View
    unit: str
    first: date
    last: date
    map_day: date
    step: Step
    indicator: Indicator
    today: date

    @property
    def calendar(self) -> Calendar:
        return CALENDARS[self.view.calendar]

    @property
    def steps(self) -> list[Step]:
        """Those that make a chart: more than one point, and not too many of them."""
        days = (self.last - self.first).days + 1
        lengths = {Step.DAY: 1, Step.WEEK: 7, Step.MONTH: 30, Step.QUARTER: 91, Step.YEAR: 365}
        return [step for step, length in lengths.items() if length < days <= 400 * length or step is self.step]

    def events(self, locale: str, code: str | None = None) -> str:
        view = replace(self.view, first=self.first, last=self.last, indicator=self.indicator)
        return view.events(self.unit, locale, code=code)

    def file(self, media: str, locale: str, *, by: str, codes: tuple[str, ...]) -> str:
        """The address of a table of this page as a file."""
        asked: dict[str, Any] = {"indicators": ",".join(codes), "from": self.first, "to": self.last, "by": by}
        if self.view.map_day is not None:
            asked["map"] = self.view.map_day
        if self.view.calendar != "calendar":
            asked["calendar"] = self.view.calendar
        if by == "unit" and (sort := self.sort(codes)):
            asked["sort"] = sort
        return f"/files/{quote(self.unit, safe='')}?{urlencode(asked | {'format': media, 'lang': locale})}"

    def sort(self, codes: tuple[str, ...]) -> str:
        """By what the table is sorted: the largest of the chosen indicator first if nothing else was said."""
        asked = self.view.sort
        return asked if asked and asked.removeprefix("-") in ("name", *codes) else f"-{self.indicator.code}"

    def presets(self) -> list[tuple[str, dict[str, Any], bool]]:
        """(word, changes, whether it is the one shown) of the periods that are asked for most."""
        return [
            (name, {"first": first, "last": last, "calendar": calendar, "by": None}, self._is(first, last, calendar))
            for name, first, last, calendar in _presets(self.today)
        ]

    def _is(self, first: date | None, last: date | None, calendar: str) -> bool:
        alike = (first or date(self.today.year, 1, 1), last or self.today) == (self.first, self.last)
        return alike and self.view.calendar == calendar

    def maps(self) -> list[tuple[date | None, bool]]:
        """Today's map and the last one before the reform."""
        return [(None, self.map_day == self.today), (BEFORE_REFORM, self.map_day == BEFORE_REFORM)]


def _presets(today: date) -> Iterator[tuple[str, date | None, date | None, str]]:
    """(word, first, last, calendar). The current ones end today; the usual one says nothing, and so stays usual."""
    civil, office = CALENDARS["calendar"], CALENDARS["administrative"]
    for step in (Step.MONTH, Step.QUARTER, Step.YEAR):
        now = period(today, step, civil)
        then = period(now.first - timedelta(days=1), step, civil)
        usual = step is Step.YEAR
        yield f"this_{step}", None if usual else now.first, None if usual else today, "calendar"
        yield f"last_{step}", then.first, then.last, "calendar"
    yield "administrative_month", period(today, Step.MONTH, office).first, today, "administrative"
    yield "since_2022", EARLIEST_MAP, today, "calendar"
