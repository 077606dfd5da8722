"""Answers that stay open, over real HTTP: what many follow is asked for once, and nothing waits for them."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.edge_kit import Api, a_key, problem, start, write_keys
from tests.waiting import eventually, free_port

MOST = 20
"""As ``edge_service`` has it, with heartbeats of 0.2 s."""


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    key = a_key()
    write_keys(tmp_path / "jwks.json", key)
    api = start(tmp_path, free_port(), key, tmp_path / "jwks.json")
    yield api
    if api.process.poll() is None:
        api.process.terminate()
        assert api.process.wait(12) == 0, api.output.read_text()


class Follower:
    """Reads a stream in a thread of its own, until it ends."""

    def __init__(self, api: Api, key: str, **headers: str) -> None:
        self.events: list[dict[str, str]] = []
        self.heartbeats = 0
        self.status = 0
        self.ended: str | None = None
        self._api, self._path, self._headers = api, f"/v1/follow/{key}", headers
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        eventually(lambda: self.status)

    @property
    def values(self) -> list[Any]:
        return [json.loads(event["data"]) for event in self.events]

    def _run(self) -> None:
        with self._api.client() as http, http.stream("GET", self._path, headers=self._headers, timeout=30) as answer:
            self.status, event = answer.status_code, dict[str, str]()
            try:
                for line in answer.iter_lines():
                    if line:
                        name, _, value = line.partition(":")
                        self.heartbeats += name == ""
                        event[name] = value.strip()
                    else:
                        if "data" in event:
                            self.events.append(event)
                        event = {}
                self.ended = "at an end"
            except httpx.TransportError:
                self.ended = "broken off"


def test_everybody_is_told_what_changes_and_it_is_asked_for_once(api: Api) -> None:
    with api.client() as http:
        followers = [Follower(api, "a") for _ in range(6)] + [Follower(api, "b")]
        eventually(lambda: all(each.events for each in followers))
        asked = http.get("/v1/asked").json()
        assert asked["a"] <= 8, "for the first of them, and at most once more for each who comes"
        for n in (1, 2):
            http.put(f"/v1/follow/a/{n}")
            eventually(lambda n=n: all(each.values[-1:] == [n] for each in followers[:6]))
        assert [each.values for each in followers[:6]] == [[0, 1, 2]] * 6
        assert http.get("/v1/asked").json()["a"] <= asked["a"] + 3, "once for all of them"
        assert followers[6].values == [0], "what stays as it is is not sent again"
        eventually(lambda: followers[6].heartbeats > 2)
        assert {each.events[-1]["event"] for each in followers} == {"value"}


def test_whoever_comes_back_is_sent_only_what_is_new(api: Api) -> None:
    with api.client() as http:
        first = Follower(api, "a")
        eventually(lambda: first.events)
        again = Follower(api, "a", **{"Last-Event-ID": first.events[0]["id"]})
        eventually(lambda: again.heartbeats > 1)
        assert again.values == []
        http.put("/v1/follow/a/1")
        eventually(lambda: again.values == [1])
        other = Follower(api, "a", **{"Last-Event-ID": first.events[0]["id"]})
        eventually(lambda: other.values == [1])


def test_streams_are_not_in_flight_and_their_number_is_bounded(api: Api) -> None:
    """The process answers eight requests at once."""
    with api.client() as http, ExitStack() as opened:
        for _ in range(MOST):
            answer = opened.enter_context(http.stream("GET", "/v1/follow/a"))
            assert answer.status_code == 200
        assert http.get("/v1/things/x").status_code == 200
        full = http.get("/v1/follow/a")
        problem(full, 503, "overloaded")
        assert 2 <= int(full.headers["Retry-After"]) <= 10
        assert f"tungnha_http_open_streams {float(MOST)}" in http.get("/metrics").text
        assert http.head("/v1/things/x").status_code == 200
    with api.client() as http:
        # Whoever is gone is noticed by the next heartbeat.
        eventually(lambda: "tungnha_http_open_streams 0.0" in http.get("/metrics").text)
        with http.stream("GET", "/v1/follow/a") as answer:
            assert answer.status_code == 200


def test_what_cannot_be_followed_is_a_problem_and_a_fault_on_the_way_is_not(api: Api) -> None:
    with api.client() as http:
        problem(http.get("/v1/follow/unknown"), 404, "not-found")
        problem(httpx.get(f"{api.base}/v1/follow/a"), 401, "unauthenticated", "/Authorization")
        follower = Follower(api, "a")
        eventually(lambda: follower.events)
        http.put("/v1/follow/a/13")  # looking fails once
        http.put("/v1/follow/a/14")
        eventually(lambda: follower.values[-1:] == [14])
        head = http.head("/v1/follow/a")
        assert (head.status_code, head.content) == (200, b"")
        http.put("/v1/follow/a/-1")  # it is there no more
        eventually(lambda: follower.ended == "at an end")


def test_a_stop_ends_streams_and_does_not_wait_for_them(api: Api) -> None:
    followers = [Follower(api, "a") for _ in range(4)]
    eventually(lambda: all(each.events for each in followers))
    began = time.monotonic()
    api.process.send_signal(signal.SIGTERM)
    assert api.process.wait(10) == 0, api.output.read_text()
    assert time.monotonic() - began < 4
    eventually(lambda: [each.ended for each in followers] == ["at an end"] * 4)
