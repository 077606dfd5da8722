"""Where a page leads: the addresses of what can be asked instead of what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.reporting.exports.words import shown_day
from services.reporting.pages.view import Showing
from services.reporting.pages.words import words
from services.reporting.periods import CALENDARS, Calendar
from services.reporting.queries.standing import Shown
from shared.units import UnitTree


@dataclass(frozen=True, slots=True)
class Link:
    """``href`` is None where the visitor may not go, or is already."""

    text: str
    href: str | None


class Links:
    """``roots``: the units of the visitor's token."""

    def __init__(self, tree: UnitTree, showing: Showing, shown: Shown, roots: frozenset[str], locale: str) -> None:
        self.tree, self.showing, self.shown, self._roots, self.locale = tree, showing, shown, roots, locale

    def link(self, **changes: Any) -> str:
        return self.showing.view.link(self.locale, **{"unit": self.shown.unit} | changes)

    def may_see(self, unit: str) -> bool:
        return self.tree.covers(self._roots, unit, self.shown.map_day)

    def above(self) -> list[Link]:
        """From the nation down to the unit itself; those above the visitor's own are told without a link."""
        day = self.shown.map_day
        found = []
        for unit in reversed(self.tree.ancestors(self.shown.unit, day)):
            leads = unit != self.shown.unit and self.may_see(unit)
            found.append(Link(self.unit_name(unit, day), self.link(unit=unit, sort=None) if leads else None))
        return found

    def unit_name(self, unit: str, day: date) -> str:
        return self.tree.full_name(unit, day) or unit

    def preset_links(self) -> list[tuple[str, str, bool]]:
        """(text, address, whether it is shown now) of the usual periods."""
        return [(self._say(word), self.link(**changes), now) for word, changes, now in self.showing.presets()]

    def map_links(self) -> list[tuple[str, str, bool]]:
        nation, found = self._nation(), []
        for day, now in self.showing.maps():
            text = shown_day(day) if day else self._say("map_today")
            count = len(self.tree.children(nation, day or self.showing.today))
            found.append((f"{text} · {self._say('map_units', n=count)}", self.link(map_day=day), now))
        if not any(now for _, _, now in found):
            found.append((shown_day(self.showing.map_day), self.link(), True))
        return found

    def step_links(self) -> list[tuple[str, str, bool]]:
        step = self.showing.step
        return [(self._say(each), self.link(by=each) + "#trend-title", each is step) for each in self.showing.steps]

    def own_links(self, own: Sequence[str]) -> list[tuple[str, str, bool]]:
        day = self.shown.map_day
        return [(self.unit_name(each, day), self.link(unit=each), each == self.shown.unit) for each in own]

    def calendars(self) -> list[Calendar]:
        return list(CALENDARS.values())

    def _say(self, word: str, **params: object) -> str:
        return words(word, self.locale, **params)

    def _nation(self) -> str:
        above = self.tree.ancestors(self.shown.unit, self.shown.map_day)
        return above[-1] if above else self.shown.unit
