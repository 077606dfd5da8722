"""A feed tells all: read from the start it has every position once, with the log's hashes, as the mirrors hold it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from ops.verify.difference import Difference
from ops.verify.source import Source

PAGE = 1_000
TICK = "Tick.v1"


def check(source: Source, consumers: Sequence[Source], url: str, token: str) -> str:
    """Raises ``Difference``; returns how much was read."""
    heads = source.heads()
    with httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30.0, trust_env=False
    ) as http:
        told = _get(http, "/v1/events/heads")
        log_id = str(source.all("SELECT log_id FROM log.identity")[0][0])
        if told["log_id"] != log_id:
            raise Difference(f"the feed speaks of log {told['log_id']}, the tables of {log_id}")
        events = sum(_walk(http, source, consumers, partition, head) for partition, head in heads.items())
    return f"{sum(heads.values()):,} positions without a hole, {events:,} public events, as the mirrors hold them"


def _walk(http: httpx.Client, source: Source, consumers: Sequence[Source], partition: int, head: int) -> int:
    hashes = {
        position: bytes(hash_).hex()
        for position, hash_ in source.stream("SELECT position, hash FROM log.events WHERE partition = %s", partition)
    }
    after = events = 0
    while after < head:
        page = _get(http, "/v1/events", partition=partition, after=after, until=head, limit=PAGE)
        public: dict[int, Any] = {}
        for event in page["events"]:
            ticks = event["type"] == TICK
            first = int(event["data"]["from"] if ticks else event["position"])
            if first != after + 1:
                raise Difference(f"{partition}:{after + 1} is missing from the feed")
            after = int(event["data"]["to"]) if ticks else first
            if not ticks:
                public[first] = event["data"]
                if hashes.get(first) != event["contenthash"]:
                    raise Difference(f"{partition}:{first}: the feed's hash is not the log's")
        if not page["events"]:
            raise Difference(f"{partition}:{after + 1}: the feed ends before the head {head}")
        for consumer in consumers:
            _held(consumer, source, partition, public)
        events += len(public)
    return events


def _held(consumer: Source, source: Source, partition: int, public: dict[int, Any]) -> None:
    """What a mirror uses is what the feed says: the hash it keeps is of the stored event and cannot tell."""
    rows = consumer.all(
        """SELECT position, data FROM bus.mirror
            WHERE source = %s AND partition = %s AND position = ANY(%s) AND type IS NOT NULL ORDER BY position""",
        source.service,
        partition,
        list(public),
    )
    for position, data in rows:
        if data != public[position]:
            raise Difference(f"{partition}:{position}: the mirror of {consumer.service} holds other data than the feed")


def _get(http: httpx.Client, path: str, **query: Any) -> dict[str, Any]:
    response = http.get(path, params=query)
    if response.status_code != 200:
        raise Difference(f"{path} answered {response.status_code}")
    answer: dict[str, Any] = response.json()
    return answer
