"""Opinions (*ý kiến, phản ánh*): heard at a door or a meeting → forwarded → answered, or closed, or withdrawn.

One stream per opinion, ``opinion:<uuid>``. Texts are sealed under the opinion's own key. An opinion heard at a visit is
recorded by the visit's own command, under the id ``opinion_of(visit_id)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID, uuid5

from services.visits.domain.catalogue import Pillar
from shared.decider import Decider, Personal, Rejected, ambient, sealed


class Closing(StrEnum):
    SETTLED = "settled"
    """Whoever said it is content, or nothing more is to be expected."""
    NO_ANSWER_NEEDED = "no_answer_needed"
    DUPLICATE = "duplicate"
    OUT_OF_SCOPE = "out_of_scope"


class Withdrawing(StrEnum):
    BY_PERSON = "by_person"
    MISTAKE = "mistake"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Subject:
    """What an opinion is about, and where it was heard: every event says it, so that it can be counted alone."""

    unit_id: str
    topic: str
    pillar: Pillar | None = None


# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpinionRecorded:
    """``day``: when it was heard. ``visit_id`` and ``place_id`` where that was at a visit. ``reported_unit_id``: the
    unit as it was reported, if that is not the one of the day."""

    opinion_id: UUID
    about: Subject
    day: date
    team_id: UUID | None = None
    visit_id: UUID | None = None
    place_id: UUID | None = None
    text: Personal | None = sealed(by="opinion_id", default=None)
    reported_unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class OpinionForwarded:
    """To a unit, or a body as teams knows it, or both; ``due`` is the last day in time. ``reported_to_unit_id``: the
    unit as it was named, if that is not the one of the day."""

    opinion_id: UUID
    about: Subject
    day: date
    due: date
    to_unit_id: str | None = None
    to_body_id: UUID | None = None
    reported_to_unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class OpinionAnswered:
    """``due``: the deadline that it had, if it was forwarded."""

    opinion_id: UUID
    about: Subject
    day: date
    due: date | None = None
    text: Personal | None = sealed(by="opinion_id", default=None)


@dataclass(frozen=True, slots=True)
class OpinionClosed:
    opinion_id: UUID
    about: Subject
    day: date
    reason: Closing


@dataclass(frozen=True, slots=True)
class OpinionWithdrawn:
    opinion_id: UUID
    about: Subject
    day: date
    reason: Withdrawing


OpinionEvent = OpinionRecorded | OpinionForwarded | OpinionAnswered | OpinionClosed | OpinionWithdrawn
EVENTS: tuple[type, ...] = (OpinionRecorded, OpinionForwarded, OpinionAnswered, OpinionClosed, OpinionWithdrawn)

# --- commands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordOpinion:
    """``about.unit_id``: the unit as the reporter knows it. ``stands_in``: the unit of ``day`` that it is, if not the
    same."""

    opinion_id: UUID
    about: Subject
    day: date
    text: Personal
    team_id: UUID | None = None
    today: date = ambient(default=date.max)
    stands_in: str | None = ambient(default=None)


@dataclass(frozen=True, slots=True)
class ForwardOpinion:
    """``to_unit_id``: the unit as the sender knows it. ``stands_in``: the unit of ``day`` that it is, if not that."""

    opinion_id: UUID
    day: date
    due: date
    to_unit_id: str | None = None
    to_body_id: UUID | None = None
    today: date = ambient(default=date.max)
    stands_in: str | None = ambient(default=None)


@dataclass(frozen=True, slots=True)
class AnswerOpinion:
    opinion_id: UUID
    day: date
    text: Personal
    today: date = ambient(default=date.max)


@dataclass(frozen=True, slots=True)
class CloseOpinion:
    opinion_id: UUID
    day: date
    reason: Closing
    today: date = ambient(default=date.max)


@dataclass(frozen=True, slots=True)
class WithdrawOpinion:
    opinion_id: UUID
    day: date
    reason: Withdrawing
    today: date = ambient(default=date.max)


OpinionCommand = RecordOpinion | ForwardOpinion | AnswerOpinion | CloseOpinion | WithdrawOpinion
"""``today``: the last day that had come when we received it (``doubts.latest_of``)."""

# --- states ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unheard:
    pass


@dataclass(frozen=True, slots=True)
class Recorded:
    about: Subject
    day: date


@dataclass(frozen=True, slots=True)
class Forwarded:
    about: Subject
    day: date
    due: date


@dataclass(frozen=True, slots=True)
class Answered:
    """It may be forwarded again, where the answer does not do."""

    about: Subject
    day: date


@dataclass(frozen=True, slots=True)
class Closed:
    about: Subject
    day: date


@dataclass(frozen=True, slots=True)
class Withdrawn:
    about: Subject
    day: date


OpinionState = Unheard | Recorded | Forwarded | Answered | Closed | Withdrawn
"""``day`` is that of the last step: steps never go back in time."""


def opinion_stream(opinion_id: UUID) -> str:
    return f"opinion:{opinion_id}"


def opinion_of(visit_id: UUID) -> UUID:
    """The id of the opinion that a visit brings along; a visit brings one at most. Whoever erases what is personal of a
    place destroys the keys of its visits' opinions too."""
    return uuid5(visit_id, "opinion")


