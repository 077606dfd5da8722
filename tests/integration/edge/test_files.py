"""Files arrive and leave piece by piece."""

from __future__ import annotations

import gzip
import hashlib
import random
from typing import Any

import httpx
import pytest

from tests.edge_kit import Api, problem


def send_file(http: httpx.Client, raw: Any, media: str = "text/csv; charset=utf-8", **headers: str) -> httpx.Response:
    return http.post("/v1/files", content=raw, headers={"Content-Type": media, **headers})


def test_files_arrive_piece_by_piece(http: httpx.Client) -> None:
    content = random.Random(1).randbytes(2_900_000)
    expected = hashlib.sha256(content).hexdigest()
    chunks = (content[n : n + 70_000] for n in range(0, len(content), 70_000))
    for body, headers in ((content, {}), (chunks, {}), (gzip.compress(content), {"Content-Encoding": "gzip"})):
        found = send_file(http, body, **headers).json()
        assert found["digest"] == expected
        assert found["pieces"] > 10
        assert found["most"] <= 300_000
    assert send_file(http, b"{}", "application/x-ndjson").json()["media"] == "ndjson"
    assert send_file(http, b"").json()["pieces"] == 0


def test_files_that_are_too_large_or_broken_are_refused(http: httpx.Client) -> None:
    problem(send_file(http, b"x" * 3_000_001), 413, "body-too-large")
    problem(send_file(http, (b"x" * 100_000 for _ in range(31))), 413, "body-too-large")
    packed = gzip.compress(b" " * 100_000_000, 9)
    problem(send_file(http, packed, **{"Content-Encoding": "gzip"}), 413, "body-too-large")
    whole = gzip.compress(b"a,b")
    for broken in (whole[:-9], whole + b"more", b"not gzip"):
        problem(send_file(http, broken, **{"Content-Encoding": "gzip"}), 400, "malformed-body")
    problem(send_file(http, b"x", "application/pdf"), 415, "unsupported-media-type")
    problem(send_file(http, b"x", **{"Content-Encoding": "br"}), 415, "unsupported-media-type")
    assert send_file(http, b"a,b").status_code == 200, "the connection has not suffered"


def test_an_answer_may_be_sent_as_it_is_made(api: Api, http: httpx.Client) -> None:
    with http.stream("GET", "/v1/stream/whole") as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert sum(len(piece) for piece in answer.iter_bytes()) == 500_000
    problem(http.get("/v1/stream/refused"), 409, "stale")
    with pytest.raises(httpx.RemoteProtocolError), http.stream("GET", "/v1/stream/broken") as answer:
        answer.read()
    assert http.get("/v1/things/a").status_code == 200
    log = api.output.read_text()
    assert "answer broken off" in log
    assert "Nguyễn" not in log
