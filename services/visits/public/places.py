"""Public events about places."""

from __future__ import annotations

from services.visits.public.mapping import Mapping, only

PLACES: dict[str, Mapping] = {"PlaceRegistered": only("place_id", "kind", "unit_id")}
