"""Drill to the source: the events that a figure is made of, read again from the mirror and counted by the same rules.

Every event of the source is counted alone (``domain.count``) and belongs to the figure if it changes it: the rule is
the one that made the figure, and what all pages add is the figure. A page reads for a bounded time and says where the
next one begins, so a figure of any size is read to its end.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from services.reporting.domain import FIGURES, FIRST, USES, Tally, count, teams_named
from services.reporting.figures import KEYED, REACHED, SORTS, Sort, column
from services.reporting.indicators import Indicator
from services.reporting.indicators.codes import list_of, names_of
from services.reporting.projections import NAME
from services.reporting.queries.codes import entries
from services.reporting.queries.recorded import recorded_before
from services.reporting.queries.standing import Area, Shown, Snapshot
from services.reporting.schemas.reports import Settled
from services.reporting.schemas.sources import Cursor, SourceQuestion
from services.reporting.sums import Window, leaves, summed
from services.reporting.sums_sql import Wanted
from shared.vietnamese import HANOI

STRETCH = 5_000
"""Positions read by one statement."""
SECONDS, PATIENCE = 1.0, 4.0
"""After so long a page ends that is not full; an empty one goes on looking."""
FEW_LEAVES = 100
"""With so few the database looks for their ids itself."""

_READ = """SELECT m.position, m.type, m.data, m.command_id, m.ordinal, m.recorded_at
         FROM bus.mirror m JOIN bus.sources s USING (source, log_id)
        WHERE m.source = :source AND m.partition = :partition AND m.position > :after AND m.position <= :until
          AND m.type = ANY(:types) AND (cast(:pattern AS text) IS NULL OR m.data::text ~ :pattern)
          AND (cast(:code AS text) IS NULL OR strpos(m.data::text, :code) > 0)
          AND NOT EXISTS (SELECT FROM bus.parked p WHERE p.subscription = :name AND p.source = m.source
                             AND p.partition = m.partition AND p.position = m.position)
        ORDER BY m.position"""
Document = dict[str, Any]
Span = tuple[str, int, int, int]
"""source, partition, and the positions to read: behind the first up to the last"""
_AT = {name: at for at, name in enumerate(FIGURES)}


@dataclass(frozen=True, slots=True)
class Contribution:
    """What of an event counts for the figures: of these leaves (None: all), in this window. ``code``: of an open list
    only this one."""

    figures: tuple[str, ...]
    code: str | None
    window: Window
    leaves: Collection[str] | None

    def of(self, tally: Tally) -> dict[tuple[str, str], int]:
        """(leaf, day) → n."""
        found: dict[tuple[str, str], int] = {}
        for name in self.figures:
            for key, n in self._of(tally, name):
                found[key] = found.get(key, 0) + n
        return {key: n for key, n in found.items() if n}

    def _of(self, tally: Tally, name: str) -> Iterator[tuple[tuple[str, str], int]]:
        first, last = self.window.first.isoformat(), self.window.last.isoformat()
        sort = SORTS[name]
        if sort is Sort.STOCK:
            first, last = "", self.window.as_of.isoformat()
        if name in KEYED:
            for (unit, figure, code, day), n in tally.keyed.items():
                if figure == name and self.code in (None, code) and first <= day <= last and self._inside(unit):
                    yield (unit, day), n
            return
        at = _AT[FIRST[REACHED[name]] if sort is Sort.DISTINCT else column(name)]
        for (unit, day), row in tally.figures.items():
            if first <= day <= last and self._inside(unit):
                yield (unit, day), row[at]
        if sort is Sort.DISTINCT:
            for (unit, kind, day, before), n in tally.reached.items():
                if kind == REACHED[name] and before < first <= day <= last and self._inside(unit):
                    yield (unit, day), n

    def _inside(self, unit: str) -> bool:
        return self.leaves is None or unit in self.leaves


class Sources:
    def __init__(self, area: Area) -> None:
        self._area = area

    def page(self, shown: Shown, asked: Settled, question: SourceQuestion, locale: str) -> Document:
        """``next``: where the following page begins, None if everything has been ``read``."""
        indicator, code = question.indicator, question.code
        with self._area.snapshot({shown.key}) as snap:
            standing = snap.standing(shown)
            sums = summed(snap.tx, standing, asked.window, Wanted.of(indicator.figures))[shown.unit]
            inside = leaves(snap.tx, standing)
            spans = list(_spans(snap, indicator, question)) if inside != [] else []
            within = None if inside is None else frozenset(inside)
            rule = Contribution(indicator.numerator or (), code, asked.window, within)
            reading = _Reading(snap, rule, question.limit)
            reading.run(_from(spans, question.cursor))
            left = _from(spans, reading.end) if reading.end else []
            figures = [name if code is None else f"{name}:{code}" for name in rule.figures]
            return {
                **self._area.head(shown),
                "period": {"from": asked.window.first, "to": asked.window.last},
                "as_of": asked.window.as_of,
                "indicator": indicator.code,
                "indicator_version": indicator.version,
                **self._named(snap, shown, asked, question),
                "figure": sum(sums.figures.get(name, 0) for name in figures),
                "events": reading.found,
                "next": ":".join(map(str, reading.end)) if reading.end else None,
                "read": {"positions": _length(spans) - _length(left), "of": _length(spans)},
                "warnings": self._area.warnings(shown, snap.progress, locale),
            } | snap.progress.document()

    def _named(self, snap: Snapshot, shown: Shown, asked: Settled, question: SourceQuestion) -> Document:
        """The code asked for, and what it is called."""
        indicator, code = question.indicator, question.code
        if code is None:
            return {}
        near, until = self._area.near(shown), asked.window.until
        names = names_of(list_of(indicator) or "", entries(snap, near, until, (indicator,)))
        return {"code": code, "names": {indicator.code: {code: names[code]} if code in names else {}}}


class _Reading:
    """One page on its way through the mirror; ``end``: where it ended, if not with everything read."""

    def __init__(self, snap: Snapshot, rule: Contribution, limit: int) -> None:
        self._snap, self._rule, self._limit = snap, rule, limit
        self._pattern = _pattern(rule.leaves)
        self._code = None if rule.code is None else _quoted(rule.code)
        self.found: list[Document] = []
        self.end: Cursor | None = None

    def run(self, spans: Collection[Span]) -> None:
        """At least one stretch, whatever the time it takes."""
        begun: float | None = None
        for source, partition, first, last in spans:
            for at in range(first, last, STRETCH):
                if begun is not None and self._is_over(time.monotonic() - begun):
                    self.end = source, partition, at
                    return
                begun = begun or time.monotonic()
                if not self._stretch(source, partition, at, min(last, at + STRETCH)):
                    return

    def _is_over(self, seconds: float) -> bool:
        return len(self.found) >= self._limit or seconds > (SECONDS if self.found else PATIENCE)

    def _stretch(self, source: str, partition: int, after: int, until: int) -> bool:
        """False if the page is full before the end."""
        where = {"source": source, "partition": partition, "after": after, "until": until, "name": NAME}
        asked = where | {"types": sorted(USES[source]), "pattern": self._pattern, "code": self._code}
        rows = self._snap.tx.execute(text(_READ), asked).all()
        kinds = self._kinds(rows)
        for n, row in enumerate(rows):
            if len(self.found) == self._limit:
                self.end = source, partition, rows[n - 1].position
                return False
            if n % 100 == 0:
                time.sleep(0)  # other requests of this process
            tally = Tally(kinds)
            count(tally, row.type, row.data)
            if facts := self._rule.of(tally):
                self.found.append(_shown(source, partition, row, facts))
        return True

    def _kinds(self, rows: Collection[Any]) -> Mapping[str, str]:
        named = {team for row in rows for team in teams_named(row.type, row.data)}
        return self._snap.slot.team_kinds(self._snap.tx, named)


def _shown(source: str, partition: int, row: Any, facts: Mapping[tuple[str, str], int]) -> Document:
    """Ids only: whoever may see more asks the source."""
    return {
        "source": source,
        "partition": partition,
        "position": row.position,
        "id": f"{row.command_id}:{row.ordinal}",
        "type": row.type,
        "recorded_at": row.recorded_at,
        "document_id": row.data.get("document_id"),
        "facts": [{"unit_id": unit, "day": day, "adds": n} for (unit, day), n in facts.items()],
        "adds": sum(facts.values()),
    }


def _pattern(inside: Collection[str] | None) -> str | None:
    """A regular expression that finds any of a few leaves in an event's text."""
    if inside is None or len(inside) > FEW_LEAVES:
        return None
    ids = sorted(re.escape(_quoted(leaf)) for leaf in inside)
    return "|".join(ids) if ids else "(?!)"


