"""The HTTP edge: one decorator that authenticates, checks, loads, answers and measures.

    class Visits(Health, Feed):                               # mixins: shared.edge_health, shared.edge_feed
        name = "visits"                                       # scopes may say "{service}:read"
        handler: Handler                                      # run_api(Visits, settings, provide={"handler": …})

        @route("POST", "/v1/visits", scope="visits:write", body=RecordVisitSchema)
        def record(self, call: Call) -> Reply:
            require_unit(call.actor, self.units(), call.body.unit_id, call.body.day)
            return answered(self.handler.handle(call.envelope(call.body)))   # 201; 200 for a repeat; ETag = version

        @route("POST", "/v1/visits/batch", scope="visits:write", body=Rows(RecordVisitSchema))
        def record_many(self, call: Call) -> Reply:
            rows: list[Row] = call.body                       # good rows have .loaded, bad ones .problem
            …                                                 # see shared.edge_batch.batch_reply

        @route("GET", "/v1/visits/<uuid:visit_id>", scope="visits:read", query=WindowSchema)
        def show(self, call: Call) -> Reply | dict:           # call.path["visit_id"], call.query["from"]
            return Reply(200, {…}, etag=version)              # 304 to a client that has it

Anything below may raise ``Problem`` or ``Rejected``. ``scope`` has no default, so no route is open by omission;
``PUBLIC`` opens one by name. ``body=Raw`` hands over parsed JSON, ``body=Upload("csv")`` a file piece by piece
(``shared.edge_upload``); a ``Reply`` may carry an iterator of bytes, which is sent as it comes, or stay open
(``shared.edge_stream``). Entry modules call
``shared.edge_server.prepare()`` before any other import.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any, Protocol
from urllib.parse import parse_qs

import eventlet
from eventlet.event import Event
from marshmallow import Schema, ValidationError, fields
from nameko.exceptions import ConfigurationError
from nameko.web.handlers import HttpRequestHandler
from sqlalchemy.exc import SQLAlchemyError
from uuid_utils.compat import uuid7

from shared import edge_body
from shared.access import Actor, BadToken, NoKeys
from shared.db import unreachable
from shared.decider import Rejected
from shared.edge_admission import cost, overloaded
from shared.edge_batch import Row, Rows
from shared.edge_body import Environ
from shared.edge_reply import Reply, locale_of, problem_reply, reply_of
from shared.edge_upload import PIECE, Upload
from shared.edge_web import EDGE, EdgeServer
from shared.handler import Answer, Busy, Envelope
from shared.log import LogUnavailable, Outcome, Unstorable
from shared.problems import Problem, from_rejected, from_validation, pointer
from shared.writer import Overloaded

__all__ = ["PROBE", "PUBLIC", "Call", "Raw", "Reply", "Row", "Rows", "Upload", "answered", "require_unit", "route"]

MEDIA_TYPE = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;\s*charset=\"?utf-8\"?\s*)?", re.IGNORECASE)
VERSION_TAG = re.compile(r'"(\d{1,18})"')
UUID_TEXT = re.compile(r'"?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"?')


class _Public:
    """A scope that asks for no token."""


PUBLIC = _Public()
PROBE = _Public()
"""Public, and answered even when the process is too busy for anything else: health and metrics."""


class Raw:
    """``body=Raw``: the parsed JSON as it is, checked for depth and forbidden characters only."""


MOST_QUERIES = 1_000
"""Remembered of a route whose schema of the query says ``remembered = True``: what it loads follows from the text
alone, and nobody changes it."""

BodyKind = type[Schema] | Schema | Rows | Upload | type[Raw] | None
NOBODY = Actor("", frozenset(), frozenset())


@dataclass(slots=True)
class Call:
    """One request, checked. ``body`` and ``query`` are what the route's schemas loaded; ``if_match`` is a version."""

    actor: Actor
    path: dict[str, Any]
    query: Any
    body: Any
    locale: str
    idempotency_key: uuid.UUID | None
    if_match: int | None
    now: datetime
    last_event_id: str = ""
    """What a client that follows a stream had last (``shared.edge_stream``)."""
    anew: bool = False
    """Nothing read for an earlier request may answer this one (``Cache-Control: no-cache``, RFC 9111 5.2.1.4)."""

    def envelope(self, command: Any, command_id: uuid.UUID | None = None) -> Envelope:
        """The command with its id (given, else the Idempotency-Key, else new), its sender and its time."""
        identity = command_id or self.idempotency_key or uuid7()
        return Envelope(identity, command, self.actor.sub, self.now, self.if_match)


