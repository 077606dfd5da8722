"""Sums that were read before, for as long as the read model stands where it stood.

Many people ask the same of the nation and of their province, and between two events nothing of it can change. What a
state of the read model is named by are the positions it has come to; as soon as one moves, all that was kept is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from services.reporting.positions import Progress

F = TypeVar("F")

MOST_VALUES = 1_000_000
"""Some hundred bytes each."""


class Kept:
    def __init__(self) -> None:
        self._state: Hashable = None
        self._found: dict[Hashable, object] = {}
        self._values = 0

    def sums(self, progress: Progress, units_position: int, asked: Hashable, read: Callable[[], F], values: int) -> F:
        """What ``read`` finds, or found when it was asked for in this state. ``units_position``: of the tree that is
        counted with; ``values``: about how many numbers it finds. Nobody may change what is returned."""
        state = (progress.state, units_position)
        if state != self._state or self._values > MOST_VALUES:
            self._state, self._found, self._values = state, {}, 0
        if asked in self._found:
            return cast(F, self._found[asked])  # a question has one kind of answer
        found = read()
        if state == self._state:  # another greenthread may have seen a later one meanwhile
            self._found[asked] = found
            self._values += values
        return found
