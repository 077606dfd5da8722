"""Keeps the mirror complete: whatever the source has and the broker did not bring is read from the source's feed.

Every round asks the source for its heads. Two seconds later everything up to those heads that is still missing is a
hole – in the middle or at the end, whether a message was lost, the broker's disk was wiped or this consumer is new.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import httpx
import msgspec
import orjson
from sqlalchemy import Connection, text

from shared.bus import PLACEHOLDER, Undecodable, Wire, parse
from shared.mirror import Mirror, alarm
from shared.refetch import Refetch

_log = logging.getLogger(__name__)

GRACE_SECONDS = 2.0
PAGE = 1000
HOLES = 1000
"""Holes looked at per partition and round; the next round follows at once."""
LEASE_SECONDS = 20
DOUBTFUL_SECONDS = 60.0
TROUBLE_SECONDS = 30.0


class Heads(msgspec.Struct, frozen=True):
    """``GET /v1/events/heads``."""

    log_id: UUID
    heads: dict[int, int]


class Page(msgspec.Struct, frozen=True):
    """``GET /v1/events``: CloudEvents still as text, since one bad one must not spoil the page."""

    log_id: UUID
    events: list[msgspec.Raw]
    next_after: int


T = TypeVar("T")


class FeedError(Exception):
    """The source's feed gave no usable answer; ``reason`` is for operators."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Feed:
    """A source's feed over HTTP, one connection kept alive."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=10.0, trust_env=False
        )

    def heads(self) -> Heads:
        return self._get(Heads, "/v1/events/heads", {})

    def page(self, partition: int, after: int, until: int) -> Page:
        return self._get(Page, "/v1/events", {"partition": partition, "after": after, "until": until, "limit": PAGE})

    def close(self) -> None:
        self._http.close()

    def _get(self, kind: type[T], path: str, query: Mapping[str, int]) -> T:
        try:
            response = self._http.get(path, params=query)
        except httpx.HTTPError as error:
            raise FeedError(f"feed unreachable ({type(error).__name__})") from error
        if response.status_code != 200:
            raise FeedError(f"feed answers {response.status_code}")
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.DecodeError as error:
            raise FeedError("feed answers something else than agreed") from error


_KNOWN = text("INSERT INTO bus.sources (source) VALUES (:source) ON CONFLICT DO NOTHING")
_LEASE = text(
    f"""UPDATE bus.sources SET leased_until = now() + interval '{LEASE_SECONDS} seconds'
         WHERE source = :source AND (leased_until IS NULL OR leased_until < now()) RETURNING log_id, dense"""
)
_RENEW = text(
    f"UPDATE bus.sources SET leased_until = now() + interval '{LEASE_SECONDS} seconds' WHERE source = :source"
)
_RELEASE = text("UPDATE bus.sources SET leased_until = NULL WHERE source = :source")
_SEEN = text(
    """UPDATE bus.sources SET log_id = coalesce(log_id, :log_id), heads = cast(:heads AS jsonb), checked_at = now()
        WHERE source = :source"""
)
_DENSE = text("UPDATE bus.sources SET dense = cast(:dense AS jsonb) WHERE source = :source")
_IN = "source = :source AND log_id = :log_id AND partition = :partition"
_TOP = text(f"SELECT position FROM bus.mirror WHERE {_IN} ORDER BY position DESC LIMIT 1")
_GAPS = text(
    f"""SELECT before + 1 AS first, position - 1 AS last
          FROM (SELECT position, lag(position, 1, cast(:dense AS bigint)) OVER (ORDER BY position) AS before
                  FROM bus.mirror WHERE {_IN} AND position > :dense AND position <= :head) held
         WHERE position > before + 1 ORDER BY 1 LIMIT {HOLES}"""
)
# Placeholders may have been mended at their source. And where messages disagreed about a position, the feed decides:
# if the mirror holds the wrong one, storing the feed's form raises the alarm "feed …".
_DOUBTFUL = text(
    f"""SELECT partition, position FROM bus.mirror
         WHERE source = :source AND log_id = :log_id AND type = '{PLACEHOLDER}'
        UNION
        SELECT split_part(split_part(detail, ' ', 2), ':', 1)::smallint, split_part(detail, ':', 2)::bigint
          FROM bus.alarms
         WHERE source = :source AND kind = 'hash' AND detail LIKE 'message %'
         ORDER BY 1, 2 LIMIT 100"""
)
# Never behind a cursor: what a projection has applied stays, for an operator to see.
_QUARANTINE = text(
    f"""DELETE FROM bus.mirror WHERE {_IN} AND position > :head AND position <= :top
           AND position > (SELECT coalesce(max(c.position), 0) FROM bus.cursors c
                            WHERE c.source = :source AND c.partition = :partition)"""
)


class Repair:
    """Looks after one source. One thread calls ``round``; of several workers one at a time does the work."""

    def __init__(self, source: str, feed: Feed, mirror: Mirror, *, pause: Callable[[float], Any] = time.sleep) -> None:
        self.source = source
        self._feed, self._mirror, self._pause = feed, mirror, pause
        self._looked_again = time.monotonic()
        self._refetch = Refetch(source, mirror.uses.get(source, ()), mirror.engine)
        self.reason: str | None = None
        self._good_at: float | None = None
        self.holes = 0
        """Positions that were missing in the last round."""
        self.repaired = 0
        """Positions asked for from the feed since the start."""

    def round(self) -> bool:
        """Poll heads, wait for stragglers, fill holes. True if there is more to do at once.

        Raises ``FeedError`` or a database error; call again after a pause.
        """
        leased = self._lease()
        if leased is None:
            self._good_at = time.monotonic()  # another worker is at it
            return False
        try:
            more = self._look(*leased)
            self.reason, self._good_at = None, time.monotonic()
            return more
        except FeedError as error:
            self.reason = error.reason
            raise
        finally:
            with self._mirror.engine.begin() as tx:
                tx.execute(_RELEASE, {"source": self.source})

    def trouble(self) -> str | None:
        """For /readyz: what is wrong with the source, once that has lasted; a restart over there is not our trouble."""
        if self._good_at is None:
            return self.reason or "heads not seen yet"
        return self.reason if time.monotonic() - self._good_at > TROUBLE_SECONDS else None

    def _lease(self) -> tuple[UUID | None, dict[int, int]] | None:
        with self._mirror.engine.begin() as tx:
            tx.execute(_KNOWN, {"source": self.source})
            row = tx.execute(_LEASE, {"source": self.source}).first()
        return None if row is None else (row.log_id, {int(p): position for p, position in row.dense.items()})

    def _look(self, known: UUID | None, dense: dict[int, int]) -> bool:
        # Read before asking: what is here already must be in the source, so it cannot lie above the heads it names.
        before = self._tops(known, dense) if known else {}
        answer = self._feed.heads()
        if known and answer.log_id != known:
            with self._mirror.engine.begin() as tx:
                alarm(tx, self.source, "log-id", f"feed {answer.log_id}")
            raise FeedError("the source's log was restored: another log_id; its events are not mixed in")
        self._seen(answer, before)
        self._pause(GRACE_SECONDS)
        holes = self._holes(answer, dense, before)
        self.holes = sum(last - first + 1 for _, first, last in holes)
        for partition, first, last in holes:
            self._fill(answer.log_id, partition, first, last)
        if holes:
            _log.info("%s: filled %s holes (%s positions) from the feed", self.source, len(holes), self.holes)
        self._look_again(answer.log_id, answer.heads)
        unread = self._refetch.step(answer.log_id, partial(self._fill, answer.log_id))
        return bool(holes) or unread

    def _tops(self, log_id: UUID, partitions: Mapping[int, Any]) -> dict[int, int]:
        with self._mirror.engine.connect() as tx:
            return {p: self._top(tx, log_id, p) for p in partitions}

    def _top(self, tx: Connection, log_id: UUID, partition: int) -> int:
        key = {"source": self.source, "log_id": log_id, "partition": partition}
        return int(tx.execute(_TOP, key).scalar() or 0)

    def _seen(self, answer: Heads, before: Mapping[int, int]) -> None:
        heads = orjson.dumps(answer.heads, option=orjson.OPT_NON_STR_KEYS).decode()
        with self._mirror.engine.begin() as tx:
            tx.execute(_SEEN, {"source": self.source, "log_id": answer.log_id, "heads": heads})
            for partition, top in before.items():
                if top > (head := answer.heads.get(partition, 0)):
                    key = {"source": self.source, "log_id": answer.log_id, "partition": partition}
                    dropped = tx.execute(_QUARANTINE, {**key, "head": head, "top": top}).rowcount
                    alarm(tx, self.source, "above-head", f"{partition}:{top} head {head}, {dropped} rows dropped")

    def _holes(self, answer: Heads, dense: Mapping[int, int], before: Mapping[int, int]) -> list[tuple[int, int, int]]:
        """Missing stretches ``(partition, first, last)``; notes how far each partition is without any."""
        holes: list[tuple[int, int, int]] = []
        complete: dict[int, int] = {}
        with self._mirror.engine.begin() as tx:
            for partition, head in sorted(answer.heads.items()):
                start = dense.get(partition, 0)
                key = {"source": self.source, "log_id": answer.log_id, "partition": partition}
                gaps = [(r.first, r.last) for r in tx.execute(_GAPS, {**key, "dense": start, "head": head})]
                top = max(start, min(self._top(tx, answer.log_id, partition), head))
                complete[partition] = gaps[0][0] - 1 if gaps else top
                # While the queue still delivers the tail it is not missing, only late.
                arriving = 0 < before.get(partition, 0) < top
                if top < head and not arriving and len(gaps) < HOLES:
                    gaps.append((top + 1, head))
                holes += [(partition, first, last) for first, last in gaps]
            tx.execute(
                _DENSE,
                {"source": self.source, "dense": orjson.dumps(complete, option=orjson.OPT_NON_STR_KEYS).decode()},
            )
        return holes

    def _fill(self, log_id: UUID, partition: int, first: int, last: int) -> None:
        after = first - 1
        while after < last:
            page = self._feed.page(partition, after, last)
            if page.log_id != log_id or page.next_after <= after:
                raise FeedError("the feed does not advance")
            wires = dict(enumerate(self._wires(page, log_id, partition)))
            if rejected := self._mirror.store(wires, from_feed=True):
                _log.error("%s: feed events refused: %s", self.source, sorted({reason for _, reason in rejected}))
            self.repaired += page.next_after - after
            after = page.next_after
            with self._mirror.engine.begin() as tx:
                tx.execute(_RENEW, {"source": self.source})
            self._pause(random.uniform(0, 0.02))  # several consumers catching up must not march in step

    def _wires(self, page: Page, log_id: UUID, partition: int) -> Iterator[Wire]:
        for raw in page.events:
            try:
                wire = parse(bytes(raw))
            except Undecodable as error:
                raise FeedError(f"the feed holds an undecodable event: {error.reason}") from error
            if (wire.source, wire.log_id, wire.partition) != (self.source, log_id, partition):
                raise FeedError("the feed holds an event of another log")
            yield wire

    def _look_again(self, log_id: UUID, heads: Mapping[int, int]) -> None:
        """Ask the feed now and then about positions that are known, but doubtful."""
        if time.monotonic() - self._looked_again < DOUBTFUL_SECONDS:
            return
        self._looked_again = time.monotonic()
        with self._mirror.engine.connect() as tx:
            rows = tx.execute(_DOUBTFUL, {"source": self.source, "log_id": log_id}).all()
        for row in rows:
            if row.position <= heads.get(row.partition, 0):
                self._fill(log_id, row.partition, row.position, row.position)
