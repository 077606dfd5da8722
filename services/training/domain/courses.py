"""Courses: what can be taught. Stream ``course:<id>``.

A course is revised as a whole; sessions scheduled later follow the new version, earlier ones keep theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from services.training.domain.words import Audience, Level, Mode, Pillar
from shared.decider import Rejected


@dataclass(frozen=True, slots=True)
class CertificateRule:
    """Who completes the course: attended at least this share of the parts (per cent), and passed if assessed.

    ``validity_months``: None for a certificate that does not expire.
    """

    attended_percent: int = 100
    assessment: bool = False
    validity_months: int | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """All that a version of a course says. No ``audience`` means anybody; no ``certificate``: the course gives none."""

    course_id: str
    title: str
    topics: tuple[str, ...]
    mode: Mode
    simulated: bool = False
    pillar: Pillar | None = None
    level: Level = Level.BASIC
    duration_hours: float | None = None
    audience: tuple[Audience, ...] = ()
    pass_mark: float | None = None
    certificate: CertificateRule | None = None
    document_id: str | None = None


# --- commands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OfferCourse(Described):
    """A new course."""


@dataclass(frozen=True, slots=True)
class ReviseCourse(Described):
    """The course as it is from now on."""


@dataclass(frozen=True, slots=True)
class WithdrawCourse:
    """No further sessions; those scheduled stay."""

    course_id: str


# --- events ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CourseOffered(Described):
    """Version 1."""


@dataclass(frozen=True, slots=True)
class CourseRevised(Described):
    version: int = 2


@dataclass(frozen=True, slots=True)
class CourseWithdrawn:
    course_id: str


# --- state and decisions -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Course:
    """``now`` is its latest version, number ``version``."""

    now: Described
    version: int = 1
    withdrawn: bool = False


COMMANDS = (OfferCourse, ReviseCourse, WithdrawCourse)
EVENTS = (CourseOffered, CourseRevised, CourseWithdrawn)
CourseCommand = OfferCourse | ReviseCourse | WithdrawCourse


def course_stream(course_id: str) -> str:
    return f"course:{course_id}"


def streams(command: CourseCommand) -> tuple[str, ...]:
    return (course_stream(command.course_id),)


def decide(command: CourseCommand, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    stream = course_stream(command.course_id)
    course: Course | None = states[stream]
    if isinstance(command, OfferCourse):
        return [(stream, event) for event in _offer(command, course)]
    if course is None:
        raise Rejected("unknown-course", "/course_id", course_id=command.course_id)
    if isinstance(command, WithdrawCourse):
        return [] if course.withdrawn else [(stream, CourseWithdrawn(command.course_id))]
    return [(stream, event) for event in _revise(command, course)]


def _offer(command: OfferCourse, course: Course | None) -> Sequence[CourseOffered]:
    _consistent(command)
    offered = CourseOffered(**_said(command))
    if course is None:
        return [offered]
    if course.version == 1 and _said(course.now) == _said(offered):
        return []
    raise Rejected("course-exists", "/course_id", course_id=command.course_id)


def _revise(command: ReviseCourse, course: Course) -> Sequence[CourseRevised]:
    """Whether a course is simulated does not change."""
    if course.withdrawn:
        raise Rejected("course-withdrawn", "/course_id", course_id=command.course_id)
    _consistent(command)
    said = _said(command) | {"simulated": course.now.simulated}
    return [] if said == _said(course.now) else [CourseRevised(**said, version=course.version + 1)]


def _consistent(course: Described) -> None:
    if course.certificate and course.certificate.assessment and course.pass_mark is None:
        raise Rejected("pass-mark-missing", "/pass_mark")


def _said(course: Described) -> dict[str, Any]:
    return {field.name: getattr(course, field.name) for field in fields(Described)}


def evolve(state: Any, event: Any) -> Any:
    match event:
        case CourseRevised():
            return replace(state, now=event, version=event.version)
        case CourseOffered():
            return Course(event)
        case CourseWithdrawn():
            return replace(state, withdrawn=True)
    return state
