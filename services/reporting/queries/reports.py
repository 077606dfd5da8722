"""Reports: what a unit's indicators are worth, in all, period by period, or unit by unit."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import Engine

from services.reporting.indicators import Indicator, difference, value
from services.reporting.indicators.codes import Entries, by_pillar, list_of, names_in
from services.reporting.indicators.values import Value, plain
from services.reporting.messages import warning
from services.reporting.periods import Period, Step, period, periods, previous, same_part
from services.reporting.queries.codes import entries
from services.reporting.queries.counting import by_period, counted
from services.reporting.queries.kept import Kept
from services.reporting.queries.standing import Area, Shown, Snapshot
from services.reporting.schemas.reports import Page, Settled, Way
from services.reporting.sums import Sums, Window, spread
from shared.problems import Problem
from shared.units import LEVELS
from shared.vietnamese import sort_key

MOST_PERIODS = 800
"""Two years of days."""
MOST_UNITS = 4_000
"""All communes of today; those of 2022 are asked for province by province."""
MOST_VALUES = 60_000
"""Periods or units, times indicators."""
_PLACE_LEVELS = ("village", "commune", "district", "province")

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asking:
    """One question on its way to an answer."""

    snap: Snapshot
    shown: Shown
    asked: Settled
    locale: str
    entries: Entries

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        return self.asked.question.indicators

    @property
    def needed(self) -> frozenset[str]:
        return frozenset(name for each in self.indicators for name in each.figures)

    @property
    def before(self) -> Window | None:
        """What this window is compared with, if that is asked for: as much of it as has come of this one."""
        if not self.asked.question.previous:
            return None
        window = self.asked.window
        running = window.first <= self.asked.today <= window.last
        until = min(window.last, self.asked.today) if running else window.last
        first, last = previous(window.first, until, self.asked.question.calendar, running=running)
        return Window(first, last, window.as_of - (window.last - last))

    def figures(self, sums: Sums) -> dict[str, Value]:
        return {each.code: by_pillar(each, value(each, sums.figures), self.entries) for each in self.indicators}

    def compared(self, now: Sums, before: Sums, window: Window) -> Document:
        """The figures of the window before, and what has been added since."""
        ours, theirs = self.figures(now), self.figures(before)
        return {
            "from": window.first,
            "to": window.last,
            "as_of": window.as_of,
            "figures": theirs,
            "difference": {code: difference(ours[code], theirs[code]) for code in ours},
        }


class Reports:
    def __init__(self, area: Area, questions: Engine) -> None:
        """``questions``: made for them (``shared.db.engine``). For maps with roll-ups only: how leaves are best summed
        depends on how many there are."""
        self.area, self._questions, self._kept = area, questions, Kept()

    def answer(self, shown: Shown, asked: Settled, locale: str, *, whole: bool = False, anew: bool = False) -> Document:
        """``whole``: all units of a ranking instead of a page. ``anew``: counted now, not kept from before.

        Raises ``Problem`` for a question too large.
        """
        key, units_position = _key(shown, asked, locale, whole), self.area.directory.position
        if key in self._kept and not anew:
            how_far = self.area.how_far()
            if (kept := self._kept.answer(key, (how_far.state, units_position))) is not None:
                return {**kept, **how_far.document()}
        keys = {shown.key, shown.asked_key}
        with self.area.snapshot(keys, self._questions if keys <= self.area.usual_keys() else None) as snap:
            named = entries(snap, self.area.near(shown), asked.window.until, asked.question.indicators)
            answer = self._counted(Asking(snap, shown, asked, locale, named), whole)
            how_far = snap.progress
        if not anew:
            rows = 1 + sum(len(answer.get(name, ())) for name in ("units", "periods"))
            self._kept.keep(key, (how_far.state, units_position), answer, rows * len(asked.question.indicators))
        return {**answer, **how_far.document()}

    def _counted(self, asking: Asking, whole: bool) -> Document:
        snap, shown, asked = asking.snap, asking.shown, asking.asked
        standing = snap.standing(shown)
        sums = counted(self.area, snap, shown, standing, asked.window, asking.needed)[shown.unit]
        answer = {**self._head(asking), "figures": asking.figures(sums)}
        if (before := asking.before) is not None:
            then = counted(self.area, snap, shown, standing, before, asking.needed)[shown.unit]
            answer["previous"] = asking.compared(sums, then, before)
        match asked.question.by:
            case Way.UNIT:
                answer |= self._by_unit(asking, sums, whole)
            case Step():
                answer["periods"] = self._by_period(asking)
        if any(map(list_of, asking.indicators)):
            answer["names"] = names_in(answer, asking.indicators, asking.entries)
        answer["warnings"] = [
            *self.area.warnings(shown, snap.progress, asking.locale),
            *doubts(sums, asking.locale),
        ]
        if shown.off_map:
            answer["successors"] = self._successors(asking)
        return answer

    def _head(self, asking: Asking) -> Document:
        window, question = asking.asked.window, asking.asked.question
        return {
            **self.area.head(asking.shown),
            "period": {"from": window.first, "to": window.last},
            "as_of": window.as_of,
            "by": question.by,
            "calendar": question.calendar.name,
            "indicators": {each.code: each.version for each in asking.indicators},
        }

    # --- by period -----------------------------------------------------------------------------------------------

    def _by_period(self, asking: Asking) -> list[Document]:
        """Stocks as of the end of each period; households and persons once in each."""
        window, question = asking.asked.window, asking.asked.question
        assert isinstance(question.by, Step)
        spans = _spans(window, question.by, asking)
        first = spans[0].first
        if question.previous:  # the first is compared with the whole one before it
            before = period(first - timedelta(days=1), question.by, question.calendar)
            spans = [Period(before.first, first - timedelta(days=1), before.name), *spans]
        firsts = [each.first for each in spans]
        sums = by_period(self.area, asking.snap, asking.shown, firsts, window, asking.needed)
        rows = []
        for n, (span, of_it) in enumerate(zip(spans, sums, strict=True)):
            if question.previous and n == 0:
                continue
            row = {
                "period": span.name,
                "from": span.first,
                "to": span.last,
                "whole": span.whole,
                "figures": asking.figures(of_it),
            }
            if question.previous:
                row["previous"] = asking.compared(of_it, *self._then(asking, spans[n - 1], span, sums[n - 1]))
            rows.append(row)
        return rows

    def _then(self, asking: Asking, before: Period, span: Period, sums: Sums) -> tuple[Sums, Window]:
        """The period before; of one that is still running, as much of it as has come of this one."""
        question, today, end = asking.asked.question, asking.asked.today, before.last
        assert isinstance(question.by, Step)
        if span.first <= today <= span.last:
            end = same_part(before, today, question.by, question.calendar)
        window = Window(before.first, end, min(end, asking.asked.window.as_of))
        if end < before.last:
            standing = asking.snap.standing(asking.shown)
            sums = counted(self.area, asking.snap, asking.shown, standing, window, asking.needed)[asking.shown.unit]
        return sums, window

    # --- by unit -------------------------------------------------------------------------------------------------

    def _by_unit(self, asking: Asking, whole: Sums, everything: bool) -> Document:
        """A row per unit of the level, ranked, and what stands at none of them as ``remainder``."""
        snap, shown, page = asking.snap, asking.shown, asking.asked.question.page
        rows: dict[str, Sums] = {}
        before: dict[str, Sums] = {}
        for level, units in self._below(asking, page).items():
            standing = snap.standing(shown, level, units)
            rows |= counted(self.area, snap, shown, standing, asking.asked.window, asking.needed)
            if asking.before is not None:
                before |= counted(self.area, snap, shown, standing, asking.before, asking.needed)
        ranked = self._ranked(asking, rows)
        chosen = ranked if everything else ranked[page.offset : page.offset + page.limit]
        left = whole.minus(rows.values())
        following = page.offset + len(chosen)
        return {
            "units": [self._row(asking, unit, rank, rows, before) for rank, unit in chosen],
            "units_in_all": len(ranked),
            "next": following if following < len(ranked) else None,
            "remainder": {"figures": asking.figures(left)} if left else None,
        }

    def _below(self, asking: Asking, page: Page) -> dict[str, tuple[str, ...]]:
        """Level → units: those right below, or those of the level named."""
        tree, shown = self.area.tree, asking.shown
        if page.level is None:
            units = [(tree.level(child) or "", child) for child in tree.children(shown.unit, shown.map_day)]
        elif LEVELS.index(page.level) <= LEVELS.index(shown.level):
            raise Problem("level-not-below", "/level", where="query", level=page.level)
        else:
            units = []
            for path in tree.below(shown.unit, shown.map_day, page.level):
                units.append((page.level, path[-1]))
                if len(units) > MOST_UNITS:
                    raise Problem("too-many-units", "/level", where="query", most=MOST_UNITS, level=page.level)
        _bounded(len(units), asking)
        return {level: tuple(u for at, u in units if at == level) for level in dict.fromkeys(at for at, _ in units)}

    def _ranked(self, asking: Asking, rows: Mapping[str, Sums]) -> list[tuple[int | None, str]]:
        """(rank, unit): by value, units without one last, equal ones sharing a rank; else by name."""
        page, tree, day = asking.asked.question.page, self.area.tree, asking.shown.map_day
        names = {unit: sort_key(tree.name(unit, day) or unit) for unit in rows}
        if page.sort is None:
            ordered = sorted(rows, key=lambda unit: (names[unit], unit), reverse=page.descending)
            return [(None, unit) for unit in ordered]
        by = next(each for each in asking.indicators if each.code == page.sort)
        worth = {unit: plain(value(by, sums.figures)) for unit, sums in rows.items()}
        sign = -1 if page.descending else 1

        def order(unit: str) -> tuple[bool, float, str, str]:
            n = worth[unit]
            return n is None, 0 if n is None else sign * n, names[unit], unit

        ranked: list[tuple[int | None, str]] = []
        for at, unit in enumerate(sorted(rows, key=order), 1):
            tied = ranked and worth[ranked[-1][1]] == worth[unit]
            ranked.append((ranked[-1][0] if tied else at, unit))
        return ranked

    def _row(
        self, asking: Asking, unit: str, rank: int | None, rows: Mapping[str, Sums], before: Mapping[str, Sums]
    ) -> Document:
        sums, map_day = rows[unit], asking.shown.map_day
        row = {
            "unit": self.area.unit(unit, map_day),
            "rank": rank,
            "figures": asking.figures(sums),
            "warnings": doubts(sums, asking.locale),
        }
        if asking.before is not None:
            row["previous"] = asking.compared(sums, before[unit], asking.before)
        return row

    # --- units that are not on the map ---------------------------------------------------------------------------

    def _successors(self, asking: Asking) -> list[Document]:
        """The units of the asked map that cover the former one, with the number of its leaves that stand in each."""
        tree, snap, shown = self.area.tree, asking.snap, asking.shown
        former = (snap.maps[shown.key], shown.level, shown.unit)
        standing = spread(snap.tx, snap.slot, former, snap.maps[shown.asked_key])
        total = sum(leaves for _, leaves in standing)
        parts = []
        for part in tree.former_unit_on_map(shown.unit, shown.asked_day):
            level = tree.level(part.unit_id) or ""
            at = _PLACE_LEVELS.index(level) if level in _PLACE_LEVELS else None
            leaves = sum(n for where, n in standing if at is not None and where[at] == part.unit_id)
            share = {"leaves": leaves, "leaves_of": total}
            parts.append({**self.area.unit(part.unit_id, shown.asked_day), "whole": part.whole, **share})
        return parts


def _key(shown: Shown, asked: Settled, locale: str, whole: bool) -> Hashable:
    """What makes two questions the same."""
    question = asked.question
    codes = tuple((each.code, each.version) for each in question.indicators)
    how = (question.by, question.calendar.name, question.previous, question.page, whole, locale)
    return shown, asked.window, asked.today, codes, how


def _spans(window: Window, step: Step, asking: Asking) -> list[Period]:
    """Raises ``Problem`` if there are too many."""
    found = []
    for each in periods(window.first, window.last, step, asking.asked.question.calendar):
        found.append(each)
        if len(found) > MOST_PERIODS:
            raise Problem("too-many-periods", "/by", where="query", most=MOST_PERIODS, step=step)
    _bounded(len(found), asking)
    return found


def _bounded(rows: int, asking: Asking) -> None:
    """Raises ``Problem`` if so many rows of these indicators are too much for one answer."""
    values = rows * len(asking.indicators)
    if values > MOST_VALUES:
        most = max(1, MOST_VALUES // rows)
        raise Problem("too-many-values", "/indicators", where="query", values=values, most=MOST_VALUES, indicators=most)


_DOUBTS = {"estimated": "uncertain", "successor_unknown": "successor_unknown", "unplaced": "unplaced"}
"""Warning → the figure it is about. A choice below a unit that holds all there was to choose from is none for it."""


def doubts(sums: Sums, locale: str) -> list[Document]:
    return [warning(code, locale, facts=n) for code, figure in _DOUBTS.items() if (n := sums.figures[figure])]


def etag(answer: Mapping[str, Any]) -> str:
    """Changes with everything but the clock: lag and freshness do not make an answer new."""
    content = {name: part for name, part in answer.items() if name not in ("lag", "freshness")}
    return hashlib.blake2b(orjson.dumps(content), digest_size=12).hexdigest()
