"""Certificates of completion: issued by the course's rule, valid for its time, revoked with a reason.

Each has a stream of its own, ``certificate:<number>``, so that a number is given once and its validity is one look-up;
the trainee's stream notes it, so that one completed session gives one certificate.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from services.training.domain.sessions import Held, Plan, session_stream, taking_place
from services.training.domain.trainee import Completed, Trainee, kept, trainee_stream
from services.training.domain.words import RevocationReason
from shared.decider import Rejected, ambient


class Validity(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


# --- commands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IssueCertificate:
    """``number`` is chosen by the edge (``numbers.number``); it is not what the sender asked for."""

    person_id: str
    session_id: str
    number: str = ambient()
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True)
class RevokeCertificate:
    number: str
    reason: RevocationReason
    also: tuple[str, ...] = ambient(default=())


# --- events ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CertificateIssued:
    """``day``: when the session ended. ``expires``: the first day on which it is not valid any more.

    ``supersedes``: the number of an earlier certificate of the same course, which this one refreshes.
    """

    number: str
    person_id: str
    session_id: str
    course_id: str
    unit_id: str
    title: str
    day: date
    expires: date | None
    supersedes: str | None


@dataclass(frozen=True, slots=True)
class CertificateRevoked:
    number: str
    person_id: str
    session_id: str
    course_id: str
    unit_id: str
    day: date
    reason: RevocationReason


@dataclass(frozen=True, slots=True)
class CertificateNoted:
    """In the trainee's stream. Private."""

    completed: Completed


@dataclass(frozen=True, slots=True)
class CertificateDropped:
    """In the trainee's stream. Private."""

    number: str


# --- state -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Certificate:
    issued: CertificateIssued
    revoked: RevocationReason | None = None

    def validity(self, today: date) -> Validity:
        if self.revoked:
            return Validity.REVOKED
        expires = self.issued.expires
        return Validity.EXPIRED if expires is not None and today >= expires else Validity.VALID


def certificate_stream(number: str) -> str:
    return f"certificate:{number}"


# --- decisions ---------------------------------------------------------------------------------------------------

COMMANDS = (IssueCertificate, RevokeCertificate)
EVENTS = (CertificateIssued, CertificateRevoked, CertificateNoted, CertificateDropped)
CertificateCommand = IssueCertificate | RevokeCertificate


def streams(command: CertificateCommand) -> tuple[str, ...]:
    if isinstance(command, RevokeCertificate):
        return certificate_stream(command.number), *command.also
    return (
        trainee_stream(command.person_id),
        session_stream(command.session_id),
        certificate_stream(command.number),
        *command.also,
    )


def decide(command: CertificateCommand, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    return _revoke(command, states) if isinstance(command, RevokeCertificate) else _issue(command, states)


def _issue(command: IssueCertificate, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    trainee, session = kept(states, command.person_id), taking_place(states, command.session_id)
    plan = session.plan
    if any(completed.session_id == plan.session_id for completed in trainee.completed.values()):
        return []
    if not isinstance(session, Held):
        raise Rejected("session-not-held", "/session_id", session_id=plan.session_id)
    _qualified(trainee, plan)
    if states[certificate_stream(command.number)] is not None:
        raise Rejected("number-taken", number=command.number)
    completed = Completed(command.number, command.person_id, plan.session_id, plan.course_id, plan.parts[-1].day)
    issued = _certificate(command, trainee, plan, completed)
    return [
        (trainee_stream(trainee.person_id), CertificateNoted(completed)),
        (certificate_stream(command.number), issued),
    ]


def _qualified(trainee: Trainee, plan: Plan) -> None:
    """Raises ``Rejected`` unless the course's rule is met."""
    rule = plan.terms.certificate if plan.terms else None
    if rule is None:
        raise Rejected("course-gives-no-certificate", "/session_id", session_id=plan.session_id)
    attended = sum(1 for session_id, _, _ in trainee.attended if session_id == plan.session_id)
    if attended * 100 < rule.attended_percent * len(plan.parts) or not attended:
        raise Rejected(
            "attended-too-little",
            "/person_id",
            attended=attended,
            parts=len(plan.parts),
            percent=rule.attended_percent,
        )
    if rule.assessment and not any(
        score.passed for score in trainee.results.values() if score.session_id == plan.session_id
    ):
        raise Rejected("assessment-not-passed", "/person_id")


def _certificate(command: IssueCertificate, trainee: Trainee, plan: Plan, done: Completed) -> CertificateIssued:
    """It stands in the unit of the first attendance of the session."""
    assert plan.terms is not None and plan.terms.certificate is not None  # _qualified
    months = plan.terms.certificate.validity_months
    earlier = max(
        (c for c in trainee.completed.values() if c.course_id == plan.course_id and c.day <= done.day),
        key=lambda c: c.day,
        default=None,
    )
    unit_id = next(a.unit_id for a in trainee.attended.values() if a.session_id == plan.session_id)
    return CertificateIssued(
        command.number,
        command.person_id,
        plan.session_id,
        plan.course_id,
        unit_id,
        plan.terms.title,
        done.day,
        None if months is None else later(done.day, months),
        earlier.number if earlier else None,
    )


def later(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _revoke(command: RevokeCertificate, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    stream = certificate_stream(command.number)
    certificate: Certificate | None = states[stream]
    if certificate is None:
        raise Rejected("unknown-certificate", "/number", number=command.number)
    if certificate.revoked:
        return []
    issued = certificate.issued
    trainee = kept(states, issued.person_id)
    revoked = CertificateRevoked(
        issued.number,
        issued.person_id,
        issued.session_id,
        issued.course_id,
        issued.unit_id,
        issued.day,
        command.reason,
    )
    return [
        (stream, revoked),
        (trainee_stream(trainee.person_id), CertificateDropped(issued.number)),
    ]


def evolve(state: Any, event: Any) -> Any:
    match event:
        case CertificateIssued():
            return Certificate(event)
        case CertificateRevoked():
            return replace(state, revoked=event.reason)
        case CertificateNoted():
            return replace(state, completed={**state.completed, event.completed.number: event.completed})
        case CertificateDropped():
            return replace(state, completed={n: c for n, c in state.completed.items() if n != event.number})
    return state
