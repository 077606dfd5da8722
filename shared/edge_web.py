"""The web server under the routes: nameko's, with limits, problems instead of HTML, and a graceful end.

The listener shares its port (SO_REUSEPORT), so that several api processes serve one address.
"""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import eventlet
import structlog
from eventlet import wsgi
from nameko.web.server import HttpOnlyProtocol, WebServer
from prometheus_client import Counter, Gauge, Histogram
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map
from werkzeug.routing.exceptions import RoutingException

from shared.access import Verifier
from shared.edge_admission import Lane, overloaded
from shared.edge_body import Environ
from shared.edge_log import places
from shared.edge_reply import OpenEnd, Rendered, Reply, locale_of, problem_reply
from shared.edge_turnstile import Turnstile
from shared.edge_upload import Upload
from shared.problems import Problem
from shared.settings import Address

EDGE = "edge"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SMALL_REST = 65_536
LINGER_SECONDS = 2.0
LINGER_BYTES = 64_000_000
GOODBYE_SECONDS = 1.0
"""For answers that stay open to come to their end."""

REQUESTS = Counter("tungnha_http_requests", "Answered requests", ["method", "route", "status"])
SECONDS = Histogram("tungnha_http_request_seconds", "Time to answer, body included", ["method", "route"])
IN_FLIGHT = Gauge("tungnha_http_in_flight", "Requests being answered")
OPEN_ENDS = Gauge("tungnha_http_open_streams", "Answers that stay open")
log = structlog.get_logger("access")


@dataclass
class Edge:
    """What one api process serves with, and what it is busy with. nameko's config carries it under ``edge``."""

    address: Address
    verifier: Verifier
    max_in_flight: int = 1_024
    lanes: Mapping[str, Lane] = field(default_factory=dict)
    max_body_bytes_in_flight: int = 64_000_000
    body_seconds: float = 30.0
    idle_seconds: float = 75.0
    drain_seconds: float = 8.0
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    in_flight: int = 0
    open_ends: set[OpenEnd] = field(default_factory=set)
    body_bytes: int = 0
    draining: bool = False

    def reserve(self, environ: Environ, size: int) -> None:
        """Room for a body in memory, until the request is answered."""
        if self.body_bytes + size > self.max_body_bytes_in_flight:
            raise overloaded()
        self.body_bytes += size
        environ["tungnha.reserved"] = environ.get("tungnha.reserved", 0) + size


