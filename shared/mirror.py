"""The mirror: other services' events, kept here in any order and each exactly once.

The broker may deliver late, twice, shuffled or not at all; ``INSERT … ON CONFLICT DO NOTHING`` and the contiguous run
of ``shared.subscription`` make that exact, and ``shared.repair`` fetches what never came.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DataError

from shared.bus import PLACEHOLDER, TICK, Wire
from shared.bus import read as read_message
from shared.log import Recorded

_log = logging.getLogger(__name__)

Uses = Mapping[str, Collection[str]]
"""Source → the event types (without version) a service reads: ``{"visits": {"VisitRecorded"}}``."""


class Delivery(NamedTuple):
    """A message as it came from a queue. Only its owner may write to an exchange, so that proves the source."""

    body: bytes
    exchange: str


AT_ONCE = 2_000
"""Events stored in one commit."""

Rejection = tuple[int, str]
"""Index of a message and the reason for its dead letter; a reason quotes nothing of the message."""

_COLUMNS = """source, log_id, partition, position, revision, type, version, stream_id, command_id, ordinal, recorded_at,
        hash, data"""
# json, not jsonb: the text is read once, and this is the fastest of the ways to bring 500 rows in (docs/adr/0006).
_ROWS = """json_to_recordset(cast(:rows AS json)) AS r (i int, source text, log_id uuid, partition smallint,
        position bigint, revision int, type text, version smallint, stream_id text, command_id uuid, ordinal smallint,
        recorded_at timestamptz, hash bytea, data jsonb)"""
_SAME = "(m.source, m.log_id, m.partition, m.position) = (r.source, r.log_id, r.partition, r.position)"

_INSERT = text(f"INSERT INTO bus.mirror ({_COLUMNS}) SELECT {_COLUMNS} FROM {_ROWS} ON CONFLICT DO NOTHING")
_REPLACE = text(
    f"""UPDATE bus.mirror m SET revision = r.revision, type = r.type, version = r.version, stream_id = r.stream_id,
               hash = r.hash, data = r.data, mirrored_at = now()
          FROM {_ROWS}
         WHERE {_SAME}
           AND (m.type = '{PLACEHOLDER}' AND r.revision > m.revision AND (r.hash IS NULL OR r.hash = m.hash)
             OR m.type IS NULL AND r.type IS NOT NULL AND r.hash = m.hash)"""
)
_OTHER = text(
    f"SELECT DISTINCT r.i FROM {_ROWS} JOIN bus.mirror m ON {_SAME} WHERE m.hash IS DISTINCT FROM r.hash ORDER BY 1"
)
_INCARNATIONS = text("SELECT source, log_id FROM bus.sources WHERE log_id IS NOT NULL")
_ALARM = text(
    """INSERT INTO bus.alarms (source, kind, detail) VALUES (:source, :kind, :detail)
       ON CONFLICT (source, kind, detail) DO UPDATE SET times = bus.alarms.times + 1, raised_at = now()"""
)


def alarm(tx: Connection, source: str, kind: str, detail: str) -> None:
    """Record what must not happen: ``log-id``, ``hash`` or ``above-head``. It stays until an operator clears it."""
    _log.error("alarm of source %s: %s %s", source, kind, detail)
    tx.execute(_ALARM, {"source": source, "kind": kind, "detail": detail})


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where a service keeps what it received; ``ingest`` for the queue, ``store`` for wires of any origin."""

    engine: Engine
    uses: Uses

    def ingest(self, deliveries: Sequence[Delivery]) -> list[Rejection]:
        """Store what came from the queue; returns which messages belong into the dead letters.

        A message of several events is rejected with the reason of its first bad one; the good ones are stored anyhow.
        Raises only for reasons outside the messages (no database): then they may all come again.
        """
        wires: dict[int, Wire] = {}
        message_of: list[int] = []
        rejected: dict[int, str] = {}
        for i, delivery in enumerate(deliveries):
            good, reason = read_message(delivery.body)
            for wire in good:
                if delivery.exchange != f"{wire.source}.events" or wire.source not in self.uses:
                    reason = reason or "forged-source"
                else:
                    wires[len(message_of)] = wire
                    message_of.append(i)
            if reason:
                rejected[i] = reason
        for part in _parts(wires):
            for n, reason in self.store(part):
                rejected.setdefault(message_of[n], reason)
        return list(rejected.items())

    def store(self, wires: Mapping[int, Wire], *, from_feed: bool = False) -> list[Rejection]:
        """Store checked messages; ``from_feed`` allows good forms to replace placeholders, and data to be added to
        positions of types that were not used before.

        A message of another incarnation of a log, or with another hash for a known position, raises an alarm and is
        rejected as a whole; the others of the batch are stored.
        """
        good, rejected = dict(wires), list[Rejection]()
        while good:
            try:
                found = self._attempt(good, from_feed)
            except DataError:
                # PostgreSQL refuses some value; halve until it is alone.
                if len(good) == 1:
                    return rejected + [(i, "unstorable") for i in good]
                halves = list(good.items())
                middle = len(halves) // 2
                parts = (dict(halves[:middle]), dict(halves[middle:]))
                return rejected + [bad for part in parts for bad in self.store(part, from_feed=from_feed)]
            if not found:
                break
            rejected += found
            for i, _ in found:
                good.pop(i, None)
        return rejected

    def _attempt(self, wires: Mapping[int, Wire], from_feed: bool) -> list[Rejection]:
        """Store all of them, or store none and say which ones are bad."""
        with self.engine.begin() as tx:
            found = _strangers(tx, wires)
            rows, unstorable = _rows(wires, self.uses)
            found += unstorable
            if not found and rows:
                payload = {"rows": orjson.dumps(rows).decode()}
                if tx.execute(_INSERT, payload).rowcount < len(rows):
                    if from_feed:
                        tx.execute(_REPLACE, payload)
                    found = _others(tx, payload)
            if not found:
                return []
            tx.rollback()
        with self.engine.begin() as tx:
            for i, reason in found:
                if reason in ("log-id", "hash"):
                    where = wires[i].where if reason == "hash" else str(wires[i].log_id)
                    alarm(tx, wires[i].source, reason, f"{'feed' if from_feed else 'message'} {where}")
        return found


