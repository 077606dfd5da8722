"""The turnstile takes a refused request whole, and leaves every other one untouched."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry, Counter

from shared.access import Actor
from shared.edge_admission import Lane
from shared.edge_turnstile import Turnstile

LINE = b"POST /v1/visits/batch HTTP/1.1\r\n"
BODY = b'{"rows": []}'
ACTOR = Actor("phone", frozenset(), frozenset())


@dataclass
class Route:
    method: str = "POST"
    url: str = "/v1/visits/batch"
    lane: str | None = "batch"
    max_bytes: int = 5_000_000


class Remembering:
    def remembered(self, token: str) -> Actor | None:
        return ACTOR if token == "known" else None


class Stage:
    """A turnstile before a lane that is full, or not."""

    def __init__(self, *, full: bool = True, longest: int = 65_536) -> None:
        lane = Lane("batch", width=10, patience=0.0)
        if full:
            lane._at_work = lane._inside = 10
        self.requests = Counter("requests", "…", ["method", "route", "status"], registry=CollectorRegistry())
        verifier: Any = Remembering()
        self.turnstile = Turnstile([Route()], {"batch": lane}, verifier, self.requests, longest=longest)

    def ask(self, content: bytes, line: bytes = LINE) -> tuple[bytes | None, bytes]:
        """The answer, and what is left to read."""
        rest = io.BufferedReader(io.BytesIO(content))
        return self.turnstile.refusal(line, rest), rest.read()


def request(*headers: bytes, body: bytes = BODY, token: bytes = b"known") -> bytes:
    told = [b"Host: here", b"Authorization: Bearer " + token, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(told) + b"\r\n\r\n" + body


def test_whoever_is_turned_away_is_told_when_to_come_again_and_the_connection_goes_on() -> None:
    stage = Stage()
    following = LINE + request()
    answer, left = stage.ask(request(b"accept-language: en") + following)
    assert answer is not None
    assert left == following
    head, _, payload = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert lines[0] == "HTTP/1.1 503 Service Unavailable"
    assert int(headers["Retry-After"]) >= 1
    assert int(headers["Content-Length"]) == len(payload)
    assert (headers["Content-Type"], headers["Content-Language"]) == ("application/problem+json", "en")
    assert orjson.loads(payload)["code"] == "overloaded"
    assert stage.requests.labels("POST", "/v1/visits/batch", "503")._value.get() == 1


def test_nobody_is_turned_away_while_there_is_room() -> None:
    assert Stage(full=False).ask(request()) == (None, request())


@pytest.mark.parametrize(
    "content",
    [
        request(token=b"stranger"),
        request(b"Expect: 100-continue"),
        request(b"Transfer-Encoding: chunked"),
        request(b"Connection: close"),
        request(b"Content-Length: 3"),
        request(b"content-length : 3"),
        request(b"X-Folded: a\r\n b"),
        request(b"X: a\nContent-Length: 3"),
        request(body=b"x" * 101),
        request().replace(b"Bearer", b"Basic"),
        request().replace(b"Authorization", b"X-Authorization"),
        request().replace(b"Content-Length", b"X-Length"),
        request()[:40],
        b"",
    ],
)
def test_whatever_is_not_plain_goes_on_to_the_edge_untouched(content: bytes) -> None:
    assert Stage(longest=100).ask(content) == (None, content)


@pytest.mark.parametrize("line", [b"GET /v1/visits/batch HTTP/1.1\r\n", b"POST /v1/visits HTTP/1.1\r\n", LINE[:-2]])
def test_other_requests_are_none_of_its_business(line: bytes) -> None:
    assert Stage().ask(request(), line) == (None, request())
