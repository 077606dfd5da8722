"""One place, folded from its stream."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.visits.domain import (
    Level,
    Merged,
    Place,
    PlaceCommand,
    PlaceDetailsChanged,
    PlaceEvent,
    PlaceRegistered,
    PlaceState,
    place_stream,
)
from services.visits.domain.levels import attained, groups, named, together
from services.visits.domain.opinion import opinion_of
from shared.handler import Handler
from shared.kit import Kit

Details = PlaceRegistered | PlaceDetailsChanged


@dataclass(frozen=True)
class PlaceQueries:
    kit: Kit
    places: Handler[PlaceCommand, PlaceState, PlaceEvent]

    def place(self, place_id: UUID) -> tuple[Place | Merged, int] | None:
        """A place as it is now, and the version of its stream."""
        state, version = self.places.state(place_stream(place_id))
        return (state, version) if isinstance(state, Place | Merged) else None

    def one_with(self, place_id: UUID) -> list[UUID]:
        """Every id of the place, the one asked for first; none if nobody has heard of it."""
        found: dict[UUID, None] = {}
        ahead = [place_id]
        while ahead:
            known = self.place(each := ahead.pop())
            if known is None or each in found:
                continue
            found[each] = None
            state, _ = known
            ahead += [state.into, *state.place.absorbed] if isinstance(state, Merged) else state.absorbed
        return list(found)

    def opinions(self, place_id: UUID) -> list[UUID]:
        """Ids of what its visits may have brought along."""
        known = self.place(place_id)
        return (
            [opinion_of(visit.visit_id) for visit in known[0].visits] if known and isinstance(known[0], Place) else []
        )

    def details(self, place_id: UUID) -> Details | None:
        """Address, contact and position, as last said; what is erased has no text."""
        stream = place_stream(place_id)
        wanted = {PlaceRegistered.__name__, PlaceDetailsChanged.__name__}
        stored = [event for event in self.kit.log.load({stream: 0})[stream] if event.type in wanted]
        found: Details | None = self.kit.codec.decode(stored[-1]) if stored else None
        return found


def place_answer(place_id: UUID, place: Place | Merged, version: int, today: date) -> dict[str, Any]:
    """``merged_into``: the place that has its visits; the unit and whether it is open are those of ``today``."""
    known = place.place if isinstance(place, Merged) else place
    days = [visit.day for visit in known.standing]
    return {
        "place_id": str(place_id),
        "merged_into": str(place.into) if isinstance(place, Merged) else None,
        "kind": known.kind,
        "unit_id": known.unit_on(today),
        "open": known.open_on(today),
        "moves": [{"day": day, "unit_id": unit} for day, unit in known.moves],
        "registered": known.registered,
        "absorbed": [str(other) for other in known.absorbed],
        "visits": len(days),
        "first_day": min(days, default=None),
        "last_day": max(days, default=None),
        "covered": _covered_since(known),
        "learners": _learners(known),
        "version": version,
    }


def _covered_since(place: Place) -> dict[str, date]:
    """Skill (or ``all``) → the first day on which somebody of the place does it."""
    since: dict[str, date] = {}
    bits = 0
    for visit in sorted(place.standing, key=lambda visit: visit.day):
        bits |= visit.bits
        levels = named(groups(bits)[0][1]) if bits else {}
        for skill, level in levels.items():
            if level is Level.DOES:
                since.setdefault(skill, visit.day)
    return since


def _learners(place: Place) -> list[dict[str, Any]]:
    """Best levels per pseudonym; those of another id of the place are somebody else's until proven otherwise."""
    best: dict[tuple[tuple[UUID, ...], str], int] = {}
    for visit in place.standing:
        for ref, bits in visit.levels:
            best[visit.via, ref] = together((best.get((visit.via, ref), 0), bits))
    return [
        {"ref": ref, "levels": attained(bits)} | ({"place_id": str(via[-1])} if via else {})
        for (via, ref), bits in best.items()
    ]


def details_answer(details: Details | None) -> dict[str, Any]:
    address, contact = (details.address, details.contact) if details else (None, None)
    position = details.position if details else None
    return {
        "address": address and address.text,
        "contact": contact and contact.text,
        "position": position and {"lat": position.lat, "lon": position.lon},
    }
