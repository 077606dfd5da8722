"""Training as it runs: api and worker processes, HTTP, the broker on both sides."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import amqp
import httpx
import orjson
import pytest

from ops.local import tokens
from ops.local.provision import Database
from ops.local.state import State
from shared import broker, topology
from tests.bus_kit import events_in
from tests.waiting import answers, eventually, free_port, local

NATION, PROVINCE, COMMUNE, ELSEWHERE = "nation", "province", "commune", "elsewhere"
DAY = "2026-11-20"
SCOPES = "training:write training:read training:admin training:feed"


@dataclass
class Training:
    """Both processes of the service, and tokens for it."""

    base: str
    state: State

    def client(self, *units: str, scope: str = SCOPES) -> httpx.Client:
        token = tokens.issue(self.state, "test", scope, units, 600)
        return local(self.base, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def session(self) -> str:
        """A course and a session of it with one morning and one afternoon."""
        with self.client(NATION) as client:
            course = client.post("/v1/courses", json={"title": "Kỹ năng số", "topics": ["public_services"]})
            assert course.status_code == 201, course.text
            parts = [{"day": DAY, "part": "morning"}, {"day": DAY, "part": "afternoon"}]
            body = {"course_id": course.json()["course_id"], "unit_id": COMMUNE, "organiser": "firm", "parts": parts}
            scheduled = client.post("/v1/sessions", json=body)
            assert scheduled.status_code == 201, scheduled.text
            return str(scheduled.json()["session_id"])


UNITS = [(NATION, "nation", None), (PROVINCE, "province", NATION), (COMMUNE, "commune", PROVINCE)]
UNITS += [(ELSEWHERE, "province", NATION)]


def unit_event(unit: str, level: str, parent: str | None) -> dict[str, Any]:
    data = {"unit_id": unit, "level": level, "kind": level, "name": unit, "parent_id": parent, "code": None}
    return {
        "type": "UnitEstablished.v1",
        "subject": f"unit:{unit}",
        "data": data | {"effective": "2025-07-01", "document_id": None, "simulated": True},
    }


def as_told(log_id: UUID, position: int, about: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{uuid4()}:1",
        "source": "/tungnha/teams",
        "time": "2026-11-01T00:00:00+00:00",
        "logid": str(log_id),
        "partition": 0,
        "position": str(position),
        "revision": 1,
        "contenthash": "00" * 16,
        **about,
    }


@contextmanager
def teams(uri: str, *more: dict[str, Any]) -> Iterator[str]:
    """Stands in for teams: four units and more over the broker, and the address of a feed that knows the heads."""
    log_id, events = uuid4(), [*(unit_event(*unit) for unit in UNITS), *more]
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
    for position, about in enumerate(events, 1):
        event = as_told(log_id, position, about)
        publisher.publish(topology.exchange("teams"), f"{about['type']}._._", orjson.dumps(event))
    publisher.flush(5)
    broker.close(connection)
    with ThreadingHTTPServer(("127.0.0.1", 0), Heads) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def training(
    module_database: Callable[..., Database],
    rabbit: Any,
    stack_state: State,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Training]:
    """One stack for all tests here: each works with courses, sessions and people of its own."""
    db = module_database("training")
    rabbit.purge()
    with teams(rabbit.uri("teams")) as feed:
        yield from running(db, rabbit, stack_state, tmp_path_factory.mktemp("training"), feed)


def running(db: Database, rabbit: Any, state: State, folder: Path, feed: str) -> Iterator[Training]:
    addresses = {"api": f"127.0.0.1:{free_port()}", "worker": f"127.0.0.1:{free_port()}"}
    environment = {
        **os.environ,
        "TUNGNHA_SERVICE_DATABASE_URL": db.app_url,
        "TUNGNHA_VAULT_DATABASE_URL": db.vault_url,
        "TUNGNHA_SERVICE_AMQP_URI": rabbit.uri("training"),
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
            command = [sys.executable, "-W", "ignore", "-m", "services.training", kind]
            processes.append(subprocess.Popen(command, env=environment, stdout=output, stderr=output))
    try:
        base = f"http://{addresses['api']}"
        eventually(lambda: answers(f"{base}/readyz") and answers(f"http://{addresses['worker']}/healthz"))
        service = Training(base, state)
        with service.client(NATION) as client:
            probe = {"course_id": str(uuid4()), "unit_id": COMMUNE, "organiser": "firm", "parts": [{"day": DAY}]}
            eventually(lambda: client.post("/v1/sessions", json=probe).json()["code"] == "unknown-course")
        time.sleep(1.1)  # so much later at most the worker knows the units, too; it names them where it publishes
        yield service
    finally:
        for process in processes:
            process.terminate()
        codes = [process.wait(15) for process in processes]
    assert codes == [0, 0], [(folder / f"{kind}.log").read_text()[-3000:] for kind in addresses]


def attendance(session: str, **other: Any) -> dict[str, Any]:
    row = {"person_id": str(uuid4()), "session_id": session, "unit_id": COMMUNE, "day": DAY, "part": "morning"}
    return row | other


def test_a_course_its_session_and_who_came(training: Training, rabbit: Any) -> None:
    session = training.session()
    row = attendance(session)
    with training.client(COMMUNE) as client:
        first = client.post("/v1/attendance", json=row)
        again = client.post("/v1/attendance", json=row)
        assert (first.status_code, again.status_code) == (201, 200), (first.text, again.text)
        assert first.json()["attendance_id"] == again.json()["attendance_id"]

        rows = [attendance(session, person_id=row["person_id"], part="afternoon"), attendance(session), row]
        rows += [
            attendance(str(uuid4())),
            attendance(session, day="2026-11-19"),
            attendance(session, unit_id="nowhere"),
        ]
        rows += [attendance(session, unit_id=ELSEWHERE), attendance(session, full_name="Nguyễn Văn A")]
        rows += [attendance(session, person_id="x"), attendance(session, part="afternoon", attendance_id=str(uuid4()))]
        rows += [row | {"mode": "online"}]
        batch = client.post("/v1/attendance/batch", json={"rows": rows}, headers={"Accept-Language": "en"}).json()
        assert batch["counts"] == {"stored": 3, "repeated": 1, "rejected": 6, "conflict": 1}
        problems = {
            r["row"]: (r["problem"]["code"], r["problem"]["pointer"]) for r in batch["results"] if "problem" in r
        }
        assert problems == {
            3: ("unknown-session", "/rows/3/session_id"),
            4: ("not-a-session-part", "/rows/4/day"),
            5: ("unknown-unit", "/rows/5/unit_id"),
            6: ("forbidden-unit", "/rows/6/unit_id"),
            7: ("unknown-field", "/rows/7/full_name"),
            8: ("wrong-type", "/rows/8/person_id"),
            10: ("conflict", "/rows/10"),
        }

        held = client.post(f"/v1/sessions/{session}/hold", json={})
        assert held.status_code == 201, held.text
        refused = client.post(f"/v1/sessions/{session}/cancel", json={"reason": "weather"})
        assert (refused.status_code, refused.json()["code"]) == (409, "session-attended")
        assert refused.json()["title"] == "Lớp đã có người học"

        shown = eventually(
            lambda: (found := client.get(f"/v1/sessions/{session}").json())["attended"]["attendances"] == 4 and found
        )
        assert (shown["status"], shown["attended"]["trainees"]) == ("held", 3)
        person = client.get(f"/v1/people/{row['person_id']}/training").json()
        assert [len(person["attendances"]), person["sessions"], person["days"]] == [2, 1, 1]
        course = client.get(f"/v1/courses/{shown['course_id']}").json()
        assert course["topics"] == ["public_services"]

    published = eventually(lambda: at_reporting(rabbit, training))
    assert published["province"] == PROVINCE


def at_reporting(rabbit: Any, training: Training) -> dict[str, Any] | None:
    """Whatever reached reporting's queue, once the attendance is among it; nothing there names a person."""
    connection = broker.connect(rabbit.uri("reporting"))
    channel: amqp.Channel = connection.channel()
    found = None
    while message := channel.basic_get(topology.queue("reporting"), no_ack=True):
        for event in events_in(message.body):
            if event["type"] == "AttendanceRecorded.v1":
                key = message.delivery_info["routing_key"].split(".")
                assert event["data"]["reach"] in ([], [{"day": DAY, "previous_day": None, "n": 1, "unit_id": COMMUNE}])
                found = {"province": key[2], "commune": key[3]}
    broker.close(connection)
    return found


