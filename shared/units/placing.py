"""What stands above a unit on a day, and where the facts of former or later units stand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from shared.units.facts import UnitFacts, add_day
from shared.units.levels import LEVELS, RANK
from shared.units.record import Unit, on, values

LOWEST = LEVELS[-1]
_KEPT_MAPS = 16


@dataclass(frozen=True, slots=True)
class Placement:
    """Where facts of a unit stand on a map.

    ``estimated``: a choice was made on the way (the unit, or one above it, was split or merged), so the true place may
    be another one. ``successor_unknown``: nobody knows the successor, so the facts stand at a higher level.
    """

    unit_id: str
    estimated: bool = False
    successor_unknown: bool = False


_Chain = tuple[tuple[str, ...], bool, bool]
"""Ids from the unit up to the nation, estimated, successor_unknown."""


class Placing(UnitFacts):
    """The tree seen from below.

    What is derived from the facts is kept per map until they change. Nothing stands below a village, so nothing kept
    depends on facts about villages, which are many and come every day. One thread may apply while others ask.
    """

    def __init__(self) -> None:
        super().__init__()
        self._frame_days: list[date] = []
        """Days on which anything above the villages changed."""
        self._unlawful = False
        """A unit was recorded below one that is not higher, or as one with a village: no short cuts then."""
        self._chains: dict[date, dict[str, _Chain]] = {}
        self._holders: dict[date, dict[str, Placement | None]] = {}

    def _changed(self, unit: Unit, days: set[date]) -> None:
        if not self._unlawful and unit.level in RANK:
            self._unlawful = self._is_unlawful(unit)
        if unit.level == LOWEST and not self._unlawful:
            return
        for day in days:
            add_day(self._frame_days, day)
        # New dicts rather than empty ones: another thread that is working out an answer from the former facts keeps
        # it in the former dict.
        self._chains, self._holders = {}, {}
        self._forget()

    def _forget(self) -> None:
        """Drop what else was derived from facts above the villages."""

    def _is_unlawful(self, unit: Unit) -> bool:
        rank, lowest = RANK[unit.level], unit.level == LOWEST
        for parent in values(unit.parents):
            above = self._units.get(parent)
            if above is not None and RANK.get(above.level, -1) >= rank:
                return True
        for other in (*unit.successors, *unit.predecessors):
            level = self._units[other].level
            if level and (level == LOWEST) != lowest:
                return True
        return unit.id in self._parents and any((unit.id, level) in self._below for level in LEVELS[: rank + 1])

    def _frame_key(self, day: date) -> date:
        if self._unlawful:
            return self.map_key(day)
        at = bisect_right(self._frame_days, day)
        return self._frame_days[at - 1] if at else date.min

    def parent(self, unit_id: str, day: date) -> str | None:
        """The unit right above on that day.

        If the recorded parent is not there that day (abolished, and no new parent recorded), the unit that holds the
        parent's facts: a commune whose district is gone belongs to the province, a village whose commune was merged to
        the commune's main successor.
        """
        unit = self._units.get(unit_id)
        above = self._above_unit(unit, day) if unit and unit.exists(day) else None
        return above.unit_id if above else None

    def ancestors(self, unit_id: str, day: date) -> tuple[str, ...]:
        """The unit itself, then each unit above it up to the nation; empty if it does not exist that day."""
        return self._chain(unit_id, day)[0]

    def covers(self, roots: Collection[str], unit_id: str, day: date) -> bool:
        """Is one of ``roots`` the unit or above it on that day?

        A unit that is not there that day counts where its facts stand.
        """
        if unit_id in roots:
            return True
        if not self.exists(unit_id, day):
            placed = self.place(unit_id, day)
            unit_id = placed.unit_id if placed else ""
        return any(above in roots for above in self.ancestors(unit_id, day))

    def _above(self, recorded: str | None, rank: int, day: date) -> Placement | None:
        """Where a unit of that rank stands whose recorded parent this is."""
        seen = set[str]()
        # Only a higher level can be above, whatever was recorded: so no chain ever runs in a circle.
        while recorded is not None and recorded not in seen:
            seen.add(recorded)
            holder = Placement(recorded) if self.exists(recorded, day) else self._holder(recorded, day)
            if holder and RANK[self._units[holder.unit_id].level] < rank:
                return holder
            over = self._units.get(recorded)
            recorded = on(over.parents, day) if over else None
        return None

    def _above_unit(self, unit: Unit, day: date) -> Placement | None:
        return self._above(on(unit.parents, day), RANK[unit.level], day)

    def _chain(self, unit_id: str, day: date) -> _Chain:
        """(self … nation, estimated, successor_unknown); cached above village level, where units are shared by many."""
        unit = self._units.get(unit_id)
        if unit is None or not unit.exists(day):
            return (), False, False
        cache = map_of(self._chains, self._frame_key(day))
        known = cache.get(unit_id)
        if known is not None:
            return known
        above = self._above_unit(unit, day)
        if above is None:
            chain: _Chain = ((unit_id,), False, False)
        else:
            ids, estimated, unknown = self._chain(above.unit_id, day)
            if not ids:
                return self._chain(unit_id, day)  # it ended between the two questions, as another thread applied
            chain = ((unit_id, *ids), estimated or above.estimated, unknown or above.successor_unknown)
        if unit.level != LOWEST:
            cache[unit_id] = chain
        return chain

    # --- facts on another map -----------------------------------------------------------------------------------

    def place(self, unit_id: str, map_day: date) -> Placement | None:
        """The unit of that map which holds the facts recorded for ``unit_id``; None only for an unknown unit.

        Itself if it exists that day. Abolished earlier: forward along main successors. Formed later: back along main
        predecessors. Where no link leads on, up to the unit it belonged to: totals never shrink. Choosing among several
        successors or predecessors is ``estimated``; going up to a coarser level is not.
        """
        holder = Placement(unit_id) if self.exists(unit_id, map_day) else self._holder(unit_id, map_day)
        if holder is None:
            return None
        _, estimated, unknown = self._chain(holder.unit_id, map_day)
        if not (estimated or unknown):
            return holder
        return Placement(holder.unit_id, holder.estimated or estimated, holder.successor_unknown or unknown)

    def _holder(self, unit_id: str, day: date) -> Placement | None:
        unit = self._units.get(unit_id)
        if unit is None or (unit.start is None and not unit.void):
            return None
        if unit.level == LOWEST:
            return self._follow(unit_id, day, set())
        cache = map_of(self._holders, self._frame_key(day))
        if unit_id not in cache:
            cache[unit_id] = self._follow(unit_id, day, set())
        return cache[unit_id]

    def _follow(self, unit_id: str | None, day: date, seen: set[str]) -> Placement | None:
        unit = self._units.get(unit_id) if unit_id is not None else None
        if unit is None or unit.id in seen:
            return None
        seen.add(unit.id)
        if unit.start is None:
            # It never was, but while it was believed in, facts may have been recorded for it: they go up.
            found = self._follow(on(unit.parents, day), day, seen) if unit.void else None
            return Placement(found.unit_id, found.estimated, True) if found else None
        if unit.exists(day):
            return Placement(unit.id)
        past = unit.end is not None and unit.end <= day
        links = unit.successors if past else self.predecessors(unit.id)
        for link in links:
            found = self._follow(link, day, seen)
            if found:
                return Placement(found.unit_id, found.estimated or len(links) > 1, found.successor_unknown)
        last = unit.end - timedelta(days=1) if past and unit.end else unit.start
        found = self._follow(on(unit.parents, last), day, seen)
        unknown = past and (unit.successor_unknown or bool(links))
        return Placement(found.unit_id, found.estimated, found.successor_unknown or unknown) if found else None


_T = TypeVar("_T")


def map_of(maps: dict[date, dict[str, _T]], key: date) -> dict[str, _T]:
    """The cache of one map; only the latest few are kept."""
    cache = maps.get(key)
    if cache is None:
        if len(maps) >= _KEPT_MAPS:
            maps.pop(next(iter(maps)), None)
        cache = maps.setdefault(key, {})
    return cache
