"""A campaign (*đợt cao điểm*, such as a Digital Sunday): days, units and targets. Visits know nothing of it: a visit
counts for every campaign whose days and units it lies in, however late it arrives.

Scheduled → (changed) → opened → closed, or cancelled. Opening and closing say what its organisers do; the days alone
say what counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from uuid import UUID

from services.visits.domain.vocabulary import Skill
from shared.decider import Decider, Personal, Rejected, ambient, sealed


@dataclass(frozen=True, slots=True)
class SkillTarget:
    """So many more households in which somebody does the skill."""

    skill: Skill
    households: int


@dataclass(frozen=True, slots=True)
class Targets:
    """None = no target."""

    visits: int | None = None
    households: int | None = None
    covered: tuple[SkillTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitTargets:
    """``unit_id``: one of the campaign's units, or below one."""

    unit_id: str
    targets: Targets


@dataclass(frozen=True, slots=True)
class Plan:
    """Both days included; ``unit_ids`` are roots of subtrees. ``targets`` are those of the whole campaign."""

    name: str
    first_day: date
    last_day: date
    unit_ids: tuple[str, ...]
    targets: Targets
    unit_targets: tuple[UnitTargets, ...] = ()


@dataclass(frozen=True, slots=True)
class CampaignScheduled:
    campaign_id: UUID
    name: str
    first_day: date
    last_day: date
    unit_ids: tuple[str, ...]
    targets: Targets
    unit_targets: tuple[UnitTargets, ...] = ()


@dataclass(frozen=True, slots=True)
class CampaignChanged:
    """The whole plan as it is from now on."""

    campaign_id: UUID
    name: str
    first_day: date
    last_day: date
    unit_ids: tuple[str, ...]
    targets: Targets
    unit_targets: tuple[UnitTargets, ...] = ()


@dataclass(frozen=True, slots=True)
class CampaignOpened:
    campaign_id: UUID
    day: date


@dataclass(frozen=True, slots=True)
class CampaignClosed:
    campaign_id: UUID
    day: date


@dataclass(frozen=True, slots=True)
class CampaignCancelled:
    campaign_id: UUID
    reason: Personal = sealed(by="campaign_id")


CampaignEvent = CampaignScheduled | CampaignChanged | CampaignOpened | CampaignClosed | CampaignCancelled
EVENTS: tuple[type, ...] = (CampaignScheduled, CampaignChanged, CampaignOpened, CampaignClosed, CampaignCancelled)


@dataclass(frozen=True, slots=True)
class ScheduleCampaign:
    campaign_id: UUID
    plan: Plan


@dataclass(frozen=True, slots=True)
class ChangeCampaign:
    campaign_id: UUID
    plan: Plan


@dataclass(frozen=True, slots=True)
class OpenCampaign:
    """``today``: the day in Viet Nam."""

    campaign_id: UUID
    today: date = ambient()


@dataclass(frozen=True, slots=True)
class CloseCampaign:
    campaign_id: UUID
    today: date = ambient()


@dataclass(frozen=True, slots=True)
class CancelCampaign:
    campaign_id: UUID
    reason: Personal


CampaignCommand = ScheduleCampaign | ChangeCampaign | OpenCampaign | CloseCampaign | CancelCampaign


@dataclass(frozen=True, slots=True)
class Unscheduled:
    pass


@dataclass(frozen=True, slots=True)
class Scheduled:
    plan: Plan


@dataclass(frozen=True, slots=True)
class Open:
    plan: Plan


@dataclass(frozen=True, slots=True)
class Closed:
    plan: Plan


@dataclass(frozen=True, slots=True)
class Cancelled:
    plan: Plan


CampaignState = Unscheduled | Scheduled | Open | Closed | Cancelled


def campaign_stream(campaign_id: UUID) -> str:
    return f"campaign:{campaign_id}"


def decide(command: CampaignCommand, states: Mapping[str, CampaignState]) -> Sequence[tuple[str, CampaignEvent]]:
    stream = campaign_stream(command.campaign_id)
    event = _decide(command, states[stream])
    return [(stream, event)] if event else []


def _decide(command: CampaignCommand, state: CampaignState) -> CampaignEvent | None:
    """None: it is so already."""
    match command, state:
        case ScheduleCampaign(), Unscheduled():
            return CampaignScheduled(command.campaign_id, *_checked(command.plan))
        case ScheduleCampaign(), _:
            return None
        case _, Unscheduled():
            raise Rejected("unknown-campaign")
        case (OpenCampaign(), Open()) | (CloseCampaign(), Closed()) | (CancelCampaign(), Cancelled()):
            return None
        case _, Closed() | Cancelled():
            raise Rejected("campaign-over")
        case ChangeCampaign(), _:
            changed = CampaignChanged(command.campaign_id, *_checked(command.plan))
            return changed if _plan(changed) != state.plan else None
        case OpenCampaign(), Scheduled():
            return CampaignOpened(command.campaign_id, command.today)
        case CloseCampaign(), Open():
            return CampaignClosed(command.campaign_id, command.today)
        case CloseCampaign(), _:
            raise Rejected("campaign-not-open")
        case _:
            assert isinstance(command, CancelCampaign)
            return CampaignCancelled(command.campaign_id, command.reason)


def _checked(plan: Plan) -> tuple[Any, ...]:
    """The fields of a sound plan, in their order; a unit named twice is one."""
    if plan.last_day < plan.first_day:
        raise Rejected("days-reversed", "/last_day")
    targeted: set[str] = set()
    for n, each in enumerate(plan.unit_targets):
        if each.unit_id in targeted:
            raise Rejected("targets-twice", f"/unit_targets/{n}/unit_id")
        targeted.add(each.unit_id)
        _check_skills(each.targets, f"/unit_targets/{n}")
    _check_skills(plan.targets, "/targets")
    once = replace(plan, unit_ids=tuple(dict.fromkeys(plan.unit_ids)))
    return tuple(getattr(once, field.name) for field in fields(Plan))


def _check_skills(targets: Targets, at: str) -> None:
    skills = [each.skill for each in targets.covered]
    if len(set(skills)) < len(skills):
        raise Rejected("skill-twice", f"{at}/covered")


def _plan(event: CampaignScheduled | CampaignChanged) -> Plan:
    return Plan(*(getattr(event, field.name) for field in fields(Plan)))


def evolve(state: CampaignState, event: CampaignEvent) -> CampaignState:
    match event, state:
        case CampaignScheduled(), _:
            return Scheduled(_plan(event))
        case CampaignChanged(), Open():
            return Open(_plan(event))
        case CampaignChanged(), _:
            return Scheduled(_plan(event))
        case _, Unscheduled():
            return state
        case CampaignOpened(), _:
            return Open(state.plan)
        case CampaignClosed(), _:
            return Closed(state.plan)
        case _:
            return Cancelled(state.plan)


CAMPAIGNS: Decider[CampaignCommand, CampaignState, CampaignEvent] = Decider(
    initial=lambda stream: Unscheduled(),
    streams=lambda command: (campaign_stream(command.campaign_id),),
    decide=decide,
    evolve=evolve,
)
