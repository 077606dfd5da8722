"""Which subscriptions of a process have something new: one question for all of them, instead of one each.

A hint only. Who is told that there is nothing asks again a moment later; who is told that there is something leases it
as ever, and may find that another worker was there first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from sqlalchemy import Engine, text

from shared.subscription import NEW

MAX_AGE = 0.1
"""Seconds for which an answer holds: so much later, at most, does anybody hear of something."""

QUESTION = text(
    f"""SELECT DISTINCT w.name
          FROM unnest(cast(:names AS text[])) w (name)
          LEFT JOIN bus.cursors c ON c.subscription = w.name
          LEFT JOIN bus.sources s ON s.source = c.source
         WHERE c.subscription IS NULL OR {NEW}"""
)


class News:
    """``engine`` is an AUTOCOMMIT engine; any number of threads may ask."""

    def __init__(self, engine: Engine, names: Iterable[str], max_age: float = MAX_AGE) -> None:
        self._engine, self._names, self._max_age = engine, list(names), max_age
        self._lock = threading.Lock()
        self._found: frozenset[str] = frozenset()
        self._asked = float("-inf")

    def of(self, name: str) -> bool:
        """Whether there was work for this subscription when last looked; also if it has no cursor yet."""
        with self._lock:
            if time.monotonic() - self._asked >= self._max_age:
                with self._engine.connect() as connection:
                    self._found = frozenset(connection.execute(QUESTION, {"names": self._names}).scalars())
                self._asked = time.monotonic()
            return name in self._found
