"""Campaigns and their boards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from services.visits.domain import (
    CampaignCommand,
    CampaignEvent,
    CampaignScheduled,
    CampaignState,
    Cancelled,
    Scheduled,
    campaign_stream,
)
from services.visits.projections.activity import Activity
from shared.handler import Handler
from shared.units import UnitTree

_ACTIVITY = text(
    """SELECT unit_id, day, sum(visits) AS visits,
              coalesce(sum(reached) FILTER (WHERE previous_day < :first), 0) AS reached
         FROM read.activity WHERE day BETWEEN :first AND :last GROUP BY unit_id, day"""
)
_AS_OF = text(
    "SELECT partition, position FROM bus.cursors WHERE subscription = :name AND source = '' ORDER BY partition"
)


@dataclass(frozen=True)
class CampaignQueries:
    engine: Engine
    campaigns: Handler[CampaignCommand, CampaignState, CampaignEvent]

    def campaign(self, campaign_id: UUID) -> tuple[CampaignScheduled, bool, int] | None:
        """The plan, whether it was cancelled, and the version."""
        state, version = self.campaigns.state(campaign_stream(campaign_id))
        if not isinstance(state, Scheduled | Cancelled):
            return None
        return state.plan, isinstance(state, Cancelled), version

    def board(self, plan: CampaignScheduled, tree: UnitTree) -> dict[str, Any]:
        """What was done within the campaign's days and units, in sum and per unit of the plan.

        ``as_of``: the figures include at least everything up to these positions. Households are distinct households
        reached in the window; a unit inside another one of the plan counts in both, and once in the sum.
        """
        with self.engine.connect() as connection:
            as_of = {str(p): position for p, position in connection.execute(_AS_OF, {"name": Activity.name})}
            rows = connection.execute(_ACTIVITY, {"first": plan.first_day, "last": plan.last_day}).all()
        total = {"visits": 0, "households": 0}
        units = {unit: dict(total) for unit in plan.unit_ids}
        for unit_id, day, visits, reached in rows:
            roots = _roots(tree, unit_id, day, units.keys())
            for figures in (total, *(units[root] for root in roots)) if roots else ():
                figures["visits"] += visits
                figures["households"] += reached
        return {"done": total, "units": [{"unit_id": unit, **done} for unit, done in units.items()], "as_of": as_of}


def _roots(tree: UnitTree, unit_id: str, day: date, roots: Any) -> list[str]:
    """The roots that are the unit or above it on that day; a unit gone by then counts where its facts stand."""
    placed = tree.place(unit_id, day)
    return [unit for unit in tree.ancestors(placed.unit_id, day) if unit in roots] if placed else []
