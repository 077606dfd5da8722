"""Waiting for as long as something moves: how long it takes depends on the machine, whether it still moves does not."""

from __future__ import annotations

import time
from collections.abc import Callable


class Patience:
    """Lost once the same has been seen for ``seconds``."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self._clock = seconds, clock
        self._seen: object = None
        self._since = clock()

    def lost(self, seen: object) -> bool:
        """``seen``: whatever differs as long as there is progress."""
        now = self._clock()
        if seen != self._seen:
            self._seen, self._since = seen, now
        return now - self._since > self.seconds
