"""Stored event → published contract (docs/architecture.md, "Who uses which public events"). Dates stay ISO texts.

Persons travel as references; there is nothing personal to leave out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from shared.bus import Public, Publish
from shared.log import Recorded
from shared.units import UnitTree

VERSION = 1


def publisher(tree: Callable[[], UnitTree]) -> Publish:
    """The mapping, with the province and commune of the fact's unit on its day for the routing key."""

    def publish(event: Recorded) -> Public | None:
        data, day = event.data, _day(event)
        if day is None:
            return Public(event.type, VERSION, data) if event.type == "CourseOffered" else None
        province, commune = _place(tree(), data["unit_id"], day)
        return Public(event.type, VERSION, data, province, commune)

    return publish


def _day(event: Recorded) -> date | None:
    """The day whose map the event belongs to; None for events without a unit, and private ones."""
    match event.type:
        case "SessionScheduled":
            return date.fromisoformat(event.data["parts"][0]["day"])
        case "SessionHeld" | "SessionCancelled" | "AttendanceRecorded":
            return date.fromisoformat(event.data["day"])
        case _:
            return None


def _place(tree: UnitTree, unit_id: str, day: date) -> tuple[str | None, str | None]:
    above = {tree.level(unit): unit for unit in tree.ancestors(unit_id, day)}
    return above.get("province"), above.get("commune")
