"""Whether a process is alive and ready: one registry of checks, and a small server for processes without an edge.

Needs no eventlet. Service classes get the same three paths from ``shared.edge_health.Health``.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.settings import Address

Check = Callable[[], str | None]
"""None if all is well, else why not, in a few words without personal data."""

FRESH_SECONDS = 1.0


class Readiness:
    """The checks of one process. Answers are reused for a second: probes are public, and checks cost queries."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._facts: dict[str, Callable[[], Any]] = {}
        self._last: tuple[float, bool, list[dict[str, Any]]] | None = None
        self._running = threading.Lock()

    def add(self, name: str, check: Check) -> None:
        self._checks[name] = check
        self._last = None

    def tell(self, name: str, fact: Callable[[], Any]) -> None:
        """Adds a field to what ``/readyz`` answers, for example ``lag``; ``fact`` must be quick and JSON."""
        self._facts[name] = fact

    def facts(self) -> dict[str, Any]:
        return {name: fact() for name, fact in self._facts.items()}

    def report(self) -> tuple[bool, list[dict[str, Any]]]:
        """Whether every check passed, and ``{"name", "ok", "detail"}`` for each."""
        with self._running:
            now = time.monotonic()
            if self._last is None or now - self._last[0] > FRESH_SECONDS:
                checks = [_run(name, check) for name, check in self._checks.items()]
                self._last = (now, all(check["ok"] for check in checks), checks)
            return self._last[1], self._last[2]


def _run(name: str, check: Check) -> dict[str, Any]:
    try:
        detail = check()
    except Exception as error:  # a check that fails is an answer, not a crash
        detail = type(error).__name__
    return {"name": name, "ok": detail is None, "detail": detail or ""}


def answer(readiness: Readiness, path: str) -> tuple[int, str, bytes]:
    """Status, content type and body of ``/healthz``, ``/readyz`` and ``/metrics``; 404 otherwise."""
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST, generate_latest()
    if path == "/healthz":
        return 200, "application/json", b'{"alive":true}'
    if path == "/readyz":
        ready, checks = readiness.report()
        body = json.dumps({"ready": ready, "checks": checks, **readiness.facts()}, ensure_ascii=False)
        return 200 if ready else 503, "application/json", body.encode()
    return 404, "application/json", b"{}"


class HealthServer:
    """The three paths over plain HTTP, in a daemon thread; port 0 takes a free one (see ``address``)."""

    def __init__(self, address: Address, readiness: Readiness) -> None:
        self._server = ThreadingHTTPServer((address.host, address.port), _handler(readiness))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def address(self) -> Address:
        host, port = self._server.server_address[:2]
        return Address(str(host), int(port))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(readiness: Readiness) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            status, content_type, body = answer(readiness, self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            with suppress(ConnectionError):  # a probe that could not wait is not news either
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Probes are not news."""

    return Handler
