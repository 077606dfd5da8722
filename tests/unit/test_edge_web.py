"""What the edge does without a socket: replies, units, memory for bodies, mixins, service classes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from nameko.containers import ServiceContainer
from nameko.exceptions import ConfigurationError

from shared.access import Actor, Verifier
from shared.edge import Call, Reply, answered, require_unit, route
from shared.edge_feed import Feed
from shared.edge_health import Health
from shared.edge_reply import locale_of, problem_reply
from shared.edge_server import provided
from shared.edge_web import Edge
from shared.handler import Answer
from shared.health import HealthServer, Readiness
from shared.log import Outcome
from shared.problems import Problem
from shared.settings import Address

DAY = date(2025, 7, 1)


def test_a_reply_is_rendered() -> None:
    status, headers, payload = Reply(201, {"day": DAY}, {"Location": "/x"}, etag=3).rendered()
    assert (status, payload) == ("201 Created", b'{"day":"2025-07-01"}')
    assert {("ETag", '"3"'), ("Location", "/x"), ("Content-Length", "20")} <= set(headers)
    assert Reply(200, {}, etag=3).rendered('"3"')[0].startswith("304")
    assert Reply(200, {}, etag=4).rendered('"3"')[0].startswith("200")
    assert Reply(204).rendered()[2] == b""


def test_a_problem_is_rendered_in_its_language() -> None:
    _status, headers, _payload = problem_reply(Problem("not-found"), locale_of("en")).rendered()
    assert {("Content-Type", "application/problem+json"), ("Content-Language", "en")} <= set(headers)


@pytest.mark.parametrize(("outcome", "status"), [(Outcome.STORED, 201), (Outcome.REPEATED, 200)])
def test_an_answer_of_the_handler_becomes_a_reply(outcome: Outcome, status: int) -> None:
    reply = answered(Answer(outcome, "s", 4, 2, 4711), id="x")
    assert (reply.status, reply.etag) == (status, 4)
    assert reply.body == {"outcome": outcome.value, "version": 4, "position": "2:4711", "id": "x"}


def test_a_conflict_is_a_problem() -> None:
    with pytest.raises(Problem, match="conflict"):
        answered(Answer(Outcome.CONFLICT, "s", 0, 0, 0))


class Tree:
    """Commune c belongs to province p until the reform, to q from then on."""

    def covers(self, roots: Collection[str], unit_id: str, day: date) -> bool:
        above = {"c", "vn", "q" if day >= DAY else "p"} if unit_id == "c" else set()
        return not above.isdisjoint(roots)

    def exists(self, unit_id: str, day: date) -> bool:
        return unit_id == "c"


@pytest.mark.parametrize(
    ("units", "day", "code"),
    [
        ({"c"}, DAY, None),
        ({"vn"}, DAY, None),
        ({"q"}, DAY, None),
        ({"p"}, DAY, "forbidden-unit"),
        ({"p"}, date(2025, 6, 30), None),
        ({"q"}, date(2025, 6, 30), "forbidden-unit"),
        (set(), DAY, "forbidden-unit"),
    ],
)
def test_units_are_those_of_the_day(units: set[str], day: date, code: str | None) -> None:
    actor = Actor("s", frozenset(), frozenset(units))
    if code is None:
        require_unit(actor, Tree(), "c", day)
    else:
        with pytest.raises(Problem, match=code):
            require_unit(actor, Tree(), "c", day)


def test_a_unit_nobody_knows_is_said_to_be_unknown() -> None:
    with pytest.raises(Problem, match="unknown-unit"):
        require_unit(Actor("s", frozenset(), frozenset({"vn"})), Tree(), "x", DAY)


def test_bodies_share_a_bounded_memory() -> None:
    edge = Edge(Address("127.0.0.1", 0), Verifier("none", "i"), max_body_bytes_in_flight=10)
    edge.reserve({}, 6)
    with pytest.raises(Problem, match="overloaded"):
        edge.reserve({}, 5)
    edge.reserve({}, 4)


def routes(service: type) -> dict[str, Any]:
    container = ServiceContainer(service, {"max_workers": 1})
    for entrypoint in container.entrypoints:
        entrypoint.setup()
    return {f"{entrypoint.method} {entrypoint.url}": entrypoint.scope for entrypoint in container.entrypoints}


def test_mixins_bring_their_routes_with_the_service_s_scopes() -> None:
    class Some(Health, Feed):
        name = "some"

    found = routes(provided(Some, {"publish": lambda event: None}))
    assert found["GET /v1/events"] == found["GET /v1/events/heads"] == "some:feed"
    assert {"GET /healthz", "GET /readyz", "GET /metrics"} <= set(found)


def test_a_route_without_a_scope_does_not_start() -> None:
    with pytest.raises(TypeError, match="scope"):
        route("GET", "/x")  # type: ignore[call-arg]  # the point of the test

    class Careless:
        name = "careless"

        @route("GET", "/x", scope=" ")
        def show(self, call: Call) -> None: ...

    with pytest.raises(ConfigurationError, match="GET /x has no scope"):
        routes(Careless)


def test_functions_are_provided_as_functions() -> None:
    service = provided(type("S", (), {}), {"publish": lambda event: event, "limit": 3})
    assert (service().publish(5), service().limit) == (5, 3)


def test_preparing_too_late_is_refused() -> None:
    code = "import psycopg; from shared.edge_server import prepare; prepare()"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert "prepare() must come before the import of psycopg" in done.stderr


def test_a_worker_answers_probes_without_an_edge() -> None:
    import httpx

    readiness = Readiness()
    readiness.add("good", lambda: None)
    server = HealthServer(Address("127.0.0.1", 0), readiness)
    server.start()
    base = f"http://{server.address}"
    try:
        assert httpx.get(base + "/healthz").json() == {"alive": True}
        assert httpx.get(base + "/readyz").status_code == 200
        readiness.add("bad", lambda: str(1 / 0))
        answer = httpx.get(base + "/readyz")
        assert (answer.status_code, answer.json()["ready"]) == (503, False)
        assert answer.json()["checks"][1] == {"name": "bad", "ok": False, "detail": "ZeroDivisionError"}
        assert "python_info" in httpx.get(base + "/metrics").text
        assert httpx.get(base + "/else").status_code == 404
    finally:
        server.stop()


def test_worker_processes_load_no_eventlet() -> None:
    code = "import sys, shared.health, shared.edge_log, shared.settings; assert 'eventlet' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
