"""Public events about campaigns."""

from __future__ import annotations

from services.visits.public.mapping import Mapping, only

CAMPAIGNS: dict[str, Mapping] = {
    "CampaignScheduled": only("campaign_id", "name", "first_day", "last_day", "unit_ids", "targets"),
    "CampaignCancelled": only("campaign_id"),
}
