"""A log is whole: per partition count = max = head, every stream 1..n, every event's hash as its content says."""

from __future__ import annotations

from ops.verify.difference import Difference
from ops.verify.source import Source
from shared.log import canonical, content_hash


def check(source: Source) -> str:
    """Raises ``Difference``; returns what was counted."""
    heads = source.heads()
    _dense(source, heads)
    _streams(source)
    events = _hashes(source)
    return f"{events:,} events in {len(heads)} partitions, count = max = head, hashes equal"


def _dense(source: Source, heads: dict[int, int]) -> None:
    counted = {
        p: (n, top) for p, n, top in source.all("SELECT partition, count(*), max(position) FROM log.events GROUP BY 1")
    }
    for partition, head in heads.items():
        count, top = counted.pop(partition, (0, 0))
        if not count == top == head:
            raise Difference(f"partition {partition}: count {count}, max {top}, head {head}{_hole(source, partition)}")
    if counted:
        raise Difference(f"events in partitions without a head: {sorted(counted)}")


def _hole(source: Source, partition: int) -> str:
    rows = source.all(
        """SELECT g FROM log.heads h, generate_series(1, h.position) g
            WHERE h.partition = %s
              AND NOT EXISTS (SELECT FROM log.events e WHERE e.partition = h.partition AND e.position = g)
            ORDER BY g LIMIT 1""",
        partition,
    )
    return f"; position {rows[0][0]} is missing" if rows else ""


def _streams(source: Source) -> None:
    broken = source.all(
        """SELECT stream_id, count(*), max(version), count(DISTINCT partition) FROM log.events GROUP BY 1
           HAVING count(*) <> max(version) OR count(DISTINCT partition) > 1 LIMIT 1"""
    )
    if broken:
        stream, count, top, partitions = broken[0]
        raise Difference(f"stream {stream}: {count} events, last version {top}, {partitions} partitions")


def _hashes(source: Source) -> int:
    seen = 0
    rows = source.stream(
        """SELECT partition, position, command_id, ordinal, stream_id, version, type, schema, hash, data, metadata
             FROM log.events"""
    )
    for partition, position, command, ordinal, stream, version, type_, schema, stored, data, metadata in rows:
        seen += 1
        expected = content_hash(
            source.hash_key, f"{command}:{ordinal}", stream, version, type_, schema, canonical(data), metadata
        )
        if expected != bytes(stored):
            raise Difference(f"{partition}:{position} ({type_} of {stream}) is not what was appended: its hash differs")
    return seen
