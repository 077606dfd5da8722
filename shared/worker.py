"""A worker process: plain Python threads for relay, projections, reactions, repair and housekeeping.

    def worker(settings: Settings) -> int:                      # services/<name>/wiring.py
        kit = Kit(settings, name="reporting-worker")
        definition = Definition("reporting", 1, projections=[Coverage()], uses=USES)
        return run_worker(definition, settings, kit.log, on_stop=[kit.close])

Any number of workers may run at once: leases share the work out. Nothing outside makes a worker end – database, broker
and sources may come and go; it says so in ``/readyz`` and carries on when they are back.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from shared.bus import Publish
from shared.db import engine
from shared.edge_log import configure
from shared.health import HealthServer, Readiness
from shared.log import Log
from shared.mirror import Mirror, Uses
from shared.news import News
from shared.parking import end_stuck, unpark_replaced
from shared.progress import Progress
from shared.relay import RELAY, Relay
from shared.repair import Feed, Repair
from shared.settings import Settings
from shared.subscription import BATCH, Projection, Reaction, Subscription, Summing

_log = logging.getLogger(__name__)

STOP_SECONDS = 4.0
REST = 1.0
"""After a step that was not full a loop waits so many times as long as the step took."""


@dataclass(frozen=True)
class Definition:
    """What one service's worker does; filled in its ``wiring.py``.

    ``publish`` is the service's ``public.py``, None for a service nobody consumes: it runs no relay. ``uses`` names the
    event types read from each source's mirror; feed addresses come from ``TUNGNHA_SOURCES``. ``batch`` is the number of
    events per partition and transaction. Beyond ``max_lag`` events behind the worker is not ready. ``loops`` are
    further steps to be called for ever, each in its thread (``shared.jobs.Runner.step``); they return what they did.
    For ``gather`` seconds at least after a little work subscriptions let more of it come together.
    """

    name: str
    partitions: int
    publish: Publish | None = None
    projections: Sequence[Projection] = ()
    reactions: Sequence[Reaction] = ()
    uses: Uses = field(default_factory=dict)
    batch: int = BATCH
    max_lag: int = 50_000
    gather: float = 0.05
    loops: Mapping[str, Callable[[], int]] = field(default_factory=dict)


MORE = 2
"""What a step of a subscription answers if there is more to do at once."""


COLLECTIONS = (50_000, 20, 50)
"""Batches of events are many containers that live shortly and have no cycles. By its own thresholds the collector walks
them, and the tree of all units, so often that reading events takes half as long again."""


class Stopping(Exception):
    """Raised in a pause when the process is to end."""


class Loop(threading.Thread):
    """Calls ``step`` for ever: at once after a full load, soon after a little work, ever more rarely while idle.

    An exception is logged, kept in ``reason`` and followed by a growing pause; it never ends the loop.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], int],
        stop: threading.Event,
        *,
        full: int = 1,
        idle: tuple[float, float] = (0.05, 0.25),
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._step, self._stop_asked, self._full, self._idle = step, stop, full, idle
        self.reason: str | None = None

    def trouble(self) -> str | None:
        return self.reason

    def run(self) -> None:
        pause = shortest = self._idle[0]
        failures = 0
        while not self._stop_asked.is_set():
            began = time.monotonic()
            try:
                done = self._step()
            except Stopping:
                return
            except Exception as error:  # whatever it is, the next attempt may succeed
                failures += 1
                self._report(error, failures)
                self._stop_asked.wait(min(5.0, 0.1 * 2 ** min(failures, 6)) * random.uniform(0.5, 1.0))
                continue
            failures, self.reason = 0, None
            if done >= self._full:
                continue
            # A wait after a little work lets a batch gather: longer the more there is to do, and the busier all are.
            rest = max(shortest, REST * (time.monotonic() - began)) if done else pause * 2
            pause = min(rest, self._idle[1])
            self._stop_asked.wait(pause)

    def _report(self, error: Exception, failures: int) -> None:
        self.reason = getattr(error, "reason", None) or f"{type(error).__name__}"
        if failures in (1, 10) or failures % 100 == 0:
            _log.warning("%s: failed %s times: %s", self.name, failures, self.reason, exc_info=failures == 1)


