"""The rooms around training's decisions: bodies, texts, published forms."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from marshmallow import ValidationError

from services.training import domain
from services.training.domain.courses import OfferCourse
from services.training.domain.sessions import ScheduleSession, SessionPart
from services.training.domain.words import Mode, Part
from services.training.messages import MESSAGES
from services.training.public import publisher
from services.training.schemas.attendance import AttendanceSchema, CorrectSchema
from services.training.schemas.certificates import AssessmentSchema
from services.training.schemas.courses import CourseSchema
from services.training.schemas.roll import EnrolSchema
from services.training.schemas.sessions import ChangeSessionSchema, SessionSchema
from services.training.service.allowance import Allowance
from shared.bus import Public
from shared.log import Recorded
from shared.problem_texts import GENERIC
from shared.problem_texts_files import FILES
from shared.problems import rejection_codes
from shared.units import UnitTree

PERSON, SESSION, COURSE = str(uuid4()), str(uuid4()), str(uuid4())
ATTENDANCE = {"person_id": PERSON, "session_id": SESSION, "unit_id": "commune", "day": "2026-11-20"}


def test_every_rejection_has_its_texts() -> None:
    """Generic ones, which the kernel has, aside."""
    room = Path(domain.__file__).parent.parent
    said = rejection_codes(*room.rglob("*.py")) - (GENERIC.keys() | FILES.keys())
    of_bodies = {"one-kind-of-trainer", "correction-empty"}
    of_files = {"enrolment-differs", "enrolled-waiting", "enrolled-withdrawn"}
    assert said | of_bodies | of_files == set(MESSAGES)


def test_every_parameter_of_a_text_is_in_both_languages() -> None:
    for code, text in MESSAGES.items():
        assert text.vi_detail.count("{") <= text.en_detail.count("{"), code
        assert all((text.vi_title, text.vi_detail, text.en_title, text.en_detail)), code


# --- bodies ------------------------------------------------------------------------------------------------------


def test_a_course() -> None:
    body = {"title": " Kỹ năng số ", "topics": ["policy", "online_safety", "policy"]}
    topics = ("online_safety", "policy")
    assert CourseSchema().load(body) == OfferCourse(None, "Kỹ năng số", topics, Mode.IN_PERSON)  # type: ignore[arg-type]  # the service gives the id


def test_a_session() -> None:
    body = {"course_id": COURSE, "unit_id": "u", "organiser": "ministry", "parts": [{"day": "2026-11-20"}]}
    command: ScheduleSession = SessionSchema().load(body)
    assert (command.parts, command.capacity) == ((SessionPart(date(2026, 11, 20), Part.DAY),), None)


@pytest.mark.parametrize(
    ("schema", "body", "at"),
    [
        (CourseSchema, {"title": "", "topics": ["policy"]}, "title"),
        (CourseSchema, {"title": "x", "topics": []}, "topics"),
        (CourseSchema, {"title": "x", "topics": ["Nấu ăn"]}, "topics"),
        (CourseSchema, {"title": "x", "topics": ["policy"], "simulated": "yes"}, "simulated"),
        (SessionSchema, {"parts": []}, "parts"),
        (SessionSchema, {"capacity": 0}, "capacity"),
        (SessionSchema, {"capacity": 2.5}, "capacity"),
        (AttendanceSchema, ATTENDANCE | {"person_id": "012345678901"}, "person_id"),
        (AttendanceSchema, ATTENDANCE | {"name": "Nguyễn Văn A"}, "name"),
        (AttendanceSchema, ATTENDANCE | {"unit_id": "a b"}, "unit_id"),
        (AttendanceSchema, ATTENDANCE | {"unit_id": "a\n"}, "unit_id"),
        (AttendanceSchema, ATTENDANCE | {"day": "2026-02-30"}, "day"),
        (AttendanceSchema, ATTENDANCE | {"part": "night"}, "part"),
        (CourseSchema, {"title": "x", "topics": ["policy"], "certificate": {"attended_percent": 101}}, "certificate"),
        (CourseSchema, {"title": "Tên\nhai dòng", "topics": ["policy"]}, "title"),
        (SessionSchema, {"trainers": [{"person_id": PERSON, "organisation": "VNPT"}]}, "trainers"),
        (SessionSchema, {"co_organisers": [{"name": "Đoàn xã"}]}, "co_organisers"),
        (ChangeSessionSchema, {"unit_id": "u"}, "unit_id"),
        (CorrectSchema, ATTENDANCE | {"reason": "typo", "right": {}}, "right"),
        (AssessmentSchema, ATTENDANCE | {"score": "7"}, "score"),
        (AssessmentSchema, ATTENDANCE | {"score": True}, "score"),
        (EnrolSchema, {"people": []}, "people"),
    ],
)
def test_bad_bodies_say_where(schema: Any, body: dict[str, Any], at: str) -> None:
    with pytest.raises(ValidationError) as caught:
        schema().load(body)
    assert at in caught.value.messages_dict


def test_an_attendance_is_the_same_command_whoever_sends_it() -> None:
    load = AttendanceSchema().load
    first = load(ATTENDANCE)["attendance_id"]
    assert load(ATTENDANCE | {"person_id": PERSON.upper(), "part": "day"})["attendance_id"] == first
    for other in ({"part": "morning"}, {"person_id": str(uuid4())}, {"day": "2026-11-21"}, {"session_id": COURSE}):
        assert load(ATTENDANCE | other)["attendance_id"] != first
    assert load(ATTENDANCE | {"attendance_id": COURSE})["attendance_id"] == UUID(COURSE)


# --- published ---------------------------------------------------------------------------------------------------


def units() -> UnitTree:
    tree = UnitTree()
    for unit, level, parent in (("vn", "nation", None), ("p", "province", "vn"), ("c", "commune", "p")):
        data = {"unit_id": unit, "level": level, "kind": level, "name": unit, "parent_id": parent, "code": None}
        tree.apply("UnitEstablished", data | {"effective": "2025-07-01"})
    return tree


def published(type_: str, **data: Any) -> Public | None:
    now = datetime.now(UTC)
    stored = Recorded(0, 1, "s", 1, type_, 1, data, {"actor": "a"}, uuid4(), 1, b"", now)
    return publisher(units)(stored)


def test_an_event_goes_out_under_the_unit_of_its_day() -> None:
    data = {"unit_id": "c", "day": "2026-11-20"}
    for type_ in ("AttendanceRecorded", "SessionHeld", "SessionCancelled"):
        assert published(type_, **data) == Public(type_, 1, data, "p", "c")
    scheduled = {"unit_id": "p", "parts": [{"day": "2026-11-20", "part": "day"}]}
    assert published("SessionScheduled", **scheduled) == Public("SessionScheduled", 1, scheduled, "p", None)
    assert published("CourseOffered", title="x") == Public("CourseOffered", 1, {"title": "x"})


def test_a_unit_nobody_knows_does_not_hold_an_event_back() -> None:
    data = {"unit_id": "new", "day": "2026-11-20"}
    assert published("AttendanceRecorded", **data) == Public("AttendanceRecorded", 1, data, None, None)


def test_a_correction_goes_out_where_the_attendance_stood() -> None:
    before = {"unit_id": "c", "day": "2026-11-20"}
    for type_ in ("AttendanceVoided", "AttendanceCorrected"):
        assert published(type_, person_id="x", before=before) == Public(
            type_, 1, {"person_id": "x", "before": before}, "p", "c"
        )


def test_free_text_and_what_moves_with_a_record_stay() -> None:
    plan = {"unit_id": "p", "parts": [{"day": "2026-11-20", "part": "day"}]}
    assert published("SessionChanged", **plan, venue="Nhà ông A") == Public("SessionChanged", 1, plan, "p", None)
    assert published("RecordsJoined", person_id="x", moved={"entries": []}) == Public(
        "RecordsJoined", 1, {"person_id": "x"}
    )
    for type_ in ("AttendanceDoubled", "RecordGivenUp", "RecordReturned", "CertificateNoted", "CertificateDropped"):
        assert published(type_, person_id="x") is None


def test_whoever_asks_too_often_waits() -> None:
    now = [0.0]
    allowance = Allowance(per_second=2, burst=3, clock=lambda: now[0])
    assert [allowance.take() for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert [allowance.take() for _ in range(2)] == [True, False]
    now[0] = 1_000.0
    assert [allowance.take() for _ in range(4)] == [True, True, True, False]


def test_what_is_private_stays() -> None:
    assert published("AttendanceOpened", session_id="s") is None
    assert published("NothingChanged") is None


def test_no_event_names_anybody() -> None:
    for event in domain.EVENTS:
        assert not {"name", "full_name", "phone", "address", "note"} & {field.name for field in fields(event)}
