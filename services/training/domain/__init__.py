"""Training: courses, their sessions, and who attended.

Three kinds of streams: ``course:<id>``, ``session:<id>`` and ``trainee:<person id>``. Attendance lives in the stream of
the trainee, so one writer decides whether a person is counted again (docs/adr/0010-training.md). Persons are
references only: names live in the registry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.training.domain.attendance import (
    AttendanceRecorded,
    Reach,
    RecordAttendance,
    Trainee,
    after,
    attend,
    trainee_stream,
    transitions,
)
from services.training.domain.course import CourseOffered, OfferCourse, Offered, course_stream, offer
from services.training.domain.session import (
    AttendanceOpened,
    Attended,
    Cancelled,
    CancelSession,
    Held,
    HoldSession,
    Planned,
    Scheduled,
    ScheduleSession,
    SessionCancelled,
    SessionHeld,
    SessionPart,
    SessionScheduled,
    cancel,
    hold,
    schedule,
    session_stream,
)
from services.training.domain.words import CancelReason, Mode, Organiser, Part, Topic, Unknown
from shared.decider import Decider

Command = OfferCourse | ScheduleSession | HoldSession | CancelSession | RecordAttendance
Event = CourseOffered | SessionScheduled | AttendanceOpened | SessionHeld | SessionCancelled | AttendanceRecorded
EVENTS: tuple[type, ...] = (
    CourseOffered,
    SessionScheduled,
    AttendanceOpened,
    SessionHeld,
    SessionCancelled,
    AttendanceRecorded,
)
State = Unknown | Offered | Planned | Trainee


def initial(stream: str) -> State:
    return Trainee() if stream.startswith("trainee:") else Unknown()


def streams(command: Command) -> tuple[str, ...]:
    match command:
        case OfferCourse():
            return (course_stream(command.course_id),)
        case ScheduleSession():
            return session_stream(command.session_id), course_stream(command.course_id)
        case HoldSession() | CancelSession():
            return (session_stream(command.session_id),)
        case RecordAttendance():
            return trainee_stream(command.person_id), session_stream(command.session_id)


def decide(command: Command, states: Mapping[str, State]) -> Sequence[tuple[str, Event]]:
    principal = states[streams(command)[0]]
    match command:
        case OfferCourse():
            return offer(command, principal)
        case ScheduleSession():
            return schedule(command, principal, states[course_stream(command.course_id)])
        case HoldSession():
            return hold(command, principal)
        case CancelSession():
            return cancel(command, principal)
        case RecordAttendance():
            trainee = principal if isinstance(principal, Trainee) else Trainee()
            return attend(command, trainee, states[session_stream(command.session_id)])


def evolve(state: State, event: Event) -> State:
    match event:
        case CourseOffered():
            return Offered(event)
        case SessionScheduled():
            return Scheduled(event)
        case AttendanceOpened():
            return Attended(state.plan) if isinstance(state, Scheduled) else state
        case SessionHeld():
            return Held(state.plan) if isinstance(state, Scheduled | Attended) else state
        case SessionCancelled():
            return Cancelled(state.plan) if isinstance(state, Scheduled) else state
        case AttendanceRecorded():
            return after(state, event) if isinstance(state, Trainee) else state


TRAINING: Decider[Command, State, Event] = Decider(initial, streams, decide, evolve)

__all__ = [
    "EVENTS",
    "TRAINING",
    "AttendanceOpened",
    "AttendanceRecorded",
    "Attended",
    "CancelReason",
    "CancelSession",
    "Cancelled",
    "Command",
    "CourseOffered",
    "Event",
    "Held",
    "HoldSession",
    "Mode",
    "OfferCourse",
    "Offered",
    "Organiser",
    "Part",
    "Planned",
    "Reach",
    "RecordAttendance",
    "ScheduleSession",
    "Scheduled",
    "SessionCancelled",
    "SessionHeld",
    "SessionPart",
    "SessionScheduled",
    "State",
    "Topic",
    "Trainee",
    "Unknown",
    "course_stream",
    "session_stream",
    "trainee_stream",
    "transitions",
]
