"""Training plans: what a unit means to reach in a period. Stream ``plan:<id>``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from shared.decider import Rejected


class Measure(StrEnum):
    """``people``: unique persons trained in the period; ``sessions``: those that were held."""

    PEOPLE = "people"
    ATTENDANCES = "attendances"
    SESSIONS = "sessions"


@dataclass(frozen=True, slots=True)
class Target:
    """``course_id``, ``topic``: only of that course, only about that topic."""

    measure: Measure
    value: int
    course_id: str | None = None
    topic: str | None = None


# --- commands and events -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetPlan:
    """Both days belong to the period."""

    plan_id: str
    unit_id: str
    first_day: date
    last_day: date
    targets: tuple[Target, ...]
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class RevisePlan:
    plan_id: str
    targets: tuple[Target, ...]
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class WithdrawPlan:
    plan_id: str


@dataclass(frozen=True, slots=True)
class TrainingPlanSet:
    plan_id: str
    unit_id: str
    first_day: date
    last_day: date
    targets: tuple[Target, ...]
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class TrainingPlanRevised:
    plan_id: str
    unit_id: str
    first_day: date
    targets: tuple[Target, ...]
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class TrainingPlanWithdrawn:
    plan_id: str
    unit_id: str
    first_day: date


@dataclass(frozen=True, slots=True)
class Plan:
    """``targets`` as they are now."""

    set: TrainingPlanSet
    targets: tuple[Target, ...]
    document_id: str | None
    withdrawn: bool = False


COMMANDS = (SetPlan, RevisePlan, WithdrawPlan)
EVENTS = (TrainingPlanSet, TrainingPlanRevised, TrainingPlanWithdrawn)
PlanCommand = SetPlan | RevisePlan | WithdrawPlan


def plan_stream(plan_id: str) -> str:
    return f"plan:{plan_id}"


def streams(command: PlanCommand) -> tuple[str, ...]:
    return (plan_stream(command.plan_id),)


def decide(command: PlanCommand, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    stream = plan_stream(command.plan_id)
    plan: Plan | None = states[stream]
    if isinstance(command, SetPlan):
        return [(stream, event) for event in _set(command, plan)]
    if plan is None:
        raise Rejected("plan-unknown", plan_id=command.plan_id)
    about = (command.plan_id, plan.set.unit_id, plan.set.first_day)
    if isinstance(command, WithdrawPlan):
        return [] if plan.withdrawn else [(stream, TrainingPlanWithdrawn(*about))]
    if plan.withdrawn:
        raise Rejected("plan-withdrawn", plan_id=command.plan_id)
    _distinct(command.targets)
    if (command.targets, command.document_id) == (plan.targets, plan.document_id):
        return []
    return [(stream, TrainingPlanRevised(*about, command.targets, command.document_id))]


def _set(command: SetPlan, plan: Plan | None) -> Sequence[TrainingPlanSet]:
    if command.last_day < command.first_day:
        raise Rejected("plan-days-reversed", "/last_day", day=command.first_day)
    _distinct(command.targets)
    event = TrainingPlanSet(
        command.plan_id, command.unit_id, command.first_day, command.last_day, command.targets, command.document_id
    )
    if plan is None:
        return [event]
    if plan.set == event:
        return []
    raise Rejected("plan-exists", "/plan_id", plan_id=command.plan_id)


def _distinct(targets: tuple[Target, ...]) -> None:
    seen = set()
    for n, target in enumerate(targets):
        what = (target.measure, target.course_id, target.topic)
        if what in seen:
            raise Rejected("plan-target-twice", f"/targets/{n}")
        seen.add(what)


def evolve(state: Any, event: Any) -> Any:
    match event:
        case TrainingPlanSet():
            return Plan(event, event.targets, event.document_id)
        case TrainingPlanRevised():
            return replace(state, targets=event.targets, document_id=event.document_id)
    return replace(state, withdrawn=True)
