"""A campaign window (*đợt cao điểm*, such as a Digital Sunday): days, units and targets. Visits know nothing of it:
a visit counts for every campaign whose days and units it lies in, however late it arrives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.decider import Decider, Personal, Rejected, sealed


@dataclass(frozen=True, slots=True)
class Targets:
    """For the whole campaign; None = no target."""

    visits: int | None = None
    households: int | None = None


@dataclass(frozen=True, slots=True)
class CampaignScheduled:
    """Both days included; ``unit_ids`` are roots of subtrees."""

    campaign_id: UUID
    name: str
    first_day: date
    last_day: date
    unit_ids: tuple[str, ...]
    targets: Targets


@dataclass(frozen=True, slots=True)
class CampaignCancelled:
    campaign_id: UUID
    reason: Personal = sealed(by="campaign_id")


CampaignEvent = CampaignScheduled | CampaignCancelled


@dataclass(frozen=True, slots=True)
class ScheduleCampaign:
    campaign_id: UUID
    name: str
    first_day: date
    last_day: date
    unit_ids: tuple[str, ...]
    targets: Targets


@dataclass(frozen=True, slots=True)
class CancelCampaign:
    campaign_id: UUID
    reason: Personal


CampaignCommand = ScheduleCampaign | CancelCampaign


@dataclass(frozen=True, slots=True)
class Unscheduled:
    pass


@dataclass(frozen=True, slots=True)
class Scheduled:
    plan: CampaignScheduled


@dataclass(frozen=True, slots=True)
class Cancelled:
    plan: CampaignScheduled


CampaignState = Unscheduled | Scheduled | Cancelled


def campaign_stream(campaign_id: UUID) -> str:
    return f"campaign:{campaign_id}"


def decide(command: CampaignCommand, states: Mapping[str, CampaignState]) -> Sequence[tuple[str, CampaignEvent]]:
    stream = campaign_stream(command.campaign_id)
    match command, states[stream]:
        case ScheduleCampaign(), Unscheduled():
            return [(stream, _scheduled(command))]
        case CancelCampaign(), Scheduled():
            return [(stream, CampaignCancelled(command.campaign_id, command.reason))]
        case CancelCampaign(), Unscheduled():
            raise Rejected("unknown-campaign")
        case _:
            return []


def _scheduled(command: ScheduleCampaign) -> CampaignScheduled:
    if command.last_day < command.first_day:
        raise Rejected("days-reversed", "/last_day")
    return CampaignScheduled(
        command.campaign_id,
        command.name,
        command.first_day,
        command.last_day,
        tuple(dict.fromkeys(command.unit_ids)),
        command.targets,
    )


def evolve(state: CampaignState, event: CampaignEvent) -> CampaignState:
    match event:
        case CampaignScheduled():
            return Scheduled(event)
        case CampaignCancelled():
            return Cancelled(state.plan) if isinstance(state, Scheduled | Cancelled) else state


CAMPAIGNS: Decider[CampaignCommand, CampaignState, CampaignEvent] = Decider(
    initial=lambda stream: Unscheduled(),
    streams=lambda command: (campaign_stream(command.campaign_id),),
    decide=decide,
    evolve=evolve,
)
