"""For tests of the bus: a service's database with the kernel in it, an event source, and a projection that counts."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
import psycopg
from sqlalchemy import Connection, Engine, text

from ops.local.provision import Database
from shared.bus import Public, Publish, stretch
from shared.db import engine
from shared.log import Append, NewEvent, PostgresLog, Recorded, canonical
from shared.migrate import kernel_sql
from shared.repair import Heads, Page

SEEN = """
    CREATE TABLE read.seen (source text, partition int, position bigint, stream_id text, n int, at bigserial);
    GRANT ALL ON read.seen, read.seen_at_seq TO {app};
"""


class Service:
    """One service's database, its log and its engines."""

    def __init__(self, database: Database, partitions: int = 2) -> None:
        self.name = database.service
        self.database = database
        with psycopg.connect(database.owner_url) as connection:
            for statement in kernel_sql(self.name, partitions):
                connection.execute(statement)
            connection.execute(SEEN.format(app=f"{self.name}_app"))
        self.engine = engine(database.app_url, name=f"{self.name}-leases", pool_size=8)
        self.plain = engine(database.app_url, name=f"{self.name}-plain", pool_size=8, autocommit=True)
        self.log = PostgresLog(self.plain)
        self._versions: dict[str, int] = {}

    def append(
        self,
        count: int,
        *,
        type: str = "Counted",
        stream: str = "place",
        partition: int = 0,
        streams: int = 1,
        **data: Any,
    ) -> None:
        """``count`` events ``Counted{"n": 1}`` (or ``data``), spread over ``streams`` streams of one partition."""
        for _ in range(0, count, streams):
            commands = []
            for k in range(min(streams, count)):
                name = f"{stream}-{partition}-{k}" if streams > 1 else stream
                version = self._versions[name] = self._versions.get(name, 0) + 1
                new = NewEvent(name, version, type, 1, canonical({"n": 1, **data}), uuid.uuid4().bytes, partition)
                commands.append(Append(uuid.uuid4(), b"f", {"actor": "test"}, (new,)))
            self.log.append(commands)

    def run(self, statement: str, **parameters: Any) -> list[Any]:
        with self.engine.begin() as tx:
            result = tx.execute(text(statement), parameters)
            return list(result) if result.returns_rows else []

    def value(self, statement: str, **parameters: Any) -> Any:
        return self.run(statement, **parameters)[0][0]

    def close(self) -> None:
        self.engine.dispose()
        self.plain.dispose()


class Seen:
    """A projection that writes one row per event; ``Poison`` events (``data["poison"]``) make it fail."""

    def __init__(
        self, sources: Mapping[str, Collection[int]], name: str = "seen@1", poison: Collection[str] = ("poison",)
    ) -> None:
        self.name, self.sources, self.poison = name, sources, set(poison)
        self.batches = 0

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        self.batches += 1
        self.write(tx, rows_of(batch))
        for _, event in batch:
            if self.poison & event.data.keys():
                raise ValueError(f"a secret of {event.data}")

    @staticmethod
    def write(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        tx.execute(
            text(
                """INSERT INTO read.seen (source, partition, position, stream_id, n)
                   VALUES (:source, :partition, :position, :stream, :n)"""
            ),
            rows,
        )


class SeenAhead(Seen):
    """As ``Seen``, for subscriptions that read ahead: it writes what was counted, whichever batch it is given then."""

    def __init__(self, sources: Mapping[str, Collection[int]], name: str = "ahead@1") -> None:
        super().__init__(sources, name)
        self.counted_in: list[str] = []
        """The threads that counted, batch by batch."""

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        self.add(tx, batch, self.counted(batch))

    def counted(self, batch: Sequence[tuple[str, Recorded]]) -> list[dict[str, Any]]:
        self.counted_in.append(threading.current_thread().name)
        if bad := [event for _, event in batch if self.poison & event.data.keys()]:
            raise ValueError(f"a secret of {bad[0].data}")
        return rows_of(batch)

    def add(self, tx: Connection, batch: Sequence[tuple[str, Recorded]], counted: Sequence[Mapping[str, Any]]) -> None:
        self.batches += 1
        self.write(tx, counted)


def rows_of(batch: Sequence[tuple[str, Recorded]]) -> list[dict[str, Any]]:
    return [
        {"source": s, "partition": e.partition, "position": e.position, "stream": e.stream_id, "n": e.data["n"]}
        for s, e in batch
    ]


def public(event: Recorded) -> Public | None:
    """Private when the data say so, unmappable when they say so, else published under its own name."""
    if event.data.get("private"):
        return None
    if event.data.get("unmappable"):
        raise KeyError("secret")
    return Public(event.type, 1, event.data, province="p1", commune="c7")


class DirectFeed:
    """A source's feed without HTTP: what ``shared.repair.Feed`` would answer."""

    def __init__(self, service: Service, publish: Publish = public) -> None:
        self.service, self.publish = service, publish
        self.pages = 0

    def heads(self) -> Heads:
        return Heads(self.service.log.log_id, self.service.log.heads())

    def page(self, partition: int, after: int, until: int) -> Page:
        import msgspec
        import orjson

        self.pages += 1
        log = self.service.log
        events = log.read(partition, after, min(1000, until - after))
        wires = [orjson.dumps(wire) for _, wire in stretch(self.service.name, log.log_id, events, self.publish)]
        return Page(log.log_id, [msgspec.Raw(wire) for wire in wires], events[-1].position if events else after)


def dense(service: Service, source: str) -> dict[int, tuple[int, int]]:
    """Partition → (rows, highest position) of a mirror: equal when nothing is missing."""
    rows = service.run(
        "SELECT partition, count(*), max(position) FROM bus.mirror WHERE source = :source GROUP BY 1 ORDER BY 1",
        source=source,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def spawn_engine(service: Service, name: str) -> Engine:
    return engine(service.database.app_url, name=name, pool_size=4)


def events_in(body: str | bytes) -> list[dict[str, Any]]:
    """The events of a message: one, or several of its routing key."""
    found = orjson.loads(body)
    return found if isinstance(found, list) else [found]
