"""Enrolment: who has a seat in a session, and who waits for one. Stream ``roll:<session id>``.

Capacity binds enrolment only: whoever comes all the same is recorded, and flagged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from services.training.domain.sessions import Attended, Held, Plan, Scheduled, session_stream, taking_place
from services.training.domain.words import WithdrawReason
from shared.decider import Rejected

MAX_ROLL = 20_000
"""Seats and waiting list of one session; a session for more people is attended without enrolment."""


class Place(StrEnum):
    SEAT = "seat"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Enrolling:
    """``unit_id``: where the person serves."""

    person_id: str
    unit_id: str


# --- commands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EnrolPeople:
    """In this order; whoever is on the roll already stays where they are."""

    session_id: str
    people: tuple[Enrolling, ...]


@dataclass(frozen=True, slots=True)
class WithdrawEnrolment:
    session_id: str
    person_id: str
    reason: WithdrawReason


# --- events ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonEnrolled:
    """``day``: the first of the session, on whose map the person's unit stands."""

    session_id: str
    course_id: str
    unit_id: str
    person_id: str
    day: date
    place: Place


@dataclass(frozen=True, slots=True)
class EnrolmentPromoted:
    """A seat became free for the first who waited."""

    session_id: str
    course_id: str
    unit_id: str
    person_id: str
    day: date


@dataclass(frozen=True, slots=True)
class EnrolmentWithdrawn:
    session_id: str
    course_id: str
    unit_id: str
    person_id: str
    day: date
    place: Place
    reason: WithdrawReason


# --- state -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Roll:
    """Person → unit; both in the order of coming."""

    seated: Mapping[str, str] = field(default_factory=dict)
    waiting: Mapping[str, str] = field(default_factory=dict)


def roll_stream(session_id: str) -> str:
    return f"roll:{session_id}"


# --- decisions ---------------------------------------------------------------------------------------------------

COMMANDS = (EnrolPeople, WithdrawEnrolment)
EVENTS = (PersonEnrolled, EnrolmentPromoted, EnrolmentWithdrawn)
RollCommand = EnrolPeople | WithdrawEnrolment


def streams(command: RollCommand) -> tuple[str, ...]:
    return roll_stream(command.session_id), session_stream(command.session_id)


def decide(command: RollCommand, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    stream = roll_stream(command.session_id)
    session, roll = taking_place(states, command.session_id), states[stream]
    if isinstance(session, Held):
        raise Rejected("session-over", "/session_id", session_id=command.session_id)
    events = _enrol(command, session, roll) if isinstance(command, EnrolPeople) else _leave(command, session.plan, roll)
    return [(stream, event) for event in events]


def _enrol(command: EnrolPeople, session: Scheduled | Attended, roll: Roll) -> Sequence[PersonEnrolled]:
    plan = session.plan
    if not session.open:
        raise Rejected("enrolment-not-open", "/session_id", session_id=plan.session_id)
    day = plan.parts[0].day
    new: dict[str, str] = {}
    for each in command.people:
        new.setdefault(each.person_id, each.unit_id)
    coming = [person for person in new if person not in roll.seated and person not in roll.waiting]
    if len(roll.seated) + len(roll.waiting) + len(coming) > MAX_ROLL:
        raise Rejected("roll-full", "/people", limit=MAX_ROLL)
    free = len(coming) if plan.capacity is None else max(0, plan.capacity - len(roll.seated))
    return [
        PersonEnrolled(
            plan.session_id, plan.course_id, new[person], person, day, Place.SEAT if n < free else Place.WAITING
        )
        for n, person in enumerate(coming)
    ]


def _leave(command: WithdrawEnrolment, plan: Plan, roll: Roll) -> Iterable[EnrolmentWithdrawn | EnrolmentPromoted]:
    person = command.person_id
    if person not in roll.seated and person not in roll.waiting:
        raise Rejected("not-enrolled", "/person_id", person=person)
    place = Place.SEAT if person in roll.seated else Place.WAITING
    unit_id = roll.seated[person] if place is Place.SEAT else roll.waiting[person]
    gone = EnrolmentWithdrawn(
        plan.session_id, plan.course_id, unit_id, person, plan.parts[0].day, place, command.reason
    )
    return [gone, *promotions(plan, evolve(roll, gone))]


def promotions(plan: Plan, roll: Roll) -> Sequence[EnrolmentPromoted]:
    """Who moves up to the seats that are free, in order."""
    free = len(roll.waiting) if plan.capacity is None else max(0, plan.capacity - len(roll.seated))
    moving = list(roll.waiting.items())[:free]
    return [
        EnrolmentPromoted(plan.session_id, plan.course_id, unit_id, person, plan.parts[0].day)
        for person, unit_id in moving
    ]


def evolve(roll: Any, event: Any) -> Any:
    match event:
        case PersonEnrolled(place=Place.SEAT):
            return Roll({**roll.seated, event.person_id: event.unit_id}, roll.waiting)
        case PersonEnrolled():
            return Roll(roll.seated, {**roll.waiting, event.person_id: event.unit_id})
        case EnrolmentPromoted():
            return Roll({**roll.seated, event.person_id: event.unit_id}, _without(roll.waiting, event.person_id))
        case EnrolmentWithdrawn():
            return Roll(_without(roll.seated, event.person_id), _without(roll.waiting, event.person_id))
    return roll


def _without(people: Mapping[str, str], person_id: str) -> Mapping[str, str]:
    return {person: unit for person, unit in people.items() if person != person_id} if person_id in people else people
