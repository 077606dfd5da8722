"""Reports as they were known at a moment: what had been recorded by then, read from the mirror and counted again.

Events are counted by the projection's own functions up to a position of every partition, and stand where the units
known at that moment place them. So the answer is what a report said then, of all figures alike; the moment may be any.
As much is read as had been recorded, so a question is bounded (``MOST_POSITIONS``), and answered one at a time.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, text

from services.reporting.domain import KEYED_STOCKS, USES, Tally, count, records
from services.reporting.domain.tally import AT, FACTS, Key
from services.reporting.figures import OF_EVENTS, PARKED, column
from services.reporting.indicators import value
from services.reporting.indicators.codes import by_pillar, list_of, names_in
from services.reporting.placing import Place, place
from services.reporting.projections import NAME
from services.reporting.queries.codes import entries
from services.reporting.queries.parked import Positions, parked
from services.reporting.queries.recorded import recorded_before
from services.reporting.queries.reports import doubts
from services.reporting.queries.standing import Area, Shown
from services.reporting.schemas.reports import Settled
from services.reporting.sums import Sums, Window
from services.reporting.sums_sql import Wanted
from shared.problems import Problem
from shared.units import UnitTree

MOST_POSITIONS = 250_000
"""Of the mirror, counted again for one answer."""
STRETCH = 2_000
KEPT = 64
"""Answers that stay: what was known at a moment changes only with what is parked."""
_INSTANT = timedelta(microseconds=1)

# All events of a stretch as one JSON text: reading them row by row costs the driver more than counting them.
_READ = text(
    """SELECT string_agg(json_build_array(m.type, m.data)::text, ',' ORDER BY m.position)
         FROM bus.mirror m JOIN bus.sources s USING (source, log_id)
        WHERE m.source = :source AND m.partition = :partition AND m.position > :after AND m.position <= :until
          AND m.type = ANY(:types)
          AND NOT EXISTS (SELECT FROM bus.parked p WHERE p.subscription = :name AND p.source = m.source
                             AND p.partition = m.partition AND p.position = m.position)"""
)
# Which events are left out above: a name for all of them.
_LEFT_OUT = text(
    """SELECT md5(string_agg(concat_ws(':', source, partition, position), ',' ORDER BY source, partition, position))
         FROM bus.parked WHERE subscription IN (:name, 'units@1')"""
)

Document = dict[str, Any]


class KnownReports:
    def __init__(self, area: Area) -> None:
        self._area = area
        self._one_at_a_time = threading.Lock()
        self._kept: OrderedDict[tuple[Any, ...], Sums] = OrderedDict()

    def answer(self, unit: str, asked: Settled, known_at: datetime, locale: str, *, anew: bool = False) -> Document:
        """The figures in all. Raises ``Problem`` for a unit not known then, and where too much would be read.

        ``anew``: counted now, not kept from before. Codes have the names that they have today.
        """
        tree, tree_position = self._area.directory.as_known(known_at)
        if unit not in tree:
            raise Problem("unit-not-known-then", "/known_at", where="query", unit=unit)
        shown, question = self._area.shown(unit, asked.map_day, tree), asked.question
        wanted = Wanted.of(name for each in question.indicators for name in each.figures)
        sources = _sources(asked)
        with self._area.snapshot(()) as snap:
            positions = {
                (source, partition): recorded_before(snap.tx, source, partition, head, known_at + _INSTANT)
                for (source, partition), head in sorted(snap.progress.positions.items())
            }
            to_read = {key: position for key, position in positions.items() if key[0] in sources}
            if sum(to_read.values()) > MOST_POSITIONS:
                events = sum(to_read.values())
                raise Problem("known-at-too-much", "/known_at", where="query", events=events, most=MOST_POSITIONS)
            fold = Fold(tree, shown, asked.window, wanted, stories=not _single(asked))
            left_out = snap.tx.execute(_LEFT_OUT, {"name": NAME}).scalar_one()
            key = (unit, asked.map_day, asked.window, wanted, tuple(to_read.items()), left_out, tree_position)
            sums = self._counted(snap.tx, key, fold, to_read, anew)
            [waiting] = parked(snap.tx, tree, shown.map_day, [asked.window.until], positions)
            figures = sums.figures | {PARKED: waiting[shown.counted_as]}
            named = entries(snap, tree.ancestors(unit, shown.map_day), asked.window.until, question.indicators)
            warnings = [
                *self._area.warnings(shown, snap.progress, locale),
                *doubts(sums, locale),
            ]
        answer: Document = {
            **self._area.head(shown),
            "period": {"from": asked.window.first, "to": asked.window.last},
            "as_of": asked.window.as_of,
            "known_at": known_at,
            "by": question.by,
            "calendar": question.calendar.name,
            "indicators": {each.code: each.version for each in question.indicators},
            "figures": {each.code: by_pillar(each, value(each, figures), named) for each in question.indicators},
            "warnings": warnings,
            **snap.progress.document(),
            "positions": _by_source(positions),
        }
        if any(map(list_of, question.indicators)):
            answer["names"] = names_in(answer, question.indicators, named)
        return answer

    def _counted(self, tx: Connection, key: tuple[Any, ...], fold: Fold, to_read: Positions, anew: bool) -> Sums:
        if anew or key not in self._kept:
            if not self._one_at_a_time.acquire(blocking=False):
                raise Problem("overloaded", headers={"Retry-After": "5"}, seconds=5)
            try:
                self._kept[key] = fold.run(tx, to_read)
            finally:
                self._one_at_a_time.release()
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]


def _by_source(positions: Positions) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (source, partition), position in positions.items():
        found.setdefault(source, {})[str(partition)] = position
    return found


def _single(asked: Settled) -> bool:
    """Whether single events say all that is asked for."""
    return all(OF_EVENTS.issuperset(each.figures) for each in asked.question.indicators)


def _sources(asked: Settled) -> frozenset[str]:
    """Whose events have to be read; what follows from a whole story may follow from what the registry told, too."""
    found = {str(each.source) for each in asked.question.indicators}
    if "reporting" in found:
        return frozenset(USES)
    return frozenset(found if _single(asked) else found | {"teams"})


@dataclass
class Fold:
    """Figures of one unit from events alone. ``stories``: whether records of teams, opinions… are needed as well."""

    tree: UnitTree
    shown: Shown
    window: Window
    wanted: Wanted
    stories: bool
    _sums: Sums = field(init=False)
    _kinds: dict[str, str] = field(default_factory=dict)
    _known: dict[Key, bytes] = field(default_factory=dict)
    _places: dict[str, Place | None] = field(default_factory=dict)
    """Leaf → its place, if that is in the unit."""

    def __post_init__(self) -> None:
        self._sums = Sums.zero(self.wanted)

    def run(self, tx: Connection, positions: Positions) -> Sums:
        for (source, partition), last in positions.items():
            for after in range(0, last, STRETCH):
                where = {"source": source, "partition": partition, "after": after, "until": min(last, after + STRETCH)}
                asked = where | {"types": sorted(USES[source]), "name": NAME}
                self._take(orjson.loads(f"[{tx.execute(_READ, asked).scalar_one() or ''}]"))
        self._sums.met_first(self.wanted)
        return self._sums

    def _take(self, events: Sequence[tuple[str, Any]]) -> None:
        tally = Tally(self._kinds)
        for n, (type_, data) in enumerate(events):
            count(tally, type_, data)
            if n % 100 == 0:
                time.sleep(0)  # other requests of this process
        self._kinds |= tally.teams
        for phase in records.PHASES if self.stories else ():
            told = records.told(tally, phase)
            known = {key: orjson.loads(self._known.get(key, b"{}")) for key in told}
            self._known |= {key: orjson.dumps(each) for key, each in records.settle(tally, phase, known).items()}
            time.sleep(0)
        self._add(tally)

    def _add(self, tally: Tally) -> None:
        figures, window = self._sums.figures, self.window
        first, last, as_of, until = (day.isoformat() for day in (window.first, window.last, window.as_of, window.until))
        for (unit, day), row in tally.figures.items():
            if (where := self._place(unit)) is None:
                continue
            if day <= as_of:
                for name in self.wanted.stocks:
                    figures[name] += row.get(AT[name], 0)
            if first <= day <= last:
                for name in self.wanted.flows:
                    figures[name] += row.get(AT[column(name)], 0)
            if day <= until:
                facts = row.get(FACTS, 0)
                figures["estimated"] += facts if where.estimated else 0
                figures["uncertain"] += facts if where.uncertain(self.shown.level) else 0
                figures["successor_unknown"] += facts if where.successor_unknown else 0
                figures["unplaced"] += facts if where.home is None else 0
        for (unit, kind, day, before), n in tally.reached.items():
            if kind in self.wanted.kinds and before < first <= day <= last and self._place(unit):
                figures[f"reached_{kind}"] += n
        for (unit, figure, code, day), n in tally.keyed.items():
            begins = "" if figure in KEYED_STOCKS else first
            ends = as_of if figure in KEYED_STOCKS else last
            if figure in self.wanted.keyed and begins <= day <= ends and self._place(unit):
                self._sums.add_keyed(figure, code, n)

    def _place(self, leaf: str) -> Place | None:
        if leaf not in self._places:
            where = place(self.tree, leaf, self.shown.map_day)
            self._places[leaf] = where if self.shown.counted_as in (where.home, *where.above) else None
        return self._places[leaf]
