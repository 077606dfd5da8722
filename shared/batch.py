"""A nameko entrypoint that hands the service method many messages at once.

    @batch("reporting.mirror")
    def ingest(self, deliveries):                  # list[Delivery]
        return self.mirror.ingest(deliveries)      # [(index, reason)] for the dead letters

The good ones are acknowledged together after the method has returned; the others first go, confirmed, to
``events.dead``. If the method raises, the batch is kept and tried again after a pause, so an outage of the database
costs no message its delivery limit; after ``PATIENCE`` seconds the batch goes back to the queue, whose delivery limit
bounds true poison.

One greenthread with a connection of its own. It starts, runs and stops whatever state the broker is in.
"""

from __future__ import annotations

import contextlib
import logging
import random
import time
from collections.abc import Callable
from typing import Any

import amqp
import eventlet
from eventlet.event import Event
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint
from prometheus_client import Counter, Gauge

from shared import broker, topology
from shared.broker import Publisher
from shared.mirror import Delivery, Rejection

_log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 20
IDLE_SECONDS = 0.5
CONFIRM_SECONDS = 10.0
PATIENCE = 60.0

DEAD_LETTERS = Counter("tungnha_dead_letters_total", "Messages sent to the dead letters", ["queue", "reason"])
INGESTED = Counter("tungnha_ingested_total", "Messages stored and acknowledged", ["queue"])
CONNECTED = Gauge("tungnha_ingest_connected", "1 while the queue is being consumed", ["queue"])


class _Stopped(Exception):
    """The container is stopping; what is unacknowledged comes again."""


