"""Public events about outreach sessions. They are told before and after, so a reader takes away and adds."""

from __future__ import annotations

from typing import Any

from services.visits.public.mapping import Mapping, settled

_SESSION = ("unit_id", "day", "team_id", "member_ids", "occasion", "heads", "topics", "duration_minutes")


def _told(session: dict[str, Any]) -> dict[str, Any]:
    heads = {each["age_band"]: each["n"] for each in session["heads"]}
    return {name: session[name] for name in _SESSION} | {"heads": heads}


def _recorded(data: dict[str, Any]) -> dict[str, Any]:
    return {"session_id": data["session_id"], **_told(data["session"]), "flags": data["flags"]}


def _corrected(data: dict[str, Any]) -> dict[str, Any]:
    before, after = _told(data["before"]), _told(data["after"])
    where = {"session_id": data["session_id"], "unit_id": after["unit_id"], "day": after["day"]}
    return where | {"reason": data["reason"], "before": before, "after": after, "flags": data["flags"]}


def _voided(data: dict[str, Any]) -> dict[str, Any]:
    before = _told(data["before"])
    where = {"session_id": data["session_id"], "unit_id": before["unit_id"], "day": before["day"]}
    return where | {"reason": data["reason"], "before": before}


OUTREACH: dict[str, Mapping] = {
    "OutreachRecorded": _recorded,
    "OutreachCorrected": _corrected,
    "OutreachVoided": _voided,
    "OutreachFlagSettled": settled("session_id"),
}
