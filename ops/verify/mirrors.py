"""A mirror is whole: per partition count = max = the source's head, and every hash equals the source's."""

from __future__ import annotations

from itertools import zip_longest

from ops.verify.difference import Difference
from ops.verify.source import Source


def behind(consumer: Source, source: Source) -> int:
    """How many positions the consumer's mirror lacks of the source's log, and its slowest cursor after those."""
    rows = dict(consumer.all("SELECT partition, count(*) FROM bus.mirror WHERE source = %s GROUP BY 1", source.service))
    heads = source.heads()
    slowest = consumer.all(
        "SELECT partition, min(position) FROM bus.cursors WHERE source = %s GROUP BY 1", source.service
    )
    cursors = dict(slowest) if slowest else heads
    return sum(max(0, head - rows.get(p, 0)) + max(0, head - cursors.get(p, 0)) for p, head in heads.items())


def check(consumer: Source, source: Source) -> str:
    """Raises ``Difference``; returns what was compared."""
    heads = source.heads()
    log_id = source.all("SELECT log_id FROM log.identity")[0][0]
    others = consumer.all(
        "SELECT DISTINCT log_id FROM bus.mirror WHERE source = %s AND log_id <> %s", source.service, log_id
    )
    if others:
        raise Difference(f"holds events of another incarnation of the log: {others[0][0]}")
    counted = {
        p: (n, top)
        for p, n, top in consumer.all(
            "SELECT partition, count(*), max(position) FROM bus.mirror WHERE source = %s GROUP BY 1", source.service
        )
    }
    for partition, head in heads.items():
        count, top = counted.get(partition, (0, 0))
        if not count == top == head:
            hole = _hole(consumer, source, partition, head)
            raise Difference(f"partition {partition}: count {count}, max {top}, head of the source {head}{hole}")
    alarms = consumer.all("SELECT kind, detail FROM bus.alarms WHERE source = %s ORDER BY id LIMIT 1", source.service)
    if alarms:
        raise Difference(f"alarm {alarms[0][0]}: {alarms[0][1]}")
    parked = consumer.all(
        "SELECT subscription, partition, position FROM bus.parked WHERE source = %s LIMIT 1", source.service
    )
    if parked:
        raise Difference("{} has parked {}:{}".format(*parked[0]))
    compared = sum(_compare(consumer, source, partition) for partition in heads)
    return f"{sum(heads.values()):,} positions, count = max = head, {compared:,} hashes equal"


def _hole(consumer: Source, source: Source, partition: int, head: int) -> str:
    rows = consumer.all(
        """SELECT g FROM generate_series(1, %s::bigint) g
            WHERE NOT EXISTS (SELECT FROM bus.mirror m WHERE m.source = %s AND m.partition = %s AND m.position = g)
            ORDER BY g LIMIT 1""",
        head,
        source.service,
        partition,
    )
    return f"; position {rows[0][0]} is missing" if rows else ""


def _compare(consumer: Source, source: Source, partition: int) -> int:
    theirs = source.stream(
        "SELECT position, hash, type FROM log.events WHERE partition = %s ORDER BY position", partition
    )
    ours = consumer.stream(
        "SELECT position, hash, type FROM bus.mirror WHERE source = %s AND partition = %s ORDER BY position",
        source.service,
        partition,
    )
    compared = 0
    for there, here in zip_longest(theirs, ours):
        position, hash_, type_ = there or (None, None, None)
        mirrored, copy, used = here or (None, None, None)
        if position is None or (mirrored is not None and mirrored < position):
            raise Difference(f"{partition}:{mirrored} is not in the source's log")
        if mirrored != position:
            raise Difference(f"{partition}:{position} ({type_}) is missing")
        if copy is None and used is not None:
            raise Difference(f"{partition}:{position} ({type_}) has no hash")
        if copy is not None:
            compared += 1
            if bytes(copy) != bytes(hash_):
                raise Difference(f"{partition}:{position} ({type_}): hash differs from the source's")
    return compared
