"""The dated facts of all units: folding the events, and questions about one unit on one day."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from sys import intern
from typing import Any

from shared.units.levels import GSO, UNIT_EVENTS
from shared.units.names import Called, NameIndex
from shared.units.record import Unit, from_its_day, of_pairs, on, since_ever, values, with_value
from shared.vietnamese import fold


class UnitFacts:
    """All units ever heard of, without the tree between them. One thread may apply while others ask."""

    def __init__(self) -> None:
        self._units: dict[str, Unit] = {}
        self._days: list[date] = []
        self._by_code: dict[tuple[str, str], tuple[str, ...]] = {}
        self._names = NameIndex(self._units)
        self._below: dict[tuple[str, str], set[str]] = {}
        """(unit, level) → the units of that level that were ever recorded right below it."""
        self._parents: set[str] = set()
        """The units of its keys."""

    # --- folding ------------------------------------------------------------------------------------------------

    def apply(self, type: str, data: Mapping[str, Any]) -> None:
        """Fold one public unit event; ``type`` with or without its version. Other types are ignored."""
        name = type.partition(".")[0]
        if name not in UNIT_EVENTS:
            return
        unit_id = intern(data["unit_id"])
        day = date.fromisoformat(data["effective"])
        unit = self._units.setdefault(unit_id, Unit(unit_id))
        days = {day}
        match name:
            case "UnitEstablished":
                self._establish(unit, day, data)
                self._index_parents(unit)
            case "UnitRenamed":
                unit.names = with_value(unit.names, day, data["name"])
                self._names.add(unit.id, data["name"])
            case "UnitKindChanged":
                unit.kinds = with_value(unit.kinds, day, data["kind"])
            case "UnitCodeAssigned":
                self._assign_code(unit, data["system"], day, data["code"])
            case "UnitReparented":
                unit.parents = with_value(unit.parents, day, data["parent_id"])
                self._index_parents(unit)
            case "UnitAbolished":
                self._link(unit, data["successors"])
                unit.end, unit.successor_unknown = day, bool(data["successor_unknown"])
            case "UnitCorrected":
                days |= self._correct(unit, data)
                self._index_parents(unit)
        for changed in days:
            add_day(self._days, changed)
        self._changed(unit, days)

    def _changed(self, unit: Unit, days: set[date]) -> None:
        """Drop what was derived from facts about this unit; ``days``: those from which something is different."""

    def _establish(self, unit: Unit, day: date, data: Mapping[str, Any]) -> None:
        """A second establishment of the same id corrects the first."""
        unit.level, unit.start, unit.simulated = intern(data["level"]), day, bool(data.get("simulated"))
        unit.void = False
        unit.names = since_ever(unit.names, data["name"])
        unit.kinds = since_ever(unit.kinds, intern(data["kind"]))
        unit.parents = since_ever(unit.parents, data["parent_id"] and intern(data["parent_id"]))
        if data.get("code") is not None:
            self._assign_code(unit, GSO, None, data["code"])
        self._names.add(unit.id, data["name"])

    def _assign_code(self, unit: Unit, system: str, day: date | None, code: str | None) -> None:
        known = (unit.codes or {}).get(system)
        history = since_ever(known, code) if day is None else with_value(known, day, code)
        unit.codes = {**(unit.codes or {}), system: history}
        if code is not None:
            self._index_code(unit, system, code)

    def _index_code(self, unit: Unit, system: str, code: str) -> None:
        holders = self._by_code.get((system, code), ())
        if unit.id not in holders:
            self._by_code[system, code] = (*holders, unit.id)

    def _link(self, unit: Unit, successors: Sequence[Mapping[str, Any]]) -> None:
        for gone in unit.successors:
            heir = self._units[gone]
            heir.predecessors = tuple(p for p in heir.predecessors if p != unit.id)
        links = sorted(successors, key=lambda link: (not link["main"], link["unit_id"]))
        unit.successors = tuple(intern(link["unit_id"]) for link in links)
        unit.shares = {link["unit_id"]: link["share"] for link in links if link.get("share") is not None} or None
        for heir_id in unit.successors:
            heir = self._units.setdefault(heir_id, Unit(heir_id))
            heir.predecessors = tuple(sorted({*heir.predecessors, unit.id}))

    def _correct(self, unit: Unit, data: Mapping[str, Any]) -> set[date]:
        """The whole unit as it is known from now on.

        Withdrawn codes and names stay in the indexes: whatever is found there is looked at.
        """
        start, unit.end = _day(data["established"]), _day(data["ended"])
        unit.level, unit.start, unit.simulated = intern(data["level"]), start, bool(data["simulated"])
        unit.void = start is None
        names, kinds, parents = (
            [(date.fromisoformat(one["since"]), one["value"]) for one in data[which]]
            for which in ("names", "kinds", "parents")
        )
        unit.names, unit.kinds, unit.parents = of_pairs(names), of_pairs(kinds), of_pairs(parents)
        codes: dict[str, list[tuple[date, str | None]]] = {}
        for one in data["codes"]:
            codes.setdefault(one["system"], []).append((date.fromisoformat(one["since"]), one["code"]))
        unit.codes = {system: of_pairs(pairs, start) for system, pairs in codes.items()} or None
        self._link(unit, data["successors"])
        unit.successor_unknown = bool(data["successor_unknown"])
        for name in values(unit.names):
            self._names.add(unit.id, name)
        for system, pairs in codes.items():
            for _, code in pairs:
                if code is not None:
                    self._index_code(unit, system, code)
        dated = [*names, *kinds, *parents, *(pair for pairs in codes.values() for pair in pairs)]
        return {day for day in (start, unit.end) if day} | {day for day, _ in dated}

    def _index_parents(self, unit: Unit) -> None:
        """A unit whose level is not known yet is indexed again when it is."""
        for parent in values(unit.parents):
            below = self._below.get((parent, unit.level))
            if below is None:
                self._below[parent, unit.level] = {unit.id}
                self._parents.add(parent)
            else:
                below.add(unit.id)

    # --- one unit on one day ------------------------------------------------------------------------------------

    def __contains__(self, unit_id: object) -> bool:
        unit = self._units.get(unit_id) if isinstance(unit_id, str) else None
        return unit is not None and unit.start is not None

    def exists(self, unit_id: str, day: date) -> bool:
        unit = self._units.get(unit_id)
        return unit is not None and unit.exists(day)

    def level(self, unit_id: str) -> str | None:
        unit = self._units.get(unit_id)
        return unit.level or None if unit else None

    def simulated(self, unit_id: str) -> bool:
        unit = self._units.get(unit_id)
        return unit is not None and unit.simulated

    def name(self, unit_id: str, day: date) -> str | None:
        """Name without its kind, e.g. ``Hồng Hà``; outside the unit's life its first or last one."""
        unit = self._units.get(unit_id)
        return on(unit.names, day) if unit else None

    def kind(self, unit_id: str, day: date) -> str | None:
        unit = self._units.get(unit_id)
        return on(unit.kinds, day) if unit else None

    def full_name(self, unit_id: str, day: date) -> str | None:
        """Kind and name as people write them, e.g. ``Phường Hồng Hà``; the nation and villages by name alone."""
        unit = self._units.get(unit_id)
        name, kind = self.name(unit_id, day), self.kind(unit_id, day)
        if unit is None or name is None or kind is None or unit.level in ("nation", "village"):
            return name
        return f"{kind[:1].upper()}{kind[1:]} {name}"

    def code(self, unit_id: str, day: date, system: str = GSO) -> str | None:
        unit = self._units.get(unit_id)
        return from_its_day(unit.codes.get(system), day) if unit and unit.codes else None

    def codes(self, unit_id: str, day: date) -> dict[str, str]:
        """System → code."""
        unit = self._units.get(unit_id)
        found = {system: from_its_day(history, day) for system, history in (unit.codes or {}).items()} if unit else {}
        return {system: code for system, code in sorted(found.items()) if code is not None}

    def life(self, unit_id: str) -> tuple[date | None, date | None]:
        """First day, and first day after the end (None while it lasts)."""
        unit = self._units.get(unit_id)
        return (unit.start, unit.end) if unit else (None, None)

    def turns(self, unit_id: str) -> set[date]:
        """Days from which it may stand elsewhere: its first, that of each new parent, the one after its last."""
        unit = self._units.get(unit_id)
        if unit is None:
            return set()
        parents = {day for day, _ in unit.parents if day != date.min} if isinstance(unit.parents, tuple) else set()
        return parents | {day for day in (unit.start, unit.end) if day is not None}

    def successors(self, unit_id: str) -> tuple[str, ...]:
        """Direct successors of an abolished unit, the main one first."""
        unit = self._units.get(unit_id)
        return unit.successors if unit else ()

    def shares(self, unit_id: str) -> Mapping[str, int]:
        """Successor → per cent of the former unit's people, where the document says so."""
        unit = self._units.get(unit_id)
        return (unit.shares or {}) if unit else {}

    def successor_unknown(self, unit_id: str) -> bool:
        unit = self._units.get(unit_id)
        return unit is not None and unit.successor_unknown

    def predecessors(self, unit_id: str) -> tuple[str, ...]:
        """Direct predecessors, the main one first.

        Main is the one that calls this unit its main successor, whose code the unit took over (as a rule that of the
        commune where it has its seat), or whose name; the last tie is broken by id.
        """
        unit = self._units.get(unit_id)
        if unit is None or len(unit.predecessors) < 2:
            return unit.predecessors if unit else ()
        start = unit.start or date.max
        before = start - timedelta(days=1)
        code, name = self.code(unit_id, start), fold(self.name(unit_id, start) or "")

        def order(other: str) -> tuple[bool, bool, bool, str]:
            same_code = code is not None and self.code(other, before) == code
            same_name = fold(self.name(other, before) or "") == name
            return self._units[other].successors[0] != unit_id, not same_code, not same_name, other

        return tuple(sorted(unit.predecessors, key=order))

    # --- finding ------------------------------------------------------------------------------------------------

    def by_code(self, code: str, day: date, system: str = GSO) -> str | None:
        """The unit that bears the code on that day. A code is not an identity: other days, other units."""
        bearers = [u for u in self._by_code.get((system, code), ()) if self.exists(u, day)]
        return max((u for u in bearers if self.code(u, day, system) == code), default=None)

    def by_code_of_any_day(self, code: str, day: date, system: str = GSO) -> str | None:
        """The unit that bears the code on that day; else one that bore it on another: one that is there on that day
        under another code, else the last that was, else the first that will be."""
        if known := self.by_code(code, day, system):
            return known
        ever = [self._units[u] for u in self._by_code.get((system, code), ())]
        bearers = [u for u in ever if u.start and u.codes and code in values(u.codes.get(system))]
        gone = [u for u in bearers if u.end is not None and u.end <= day]
        found = next((u for u in bearers if u.exists(day)), None)
        found = found or max(gone, key=lambda u: (u.end or day, u.id), default=None)
        found = found or min(bearers, key=lambda u: (u.start or day, u.id), default=None)
        return found.id if found else None

    def find_by_name(self, text: str, day: date, level: str | None = None) -> tuple[str, ...]:
        """Units of that name on that day, with or without the kind in front, accents and case ignored."""
        return tuple(dict.fromkeys(called.unit_id for called in self.called(text, day, level)))

    def called(
        self, text: str, day: date, level: str | None = None, *, former: bool = False, after: str = ""
    ) -> Iterator[Called]:
        """Units of that name on that day, by id, from the one behind ``after`` on.

        ``former``: also units that bore it on an earlier day, abolished ones included.
        """
        return self._names.called(text, day, level, former=former, after=after)

    @property
    def map_changes(self) -> tuple[date, ...]:
        """Days on which anything changed, in order."""
        return tuple(self._days)

    def map_key(self, day: date) -> date:
        """The latest change on or before the day: two days with one key have the same map."""
        at = bisect_right(self._days, day)
        return self._days[at - 1] if at else date.min

    def existing(self, day: date, level: str | None = None) -> Iterator[str]:
        """Ids of all units of that day, optionally of one level."""
        return (u.id for u in tuple(self._units.values()) if u.exists(day) and level in (None, u.level))


def add_day(days: list[date], day: date) -> None:
    at = bisect_left(days, day)
    if at == len(days) or days[at] != day:
        days.insert(at, day)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None else None
