"""The tree of a day, and where the facts of former or later units stand on it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from shared.units.facts import LEVELS, UnitFacts
from shared.units.record import Unit, on
from shared.vietnamese import fold

_RANK = {level: rank for rank, level in enumerate(LEVELS)}
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


@dataclass(frozen=True, slots=True)
class Part:
    """One unit of a map that covers all or some of a former unit; ``whole``: it covers nothing but that former unit."""

    unit_id: str
    name: str
    whole: bool


_Chain = tuple[tuple[str, ...], bool, bool]
"""Ids from the unit up to the nation, estimated, successor_unknown."""


class UnitTree(UnitFacts):
    """All units ever heard of. Days are ``datetime.date`` in Viet Nam; ids are the texts of the events.

    What is derived from the facts is kept per map until they change. One thread may apply while others ask.
    """

    def __init__(self) -> None:
        super().__init__()
        self._chains: dict[date, dict[str, _Chain]] = {}
        self._holders: dict[date, dict[str, Placement | None]] = {}
        self._children: dict[date, dict[str, tuple[str, ...]]] = {}

    def copy(self) -> UnitTree:
        """A tree of its own, to try out what events would make of this one."""
        other = UnitTree()
        other._units = {unit_id: unit.copy() for unit_id, unit in tuple(self._units.items())}
        other._days, other._by_code = list(self._days), dict(self._by_code)
        return other

    def _forget(self, *, fresh_village: bool) -> None:
        # New dicts rather than empty ones: another thread that is working out an answer from the former facts keeps
        # it in the former dict. Villages come by the thousand, and a fresh one changes no other unit's place.
        self._children = {}
        if not fresh_village:
            self._chains, self._holders = {}, {}

    # --- the tree of a day --------------------------------------------------------------------------------------

    def parent(self, unit_id: str, day: date) -> str | None:
        """The unit right above on that day.

        If the recorded parent is not there that day (abolished, and no new parent recorded), the unit that holds the
        parent's facts: a commune whose district is gone belongs to the province, a village whose commune was merged to
        the commune's main successor.
        """
        unit = self._units.get(unit_id)
        above = self._above(unit, day) if unit and unit.exists(day) else None
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

    def children(self, unit_id: str, day: date) -> tuple[str, ...]:
        """Ids of the units right below on that day, sorted."""
        maps, key = self._children, self.map_key(day)
        below = maps.get(key)
        if below is None:
            lists: dict[str, list[str]] = {}
            for child in tuple(self._units.values()):
                above = self._above(child, day) if child.exists(day) else None
                if above:
                    lists.setdefault(above.unit_id, []).append(child.id)
            below = _map_of(maps, key)
            below.update((above_id, tuple(sorted(ids))) for above_id, ids in lists.items())
        return below.get(unit_id, ())

    def _above(self, unit: Unit, day: date) -> Placement | None:
        recorded, seen = on(unit.parents, day), set[str]()
        # Only a higher level can be above, whatever was recorded: so no chain ever runs in a circle.
        while recorded is not None and recorded not in seen:
            seen.add(recorded)
            holder = Placement(recorded) if self.exists(recorded, day) else self._holder(recorded, day)
            if holder and _RANK[self._units[holder.unit_id].level] < _RANK[unit.level]:
                return holder
            over = self._units.get(recorded)
            recorded = on(over.parents, day) if over else None
        return None

    def _chain(self, unit_id: str, day: date) -> _Chain:
        """(self … nation, estimated, successor_unknown); cached above village level, where units are shared by many."""
        unit = self._units.get(unit_id)
        if unit is None or not unit.exists(day):
            return (), False, False
        cache = _map_of(self._chains, self.map_key(day))
        known = cache.get(unit_id)
        if known is not None:
            return known
        above = self._above(unit, day)
        if above is None:
            chain: _Chain = ((unit_id,), False, False)
        else:
            ids, estimated, unknown = self._chain(above.unit_id, day)
            chain = ((unit_id, *ids), estimated or above.estimated, unknown or above.successor_unknown)
        if unit.level != "village":
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
        if unit_id not in self:
            return None
        cache = _map_of(self._holders, self.map_key(day))
        if unit_id not in cache:
            cache[unit_id] = self._follow(unit_id, day, set())
        return cache[unit_id]

    def _follow(self, unit_id: str | None, day: date, seen: set[str]) -> Placement | None:
        unit = self._units.get(unit_id) if unit_id is not None else None
        if unit is None or unit.start is None or unit.id in seen:
            return None
        seen.add(unit.id)
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

    def former_unit_on_map(self, unit_id: str, map_day: date) -> tuple[Part, ...]:
        """All units of that map that cover a part of a former (or later) unit, sorted by name.

        A district without successors of its own is what became of the communes it had on its last day, never a unit
        that merely bears its name. A commune without known successor adds nothing: see ``successor_unknown``.
        """
        last = self._last_day(unit_id)
        origin = {unit_id}
        found = self._descended(unit_id, map_day, set())
        if not found and self.level(unit_id) == "district":
            origin = set(self.children(unit_id, last))
            found = {part for commune in origin for part in self._descended(commune, map_day, set())}
        parts = [
            Part(part, self.full_name(part, map_day) or "", self._descended(part, last, set()) <= origin)
            for part in found
        ]
        return tuple(sorted(parts, key=lambda part: (fold(part.name), part.unit_id)))

    def _descended(self, unit_id: str, day: date, seen: set[str]) -> set[str]:
        """Every unit of that day reached from this one along successors or predecessors."""
        unit = self._units.get(unit_id)
        if unit is None or unit.start is None or unit_id in seen:
            return set()
        seen.add(unit_id)
        if unit.exists(day):
            return {unit_id}
        links = unit.successors if unit.end is not None and unit.end <= day else unit.predecessors
        return {found for link in links for found in self._descended(link, day, seen)}

    def _last_day(self, unit_id: str) -> date:
        unit = self._units.get(unit_id)
        return unit.end - timedelta(days=1) if unit and unit.end else date.max


_T = TypeVar("_T")


def _map_of(maps: dict[date, dict[str, _T]], key: date) -> dict[str, _T]:
    """The cache of one map; only the latest few are kept."""
    cache = maps.get(key)
    if cache is None:
        if len(maps) >= _KEPT_MAPS:
            maps.pop(next(iter(maps)), None)
        cache = maps.setdefault(key, {})
    return cache
