"""What older stored data means today."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.visits.domain import PlaceKind, Reported, VisitRecorded
from services.visits.public import Publisher
from services.visits.stored import EVENTS
from shared.codec import Codec
from shared.log import Recorded
from shared.units import UnitTree
from shared.vault import MemoryKeys, Vault

DAY = "2026-03-02"
FIRST: dict[str, Any] = {
    "visit_id": str(UUID(int=1)),
    "place_id": str(UUID(int=2)),
    "place_kind": "household",
    "unit_id": "thon-1",
    "day": DAY,
    "team_id": str(UUID(int=3)),
    "member_ids": [str(UUID(int=4))],
    "learners": [],
    "platforms": [],
    "reach": [{"day": DAY, "previous_day": None, "n": 1}],
    "covered": [{"skill": "online_safety", "day": DAY, "n": 1}, {"skill": "all", "day": "2026-03-09", "n": -1}],
    "flags": [],
    "started_at": None,
    "duration_minutes": None,
    "reported_unit_id": None,
    "reported_kind": None,
    "note": None,
}
COVERED = [{"to": {"online_safety": "does"}}, {"from": {"all": "does"}, "day": "2026-03-09"}]


def stored(data: dict[str, Any]) -> Recorded:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Recorded(0, 1, "place:x", 1, "VisitRecorded", 1, data, {}, UUID(int=1), 1, b"", at)


@pytest.mark.parametrize(
    ("before", "reported"),
    [
        ({}, None),
        ({"reported_unit_id": "thon-2"}, Reported("thon-2")),
        ({"reported_kind": "shop"}, Reported(kind=PlaceKind.SHOP)),
    ],
)
def test_a_visit_of_the_first_schema(before: dict[str, Any], reported: Reported | None) -> None:
    event = Codec(*EVENTS, vault=Vault(MemoryKeys())).decode(stored(FIRST | before))
    assert isinstance(event, VisitRecorded)
    assert (event.reported, event.outcomes, event.obstacle) == (reported, (), None)
    assert event.covered == (COVERED[0], COVERED[1] | {"day": date(2026, 3, 9)})


class NoUnits:
    position = 0

    def tree(self) -> UnitTree:
        return UnitTree()


def test_is_published_in_todays_form() -> None:
    public = Publisher(NoUnits())(stored(FIRST))  # type: ignore[arg-type]  # all that is asked of a directory
    assert public is not None
    assert (public.data["covered"], public.data["outcomes"], public.data["ages"]) == (COVERED, [], {})
