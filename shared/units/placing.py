"""What stands above a unit on a day, and where the facts of former or later units stand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from shared.units.facts import UnitFacts, add_day
from shared.units.levels import LEVELS, RANK
from shared.units.record import Unit, on, values

LOWEST = LEVELS[-1]
_KEPT_MAPS = 16


@dataclass(frozen=True, slots=True)
class Placement:
    """Where facts of a unit stand on a map.

    ``uncertain``: of the unit and those above it the ones that rest on a choice (one below was split or merged), so the
    true one may be another; all the others hold the facts whatever is chosen. ``successor_unknown``: nobody knows the
    successor, so the facts stand at a higher level.
    """

    unit_id: str
    uncertain: frozenset[str] = frozenset()
    successor_unknown: bool = False

    @property
    def estimated(self) -> bool:
        """Whether any choice was made on the way."""
        return bool(self.uncertain)


class _Holders(NamedTuple):
    """The units of a map that may hold something, the main one first.

    ``rank``: of the lowest of them; ``successor_unknown``: on the way to the main one.
    """

    units: tuple[str, ...]
    rank: int
    successor_unknown: bool = False


_Chain = tuple[tuple[str, ...], frozenset[str], bool]
"""Ids from the unit up to the nation, those of them that are uncertain, successor_unknown."""
_NONE = frozenset[str]()


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
        self._holders: dict[date, dict[str, _Holders | None]] = {}
        self._choices: dict[date, dict[tuple[str, ...], frozenset[str]]] = {}

    def _changed(self, unit: Unit, days: set[date]) -> None:
        if not self._unlawful and unit.level in RANK:
            self._unlawful = self._is_unlawful(unit)
        if unit.level == LOWEST and not self._unlawful:
            return
        for day in days:
            add_day(self._frame_days, day)
        # New dicts rather than empty ones: another thread that is working out an answer from the former facts keeps
        # it in the former dict.
        self._chains, self._holders, self._choices = {}, {}, {}
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
        return above.units[0] if above else None

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

    def surely_covers(self, roots: Collection[str], unit_id: str, day: date) -> bool:
        """As ``covers``, whichever of several successors or predecessors is the true one."""
        if unit_id in roots:
            return True
        unit = self._units.get(unit_id)
        if unit is None:
            return False
        holders = self._above_unit(unit, day) if unit.exists(day) else self._holders_of(unit_id, day)
        return holders is not None and all(self.surely_covers(roots, each, day) for each in holders.units)

    def _above(self, recorded: str | None, rank: int, day: date) -> _Holders | None:
        """What may stand right above a unit of that rank whose recorded parent this is."""
        seen = set[str]()
        # Only a higher level can be above, whatever was recorded: so no chain ever runs in a circle.
        while recorded is not None and recorded not in seen:
            seen.add(recorded)
            over = self._units.get(recorded)
            there = over is not None and over.exists(day)
            holders = _Holders((recorded,), self._rank(recorded)) if there else self._holders_of(recorded, day)
            if holders is not None:
                if holders.rank < rank:
                    return holders
                higher = tuple(unit for unit in holders.units if self._rank(unit) < rank)
                if holders.units[0] in higher:
                    return _Holders(higher, rank - 1, holders.successor_unknown)
            recorded = on(over.parents, day) if over else None
        return None

    def _above_unit(self, unit: Unit, day: date) -> _Holders | None:
        return self._above(on(unit.parents, day), RANK[unit.level], day)

    def _rank(self, unit_id: str) -> int:
        return RANK[self._units[unit_id].level]

    def _chain(self, unit_id: str, day: date) -> _Chain:
        """Of a unit of that day, else empty; cached above village level, where units are shared by many."""
        unit = self._units.get(unit_id)
        if unit is None or not unit.exists(day):
            return (), _NONE, False
        cache = map_of(self._chains, self._frame_key(day))
        known = cache.get(unit_id)
        if known is not None:
            return known
        above = self._above_unit(unit, day)
        if above is None:
            chain: _Chain = ((unit_id,), _NONE, False)
        else:
            ids, uncertain, unknown = self._main_chain(above, day)
            if not ids:
                return self._chain(unit_id, day)  # it ended between the two questions, as another thread applied
            chain = ((unit_id, *ids), uncertain, unknown)
        if unit.level != LOWEST:
            cache[unit_id] = chain
        return chain

    def _main_chain(self, holders: _Holders, day: date) -> _Chain:
        """That of the main one; what is not above all of them is uncertain."""
        ids, uncertain, unknown = self._chain(holders.units[0], day)
        if len(holders.units) > 1:
            uncertain = self._uncertain(holders.units, day)
        return ids, uncertain, unknown or holders.successor_unknown

    def _uncertain(self, units: tuple[str, ...], day: date) -> frozenset[str]:
        """Of the first one and those above it, what is not above all of them for certain."""
        cache = map_of(self._choices, self._frame_key(day))
        known = cache.get(units)
        if known is not None:
            return known
        ids, uncertain, _ = self._chain(units[0], day)
        certain = set(ids) - uncertain
        for other in units[1:]:
            ids_of_other, uncertain, _ = self._chain(other, day)
            certain &= set(ids_of_other) - uncertain
        found = frozenset(ids) - certain
        if all(self._units[unit].level != LOWEST for unit in units):
            cache[units] = found
        return found

    # --- facts on another map -----------------------------------------------------------------------------------

    def place(self, unit_id: str, map_day: date) -> Placement | None:
        """The unit of that map which holds the facts recorded for ``unit_id``; None only for an unknown unit.

        Itself if it exists that day. Abolished earlier: forward along main successors. Formed later: back along main
        predecessors. Where no link leads on, up to the unit it belonged to: totals never shrink. What is not the same
        whichever of several successors or predecessors is chosen is ``uncertain``; going up to a coarser level is not.
        """
        if self.exists(unit_id, map_day):
            _, uncertain, unknown = self._chain(unit_id, map_day)
            return Placement(unit_id, uncertain, unknown)
        holders = self._holders_of(unit_id, map_day)
        if holders is None:
            return None
        _, uncertain, unknown = self._main_chain(holders, map_day)
        return Placement(holders.units[0], uncertain, unknown)

    def _holders_of(self, unit_id: str, day: date) -> _Holders | None:
        """Of the facts of a unit that is not there that day."""
        unit = self._units.get(unit_id)
        if unit is None or (unit.start is None and not unit.void):
            return None
        if unit.level == LOWEST:
            return self._search(unit_id, day)
        cache = map_of(self._holders, self._frame_key(day))
        if unit_id not in cache:
            cache[unit_id] = self._search(unit_id, day)
        return cache[unit_id]

    def _search(self, unit_id: str, day: date) -> _Holders | None:
        found: dict[str, None] = {}
        unknown = self._follow(unit_id, day, found, {})
        return None if unknown is None else _Holders(tuple(found), max(map(self._rank, found)), unknown)

    def _follow(
        self, unit_id: str | None, day: date, found: dict[str, None], seen: dict[str, bool | None]
    ) -> bool | None:
        """Add the units to which the ways from this one lead, its main way first.

        Is a successor unknown on that one? None if no way leads on. Every unit is looked at once, however many ways
        meet in it; back to one that is being looked at, in a circle, no way leads.
        """
        unit = self._units.get(unit_id) if unit_id is not None else None
        if unit is None:
            return None
        if unit.id not in seen:
            seen[unit.id] = None
            seen[unit.id] = self._follow_from(unit, day, found, seen)
        return seen[unit.id]

    def _follow_from(self, unit: Unit, day: date, found: dict[str, None], seen: dict[str, bool | None]) -> bool | None:
        if unit.exists(day):
            found[unit.id] = None
            return False
        if unit.start is None:
            # It never was, but while it was believed in, facts may have been recorded for it: they go up.
            up = self._follow(on(unit.parents, day), day, found, seen) if unit.void else None
            return None if up is None else True
        past = unit.end is not None and unit.end <= day
        links = unit.successors if past else self.predecessors(unit.id)
        ways = [self._follow(link, day, found, seen) for link in links]
        for way in ways:
            if way is not None:
                return way
        last = unit.end - timedelta(days=1) if past and unit.end else unit.start
        up = self._follow(on(unit.parents, last), day, found, seen)
        return None if up is None else up or (past and (unit.successor_unknown or bool(links)))


_K = TypeVar("_K")
_T = TypeVar("_T")


def map_of(maps: dict[date, dict[_K, _T]], key: date) -> dict[_K, _T]:
    """The cache of one map; only the latest few are kept."""
    cache = maps.get(key)
    if cache is None:
        if len(maps) >= _KEPT_MAPS:
            maps.pop(next(iter(maps)), None)
        cache = maps.setdefault(key, {})
    return cache