def test_who_may_do_what(training: Training) -> None:
    session = training.session()
    row = attendance(session)
    course = {"title": "x", "topics": ["other"]}
    with training.client(ELSEWHERE) as stranger, training.client(COMMUNE, scope="training:read") as reader:
        assert stranger.post("/v1/attendance", json=row).json()["code"] == "forbidden-unit"
        assert stranger.get(f"/v1/sessions/{session}").json()["code"] == "forbidden-unit"
        assert stranger.post(f"/v1/sessions/{session}/hold", json={}).json()["code"] == "forbidden-unit"
        for method, path, body in (
            ("POST", "/v1/courses", course),
            ("POST", "/v1/sessions", {}),
            ("POST", f"/v1/sessions/{session}/hold", {}),
            ("POST", f"/v1/sessions/{session}/cancel", {}),
            ("POST", "/v1/attendance", row),
            ("POST", "/v1/attendance/batch", {"rows": [row]}),
            ("GET", "/v1/events/heads", None),
        ):
            answer = reader.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden-scope"), path
        for path in (f"/v1/sessions/{uuid4()}", f"/v1/courses/{uuid4()}", f"/v1/people/{uuid4()}/training"):
            assert reader.get(path).json()["code"] == "not-found"
    assert httpx.get(f"{training.base}/v1/sessions/{session}").status_code == 401


def test_a_thousand_rows_twice(training: Training) -> None:
    """A whole batch on a new session, sent again as a client does that heard no answer."""
    session = training.session()
    rows = {"rows": [attendance(session) for _ in range(1000)]}
    with training.client(PROVINCE) as client:
        before = client.get("/v1/events/heads").json()["heads"]["0"]
        began = time.perf_counter()
        assert client.post("/v1/attendance/batch", json=rows).json()["counts"] == {"stored": 1000}
        print(f"{1000 / (time.perf_counter() - began):.0f} rows/s")
        assert client.post("/v1/attendance/batch", json=rows).json()["counts"] == {"repeated": 1000}
        assert client.get("/v1/events/heads").json()["heads"] == {"0": before + 1001}
        problem = client.post("/v1/attendance/batch", json={"rows": [*rows["rows"], {}]})
        assert (problem.status_code, problem.json()["code"]) == (413, "too-many-rows")
