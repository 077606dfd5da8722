"""The dated facts of all units: folding the events, and questions about one unit on one day."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from threading import Lock
from typing import Any

from shared.units.record import Unit, on, since_ever, values, with_value
from shared.vietnamese import fold

LEVELS = ("nation", "province", "district", "commune", "village")
LEVEL_NAMES: Mapping[str, Mapping[str, str]] = {
    "vi": {
        "nation": "toàn quốc",
        "province": "tỉnh, thành phố",
        "district": "huyện, quận, thị xã, thành phố thuộc tỉnh",
        "commune": "xã, phường, thị trấn, đặc khu",
        "village": "thôn, tổ dân phố và tương đương",
    },
    "en": {
        "nation": "nation",
        "province": "province",
        "district": "district",
        "commune": "commune",
        "village": "village",
    },
}
KINDS: Mapping[str, tuple[str, ...]] = {
    "nation": ("quốc gia",),
    "province": ("tỉnh", "thành phố"),
    "district": ("huyện", "quận", "thị xã", "thành phố"),
    "commune": ("xã", "phường", "thị trấn", "đặc khu"),
}
"""Kinds the law knows, as written in ``kind``; a village's kind is an open list (thôn, bản, ấp, khóm, tổ dân phố…)."""

UNIT_EVENTS = (
    "UnitEstablished",
    "UnitRenamed",
    "UnitKindChanged",
    "UnitCodeAssigned",
    "UnitReparented",
    "UnitAbolished",
)
GSO = "gso"
"""Code system of the General Statistics Office, the one a ``code`` in ``UnitEstablished`` belongs to."""


class UnitFacts:
    """All units ever heard of, without the tree between them. One thread may apply while others ask."""

    def __init__(self) -> None:
        self._units: dict[str, Unit] = {}
        self._days: list[date] = []
        self._by_code: dict[tuple[str, str], tuple[str, ...]] = {}
        self._by_name: dict[str, tuple[str, ...]] | None = None  # made when first asked for
        self._naming = Lock()

    # --- folding ------------------------------------------------------------------------------------------------

    def apply(self, type: str, data: Mapping[str, Any]) -> None:
        """Fold one public unit event; ``type`` with or without its version. Other types are ignored."""
        name = type.partition(".")[0]
        if name not in UNIT_EVENTS:
            return
        unit_id: str = data["unit_id"]
        day = date.fromisoformat(data["effective"])
        fresh = unit_id not in self._units
        unit = self._units.setdefault(unit_id, Unit(unit_id))
        match name:
            case "UnitEstablished":
                self._establish(unit, day, data)
            case "UnitRenamed":
                unit.names = with_value(unit.names, day, data["name"])
                self._index_name(unit.id, data["name"])
            case "UnitKindChanged":
                unit.kinds = with_value(unit.kinds, day, data["kind"])
            case "UnitCodeAssigned":
                self._assign_code(unit, data["system"], day, data["code"])
            case "UnitReparented":
                unit.parents = with_value(unit.parents, day, data["parent_id"])
            case "UnitAbolished":
                self._abolish(unit, day, data)
        at = bisect_right(self._days, day)
        if at == 0 or self._days[at - 1] != day:
            insort(self._days, day)
        self._forget(fresh_village=fresh and unit.level == "village")

    def _forget(self, *, fresh_village: bool) -> None:
        """Drop what was derived from the facts; ``fresh_village``: only a village that nobody referred to came in."""

    def _establish(self, unit: Unit, day: date, data: Mapping[str, Any]) -> None:
        """A second establishment of the same id corrects the first."""
        unit.level, unit.start, unit.simulated = data["level"], day, bool(data.get("simulated"))
        unit.names = since_ever(unit.names, data["name"])
        unit.kinds = since_ever(unit.kinds, data["kind"])
        unit.parents = since_ever(unit.parents, data["parent_id"])
        if data.get("code") is not None:
            self._assign_code(unit, GSO, None, data["code"])
        self._index_name(unit.id, data["name"])

    def _assign_code(self, unit: Unit, system: str, day: date | None, code: str) -> None:
        codes = unit.codes = unit.codes if unit.codes is not None else {}
        known = codes.get(system)
        codes[system] = since_ever(known, code) if day is None else with_value(known, day, code)
        holders = self._by_code.get((system, code), ())
        if unit.id not in holders:
            self._by_code[system, code] = (*holders, unit.id)

    def _abolish(self, unit: Unit, day: date, data: Mapping[str, Any]) -> None:
        for gone in unit.successors:
            heir = self._units[gone]
            heir.predecessors = tuple(p for p in heir.predecessors if p != unit.id)
        links = sorted(data["successors"], key=lambda link: (not link["main"], link["unit_id"]))
        unit.end, unit.successor_unknown = day, bool(data["successor_unknown"])
        unit.successors = tuple(link["unit_id"] for link in links)
        for heir_id in unit.successors:
            heir = self._units.setdefault(heir_id, Unit(heir_id))
            heir.predecessors = tuple(sorted({*heir.predecessors, unit.id}))

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
        return on(unit.codes.get(system), day) if unit and unit.codes else None

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

    def find_by_name(self, text: str, day: date, level: str | None = None) -> tuple[str, ...]:
        """Units of that name on that day, with or without the kind in front, accents and case ignored."""
        by_name = self._names()
        wanted = fold(text)
        words = wanted.split()
        keys = {wanted, *(" ".join(words[n:]) for n in range(1, min(len(words), 4)))}
        found = {unit_id for key in keys for unit_id in by_name.get(key, ())}
        return tuple(sorted(u for u in found if self._is_called(u, wanted, day) and level in (None, self.level(u))))

    def _is_called(self, unit_id: str, wanted: str, day: date) -> bool:
        if not self.exists(unit_id, day):
            return False
        name = fold(self.name(unit_id, day) or "")
        return wanted in (name, f"{fold(self.kind(unit_id, day) or '')} {name}")

    def _names(self) -> Mapping[str, tuple[str, ...]]:
        with self._naming:
            if self._by_name is None:
                self._by_name = {}
                for unit in tuple(self._units.values()):
                    for name in values(unit.names):
                        _add_name(self._by_name, unit.id, name)
            return self._by_name

    def _index_name(self, unit_id: str, name: str) -> None:
        with self._naming:
            if self._by_name is not None:
                _add_name(self._by_name, unit_id, name)

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


def _add_name(by_name: dict[str, tuple[str, ...]], unit_id: str, name: str) -> None:
    key = fold(name)
    called = by_name.get(key, ())
    if unit_id not in called:
        by_name[key] = (*called, unit_id)
