"""Outreach sessions (*buổi tuyên truyền*): a meeting, a market day; heads are counted, nobody is named.

One stream per session, ``outreach:<uuid>``: recorded, corrected any number of times, voided. These events hold the
session before and after, so a reader only takes the one away and adds the other. Doubts are settled like a visit's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.visits.domain.content import check_days, once
from services.visits.domain.doubts import Latest, after_correction, of_time, settled, settles
from services.visits.domain.state import Doubt, open_doubts
from services.visits.domain.vocabulary import AgeBand, Flag, Settled
from shared.decider import Decider, Personal, Rejected, ambient, sealed


class Occasion(StrEnum):
    MEETING = "meeting"
    """Of a village, a residential group, an association."""
    MARKET_DAY = "market_day"
    FESTIVAL = "festival"
    SCHOOL = "school"
    WORKPLACE = "workplace"
    SERVICE_POINT = "service_point"
    """A commune's one-stop desk, a post office."""
    OTHER = "other"


class SessionReason(StrEnum):
    """Why a session is corrected or voided."""

    TYPO = "typo"
    WRONG_DAY = "wrong_day"
    WRONG_UNIT = "wrong_unit"
    WRONG_TEAM = "wrong_team"
    RECORDED_TWICE = "recorded_twice"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Heads:
    age_band: AgeBand
    n: int


@dataclass(frozen=True, slots=True)
class Session:
    """What happened. ``topics``: codes of the catalogue."""

    unit_id: str
    day: date
    team_id: UUID
    member_ids: tuple[UUID, ...]
    occasion: Occasion
    heads: tuple[Heads, ...]
    topics: tuple[str, ...] = ()
    started_at: datetime | None = None
    duration_minutes: int | None = None


# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutreachRecorded:
    """``session.unit_id``: the unit on the session's day. ``reported_unit_id``: as it was reported, if otherwise."""

    session_id: UUID
    session: Session
    flags: tuple[Flag, ...] = ()
    note: Personal | None = sealed(by="session_id", default=None)
    reported_unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutreachCorrected:
    """``note``: of the correction. ``reported_unit_id``: of ``after``, as when it is recorded."""

    session_id: UUID
    reason: SessionReason
    before: Session
    after: Session
    flags: tuple[Flag, ...] = ()
    note: Personal | None = sealed(by="session_id", default=None)
    reported_unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutreachVoided:
    session_id: UUID
    reason: SessionReason
    before: Session
    note: Personal | None = sealed(by="session_id", default=None)


@dataclass(frozen=True, slots=True)
class OutreachFlagSettled:
    """``unit_id`` and ``day``: those of the session as it is told by now. ``was``: as of ``FlagSettled``."""

    session_id: UUID
    unit_id: str
    day: date
    flag: Flag
    how: Settled
    was: Settled | None = None


OutreachEvent = OutreachRecorded | OutreachCorrected | OutreachVoided | OutreachFlagSettled
EVENTS: tuple[type, ...] = (OutreachRecorded, OutreachCorrected, OutreachVoided, OutreachFlagSettled)

# --- commands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordOutreach:
    """``session.unit_id``: the unit as the reporter knows it. ``stands_in``: the unit of that day that it is, if not
    the same. ``latest``: what was no doubt yet about time when we received it. ``doubts``: about what it refers to."""

    session_id: UUID
    session: Session
    latest: Latest = ambient()
    note: Personal | None = None
    doubts: tuple[Flag, ...] = ambient(default=())
    stands_in: str | None = ambient(default=None)


@dataclass(frozen=True, slots=True)
class CorrectOutreach:
    """Beside ``reason`` as when it is recorded."""

    session_id: UUID
    session: Session
    reason: SessionReason
    latest: Latest = ambient()
    note: Personal | None = None
    doubts: tuple[Flag, ...] = ambient(default=())
    stands_in: str | None = ambient(default=None)


@dataclass(frozen=True, slots=True)
class VoidOutreach:
    session_id: UUID
    reason: SessionReason
    note: Personal | None = None


