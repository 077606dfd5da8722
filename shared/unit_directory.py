"""The administrative units as one service knows them: a projection of teams' unit events, folded into a tree in memory.

Every service keeps its own copy, so that none has to ask another one on a write path.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from shared import units
from shared.log import Recorded
from shared.units import UnitTree

UNIT_EVENTS = frozenset(units.UNIT_EVENTS)

CHUNK = 2_000
KEPT_PAST = 3
"""Trees of former knowledge kept: a tree of a hundred thousand units takes some 60 MB."""

_STORE = text(
    """INSERT INTO read.unit_facts (position, type, data, recorded_at)
       SELECT x.position, x.type, x.data, coalesce(x.recorded_at, '-infinity')
         FROM unnest(cast(:positions AS bigint[]), cast(:types AS text[]), cast(:data AS jsonb[]),
                     cast(:recorded AS timestamptz[])) AS x (position, type, data, recorded_at)"""
)
_NEXT = text(
    """SELECT position, type, data FROM read.unit_facts WHERE position > :after AND position <= :until
        ORDER BY position LIMIT :limit"""
)
_LAST_KNOWN = text(
    """SELECT position FROM read.unit_facts WHERE recorded_at <= :instant
        ORDER BY recorded_at DESC, position DESC LIMIT 1"""
)
_EVER = 2**62


class Units:
    """Projection ``units@1`` into ``read.unit_facts``. ``source`` is ``"teams"``, or ``""`` in teams itself."""

    name = "units@1"

    def __init__(self, source: str = "teams") -> None:
        self.sources: Mapping[str, Collection[int]] = {source: (0,)}

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        facts = [event for _, event in batch if event.type in UNIT_EVENTS]
        if facts:
            tx.execute(
                _STORE,
                {
                    "positions": [event.position for event in facts],
                    "types": [event.type for event in facts],
                    "data": [orjson.dumps(event.data).decode() for event in facts],
                    "recorded": [event.recorded_at for event in facts],
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
        self._past: OrderedDict[int, UnitTree] = OrderedDict()
        self._past_lock = threading.Lock()

    @property
    def position(self) -> int:
        """The last unit fact in the tree: a name for this state of it."""
        return self._position

    def tree(self, known_at: datetime | None = None) -> UnitTree:
        """The tree; ``known_at``: by the facts recorded up to that instant."""
        return self.as_known(known_at)[0]

    def as_known(self, known_at: datetime | None = None) -> tuple[UnitTree, int]:
        """As ``tree``, with the position of the last unit fact in it (0: none)."""
        if known_at is not None:
            return self._as_known(known_at)
        # Whoever comes while another one is reading takes what there is, unless there is nothing yet.
        if self._is_old() and self._lock.acquire(blocking=self._checked == float("-inf")):
            try:
                if self._is_old():
                    self._refresh()
            finally:
                self._lock.release()
        return self._tree, self._position

    def warm(self) -> None:
        """Load the tree and what finds units by name, before anybody waits for it. A database that is away is no harm:
        the first question then loads them."""
        with suppress(SQLAlchemyError):
            self.refresh().find_by_name("", date.min)

    def _is_old(self) -> bool:
        return time.monotonic() - self._checked >= self._max_age

    def refresh(self) -> UnitTree:
        """The tree including everything committed by now."""
        with self._lock:
            self._refresh()
        return self._tree

    def _refresh(self) -> None:
        for position, type_, data in self._facts(self._position, _EVER):
            self._tree.apply(type_, data)
            self._position = position
        self._checked = time.monotonic()

    def _as_known(self, instant: datetime) -> tuple[UnitTree, int]:
        with self._engine.connect() as connection:
            position = connection.execute(_LAST_KNOWN, {"instant": instant}).scalar() or 0
        if position > self._position:
            self.refresh()
        if position == self._position:
            return self._tree, position
        with self._past_lock:
            tree = self._past.get(position)
            if tree is None:
                tree = UnitTree()
                for _, type_, data in self._facts(0, position):
                    tree.apply(type_, data)
                self._past[position] = tree
            self._past.move_to_end(position)
            while len(self._past) > KEPT_PAST:
                self._past.popitem(last=False)
        return tree, position

    def _facts(self, after: int, until: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """In order; others get their turn between chunks."""
        while True:
            with self._engine.connect() as connection:
                rows = connection.execute(_NEXT, {"after": after, "until": until, "limit": CHUNK}).all()
            for position, type_, data in rows:
                yield position, type_, data
                after = position
            if len(rows) < CHUNK:
                return
            time.sleep(0)
