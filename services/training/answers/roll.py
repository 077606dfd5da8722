"""Rolls as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.training.answers.sessions import plan
from services.training.domain.roll import Place, Roll

__all__ = ["places", "plan", "unit_of"]


def places(roll: Roll, people: Sequence[str]) -> list[dict[str, Any]]:
    """Where each of them is; ``waiting``: how many are served first, and oneself."""
    numbers = {person: n for n, person in enumerate(roll.waiting, 1)}
    return [
        {"person_id": person, "place": Place.WAITING, "waiting": numbers[person]}
        if person in numbers
        else {"person_id": person, "place": Place.SEAT}
        for person in people
        if person in numbers or person in roll.seated
    ]


def unit_of(roll: Roll, person_id: str) -> str | None:
    return roll.seated.get(person_id) or roll.waiting.get(person_id)
