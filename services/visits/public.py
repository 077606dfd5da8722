"""The published contract of visits (version 1, docs/architecture.md): stored event → public form.

Stored data is mapped as it lies there, without rebuilding the domain's objects, because the relay does this for every
event. Nothing personal passes: no learners, notes, addresses or reasons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

from shared.bus import Public
from shared.log import Recorded
from shared.unit_directory import UnitDirectory

Where = tuple[str | None, str | None]
"""Province and commune of a fact, by our own unit ids."""

_KEPT_PLACES = 50_000


class Publisher:
    """``publish`` of relay and feed."""

    def __init__(self, units: UnitDirectory) -> None:
        self._units = units
        self._position = -1
        self._known: dict[tuple[str, str], Where] = {}

    def __call__(self, event: Recorded) -> Public | None:
        mapping = _MAPPINGS.get(event.type)
        if mapping is None:
            return None
        data = event.data
        unit_id = data.get("unit_id")
        # A place registered by itself belongs where it is when we hear of it; a visit where it was on its day.
        day = data.get("day") or event.recorded_at.date().isoformat()
        province, commune = self._where(unit_id, day) if unit_id else (None, None)
        return Public(event.type, 1, mapping(data), province, commune)

    def _where(self, unit_id: str, day: str) -> Where:
        tree = self._units.tree()
        if self._units.position != self._position or len(self._known) > _KEPT_PLACES:
            self._position = self._units.position
            self._known.clear()
        known = self._known.get((unit_id, day))
        if known is None:
            on = date.fromisoformat(day)
            placed = tree.place(unit_id, on)
            above = tree.ancestors(placed.unit_id, on) if placed else ()
            levels = {tree.level(unit): unit for unit in above}
            known = self._known[unit_id, day] = (levels.get("province"), levels.get("commune"))
        return known


def _visit(data: dict[str, Any]) -> dict[str, Any]:
    skills = Counter((s["skill"], s["level"]) for learner in data["learners"] for s in learner["skills"])
    return {
        "visit_id": data["visit_id"],
        "place_id": data["place_id"],
        "place_kind": data["place_kind"],
        "unit_id": data["unit_id"],
        "day": data["day"],
        "team_id": data["team_id"],
        "member_ids": data["member_ids"],
        "duration_minutes": data["duration_minutes"],
        "skills": [{"skill": skill, "level": level, "learners": n} for (skill, level), n in skills.items()],
        "platforms": data["platforms"],
        "people_taught": len(data["learners"]),
        "reach": data["reach"],
        "covered": data["covered"],
        "flags": data["flags"],
    }


def _only(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda data: {name: data[name] for name in names}


_MAPPINGS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "VisitRecorded": _visit,
    "PlaceRegistered": _only("place_id", "kind", "unit_id"),
    "CampaignScheduled": _only("campaign_id", "name", "first_day", "last_day", "unit_ids", "targets"),
    "CampaignCancelled": _only("campaign_id"),
}
