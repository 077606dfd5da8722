"""Reads for the API. Places, visits and campaigns are read from the log itself, so an answer never lags behind a write;
only sums over many visits come from the read table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from services.visits.domain import (
    CampaignCommand,
    CampaignEvent,
    CampaignScheduled,
    CampaignState,
    Cancelled,
    Place,
    PlaceCommand,
    PlaceEvent,
    PlaceRegistered,
    PlaceState,
    Scheduled,
    VisitRecorded,
    campaign_stream,
    place_stream,
)
from services.visits.domain.reach import attained, covered_since
from services.visits.projections import Activity
from shared.handler import Handler
from shared.kit import Kit
from shared.log import Recorded
from shared.units import UnitTree

_ACTIVITY = text(
    """SELECT unit_id, day, sum(visits) AS visits,
              coalesce(sum(reached) FILTER (WHERE previous_day < :first), 0) AS reached
         FROM read.activity WHERE day BETWEEN :first AND :last GROUP BY unit_id, day"""
)
_AS_OF = text(
    "SELECT partition, position FROM bus.cursors WHERE subscription = :name AND source = '' ORDER BY partition"
)


@dataclass(frozen=True)
class Queries:
    kit: Kit
    places: Handler[PlaceCommand, PlaceState, PlaceEvent]
    campaigns: Handler[CampaignCommand, CampaignState, CampaignEvent]

    def visit(self, visit_id: UUID) -> tuple[VisitRecorded, Recorded] | None:
        """A visit and the stored event that holds it, found by command id, which is the visit's id."""
        known = self.kit.log.find([visit_id]).get(visit_id)
        if known is None:
            return None
        _, answer = known
        found = self.kit.log.load({answer.stream_id: answer.version - 1})[answer.stream_id]
        event = self.kit.codec.decode(found[0])
        return (event, found[0]) if isinstance(event, VisitRecorded) else None

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

    def campaign(self, campaign_id: UUID) -> tuple[CampaignScheduled, bool, int] | None:
        """The plan, whether it was cancelled, and the version."""
        state, version = self.campaigns.state(campaign_stream(campaign_id))
        if not isinstance(state, Scheduled | Cancelled):
            return None
        return state.plan, isinstance(state, Cancelled), version

    def board(self, plan: CampaignScheduled, tree: UnitTree) -> dict[str, Any]:
        """What was done within the campaign's days and units, in sum and per unit of the plan.

        ``as_of``: the figures include at least everything up to these positions. Households are distinct households
        reached in the window; a unit inside another one of the plan counts in both, and once in the sum.
        """
        with self.kit.engine.connect() as connection:
            as_of = {str(p): position for p, position in connection.execute(_AS_OF, {"name": Activity.name})}
            rows = connection.execute(_ACTIVITY, {"first": plan.first_day, "last": plan.last_day}).all()
        total = {"visits": 0, "households": 0}
        units = {unit: dict(total) for unit in plan.unit_ids}
        for unit_id, day, visits, reached in rows:
            roots = _roots(tree, unit_id, day, units.keys())
            for figures in (total, *(units[root] for root in roots)) if roots else ():
                figures["visits"] += visits
                figures["households"] += reached
        return {"done": total, "units": [{"unit_id": unit, **done} for unit, done in units.items()], "as_of": as_of}


def _roots(tree: UnitTree, unit_id: str, day: date, roots: Any) -> list[str]:
    """The roots that are the unit or above it on that day; a unit gone by then counts where its facts stand."""
    placed = tree.place(unit_id, day)
    return [unit for unit in tree.ancestors(placed.unit_id, day) if unit in roots] if placed else []


# --- answers ---------------------------------------------------------------------------------------------------------


def visit_answer(event: VisitRecorded, stored: Recorded, *, personal: bool) -> dict[str, Any]:
    """The note only for those who may see personal data."""
    answer: dict[str, Any] = msgspec.to_builtins(replace(event, note=None))
    del answer["note"]
    if personal:
        answer["note"] = event.note.text if event.note else None
    return answer | {
        "version": stored.version,
        "position": f"{stored.partition}:{stored.position}",
        "recorded_at": stored.recorded_at.isoformat(),
    }


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
