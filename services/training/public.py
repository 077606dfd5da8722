"""Stored event → published contract (docs/architecture.md, "Who uses which public events"). Dates stay ISO texts.

Persons travel as references; there is nothing personal to leave out. What is named in neither table is private.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from operator import itemgetter
from typing import Any

from shared.bus import Public, Publish
from shared.log import Recorded
from shared.units import UnitTree

VERSION = 1
OF_NO_UNIT = frozenset({"CourseOffered"})
OF_A_UNIT: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "SessionScheduled": lambda data: data["parts"][0]["day"],
    "SessionHeld": itemgetter("day"),
    "SessionCancelled": itemgetter("day"),
    "AttendanceRecorded": itemgetter("day"),
    "RuleSet": itemgetter("effective"),
    "RuleReplaced": itemgetter("effective"),
    "RuleEnded": itemgetter("effective"),
}
"""Type → the day whose map tells where the fact's unit stood."""


def publisher(tree: Callable[[], UnitTree]) -> Publish:
    """The mapping, with the province and commune of the fact's unit on its day for the routing key."""

    def publish(event: Recorded) -> Public | None:
        data = event.data
        if event.type in OF_NO_UNIT:
            return Public(event.type, VERSION, data)
        if event.type not in OF_A_UNIT:
            return None
        day = date.fromisoformat(OF_A_UNIT[event.type](data))
        province, commune = _place(tree(), data["unit_id"], day)
        return Public(event.type, VERSION, data, province, commune)

    return publish


def _place(tree: UnitTree, unit_id: str, day: date) -> tuple[str | None, str | None]:
    above = {tree.level(unit): unit for unit in tree.ancestors(unit_id, day)}
    return above.get("province"), above.get("commune")
