"""The events of visits as they are stored: their types, and what older data means today."""

from __future__ import annotations

from typing import Any

from services.visits.domain import (
    FlagSettled,
    PlaceAbsorbed,
    PlaceClosed,
    PlaceCorrected,
    PlaceDetailsChanged,
    PlaceErased,
    PlaceMerged,
    PlaceMoved,
    PlaceRegistered,
    PlaceReopened,
    PlaceRestored,
    PlaceSeparated,
    PlaceToldApart,
    VisitCorrected,
    VisitRecorded,
    VisitVoided,
    campaign,
    catalogue,
    households,
    opinion,
    outreach,
)
from shared.codec import EventType


def first_levels(data: dict[str, Any]) -> dict[str, Any]:
    """``VisitRecorded`` 1 → 2. Coverage told only who ``does`` a skill; what was reported otherwise stood by itself."""
    data = {"outcomes": [], "obstacle": None} | data
    reported = {"unit_id": data.pop("reported_unit_id"), "kind": data.pop("reported_kind")}
    data["reported"] = reported if any(reported.values()) else None
    data["covered"] = [
        {"to" if row["n"] > 0 else "from": {row["skill"]: "does"}}
        | ({} if row["day"] == data["day"] else {"day": row["day"]})
        for row in data["covered"]
    ]
    return data


EVENTS: tuple[type | EventType, ...] = (
    EventType("VisitRecorded", VisitRecorded, schema=2, upcasters={1: first_levels}),
    VisitCorrected,
    VisitVoided,
    FlagSettled,
    PlaceRegistered,
    PlaceDetailsChanged,
    PlaceMoved,
    PlaceCorrected,
    PlaceClosed,
    PlaceReopened,
    PlaceMerged,
    PlaceAbsorbed,
    PlaceSeparated,
    PlaceRestored,
    PlaceToldApart,
    PlaceErased,
    *campaign.EVENTS,
    *catalogue.EVENTS,
    *households.EVENTS,
    *opinion.EVENTS,
    *outreach.EVENTS,
)
