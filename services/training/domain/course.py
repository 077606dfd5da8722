"""Courses: what can be taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.training.domain.words import Mode, Topic
from shared.decider import Rejected


@dataclass(frozen=True, slots=True)
class OfferCourse:
    course_id: str
    title: str
    topics: tuple[Topic, ...]
    mode: Mode
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class CourseOffered:
    course_id: str
    title: str
    topics: tuple[Topic, ...]
    mode: Mode
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Offered:
    course: CourseOffered


def course_stream(course_id: str) -> str:
    return f"course:{course_id}"


def offer(command: OfferCourse, state: object) -> Sequence[tuple[str, CourseOffered]]:
    offered = CourseOffered(command.course_id, command.title, command.topics, command.mode, command.simulated)
    match state:
        case Offered(course) if course == offered:
            return []
        case Offered():
            raise Rejected("course-exists", "/course_id", course_id=command.course_id)
        case _:
            return [(course_stream(command.course_id), offered)]
