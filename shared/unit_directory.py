"""The administrative units as one service knows them: a projection of teams' unit events, folded into a tree in memory.

Every service keeps its own copy, so that none has to ask another one on a write path.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence

import orjson
from sqlalchemy import Connection, Engine, text

from shared.log import Recorded
from shared.units import UnitTree

UNIT_EVENTS = frozenset(
    {"UnitEstablished", "UnitRenamed", "UnitKindChanged", "UnitCodeAssigned", "UnitReparented", "UnitAbolished"}
)


class Units:
    """Projection ``units@1`` into ``read.unit_facts``. ``source`` is ``"teams"``, or ``""`` in teams itself."""

    name = "units@1"

    def __init__(self, source: str = "teams") -> None:
        self.sources: Mapping[str, Collection[int]] = {source: (0,)}

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        facts = [event for _, event in batch if event.type in UNIT_EVENTS]
        if facts:
            tx.execute(
                text(
                    """INSERT INTO read.unit_facts (position, type, data)
                       SELECT * FROM unnest(cast(:positions AS bigint[]), cast(:types AS text[]),
                                            cast(:data AS jsonb[]))"""
                ),
                {
                    "positions": [event.position for event in facts],
                    "types": [event.type for event in facts],
                    "data": [orjson.dumps(event.data).decode() for event in facts],
                },
            )


class UnitDirectory:
    """The tree of this process, at most ``max_age`` seconds behind ``read.unit_facts``; callers must not change it."""

    def __init__(self, engine: Engine, max_age: float = 1.0) -> None:
        self._engine, self._max_age = engine, max_age
        self._tree = UnitTree()
        self._position = 0
        self._checked = float("-inf")
        self._lock = threading.Lock()

    @property
    def position(self) -> int:
        """The last unit fact in the tree: a name for this state of it."""
        return self._position

    def tree(self) -> UnitTree:
        if time.monotonic() - self._checked >= self._max_age:
            with self._lock:
                if time.monotonic() - self._checked >= self._max_age:
                    self._refresh()
        return self._tree

    def refresh(self) -> UnitTree:
        """The tree including everything committed by now."""
        with self._lock:
            self._refresh()
        return self._tree

    def _refresh(self) -> None:
        with self._engine.connect() as connection:
            rows = connection.execute(
                text("SELECT position, type, data FROM read.unit_facts WHERE position > :position ORDER BY position"),
                {"position": self._position},
            ).all()
        for position, type_, data in rows:
            self._tree.apply(type_, data)
            self._position = position
        self._checked = time.monotonic()
