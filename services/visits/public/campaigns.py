"""Public events about campaigns."""

from __future__ import annotations

from typing import Any

from services.visits.public.mapping import Mapping, only


def _planned(data: dict[str, Any]) -> dict[str, Any]:
    return {"unit_targets": []} | data


CAMPAIGNS: dict[str, Mapping] = {
    "CampaignScheduled": _planned,
    "CampaignChanged": _planned,
    "CampaignOpened": only("campaign_id", "day"),
    "CampaignClosed": only("campaign_id", "day"),
    "CampaignCancelled": only("campaign_id"),
}
