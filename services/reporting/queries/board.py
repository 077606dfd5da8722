"""The board of a campaign: what was to be done, what is done, at which pace, and where that leads, unit by unit.

The figures are those of any report for the campaign's days and units. So a visit that comes late counts for the
campaigns of its day, and one outside of their units for none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from services.reporting.domain import GAINED
from services.reporting.indicators import CATALOGUE, value
from services.reporting.messages import warning
from services.reporting.pace import Span, pace, percent
from services.reporting.projections import NAME
from services.reporting.queries.campaigns import Campaign, Targets, campaign_of
from services.reporting.queries.reports import doubts
from services.reporting.queries.standing import Area, Shown, Snapshot
from services.reporting.store import UNCERTAIN
from services.reporting.sums import Sums, Window, summed, uncertain_leaves
from services.reporting.sums_sql import Standing, Wanted
from shared.problems import Problem
from shared.units import UnitTree

FIGURES = CATALOGUE.chosen(("visits", "households_reached", "people_taught", "active_teams", *GAINED))
"""All additive over units: the figures of a campaign are the sums over its units."""
MOST_ROWS = 200
"""Units of a board; those who have done most come first. One that is not among them has a board of its own."""
_WANTED = Wanted.of(name for each in FIGURES for name in each.figures)
_MOVED = text(
    """SELECT (SELECT since FROM read.figures_live), (SELECT array_agg(tree_position) FROM read.map WHERE map < 2),
              (SELECT array_agg(position ORDER BY source, partition) FROM bus.cursors WHERE subscription = :name)"""
)

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """What a board is about: a campaign, or what of it lies in ``unit``. No root lies in another one."""

    campaign: Campaign
    unit: str | None
    roots: tuple[str, ...]
    targets: Targets

    def rows(self, tree: UnitTree, day: date) -> list[str]:
        """The units below: of several roots the roots, of one those right below it, and those with own targets."""
        below = self.roots if len(self.roots) > 1 else tree.children(self.roots[0], day) if self.roots else ()
        own = [unit for unit in self.campaign.unit_targets if unit in tree and tree.covers(self.roots, unit, day)]
        return [unit for unit in dict.fromkeys((*below, *own)) if (unit,) != self.roots]


def part_of(campaign: Campaign, unit: str | None, tree: UnitTree, day: date) -> Part | None:
    """None: nothing of the campaign lies in the unit."""
    roots = [root for root in dict.fromkeys(campaign.unit_ids) if root in tree]
    roots = [root for root in roots if not tree.covers([each for each in roots if each != root], root, day)]
    if unit is None:
        return Part(campaign, None, tuple(roots), campaign.targets)
    inside = [root for root in roots if tree.covers((unit,), root, day)]
    targets = campaign.targets if inside == roots else campaign.unit_targets.get(unit, {})
    if not inside and tree.covers(roots, unit, day):
        inside = [unit]
    return Part(campaign, unit, tuple(inside), targets) if inside else None


class Boards:
    def __init__(self, area: Area) -> None:
        self._area = area

    def part(self, campaign_id: UUID, unit: str | None) -> tuple[Part, date]:
        """With the day whose units it is about. Raises ``Problem``."""
        with self._area.snapshot(()) as snap:
            campaign = campaign_of(snap.tx, snap.slot, campaign_id)
        if campaign is None:
            raise Problem("not-found", where="path")
        day = campaign.standing_day(self._area.today())
        part = part_of(campaign, unit, self._area.tree, day)
        if part is None:
            raise Problem("unit-not-in-campaign", "/unit", where="query")
        return part, day

    def board(self, campaign_id: UUID, unit: str | None, now: datetime, locale: str) -> Document:
        """Raises ``Problem``."""
        part, day = self.part(campaign_id, unit)
        rows = part.rows(self._area.tree, day)
        shown = {each: self._area.shown(each, day) for each in dict.fromkeys((*part.roots, *rows))}
        with self._area.snapshot({each.key for each in shown.values()}) as snap:
            sums = _sums(snap, shown.values(), part.campaign.span)
            total = Sums.zero(_WANTED)
            for root in part.roots:
                total.add(sums[root])
            if len(part.roots) > 1 and total.figures[UNCERTAIN]:
                total.figures[UNCERTAIN] = self._uncertain(snap, [shown[root] for root in part.roots], part, day)
            timed = _Timed(part.campaign.span, part.campaign.span.elapsed(now))
            ranked = sorted(rows, key=lambda each: (-sums[each].figures["visits"], each))
            return {
                "campaign": part.campaign.document(),
                "unit": None if unit is None else self._area.unit(unit, day),
                "map": day,
                "days": part.campaign.span.days,
                "elapsed_days": round(timed.elapsed, 2),
                "figures": timed.figures(total, part.targets),
                "units": [
                    {
                        "unit": self._area.unit(each, day),
                        "figures": timed.figures(sums[each], part.campaign.unit_targets.get(each, {})),
                    }
                    for each in ranked[:MOST_ROWS]
                ],
                "units_in_all": len(rows),
                "warnings": self._warnings(part, shown, snap, total, locale),
            } | snap.progress.document()

    def _uncertain(self, snap: Snapshot, roots: Iterable[Shown], part: Part, day: date) -> int:
        """Facts that may belong to none of the roots; those that may only be another root's are the campaign's."""
        tree = self._area.tree
        found = (
            facts
            for standing in _together(snap, roots)
            for leaf, facts in uncertain_leaves(snap.tx, standing, part.campaign.span.last).items()
            if not tree.surely_covers(part.roots, leaf, day)
        )
        return sum(found)

    def moved(self) -> tuple[Any, ...]:
        """Names the state of all boards: which figures, how far they have come, on which maps."""
        with self._area.engine.connect() as tx:
            since, maps, positions = tx.execute(_MOVED, {"name": NAME}).one()
        return since, tuple(maps or ()), tuple(positions or ())

    def _warnings(
        self, part: Part, shown: Mapping[str, Shown], snap: Snapshot, total: Sums, locale: str
    ) -> list[Document]:
        found = [warn for root in part.roots for warn in self._area.warnings(shown[root], snap.progress, locale)]
        found = [warn for n, warn in enumerate(found) if warn not in found[:n]]
        if unknown := sum(unit not in self._area.tree for unit in part.campaign.unit_ids):
            found.append(warning("units_unknown", locale, units=unknown))
        return found + doubts(total, locale)


@dataclass(frozen=True, slots=True)
class _Timed:
    span: Span
    elapsed: float

    def figures(self, sums: Sums, targets: Targets) -> Document:
        """By indicator: what is done, what was to be, and where it leads."""
        found: Document = {}
        for each in FIGURES:
            done, target = value(each, sums.figures), targets.get(each.code)
            assert isinstance(done, int)
            share = {"target": target, "percent": percent(done, target)}
            found[each.code] = {"done": done, **share, **asdict(pace(done, target, self.span, self.elapsed))}
        return found


def _sums(snap: Snapshot, shown: Iterable[Shown], span: Span) -> dict[str, Sums]:
    """Of each unit."""
    window = Window(span.first, span.last, span.last)
    found: dict[str, Sums] = {}
    for standing in _together(snap, shown):
        found |= summed(snap.tx, standing, window, _WANTED)
    return found


def _together(snap: Snapshot, shown: Iterable[Shown]) -> Iterator[Standing]:
    """Those of one level and map at once."""
    together: dict[tuple[date, str], list[Shown]] = {}
    for each in shown:
        together.setdefault((each.key, each.level), []).append(each)
    for (_, level), units in together.items():
        yield snap.standing(units[0], level, tuple(each.unit for each in units))


def version(board: Document) -> str:
    """Differs when anything of the board does that is not the clock or how far the figures have come."""
    parts = [
        board["campaign"],
        board["elapsed_days"],
        board["warnings"],
        board["units_in_all"],
        _done(board["figures"]),
    ]
    parts += [(row["unit"]["id"], _done(row["figures"])) for row in board["units"]]
    return hashlib.blake2b(orjson.dumps(parts), digest_size=12).hexdigest()


def _done(figures: Mapping[str, Document]) -> Collection[tuple[int, int | None]]:
    return [(each["done"], each["target"]) for each in figures.values()]
