"""Campaigns to be listed: ``read.campaigns``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

STATES = {
    "CampaignScheduled": "scheduled",
    "CampaignOpened": "open",
    "CampaignClosed": "closed",
    "CampaignCancelled": "cancelled",
}
_PLAN = text(
    """INSERT INTO read.campaigns (campaign_id, name, first_day, last_day, unit_ids, state)
       VALUES (:campaign_id, :name, :first_day, :last_day, cast(:unit_ids AS text[]), 'scheduled')
       ON CONFLICT (campaign_id) DO UPDATE SET name = excluded.name, first_day = excluded.first_day,
              last_day = excluded.last_day, unit_ids = excluded.unit_ids"""
)
_STATE = text("UPDATE read.campaigns SET state = :state WHERE campaign_id = :campaign_id")
TYPES = (*STATES, "CampaignChanged")


def apply(tx: Connection, type_: str, data: Mapping[str, Any]) -> None:
    if type_ in ("CampaignScheduled", "CampaignChanged"):
        tx.execute(_PLAN, data)
    else:
        tx.execute(_STATE, {"campaign_id": data["campaign_id"], "state": STATES[type_]})
