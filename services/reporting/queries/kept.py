"""Answers that were given before, for as long as the read model stands where it stood.

Many people ask the same of the nation and of their province, and between two events nothing of it can change. What a
state of the read model is named by are the positions it has come to, and the last unit event that the tree knows; as
soon as one moves, all that was kept is gone.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

MOST_VALUES = 200_000
"""Some hundred bytes each."""


class Kept:
    def __init__(self) -> None:
        self._state: Hashable = None
        self._answers: dict[Hashable, Mapping[str, Any]] = {}
        self._values = 0

    def __contains__(self, asked: Hashable) -> bool:
        """Whether there is an answer, if the read model has not moved."""
        return asked in self._answers

    def answer(self, asked: Hashable, state: Hashable) -> Mapping[str, Any] | None:
        """The answer that was given in this state, if one was. Nobody may change it."""
        return self._answers.get(asked) if state == self._state else None

    def keep(self, asked: Hashable, state: Hashable, answer: Mapping[str, Any], values: int) -> None:
        """``values``: about how many figures are in it."""
        if state != self._state or self._values > MOST_VALUES:
            self._state, self._answers, self._values = state, {}, 0
        self._answers[asked] = answer
        self._values += values
