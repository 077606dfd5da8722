"""The pipeline as nameko's documentation leads to it: HTTP → RPC → commit → dispatch → handler, one commit each.

    BENCH_DATABASE_URL=… BENCH_AMQP_URI=… python -m bench.baselines.naive_nameko gateway|visits|reporting ADDRESS

An event is dispatched after the commit, so a crash between the two loses it; a message that comes twice counts twice.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import eventlet

eventlet.monkey_patch()
os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"  # psycopg's own loop would block eventlet's hub

import orjson  # noqa: E402  # after patching
from nameko.events import EventDispatcher, event_handler  # noqa: E402
from nameko.rpc import RpcProxy, rpc  # noqa: E402
from nameko.runners import ServiceRunner  # noqa: E402
from nameko.web.handlers import http  # noqa: E402
from sqlalchemy import create_engine, text  # noqa: E402

_INSERT = text(
    "INSERT INTO visits VALUES (cast(:visit_id AS uuid), :unit_id, cast(:day AS date), cast(:content AS jsonb))"
)
_COUNT = text(
    """INSERT INTO figures VALUES (:unit_id, cast(:day AS date), 1)
       ON CONFLICT (unit_id, day) DO UPDATE SET visits = figures.visits + 1"""
)
_engine = create_engine(
    os.environ.get("BENCH_DATABASE_URL", "postgresql://").replace("postgresql://", "postgresql+psycopg://", 1),
    pool_size=20,
)


class Gateway:
    name = "naive_gateway"
    visits = RpcProxy("naive_visits")

    @http("GET", "/healthz")  # type: ignore[untyped-decorator]  # nameko has no types
    def healthz(self, request: Any) -> str:
        return "ok"

    @http("POST", "/v1/visits")  # type: ignore[untyped-decorator]  # nameko has no types
    def record(self, request: Any) -> tuple[int, str]:
        visit = orjson.loads(request.get_data())
        return 201, orjson.dumps(self.visits.record(visit)).decode()


class Visits:
    name = "naive_visits"
    dispatch = EventDispatcher()

    @rpc  # type: ignore[untyped-decorator]  # nameko has no types
    def record(self, visit: dict[str, Any]) -> dict[str, str]:
        row = {name: visit[name] for name in ("visit_id", "unit_id", "day")}
        with _engine.begin() as tx:
            tx.execute(_INSERT, row | {"content": orjson.dumps(visit).decode()})
        self.dispatch("visit_recorded", visit)
        return {"outcome": "stored", "visit_id": visit["visit_id"]}


class Reporting:
    name = "naive_reporting"

    @event_handler("naive_visits", "visit_recorded")  # type: ignore[untyped-decorator]  # nameko has no types
    def count(self, visit: dict[str, Any]) -> None:
        with _engine.begin() as tx:
            tx.execute(_COUNT, {"unit_id": visit["unit_id"], "day": visit["day"]})


def main(what: str, address: str) -> None:
    service = {"gateway": Gateway, "visits": Visits, "reporting": Reporting}[what]
    config = {"AMQP_URI": os.environ["BENCH_AMQP_URI"], "WEB_SERVER_ADDRESS": address, "max_workers": 40}
    runner = ServiceRunner(config)
    runner.add_service(service)
    runner.start()
    runner.wait()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