class EdgeProtocol(HttpOnlyProtocol):  # type: ignore[misc]  # nameko has no types
    """One connection. ``linger`` lets a client that is still sending read the answer before we close."""

    linger = False

    def handle_one_request(self) -> None:
        self.environ: Environ | None = None
        super().handle_one_request()
        if self.raw_requestline and self.environ is None:
            self.linger = True  # refused before it was read

    def _read_request_line(self) -> bytes:
        line: bytes = super()._read_request_line()
        while line and (refusal := self.server.app.turnstile.refusal(line, self.rfile)) is not None:
            self.wfile.write(refusal)
            self.wfile.flush()
            line = super()._read_request_line()
        return line

    def get_environ(self) -> Environ:
        environ: Environ = super().get_environ()
        environ["tungnha.connection"] = self
        return environ

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is not even HTTP: answered by the standard library, in our form."""
        self.close_connection = True
        payload = problem_reply(Problem("bad-request"), "vi").rendered()[2]
        assert isinstance(payload, bytes)
        head = f"HTTP/1.1 {code} Bad Request\r\nContent-Type: application/problem+json\r\n"
        self.wfile.write(f"{head}Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n".encode() + payload)
        self.wfile.flush()

    def finish(self) -> None:
        if self.linger:
            self._read_rest()
        super().finish()

    def _read_rest(self) -> None:
        """Closing with unread input resets the connection and takes the answer with it."""
        with eventlet.Timeout(LINGER_SECONDS, False):
            try:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_WR)
                left = LINGER_BYTES
                while left > 0 and (data := self.connection.recv(SMALL_REST)):
                    left -= len(data)
            except OSError:
                pass


class EdgeServer(WebServer):  # type: ignore[misc]  # nameko has no types
    """Accepts until told to stop; then finishes what is in flight and closes what is idle."""

    edge: Edge

    def __init__(self) -> None:
        super().__init__()
        self._starting: bool = False
        self._is_accepting: bool = True
        self._open: dict[int, list[Any]] = {}

    def start(self) -> None:
        if self._starting:
            return
        self._starting = True
        self.edge = self.container.config[EDGE]
        host, port = self.edge.address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._sock = eventlet.listen((host, port), family, backlog=1024, reuse_port=port != 0)
        self._sock.settimeout(None)
        self._serv = self.get_wsgi_server(self._sock, EdgeApp(self))
        self._gt = self.container.spawn_managed_thread(self.run)

    def get_wsgi_server(self, sock: Any, wsgi_app: Any, protocol: Any = EdgeProtocol, debug: bool = False) -> Any:
        return wsgi.Server(
            sock,
            sock.getsockname(),
            wsgi_app,
            protocol=protocol,
            debug=debug,
            log_output=False,
            keepalive=self.edge.idle_seconds,
            socket_timeout=self.edge.body_seconds,
        )

    def run(self) -> None:
        """Accepts for ever: an error here would end nameko's container, so a full file table only slows us down."""
        while self._is_accepting:
            try:
                sock, address = self._sock.accept()
                sock.settimeout(self._serv.socket_timeout)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                eventlet.sleep(0.05)
                continue
            self.container.spawn_managed_thread(lambda s=sock, a=address: self.process_request(s, a))

    def process_request(self, sock: Any, address: Any) -> None:
        """One connection to its end. Whatever a client does to it must not end the container."""
        connection = [address, sock, wsgi.STATE_IDLE]
        self._open[id(connection)] = connection
        try:
            self._serv.process_request(connection)
        except Exception as error:  # see above
            log.warning("connection failed", **places(error))
        finally:
            self._open.pop(id(connection), None)
            sock.close()

    def stop_accepting(self) -> None:
        """No new connections; the other processes on this port get them. Open ones close after their answer."""
        if not self._is_accepting:
            return
        self._is_accepting = False
        if self._gt is not None:
            self.edge.draining = True
            self._gt.kill()
            self._sock.close()
            for each in list(self.edge.open_ends):
                each.end()

    def stop(self) -> None:
        self.stop_accepting()
        if self._starting:
            began = time.monotonic()
            while self.edge.in_flight and time.monotonic() < began + self.edge.drain_seconds:
                eventlet.sleep(0.01)
            while self.edge.open_ends and time.monotonic() < began + GOODBYE_SECONDS:
                eventlet.sleep(0.01)
        for _address, sock, _state in list(self._open.values()):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        eventlet.sleep(0)
        self.wait_for_providers()

    def make_url_map(self) -> Map:
        """No redirects: an address is right or it is not."""
        rules = []
        for provider in self._providers:
            rule = provider.get_url_rule()
            rule.endpoint = provider
            rules.append(rule)
        return Map(rules, strict_slashes=True, merge_slashes=False, redirect_defaults=False)

    def for_people(self) -> Callable[[Problem, Environ], Reply] | None:
        """How people are told of a problem, where there are pages."""
        return next((route.told for route in self._providers if route.for_people), None)

    def laned(self) -> list[Any]:
        """Routes whose requests are admitted by what their headers say; files are so piece by piece."""
        return [route for route in self._providers if not isinstance(route.body, Upload)]


