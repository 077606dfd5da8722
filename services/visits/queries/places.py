"""One place, folded from its stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.visits.domain import Place, PlaceCommand, PlaceEvent, PlaceRegistered, PlaceState, place_stream
from services.visits.domain.reach import attained, covered_since
from shared.handler import Handler
from shared.kit import Kit


@dataclass(frozen=True)
class PlaceQueries:
    kit: Kit
    places: Handler[PlaceCommand, PlaceState, PlaceEvent]

    def place(self, place_id: UUID) -> tuple[Place, int] | None:
        """A place as it is now, and the version of its stream."""
        state, version = self.places.state(place_stream(place_id))
        return (state, version) if isinstance(state, Place) else None

    def address(self, place_id: UUID) -> str | None:
        """None where none was given, and once it is erased."""
        stream = place_stream(place_id)
        for stored in self.kit.log.load({stream: 0})[stream]:
            if stored.type == PlaceRegistered.__name__:
                event: PlaceRegistered = self.kit.codec.decode(stored)
                return event.address.text if event.address else None
        return None


def place_answer(place_id: UUID, place: Place, version: int) -> dict[str, Any]:
    days = [visit.day for visit in place.visits]
    return {
        "place_id": str(place_id),
        "kind": place.kind,
        "unit_id": place.unit_id,
        "registered": place.registered,
        "visits": len(days),
        "first_day": min(days, default=None),
        "last_day": max(days, default=None),
        "covered": covered_since(place.visits),
        "learners": [
            {"ref": ref, "levels": {str(skill): level for skill, level in levels.items()}}
            for ref, levels in attained(place.visits).items()
        ],
        "version": version,
    }
