"""From the stored event to the public one, with the units it is routed by."""

from __future__ import annotations

from datetime import date

from services.visits.public.campaigns import CAMPAIGNS
from services.visits.public.catalogue import CATALOGUE
from services.visits.public.households import HOUSEHOLDS
from services.visits.public.mapping import Mapping
from services.visits.public.opinions import OPINIONS
from services.visits.public.outreach import OUTREACH
from services.visits.public.places import PLACES
from services.visits.public.visits import VISITS
from services.visits.stored import first_levels
from shared.bus import Public
from shared.log import Recorded
from shared.unit_directory import UnitDirectory
from shared.vietnamese import hanoi_day

Where = tuple[str | None, str | None]
"""Province and commune of a fact, by our own unit ids."""

_KEPT_PLACES = 50_000
_CURRENT = {"VisitRecorded": 2}
_MAPPINGS: dict[str, Mapping] = VISITS | PLACES | CAMPAIGNS | CATALOGUE | HOUSEHOLDS | OPINIONS | OUTREACH


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
        if event.schema != _CURRENT.get(event.type, 1):
            data = first_levels(data)
        data = mapping(data)
        if event.type == "VisitRecorded":
            data["received_on"] = hanoi_day(event.recorded_at).isoformat()
        unit_id = data.get("unit_id")
        # A place registered by itself belongs where it is when we hear of it; a visit where it was on its day.
        day = data.get("day") or data.get("effective") or event.recorded_at.date().isoformat()
        province, commune = self._where(unit_id, day) if unit_id else (None, None)
        return Public(event.type, 1, data, province, commune)

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