def _quoted(text: str) -> str:
    """As it stands in an event's text."""
    return json.dumps(text, ensure_ascii=False)


# --- what has to be read ---------------------------------------------------------------------------------------------


def _spans(snap: Snapshot, indicator: Indicator, question: SourceQuestion) -> Iterator[Span]:
    """Up to where the figures have come, of the indicator's source, within the days of recording asked for."""
    for (source, partition), head in sorted(snap.progress.positions.items()):
        if source != indicator.source:
            continue
        first, last = 0, head
        if question.recorded_from is not None:
            first = _eve(snap, source, partition, head, question.recorded_from)
        if question.recorded_to is not None:
            last = _eve(snap, source, partition, head, question.recorded_to + timedelta(days=1))
        if first < last:
            yield source, partition, first, last


def _eve(snap: Snapshot, source: str, partition: int, head: int, day: date) -> int:
    """The last position recorded before a day in Viet Nam."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=HANOI)
    return recorded_before(snap.tx, source, partition, head, midnight)


def _length(spans: Collection[Span]) -> int:
    return sum(last - first for _, _, first, last in spans)


def _from(spans: Collection[Span], cursor: Cursor | None) -> list[Span]:
    """What is left to be read behind a cursor."""
    if cursor is None:
        return list(spans)
    source, partition, position = cursor
    left = []
    for at, number, first, last in spans:
        if (at, number) == (source, partition):
            first = max(first, position)
        if (at, number) >= (source, partition) and first < last:
            left.append((at, number, first, last))
    return left
