"""Fills reporting's mirror with a history, as ingest would have left it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg

from bench.kit.history import PARTITIONS, Mirrored

Heads = dict[tuple[str, int], int]
"""Source and partition → last position."""


def sources(tx: psycopg.Connection) -> dict[str, UUID]:
    """Make every source known; the incarnation of its log."""
    logs = {source: uuid4() for source in PARTITIONS}
    for source, log in logs.items():
        tx.execute("INSERT INTO bus.sources (source, log_id) VALUES (%s, %s)", [source, log])
    return logs


def copy(tx: psycopg.Connection, logs: dict[str, UUID], events: Iterable[Mirrored]) -> Heads:
    """Append events to empty partitions."""
    now, heads = datetime.now(UTC), {(source, p): 0 for source, n in PARTITIONS.items() for p in range(n)}
    columns = (
        "source, log_id, partition, position, type, version, stream_id, data, hash, recorded_at, command_id, ordinal"
    )
    with tx.cursor() as cursor, cursor.copy(f"COPY bus.mirror ({columns}) FROM STDIN") as rows:
        for source, partition, type_, stream, data in events:
            position = heads[source, partition] = heads[source, partition] + 1
            row = (source, logs[source], partition, position, type_, 1, stream, data, b"x" * 32, now, uuid4(), 1)
            rows.write_row(row)
    return heads


def units(tx: psycopg.Connection) -> None:
    """What the projection of units would have made of them."""
    tx.execute(
        """INSERT INTO read.unit_facts (position, type, data)
           SELECT position, type, data FROM bus.mirror WHERE source = 'teams' AND type LIKE 'Unit%'"""
    )
