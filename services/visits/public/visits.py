"""Public events about visits."""

from __future__ import annotations

from typing import Any

from services.visits.public.mapping import Mapping, only, settled


def visit_recorded(data: dict[str, Any]) -> dict[str, Any]:
    learners = data["learners"]
    return {
        "visit_id": data["visit_id"],
        "place_id": data["place_id"],
        "place_kind": data["place_kind"],
        "unit_id": data["unit_id"],
        "day": data["day"],
        "team_id": data["team_id"],
        "member_ids": data["member_ids"],
        "duration_minutes": data["duration_minutes"],
        "skills": _skills(learners),
        "platforms": data["platforms"],
        "outcomes": data["outcomes"],
        "obstacle": data["obstacle"],
        "people_taught": len(learners),
        "ages": _ages(learners),
        "reach": data["reach"],
        "covered": data["covered"],
        "flags": data["flags"],
    }


def _skills(learners: list[dict[str, Any]]) -> list[dict[str, Any]]:
    taught: dict[tuple[str, str], int] = {}
    for learner in learners:
        for one in learner["skills"]:
            key = one["skill"], one["level"]
            taught[key] = taught.get(key, 0) + 1
    return [{"skill": skill, "level": level, "learners": n} for (skill, level), n in taught.items()]


def _ages(learners: list[dict[str, Any]]) -> dict[str, int]:
    ages: dict[str, int] = {}
    for learner in learners:
        band = learner["age_band"]
        ages[band] = ages.get(band, 0) + 1
    return ages


def _content(content: dict[str, Any], kind: str, flags: list[str], known: dict[str, str]) -> dict[str, Any]:
    """``known``: doubts that were settled, and how."""
    learners = content["learners"]
    return {
        "day": content["day"],
        "team_id": content["team_id"],
        "member_ids": content["member_ids"],
        "duration_minutes": content["duration_minutes"],
        "skills": _skills(learners),
        "platforms": content["platforms"],
        "outcomes": content["outcomes"],
        "obstacle": content["obstacle"],
        "people_taught": len(learners),
        "ages": _ages(learners),
        "place_kind": kind,
        "flags": flags,
        "settled": {flag: how for flag, how in known.items() if flag in flags},
    }


def visit_corrected(data: dict[str, Any]) -> dict[str, Any]:
    after = _content(data["after"], _recorded_kind(data), data["flags"], _settled_before(data))
    return _CORRECTED(data) | _before(data) | {"after": after}


def visit_voided(data: dict[str, Any]) -> dict[str, Any]:
    return _VOIDED(data) | _before(data)


def _before(data: dict[str, Any]) -> dict[str, Any]:
    flags = data.get("flags_before", [])
    before = _content(data["before"], _recorded_kind(data), flags, _settled_before(data))
    return {"before": before, "received_on": data.get("received_on")}


def _settled_before(data: dict[str, Any]) -> dict[str, str]:
    return dict(data.get("settled_before", ()))


def _recorded_kind(data: dict[str, Any]) -> str:
    """Under which the visit was counted and goes on counting; an event of earlier days does not say it."""
    kind: str = data.get("recorded_kind") or data["place_kind"]
    return kind


_CORRECTED = only("visit_id", "place_id", "place_kind", "unit_id", "revision", "reason", "reach", "covered", "flags")
_VOIDED = only("visit_id", "place_id", "place_kind", "unit_id", "day", "revision", "reason", "reach", "covered")

VISITS: dict[str, Mapping] = {
    "VisitRecorded": visit_recorded,
    "VisitCorrected": visit_corrected,
    "VisitVoided": visit_voided,
    "FlagSettled": settled("visit_id", "place_id"),
}
