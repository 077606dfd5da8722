"""Corrections, scores, certificates and joined people: given – when – then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.training.domain import numbers
from services.training.domain.assessment import (
    AssessmentCorrected,
    AssessmentRecorded,
    CorrectAssessment,
    RecordAssessment,
)
from services.training.domain.attendance import AttendanceDoubled
from services.training.domain.certificates import (
    Certificate,
    CertificateDropped,
    CertificateIssued,
    CertificateNoted,
    CertificateRevoked,
    IssueCertificate,
    RevokeCertificate,
    Validity,
    certificate_stream,
    later,
)
from services.training.domain.corrections import (
    AttendanceCorrected,
    AttendanceVoided,
    CorrectAttendance,
    VoidAttendance,
)
from services.training.domain.courses import CertificateRule
from services.training.domain.joining import JoinRecords, RecordsJoined, SeparateRecords
from services.training.domain.sessions import SessionHeld, Terms, session_stream
from services.training.domain.trainee import Attendance, Completed, Reach, trainee_stream
from services.training.domain.words import CorrectionReason, Mode, Organiser, Part, RevocationReason
from shared.decider import Rejected
from tests.training_kit import (
    CANCELLED,
    COURSE,
    FRIDAY,
    HELD,
    OPENED,
    SATURDAY,
    SCHEDULED,
    SESSION,
    attend,
    training,
)

WHY = CorrectionReason.NOT_THERE
MORNING = Attendance("s", "c", "commune", FRIDAY, Part.MORNING, Mode.IN_PERSON, Organiser.YOUTH_UNION)
ASSESSED = Terms(1, COURSE.title, 50.0, CertificateRule(50, assessment=True, validity_months=12))
WITH_TERMS = (session_stream("s"), replace(SESSION, terms=ASSESSED))
NUMBER, OTHER = numbers.number(2026, 1), numbers.number(2026, 2)
P = trainee_stream("p")


def void(person: str = "p", part: Part = Part.MORNING) -> VoidAttendance:
    return VoidAttendance(person, "s", FRIDAY, part, WHY)


def correct(**right: Any) -> CorrectAttendance:
    return CorrectAttendance("p", "s", FRIDAY, Part.MORNING, WHY, SATURDAY, **right)


def score(value: float, attempt: int = 1, day: date = FRIDAY) -> RecordAssessment:
    return RecordAssessment("p", "s", "commune", day, value, SATURDAY, attempt)


def issue(person: str = "p", number: str = NUMBER) -> IssueCertificate:
    return IssueCertificate(person, "s", number)


# --- corrections -------------------------------------------------------------------------------------------------


def test_a_voided_attendance_takes_its_link_away() -> None:
    gone = (P, AttendanceVoided("p", WHY, MORNING, (Reach(FRIDAY, None, -1, "commune"),), ("p",)))
    spec = training().given(SCHEDULED).when(attend()).when(void()).then(gone)
    spec.when(void()).then_rejected("not-attended", person="p")


def test_a_day_with_another_attendance_stays_a_training_day() -> None:
    spec = training().given(SCHEDULED).when(attend()).when(attend(part=Part.AFTERNOON, unit_id="other"))
    moved = (Reach(FRIDAY, None, -1, "commune"), Reach(FRIDAY, None, 1, "other"))
    spec.when(void()).then((P, AttendanceVoided("p", WHY, MORNING, moved, ("p",))))


def test_a_corrected_unit_moves_the_person() -> None:
    right = replace(MORNING, unit_id="other")
    links = (Reach(FRIDAY, None, -1, "commune"), Reach(FRIDAY, None, 1, "other"))
    spec = training().given(SCHEDULED).when(attend()).when(correct(unit_id="other"))
    spec.then((P, AttendanceCorrected("p", WHY, MORNING, right, links, ("p",))))
    spec.when(correct(unit_id="other")).then()


def test_a_correction_is_held_to_the_rules_of_attendance() -> None:
    spec = training().given(SCHEDULED).when(attend()).when(attend(part=Part.AFTERNOON))
    spec.when(correct(right_part=Part.EVENING)).then_rejected("not-a-session-part")
    spec.when(correct(right_part=Part.AFTERNOON)).then_rejected("attended-already")
    spec.when(correct(mode=Mode.ONLINE)).then_rejected("mode-differs")
    assert (rejected := spec.rejection) is not None
    assert rejected.pointer == "/mode"


# --- scores ------------------------------------------------------------------------------------------------------


def test_a_score_is_recorded_once_and_passed_by_the_mark_of_the_session() -> None:
    recorded = (P, AssessmentRecorded("p", "s", "c", "commune", FRIDAY, 1, 49.5, False))
    spec = training().given(WITH_TERMS).when(score(49.5)).then(recorded, OPENED)
    spec.when(score(49.5)).then()
    spec.when(score(60)).then_rejected("assessment-differs", attempt=1)
    spec.when(score(60, attempt=2)).then((P, AssessmentRecorded("p", "s", "c", "commune", FRIDAY, 2, 60, True)))
    fixed = AssessmentCorrected("p", "s", "c", "commune", FRIDAY, 1, 94.5, True, 49.5, CorrectionReason.TYPO)
    correction = CorrectAssessment("p", "s", 94.5, CorrectionReason.TYPO)
    spec.when(correction).then((P, fixed)).when(correction).then()


@pytest.mark.parametrize("value", [-0.1, 100.1, 1_000, 55.55, float("nan")])
def test_a_score_out_of_range_is_refused_where_it_stands(value: float) -> None:
    spec = training().given(SCHEDULED).when(score(value)).then_rejected("score-out-of-range")
    assert (rejected := spec.rejection) is not None
    assert rejected.pointer == "/score"


def test_when_a_score_makes_no_sense() -> None:
    training().given(SCHEDULED, CANCELLED).when(score(50)).then_rejected("session-cancelled")
    training().given(SCHEDULED).when(score(50, day=date(2026, 11, 1))).then_rejected("session-not-begun")
    training().given(SCHEDULED).when(score(50, day=date(2026, 11, 30))).then_rejected("future-day")
    unknown = CorrectAssessment("p", "s", 50, CorrectionReason.TYPO)
    training().given(SCHEDULED).when(unknown).then_rejected("not-assessed", attempt=1)


# --- certificates ------------------------------------------------------------------------------------------------


def completed() -> Any:
    return training().given(WITH_TERMS).when(attend()).when(score(50)).given(HELD)


def test_a_certificate_follows_the_rule_of_the_course() -> None:
    noted = (P, CertificateNoted(Completed(NUMBER, "p", "s", "c", FRIDAY)))
    issued = CertificateIssued(NUMBER, "p", "s", "c", "commune", COURSE.title, FRIDAY, date(2027, 11, 20), None)
    spec = completed().when(issue()).then(noted, (certificate_stream(NUMBER), issued))
    spec.when(issue(number=OTHER)).then()


def test_who_gets_no_certificate() -> None:
    training().given(WITH_TERMS).when(attend()).when(issue()).then_rejected("session-not-held")
    training().given(WITH_TERMS, HELD).when(issue()).then_rejected("attended-too-little", attended=0, parts=2)
    training().given(WITH_TERMS).when(attend()).given(HELD).when(issue()).then_rejected("assessment-not-passed")
    training().given(SCHEDULED).when(attend()).given(HELD).when(issue()).then_rejected("course-gives-no-certificate")
    completed().when(issue()).given(("trainee:q", CertificateDropped("x"))).when(attend("q")).when(
        replace(score(80), person_id="q")
    ).when(issue("q")).then_rejected("number-taken", number=NUMBER)


def test_a_revoked_certificate_makes_room_for_another_one() -> None:
    revoke = RevokeCertificate(NUMBER, RevocationReason.MISTAKE)
    gone = CertificateRevoked(NUMBER, "p", "s", "c", "commune", FRIDAY, RevocationReason.MISTAKE)
    spec = completed().when(issue()).when(revoke)
    spec.then((certificate_stream(NUMBER), gone), (P, CertificateDropped(NUMBER))).when(revoke).then()
    assert spec.when(issue(number=OTHER)).events
    training().when(revoke).then_rejected("unknown-certificate", number=NUMBER)


def test_a_refresher_names_the_certificate_it_refreshes() -> None:
    again = replace(SESSION, session_id="r", terms=ASSESSED)
    spec = completed().when(issue()).given((session_stream("r"), again)).when(attend(session_id="r"))
    spec.when(replace(score(90), session_id="r")).given((session_stream("r"), SessionHeld("r", "c", "commune", FRIDAY)))
    events = spec.when(IssueCertificate("p", "r", OTHER)).events
    assert [event.supersedes for _, event in events if isinstance(event, CertificateIssued)] == [NUMBER]


def test_a_certificate_is_valid_until_the_day_it_expires() -> None:
    issued = CertificateIssued(NUMBER, "p", "s", "c", "u", "Khoá", FRIDAY, date(2027, 11, 20), None)
    found = Certificate(issued)
    assert found.validity(date(2027, 11, 19)) is Validity.VALID
    assert found.validity(date(2027, 11, 20)) is Validity.EXPIRED
    assert replace(found, revoked=RevocationReason.OTHER).validity(FRIDAY) is Validity.REVOKED
    assert Certificate(replace(issued, expires=None)).validity(date(2099, 1, 1)) is Validity.VALID


def test_months_end_where_they_can() -> None:
    assert later(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert later(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert later(date(2026, 12, 1), 1) == date(2027, 1, 1)


chosen = st.integers(0, 2**numbers.RANDOM_BITS - 1)


def refused(text: str) -> str | None:
    try:
        numbers.checked(text)
    except Rejected as rejected:
        return rejected.code
    return None


@given(chosen, st.integers(2000, 2099))
def test_a_number_is_read_as_people_type_it(bits: int, year: int) -> None:
    printed = numbers.number(year, bits)
    for typed in (printed, printed.lower(), printed.replace("-", ""), printed.replace("-", " ")):
        assert numbers.checked(typed) == printed


@given(chosen, st.data())
def test_a_wrong_character_is_found_and_so_are_two_that_changed_places(bits: int, data: st.DataObject) -> None:
    plain = numbers.number(2026, bits).replace("-", "")
    at, character = data.draw(st.integers(2, 13)), data.draw(st.sampled_from(numbers.DIGITS))
    wrong = plain[:at] + character + plain[at + 1 :]
    assert (refused(wrong) is None) == (wrong == plain)
    first, second = sorted(data.draw(st.tuples(st.integers(2, 13), st.integers(2, 13))))
    letters = list(plain)
    letters[first], letters[second] = letters[second], letters[first]
    swapped = "".join(letters)
    assert (refused(swapped) is None) == (swapped == plain)


@pytest.mark.parametrize("text", ["", "TN-26", "XX-26-00000000-00", "TN-26-0000000U-00", "TN-2６-00000000-00"])
def test_what_is_no_number_at_all(text: str) -> None:
    assert refused(text) == "not-a-certificate-number"


# --- joined people -----------------------------------------------------------------------------------------------


def test_what_two_ids_attended_counts_once_and_twice_again() -> None:
    spec = training().given(SCHEDULED).when(attend("p")).when(attend("q")).when(JoinRecords("p", "q"))
    joined = [event for _, event in spec.events if isinstance(event, RecordsJoined)]
    assert [(event.removed, event.reach) for event in joined] == [((MORNING,), (Reach(FRIDAY, None, -1, "commune"),))]
    spec.when(attend("q", part=Part.AFTERNOON))
    assert [stream for stream, _ in spec.events] == [P]
    spec.when(attend("p", part=Part.AFTERNOON)).then((P, AttendanceDoubled("p", replace(MORNING, part=Part.AFTERNOON))))
    events = spec.when(SeparateRecords("p", "q")).events
    assert [(len(event.added), event.reach) for _, event in events if hasattr(event, "added")] == [
        (2, (Reach(FRIDAY, None, 1, "commune"),))
    ]
    assert len(spec.state(trainee_stream("q")).attended) == len(spec.state(P).attended) == 2


def test_scores_and_certificates_move_along() -> None:
    spec = completed().when(issue()).when(JoinRecords("k", "p"))
    spec.when(IssueCertificate("k", "s", OTHER)).then()
    events = spec.when(RevokeCertificate(NUMBER, RevocationReason.OTHER)).events
    assert [stream for stream, _ in events] == [certificate_stream(NUMBER), trainee_stream("k")]
    spec.when(JoinRecords("top", "k")).when(score(80, attempt=3))
    assert [stream for stream, _ in spec.events] == [trainee_stream("top")]
    spec.when(SeparateRecords("k", "p"))
    assert {attempt for _, _, attempt in spec.state(P).results} == {1, 3}
    assert spec.state(trainee_stream("top")).results == {}


def test_joins_that_cannot_be() -> None:
    spec = training().when(JoinRecords("p", "q")).when(JoinRecords("p", "q")).then()
    spec.when(JoinRecords("r", "q")).then_rejected("records-joined", person="q")
    spec.when(JoinRecords("q", "p")).then_rejected("records-joined", person="p")
    spec.when(SeparateRecords("r", "q")).then()