def _parts(wires: Mapping[int, Wire]) -> Iterator[Mapping[int, Wire]]:
    pairs = iter(wires.items())
    while part := dict(islice(pairs, AT_ONCE)):
        yield part


def _strangers(tx: Connection, wires: Mapping[int, Wire]) -> list[Rejection]:
    """Messages of another incarnation than the one in use. Before one is in use all are kept: the key holds log_id."""
    known: dict[str, UUID] = {source: log_id for source, log_id in tx.execute(_INCARNATIONS)}
    return [(i, "log-id") for i, wire in wires.items() if known.get(wire.source, wire.log_id) != wire.log_id]


def _others(tx: Connection, payload: dict[str, str]) -> list[Rejection]:
    """Messages that say something else about a position that is already known."""
    return [(i, "hash") for i in tx.execute(_OTHER, payload).scalars()]


def _rows(wires: Mapping[int, Wire], uses: Uses) -> tuple[list[dict[str, Any]], list[Rejection]]:
    """Mirror rows in key order, so that two writers of the same positions wait for each other and never deadlock."""
    rows: list[dict[str, Any]] = []
    bad: list[Rejection] = []
    for i, wire in sorted(wires.items(), key=lambda item: (item[1].source, item[1].partition, item[1].first)):
        try:
            rows.extend(_row(i, wire, uses))
        except TypeError:
            bad.append((i, "unstorable"))  # an integer beyond 64 bits
    return rows, bad


def _row(i: int, wire: Wire, uses: Uses) -> Iterator[dict[str, Any]]:
    key = {"i": i, "source": wire.source, "log_id": wire.log_id, "partition": wire.partition, "revision": wire.revision}
    if wire.type == TICK:
        for position in range(wire.first, wire.last + 1):
            yield {**key, "position": position}
        return
    key |= {"position": wire.last, "hash": "\\x" + wire.hash.hex()} if wire.hash else {"position": wire.last}
    if wire.type == PLACEHOLDER or wire.type in uses.get(wire.source, ()):
        key |= {
            "type": wire.type,
            "version": wire.version,
            "stream_id": wire.subject,
            "command_id": wire.command_id,
            "ordinal": wire.ordinal,
            "recorded_at": wire.time,
            "data": orjson.Fragment(orjson.dumps(wire.data)),
        }
    yield key


# --- reading -----------------------------------------------------------------------------------------------------

_READ = text(
    """SELECT position, stream_id, type, version, data::text, command_id, ordinal, hash, recorded_at FROM bus.mirror
        WHERE source = :source AND log_id = :log_id AND partition = :partition AND position > :after
        ORDER BY position LIMIT :limit"""
)


def read(
    tx: Connection, source: str, log_id: UUID, partition: int, after: int, limit: int
) -> tuple[int, list[Recorded]]:
    """The contiguous run after a position: where it ends, and those of its events that this service uses.

    The run stops before the first hole, so ``after`` itself comes back when the next position is missing.
    ``Recorded.schema`` is the version of the public contract; ``version`` (of the stream) does not travel and is 0.
    """
    key = {"source": source, "log_id": log_id, "partition": partition, "after": after, "limit": limit}
    events: list[Recorded] = []
    end = after
    # All at once, and data as text: row by row through the driver costs as much again as reading the JSON.
    rows = tx.execute(_READ, key).all()
    for position, stream_id, type_, version, data, command_id, ordinal, digest, recorded_at in rows:
        if position != end + 1:
            break
        end = position
        if type_ is not None:
            events.append(
                Recorded(
                    partition,
                    position,
                    stream_id,
                    0,
                    type_,
                    version,
                    orjson.loads(data),
                    {},
                    command_id,
                    ordinal,
                    digest,
                    recorded_at,
                )
            )
    return end, events
