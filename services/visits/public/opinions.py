"""Public events about opinions: that they were heard and what became of them, never what was said."""

from __future__ import annotations

from typing import Any

from services.visits.public.mapping import Mapping


def _about(*names: str) -> Mapping:
    """Whose opinion it is, what it is about, when, and these fields."""

    def mapping(data: dict[str, Any]) -> dict[str, Any]:
        return {"opinion_id": data["opinion_id"], **data["about"], "day": data["day"]} | {n: data[n] for n in names}

    return mapping


OPINIONS: dict[str, Mapping] = {
    "OpinionRecorded": _about("team_id", "visit_id"),
    "OpinionForwarded": _about("due", "to_unit_id", "to_body_id"),
    "OpinionAnswered": _about("due"),
    "OpinionClosed": _about("reason"),
    "OpinionWithdrawn": _about("reason"),
}
