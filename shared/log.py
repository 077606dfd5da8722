"""The event log on PostgreSQL: append, load, read.

Positions within a partition are dense and in commit order, so ``count(*) = max(position) = head`` proves that nothing
is missing, and a reader that remembers one number misses nothing. The rules live in ``sql/log/2_append.sql``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import orjson
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored event, from the own log or from a mirror of another service's log."""

    partition: int
    position: int
    stream_id: str
    version: int
    type: str
    schema: int
    data: dict[str, Any]
    metadata: dict[str, Any]
    command_id: UUID | None
    ordinal: int
    hash: bytes
    recorded_at: datetime

    @property
    def id(self) -> str:
        """The event's id for ever and everywhere: ``<command id>:<ordinal>``."""
        return f"{self.command_id}:{self.ordinal}"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """``data``: canonical JSON, written once for the hash and for the log."""

    stream_id: str
    version: int
    type: str
    schema: int
    data: bytes
    hash: bytes
    partition: int = 0


@dataclass(frozen=True, slots=True)
class Append:
    """One command's events, all stored or none, whatever partitions their streams lie in.

    ``events``: the first one is of the principal stream. ``reads``: (stream, version, partition) of streams that it
    rests on and does not write; none of them may have moved on either.
    """

    command_id: UUID
    fingerprint: bytes
    metadata: dict[str, Any]
    events: tuple[NewEvent, ...]
    reads: tuple[tuple[str, int, int], ...] = ()

    @property
    def streams(self) -> set[str]:
        return {event.stream_id for event in self.events}

    @property
    def partition(self) -> int:
        """That of the principal stream."""
        return self.events[0].partition

    @property
    def partitions(self) -> set[int]:
        return {event.partition for event in self.events} | {partition for _, _, partition in self.reads}


class Outcome(StrEnum):
    STORED = "stored"
    REPEATED = "repeated"
    CONFLICT = "conflict"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a command: the version its principal stream has after it, its last position in that partition.

    ``version`` and ``position`` are 0 where nothing was stored.
    """

    command_id: UUID
    outcome: Outcome
    partition: int = 0
    position: int = 0
    version: int = 0
    stream_id: str = ""


@dataclass(frozen=True, slots=True)
class Selected:
    """Some events of a run that ends at position ``last`` and has ``total`` positions."""

    last: int
    total: int
    events: list[Recorded]


class Unstorable(Exception):
    """PostgreSQL refuses the data itself (SQLSTATE class 22 or 23); trying again cannot help."""


class LogUnavailable(Exception):
    """The connection was lost or the statement was ended: the outcome is unknown until ``find`` tells."""


class Log(Protocol):
    @property
    def log_id(self) -> UUID: ...
    def append(self, commands: Sequence[Append]) -> list[Appended]:
        """Store the commands that are new and up to date, in order, in one commit.

        No two may share an id or a stream, nor may one read what another writes. Raises ``Unstorable`` or
        ``LogUnavailable``, and then for all of them.
        """

    def find(self, command_ids: Collection[UUID]) -> dict[UUID, tuple[bytes, Appended]]:
        """The stored commands among these ids, with their fingerprints."""

    def load(self, after: Mapping[str, int]) -> dict[str, list[Recorded]]:
        """The events of each stream after the given version (0 = all), in order; every stream has an entry."""

    def read(self, partition: int, after: int, limit: int) -> list[Recorded]:
        """The next events of a partition after a position, in order, without holes."""

    def select(self, partition: int, after: int, limit: int, types: Collection[str], most: int) -> Selected:
        """The events of these types among the next ``limit`` positions, the first ``most`` of them."""

    def heads(self) -> dict[int, int]:
        """Each partition's last position (0 = empty)."""


