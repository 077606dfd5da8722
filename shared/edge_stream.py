"""Server-sent events: one watcher per process tells many open connections what has changed (docs/adr/0037).

    hub = Hub("board", moved, told)                       # one for all who follow, whatever they follow
    …
    return hub.follow(key, call.last_event_id)            # a Reply that stays open; Problem if there are too many

``moved()`` names the state of everything that is followed; it is asked a few times a second, by the watcher alone,
while anybody follows anything. When it differs, ``told(key)`` is asked once per key, however many follow it, and
whoever has another ``id`` gets the new value. A slow client gets the latest value only, so nothing piles up.

The edge does not count open streams among the requests in flight, and ends them when the process is to stop.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import eventlet
import structlog
from eventlet.event import Event

from shared.edge_admission import overloaded
from shared.edge_log import places
from shared.edge_reply import OpenEnd, Reply
from shared.problems import Problem

MOST = 500
"""Streams open at once in a process."""
HEARTBEAT_SECONDS = 15.0
"""So often something is sent, or nobody would notice that a client is gone."""
LIFE_SECONDS = 900.0
"""Then a stream ends, and whoever follows on is authorised anew."""
RETRY_MS = (1_000, 4_000)
"""When to come back after an end: not all at once."""
PACE_SECONDS = 0.1
SHARE = 4.0
"""The watcher rests so many times as long as it took to look: it uses a fifth of the process at most."""
ANYWAY_SECONDS = 30.0
"""What changes with the clock alone is found after so long."""

log = structlog.get_logger("stream")


@dataclass(frozen=True, slots=True)
class Told:
    """A value on its way: ``data`` is one line, ``id`` differs whenever the value does."""

    id: str
    data: bytes


class Hub:
    """``name`` is the events' type. ``told`` may raise ``Problem``: its first follower is then told so."""

    def __init__(self, name: str, moved: Callable[[], Hashable], told: Callable[[Any], Told], most: int = MOST) -> None:
        self.name, self._moved, self._told, self._most = name, moved, told, most
        self._followers: dict[Hashable, set[Following]] = {}
        self._last: dict[Hashable, Told] = {}
        self._open = 0
        self._seen: Hashable = None
        self._looked = float("-inf")
        self._watching = False

    def follow(self, key: Hashable, last_id: str = "") -> Reply:
        """The value now, unless the client has it (``last_id``), and then every new one. Raises ``Problem``."""
        if self._open >= self._most:
            raise overloaded(random.randint(2, 10))
        following = Following(self, key)
        self._enter(following)
        try:
            now = self._last.get(key) or self._told(key)
            now = self._last.get(key, now)  # the watcher may have been faster
        except BaseException:
            self.leave(following)
            raise
        if now.id != last_id:
            following.tell(now)
        return Reply(200, following, {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})

    def leave(self, following: Following) -> None:
        among = self._followers.get(following.key, set())
        if following in among:
            self._open -= 1
            among.discard(following)
            if not among:
                del self._followers[following.key]
                self._last.pop(following.key, None)

    def _enter(self, following: Following) -> None:
        self._open += 1
        self._followers.setdefault(following.key, set()).add(following)
        self._seen = None  # what changes between the first value and the next look must not be missed
        if not self._watching:
            self._watching = True
            eventlet.spawn(self._watch)

    def _watch(self) -> None:
        try:
            while self._followers:
                began = time.monotonic()
                try:
                    self._look()
                except Exception as error:  # the database may be away: whoever follows waits
                    log.warning("cannot look", hub=self.name, **places(error))
                    self._seen = None
                    eventlet.sleep(1)
                eventlet.sleep(max(PACE_SECONDS, SHARE * (time.monotonic() - began)))
        finally:
            self._watching = False

    def _look(self) -> None:
        now = self._moved()
        if now == self._seen and time.monotonic() - self._looked < ANYWAY_SECONDS:
            return
        self._seen, self._looked = now, time.monotonic()
        for key, followers in list(self._followers.items()):
            try:
                told = self._told(key)
            except Problem as problem:
                if problem.status >= 500:  # it passes: what they know stays as it is
                    self._seen = None
                    continue
                for following in list(followers):  # whoever comes again is told why
                    following.end()
                continue
            if followers and (key not in self._last or told.id != self._last[key].id):
                self._last[key] = told
                for following in list(followers):
                    following.tell(told)


class Following(OpenEnd):
    """What one client is sent, piece by piece, for as long as it follows."""

    def __init__(self, hub: Hub, key: Hashable) -> None:
        self._hub, self.key = hub, key
        self._until = time.monotonic() + LIFE_SECONDS * random.uniform(0.8, 1.0)
        self._greeting = b"retry: %d\n\n" % random.randint(*RETRY_MS)
        self._next: Told | None = None
        self._sent = ""
        self._ended = False
        self._woken = Event()

    def tell(self, told: Told) -> None:
        if told.id != self._sent:
            self._next = told
            self._wake()

    def end(self) -> None:
        self._ended = True
        self._wake()

    def close(self) -> None:
        self._hub.leave(self)

    def __next__(self) -> bytes:
        if self._greeting:
            greeting, self._greeting = self._greeting, b""
            return greeting
        if self._next is None:
            self._sleep()
        if self._ended or time.monotonic() > self._until:
            raise StopIteration
        if self._next is None:
            return b":\n\n"
        told, self._next = self._next, None
        self._sent = told.id
        return b"event: %s\nid: %s\ndata: %s\n\n" % (self._hub.name.encode(), told.id.encode(), told.data)

    def _sleep(self) -> None:
        if not self._ended:
            self._woken = Event()
            self._woken.wait(timeout=HEARTBEAT_SECONDS)

    def _wake(self) -> None:
        if not self._woken.ready():
            self._woken.send()
