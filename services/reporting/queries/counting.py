"""The figures that a question needs: sums of the read model, and counts of units where those are asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from services.reporting.census import census
from services.reporting.figures import PARKED, UNITS
from services.reporting.placing import EVERYWHERE
from services.reporting.queries.parked import parked
from services.reporting.queries.standing import Area, Shown, Snapshot
from services.reporting.sums import Sums, Window, series, summed
from services.reporting.sums_sql import Standing, Wanted


def counted(
    area: Area, snap: Snapshot, shown: Shown, where: Standing, window: Window, figures: Collection[str]
) -> dict[str, Sums]:
    """Of every unit of ``where``, on the map of ``shown``."""
    found = summed(snap.tx, where, window, Wanted.of(figures))
    if not UNITS.isdisjoint(figures):
        [units] = census(snap.tx, where, area.existing.on(shown.key), [window.as_of])
        for unit, sums in found.items():
            sums.figures |= units[unit]
    if PARKED in figures:
        [waiting] = parked(snap.tx, area.tree, shown.map_day, [window.until])
        for unit, sums in found.items():
            sums.figures[PARKED] = waiting[EVERYWHERE if where.level == "nation" else unit]
    return found


def by_period(
    area: Area, snap: Snapshot, shown: Shown, firsts: Sequence[date], window: Window, figures: Collection[str]
) -> list[Sums]:
    """Of the unit, in each of the periods that begin on ``firsts``."""
    where = snap.standing(shown)
    found = series(snap.tx, where, firsts, window, Wanted.of(figures))
    lasts = [*(first - timedelta(days=1) for first in firsts[1:]), window.last]
    if not UNITS.isdisjoint(figures):
        days = [min(last, window.as_of) for last in lasts]
        for sums, units in zip(found, census(snap.tx, where, area.existing.on(shown.key), days), strict=True):
            sums.figures |= units[shown.unit]
    if PARKED in figures:
        for sums, waiting in zip(found, parked(snap.tx, area.tree, shown.map_day, lasts), strict=True):
            sums.figures[PARKED] = waiting[shown.counted_as]
    return found
