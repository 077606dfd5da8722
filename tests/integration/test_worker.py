"""Worker processes: killed, stopped, continued and ended, they count every event once and need no help."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

import orjson
import pytest

from ops.local.process import clean_environment
from ops.local.state import port_is_free
from shared.repair import Feed, FeedError
from tests.bus_kit import DirectFeed, Service, dense
from tests.waiting import eventually


@pytest.fixture
def visits(database: Callable[..., Any], rabbit: Any) -> Iterator[Service]:
    rabbit.purge()
    service = Service(database("visits", migrate=False))
    yield service
    service.close()


@pytest.fixture
def reporting(database: Callable[..., Any]) -> Iterator[Service]:
    service = Service(database("reporting", migrate=False), 1)
    yield service
    service.close()


class Process:
    def __init__(self, service: Service, uri: str, root: Any, port: int, sources: dict[str, str]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "tests.worker_service", service.name],
            cwd=root,
            env=clean_environment()
            | {
                "PYTHONPATH": str(root),
                "TUNGNHA_SERVICE_DATABASE_URL": service.database.app_url,
                "TUNGNHA_SERVICE_AMQP_URI": uri,
                "TUNGNHA_WORKER_ADDRESS": f"127.0.0.1:{port}",
                "TUNGNHA_SOURCES": json.dumps(sources),
                "TUNGNHA_FEED_TOKEN": "token",
            },
            stdout=subprocess.DEVNULL,
        )

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urlopen(self.url + path, timeout=5) as response:
                return response.status, response.read()
        except HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def end(self) -> float:
        began = time.monotonic()
        self.popen.terminate()
        assert self.popen.wait(10) == 0
        return time.monotonic() - began


@pytest.fixture
def start(rabbit: Any, root: Any) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def begin(service: Service, sources: dict[str, str] | None = None) -> Process:
        port = next(p for p in range(23_100 + len(started), 24_000) if port_is_free(p))
        started.append(Process(service, rabbit.uri(service.name), root, port, sources or {}))
        eventually(lambda: started[-1].get("/healthz")[0] == 200)
        return started[-1]

    yield begin
    for each in started:
        if each.popen.poll() is None:
            each.popen.kill()
            each.popen.wait()


def seen(service: Service) -> tuple[int, int]:
    """Rows of the read model, and different events among them."""
    return tuple(service.run("SELECT count(*), count(DISTINCT (source, partition, position)) FROM read.seen")[0])  # type: ignore[return-value]  # a row of two


def test_a_worker_works_tells_and_ends_quickly(visits: Service, start: Callable[..., Process]) -> None:
    visits.append(300, streams=50)
    worker = start(visits)
    eventually(lambda: seen(visits) == (300, 300))
    eventually(worker.ready)
    eventually(lambda: json.loads(worker.get("/readyz")[1])["lag"] == {"seen@1": 0, "relay": 0})
    metrics = worker.get("/metrics")[1].decode()
    assert 'tungnha_lag_events{subscription="relay"} 0.0' in metrics
    assert 'tungnha_parked_events{subscription="seen@1"} 0.0' in metrics
    assert worker.end() < 5


def test_killed_workers_leave_everything_exact(visits: Service, start: Callable[..., Process]) -> None:
    visits.append(600, partition=0, streams=20)
    visits.append(600, partition=1, streams=20, stream="b")
    for _ in range(3):
        worker = start(visits)
        time.sleep(0.4)
        worker.popen.kill()
        worker.popen.wait()
    start(visits)
    eventually(lambda: seen(visits)[1] == 1200)
    assert seen(visits) == (1200, 1200)


def test_a_stopped_worker_blocks_nobody_and_may_come_back(visits: Service, start: Callable[..., Process]) -> None:
    visits.append(400, streams=20)
    stopped = start(visits)
    eventually(lambda: seen(visits)[0] > 0)
    stopped.popen.send_signal(signal.SIGSTOP)
    other = start(visits)
    visits.append(400, streams=20)
    eventually(lambda: seen(visits)[1] == 800)
    stopped.popen.send_signal(signal.SIGCONT)
    visits.append(100, streams=20)
    eventually(lambda: seen(visits)[1] == 900)
    assert seen(visits) == (900, 900)
    eventually(
        lambda: visits.value("SELECT position FROM bus.cursors WHERE subscription = 'relay' AND partition = 0") == 900
    )
    assert stopped.end() < 5
    assert other.end() < 5


@pytest.fixture
def feed(visits: Service) -> Iterator[str]:
    """The source's feed over HTTP; asks for the token."""
    direct = DirectFeed(visits)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
            if self.headers["Authorization"] != "Bearer token":
                return self.answer(401, {})
            if path == "/v1/events/heads":
                heads = direct.heads()
                return self.answer(200, {"log_id": heads.log_id, "heads": {str(p): n for p, n in heads.heads.items()}})
            page = direct.page(int(query["partition"]), int(query["after"]), int(query["until"]))
            events = [orjson.Fragment(bytes(raw)) for raw in page.events]
            return self.answer(200, {"log_id": page.log_id, "events": events, "next_after": page.next_after, "head": 0})

        def answer(self, status: int, body: dict[str, Any]) -> None:
            payload = orjson.dumps(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_new_consumer_without_any_message_fills_its_mirror_and_reports(
    visits: Service, reporting: Service, feed: str, start: Callable[..., Process]
) -> None:
    visits.append(3000, streams=200)
    visits.append(5, partition=1, stream="b", private=True)
    worker = start(reporting, {"visits": feed})
    eventually(lambda: seen(reporting) == (3000, 3000))
    assert dense(reporting, "visits") == {0: (3000, 3000), 1: (5, 5)}
    eventually(worker.ready)
    assert worker.end() < 5


def test_a_source_that_refuses_or_is_gone_is_named(feed: str) -> None:
    with pytest.raises(FeedError, match="401"):
        Feed(feed, "wrong").heads()
    with pytest.raises(FeedError, match="unreachable"):
        Feed("http://127.0.0.1:9", "token").heads()
    assert Feed(feed, "token").heads().heads == {0: 0, 1: 0}
