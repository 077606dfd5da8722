"""The ways of ``bench append``; each prints its events per second. Run by ``bench.append`` only."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from bench.kit.options import seconds

CLIENTS = 64
SECONDS = seconds("SECONDS", 6.0)
NOTE = "x" * 300
"""Makes an event about as large as a visit."""
STREAMS = 20
"""Per client. Their states are in the handler's cache, as the library's aggregates are in memory."""


@dataclass(frozen=True)
class Note:
    stream: str
    number: int
    note: str


@dataclass(frozen=True)
class Noted:
    number: int
    note: str


def decide(command: Note, states: Mapping[str, int]) -> Sequence[tuple[str, Noted]]:
    return [(command.stream, Noted(command.number, command.note))]


def ours(group: int, streams: int = STREAMS) -> float:
    """64 clients, each with its own streams, one command at a time; at most ``group`` commands per commit.

    With more ``streams`` than a client uses, every command is the first to its stream, which is looked for in the log.
    """
    from shared.edge_server import prepare

    prepare()  # as the api processes run: under eventlet
    from shared.codec import Codec
    from shared.db import engine
    from shared.decider import Decider
    from shared.handler import Envelope, Handler
    from shared.log import PostgresLog
    from shared.reader import GroupReader
    from shared.writer import GroupWriter

    connections = engine(os.environ["BENCH_DATABASE_URL"], name="bench", autocommit=True)
    log = PostgresLog(connections)
    writer = GroupWriter(log, max_group=group)
    decider: Decider[Note, int, Noted] = Decider(
        initial=lambda stream: 0, streams=lambda c: (c.stream,), decide=decide, evolve=lambda n, event: n + event.number
    )
    reader = GroupReader(log)
    handler = Handler(reader, writer, decider, Codec(Noted), hash_key=b"k" * 32)
    run = uuid4().hex[:8]

    def command(number: int, n: int) -> Envelope:
        return Envelope(uuid4(), Note(f"{run} {number} {n % streams}", 1, NOTE), "bench", datetime.now(UTC))

    def client(number: int) -> Callable[[int], None]:
        def handle(n: int) -> None:
            handler.handle(command(number, n))

        return handle

    if streams == STREAMS:
        handler.handle_many([command(number, n) for number in range(CLIENTS) for n in range(streams)])
    before = sum(log.heads().values())
    sent, took = together(client, CLIENTS)
    stored = sum(log.heads().values()) - before
    if stored != sent:
        raise SystemExit(f"sent {sent}, stored {stored}")
    writer.stop()
    reader.stop()
    return stored / took


def library(threads: int) -> float:
    """``eventsourcing``: an aggregate per client, one event per save."""
    from eventsourcing.application import Application
    from eventsourcing.domain import Aggregate, event

    class Book(Aggregate):  # type: ignore[misc]  # untyped here
        @event("Noted")  # type: ignore[untyped-decorator]
        def note(self, number: int, note: str) -> None:
            self.number = number

    class Books(Application[UUID]):  # type: ignore[misc]
        pass

    books = Books()

    def client(number: int) -> Callable[[int], None]:
        book = Book()

        def save(n: int) -> None:
            book.note(number=n, note=NOTE)
            books.save(book)

        return save

    sent, took = together(client, threads)
    books.close()
    return sent / took


def together(client: Callable[[int], Callable[[int], None]], clients: int) -> tuple[int, float]:
    """Run the clients for some seconds; how often they acted, and how long it took."""
    counts = [0] * clients
    end = time.monotonic() + SECONDS

    def run(number: int) -> None:
        act = client(number)
        while time.monotonic() < end:
            act(counts[number])
            counts[number] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(clients)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts), time.monotonic() - start


if __name__ == "__main__":
    match sys.argv[1]:
        case "grouped":
            print(ours(500))
        case "one-by-one":
            print(ours(1))
        case "unknown-streams":
            print(ours(500, sys.maxsize))
        case "library":
            print(library(int(sys.argv[2])))
