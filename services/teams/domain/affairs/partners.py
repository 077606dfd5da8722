"""Partners (post, telecom, IT firms, banks), and which team or unit has engaged one from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.teams.domain.affairs.entries import MayCite, Noted, Owned
from services.teams.domain.affairs.records import Affair, States, known


@dataclass(frozen=True, kw_only=True)
class RegisterPartner(MayCite, Owned):
    """``kind``: post, telecom, it_firm, bank…; ``name`` of a firm, never of a person; ``unit_id``: where it works."""

    partner_id: str
    kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class EngagePartner(MayCite, Owned):
    engagement_id: str
    partner_id: str


@dataclass(frozen=True, kw_only=True)
class EndEngagement(MayCite):
    engagement_id: str


@dataclass(frozen=True, kw_only=True)
class PartnerRegistered(Noted, RegisterPartner):
    becomes = "registered"


@dataclass(frozen=True, kw_only=True)
class PartnerEngaged(Noted, EngagePartner):
    becomes = "engaged"


@dataclass(frozen=True, kw_only=True)
class EngagementEnded(Noted, EndEngagement):
    becomes = "ended"


def _partner(command: Any) -> tuple[str, ...]:
    return (PARTNER.stream(command.partner_id),) if isinstance(command, EngagePartner) else ()


def _check(command: Any, states: States) -> None:
    if isinstance(command, EngagePartner):
        known(states, PARTNER.stream(command.partner_id), "/partner_id")


PARTNER = Affair("partner", "partner_id", ("unit",), opens={RegisterPartner: PartnerRegistered})
ENGAGEMENT = Affair(
    "engagement",
    "engagement_id",
    ("team", "unit"),
    opens={EngagePartner: PartnerEngaged},
    closes={EndEngagement: EngagementEnded},
    names=_partner,
    check=_check,
)
