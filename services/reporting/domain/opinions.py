"""Opinions: heard, answered after so many days, still open. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.reporting.domain.tally import AT, FACTS, Known, Tally

_HEARD, _ANSWERED, _DAYS, _CLOSED, _WITHDRAWN, _OPEN = (
    AT[name]
    for name in (
        "opinions_recorded",
        "opinions_answered",
        "answer_days",
        "opinions_closed",
        "opinions_withdrawn",
        "opinions_open",
    )
)
RECORDED, FORWARDED, ANSWERED = "OpinionRecorded", "OpinionForwarded", "OpinionAnswered"
_ENDS = {"OpinionClosed": _CLOSED, "OpinionWithdrawn": _WITHDRAWN}
_WAITING = {RECORDED, FORWARDED}
STEPS = (RECORDED, FORWARDED, ANSWERED, *_ENDS)


def told(type_: str) -> Any:
    def counter(tally: Tally, data: Mapping[str, Any]) -> None:
        about = [data["unit_id"], data["topic"], data["pillar"]]
        tally.row(data["unit_id"], data["day"])[FACTS] += 1
        tally.tell("opinion", data["opinion_id"], (about, data["day"], type_))

    return counter


def learn(tally: Tally, opinion: str, known: Known, told: Sequence[Any]) -> None:
    for about, day, step in told:
        known["about"] = about
        known.setdefault("steps", []).append([day, step])


def count(tally: Tally, opinion: str, known: Known, sign: int) -> None:
    """The first answer counts. One that is forwarded again after its answer is open again."""
    heard = answered = None
    waiting = False
    for day, step in known.get("steps", ()):
        unit, topic, pillar = known["about"]
        row = tally.row(unit, day)
        if step == RECORDED:
            heard = day
            row[_HEARD] += sign
            tally.key(unit, "opinions_topic", topic, day, sign)
            if pillar:
                tally.key(unit, "opinions_pillar", pillar, day, sign)
        elif step == ANSWERED and answered is None:
            answered = day
            row[_ANSWERED] += sign
            if heard:
                row[_DAYS] += sign * (date.fromisoformat(day) - date.fromisoformat(heard)).days
        elif step in _ENDS:
            row[_ENDS[step]] += sign
        if waiting != (step in _WAITING):
            waiting = not waiting
            row[_OPEN] += sign if waiting else -sign
