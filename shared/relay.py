"""The relay: a subscription that publishes the own log's public events to RabbitMQ.

It holds no transaction while it talks to the broker. A row lease (``leased_until``) keeps relays apart, and the cursor
moves only from the position the run started at; when two overlap anyway, consumers see a message twice and drop it.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import amqp
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from shared import broker, topology
from shared.broker import BATCH, EVENT, Publisher
from shared.bus import Publish, packed, stretch
from shared.log import Log
from shared.subscription import prepare_cursors

_log = logging.getLogger(__name__)

RELAY = "relay"
"""Its name in ``bus.cursors``."""

WRITE_SECONDS = 3.0
CONFIRM_SECONDS = 4.0
LEASE_SECONDS = 8
"""Longer than a stalled write and late confirms together; a killed relay delays its partitions by this."""

_LEASE = text(
    f"""UPDATE bus.cursors c SET leased_until = now() + interval '{LEASE_SECONDS} seconds'
          FROM (SELECT k.partition
                  FROM bus.cursors k JOIN log.heads h ON h.partition = k.partition AND h.position > k.position
                 WHERE k.subscription = '{RELAY}' AND k.source = ''
                   AND (k.leased_until IS NULL OR k.leased_until < now())
                   AND k.partition = ANY(:partitions)
                 ORDER BY k.partition FOR UPDATE OF k SKIP LOCKED) free
         WHERE c.subscription = '{RELAY}' AND c.source = '' AND c.partition = free.partition
        RETURNING c.partition, c.position"""
)
_MOVE = text(
    f"""UPDATE bus.cursors SET position = :new, leased_until = NULL, moved_at = now()
         WHERE subscription = '{RELAY}' AND source = '' AND partition = :partition AND position = :old"""
)


@dataclass(frozen=True, slots=True)
class _Run:
    partition: int
    old: int
    new: int


class Relay:
    """Publishes one service's log. ``engine`` is an AUTOCOMMIT engine; one thread calls ``step``."""

    def __init__(
        self,
        service: str,
        log: Log,
        engine: Engine,
        amqp_uri: str,
        publish: Publish,
        partitions: Collection[int],
        *,
        limit: int = 1000,
    ) -> None:
        self._service, self._log, self._engine, self._uri = service, log, engine, amqp_uri
        self._publish, self._partitions, self._limit = publish, sorted(partitions), limit
        self._connection: amqp.Connection | None = None
        self._publisher: Publisher | None = None
        self._prepared = False
        self.reason: str | None = None
        """Why nothing is being published (for /readyz), or None."""

    def step(self) -> int:
        """Publish the next run of every free partition; returns how many positions the cursors moved (0: no work).

        Raises ``Unpublished``, ``broker.Unreachable`` or a database error: the cursors stay, call again after a pause.
        """
        try:
            moved = self._step()
        except broker.Unpublished as error:
            self.reason = error.reason
            raise
        except Exception as error:
            self.reason = f"{type(error).__name__} while publishing"
            raise
        self.reason = None
        return moved

    def close(self) -> None:
        broker.close(self._connection)
        self._connection = self._publisher = None

    def _step(self) -> int:
        if not self._prepared:
            prepare_cursors(self._engine, RELAY, {"": self._partitions})
            self._prepared = True
        with self._engine.connect() as connection:
            leased = [(r.partition, r.position) for r in connection.execute(_LEASE, {"partitions": self._partitions})]
        if not leased:
            return 0
        runs = [_Run(partition, position, position) for partition, position in leased]
        try:
            published = self._hand_over(runs)
            self._ready().flush(CONFIRM_SECONDS)
        except BaseException:
            self.close()
            with contextlib.suppress(SQLAlchemyError):
                self._move(runs)  # to where they are: gives the leases back
            raise
        self._move(published)
        return sum(run.new - run.old for run in published)

    def _hand_over(self, runs: Sequence[_Run]) -> list[_Run]:
        """Publish what follows the cursors; where they will stand. Events of a key share messages across partitions."""
        publisher, exchange = self._ready(), topology.exchange(self._service)
        read = [self._log.read(run.partition, run.old, self._limit) for run in runs]
        wires = (wire for events in read for wire in stretch(self._service, self._log.log_id, events, self._publish))
        for key, body, several in packed(wires):
            publisher.publish(exchange, key, body, content_type=BATCH if several else EVENT)
        return [
            _Run(run.partition, run.old, events[-1].position if events else run.old)
            for run, events in zip(runs, read, strict=True)
        ]

    def _ready(self) -> Publisher:
        if self._publisher is None:
            self._connection = broker.connect(self._uri, timeout=WRITE_SECONDS)
            self._publisher = Publisher(self._connection)
            _log.info("publishing to %s", topology.exchange(self._service))
        return self._publisher

    def _move(self, runs: Sequence[_Run]) -> None:
        with self._engine.connect() as connection:
            connection.execute(_MOVE, [{"partition": r.partition, "old": r.old, "new": r.new} for r in runs])
