"""Assessment: what score a trainee reached in a session, by attempts. In the stream of the trainee."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.training.domain.sessions import Plan, relied_on, session_stream, taking_place
from services.training.domain.trainee import Score, Trainee, kept, trainee_stream, with_score
from services.training.domain.words import CorrectionReason
from shared.decider import Rejected, ambient

HIGHEST = 100.0


@dataclass(frozen=True, slots=True)
class RecordAssessment:
    """``score``: 0 to 100, to one decimal. ``unit_id``: where the trainee serves on that day."""

    person_id: str
    session_id: str
    unit_id: str
    day: date
    score: float
    today: date = ambient()
    attempt: int = 1
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True)
class CorrectAssessment:
    person_id: str
    session_id: str
    score: float
    reason: CorrectionReason
    attempt: int = 1
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True)
class AssessmentRecorded:
    """``passed`` is None where the course has no pass mark."""

    person_id: str
    session_id: str
    course_id: str
    unit_id: str
    day: date
    attempt: int
    score: float
    passed: bool | None


@dataclass(frozen=True, slots=True)
class AssessmentCorrected:
    """``before`` and ``score``: what was recorded, and what is right."""

    person_id: str
    session_id: str
    course_id: str
    unit_id: str
    day: date
    attempt: int
    score: float
    passed: bool | None
    before: float
    reason: CorrectionReason


COMMANDS = (RecordAssessment, CorrectAssessment)
EVENTS = (AssessmentRecorded, AssessmentCorrected)
AssessmentCommand = RecordAssessment | CorrectAssessment


def streams(command: AssessmentCommand) -> tuple[str, ...]:
    return trainee_stream(command.person_id), session_stream(command.session_id), *command.also


def decide(command: AssessmentCommand, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    trainee, session = kept(states, command.person_id), taking_place(states, command.session_id)
    if not 0 <= command.score <= HIGHEST or round(command.score, 1) != command.score:
        raise Rejected("score-out-of-range", "/score", score=command.score)
    stream = trainee_stream(trainee.person_id)
    if isinstance(command, CorrectAssessment):
        return [(stream, event) for event in _correct(command, trainee, session.plan)]
    recorded = [(stream, event) for event in _record(command, trainee, session.plan)]
    return [*recorded, *relied_on(session)] if recorded else []


def _record(command: RecordAssessment, trainee: Trainee, plan: Plan) -> Sequence[AssessmentRecorded]:
    first = plan.parts[0].day
    if command.day < first:
        raise Rejected("session-not-begun", "/day", day=first.isoformat())
    if command.day > command.today:
        raise Rejected("future-day", "/day", day=command.day.isoformat(), today=command.today.isoformat())
    score = Score(
        command.session_id,
        plan.course_id,
        command.unit_id,
        command.day,
        command.attempt,
        command.score,
        passes(plan, command.score),
    )
    known = trainee.results.get((command.person_id, command.session_id, command.attempt))
    if known == score:
        return []
    if known:
        raise Rejected("assessment-differs", "/score", attempt=command.attempt)
    return [
        AssessmentRecorded(
            command.person_id,
            score.session_id,
            score.course_id,
            score.unit_id,
            score.day,
            score.attempt,
            score.score,
            score.passed,
        )
    ]


def _correct(command: CorrectAssessment, trainee: Trainee, plan: Plan) -> Sequence[AssessmentCorrected]:
    known = trainee.results.get((command.person_id, command.session_id, command.attempt))
    if known is None:
        raise Rejected("not-assessed", "/attempt", attempt=command.attempt)
    if known.score == command.score:
        return []
    return [
        AssessmentCorrected(
            command.person_id,
            known.session_id,
            known.course_id,
            known.unit_id,
            known.day,
            known.attempt,
            command.score,
            passes(plan, command.score),
            known.score,
            command.reason,
        )
    ]


def passes(plan: Plan, score: float) -> bool | None:
    mark = plan.terms.pass_mark if plan.terms else None
    return None if mark is None else score >= mark


def evolve(trainee: Trainee, event: AssessmentRecorded | AssessmentCorrected) -> Trainee:
    score = Score(event.session_id, event.course_id, event.unit_id, event.day, event.attempt, event.score, event.passed)
    return with_score(trainee, event.person_id, score)