class Route(HttpRequestHandler):  # type: ignore[misc]  # nameko has no types
    """nameko's HTTP entrypoint with everything that comes before and after the method."""

    server = EdgeServer()
    media, expected = MEDIA_TYPE, "application/json"
    for_people = False

    def __init__(
        self,
        method: str,
        rule: str,
        *,
        scope: str | _Public,
        body: BodyKind,
        query: Any,
        max_bytes: int,
        lane: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(method, rule, **kwargs)
        self.scope, self.max_bytes, self.lane = scope, max_bytes, lane
        self.body, self.query = _instance(body), _instance(query)
        remembered = getattr(self.query, "remembered", False)
        self._query_of = lru_cache(MOST_QUERIES)(self._loaded_query) if remembered else self._loaded_query
        self.probe = scope is PROBE

    def setup(self) -> None:
        if not isinstance(self.scope, _Public):
            if not isinstance(self.scope, str) or not self.scope.strip():
                raise ConfigurationError(f"route {self.method} {self.url} has no scope")
            self.scope = self.scope.format(service=self.container.service_name)
        if self.lane and self.lane not in self.container.config[EDGE].lanes:
            raise ConfigurationError(f"route {self.method} {self.url} is in an unknown lane")
        super().setup()

    def stop(self) -> None:
        self.server.stop_accepting()
        super().stop()

    def answer(self, environ: Environ, path: dict[str, Any]) -> Reply:
        """The reply, or ``Problem``."""
        actor = self._authorised(environ)
        environ["tungnha.sub"] = actor.sub
        call = Call(
            actor,
            path,
            self._query(environ),
            None,
            self.locale(environ),
            _idempotency_key(environ),
            _if_match(environ),
            self.server.edge.clock(),
            environ.get("HTTP_LAST_EVENT_ID", ""),
            "no-cache" in environ.get("HTTP_CACHE_CONTROL", "").lower(),
        )
        lane = self.server.edge.lanes[self.lane] if self.lane else None
        if isinstance(self.body, Upload):
            with lane.admitted(actor.sub, cost(0)) if lane else nullcontext():
                self.server.edge.reserve(environ, 8 * PIECE)
                call.body = self.body.open(environ)
                return self._result(call)
        if lane:
            lane.knock(actor.sub, cost(edge_body.likely_size(environ, self.max_bytes)))
        # Phones on a bad line take their time to send: those are not at work yet.
        raw = b"" if self.body is None else self._read(environ)
        with lane.admitted(actor.sub, cost(len(raw))) if lane else nullcontext():
            call.body = self._loaded(raw)
            return self._result(call)

    def locale(self, environ: Environ) -> str:
        return locale_of(environ.get("HTTP_ACCEPT_LANGUAGE", ""))

    def told(self, problem: Problem, environ: Environ) -> Reply:
        """What the client reads instead of an answer."""
        return problem_reply(problem, self.locale(environ))

    def _result(self, call: Call) -> Reply:
        try:
            return reply_of(self._work(call))
        except (Rejected, Busy, Overloaded, LogUnavailable, Unstorable, SQLAlchemyError) as error:
            raise problem_of(error) from None

    def _work(self, call: Call) -> Any:
        """The method, in a worker of nameko's container."""
        done = Event()
        self.container.spawn_worker(self, (call,), {}, handle_result=partial(self.handle_result, done))
        return done.wait()

    def _authorised(self, environ: Environ) -> Actor:
        if isinstance(self.scope, _Public):
            return NOBODY
        kind, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        challenge = 'Bearer realm="tungnha"'
        if kind.lower() != "bearer" or not token:
            raise Problem("unauthenticated", "/Authorization", where="header", headers={"WWW-Authenticate": challenge})
        try:
            actor = self.server.edge.verifier.verify(token.strip())
        except BadToken:
            headers = {"WWW-Authenticate": challenge + ', error="invalid_token"'}
            raise Problem("unauthenticated", "/Authorization", where="header", headers=headers) from None
        except NoKeys:
            raise Problem("not-ready", headers={"Retry-After": "5"}, reason="jwks") from None
        if self.scope not in actor.scopes:
            headers = {"WWW-Authenticate": f'{challenge}, error="insufficient_scope", scope="{self.scope}"'}
            raise Problem("forbidden-scope", "/Authorization", where="header", headers=headers, scope=self.scope)
        return actor

    def _query(self, environ: Environ) -> Any:
        return self._query_of(environ.get("QUERY_STRING", ""))

    def _loaded_query(self, text: str) -> Any:
        try:
            given = parse_qs(text, keep_blank_values=True, errors="replace", max_num_fields=100)
        except ValueError:
            raise Problem("bad-request", where="query") from None
        if self.query is None:
            if given:
                raise Problem("unknown-field", pointer(next(iter(given))), where="query")
            return {}
        lists = {f.data_key or name for name, f in self.query.fields.items() if isinstance(f, fields.List)}
        plain = {name: values if name in lists or len(values) > 1 else values[0] for name, values in given.items()}
        try:
            return self.query.load(plain)
        except ValidationError as error:
            raise from_validation(error, where="query") from None

    def _read(self, environ: Environ) -> bytes:
        """The body unpacked, within the limits of time and memory."""
        if not self.media.fullmatch(environ.get("CONTENT_TYPE") or ""):
            raise Problem("unsupported-media-type", expected=self.expected)
        edge, expected = self.server.edge, edge_body.likely_size(environ, self.max_bytes)
        edge.reserve(environ, expected)
        with eventlet.Timeout(edge.body_seconds, Problem("timeout")):
            raw = edge_body.read(environ, self.max_bytes)
        edge.reserve(environ, max(0, len(raw) - expected))
        return raw

    def _loaded(self, raw: bytes) -> Any:
        if self.body is None:
            return None
        if isinstance(self.body, Rows):
            return self.body.load(raw)
        parsed = edge_body.parse(raw)
        if self.body is Raw:
            return parsed
        try:
            return self.body.load(parsed)
        except ValidationError as error:
            raise from_validation(error) from None


def route(
    method: str,
    rule: str,
    *,
    scope: str | _Public,
    body: BodyKind = None,
    query: type[Schema] | Schema | None = None,
    max_bytes: int = edge_body.MAX_BYTES,
    lane: str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declares ``method(self, call) -> Reply | JSON | None`` as the answer to ``method rule``, given ``scope``.

    ``lane``: the class of requests that it belongs to under pressure (``shared.edge_admission``), one that ``run_api``
    was given.
    """
    decorator: Callable[[Callable[..., Any]], Callable[..., Any]] = Route.decorator(
        method, rule, scope=scope, body=body, query=query, max_bytes=max_bytes, lane=lane
    )
    return decorator


def problem_of(error: Exception) -> Problem:
    """What the kernel's refusals mean to a client. After 503 the same command may safely be sent again."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Rejected):
        return from_rejected(error)
    if isinstance(error, Busy | Overloaded):
        return overloaded()
    if isinstance(error, LogUnavailable):
        return Problem("not-ready", headers={"Retry-After": "2"}, reason="log")
    if isinstance(error, SQLAlchemyError) and unreachable(error):
        return Problem("not-ready", headers={"Retry-After": "2"}, reason="database")
    if isinstance(error, Unstorable):
        return from_rejected(Rejected("unstorable"))
    raise error


def answered(answer: Answer, **body: Any) -> Reply:
    """The reply to one handled command: 201 stored, 200 repeated; ``body`` adds members. 409 for a conflict, with the
    version and position of what has the id.
    """
    if answer.outcome is Outcome.CONFLICT:
        raise Problem("conflict", extra=answer.place)
    document = {"outcome": answer.outcome.value, **answer.place, **body}
    return Reply(201 if answer.outcome is Outcome.STORED else 200, document, etag=answer.version)


class UnitTree(Protocol):
    """What authorisation needs of the administrative units (``shared.units``)."""

    def covers(self, roots: Collection[str], unit_id: str, day: date) -> bool:
        """Is one of ``roots`` the unit or above it on that day (or where a former unit's facts stand then)?"""
        ...

    def exists(self, unit_id: str, day: date) -> bool: ...


def require_unit(actor: Actor, tree: UnitTree, unit_id: str, day: date, at: str = "/unit_id") -> None:
    """Passes if the actor holds the unit, or an ancestor of it **on the day of the fact**."""
    if not tree.covers(actor.units, unit_id, day):
        known = tree.exists(unit_id, day)
        raise Problem("forbidden-unit" if known else "unknown-unit", at, day=day.isoformat())


def _instance(kind: Any) -> Any:
    return kind() if isinstance(kind, type) and issubclass(kind, Schema) else kind


def _idempotency_key(environ: Environ) -> uuid.UUID | None:
    text = environ.get("HTTP_IDEMPOTENCY_KEY")
    if text is None:
        return None
    if match := UUID_TEXT.fullmatch(text.strip()):
        return uuid.UUID(match[1])
    raise Problem("malformed-header", "/Idempotency-Key", where="header", name="Idempotency-Key", expected="UUID")


def _if_match(environ: Environ) -> int | None:
    text = environ.get("HTTP_IF_MATCH", "*").strip()
    if text == "*":
        return None
    if match := VERSION_TAG.fullmatch(text):
        return int(match[1])
    raise Problem("malformed-header", "/If-Match", where="header", name="If-Match", expected='"<version>"')
