"""The tree of a day seen from above: what stands below a unit."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from shared.units.levels import LEVELS, RANK
from shared.units.placing import LOWEST, Placing, map_of
from shared.units.record import Unit, on
from shared.vietnamese import fold


@dataclass(frozen=True, slots=True)
class Part:
    """One unit of a map that covers all or some of a former unit; ``whole``: it covers nothing but that former unit."""

    unit_id: str
    name: str
    whole: bool


class UnitTree(Placing):
    """All units ever heard of. Days are ``datetime.date`` in Viet Nam; ids are the texts of the events."""

    def __init__(self) -> None:
        super().__init__()
        self._feeders: dict[date, dict[str, Mapping[str, tuple[str, ...]]]] = {}
        self._holding: dict[date, dict[str, tuple[str, ...]]] = {}
        self._told: dict[date, dict[str, Any]] = {}

    def copy(self) -> UnitTree:
        """A tree of its own, to try out what events would make of this one."""
        other = UnitTree()
        other._units.update((unit_id, unit.copy()) for unit_id, unit in tuple(self._units.items()))
        other._days, other._by_code = list(self._days), dict(self._by_code)
        other._below = {key: set(tuple(below)) for key, below in tuple(self._below.items())}
        other._parents = set(tuple(self._parents))
        other._frame_days, other._unlawful = list(self._frame_days), self._unlawful
        return other

    def _forget(self) -> None:
        self._feeders = {}

    def _changed(self, unit: Unit, days: set[date]) -> None:
        self._holding, self._told = {}, {}
        super()._changed(unit, days)

    def told(self, day: date) -> dict[str, Any]:
        """A place for what others work out about units as of that day, by unit id; empty when any unit changes."""
        return map_of(self._told, self.map_key(day))

    def children(self, unit_id: str, day: date) -> tuple[str, ...]:
        """Ids of the units right below on that day, sorted."""
        unit = self._units.get(unit_id)
        if unit is None or not unit.exists(day):
            return ()
        if self._unlawful:
            return tuple(sorted(u for u in self.existing(day) if self.parent(u, day) == unit_id))
        found = []
        for level, sources in self._sources(unit, day).items():
            for source in sources:
                for child_id in tuple(self._below.get((source, level), ())):
                    child = self._units[child_id]
                    if child.level == level and child.exists(day) and on(child.parents, day) == source:
                        found.append(child_id)
        return tuple(sorted(found))

    def below(
        self, unit_id: str, day: date, level: str | None = None, after: Sequence[str] = ()
    ) -> Iterator[tuple[str, ...]]:
        """Units of the subtree, the unit itself not: each as its path of ids from below the unit down to itself.

        In the order of these paths, from behind the path ``after`` on, which need not be there any more.
        """
        return self._walk((), unit_id, day, level, tuple(after))

    def _walk(
        self, path: tuple[str, ...], unit_id: str, day: date, level: str | None, after: tuple[str, ...]
    ) -> Iterator[tuple[str, ...]]:
        children = self.children(unit_id, day)
        for child in children[bisect_left(children, after[0]) if after else 0 :]:
            here, resumed = (*path, child), bool(after) and child == after[0]
            own = self._units[child].level
            if not resumed and level in (None, own):
                yield here
            if own != LOWEST and own != level:
                yield from self._walk(here, child, day, level, after[1:] if resumed else ())

    def _sources(self, unit: Unit, day: date) -> Mapping[str, tuple[str, ...]]:
        """Level → the recorded parents under which units of that level stand right below this one on that day.

        The unit itself, and units that are not there that day and whose facts it holds: found by going their ways
        backwards, from successor to predecessor and the other way round, and down from parent to child.
        """
        cache = map_of(self._feeders, self._frame_key(day))
        known = cache.get(unit.id)
        if known is not None:
            return known
        gone, todo, seen = list[Unit](), [unit], {unit.id}
        while todo:
            at = todo.pop()
            near = {*at.predecessors, *at.successors}
            near.update(*(tuple(self._below.get((at.id, level), ())) for level in ("", *LEVELS[:-1])))
            for other in (self._units[other_id] for other_id in near - seen):
                seen.add(other.id)
                if other.level != LOWEST and not other.exists(day):
                    gone.append(other)
                    todo.append(other)
        known = {level: (unit.id, *self._held(unit, gone, level, day)) for level in LEVELS[RANK[unit.level] + 1 :]}
        cache[unit.id] = known
        return known

    def _held(self, unit: Unit, gone: Sequence[Unit], level: str, day: date) -> Iterator[str]:
        for other in gone:
            if RANK.get(other.level, -1) < RANK[level]:
                above = self._above(other.id, RANK[level], day)
                if above and above.units[0] == unit.id:
                    yield other.id

    def held(self, unit_id: str, day: date) -> tuple[str, ...]:
        """Units that are not there on that day and whose facts this one holds then: ``place`` the other way round."""
        unit = self._units.get(unit_id)
        if unit is None or not unit.exists(day):
            return ()
        if unit.level == LOWEST and not (unit.predecessors or unit.successors or self._unlawful):
            return ()
        cache = map_of(self._holding, self.map_key(day))
        known = cache.get(unit_id)
        if known is None:
            known = cache[unit_id] = tuple(sorted(self._find_held(unit, day)))
        return known

    def _find_held(self, unit: Unit, day: date) -> Iterator[str]:
        todo, seen = [unit], {unit.id}
        while todo:
            at = todo.pop()
            near = {*at.predecessors, *at.successors}
            near.update(*(tuple(self._below.get((at.id, level), ())) for level in ("", *LEVELS)))
            for other in (self._units[other_id] for other_id in near - seen):
                seen.add(other.id)
                if other.exists(day):
                    continue
                placed = self.place(other.id, day)
                if placed is not None and placed.unit_id == unit.id:
                    yield other.id
                elif not self._in_a_gap(other, day):
                    continue
                todo.append(other)

    def _in_a_gap(self, unit: Unit, day: date) -> bool:
        """Not there yet, or to be followed by a unit that is not: ways through it may lead on although its own does
        not."""
        near = (unit, *(self._units[heir] for heir in unit.successors))
        return any(other.start is None or other.start > day for other in near)

    # --- former units on a map ----------------------------------------------------------------------------------

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