def canonical(value: Any) -> bytes:
    """JSON bytes that do not depend on key order, so that equal content has equal hashes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def content_hash(
    key: bytes, event_id: str, stream_id: str, version: int, type_: str, schema: int, data: bytes, metadata: Any
) -> bytes:
    """Keyed 16-byte hash of a stored event: whoever changes a row without the key is found out by ``verify``."""
    content = canonical([event_id, stream_id, version, type_, schema, orjson.Fragment(data), metadata])
    return hashlib.blake2b(content, digest_size=16, key=key).digest()


def summarise(command: Append, first_position: int) -> Appended:
    first, last = command.events[0], first_position
    principal, version = first.stream_id, first.version
    if len(command.events) > 1:
        version = max(event.version for event in command.events if event.stream_id == principal)
        last += sum(event.partition == first.partition for event in command.events) - 1
    return Appended(command.command_id, Outcome.STORED, command.partition, last, version, principal)


def wire(commands: Iterable[Append]) -> bytes:
    """The argument of ``log.append``."""
    return orjson.dumps(
        [
            {
                "id": c.command_id,
                "fingerprint": c.fingerprint.hex(),
                "partitions": list(c.partitions),
                "metadata": c.metadata,
                "events": [
                    [e.stream_id, e.version, e.type, e.schema, e.hash.hex(), orjson.Fragment(e.data), e.partition]
                    for e in c.events
                ],
                "reads": [read[:2] for read in c.reads],
            }
            for c in commands
        ]
    )


# In the order of the fields of ``Recorded``.
COLUMNS = (
    "partition, position, stream_id, version, type, schema, data, metadata, command_id, ordinal, hash, recorded_at"
)

_READ = text(
    f"SELECT {COLUMNS} FROM log.events WHERE partition = :partition AND position > :after"
    " ORDER BY position LIMIT :limit"
)
# Positions come from the index alone; a reader of few types neither fetches nor parses the others.
_SELECT = text(
    f"""WITH run AS MATERIALIZED (
            SELECT position FROM log.events WHERE partition = :partition AND position > :after
             ORDER BY position LIMIT :limit)
        SELECT r.last, r.total, e.*
          FROM (SELECT max(position) AS last, count(*) AS total FROM run) r
          LEFT JOIN LATERAL (SELECT {COLUMNS} FROM log.events x
                              WHERE x.partition = :partition AND x.position > :after AND x.position <= r.last
                                AND x.type = ANY(:types) ORDER BY x.position LIMIT :most) e ON true"""
)
# One index descent per stream; a plain join may become a scan while the table has no statistics. One JSON text costs
# a third of two arrays.
_LOAD = text(
    f"""SELECT e.* FROM json_each_text(cast(:wanted AS json)) AS wanted (stream_id, version),
        LATERAL (SELECT {COLUMNS} FROM log.events x
                  WHERE x.stream_id = wanted.stream_id AND x.version > cast(wanted.version AS int)
                  ORDER BY x.version) e"""
)
_FIND = text(
    """SELECT f.command_id, f.fingerprint, f.partition, f.stream_id, f.position + f.total - 1 AS position,
              (SELECT max(l.version) FROM log.events l WHERE l.partition = f.partition AND l.stream_id = f.stream_id
                  AND l.position BETWEEN f.position AND f.position + f.total - 1) AS version
         FROM unnest(cast(:ids AS uuid[])) AS wanted (id),
              LATERAL (SELECT * FROM log.events x WHERE x.command_id = wanted.id AND x.ordinal = 1) f"""
)


class PostgresLog:
    """``Log`` over an AUTOCOMMIT engine (``shared.db.engine(..., autocommit=True)``)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._log_id: UUID | None = None

    @property
    def log_id(self) -> UUID:
        if self._log_id is None:
            with self._engine.connect() as connection:
                self._log_id = connection.execute(text("SELECT log_id FROM log.identity")).scalar_one()
        return self._log_id

    def append(self, commands: Sequence[Append]) -> list[Appended]:
        if not commands:
            return []
        try:
            with self._engine.connect() as connection:
                if not connection.connection.dbapi_connection.autocommit:  # type: ignore[union-attr]  # psycopg's own
                    raise RuntimeError("log.append needs an AUTOCOMMIT engine")
                try:
                    rows = connection.exec_driver_sql(
                        "SELECT outcome, first_position FROM log.append(%s::jsonb)", (wire(commands).decode(),)
                    ).all()
                except BaseException:
                    # The statement may still be running on the server: this connection must not be used again.
                    connection.invalidate()
                    raise
        except DBAPIError as error:
            raise _storage_error(error) from error
        return [
            summarise(command, first) if outcome == Outcome.STORED else Appended(command.command_id, Outcome(outcome))
            for command, (outcome, first) in zip(commands, rows, strict=True)
        ]

    def find(self, command_ids: Collection[UUID]) -> dict[UUID, tuple[bytes, Appended]]:
        return {
            row.command_id: (
                bytes(row.fingerprint),
                Appended(row.command_id, Outcome.REPEATED, row.partition, row.position, row.version, row.stream_id),
            )
            for row in self._all(_FIND, ids=list(command_ids))
        }

    def load(self, after: Mapping[str, int]) -> dict[str, list[Recorded]]:
        found: dict[str, list[Recorded]] = {stream: [] for stream in after}
        for row in self._all(_LOAD, wanted=orjson.dumps(after).decode()):
            found[row.stream_id].append(Recorded(*row))
        return found

    def read(self, partition: int, after: int, limit: int) -> list[Recorded]:
        return [Recorded(*row) for row in self._all(_READ, partition=partition, after=after, limit=limit)]

    def select(self, partition: int, after: int, limit: int, types: Collection[str], most: int) -> Selected:
        asked = {"partition": partition, "after": after, "limit": limit, "types": list(types), "most": most}
        rows = self._all(_SELECT, **asked)
        last, total = rows[0][0] or after, rows[0][1]
        return Selected(last, total, [Recorded(*row[2:]) for row in rows if row[2] is not None])

    def heads(self) -> dict[int, int]:
        heads = self._all(text("SELECT partition, position FROM log.heads ORDER BY partition"))
        return {partition: position for partition, position in heads}

    def _all(self, statement: Any, **parameters: Any) -> Sequence[Any]:
        try:
            with self._engine.connect() as connection:
                return connection.execute(statement, parameters).all()
        except DBAPIError as error:
            raise _storage_error(error) from error


def _storage_error(error: DBAPIError) -> Exception:
    state = getattr(error.orig, "sqlstate", None) or ""
    if state[:2] in ("22", "23"):
        return Unstorable(state)
    if error.connection_invalidated or state[:2] in ("", "08", "40", "53", "57"):
        return LogUnavailable(state or "connection lost")
    return error
