"""Subscriptions: take the contiguous run of events, apply it, move the cursor – one transaction.

The cursor row is lease, checkpoint and fence in one (``SELECT … FOR UPDATE SKIP LOCKED``): a second worker passes
leased partitions by, and a worker that dies gives everything back with its connection. Read model and cursor commit
together, so every event counts exactly once. An event that cannot be applied is parked (``shared.parking``), the rest
goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable
from uuid import UUID, uuid5

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from shared import mirror
from shared.bus import PLACEHOLDER
from shared.log import Log, LogUnavailable, Recorded

if TYPE_CHECKING:
    from shared.handler import Envelope

_log = logging.getLogger(__name__)

Sources = Mapping[str, Collection[int]]
"""Source → partitions; ``""`` is the own log."""

BATCH = 500
"""Events per partition and transaction; a rebuild may take up to 20,000."""

CATCHING_UP = 4
"""So many times as many for a projection that sums and is behind (docs/adr/0040, 0050)."""

IGNORED = 8
"""So many times as many positions are looked at where most events are of no interest."""

MAX_PARKED = 1_000
"""With more than this parked the fault is in the projection, not in the events: it stops, and parks no more."""


class Projection(Protocol):
    @property
    def name(self) -> str:
        """Versioned: ``coverage@3`` fills its tables beside those of ``coverage@2``."""

    @property
    def sources(self) -> Sources: ...

    # A projection of the own log that uses few types may name them (``types: Collection[str]``): the others are then
    # neither fetched nor parsed. A mirror holds only what its service uses anyway.

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        """Write ``(source, event)`` pairs to the read tables, in ``tx`` and nowhere else.

        Pairs come in the order of ``sources``, then partition, then position. Raising undoes the batch; it is then
        retried event by event and the culprit is parked.
        """


@runtime_checkable
class Summing(Projection, Protocol):
    """A projection that adds up what events come to, and so writes less for each of them the more there are.

    Its batches grow while it is behind, and while one is being written the next one is read and counted; they are small
    again as soon as it is not.
    """

    def counted(self, batch: Sequence[tuple[str, Recorded]]) -> Any:
        """What a batch comes to, as far as that can be told without the database. Called from another thread."""

    def add(self, tx: Connection, batch: Sequence[tuple[str, Recorded]], counted: Any) -> None:
        """As ``apply``, with what was ``counted`` before."""


@dataclass(frozen=True)
class Reaction:
    """Other services' events → own commands, at least once with deterministic ids, hence once.

    ``react`` names the commands an event calls for (id from ``reaction_id``); ``handle`` is ``Handler.handle_many``: a
    command it rejects parks the event.
    """

    name: str
    sources: Sources
    react: Callable[[str, Recorded], Sequence[Envelope]]
    handle: Callable[[Sequence[Envelope]], Sequence[object]]

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        envelopes = [envelope for source, event in batch for envelope in self.react(source, event)]
        for answer in self.handle(envelopes) if envelopes else ():
            if isinstance(answer, Exception):
                raise answer


def reaction_id(event: Recorded, reaction: str, n: int = 0) -> UUID:
    """The command id of the n-th command that a reaction gives to an event."""
    assert event.command_id is not None
    return uuid5(event.command_id, f"{event.ordinal}:{reaction}:{n}")


class Halted(Exception):
    """The subscription stopped itself and needs an operator."""


def transient(error: BaseException) -> bool:
    """Whether the fault lies outside the event: no connection, deadlock, timeout, missing table or right."""
    if isinstance(error, DBAPIError):
        # Only data (22), a constraint (23) or the event's own RAISE (P0) can be blamed on the event.
        return (getattr(error.orig, "sqlstate", None) or "")[:2] not in ("22", "23", "P0")
    return isinstance(error, (SQLAlchemyError, LogUnavailable, OSError, MemoryError, Halted))


_PREPARE = text(
    """INSERT INTO bus.cursors (subscription, source, partition)
       SELECT :subscription, :source, unnest(cast(:partitions AS smallint[])) ON CONFLICT DO NOTHING"""
)
NEW = """CASE WHEN c.source = ''
                   THEN coalesce((SELECT h.position FROM log.heads h WHERE h.partition = c.partition), 0) > c.position
                   ELSE EXISTS (SELECT FROM bus.mirror m WHERE m.source = c.source AND m.log_id = s.log_id
                                   AND m.partition = c.partition AND m.position = c.position + 1 OFFSET 0) END"""
"""Whether there is work at a cursor ``c`` of source ``s``. In a mirror there is when the very next position is there;
after a hole there is none. ``OFFSET 0`` keeps it a look-up: a plan made while the mirror is empty would else hash the
whole of it, and be kept when it is large."""
# Finds where there is work and leases it, in one statement.
_LEASE = text(
    f"""SELECT c.source, c.partition, c.position, s.log_id
         FROM bus.cursors c LEFT JOIN bus.sources s ON s.source = c.source
        WHERE c.subscription = :subscription AND {NEW}
        ORDER BY c.source, c.partition
          FOR UPDATE OF c SKIP LOCKED"""
)
_MOVE = text(
    """UPDATE bus.cursors SET position = :end, moved_at = now()
        WHERE subscription = :subscription AND source = :source AND partition = :partition"""
)
_PARKED = text(
    "SELECT source, stream_id, count(*) AS n FROM bus.parked WHERE subscription = :subscription GROUP BY 1, 2"
)
_PARK = text(
    """INSERT INTO bus.parked (subscription, source, partition, position, stream_id, error)
       VALUES (:subscription, :source, :partition, :position, :stream_id, :error) ON CONFLICT DO NOTHING"""
)


def prepare_cursors(engine: Engine, subscription: str, sources: Sources) -> None:
    """Create the missing cursor rows, at position 0."""
    with engine.begin() as tx:
        for source, partitions in sources.items():
            tx.execute(_PREPARE, {"subscription": subscription, "source": source, "partitions": list(partitions)})


class Start(NamedTuple):
    """The position of a cursor; ``log_id`` of its source's log, None for the own one."""

    source: str
    partition: int
    position: int
    log_id: UUID | None


