"""Public events about visits."""

from __future__ import annotations

from collections import Counter
from typing import Any

from services.visits.public.mapping import Mapping


def visit_recorded(data: dict[str, Any]) -> dict[str, Any]:
    skills = Counter((s["skill"], s["level"]) for learner in data["learners"] for s in learner["skills"])
    return {
        "visit_id": data["visit_id"],
        "place_id": data["place_id"],
        "place_kind": data["place_kind"],
        "unit_id": data["unit_id"],
        "day": data["day"],
        "team_id": data["team_id"],
        "member_ids": data["member_ids"],
        "duration_minutes": data["duration_minutes"],
        "skills": [{"skill": skill, "level": level, "learners": n} for (skill, level), n in skills.items()],
        "platforms": data["platforms"],
        "people_taught": len(data["learners"]),
        "reach": data["reach"],
        "covered": data["covered"],
        "flags": data["flags"],
    }


VISITS: dict[str, Mapping] = {"VisitRecorded": visit_recorded}
