"""What was recorded of an attendance was wrong: it is voided or corrected, with a reason, and every count follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.training.domain.attendance import attendance_of
from services.training.domain.sessions import SessionPart, session_stream, taking_place
from services.training.domain.trainee import (
    Attendance,
    Key,
    Reach,
    Trainee,
    holders,
    kept,
    reach,
    trainee_stream,
    with_correction,
    without_attendance,
)
from services.training.domain.words import CorrectionReason, Mode, Part
from shared.decider import Rejected, ambient


@dataclass(frozen=True, slots=True)
class VoidAttendance:
    """The person was not there."""

    person_id: str
    session_id: str
    day: date
    part: Part
    reason: CorrectionReason
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True)
class CorrectAttendance:
    """What is None was right. Another session or person: void, and record anew."""

    person_id: str
    session_id: str
    day: date
    part: Part
    reason: CorrectionReason
    today: date = ambient()
    unit_id: str | None = None
    right_day: date | None = None
    right_part: Part | None = None
    mode: Mode | None = None
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True)
class AttendanceVoided:
    """``before`` never was. ``people``: the ids of this human being under which it was recorded, the first counted."""

    person_id: str
    reason: CorrectionReason
    before: Attendance
    reach: tuple[Reach, ...]
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AttendanceCorrected:
    """``after`` instead of ``before``, under the first of ``people`` (see ``AttendanceVoided``)."""

    person_id: str
    reason: CorrectionReason
    before: Attendance
    after: Attendance
    reach: tuple[Reach, ...]
    people: tuple[str, ...]


COMMANDS = (VoidAttendance, CorrectAttendance)
EVENTS = (AttendanceVoided, AttendanceCorrected)
Correction = VoidAttendance | CorrectAttendance


def streams(command: Correction) -> tuple[str, ...]:
    return trainee_stream(command.person_id), session_stream(command.session_id), *command.also


def decide(command: Correction, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    trainee, plan = kept(states, command.person_id), taking_place(states, command.session_id).plan
    key: Key = (command.session_id, command.day, command.part)
    before = trainee.attended.get(key)
    if before is None:
        raise Rejected("not-attended", "/person_id", person=command.person_id)
    stream, people = trainee_stream(trainee.person_id), holders(trainee, key)
    if isinstance(command, VoidAttendance):
        links = reach(trainee, without_attendance(trainee, key))
        return [(stream, AttendanceVoided(command.person_id, command.reason, before, links, people))]
    part = SessionPart(command.right_day or before.day, command.right_part or before.part)
    unit_id, mode = command.unit_id or before.unit_id, command.mode or before.mode
    after = replace(attendance_of(plan, unit_id, part, mode, command.today), organiser=before.organiser)
    if after == before:
        return []
    if after.key != key and after.key in trainee.attended:
        raise Rejected("attended-already", "/right_part", day=after.day.isoformat(), part=after.part.value)
    links = reach(trainee, with_correction(trainee, key, after))
    return [(stream, AttendanceCorrected(command.person_id, command.reason, before, after, links, people))]


def evolve(trainee: Trainee, event: AttendanceVoided | AttendanceCorrected) -> Trainee:
    if isinstance(event, AttendanceVoided):
        return without_attendance(trainee, event.before.key)
    return with_correction(trainee, event.before.key, event.after)
