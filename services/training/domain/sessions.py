"""Sessions of a course: when and for whom, held or cancelled. Stream ``session:<id>``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.training.domain.courses import Offered, course_stream
from services.training.domain.words import CancelReason, Mode, Organiser, Part
from shared.decider import Rejected, ambient


@dataclass(frozen=True, slots=True)
class SessionPart:
    day: date
    part: Part = Part.DAY


@dataclass(frozen=True, slots=True)
class ScheduleSession:
    """For the unit ``unit_id``; ``parts`` is what can be attended; ``mode`` is that of the course if absent."""

    session_id: str
    course_id: str
    unit_id: str
    organiser: Organiser
    parts: tuple[SessionPart, ...]
    mode: Mode | None = None
    capacity: int | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class HoldSession:
    """State that the session took place (or is under way)."""

    session_id: str
    today: date = ambient()


@dataclass(frozen=True, slots=True)
class CancelSession:
    session_id: str
    reason: CancelReason


@dataclass(frozen=True, slots=True)
class SessionScheduled:
    session_id: str
    course_id: str
    unit_id: str
    organiser: Organiser
    mode: Mode
    parts: tuple[SessionPart, ...]
    capacity: int | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class AttendanceOpened:
    """The first attendance of a session arrived: it cannot be cancelled any more. Private, in the session's stream."""

    session_id: str


@dataclass(frozen=True, slots=True)
class SessionHeld:
    session_id: str
    course_id: str
    unit_id: str
    day: date


@dataclass(frozen=True, slots=True)
class SessionCancelled:
    session_id: str
    course_id: str
    unit_id: str
    day: date
    reason: CancelReason


@dataclass(frozen=True, slots=True)
class Scheduled:
    plan: SessionScheduled


@dataclass(frozen=True, slots=True)
class Attended:
    """Scheduled, and somebody's attendance is recorded."""

    plan: SessionScheduled


@dataclass(frozen=True, slots=True)
class Held:
    plan: SessionScheduled


@dataclass(frozen=True, slots=True)
class Cancelled:
    plan: SessionScheduled


Planned = Scheduled | Attended | Held | Cancelled


def session_stream(session_id: str) -> str:
    return f"session:{session_id}"


COMMANDS = (ScheduleSession, HoldSession, CancelSession)
EVENTS = (SessionScheduled, AttendanceOpened, SessionHeld, SessionCancelled)
SessionCommand = ScheduleSession | HoldSession | CancelSession


def streams(command: SessionCommand) -> tuple[str, ...]:
    own = session_stream(command.session_id)
    return (own, course_stream(command.course_id)) if isinstance(command, ScheduleSession) else (own,)


def decide(command: SessionCommand, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    state = states[session_stream(command.session_id)]
    match command:
        case ScheduleSession():
            return _schedule(command, state, states[course_stream(command.course_id)])
        case HoldSession():
            return _hold(command, state)
        case CancelSession():
            return _cancel(command, state)


def evolve(state: Any, event: Any) -> Any:
    match event:
        case SessionScheduled():
            return Scheduled(event)
        case AttendanceOpened() if isinstance(state, Scheduled):
            return Attended(state.plan)
        case SessionHeld() if isinstance(state, Scheduled | Attended):
            return Held(state.plan)
        case SessionCancelled() if isinstance(state, Scheduled):
            return Cancelled(state.plan)
    return state


def _schedule(command: ScheduleSession, state: object, course: object) -> Sequence[tuple[str, SessionScheduled]]:
    if not isinstance(course, Offered):
        raise Rejected("unknown-course", "/course_id", course_id=command.course_id)
    parts = tuple(sorted(command.parts, key=lambda p: (p.day, p.part)))
    if len(set(parts)) < len(parts):
        raise Rejected("part-twice", "/parts")
    session = SessionScheduled(
        command.session_id,
        command.course_id,
        command.unit_id,
        command.organiser,
        command.mode or course.course.mode,
        parts,
        command.capacity,
        command.simulated,
    )
    match state:
        case Scheduled(plan) | Attended(plan) | Held(plan) | Cancelled(plan) if plan == session:
            return []
        case None:
            return [(session_stream(command.session_id), session)]
        case _:
            raise Rejected("session-exists", "/session_id", session_id=command.session_id)


def _hold(command: HoldSession, state: object) -> Sequence[tuple[str, SessionHeld]]:
    match state:
        case Scheduled(plan) | Attended(plan):
            first, last = plan.parts[0].day, plan.parts[-1].day
            if command.today < first:
                raise Rejected("session-not-begun", day=first.isoformat())
            return [(session_stream(plan.session_id), SessionHeld(plan.session_id, plan.course_id, plan.unit_id, last))]
        case Held():
            return []
        case Cancelled():
            raise Rejected("session-cancelled", session_id=command.session_id)
        case _:
            raise Rejected("unknown-session", session_id=command.session_id)


def _cancel(command: CancelSession, state: object) -> Sequence[tuple[str, SessionCancelled]]:
    match state:
        case Scheduled(plan):
            gone = SessionCancelled(plan.session_id, plan.course_id, plan.unit_id, plan.parts[0].day, command.reason)
            return [(session_stream(plan.session_id), gone)]
        case Cancelled():
            return []
        case Attended() | Held():
            raise Rejected("session-attended", session_id=command.session_id)
        case _:
            raise Rejected("unknown-session", session_id=command.session_id)
