"""Courses and their versions, rolls and waiting lists, and what may change of a session: given – when – then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.training.domain.changes import ChangeSession, SessionChanged
from services.training.domain.courses import (
    CertificateRule,
    CourseRevised,
    CourseWithdrawn,
    OfferCourse,
    ReviseCourse,
    WithdrawCourse,
    course_stream,
)
from services.training.domain.roll import (
    MAX_ROLL,
    Enrolling,
    EnrolmentPromoted,
    EnrolmentWithdrawn,
    EnrolPeople,
    PersonEnrolled,
    Place,
    WithdrawEnrolment,
    roll_stream,
)
from services.training.domain.sessions import OpenSession, SessionOpened, SessionPart, SessionScheduled, session_stream
from services.training.domain.words import Mode, Part, WithdrawReason
from tests.training_kit import (
    AFTERNOON,
    CANCELLED,
    COURSE,
    FRIDAY,
    HELD,
    MORNING,
    OFFERED,
    OPENED,
    SCHEDULED,
    SESSION,
    schedule,
    training,
)

ROLL = roll_stream("s")
OPEN = (session_stream("s"), SessionOpened("s", "c", "commune", FRIDAY))
TWO_SEATS = (session_stream("s"), replace(SESSION, capacity=2))


def revise(**other: Any) -> ReviseCourse:
    fields = {"course_id": "c", "title": COURSE.title, "topics": COURSE.topics, "mode": COURSE.mode}
    return ReviseCourse(**(fields | other))


def enrol(*people: str) -> EnrolPeople:
    return EnrolPeople("s", tuple(Enrolling(person, "commune") for person in people))


def enrolled(person: str, place: Place) -> tuple[str, Any]:
    return ROLL, PersonEnrolled("s", "c", "commune", person, FRIDAY, place)


def promoted(person: str) -> tuple[str, Any]:
    return ROLL, EnrolmentPromoted("s", "c", "commune", person, FRIDAY)


def withdraw(person: str) -> WithdrawEnrolment:
    return WithdrawEnrolment("s", person, WithdrawReason.OWN_WISH)


def withdrawn(person: str, place: Place) -> tuple[str, Any]:
    return ROLL, EnrolmentWithdrawn("s", "c", "commune", person, FRIDAY, place, WithdrawReason.OWN_WISH)


# --- courses -----------------------------------------------------------------------------------------------------


def test_a_course_is_revised_as_a_whole_and_sessions_keep_the_version_they_were_scheduled_with() -> None:
    revised = CourseRevised("c", "Kỹ năng số nâng cao", ("policy",), Mode.ONLINE, pass_mark=50.0, version=2)
    spec = training().given(OFFERED).when(schedule(session_id="before"))
    spec.when(revise(title=revised.title, topics=("policy",), mode=Mode.ONLINE, pass_mark=50.0))
    spec.then((course_stream("c"), revised))
    spec.when(revise(title=revised.title, topics=("policy",), mode=Mode.ONLINE, pass_mark=50.0)).then()
    events = spec.when(schedule()).events
    terms = [(event.mode, event.terms) for _, event in events if isinstance(event, SessionScheduled)]
    assert [(mode, t.course_version, t.title, t.pass_mark) for mode, t in terms if t] == [
        (Mode.ONLINE, 2, "Kỹ năng số nâng cao", 50.0)
    ]
    assert spec.state(session_stream("before")).plan.terms.course_version == 1


def test_a_withdrawn_course_is_neither_revised_nor_given_again() -> None:
    gone = (course_stream("c"), CourseWithdrawn("c"))
    spec = training().given(OFFERED).when(WithdrawCourse("c")).then(gone).when(WithdrawCourse("c")).then()
    spec.when(revise(title="Khác")).then_rejected("course-withdrawn", course_id="c")
    spec.when(schedule()).then_rejected("course-withdrawn", course_id="c")


def test_a_session_scheduled_before_the_course_was_withdrawn_is_the_same_when_it_is_sent_again() -> None:
    spec = training().given(OFFERED).when(schedule()).when(WithdrawCourse("c"))
    spec.when(schedule()).then()


@pytest.mark.parametrize("command", [revise(), WithdrawCourse("c")])
def test_a_course_that_nobody_offered_is_not_revised(command: Any) -> None:
    training().when(command).then_rejected("unknown-course", course_id="c")


def test_a_certificate_that_asks_for_an_assessment_needs_a_pass_mark() -> None:
    rule = CertificateRule(assessment=True)
    offer = OfferCourse("c", COURSE.title, COURSE.topics, COURSE.mode, certificate=rule)
    training().when(offer).then_rejected("pass-mark-missing")
    training().given(OFFERED).when(revise(certificate=rule)).then_rejected("pass-mark-missing")


# --- rolls -------------------------------------------------------------------------------------------------------


def test_a_session_opens_once_and_not_after_it_was_held() -> None:
    training().given(SCHEDULED).when(OpenSession("s")).then(OPEN).when(OpenSession("s")).then()
    training().given(SCHEDULED, HELD).when(OpenSession("s")).then_rejected("session-over")
    training().given(SCHEDULED, CANCELLED).when(OpenSession("s")).then_rejected("session-cancelled")


def test_seats_are_given_in_order_and_the_others_wait() -> None:
    spec = training().given(TWO_SEATS, OPEN).when(enrol("a", "b", "a", "c"))
    spec.then(enrolled("a", Place.SEAT), enrolled("b", Place.SEAT), enrolled("c", Place.WAITING))
    spec.when(enrol("c", "d", "a")).then(enrolled("d", Place.WAITING))
    spec.when(enrol("a", "b", "c", "d")).then()


def test_a_seat_that_becomes_free_goes_to_the_first_who_waits() -> None:
    spec = training().given(TWO_SEATS, OPEN).when(enrol("a", "b", "c", "d"))
    spec.when(withdraw("c")).then(withdrawn("c", Place.WAITING))
    spec.when(withdraw("a")).then(withdrawn("a", Place.SEAT), promoted("d"))
    spec.when(withdraw("a")).then_rejected("not-enrolled", person="a")


def test_seats_that_are_added_go_to_those_who_wait_and_nobody_loses_one() -> None:
    spec = training().given(TWO_SEATS, OPEN).when(enrol("a", "b", "c", "d"))
    more = (session_stream("s"), SessionChanged(**_all(replace(SESSION, capacity=3))))
    spec.when(ChangeSession("s", ("capacity",), capacity=3)).then(more, promoted("c"))
    spec.when(ChangeSession("s", ("capacity",), capacity=1))
    assert list(spec.state(ROLL).seated) == ["a", "b", "c"]
    spec.when(withdraw("a")).then(withdrawn("a", Place.SEAT))
    spec.when(ChangeSession("s", ("capacity",))).when(enrol("e")).then(enrolled("e", Place.SEAT))
    assert list(spec.state(ROLL).seated) == ["b", "c", "d", "e"]


def test_who_may_enrol_when() -> None:
    training().given(SCHEDULED).when(enrol("a")).then_rejected("enrolment-not-open", session_id="s")
    training().given(SCHEDULED, OPEN, CANCELLED).when(enrol("a")).then_rejected("session-cancelled")
    training().given(SCHEDULED, OPEN, HELD).when(enrol("a")).then_rejected("session-over")
    training().when(enrol("a")).then_rejected("unknown-session")
    many = enrol(*(str(n) for n in range(MAX_ROLL + 1)))
    training().given(SCHEDULED, OPEN).when(many).then_rejected("roll-full", limit=MAX_ROLL)


steps = st.lists(
    st.tuples(st.just("enrol"), st.lists(st.sampled_from("abcdef"), max_size=3))
    | st.tuples(st.just("leave"), st.sampled_from("abcdef"))
    | st.tuples(st.just("capacity"), st.none() | st.integers(1, 4)),
    max_size=20,
)


@settings(deadline=None)
@given(steps)
def test_nobody_waits_while_a_seat_is_free_and_nobody_is_passed_over(history: list[Any]) -> None:
    spec = training().given(TWO_SEATS, OPEN)
    came: list[str] = []
    for what, said in history:
        if what == "enrol":
            spec.when(enrol(*said))
            came += [person for person in dict.fromkeys(said) if person not in came]
        elif what == "leave":
            spec.when(withdraw(said))
            came = [person for person in came if person != said]
        else:
            spec.when(ChangeSession("s", ("capacity",), capacity=said))
        roll, plan = spec.state(ROLL), spec.state(session_stream("s")).plan
        assert [*roll.seated, *roll.waiting] == came
        assert not roll.waiting or (plan.capacity is not None and len(roll.seated) >= plan.capacity)


# --- changes -----------------------------------------------------------------------------------------------------


def test_only_what_is_named_changes() -> None:
    plan = replace(SESSION, venue="Nhà văn hoá thôn 3")
    change = ChangeSession("s", ("venue",), venue="Nhà văn hoá thôn 3", capacity=7)
    spec = training().given(SCHEDULED).when(change).then((session_stream("s"), SessionChanged(**_all(plan))))
    spec.when(change).then()


@pytest.mark.parametrize("relied_on", [OPENED, HELD])
def test_what_attendance_relies_on_stays(relied_on: tuple[str, Any]) -> None:
    spec = training().given(SCHEDULED, relied_on)
    spec.when(ChangeSession("s", ("parts",), parts=(MORNING,))).then_rejected("session-relied-on")
    spec.when(ChangeSession("s", ("mode",), mode=Mode.ONLINE)).then_rejected("session-relied-on")
    assert spec.when(ChangeSession("s", ("capacity",), capacity=5)).events


def test_a_part_may_be_added_until_the_session_is_held() -> None:
    parts = (MORNING, AFTERNOON, SessionPart(FRIDAY, Part.EVENING))
    more = ChangeSession("s", ("parts",), parts=parts)
    assert training().given(SCHEDULED, OPENED).when(more).events
    training().given(SCHEDULED, HELD).when(more).then_rejected("session-relied-on")
    training().given(SCHEDULED).when(ChangeSession("s", ("mode",))).then_rejected("session-needs-mode")
    later = ChangeSession("s", ("parts",), parts=(SessionPart(date(2026, 12, 1)),))
    spec = training().given(SCHEDULED).when(later)
    assert spec.state(session_stream("s")).plan.parts == (SessionPart(date(2026, 12, 1)),)


def _all(plan: SessionScheduled) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in SessionScheduled.__dataclass_fields__}