class EdgeApp:
    """The WSGI application: match, admit, answer, count. Every outcome is JSON, or a page for people."""

    def __init__(self, server: EdgeServer) -> None:
        self._edge = server.edge
        self._map = server.make_url_map().bind("")
        self._for_people = server.for_people()
        self.turnstile = Turnstile(server.laned(), self._edge.lanes, self._edge.verifier, REQUESTS, longest=SMALL_REST)
        IN_FLIGHT.set_function(lambda: self._edge.in_flight)
        OPEN_ENDS.set_function(lambda: len(self._edge.open_ends))

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = time.perf_counter()
        self._edge.in_flight += 1
        status, headers, payload = self._answer(environ)
        self._settle_connection(environ)
        start_response(status, headers)
        if isinstance(payload, OpenEnd):
            return self._kept_open(payload, environ, status, started)
        if not isinstance(payload, bytes):
            return _Stream(payload, environ, lambda size: self._done(environ, status, size, started))
        body = _Body([] if environ["REQUEST_METHOD"] == "HEAD" or not payload else [payload])
        body.then = lambda: self._done(environ, status, len(payload), started)
        return body

    def _kept_open(self, payload: OpenEnd, environ: Environ, status: str, started: float) -> _Stream:
        """Sent piece by piece, as small as they are. It may take minutes, so it is in flight no longer."""
        environ["eventlet.minimum_write_chunk_size"] = 1
        self._edge.in_flight -= 1
        self._edge.open_ends.add(payload)
        if self._edge.draining:
            payload.end()

        def then(size: int) -> None:
            self._edge.open_ends.discard(payload)
            self._recorded(environ, status, size, started)

        return _Stream(payload, environ, then)

    def _answer(self, environ: Environ) -> Rendered:
        try:
            return self._routed(environ).rendered(environ.get("HTTP_IF_NONE_MATCH"))
        except Problem as problem:
            found = problem
        except Exception as error:  # the last line of defence: an incident number, and nothing else
            incident = uuid.uuid4().hex[:12]
            log.error("internal error", incident=incident, route=environ.get("tungnha.route", ""), **places(error))
            found = Problem("internal", incident=incident)
        tell = environ.get("tungnha.told", _told)
        rendered: Rendered = tell(found, environ).rendered()
        return rendered

    def _routed(self, environ: Environ) -> Reply:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        if "\0" in path or "%00" in environ.get("QUERY_STRING", ""):
            raise Problem("forbidden-character", where="path" if "\0" in path else "query")
        self._check_framing(environ)
        try:
            route, values = self._map.match(path, method=method)
        except MethodNotAllowed as error:
            allowed = ", ".join(sorted({*(error.valid_methods or ()), "OPTIONS"}))
            if method == "OPTIONS":
                return Reply(204, headers={"Allow": allowed})
            raise Problem("method-not-allowed", headers={"Allow": allowed}, allowed=allowed) from None
        except (NotFound, RoutingException):
            if self._for_people and "text/html" in environ.get("HTTP_ACCEPT", ""):
                environ["tungnha.told"] = self._for_people  # somebody went to an address that is none
            raise Problem("not-found", where="path") from None
        environ["tungnha.route"], environ["tungnha.told"] = route.url, route.told
        if self._edge.in_flight > self._edge.max_in_flight and not route.probe:
            raise overloaded()
        answer: Reply = route.answer(environ, values)
        return answer

    @staticmethod
    def _check_framing(environ: Environ) -> None:
        """Where a body ends must be beyond doubt, or the rest of it would be read as the next request."""
        transfer = environ.get("HTTP_TRANSFER_ENCODING", "chunked").lower()
        length = environ.get("CONTENT_LENGTH", "0")
        if transfer != "chunked" or not (length.isascii() and length.isdigit()):
            _close_after(environ)
            raise Problem("bad-request")

    def _settle_connection(self, environ: Environ) -> None:
        """An unread body is read over if it is small, else the connection ends with this answer."""
        stream = environ["eventlet.input"]
        rest = (stream.content_length or 0) - stream.position if not stream.chunked_input else 0
        if rest > SMALL_REST or (stream.chunked_input and stream.chunk_length != 0):
            _close_after(environ)
        elif self._edge.draining:
            environ["tungnha.connection"].close_connection = True

    def _done(self, environ: Environ, status: str, size: int, started: float) -> None:
        self._edge.in_flight -= 1
        self._recorded(environ, status, size, started)

    def _recorded(self, environ: Environ, status: str, size: int, started: float) -> None:
        self._edge.body_bytes -= environ.get("tungnha.reserved", 0)
        seconds = time.perf_counter() - started
        method, route = environ["REQUEST_METHOD"], environ.get("tungnha.route", "unmatched")
        method = method if method in METHODS else "OTHER"
        REQUESTS.labels(method, route, status[:3]).inc()
        SECONDS.labels(method, route).observe(seconds)
        log.info(
            "request",
            method=method,
            route=route,
            status=int(status[:3]),
            ms=round(seconds * 1000, 1),
            sub=environ.get("tungnha.sub", ""),
            bytes_in=environ["eventlet.input"].position,
            bytes_out=size,
        )


class _Body(list[bytes]):
    """A payload that says when it has been written."""

    then: Callable[[], None]

    def close(self) -> None:
        self.then()


class _Stream:
    """A payload sent as it is made. A fault on the way breaks the connection, so that nobody takes a part for all."""

    def __init__(self, pieces: Iterator[bytes], environ: Environ, then: Callable[[int], None]) -> None:
        self._pieces, self._environ, self._then, self._size = pieces, environ, then, 0

    def __iter__(self) -> Iterator[bytes]:
        try:
            if self._environ["REQUEST_METHOD"] != "HEAD":
                for piece in self._pieces:
                    self._size += len(piece)
                    yield piece
        except Exception as error:
            log.error("answer broken off", route=self._environ.get("tungnha.route", ""), **places(error))
            raise ConnectionAbortedError from None  # its message would be logged: this one quotes nothing

    def close(self) -> None:
        if isinstance(self._pieces, Generator | OpenEnd):
            self._pieces.close()
        self._then(self._size)


def _told(problem: Problem, environ: Environ) -> Reply:
    return problem_reply(problem, locale_of(environ.get("HTTP_ACCEPT_LANGUAGE", "")))


def _close_after(environ: Environ) -> None:
    connection = environ["tungnha.connection"]
    connection.close_connection = connection.linger = True
