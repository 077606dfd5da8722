"""Decisions about sessions and attendance: given – when – then."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.training.domain.attendance import AttendanceRecorded
from services.training.domain.courses import OfferCourse
from services.training.domain.sessions import (
    AttendanceOpened,
    CancelSession,
    HoldSession,
    SessionPart,
    SessionScheduled,
    session_stream,
)
from services.training.domain.trainee import Reach
from services.training.domain.words import CancelReason, Mode, Organiser, Part
from tests.training_kit import (
    AFTERNOON,
    CANCELLED,
    COURSE,
    FRIDAY,
    HELD,
    MORNING,
    OFFERED,
    OPENED,
    SATURDAY,
    SCHEDULED,
    attend,
    attended,
    schedule,
    training,
)

# --- courses and sessions ----------------------------------------------------------------------------------------


def test_a_course_is_offered_once() -> None:
    command = OfferCourse("c", COURSE.title, COURSE.topics, COURSE.mode)
    training().when(command).then(OFFERED).when(command).then()


def test_another_course_under_the_same_id_is_refused() -> None:
    other = OfferCourse("c", "Khác", COURSE.topics, COURSE.mode)
    training().given(OFFERED).when(other).then_rejected("course-exists", course_id="c")


def test_a_session_takes_its_mode_from_the_course_and_its_parts_in_order() -> None:
    command = schedule(parts=(AFTERNOON, MORNING))
    training().given(OFFERED).when(command).then(SCHEDULED).when(schedule()).then()


def test_a_session_may_have_a_mode_of_its_own() -> None:
    events = training().given(OFFERED).when(schedule(mode=Mode.ONLINE)).events
    assert [event.mode for _, event in events if isinstance(event, SessionScheduled)] == [Mode.ONLINE]


def test_a_session_needs_its_course() -> None:
    training().when(schedule()).then_rejected("unknown-course", course_id="c")


def test_a_session_has_each_part_once() -> None:
    training().given(OFFERED).when(schedule(parts=(MORNING, MORNING))).then_rejected("part-twice")


def test_another_session_under_the_same_id_is_refused() -> None:
    training().given(OFFERED, SCHEDULED).when(schedule(capacity=50)).then_rejected("session-exists", session_id="s")


def test_a_session_is_held_from_its_first_day_on() -> None:
    training().given(SCHEDULED).when(HoldSession("s", date(2026, 11, 19))).then_rejected("session-not-begun")
    training().given(SCHEDULED).when(HoldSession("s", FRIDAY)).then(HELD).when(HoldSession("s", SATURDAY)).then()


def test_a_session_is_cancelled_once_and_then_not_held() -> None:
    spec = training().given(SCHEDULED).when(CancelSession("s", CancelReason.WEATHER)).then(CANCELLED)
    spec.when(CancelSession("s", CancelReason.PLACE)).then()
    spec.when(HoldSession("s", SATURDAY)).then_rejected("session-cancelled")


@pytest.mark.parametrize("history", [OPENED, HELD])
def test_a_session_that_took_place_is_not_cancelled(history: tuple[str, Any]) -> None:
    spec = training().given(SCHEDULED, history)
    spec.when(CancelSession("s", CancelReason.MISTAKE)).then_rejected("session-attended", session_id="s")


@pytest.mark.parametrize("command", [HoldSession("s", SATURDAY), CancelSession("s", CancelReason.OTHER), attend()])
def test_an_unknown_session_is_refused(command: Any) -> None:
    training().when(command).then_rejected("unknown-session", session_id="s")


# --- attendance --------------------------------------------------------------------------------------------------


def test_the_first_attendance_counts_the_person_and_opens_the_session() -> None:
    counted = attended(Part.MORNING, (Reach(FRIDAY, None, 1, "commune"),))
    training().given(SCHEDULED).when(attend()).then(counted, OPENED)


def test_later_attendances_leave_the_session_alone() -> None:
    """Else every trainee of a session would queue behind its stream."""
    counted = attended(Part.MORNING, (Reach(FRIDAY, None, 1, "commune"),))
    training().given(SCHEDULED, OPENED).when(attend()).then(counted)
    training().given(SCHEDULED, HELD).when(attend()).then(counted)


def test_a_second_part_of_the_day_is_an_attendance_but_no_new_person() -> None:
    spec = training().given(SCHEDULED).when(attend())
    spec.when(attend(part=Part.AFTERNOON)).then(attended(Part.AFTERNOON, ()))


def test_the_same_part_twice_changes_nothing() -> None:
    training().given(SCHEDULED).when(attend()).when(attend(today=date(2026, 12, 1))).then()


def test_the_same_part_with_another_unit_is_refused() -> None:
    training().given(SCHEDULED).when(attend()).when(attend(unit_id="other")).then_rejected("attendance-differs")


def test_an_earlier_day_that_arrives_later_moves_the_count() -> None:
    early = SessionScheduled("e", "c", "commune", Organiser.FIRM, Mode.IN_PERSON, (SessionPart(date(2026, 10, 1)),))
    spec = training().given(SCHEDULED, (session_stream("e"), early)).when(attend())
    reach = (
        Reach(date(2026, 10, 1), None, 1, "former"),
        Reach(FRIDAY, None, -1, "commune"),
        Reach(FRIDAY, date(2026, 10, 1), 1, "commune"),
    )
    spec.when(attend(session_id="e", day=date(2026, 10, 1), part=Part.DAY, unit_id="former")).then(
        attended(Part.DAY, reach, "e", date(2026, 10, 1), "former", Organiser.FIRM),
        (session_stream("e"), AttendanceOpened("e")),
    )


def test_attendance_of_a_cancelled_session_is_refused() -> None:
    training().given(SCHEDULED, CANCELLED).when(attend()).then_rejected("session-cancelled", session_id="s")


@pytest.mark.parametrize(("day", "part"), [(SATURDAY, Part.MORNING), (FRIDAY, Part.EVENING)])
def test_attendance_of_a_part_the_session_does_not_have_is_refused(day: date, part: Part) -> None:
    training().given(SCHEDULED).when(attend(day=day, part=part)).then_rejected("not-a-session-part")


def test_attendance_before_its_day_is_refused() -> None:
    training().given(SCHEDULED).when(attend(today=date(2026, 11, 19))).then_rejected("future-day")


def test_only_a_hybrid_session_leaves_the_mode_open() -> None:
    hybrid = SessionScheduled("s", "c", "commune", Organiser.FIRM, Mode.HYBRID, (MORNING,))
    training().given(SCHEDULED).when(attend(mode=Mode.ONLINE)).then_rejected("mode-differs", mode="in_person")
    for said, recorded in ((None, Mode.HYBRID), (Mode.ONLINE, Mode.ONLINE)):
        events = training().given((session_stream("s"), hybrid)).when(attend(mode=said)).events
        assert [event.mode for _, event in events if isinstance(event, AttendanceRecorded)] == [recorded]
