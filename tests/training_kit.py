"""What tests of training's decisions have in common: a course, a session of it, and what happened to them."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.training.domain import TRAINING
from services.training.domain.attendance import AttendanceRecorded, RecordAttendance
from services.training.domain.courses import CourseOffered, course_stream
from services.training.domain.sessions import (
    AttendanceOpened,
    ScheduleSession,
    SessionCancelled,
    SessionHeld,
    SessionPart,
    SessionScheduled,
    Terms,
    session_stream,
)
from services.training.domain.trainee import Reach, trainee_stream
from services.training.domain.words import CancelReason, Mode, Organiser, Part, Topic
from shared.testing import Spec

FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)
MORNING, AFTERNOON = SessionPart(FRIDAY, Part.MORNING), SessionPart(FRIDAY, Part.AFTERNOON)

COURSE = CourseOffered("c", "Kỹ năng số cơ bản", (Topic.PUBLIC_SERVICES, Topic.POLICY), Mode.IN_PERSON)
TERMS = Terms(1, COURSE.title)
SESSION = SessionScheduled(
    "s", "c", "commune", Organiser.YOUTH_UNION, Mode.IN_PERSON, (AFTERNOON, MORNING), 40, terms=TERMS
)
OFFERED = (course_stream("c"), COURSE)
SCHEDULED = (session_stream("s"), SESSION)
OPENED = (session_stream("s"), AttendanceOpened("s"))
HELD = (session_stream("s"), SessionHeld("s", "c", "commune", FRIDAY))
CANCELLED = (session_stream("s"), SessionCancelled("s", "c", "commune", FRIDAY, CancelReason.WEATHER))


def training() -> Spec[Any, Any, Any]:
    return Spec(TRAINING)


def schedule(**other: object) -> ScheduleSession:
    fields = {
        "session_id": "s",
        "course_id": "c",
        "unit_id": "commune",
        "organiser": Organiser.YOUTH_UNION,
        "parts": (MORNING, AFTERNOON),
        "capacity": 40,
    }
    return ScheduleSession(**(fields | other))  # type: ignore[arg-type]  # the fields are typed where they are written


def attend(person: str = "p", day: date = FRIDAY, part: Part = Part.MORNING, **other: object) -> RecordAttendance:
    fields = {"session_id": "s", "unit_id": "commune", "today": SATURDAY}
    return RecordAttendance(person_id=person, day=day, part=part, **(fields | other))  # type: ignore[arg-type]  # same


def attended(
    part: Part,
    reach: tuple[Reach, ...],
    session: str = "s",
    day: date = FRIDAY,
    unit: str = "commune",
    organiser: Organiser = Organiser.YOUTH_UNION,
) -> tuple[str, Any]:
    return trainee_stream("p"), AttendanceRecorded("p", session, "c", unit, day, part, Mode.IN_PERSON, reach, organiser)
