"""A bound on how often something open to everybody is asked."""

from __future__ import annotations

import time
from collections.abc import Callable


class Allowance:
    """A bucket of ``burst`` tokens, filled by ``per_second``; of one process."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._burst, self._clock = per_second, burst, clock
        self._tokens, self._at = float(burst), clock()

    def take(self) -> bool:
        """Whether there was one left."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
