"""What names things in answers and says what was meant to be reached: campaigns, and entries of the catalogues. Pure.

They count nothing. A campaign is a period and units, so its visits are those of its days there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.reporting.domain.tally import Known, Tally

_PLAN = ("name", "first_day", "last_day", "unit_ids", "targets", "unit_targets")
_WORDS = ("name_vi", "name_en", "pillars")


def campaign_planned(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.tell("campaign", data["campaign_id"], ("plan", {name: data[name] for name in _PLAN}))


def campaign(step: str) -> Callable[[Tally, Mapping[str, Any]], None]:
    """``opened`` or ``closed`` on a day, or ``cancelled``."""

    def counter(tally: Tally, data: Mapping[str, Any]) -> None:
        tally.tell("campaign", data["campaign_id"], (step, data["day"] if step != "cancelled" else True))

    return counter


def entry_set(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.tell("catalogue", _entry(data), (data["effective"], {name: data[name] for name in _WORDS}))


def entry_ended(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.tell("catalogue", _entry(data), (data["effective"], None))


def _entry(data: Mapping[str, Any]) -> str:
    return f"{data['kind']}:{data['code']}:{data['unit_id']}"


def learn(tally: Tally, subject: str, known: Known, told: Sequence[Any]) -> None:
    for what, value in told:
        known[what] = value


def count(tally: Tally, subject: str, known: Known, sign: int) -> None:
    """Nothing."""
