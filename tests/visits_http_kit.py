"""Visits as it runs: api and worker processes, HTTP, the broker on both sides; teams is stood in for."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import amqp
import httpx
import orjson

from ops.local import tokens
from ops.local.provision import Database
from ops.local.state import State
from shared import broker, topology
from tests.bus_kit import events_in
from tests.unit_events import established
from tests.waiting import answers, eventually, free_port, local

NATION, PROVINCE, COMMUNE, VILLAGE, ELSEWHERE, FORMER, LATE = (
    "nation",
    "province",
    "commune",
    "village",
    "elsewhere",
    "former",
    "late",
)
CODE = "00097"
"""Of the former village, which the village took over on 1/1/2026."""
TEAM, MEMBER = (str(UUID(int=n, version=4)) for n in (7, 70))
DAY = (date.today() - timedelta(days=3)).isoformat()
SCOPES = "visits:write visits:read visits:admin visits:feed"
UNITS = [
    (NATION, "nation", None),
    (PROVINCE, "province", NATION),
    (ELSEWHERE, "province", NATION),
    (COMMUNE, "commune", PROVINCE),
    (VILLAGE, "village", COMMUNE),
    (FORMER, "village", COMMUNE),
]


@dataclass
class Visits:
    """Both processes of the service, and tokens for it."""

    base: str
    state: State

    def client(self, *units: str, scope: str = SCOPES) -> httpx.Client:
        token = tokens.issue(self.state, "test", scope, units or (NATION,), 600)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        return local(self.base, headers=headers, timeout=30)


def unit_events(log_id: UUID) -> Iterator[dict[str, Any]]:
    facts: list[tuple[str, dict[str, Any]]] = [
        (
            "UnitEstablished",
            {"unit_id": unit, "level": level, "kind": level, "name": unit, "parent_id": parent, "code": None}
            | {"effective": "2025-07-01", "document_id": None, "simulated": True}
            | ({"code": CODE} if unit == FORMER else {}),
        )
        for unit, level, parent in UNITS
    ]
    facts.append(established(LATE, "province", NATION, date(2026, 11, 1)))
    successors = [{"unit_id": VILLAGE, "main": True}]
    seat = {"seat_id": "s", "person_id": MEMBER, "role": "leader", "affiliation": None}
    team = {"team_id": TEAM, "kind": "village", "unit_id": VILLAGE, "name": "Tổ", "pilot": False, "seats": [seat]}
    team |= {"effective": "2025-07-01", "document_id": None, "simulated": True}
    gone = {"unit_id": FORMER, "effective": "2026-01-01", "successors": successors, "successor_unknown": False}
    for position, (name, data) in enumerate([*facts, ("TeamEstablished", team), ("UnitAbolished", gone)], 1):
        yield {
            "specversion": "1.0",
            "id": f"{uuid4()}:1",
            "source": "/tungnha/teams",
            "type": f"{name}.v1",
            "subject": f"team:{TEAM}" if name.startswith("Team") else f"unit:{data['unit_id']}",
            "time": "2026-11-01T00:00:00+00:00",
            "logid": str(log_id),
            "partition": 0,
            "position": str(position),
            "revision": 1,
            "contenthash": "00" * 16,
            "data": data,
        }


@contextmanager
def teams(uri: str) -> Iterator[str]:
    """Stands in for teams: the units over the broker, and the address of a feed that knows the heads."""
    log_id = uuid4()
    events = list(unit_events(log_id))
    heads = orjson.dumps({"log_id": str(log_id), "heads": {"0": len(events)}})

    class Heads(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(heads)))
            self.end_headers()
            self.wfile.write(heads)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    connection = broker.connect(uri)
    publisher = broker.Publisher(connection)
    for event in events:
        publisher.publish(topology.exchange("teams"), "UnitEstablished.v1._._", orjson.dumps(event))
    publisher.flush(5)
    broker.close(connection)
    with ThreadingHTTPServer(("127.0.0.1", 0), Heads) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def running(db: Database, rabbit: Any, state: State, folder: Path, feed: str) -> Iterator[Visits]:
    addresses = {"api": f"127.0.0.1:{free_port()}", "worker": f"127.0.0.1:{free_port()}"}
    environment = {
        **os.environ,
        "TUNGNHA_SERVICE_DATABASE_URL": db.app_url,
        "TUNGNHA_VAULT_DATABASE_URL": db.vault_url,
        "TUNGNHA_SERVICE_AMQP_URI": rabbit.uri("visits"),
        "TUNGNHA_HTTP_ADDRESS": addresses["api"],
        "TUNGNHA_WORKER_ADDRESS": addresses["worker"],
        "TUNGNHA_HASH_KEY": "00" * 32,
        "TUNGNHA_JWKS": str(tokens.jwks(state)),
        "TUNGNHA_ISSUER": tokens.ISSUER,
        "TUNGNHA_FEED_TOKEN": "unused",
        "TUNGNHA_SOURCES": orjson.dumps({"teams": feed}).decode(),
    }
    processes = []
    for kind in addresses:
        with (folder / f"{kind}.log").open("wb") as output:
            command = [sys.executable, "-W", "ignore", "-m", "services.visits", kind]
            processes.append(subprocess.Popen(command, env=environment, stdout=output, stderr=output))
    try:
        base = f"http://{addresses['api']}"
        eventually(lambda: answers(f"{base}/readyz") and answers(f"http://{addresses['worker']}/healthz"))
        service = Visits(base, state)
        with service.client() as client:
            # The units have arrived once the last of them is refused for its day, not for its unit.
            gone = {"unit": FORMER, "as_of": DAY}
            eventually(lambda: client.get("/v1/households", params=gone).json().get("code") == "unit-not-on-day")
            # … and the team once nobody doubts it, and whoever did has been answered.
            doubted: list[str] = []

            def known() -> bool:
                row = visit()
                doubted.append(row["visit_id"])
                return bool(client.post("/v1/visits", json=row).json()["outcome"] == "stored")

            def settled(visit_id: str) -> bool:
                return all(each["state"] != "open" for each in client.get(f"/v1/visits/{visit_id}").json()["flags"])

            eventually(known)
            eventually(lambda: all(map(settled, doubted)))
        yield service
    finally:
        for process in processes:
            process.terminate()
        codes = [process.wait(15) for process in processes]
    assert codes == [0, 0], [(folder / f"{kind}.log").read_text()[-3000:] for kind in addresses]


def visit(**other: Any) -> dict[str, Any]:
    row = {
        "visit_id": str(uuid4()),
        "place_id": str(uuid4()),
        "place_kind": "household",
        "unit_id": VILLAGE,
        "day": DAY,
        "team_id": TEAM,
        "member_ids": [MEMBER],
        "learners": [{"ref": "p1", "age_band": "60_plus", "skills": [{"skill": "public_services", "level": "does"}]}],
    }
    return row | other


def at_reporting(rabbit: Any, type_: str) -> tuple[str, dict[str, Any]] | None:
    """An event of this type from reporting's queue; nothing that lies there is personal."""
    connection = broker.connect(rabbit.uri("reporting"))
    channel: amqp.Channel = connection.channel()
    found = None
    while message := channel.basic_get(topology.queue("reporting"), no_ack=True):
        body = message.body if isinstance(message.body, str) else message.body.decode()
        assert not any(word in body for word in ("gặp lại", "ngõ", "sealed", "p1", "note", "address"))
        for event in events_in(body):
            if event["type"] == type_:
                found = message.delivery_info["routing_key"], event
    broker.close(connection)
    return found
