"""What every process of a service holds: engines, log, writer, vault, codec. Built once from the settings."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from sqlalchemy import Engine

from shared.codec import Codec, EventType
from shared.db import engine
from shared.decider import Decider
from shared.handler import Handler
from shared.log import PostgresLog
from shared.reader import GroupReader
from shared.settings import Settings
from shared.vault import PostgresKeys, Vault
from shared.writer import GroupWriter

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")

QUESTIONS = 4
"""Connections for questions: one process asks no more at a time without waiting for itself."""


class Kit:
    """``Kit(settings, name="visits-api", events=(VisitRecorded, …))``; ``close()`` stores what waits and disconnects.

    ``engine`` opens transactions (read models, cursors); ``log`` has its own connections outside any transaction.
    """

    def __init__(
        self, settings: Settings, *, name: str, events: tuple[type | EventType, ...] = (), pool_size: int = 6
    ) -> None:
        spare_the_collector()
        self.settings, self._name = settings, name
        self.engine = engine(settings.service_database_url, name=name, pool_size=pool_size)
        self._log_engine = engine(
            settings.service_database_url, name=f"{name} log", pool_size=pool_size, autocommit=True
        )
        self._vault_engine = engine(settings.vault_database_url, name=f"{name} vault", pool_size=2)
        self.log = PostgresLog(self._log_engine)
        self.vault = Vault(PostgresKeys(self._vault_engine))
        self.codec = Codec(*events, vault=self.vault)

    @property
    def lookups(self) -> Engine:
        """Connections outside any transaction, planned for look-ups by key (``shared.db.engine``)."""
        return self._log_engine

    @cached_property
    def questions(self) -> Engine:
        """Read-only snapshots, for statements that are asked again and again (``shared.db.engine``)."""
        url, name = self.settings.service_database_url, f"{self._name} questions"
        return engine(url, name=name, pool_size=QUESTIONS, questions=True)

    @cached_property
    def writer(self) -> GroupWriter:
        return GroupWriter(self.log)

    @cached_property
    def reader(self) -> GroupReader:
        return GroupReader(self.log)

    def handler(
        self,
        decider: Decider[C, S, E],
        *,
        partition_of: Callable[[str], int] = lambda stream: 0,
        guard_reads: bool = False,
        remembered: int = 0,
    ) -> Handler[C, S, E]:
        return Handler(
            self.reader,
            self.writer,
            decider,
            self.codec,
            hash_key=self.settings.hash_key,
            partition_of=partition_of,
            guard_reads=guard_reads,
            remembered=remembered,
        )

    def close(self) -> None:
        for part in ("writer", "reader"):  # only those that were ever needed
            if part in self.__dict__:
                getattr(self, part).stop()
        for each in (self.engine, self._log_engine, self._vault_engine):
            each.dispose()
        if "questions" in self.__dict__:
            self.questions.dispose()


def spare_the_collector() -> None:
    """Let the garbage collector run seldom.

    What it would walk again and again are rows on their way, cached states and the tree of all units, none of them in
    cycles; with Python's own thresholds it took a third of the CPU time of a visit.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