class Batch(Entrypoint):  # type: ignore[misc]  # nameko has no types
    """``@batch(queue, size=500, wait=0.01)``: up to ``size`` messages, or ``wait`` seconds after the first.

    The broker's address is the container's config value ``AMQP_URI``. ``declare(channel)`` re-creates a missing queue
    where the service may do that; without it the entrypoint waits until somebody else has.
    """

    def __init__(
        self,
        queue: str,
        *,
        size: int = 500,
        wait: float = 0.01,
        prefetch: int = 1000,
        declare: Callable[[amqp.Channel], None] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.queue, self.size, self.wait, self.prefetch, self.declare = queue, size, wait, prefetch, declare
        self.reason: str | None = "not started"
        self._stopping = False
        self._thread: Any = None
        self._received: list[amqp.Message] = []

    # --- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._thread = self.container.spawn_managed_thread(self._run, identifier=f"batch {self.queue}")

    def stop(self) -> None:
        self._stopping = True
        if self._thread is not None:
            with eventlet.Timeout(4, False), contextlib.suppress(BaseException):
                self._thread.wait()
            self._thread.kill()

    def kill(self) -> None:
        self._stopping = True
        if self._thread is not None:
            self._thread.kill()

    def _run(self) -> None:
        """Consume until stopped; whatever fails is tried again, since an exception would end the whole process."""
        pause = 0.1
        while not self._stopping:
            connection: amqp.Connection | None = None
            began = time.monotonic()
            try:
                connection = broker.connect(self.container.config["AMQP_URI"], heartbeat=HEARTBEAT_SECONDS)
                self._consume(connection)
            except (_Stopped, ContainerBeingKilled):
                return
            except Exception as error:  # see above
                self.reason = f"{type(error).__name__} on {self.queue}"
                _log.warning("%s: %s; trying again", self.queue, type(error).__name__)
            finally:
                CONNECTED.labels(self.queue).set(0)
                _leave(connection, self._stopping)
            pause = 0.1 if time.monotonic() - began > 10 else min(pause * 2, 5.0)
            self._sleep(pause * random.uniform(0.5, 1.0))

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            eventlet.sleep(min(left, 0.2))

    # --- work ----------------------------------------------------------------------------------------------------

    def _consume(self, connection: amqp.Connection) -> None:
        self._received = []
        channel = self._subscribed(connection)
        dead = Publisher(connection)
        self.reason = None
        CONNECTED.labels(self.queue).set(1)
        _log.info("consuming %s", self.queue)
        beat = time.monotonic()
        while not self._stopping:
            self._collect(connection)
            if self._received:
                messages, self._received = self._received[: self.size], self._received[self.size :]
                self._handle(connection, channel, dead, messages)
            if time.monotonic() - beat > 1:
                connection.heartbeat_tick()
                beat = time.monotonic()

    def _subscribed(self, connection: amqp.Connection) -> amqp.Channel:
        try:
            return self._subscribe(connection)
        except amqp.NotFound:
            if self.declare is None:
                raise
            self.declare(connection.channel())
            return self._subscribe(connection)

    def _subscribe(self, connection: amqp.Connection) -> amqp.Channel:
        channel = connection.channel()
        channel.auto_decode = False  # bytes, whatever the message claims about its encoding
        channel.basic_qos(0, self.prefetch, False)
        channel.basic_consume(self.queue, callback=self._received_one)
        return channel

    def _received_one(self, message: amqp.Message) -> None:
        self._received.append(message)

    def _collect(self, connection: amqp.Connection) -> None:
        """Wait for a first message, then for more until the batch is full or its time is over."""
        # The timeout is set on the socket twice per batch; drain_events(timeout=…) would set it six times per message.
        socket = connection.sock
        deadline = float("inf")
        try:
            socket.settimeout(self.wait if self._received else IDLE_SECONDS)
            while len(self._received) < self.size and time.monotonic() < deadline:
                connection.drain_events()
                if self._received and deadline == float("inf"):
                    socket.settimeout(self.wait)
                    deadline = time.monotonic() + self.wait
        except TimeoutError:
            return
        finally:
            socket.settimeout(None)

    def _handle(
        self, connection: amqp.Connection, channel: amqp.Channel, dead: Publisher, messages: list[amqp.Message]
    ) -> None:
        deliveries = [Delivery(_body(message), message.delivery_info["exchange"]) for message in messages]
        last = messages[-1].delivery_tag
        began, pause = time.monotonic(), 0.25
        while (rejected := self._call(connection, deliveries)) is None:
            if time.monotonic() - began > PATIENCE:
                channel.basic_nack(last, multiple=True, requeue=True)
                raise TimeoutError("handed back")
            self._patiently(connection, pause)
            pause = min(pause * 2, 5.0)
        self.reason = None
        self._bury(dead, deliveries, rejected)
        channel.basic_ack(last, multiple=True)
        INGESTED.labels(self.queue).inc(len(messages) - len(rejected))

    def _call(self, connection: amqp.Connection, deliveries: list[Delivery]) -> list[Rejection] | None:
        """Run the service method; None if it raised. Heartbeats go on meanwhile."""
        done: Event = Event()

        def finished(context: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
            done.send((result, exc_info))
            return result, exc_info

        self.container.spawn_worker(self, (deliveries,), {}, handle_result=finished)
        while not done.ready():
            with eventlet.Timeout(HEARTBEAT_SECONDS / 3, False):
                done.wait()
            if not done.ready():
                connection.send_heartbeat()
        result, exc_info = done.wait()
        if exc_info is None:
            return list(result or ())
        self.reason = f"{exc_info[0].__name__} while storing"
        return None

    def _patiently(self, connection: amqp.Connection, seconds: float) -> None:
        self._sleep(seconds)
        if self._stopping:
            raise _Stopped
        connection.send_heartbeat()

    def _bury(self, dead: Publisher, deliveries: list[Delivery], rejected: list[Rejection]) -> None:
        for index, reason in rejected:
            headers = {"reason": reason, "queue": self.queue}
            dead.publish(topology.DEAD, self.queue, deliveries[index].body, headers)
        if rejected:
            dead.flush(CONFIRM_SECONDS)
        for _, reason in rejected:
            DEAD_LETTERS.labels(self.queue, reason.split(" ")[0]).inc()
            _log.error("%s: dead letter, %s", self.queue, reason)


batch: Callable[..., Callable[[Callable[..., Any]], Callable[..., Any]]] = Batch.decorator


def _body(message: amqp.Message) -> bytes:
    body = message.body
    return body.encode() if isinstance(body, str) else bytes(body)


def _leave(connection: amqp.Connection | None, politely: bool) -> None:
    if politely and connection is not None:
        with contextlib.suppress(Exception), eventlet.Timeout(1, False):
            connection.close()
    broker.close(connection)
