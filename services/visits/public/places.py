"""Public events about places: where they stand and what changes with that, never what is personal about them."""

from __future__ import annotations

from services.visits.public.mapping import Mapping, only

_PLACE = ("place_id", "kind", "unit_id")
_ROWS = ("reach", "covered")

PLACES: dict[str, Mapping] = {
    "PlaceRegistered": only(*_PLACE),
    "PlaceMoved": only(*_PLACE, "from_unit_id", "day", *_ROWS),
    "PlaceCorrected": only(*_PLACE, "reason", *_ROWS),
    "PlaceClosed": only(*_PLACE, "day", "reason", *_ROWS),
    "PlaceReopened": only(*_PLACE, "day", "reason", *_ROWS),
    "PlaceMerged": only(*_PLACE, "into", *_ROWS),
    "PlaceAbsorbed": only(*_PLACE, "duplicate_id", *_ROWS),
    "PlaceSeparated": only(*_PLACE, "duplicate_id", *_ROWS),
    "PlaceRestored": only(*_PLACE, "kept_id", *_ROWS),
}
