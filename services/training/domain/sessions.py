"""Sessions of a course: when, where and for whom; open for enrolment, held or cancelled. Stream ``session:<id>``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.training.domain.courses import CertificateRule, Course, course_stream
from services.training.domain.words import CancelReason, Mode, Organiser, Part
from shared.decider import Rejected, ambient


@dataclass(frozen=True, slots=True)
class SessionPart:
    day: date
    part: Part = Part.DAY


@dataclass(frozen=True, slots=True)
class CoOrganiser:
    """``name`` is that of an organisation, never of a person."""

    kind: Organiser
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Trainer:
    """Somebody by reference, or an organisation that sends whom it chooses: exactly one of both."""

    person_id: str | None = None
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What the version of the course promises that this session follows."""

    course_version: int
    title: str
    pass_mark: float | None = None
    certificate: CertificateRule | None = None


# --- commands ----------------------------------------------------------------------------------------------------


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
    organiser_name: str | None = None
    co_organisers: tuple[CoOrganiser, ...] = ()
    venue: str | None = None
    trainers: tuple[Trainer, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Let people enrol."""

    session_id: str


@dataclass(frozen=True, slots=True)
class HoldSession:
    """State that the session took place (or is under way)."""

    session_id: str
    today: date = ambient()


@dataclass(frozen=True, slots=True)
class CancelSession:
    session_id: str
    reason: CancelReason


# --- events ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is arranged. ``venue`` is free text and stays in this service; ``terms`` is None in old sessions."""

    session_id: str
    course_id: str
    unit_id: str
    organiser: Organiser
    mode: Mode
    parts: tuple[SessionPart, ...]
    capacity: int | None = None
    simulated: bool = False
    organiser_name: str | None = None
    co_organisers: tuple[CoOrganiser, ...] = ()
    venue: str | None = None
    trainers: tuple[Trainer, ...] = ()
    terms: Terms | None = None


@dataclass(frozen=True, slots=True)
class SessionScheduled(Plan):
    """A new session."""


@dataclass(frozen=True, slots=True)
class SessionOpened:
    session_id: str
    course_id: str
    unit_id: str
    day: date


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


# --- states ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scheduled:
    """``open``: people may enrol."""

    plan: Plan
    open: bool = False


@dataclass(frozen=True, slots=True)
class Attended:
    """Scheduled, and something that people did in it is recorded."""

    plan: Plan
    open: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    plan: Plan
    open: bool = False


@dataclass(frozen=True, slots=True)
class Cancelled:
    plan: Plan
    open: bool = False


Planned = Scheduled | Attended | Held | Cancelled


def session_stream(session_id: str) -> str:
    return f"session:{session_id}"


def taking_place(states: Mapping[str, Any], session_id: str) -> Scheduled | Attended | Held:
    """The session, unless nobody scheduled it or it was cancelled: then ``Rejected``."""
    match states[session_stream(session_id)]:
        case Scheduled() | Attended() | Held() as session:
            return session
        case Cancelled():
            raise Rejected("session-cancelled", "/session_id", session_id=session_id)
        case _:
            raise Rejected("unknown-session", "/session_id", session_id=session_id)


def relied_on(session: Planned) -> Sequence[tuple[str, AttendanceOpened]]:
    """What a first attendance or score adds to the session's stream, once.

    Whoever cancels or changes it at the same time loses or wins, but never both happen (docs/adr/0010-training.md).
    """
    if not isinstance(session, Scheduled):
        return ()
    return ((session_stream(session.plan.session_id), AttendanceOpened(session.plan.session_id)),)


# --- decisions ---------------------------------------------------------------------------------------------------

COMMANDS = (ScheduleSession, OpenSession, HoldSession, CancelSession)
EVENTS = (SessionScheduled, SessionOpened, AttendanceOpened, SessionHeld, SessionCancelled)
SessionCommand = ScheduleSession | OpenSession | HoldSession | CancelSession


def streams(command: SessionCommand) -> tuple[str, ...]:
    own = session_stream(command.session_id)
    return (own, course_stream(command.course_id)) if isinstance(command, ScheduleSession) else (own,)


def decide(command: SessionCommand, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    stream = session_stream(command.session_id)
    state = states[stream]
    match command:
        case ScheduleSession():
            events: Sequence[Any] = _schedule(command, state, states[course_stream(command.course_id)])
        case CancelSession():
            events = _cancel(command, state)
        case HoldSession():
            events = _hold(command, taking_place(states, command.session_id))
        case OpenSession():
            events = _open(taking_place(states, command.session_id))
    return [(stream, event) for event in events]


def _schedule(command: ScheduleSession, state: Planned | None, course: Course | None) -> Sequence[SessionScheduled]:
    if course is None:
        raise Rejected("unknown-course", "/course_id", course_id=command.course_id)
    terms = Terms(course.version, course.now.title, course.now.pass_mark, course.now.certificate)
    session = SessionScheduled(
        command.session_id,
        command.course_id,
        command.unit_id,
        command.organiser,
        command.mode or course.now.mode,
        in_order(command.parts),
        command.capacity,
        command.simulated,
        command.organiser_name,
        command.co_organisers,
        command.venue,
        command.trainers,
        terms,
    )
    if state is not None:
        if state.plan == session:
            return []
        raise Rejected("session-exists", "/session_id", session_id=command.session_id)
    if course.withdrawn:
        raise Rejected("course-withdrawn", "/course_id", course_id=command.course_id)
    return [session]


def in_order(parts: Sequence[SessionPart]) -> tuple[SessionPart, ...]:
    ordered = tuple(sorted(parts, key=lambda p: (p.day, p.part)))
    if len(set(ordered)) < len(ordered):
        raise Rejected("part-twice", "/parts")
    return ordered


def _open(session: Scheduled | Attended | Held) -> Sequence[SessionOpened]:
    plan = session.plan
    if isinstance(session, Held):
        raise Rejected("session-over", session_id=plan.session_id)
    return [] if session.open else [SessionOpened(plan.session_id, plan.course_id, plan.unit_id, plan.parts[0].day)]


def _hold(command: HoldSession, session: Scheduled | Attended | Held) -> Sequence[SessionHeld]:
    plan = session.plan
    if isinstance(session, Held):
        return []
    first, last = plan.parts[0].day, plan.parts[-1].day
    if command.today < first:
        raise Rejected("session-not-begun", day=first.isoformat())
    return [SessionHeld(plan.session_id, plan.course_id, plan.unit_id, last)]


def _cancel(command: CancelSession, state: Planned | None) -> Sequence[SessionCancelled]:
    match state:
        case Scheduled(plan):
            day = plan.parts[0].day
            return [SessionCancelled(plan.session_id, plan.course_id, plan.unit_id, day, command.reason)]
        case Cancelled():
            return []
        case Attended() | Held():
            raise Rejected("session-attended", session_id=command.session_id)
        case _:
            raise Rejected("unknown-session", "/session_id", session_id=command.session_id)


def evolve(state: Any, event: Any) -> Any:
    match event:
        case SessionScheduled():
            return Scheduled(event)
        case SessionOpened() if isinstance(state, Scheduled | Attended):
            return type(state)(state.plan, open=True)
        case AttendanceOpened() if isinstance(state, Scheduled):
            return Attended(state.plan, state.open)
        case SessionHeld() if isinstance(state, Scheduled | Attended):
            return Held(state.plan, state.open)
        case SessionCancelled() if isinstance(state, Scheduled):
            return Cancelled(state.plan, state.open)
    return state
