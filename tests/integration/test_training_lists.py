"""What learning shows, on PostgreSQL: lists, rolls, flags, and attendance as it stands after corrections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.training.domain.assessment import CorrectAssessment, RecordAssessment
from services.training.domain.attendance import RecordAttendance
from services.training.domain.certificates import IssueCertificate, RevokeCertificate
from services.training.domain.changes import ChangeSession
from services.training.domain.corrections import CorrectAttendance, VoidAttendance
from services.training.domain.courses import CertificateRule, OfferCourse, ReviseCourse, WithdrawCourse
from services.training.domain.joining import JoinRecords
from services.training.domain.numbers import number
from services.training.domain.roll import Enrolling, EnrolPeople, WithdrawEnrolment
from services.training.domain.sessions import HoldSession, OpenSession, ScheduleSession, SessionPart
from services.training.domain.words import (
    CorrectionReason,
    Level,
    Mode,
    Organiser,
    Part,
    Pillar,
    RevocationReason,
    WithdrawReason,
)
from services.training.projections.register import Register
from services.training.queries.courses import CourseQueries
from services.training.queries.flags import FlagQueries
from services.training.queries.flags import Wanted as Flags
from services.training.queries.roll import RollQueries
from services.training.queries.sessions import SessionQueries
from services.training.queries.sessions import Wanted as Sessions
from shared.log import Outcome
from tests.integration.test_training_store import (
    COURSE,
    DAY,
    SESSION,
    TODAY,
    Process,
    attend,
    outcomes,
    process,
    processes,
)

__all__ = ["process", "processes"]
WHY = CorrectionReason.TYPO
ALL: dict[str, Any] = {"topic": None, "pillar": None, "level": None, "withdrawn": None, "after": None, "limit": 10}


def sent(process: Process, *commands: Any) -> None:
    assert set(outcomes(process.send(*commands))) == {Outcome.STORED}
    process.project()


def flags(process: Process, kind: str, limit: int = 10, after: tuple[str, ...] | None = None) -> list[dict[str, Any]]:
    return FlagQueries(process.kit.engine).page(Flags(kind, ["commune"], DAY, DAY, after, limit))[0]


def tables(process: Process) -> dict[str, list[Any]]:
    with process.kit.engine.begin() as tx:
        return {
            name: sorted(map(str, tx.execute(text(f"TABLE read.{name}"))))
            for name in ("courses", "sessions", "rolls", "attendance")
        }


def test_courses_are_listed_by_what_they_say(process: Process) -> None:
    other = str(uuid4())
    sent(
        process,
        OfferCourse(other, "Khoá", ("my_own_topic",), Mode.ONLINE, pillar=Pillar.SOCIETY, level=Level.TRAINER),
        ReviseCourse(COURSE, "Kỹ năng số nâng cao", ("policy",), Mode.IN_PERSON, level=Level.ADVANCED),
        WithdrawCourse(other),
    )
    queries = CourseQueries(process.kit.engine)

    def found(**asked: Any) -> set[str]:
        return {row["course_id"] for row in queries.page(ALL | asked)[0]}

    assert found() == {COURSE, other}
    assert found(topic="policy") == found(level="advanced") == found(withdrawn=False) == {COURSE}
    assert found(topic="my_own_topic") == found(pillar="digital_society") == found(withdrawn=True) == {other}
    assert found(topic="public_services") == set()
    first, second = sorted([COURSE, other])
    assert found(after=first) == {second}
    (shown,) = queries.page(ALL | {"topic": "policy"})[0]
    assert (shown["title"], shown["version"], shown["withdrawn"]) == ("Kỹ năng số nâng cao", 2, False)


def test_sessions_are_listed_by_unit_days_status_and_course(process: Process) -> None:
    sent(process, OpenSession(SESSION), ChangeSession(SESSION, ("capacity",), capacity=2))
    queries = SessionQueries(process.kit.engine)

    def found(**asked: Any) -> list[dict[str, Any]]:
        fields = {"units": ["commune"], "first": None, "last": None, "status": None, "course": None, "after": None}
        return queries.page(Sessions(**(fields | {"limit": 10} | asked)))[0]

    (shown,) = found(units=None, first=DAY, last=DAY, status="open", course=COURSE)
    assert (shown["session_id"], shown["capacity"], shown["first_day"]) == (SESSION, 2, DAY)
    assert found(after=(DAY, "00000000-0000-0000-0000-000000000000")) == [shown]
    assert found(units=["elsewhere"]) == found(first=TODAY) == found(status="held") == []
    assert found(after=(DAY, SESSION)) == found(course=str(uuid4())) == []


def test_a_roll_in_its_order(process: Process) -> None:
    people = [str(uuid4()) for _ in range(4)]
    enrolling = tuple(Enrolling(person, "commune") for person in people)
    sent(process, ChangeSession(SESSION, ("capacity",), capacity=2), OpenSession(SESSION))
    sent(process, EnrolPeople(SESSION, enrolling), WithdrawEnrolment(SESSION, people[0], WithdrawReason.OTHER))
    queries = RollQueries(process.kit.engine)
    rows, _ = queries.page(SESSION, None, 10)
    assert [(row["person_id"], row["place"]) for row in rows] == [
        (people[1], "seat"),
        (people[2], "seat"),
        (people[3], "waiting"),
    ]
    rest, _ = queries.page(SESSION, f"{rows[1]['place']}/{rows[1]['came']}", 10)
    assert rest == rows[2:]
    assert SessionQueries(process.kit.engine).figures(SESSION).roll == {"seat": 2, "waiting": 1}


def test_flags_go_away_by_themselves(process: Process) -> None:
    known, walk_in, enrolled = uuid4(), uuid4(), uuid4()
    sent(process, ChangeSession(SESSION, ("capacity",), capacity=2), OpenSession(SESSION))
    sent(process, EnrolPeople(SESSION, tuple(Enrolling(str(p), "commune") for p in (known, enrolled))))
    sent(process, attend(known), attend(walk_in), attend(enrolled))
    assert {row["person_id"] for row in flags(process, "person_unknown")} == {str(known), str(walk_in), str(enrolled)}
    assert [row["person_id"] for row in flags(process, "not_enrolled")] == [str(walk_in)]
    (over,) = flags(process, "over_capacity")
    assert (over["session_id"], over["attendances"], over["capacity"]) == (SESSION, 3, 2)

    first = flags(process, "person_unknown", limit=1)
    assert len(first) == 2, "one more than asked for tells that there is more"
    place = (str(DAY), SESSION, "morning", first[0]["person_id"])
    assert flags(process, "person_unknown", after=place) == flags(process, "person_unknown")[1:]
    assert flags(process, "over_capacity", after=(str(DAY), SESSION, "morning")) == []

    join(process, walk_in, enrolled)
    assert [row["person_id"] for row in flags(process, "person_unknown")] == [str(known)]
    assert flags(process, "not_enrolled") == flags(process, "over_capacity") == []
    assert SessionQueries(process.kit.engine).figures(SESSION).trainees == 2


def join(process: Process, duplicate: Any, kept: Any) -> None:
    """The registry tells that the two are one."""
    with process.kit.engine.begin() as tx:
        tx.execute(text("INSERT INTO read.joins VALUES (:d, :k, :k)"), {"d": duplicate, "k": kept})


def test_one_human_being_on_a_roll_twice_is_shown_until_one_place_is_given_up(process: Process) -> None:
    kept, duplicate, other = uuid4(), uuid4(), uuid4()
    sent(process, ChangeSession(SESSION, ("capacity",), capacity=1), OpenSession(SESSION))
    sent(process, EnrolPeople(SESSION, tuple(Enrolling(str(p), "commune") for p in (duplicate, kept, other))))
    assert flags(process, "enrolled_twice") == []
    join(process, duplicate, kept)
    [shown] = flags(process, "enrolled_twice")
    assert (shown["session_id"], shown["person_id"]) == (SESSION, str(kept))
    assert [(each["person_id"], each["place"]) for each in shown["places"]] == [
        (str(duplicate), "seat"),
        (str(kept), "waiting"),
    ]
    assert flags(process, "enrolled_twice", after=(str(DAY), SESSION, str(kept))) == []
    sent(process, WithdrawEnrolment(SESSION, str(kept), WithdrawReason.MISTAKE))
    assert flags(process, "enrolled_twice") == []


def test_a_certificate_whose_rule_is_met_no_more_is_shown_until_it_is_revoked(process: Process) -> None:
    first, second, third, duplicate = (str(uuid4()) for _ in range(4))
    course, session = str(uuid4()), str(uuid4())
    rule = CertificateRule(50, True, None)
    parts = (SessionPart(DAY, Part.MORNING), SessionPart(DAY, Part.AFTERNOON))
    people = (first, second, third, duplicate)
    sent(process, OfferCourse(course, "Khoá", ("policy",), Mode.IN_PERSON, pass_mark=50, certificate=rule))
    sent(process, ScheduleSession(session, course, "commune", Organiser.DEPARTMENT, parts))
    sent(process, *[RecordAttendance(p, session, "commune", DAY, TODAY, Part.MORNING) for p in people])
    sent(process, *[RecordAssessment(p, session, "commune", DAY, 50, TODAY) for p in people])
    sent(process, HoldSession(session, TODAY))
    numbers = {p: number(2026, n) for n, p in enumerate((first, second, third))}
    sent(process, *[IssueCertificate(p, session, numbers[p]) for p in numbers])
    assert flags(process, "certificate_unearned") == []
    join(process, third, duplicate)
    sent(
        process,
        VoidAttendance(first, session, DAY, Part.MORNING, WHY),
        CorrectAssessment(second, session, 49.5, WHY),
        VoidAttendance(third, session, DAY, Part.MORNING, WHY),
    )
    shown = {row["number"]: (row["attended"], row["passed"]) for row in flags(process, "certificate_unearned")}
    assert shown == {numbers[first]: (0, True), numbers[second]: (1, False)}, "the third was there as the duplicate"
    last = flags(process, "certificate_unearned")[-1]
    assert flags(process, "certificate_unearned", after=(str(DAY), last["number"])) == []
    sent(process, RevokeCertificate(numbers[first], RevocationReason.ATTENDANCE_CORRECTED))
    sent(process, CorrectAssessment(second, session, 80, WHY))
    assert flags(process, "certificate_unearned") == []


def test_attendance_is_kept_as_it_stands(process: Process, processes: Callable[[], Process]) -> None:
    kept, duplicate, third = uuid4(), uuid4(), uuid4()
    other = processes()
    sent(process, attend(kept), attend(duplicate), attend(third))
    assert [other.handler.state(f"trainee:{person}")[1] for person in (kept, duplicate)] == [1, 1]
    sent(process, JoinRecords(str(kept), str(duplicate)))  # which the other process has not heard of
    assert outcomes(other.send(attend(duplicate, Part.AFTERNOON), attend(kept, Part.AFTERNOON))) == [Outcome.STORED] * 2
    sent(
        other,
        VoidAttendance(str(kept), SESSION, DAY, Part.MORNING, WHY),
        CorrectAttendance(str(third), SESSION, DAY, Part.MORNING, WHY, TODAY, "other", right_part=Part.AFTERNOON),
        CorrectAttendance(str(third), SESSION, DAY, Part.AFTERNOON, WHY, TODAY, "commune"),
    )
    with process.kit.engine.begin() as tx:
        rows = {(str(row.person_id), row.part, row.unit_id) for row in tx.execute(text("TABLE read.attendance"))}
    afternoon = {(str(person), "afternoon", "commune") for person in (kept, duplicate, third)}
    assert rows == afternoon
    assert process.handler.state(f"trainee:{duplicate}")[0].into == str(kept)
    assert outcomes(process.send(attend(kept))) == [Outcome.STORED], "with an id of its own it is recorded again"


@pytest.mark.parametrize("batch", [1, 7])
def test_tables_are_the_same_in_whatever_batches_events_come(process: Process, batch: int) -> None:
    people = [uuid4() for _ in range(3)]
    later = (SessionPart(DAY, Part.MORNING), SessionPart(DAY, Part.AFTERNOON), SessionPart(DAY, Part.EVENING))
    sent(
        process,
        OpenSession(SESSION),
        ReviseCourse(COURSE, "Khác", ("policy",), Mode.IN_PERSON),
        ChangeSession(SESSION, ("parts", "capacity"), parts=later, capacity=1),
        EnrolPeople(SESSION, tuple(Enrolling(str(person), "commune") for person in people)),
        WithdrawEnrolment(SESSION, str(people[0]), WithdrawReason.OWN_WISH),
        *[attend(person) for person in people],
        VoidAttendance(str(people[0]), SESSION, DAY, Part.MORNING, WHY),
        CorrectAttendance(str(people[1]), SESSION, DAY, Part.MORNING, WHY, TODAY, right_part=Part.EVENING),
        attend(people[0]),
    )
    whole = tables(process)
    with process.kit.engine.begin() as tx:
        tx.execute(text("DELETE FROM read.courses; DELETE FROM read.sessions; DELETE FROM read.rolls"))
        tx.execute(text("DELETE FROM read.attendance"))
        events = process.kit.log.read(0, 0, 1_000)
        for at in range(0, len(events), batch):
            Register().apply(tx, [("", event) for event in events[at : at + batch]])
    assert tables(process) == whole
