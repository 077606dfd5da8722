"""Courses: what can be taught. Stream ``course:<id>``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


COMMANDS = (OfferCourse,)
EVENTS = (CourseOffered,)


def streams(command: OfferCourse) -> tuple[str, ...]:
    return (course_stream(command.course_id),)


def decide(command: OfferCourse, states: Mapping[str, Any]) -> Sequence[tuple[str, CourseOffered]]:
    stream = course_stream(command.course_id)
    offered = CourseOffered(command.course_id, command.title, command.topics, command.mode, command.simulated)
    match states[stream]:
        case Offered(course) if course == offered:
            return []
        case Offered():
            raise Rejected("course-exists", "/course_id", course_id=command.course_id)
        case _:
            return [(stream, offered)]


def evolve(state: Any, event: CourseOffered) -> Any:
    return Offered(event)
