"""Attendance: who took part in which part of a session, and what that changes in the count of unique persons.

Stream ``trainee:<person id>``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.training.domain.sessions import (
    AttendanceOpened,
    Attended,
    Cancelled,
    Held,
    Scheduled,
    SessionPart,
    SessionScheduled,
    session_stream,
)
from services.training.domain.words import Mode, Part
from shared.decider import Rejected, ambient


@dataclass(frozen=True, slots=True)
class Reach:
    """``n`` (+1 or −1) persons trained on ``day`` whose training day before it was ``previous_day``.

    ``unit_id`` is where the person counts on ``day``. Unique persons of a period: the sum of ``n`` over its days whose
    ``previous_day`` is before the period or absent.
    """

    day: date
    previous_day: date | None
    n: int
    unit_id: str


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


@dataclass(frozen=True, slots=True)
class AttendanceRecorded:
    person_id: str
    session_id: str
    course_id: str
    unit_id: str
    day: date
    part: Part
    mode: Mode
    reach: tuple[Reach, ...]


@dataclass(frozen=True, slots=True)
class Trainee:
    """``attended``: each session part and what was recorded of it; ``days``: each training day and where it counts."""

    attended: Mapping[tuple[str, date, Part], tuple[str, Mode]] = field(default_factory=dict)
    days: Mapping[date, str] = field(default_factory=dict)


def trainee_stream(person_id: str) -> str:
    return f"trainee:{person_id}"


COMMANDS = (RecordAttendance,)
EVENTS = (AttendanceRecorded,)


def streams(command: RecordAttendance) -> tuple[str, ...]:
    return trainee_stream(command.person_id), session_stream(command.session_id)


def decide(
    command: RecordAttendance, states: Mapping[str, Any]
) -> Sequence[tuple[str, AttendanceRecorded | AttendanceOpened]]:
    trainee: Trainee = states[trainee_stream(command.person_id)]
    session = states[session_stream(command.session_id)]
    plan = _open_plan(command, session)
    mode = _mode(command, plan)
    known = trainee.attended.get((command.session_id, command.day, command.part))
    if known == (command.unit_id, mode):
        return []
    if known:
        raise Rejected("attendance-differs", "/unit_id" if known[0] != command.unit_id else "/mode")
    recorded = AttendanceRecorded(
        command.person_id,
        command.session_id,
        plan.course_id,
        command.unit_id,
        command.day,
        command.part,
        mode,
        transitions(trainee.days, command.day, command.unit_id),
    )
    changes: list[tuple[str, AttendanceRecorded | AttendanceOpened]] = [(trainee_stream(command.person_id), recorded)]
    if isinstance(session, Scheduled):
        # A write to the session's stream, once: whoever cancels at the same time loses or wins, but never both happen.
        changes.append((session_stream(command.session_id), AttendanceOpened(command.session_id)))
    return changes


def _open_plan(command: RecordAttendance, session: object) -> SessionScheduled:
    match session:
        case Scheduled(plan) | Attended(plan) | Held(plan):
            pass
        case Cancelled():
            raise Rejected("session-cancelled", "/session_id", session_id=command.session_id)
        case _:
            raise Rejected("unknown-session", "/session_id", session_id=command.session_id)
    if SessionPart(command.day, command.part) not in plan.parts:
        raise Rejected("not-a-session-part", "/day", day=command.day.isoformat(), part=command.part.value)
    if command.day > command.today:
        raise Rejected("future-day", "/day", day=command.day.isoformat(), today=command.today.isoformat())
    return plan


def _mode(command: RecordAttendance, plan: SessionScheduled) -> Mode:
    if plan.mode is not Mode.HYBRID and command.mode not in (None, plan.mode):
        raise Rejected("mode-differs", "/mode", mode=plan.mode.value)
    return command.mode or plan.mode


def transitions(days: Mapping[date, str], day: date, unit_id: str) -> tuple[Reach, ...]:
    """What one more training day changes in a person's chain of days; arrival in any order adds up to the same chain.

    The day counts in the unit of its first recorded attendance, and a corrected link stays in the unit of its own day.
    """
    if day in days:
        return ()
    previous = max((d for d in days if d < day), default=None)
    following = min((d for d in days if d > day), default=None)
    added = Reach(day, previous, 1, unit_id)
    if following is None:
        return (added,)
    where = days[following]
    return added, Reach(following, previous, -1, where), Reach(following, day, 1, where)


def evolve(trainee: Trainee, event: AttendanceRecorded) -> Trainee:
    part = (event.session_id, event.day, event.part)
    return Trainee(
        {**trainee.attended, part: (event.unit_id, event.mode)},
        trainee.days if event.day in trainee.days else {**trainee.days, event.day: event.unit_id},
    )
