"""Brings a database whose live figures are of an earlier version up to this one, by itself: a rebuild beside them.

Before, the mirror must hold the events that only this version uses (``shared.refetch``). A version with the same tables
answers meanwhile as far as it counts; one with other tables cannot be asked here and says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date

from sqlalchemy import Engine

from services.reporting import store
from services.reporting.rebuild import AlreadyRebuilding, rebuild
from shared.mirror import Uses
from shared.refetch import complete
from shared.unit_directory import UnitDirectory

_log = logging.getLogger(__name__)


class Upgrade:
    """``step`` for ever, in a thread of the worker; ``directory`` must be this object's own."""

    def __init__(self, engine: Engine, directory: UnitDirectory, today: Callable[[], date], uses: Uses) -> None:
        self._engine, self._directory, self._today, self._uses = engine, directory, today, uses
        self._done = False

    def step(self) -> int:
        if self._done:
            return 0
        with self._engine.begin() as tx:
            if store.counts(tx) >= store.COUNTS:
                self._done = True
                return 0
            if not complete(tx, self._uses):
                return 0
        try:
            done = rebuild(self._engine, self._directory, self._today, lambda done, total: None)
        except AlreadyRebuilding:
            return 0
        _log.info("figures of an earlier version rebuilt from %s events in %.0f s", done.events, done.seconds)
        return done.events
