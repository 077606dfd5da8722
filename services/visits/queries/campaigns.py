"""Campaigns: one from the log, lists from the read table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from services.visits.domain.campaign import (
    CampaignCommand,
    CampaignEvent,
    CampaignState,
    Plan,
    Unscheduled,
    campaign_stream,
)
from shared.handler import Handler
from shared.units import UnitTree

_LIST = text(
    """SELECT campaign_id, name, first_day, last_day, state, unit_ids FROM read.campaigns
        WHERE last_day >= :since AND first_day <= :until AND (cast(:state AS text) IS NULL OR state = :state)
        ORDER BY first_day, campaign_id"""
)


@dataclass(frozen=True)
class CampaignQueries:
    engine: Engine
    campaigns: Handler[CampaignCommand, CampaignState, CampaignEvent]

    def campaign(self, campaign_id: UUID) -> tuple[Plan, str, int] | None:
        """The plan, the state (scheduled, open, closed, cancelled), and the version."""
        state, version = self.campaigns.state(campaign_stream(campaign_id))
        if isinstance(state, Unscheduled):
            return None
        return state.plan, type(state).__name__.lower(), version

    def listed(self, since: date, until: date, state: str | None, unit_id: str, tree: UnitTree) -> list[dict[str, Any]]:
        """Campaigns with a day between those two and a unit that is this one, above it or below it."""
        with self.engine.connect() as connection:
            found = connection.execute(_LIST, {"since": since, "until": until, "state": state}).mappings().all()
        return [dict(each) for each in found if _concerns(tree, each["unit_ids"], unit_id, each["first_day"])]


def _concerns(tree: UnitTree, roots: list[str], unit_id: str, day: date) -> bool:
    return tree.covers(roots, unit_id, day) or any(tree.covers([unit_id], root, day) for root in roots)
