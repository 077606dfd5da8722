"""In front of the door: whoever a lane would refuse anyway is turned away before the request is even parsed.

In a storm most requests are refused, so what a refusal costs is missing for the others; through the whole edge it is
about a millisecond. Only the plainest requests are judged: one of a route with a lane, by a token that
was verified before, its headers all there, its body of a declared and modest length. Everybody else goes on to the
edge, which decides by the same rule. Those turned away here are counted like others, but not logged one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from prometheus_client import Counter

from shared.access import Verifier
from shared.edge_admission import Lane, cost, overloaded
from shared.edge_body import likely_size
from shared.edge_reply import locale_of, problem_reply
from shared.problems import Problem

_FIELD = re.compile(rb"\r\n([A-Za-z-]+):[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)")
_UNUSUAL = {b"expect", b"transfer-encoding", b"connection", b"upgrade"}
_STATUS = "503"


class Buffered(Protocol):
    """What ``io.BufferedReader`` does."""

    def peek(self, size: int = 0, /) -> bytes: ...
    def read(self, size: int, /) -> bytes: ...


class Laned(Protocol):
    """What it knows of a route."""

    method: str
    url: str
    lane: str | None
    max_bytes: int


@dataclass(frozen=True, slots=True)
class _Gate:
    lane: Lane
    max_bytes: int
    refused: Counter


class Turnstile:
    """``longest``: bodies that are read over, so that the connection can be used again."""

    def __init__(
        self, routes: Iterable[Laned], lanes: Any, verifier: Verifier, requests: Counter, *, longest: int
    ) -> None:
        self._verifier, self._longest = verifier, longest
        self._gates = {
            f"{route.method} {route.url} HTTP/1.1\r\n".encode(): _Gate(
                lanes[route.lane], route.max_bytes, requests.labels(route.method, route.url, _STATUS)
            )
            for route in routes
            if route.lane and "<" not in route.url
        }

    def refusal(self, line: bytes, rest: Buffered) -> bytes | None:
        """The answer to a request that is turned away, which has then been read to its end; None: let it go on.

        ``line``: its first line, read already; nothing is taken from ``rest`` otherwise.
        """
        gate = self._gates.get(line)
        if gate is None:
            return None
        head, end, _ = rest.peek().partition(b"\r\n\r\n")
        if not end:
            return None
        told = _FIELD.findall(b"\r\n" + head + b"\r\n")
        fields = {name.lower(): value.decode("latin-1") for name, value in told}
        length, (kind, _, token) = fields.get(b"content-length", ""), fields.get(b"authorization", "").partition(" ")
        plain = len(fields) == len(told) == head.count(b"\n") + 1 and _UNUSUAL.isdisjoint(fields)
        if not plain or kind.lower() != "bearer":
            return None
        if not (length.isascii() and length.isdigit() and int(length) <= self._longest):
            return None
        actor = self._verifier.remembered(token.strip())
        if actor is None:
            return None
        environ = {"CONTENT_LENGTH": length, "HTTP_CONTENT_ENCODING": fields.get(b"content-encoding", "identity")}
        try:
            gate.lane.knock(actor.sub, cost(likely_size(environ, gate.max_bytes)))
        except Problem as problem:
            rest.read(len(head) + len(end) + int(length))
            gate.refused.inc()
            return _answer(int(problem.headers["Retry-After"]), locale_of(fields.get(b"accept-language", "")))
        return None


@lru_cache(maxsize=1_000)
def _answer(seconds: int, locale: str) -> bytes:
    status, headers, payload = problem_reply(overloaded(seconds), locale).rendered()
    assert isinstance(payload, bytes)
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode() + payload
