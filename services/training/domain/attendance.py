"""Attendance: who took part in which part of a session, and what that changes in the count of unique persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.training.domain.sessions import Plan, SessionPart, relied_on, session_stream, taking_place
from services.training.domain.trainee import (
    Attendance,
    Reach,
    Trainee,
    gained,
    kept,
    trainee_stream,
    with_attendance,
)
from services.training.domain.words import Mode, Organiser, Part
from shared.decider import Rejected, ambient


@dataclass(frozen=True, slots=True)
class RecordAttendance:
    """``unit_id`` is the unit the trainee serves on that day; ``mode`` only for hybrid sessions, and only if known."""

    person_id: str
    session_id: str
    unit_id: str
    day: date
    today: date = ambient()
    part: Part = Part.DAY
    mode: Mode | None = None
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True)
class AttendanceRecorded:
    """``person_id`` as it was sent, even if it was joined into another one, whose stream this is."""

    person_id: str
    session_id: str
    course_id: str
    unit_id: str
    day: date
    part: Part
    mode: Mode
    reach: tuple[Reach, ...]
    organiser: Organiser | None = None


@dataclass(frozen=True, slots=True)
class AttendanceDoubled:
    """The same human being came in under another id already: counts only if the ids are separated again. Private."""

    person_id: str
    attendance: Attendance


COMMANDS = (RecordAttendance,)
EVENTS = (AttendanceRecorded, AttendanceDoubled)


def streams(command: RecordAttendance) -> tuple[str, ...]:
    return trainee_stream(command.person_id), session_stream(command.session_id), *command.also


def decide(command: RecordAttendance, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    trainee, session = kept(states, command.person_id), taking_place(states, command.session_id)
    came = attendance_of(
        session.plan, command.unit_id, SessionPart(command.day, command.part), command.mode, command.today
    )
    known = trainee.entries.get((command.person_id, came.key))
    if known == came:
        return []
    if known:
        raise Rejected("attendance-differs", "/unit_id" if known.unit_id != came.unit_id else "/mode")
    stream = trainee_stream(trainee.person_id)
    attended = trainee.attended
    if came.key in attended:
        return [(stream, AttendanceDoubled(command.person_id, came))]
    links = gained(attended.values(), came)
    recorded = AttendanceRecorded(
        command.person_id,
        came.session_id,
        came.course_id,
        came.unit_id,
        came.day,
        came.part,
        came.mode,
        links,
        came.organiser,
    )
    return [(stream, recorded), *relied_on(session)]


def attendance_of(plan: Plan, unit_id: str, part: SessionPart, mode: Mode | None, today: date) -> Attendance:
    if part not in plan.parts:
        raise Rejected("not-a-session-part", "/day", day=part.day.isoformat(), part=part.part.value)
    if part.day > today:
        raise Rejected("future-day", "/day", day=part.day.isoformat(), today=today.isoformat())
    if plan.mode is not Mode.HYBRID and mode not in (None, plan.mode):
        raise Rejected("mode-differs", "/mode", mode=plan.mode.value)
    return Attendance(plan.session_id, plan.course_id, unit_id, part.day, part.part, mode or plan.mode, plan.organiser)


def evolve(trainee: Trainee, event: AttendanceRecorded | AttendanceDoubled) -> Trainee:
    if isinstance(event, AttendanceDoubled):
        return with_attendance(trainee, event.person_id, event.attendance)
    came = Attendance(
        event.session_id, event.course_id, event.unit_id, event.day, event.part, event.mode, event.organiser
    )
    return with_attendance(trainee, event.person_id, came)
