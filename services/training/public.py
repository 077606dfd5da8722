"""Stored event → published contract (docs/architecture.md, "Who uses which public events"). Dates stay ISO texts.

Persons travel as references. What is named in neither table is private; so is free text, and what moves with a record.
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
OF_NO_UNIT = frozenset({"CourseOffered", "CourseRevised", "CourseWithdrawn", "RecordsJoined", "RecordsSeparated"})
STAYS = frozenset({"venue", "moved"})
"""Members of events that do not leave the service."""
OF_ATTENDANCE = frozenset({"AttendanceVoided", "AttendanceCorrected"})
"""They stand where the attendance stood that they are about."""
OF_A_UNIT: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "SessionScheduled": lambda data: data["parts"][0]["day"],
    "SessionChanged": lambda data: data["parts"][0]["day"],
    "SessionOpened": itemgetter("day"),
    "SessionHeld": itemgetter("day"),
    "SessionCancelled": itemgetter("day"),
    "AttendanceRecorded": itemgetter("day"),
    "AttendanceVoided": itemgetter("day"),
    "AttendanceCorrected": itemgetter("day"),
    "PersonEnrolled": itemgetter("day"),
    "EnrolmentPromoted": itemgetter("day"),
    "EnrolmentWithdrawn": itemgetter("day"),
    "AssessmentRecorded": itemgetter("day"),
    "AssessmentCorrected": itemgetter("day"),
    "CertificateIssued": itemgetter("day"),
    "CertificateRevoked": itemgetter("day"),
    "ReminderDue": itemgetter("due"),
    "RuleSet": itemgetter("effective"),
    "RuleReplaced": itemgetter("effective"),
    "RuleEnded": itemgetter("effective"),
    "TrainingPlanRevised": itemgetter("first_day"),
    "TrainingPlanSet": itemgetter("first_day"),
    "TrainingPlanWithdrawn": itemgetter("first_day"),
}
"""Type → the day whose map tells where the fact's unit stood."""


def publisher(tree: Callable[[], UnitTree]) -> Publish:
    """The mapping, with the province and commune of the fact's unit on its day for the routing key."""

    def publish(event: Recorded) -> Public | None:
        data = {name: value for name, value in event.data.items() if name not in STAYS}
        if event.type in OF_NO_UNIT:
            return Public(event.type, VERSION, data)
        if event.type not in OF_A_UNIT:
            return None
        fact = data["before"] if event.type in OF_ATTENDANCE else data
        day = date.fromisoformat(OF_A_UNIT[event.type](fact))
        province, commune = _place(tree(), fact["unit_id"], day)
        return Public(event.type, VERSION, data, province, commune)

    return publish


def _place(tree: UnitTree, unit_id: str, day: date) -> tuple[str | None, str | None]:
    above = {tree.level(unit): unit for unit in tree.ancestors(unit_id, day)}
    return above.get("province"), above.get("commune")