@dataclass(frozen=True, slots=True)
class Run:
    """What lies directly after a cursor, up to ``end``; events only for positions the service uses.

    ``load``: how much of a step's limit it took.
    """

    start: Start
    end: int
    events: list[Recorded]
    load: int

    @property
    def following(self) -> Start:
        return self.start._replace(position=self.end)


@dataclass(frozen=True, slots=True)
class Batch:
    """``counted`` by a projection that sums, if the batch was read ahead."""

    runs: list[Run]
    counted: Any = None

    @property
    def events(self) -> list[tuple[str, Recorded]]:
        return [(run.start.source, event) for run in self.runs for event in run.events]

    def follows(self, starts: Sequence[Start]) -> bool:
        return [run.start for run in self.runs if run.load] == starts


class Subscription:
    """Runs one projection or reaction; ``step`` may be called by any number of workers at once."""

    def __init__(self, projection: Projection, engine: Engine, log: Log, *, limit: int = BATCH) -> None:
        self.projection = projection
        self._engine = engine
        self._log = log
        self._summing = projection if isinstance(projection, Summing) else None
        self._limit = self._now = limit
        self._most = limit * (CATCHING_UP if self._summing else 1)
        self._types: Collection[str] | None = getattr(projection, "types", None)
        self.more = False
        """Whether the last step took as much as one may, so that there is more to do at once."""
        self._rank = {source: n for n, source in enumerate(projection.sources)}
        self._prepared = False
        self._reader = ThreadPoolExecutor(1, f"{projection.name}-ahead") if self._summing else None
        self._ahead: Future[Batch] | None = None

    def step(self) -> int:
        """Apply the next run of every free partition in one transaction; returns how many positions the cursors moved.

        Raises only for transient reasons (see ``transient``): nothing is changed then, call again after a pause.
        """
        if not self._prepared:
            prepare_cursors(self._engine, self.projection.name, self.projection.sources)
            self._prepared = True
        try:
            moved = self._take(self._now, self._apply)
            self._now = self._next_limit() if self.more else self._limit
            return moved
        except Exception as error:
            self._now, self._ahead = self._limit, None
            if transient(error):
                raise
            _log.warning("%s: %s in a batch, going on event by event", self.projection.name, type(error).__name__)
            return self._take(min(self._limit, BATCH), None)

    def _next_limit(self) -> int:
        return min(2 * self._now, self._most)

    def _take(self, limit: int, apply: Callable[[Connection, Batch, set[tuple[str, str]]], None] | None) -> int:
        """Lease, read, apply (``None``: one by one, parking culprits), move."""
        with self._engine.begin() as tx:
            starts = self._lease(tx)
            batch = self._read_ahead(starts) or self._read(tx, starts, limit)
            self.more = sum(run.load for run in batch.runs) >= limit
            if not starts:
                return 0
            parked = self._parked_streams(tx)
            if apply is None:
                self._one_by_one(tx, batch.events, parked)
            else:
                if self.more:
                    self._look_ahead([run.following for run in batch.runs])
                apply(tx, batch, parked)
            tx.execute(
                _MOVE,
                [
                    {
                        "subscription": self.projection.name,
                        "source": run.start.source,
                        "partition": run.start.partition,
                        "end": run.end,
                    }
                    for run in batch.runs
                ],
            )
        return sum(run.end - run.start.position for run in batch.runs)

    def _apply(self, tx: Connection, batch: Batch, parked: set[tuple[str, str]]) -> None:
        events = batch.events
        free = self._free(tx, events, parked)
        if not free:
            return
        if self._summing is None:
            self.projection.apply(tx, free)
        else:
            as_counted = batch.counted is not None and len(free) == len(events)
            self._summing.add(tx, free, batch.counted if as_counted else self._summing.counted(free))

    def _lease(self, tx: Connection) -> list[Start]:
        rows = [r for r in tx.execute(_LEASE, {"subscription": self.projection.name}) if r.source in self._rank]
        rows.sort(key=lambda row: self._rank[row.source])
        return [Start(*row) for row in rows]

    # --- reading -------------------------------------------------------------------------------------------------

    def _look_ahead(self, starts: Sequence[Start]) -> None:
        """Read and count what follows, on another connection, while the batch before is being written."""
        if self._reader is not None:
            self._ahead = self._reader.submit(self._following, starts, self._next_limit())

    def _following(self, starts: Sequence[Start], limit: int) -> Batch:
        assert self._summing is not None
        with self._engine.begin() as tx:
            batch = self._read(tx, starts, limit)
        return replace(batch, counted=self._summing.counted(batch.events))

    def _read_ahead(self, starts: Sequence[Start]) -> Batch | None:
        """The batch that was read ahead, if it begins where the cursors are now."""
        ahead, self._ahead = self._ahead, None
        if ahead is None or not (batch := ahead.result()).follows(starts):
            return None
        return replace(batch, runs=[run for run in batch.runs if run.load])

    def _read(self, tx: Connection, starts: Sequence[Start], limit: int) -> Batch:
        return Batch([self._run(tx, start, limit) for start in starts])

    def _run(self, tx: Connection, start: Start, limit: int) -> Run:
        at = start.position
        if start.source:
            assert start.log_id is not None
            end, events = mirror.read(tx, start.source, start.log_id, start.partition, at, limit)
        elif self._types is not None:
            run = self._log.select(start.partition, at, limit * IGNORED, self._types, limit + 1)
            _check_dense(start.partition, at, run.last, run.total)
            events = run.events[:limit]
            end = run.last if len(events) == len(run.events) else events[-1].position
            return Run(start, end, events, max(len(events), (end - at) // IGNORED))
        else:
            events = self._log.read(start.partition, at, limit)
            end = events[-1].position if events else at
            _check_dense(start.partition, at, end, len(events))
        return Run(start, end, events, end - at)

    # --- parking -------------------------------------------------------------------------------------------------

    def _parked_streams(self, tx: Connection) -> set[tuple[str, str]]:
        rows = tx.execute(_PARKED, {"subscription": self.projection.name}).all()
        if sum(row.n for row in rows) > MAX_PARKED:
            raise Halted(f"more than {MAX_PARKED} events parked")
        return {(row.source, row.stream_id) for row in rows}

    def _free(
        self, tx: Connection, batch: Sequence[tuple[str, Recorded]], parked: set[tuple[str, str]]
    ) -> list[tuple[str, Recorded]]:
        """The events that may be applied; those of parked streams go behind the parked ones."""
        free: list[tuple[str, Recorded]] = []
        for source, event in batch:
            if event.type == PLACEHOLDER:
                self._park(tx, source, event, UNPUBLISHABLE, parked)
            elif (source, event.stream_id) in parked:
                self._park(tx, source, event, "behind a parked event", parked)
            else:
                free.append((source, event))
        return free

    def _one_by_one(self, tx: Connection, batch: Sequence[tuple[str, Recorded]], parked: set[tuple[str, str]]) -> None:
        for pair in batch:
            if not self._free(tx, [pair], parked):
                continue
            try:
                with tx.begin_nested():
                    self.projection.apply(tx, [pair])
            except Exception as error:
                if transient(error):
                    raise
                self._park(tx, *pair, describe(error), parked)

    def _park(self, tx: Connection, source: str, event: Recorded, error: str, parked: set[tuple[str, str]]) -> None:
        parked.add((source, event.stream_id))
        _log.error(
            "%s parks %s at %s:%s of '%s': %s",
            self.projection.name,
            event.type,
            event.partition,
            event.position,
            source,
            error,
        )
        tx.execute(
            _PARK,
            {
                "subscription": self.projection.name,
                "source": source,
                "partition": event.partition,
                "position": event.position,
                "stream_id": event.stream_id,
                "error": error,
            },
        )


def _check_dense(partition: int, start: int, end: int, positions: int) -> None:
    if end - start != positions:
        raise Halted(f"own log, partition {partition}: positions after {start} are not dense")


UNPUBLISHABLE = "unpublishable at its source"


def describe(error: BaseException) -> str:
    """What went wrong and where, without any value: messages of exceptions may quote personal data."""
    kind = type(error).__name__
    if isinstance(error, DBAPIError):
        kind = f"{kind} {getattr(error.orig, 'sqlstate', '')}"
    if code := getattr(error, "code", None) if not isinstance(error, SQLAlchemyError) else None:
        kind = f"{kind} {code}"
    trace: Any = error.__traceback__
    place = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "/site-packages/" not in file:
            place = f"{file.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{kind} in {place}"