@dataclass(frozen=True, slots=True)
class SettleOutreach:
    session_id: UUID
    flag: Flag
    how: Settled


OutreachCommand = RecordOutreach | CorrectOutreach | VoidOutreach | SettleOutreach

# --- states ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unheld:
    pass


@dataclass(frozen=True, slots=True)
class Held:
    session: Session
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Voided:
    """``session``: as it was told last."""

    session: Session


OutreachState = Unheld | Held | Voided


def outreach_stream(session_id: UUID) -> str:
    return f"outreach:{session_id}"


# --- decisions -------------------------------------------------------------------------------------------------------


def decide(command: OutreachCommand, states: Mapping[str, OutreachState]) -> Sequence[tuple[str, OutreachEvent]]:
    stream = outreach_stream(command.session_id)
    event = _decide(command, states[stream])
    return [(stream, event)] if event else []


def _decide(command: OutreachCommand, state: OutreachState) -> OutreachEvent | None:
    match command, state:
        case RecordOutreach(session_id, session, latest, note), Unheld():
            held, reported = _checked(session, command.stands_in)
            return OutreachRecorded(session_id, held, _flags(held, latest, command.doubts), note, reported)
        case RecordOutreach(), _:
            raise Rejected("session-exists", "/session_id")
        case _, Unheld():
            raise Rejected("unknown-session")
        case SettleOutreach() as settle, (Held() | Voided()) as known:
            return _settle(settle, known)
        case VoidOutreach(), Voided():
            return None
        case VoidOutreach(session_id, reason, note), Held(before):
            return OutreachVoided(session_id, reason, before, note)
        case CorrectOutreach(session_id, session, reason, latest, note), Held(before, doubts):
            after, reported = _checked(session, command.stands_in)
            flags = _flags(after, latest, command.doubts)
            changed = (after, flags) != (before, tuple(flag for flag, _ in doubts))
            return OutreachCorrected(session_id, reason, before, after, flags, note, reported) if changed else None
        case _:
            raise Rejected("session-voided")


def _settle(command: SettleOutreach, state: Held | Voided) -> OutreachFlagSettled | None:
    """A session that was voided has no doubts any more."""
    doubts = state.doubts if isinstance(state, Held) else ()
    if not settles(doubts, command.flag, command.how):
        return None
    session, was = state.session, dict(doubts)[command.flag]
    return OutreachFlagSettled(command.session_id, session.unit_id, session.day, command.flag, command.how, was)


def _checked(session: Session, stands_in: str | None) -> tuple[Session, str | None]:
    """The session, if it can be true, in the unit of its day, members and topics once each; and the unit that was
    reported instead, if another one was."""
    check_days(session.day, session.started_at)
    if len({each.age_band for each in session.heads}) < len(session.heads):
        raise Rejected("age-band-twice", "/heads")
    unit_id = stands_in or session.unit_id
    held = replace(session, unit_id=unit_id, member_ids=once(session.member_ids), topics=once(session.topics))
    return held, session.unit_id if session.unit_id != unit_id else None


def _flags(session: Session, latest: Latest, doubts: tuple[Flag, ...]) -> tuple[Flag, ...]:
    return (*of_time(session.day, session.started_at, latest), *doubts)


def evolve(state: OutreachState, event: OutreachEvent) -> OutreachState:
    match event:
        case OutreachRecorded():
            return Held(event.session, open_doubts(event.flags))
        case OutreachCorrected():
            before = state.doubts if isinstance(state, Held) else ()
            return Held(event.after, after_correction(before, event.flags))
        case OutreachVoided():
            return Voided(event.before)
        case OutreachFlagSettled():
            if not isinstance(state, Held):
                return state
            return Held(state.session, settled(state.doubts, event.flag, event.how))


OUTREACH: Decider[OutreachCommand, OutreachState, OutreachEvent] = Decider(
    initial=lambda stream: Unheld(),
    streams=lambda command: (outreach_stream(command.session_id),),
    decide=decide,
    evolve=evolve,
)