class Worker:
    """All threads of one worker process; ``start``, then ``stop``."""

    def __init__(self, definition: Definition, settings: Settings, log: Log) -> None:
        self.definition = definition
        self._stop = threading.Event()
        self._log = log
        self._leases = f"{definition.name}-leases"
        runners = [*definition.projections, *definition.reactions]
        url = settings.service_database_url
        reading_ahead = sum(isinstance(each, Summing) for each in runners)
        self._engine = engine(url, name=self._leases, pool_size=len(runners) + reading_ahead + 2)
        self._plain = engine(url, name=f"{definition.name}-relay", pool_size=4, autocommit=True)
        self._mirror_engine = engine(url, name=f"{definition.name}-repair", pool_size=2 * len(definition.uses) + 1)
        self._subscriptions = [Subscription(p, self._engine, log, limit=definition.batch) for p in runners]
        self._news = News(self._plain, [RELAY, *(runner.name for runner in runners)])
        self._relay = self._build_relay(settings)
        self._repairs = self._build_repairs(settings)
        self.progress = Progress(self._plain, definition, self._repairs)
        self.loops = list(self._build_loops())

    def start(self) -> None:
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        """Let every thread finish its step, at most ``STOP_SECONDS``; leases are given back by rollback or expiry."""
        self._stop.set()
        deadline = time.monotonic() + STOP_SECONDS
        for loop in self.loops:
            loop.join(max(0.0, deadline - time.monotonic()))
        if self._relay:
            self._relay.close()
        for each in (self._engine, self._plain, self._mirror_engine):
            with contextlib.suppress(Exception):
                each.dispose()

    def watch(self, readiness: Readiness) -> None:
        """Register what ``/readyz`` asks and tells."""
        for loop in self.loops:
            if not loop.name.startswith("repair"):
                readiness.add(loop.name, loop.trouble)
        for repair in self._repairs:
            readiness.add(f"source {repair.source}", repair.trouble)
        readiness.add("lag", self.progress.too_far_behind)
        readiness.tell("lag", self.progress.lag)
        readiness.tell("parked", self.progress.parked)
        readiness.tell("holes", self.progress.holes)

    # --- building ------------------------------------------------------------------------------------------------

    def _build_relay(self, settings: Settings) -> Relay | None:
        if self.definition.publish is None:
            return None
        partitions = range(self.definition.partitions)
        uri = settings.service_amqp_uri
        return Relay(self.definition.name, self._log, self._plain, uri, self.definition.publish, partitions)

    def _build_repairs(self, settings: Settings) -> list[Repair]:
        mirror = Mirror(self._mirror_engine, self.definition.uses)
        addresses = settings.sources
        return [
            Repair(source, Feed(addresses[source], settings.feed_token), mirror, pause=self._pause)
            for source in self.definition.uses
        ]

    def _build_loops(self) -> Iterable[Loop]:
        if self._relay:
            yield Loop("relay", self._if_new(RELAY, self._relay.step), self._stop, full=500)
        for subscription in self._subscriptions:
            name = subscription.projection.name
            step = self._if_new(name, partial(_eagerly, subscription))
            yield Loop(name, step, self._stop, full=MORE, idle=(self.definition.gather, 0.25))
        for repair in self._repairs:
            # Two seconds of grace within a round and three between rounds: heads every five seconds.
            yield Loop(f"repair {repair.source}", repair.round, self._stop, idle=(3.0, 3.0))
        for name, step in self.definition.loops.items():
            yield Loop(name, step, self._stop, idle=(0.05, 0.5))
        yield Loop("housekeeping", self._housekeeping, self._stop, idle=(2.0, 2.0))

    def _if_new(self, name: str, step: Callable[[], int]) -> Callable[[], int]:
        return lambda: step() if self._news.of(name) else 0

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopping

    def _housekeeping(self) -> int:
        end_stuck(self._plain, self._leases)
        self.progress.refresh()
        for subscription in self._subscriptions:
            unpark_replaced(self._engine, subscription.projection, self._log)
        return 0


def _eagerly(subscription: Subscription) -> int:
    moved = subscription.step()
    return MORE if moved and subscription.more else min(moved, 1)


def run_worker(
    definition: Definition, settings: Settings, log: Log, *, on_stop: Iterable[Callable[[], object]] = ()
) -> int:
    """Work until SIGTERM or SIGINT; the exit code. Ends within five seconds."""
    configure(definition.name, "worker")
    gc.set_threshold(*COLLECTIONS)
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    readiness = Readiness()
    worker = Worker(definition, settings, log)
    worker.watch(readiness)
    health = HealthServer(settings.worker_address, readiness)
    health.start()
    worker.start()
    _log.info("worker of %s is running", definition.name)
    asked.wait()
    worker.stop()
    health.stop()
    for each in on_stop:
        with contextlib.suppress(Exception):
            each()
    return 0
