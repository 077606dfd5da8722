"""Parked events again: retry them in order, and end workers that hold a lease without moving."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from shared import mirror
from shared.bus import PLACEHOLDER
from shared.log import Log, Recorded
from shared.subscription import UNPUBLISHABLE, Projection, describe, transient

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unparked:
    applied: int
    left: int


_STREAMS = text(
    """SELECT DISTINCT source, partition, stream_id FROM bus.parked
        WHERE subscription = :subscription AND (cast(:stream_id AS text) IS NULL OR stream_id = :stream_id)
        ORDER BY 1, 2, 3"""
)
_FENCE = text(
    """SELECT c.position, s.log_id FROM bus.cursors c LEFT JOIN bus.sources s ON s.source = c.source
        WHERE c.subscription = :subscription AND c.source = :source AND c.partition = :partition FOR UPDATE OF c"""
)
_EVENTS = text(
    """SELECT position FROM bus.parked
        WHERE subscription = :subscription AND source = :source AND partition = :partition AND stream_id = :stream_id
        ORDER BY position"""
)
_KEY = "subscription = :subscription AND source = :source AND partition = :partition AND position = :position"
_DONE = text(f"DELETE FROM bus.parked WHERE {_KEY}")
_FAILED = text(f"UPDATE bus.parked SET error = :error, parked_at = now() WHERE {_KEY}")
_REPLACED = text(
    f"""SELECT DISTINCT p.stream_id FROM bus.parked p JOIN bus.sources s ON s.source = p.source
          JOIN bus.mirror m ON m.source = p.source AND m.log_id = s.log_id AND m.partition = p.partition
               AND m.position = p.position
         WHERE p.subscription = :subscription AND p.error = '{UNPUBLISHABLE}'
           AND m.type IS DISTINCT FROM '{PLACEHOLDER}'"""
)


def unpark(engine: Engine, projection: Projection, log: Log, stream_id: str | None = None) -> Unparked:
    """Retry the parked events of one stream (or of all), in order; a stream stops at the first that still fails."""
    applied = left = 0
    with engine.connect() as connection:
        rows = connection.execute(_STREAMS, {"subscription": projection.name, "stream_id": stream_id}).all()
    for row in rows:
        done, rest = _unpark_stream(engine, projection, log, {"subscription": projection.name, **row._mapping})
        applied, left = applied + done, left + rest
    return Unparked(applied, left)


def unpark_replaced(engine: Engine, projection: Projection, log: Log) -> int:
    """Retry the streams whose placeholder was replaced by a good form; returns the events applied."""
    with engine.connect() as connection:
        streams = connection.execute(_REPLACED, {"subscription": projection.name}).scalars().all()
    return sum(unpark(engine, projection, log, stream).applied for stream in streams)


def _unpark_stream(engine: Engine, projection: Projection, log: Log, key: dict[str, Any]) -> tuple[int, int]:
    with engine.begin() as tx:
        # The cursor's lock keeps the subscription from parking further events of the stream meanwhile.
        log_id = tx.execute(_FENCE, key).one().log_id
        positions = tx.execute(_EVENTS, key).scalars().all()
        for n, position in enumerate(positions):
            this = {**key, "position": position}
            if error := _retry(tx, projection, key["source"], _event(tx, log, log_id, this)):
                tx.execute(_FAILED, {**this, "error": error})
                return n, len(positions) - n
            tx.execute(_DONE, this)
    return len(positions), 0


def _event(tx: Connection, log: Log, log_id: Any, key: dict[str, Any]) -> Recorded | None:
    """The event at a position; None if its source has since declared it private."""
    before = key["position"] - 1
    if key["source"]:
        _, events = mirror.read(tx, key["source"], log_id, key["partition"], before, 1)
    else:
        events = log.read(key["partition"], before, 1)
    return events[0] if events else None


def _retry(tx: Connection, projection: Projection, source: str, event: Recorded | None) -> str | None:
    """Apply one event; returns what is still wrong with it."""
    if event is None:
        return None
    if event.type == PLACEHOLDER:
        return UNPUBLISHABLE
    try:
        with tx.begin_nested():
            projection.apply(tx, [(source, event)])
    except Exception as error:
        if transient(error):
            raise
        return describe(error)
    return None


# A client stopped inside a large result is freed by no server timeout, and neither is one stopped after an executemany:
# psycopg ends its pipeline with a flush, which switches the idle timer off again (seen on PostgreSQL 18).
_END_STUCK = text(
    """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
          AND application_name = :name
          AND (xact_start < now() - make_interval(secs => :seconds)
               OR state LIKE 'idle in transaction%' AND state_change < now() - make_interval(secs => :idle))"""
)


def end_stuck(engine: Engine, name: str, seconds: float = 30, idle: float = 8) -> int:
    """End the database sessions of this application name that hold a transaction without moving; returns how many.

    Run by every live worker over the lease holders of its service: a batch takes well under a second.
    """
    with engine.connect() as connection:
        limits = {"name": name, "seconds": seconds, "idle": idle}
        ended = int(connection.execute(_END_STUCK, limits).scalar_one())
    if ended:
        _log.error("ended %s transactions of '%s' that did not move", ended, name)
    return ended
