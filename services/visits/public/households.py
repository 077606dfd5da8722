"""Public events about declared numbers of households."""

from __future__ import annotations

from services.visits.public.mapping import Mapping, only

HOUSEHOLDS: dict[str, Mapping] = {
    "HouseholdsDeclared": only("unit_id", "day", "total", "qualifier", "source", "document_id", "reason", "before"),
    "HouseholdsWithdrawn": only("unit_id", "day", "reason", "before"),
}