# --- decisions -------------------------------------------------------------------------------------------------------


def decide(command: OpinionCommand, states: Mapping[str, OpinionState]) -> Sequence[tuple[str, OpinionEvent]]:
    stream = opinion_stream(command.opinion_id)
    state = states[stream]
    if command.day > command.today:
        raise Rejected("day-ahead", "/day", today=command.today)
    if isinstance(command, RecordOpinion):
        if not isinstance(state, Unheard):
            raise Rejected("opinion-exists", "/opinion_id")
        return [(stream, _recorded(command))]
    if isinstance(state, Unheard):
        raise Rejected("unknown-opinion")
    event = _step(command, state)
    return [(stream, event)] if event else []


def _recorded(command: RecordOpinion) -> OpinionRecorded:
    reported = command.about.unit_id
    about = replace(command.about, unit_id=command.stands_in or reported)
    otherwise = reported if reported != about.unit_id else None
    who = (command.opinion_id, about, command.day, command.team_id)
    return OpinionRecorded(*who, text=command.text, reported_unit_id=otherwise)


def _step(
    command: ForwardOpinion | AnswerOpinion | CloseOpinion | WithdrawOpinion,
    state: Recorded | Forwarded | Answered | Closed | Withdrawn,
) -> OpinionEvent | None:
    opinion_id, about, day = command.opinion_id, state.about, command.day
    match command, state:
        case (CloseOpinion(), Closed()) | (WithdrawOpinion(), Withdrawn()):
            return None
        case _, Closed() | Withdrawn():
            raise Rejected("opinion-over")
    if day < min(state.day, command.today):  # a last day that is still to come was a slip, of a visit's day
        raise Rejected("step-before-last", "/day", last=state.day)
    match command:
        case ForwardOpinion(due=until, to_unit_id=named, to_body_id=body):
            if named is None and body is None:
                raise Rejected("forward-to-nobody", "/to_unit_id")
            if until < day:
                raise Rejected("due-before-day", "/due")
            unit = command.stands_in or named
            return OpinionForwarded(opinion_id, about, day, until, unit, body, named if named != unit else None)
        case AnswerOpinion(text=text):
            due = state.due if isinstance(state, Forwarded) else None
            return OpinionAnswered(opinion_id, about, day, due, text)
        case CloseOpinion(reason=closing):
            return OpinionClosed(opinion_id, about, day, closing)
        case WithdrawOpinion(reason=withdrawing):
            return OpinionWithdrawn(opinion_id, about, day, withdrawing)


def evolve(state: OpinionState, event: OpinionEvent) -> OpinionState:
    about, day = event.about, event.day
    match event:
        case OpinionRecorded():
            return Recorded(about, day)
        case OpinionForwarded(due=due):
            return Forwarded(about, day, due)
        case OpinionAnswered():
            return Answered(about, day)
        case OpinionClosed():
            return Closed(about, day)
        case OpinionWithdrawn():
            return Withdrawn(about, day)


OPINIONS: Decider[OpinionCommand, OpinionState, OpinionEvent] = Decider(
    initial=lambda stream: Unheard(),
    streams=lambda command: (opinion_stream(command.opinion_id),),
    decide=decide,
    evolve=evolve,
)
