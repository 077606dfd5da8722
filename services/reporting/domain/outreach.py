"""Outreach sessions: heads, not people; somebody may come to two. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.reporting.domain.names import BANDS
from services.reporting.domain.tally import AT, FACTS, Tally

_SESSIONS, _HEADS = AT["outreach_sessions"], AT["outreach_heads"]
_OF_BAND = {band: AT[f"heads_{band}"] for band in BANDS}


def recorded(tally: Tally, data: Mapping[str, Any]) -> None:
    _session(tally, data, 1)
    tally.row(data["unit_id"], data["day"])[FACTS] += 1


def corrected(tally: Tally, data: Mapping[str, Any]) -> None:
    _session(tally, data["before"], -1)
    _session(tally, data["after"], 1)
    tally.row(data["unit_id"], data["day"])[FACTS] += 1


def voided(tally: Tally, data: Mapping[str, Any]) -> None:
    _session(tally, data["before"], -1)
    tally.row(data["unit_id"], data["day"])[FACTS] += 1


def _session(tally: Tally, session: Mapping[str, Any], n: int) -> None:
    unit, day = session["unit_id"], session["day"]
    row = tally.row(unit, day)
    row[_SESSIONS] += n
    row[_HEADS] += n * sum(session["heads"].values())
    for band, heads in session["heads"].items():
        if band in _OF_BAND:
            row[_OF_BAND[band]] += n * heads
    tally.key(unit, "outreach_occasion", session["occasion"], day, n)
    for topic in session["topics"]:
        tally.key(unit, "outreach_topic", topic, day, n)
