"""What happens at a door, and what it means for the place behind it. Pure: no clock, no ids, no I/O.

Two aggregates, one file each: a *place* (stream ``place:<uuid>``) with the visits paid to it, and a *campaign* (stream
``campaign:<uuid>``). ``vocabulary`` holds the closed lists they share.
"""

from __future__ import annotations

from services.visits.domain.campaign import (
    CAMPAIGNS,
    CampaignCancelled,
    CampaignCommand,
    CampaignEvent,
    CampaignScheduled,
    CampaignState,
    CancelCampaign,
    Cancelled,
    ScheduleCampaign,
    Scheduled,
    Targets,
    campaign_stream,
)
from services.visits.domain.place import (
    PLACES,
    Place,
    PlaceCommand,
    PlaceEvent,
    PlaceRegistered,
    PlaceState,
    RecordVisit,
    RegisterPlace,
    VisitRecorded,
    place_stream,
)
from services.visits.domain.reach import Covered, Reach
from services.visits.domain.vocabulary import ALL_SKILLS, AgeBand, Flag, Learner, Level, PlaceKind, Skill, SkillLevel

__all__ = [
    "ALL_SKILLS",
    "CAMPAIGNS",
    "PLACES",
    "AgeBand",
    "CampaignCancelled",
    "CampaignCommand",
    "CampaignEvent",
    "CampaignScheduled",
    "CampaignState",
    "CancelCampaign",
    "Cancelled",
    "Covered",
    "Flag",
    "Learner",
    "Level",
    "Place",
    "PlaceCommand",
    "PlaceEvent",
    "PlaceKind",
    "PlaceRegistered",
    "PlaceState",
    "Reach",
    "RecordVisit",
    "RegisterPlace",
    "ScheduleCampaign",
    "Scheduled",
    "Skill",
    "SkillLevel",
    "Targets",
    "VisitRecorded",
    "campaign_stream",
    "place_stream",
]
