"""Visits as it runs: api and worker processes, HTTP, the broker on both sides."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
import time
from collections import Counter
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
import psycopg
import pytest
from psycopg import sql

from ops.local import provision, tokens
from ops.local.provision import Database
from ops.local.state import State
from shared import broker, topology
from shared.migrate import migrate
from tests.bus_kit import events_in
from tests.unit_events import established
from tests.waiting import answers, eventually, free_port

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
        return httpx.Client(base_url=self.base, headers=headers, timeout=30)


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


@pytest.fixture(scope="module")
def visits(pg: Any, rabbit: Any, stack_state: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visits]:
    """One stack for all tests here: each works with places, visits and campaigns of its own."""
    name = f"test_visits_http_{uuid4().hex[:12]}"
    db = provision.database(pg.admin_url, "visits", stack_state.secret, name)
    migrate("visits", db.owner_url)
    rabbit.purge()
    with teams(rabbit.uri("teams")) as feed:
        yield from running(db, rabbit, stack_state, tmp_path_factory.mktemp("visits"), feed)
    with psycopg.connect(pg.admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


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
            # … and the team once nobody doubts it.
            eventually(lambda: client.post("/v1/visits", json=visit()).json()["outcome"] == "stored")
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


def test_one_visit(visits: Visits, rabbit: Any) -> None:
    row = visit(note="gặp lại sau", platforms=["vneid"])
    with visits.client(COMMUNE) as client, visits.client(scope="visits:read places:read") as clerk:
        first, again = client.post("/v1/visits", json=row), client.post("/v1/visits", json=row)
        assert (first.status_code, again.status_code) == (201, 200), (first.text, again.text)
        assert first.json() == {
            "outcome": "flagged",
            "flags": ["code_unknown"],
            "id": row["visit_id"],
            "version": 1,
            "position": first.json()["position"],
        }
        repeated = {name: value for name, value in first.json().items() if name != "flags"} | {"outcome": "repeated"}
        assert again.json() == repeated
        for other, code in (({"duration_minutes": 9}, "conflict"), ({"place_id": str(uuid4())}, "visit-elsewhere")):
            refused = client.post("/v1/visits", json=row | other)
            assert (refused.status_code, refused.json()["code"]) == (409, code)
            stored = {name: refused.json()[name] for name in ("version", "position")}
            assert stored == {name: first.json()[name] for name in stored}

        shown = client.get(f"/v1/visits/{row['visit_id']}").json()
        assert (shown["day"], shown["platforms"], shown["revision"]) == (DAY, ["vneid"], 1)
        assert "note" not in shown
        assert clerk.get(f"/v1/visits/{row['visit_id']}").json()["note"] == "gặp lại sau"

        address = {"place_id": row["place_id"], "kind": "household", "unit_id": VILLAGE, "address": "Số 5 ngõ 3"}
        assert client.post("/v1/places", json=address).status_code == 201
        assert client.post("/v1/places", json=address).status_code == 200
        assert client.post("/v1/places", json=address | {"address": "x"}).status_code == 409
        differs = client.post("/v1/places", json=address | {"place_id": shown["place_id"], "unit_id": COMMUNE})
        assert differs.status_code == 409
        place = client.get(f"/v1/places/{row['place_id']}").json()
        assert (place["visits"], place["covered"], place["registered"]) == (1, {"public_services": DAY}, True)
        assert place["learners"] == [{"ref": "p1", "levels": {"public_services": "does"}}]
        assert "address" not in place
        assert clerk.get(f"/v1/places/{row['place_id']}").json()["address"] == "Số 5 ngõ 3"
        for path in (f"/v1/visits/{uuid4()}", f"/v1/visits/{row['place_id']}", f"/v1/places/{uuid4()}"):
            assert client.get(path).status_code == 404, path

    published = eventually(lambda: at_reporting(rabbit, "VisitRecorded.v1"))
    assert published[0] == f"VisitRecorded.v1.{PROVINCE}.{COMMUNE}"
    assert published[1]["data"]["people_taught"] == 1


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


def test_a_batch_with_everything_wrong_in_it(visits: Visits) -> None:
    good, known = visit(), visit()
    with visits.client(PROVINCE) as client:
        assert client.post("/v1/visits", json=known).status_code == 201
        rows = [
            good,
            known,
            known | {"duration_minutes": 5},
            good,
            good | {"place_id": str(uuid4())},
            visit(unit_id="nowhere"),
            visit(unit_id=ELSEWHERE),
            visit(unit_id=FORMER),
            visit(unit_id=FORMER, day="2025-12-31"),
            visit(note="a\0b"),
            visit(member_ids=[]),
            visit(citizen_id="001099012345"),
            visit(day="1999-01-01"),
            visit(learners=[{"ref": "a", "age_band": "60_plus"}] * 2),
            "not a visit",
            visit(note="\N{OLD ITALIC LETTER A} bình thường"),
        ]
        answer = client.post("/v1/visits/batch", json={"rows": rows})
        assert answer.status_code == 200, answer.text
        results = answer.json()["results"]
        assert [r["outcome"] for r in results[:5]] == ["stored", "repeated", "conflict", "repeated", "conflict"]
        problems = {r["row"]: (r["problem"]["code"], r["problem"]["pointer"]) for r in results if "problem" in r}
        assert problems == {
            2: ("conflict", "/rows/2"),
            4: ("visit-elsewhere", "/rows/4/place_id"),
            5: ("unknown-unit", "/rows/5/unit_id"),
            6: ("forbidden-unit", "/rows/6/unit_id"),
            9: ("forbidden-character", "/rows/9/note"),
            10: ("wrong-length", "/rows/10/member_ids"),
            11: ("unknown-field", "/rows/11/citizen_id"),
            12: ("unit-not-on-day", "/rows/12/unit_id"),
            13: ("learner-twice", "/rows/13/learners/1/ref"),
            14: ("wrong-type", "/rows/14"),
        }
        assert answer.json()["counts"] == {"stored": 4, "repeated": 2, "conflict": 2, "rejected": 8}
        assert results[0]["position"] == results[3]["position"] == results[4]["position"]
        assert [(r["position"], r["version"]) for r in results[1:3]] == [(results[1]["position"], 1)] * 2

        packed = gzip.compress(orjson.dumps({"rows": rows}))
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        again = client.post("/v1/visits/batch", content=packed, headers=headers)
        assert again.json()["counts"] == {"repeated": 6, "conflict": 2, "rejected": 8}
        too_many = client.post("/v1/visits/batch", json={"rows": [good] * 1001})
        assert (too_many.status_code, too_many.json()["code"]) == (413, "too-many-rows")


def test_a_place_goes_with_its_unit_through_a_reform(visits: Visits) -> None:
    """An old list of units, a new one, the unit gone and the one that took it over: all mean the same place."""
    before = visit(unit_id=FORMER, day="2025-12-31")
    place = before["place_id"]
    old_list, new_list = visit(place_id=place, unit_id=FORMER), visit(place_id=place)
    with visits.client(VILLAGE) as phone:
        assert phone.post("/v1/visits", json=before).json()["outcome"] == "stored"
        rows = phone.post("/v1/visits/batch", json={"rows": [old_list, new_list]}).json()
        assert rows["counts"] == {"stored": 2}, rows
        shown = phone.get(f"/v1/places/{place}").json()
        assert (shown["unit_id"], shown["stands_in"], shown["visits"]) == (FORMER, VILLAGE, 3)
        told = phone.get(f"/v1/visits/{new_list['visit_id']}").json()
        assert (told["unit_id"], told["flags"]) == (FORMER, [])
        registered = {"place_id": place, "kind": "household", "unit_id": VILLAGE}
        assert phone.post("/v1/places", json=registered).status_code == 201
        listed = phone.get("/v1/flags", params={"unit": VILLAGE, "flag": "unit_differs"}).json()["flags"]
        assert not {each["id"] for each in listed} & {new_list["visit_id"], old_list["visit_id"]}


def test_a_visit_with_doubts_is_stored_and_says_which(visits: Visits) -> None:
    first = visit()
    doubtful = visit(place_id=first["place_id"], place_kind="shop", unit_id=COMMUNE)
    with visits.client() as client:
        client.post("/v1/visits", json=first)
        answer = client.post("/v1/visits", json=doubtful)
        assert (answer.status_code, answer.json()["outcome"]) == (201, "flagged")
        assert {"unit_differs", "kind_differs"} <= set(answer.json()["flags"])
        rows = [visit(place_id=first["place_id"], place_kind="shop"), doubtful]
        results = client.post("/v1/visits/batch", json={"rows": rows}).json()
        assert (results["results"][0]["outcome"], results["results"][1]["outcome"]) == ("flagged", "repeated")
        assert "kind_differs" in results["results"][0]["flags"]
        assert "flags" not in results["results"][1]
        assert results["counts"] == {"flagged": 1, "repeated": 1}


def sent(client: httpx.Client, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A batch as a careful client sends it: again as long as the service has no room for it."""
    for _ in range(60):
        answer = client.post("/v1/visits/batch", json={"rows": rows})
        if answer.status_code != 503:
            assert answer.status_code == 200, answer.text
            results: list[dict[str, Any]] = answer.json()["results"]
            return results
        time.sleep(int(answer.headers["Retry-After"]))
    raise AssertionError("no room for a minute")


def test_sixteen_clients_with_the_same_visits(visits: Visits) -> None:
    """In different cuts, one visit in twenty altered by half of them."""
    rows = [visit() for _ in range(1_000)]
    with visits.client() as client:
        before = sum(client.get("/v1/events/heads").json()["heads"].values())
    altered = {row["visit_id"]: row | {"duration_minutes": 1} for row in rows[::20]}
    told: dict[str, Counter[str]] = {row["visit_id"]: Counter() for row in rows}
    positions: dict[str, set[str]] = {row["visit_id"]: set() for row in rows}
    lock = threading.Lock()

    def upload(n: int) -> None:
        mine = [altered.get(row["visit_id"], row) if n % 2 else row for row in rows]
        size = (37, 100, 300, 1_000)[n % 4]
        with visits.client(COMMUNE) as client:
            for start in range(0, len(mine), size):
                results = sent(client, mine[start : start + size])
                with lock:
                    for result in results:
                        told[result["id"]][accepted(result["outcome"])] += 1
                        positions[result["id"]].add(result["position"])

    threads = [threading.Thread(target=upload, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert {len(each) for each in positions.values()} == {1}, "a conflict names what is stored, as a repeat does"
    for visit_id, outcomes in told.items():
        # Of the altered ones the first to arrive is stored, be it the copy or the original.
        expected = {"stored": 1, "repeated": 7, "conflict": 8} if visit_id in altered else {"stored": 1, "repeated": 15}
        assert outcomes == expected
    with visits.client() as client:
        assert sum(client.get("/v1/events/heads").json()["heads"].values()) == before + 1_000


def accepted(outcome: str) -> str:
    return "stored" if outcome == "flagged" else outcome


def test_everybody_at_one_market_hall(visits: Visits) -> None:
    """Uploads for one place at once: they queue for its stream instead of overtaking each other in vain."""
    hall = str(uuid4())
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def upload(n: int) -> None:
        rows = [visit(place_id=hall, place_kind="public_place") for _ in range(20)]
        with visits.client(COMMUNE) as client:
            answer = client.post("/v1/visits/batch", json={"rows": rows})
            assert answer.status_code == 200, answer.text
            with lock:
                outcomes.update(answer.json()["counts"])

    threads = [threading.Thread(target=upload, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert outcomes == {"stored": 240}
    with visits.client() as client:
        place = client.get(f"/v1/places/{hall}").json()
        assert (place["visits"], place["version"], place["kind"]) == (240, 240, "public_place")


def test_who_may_do_what(visits: Visits) -> None:
    row = visit()
    writes: tuple[tuple[str, str, Any], ...] = (
        ("POST", "/v1/visits", row),
        ("POST", "/v1/visits/batch", {"rows": [row]}),
        ("POST", "/v1/places", {"place_id": str(uuid4()), "kind": "shop", "unit_id": VILLAGE}),
        ("POST", "/v1/campaigns", {}),
        ("POST", f"/v1/campaigns/{uuid4()}/cancel", {}),
    )
    with visits.client(ELSEWHERE) as stranger, visits.client(scope="visits:read") as reader:
        for method, path, body in writes:
            answer = reader.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden-scope"), path
            assert httpx.request(method, visits.base + path, json=body).status_code == 401
        assert stranger.post("/v1/visits", json=row).json()["code"] == "forbidden-unit"
        with visits.client() as client:
            assert client.post("/v1/visits", json=row).status_code == 201
        assert stranger.get(f"/v1/visits/{row['visit_id']}").json()["code"] == "forbidden-unit"
        assert stranger.get(f"/v1/places/{row['place_id']}").json()["code"] == "forbidden-unit"


def test_a_day_of_visits_as_one_file(visits: Visits) -> None:
    rows = [visit() for _ in range(450)]
    doubtful = visit(place_id=rows[0]["place_id"], place_kind="shop")
    lines = [*rows, rows[3] | {"duration_minutes": 3}, doubtful, visit(day="soon")]
    content = gzip.compress(b"\n".join(orjson.dumps(line) for line in lines) + b"\n{broken")
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip", "Idempotency-Key": str(uuid4())}
    with visits.client(COMMUNE) as client, visits.client(COMMUNE) as other:
        begun = client.post("/v1/visits/uploads", content=content, headers=headers)
        assert begun.status_code == 202, begun.text
        path = begun.headers["Location"]
        assert client.post("/v1/visits/uploads", content=content, headers=headers).headers["Location"] == path
        assert httpx.post(visits.base + "/v1/visits/uploads", content=content).status_code == 401
        cut = client.post("/v1/visits/uploads", content=content[:-20], headers=headers | {"Idempotency-Key": "x"})
        assert cut.status_code == 400

        def done() -> Any:
            answer = other.get(path).json()
            return answer if answer["state"] == "done" else None

        ended = eventually(done, 60)
        counts = {"stored": 450, "conflict": 1, "flagged": 1, "rejected": 2}
        assert ended["progress"] | {"total": 454} == {"total": 454, "done": 454, "counts": counts}
        said = [orjson.loads(line) for line in client.get(f"{path}/result").content.splitlines()]
        assert [each["line"] for each in said] == list(range(1, 455))
        assert [each["visit_id"] for each in said] == [*(line["visit_id"] for line in lines), None]
        assert {(e["line"], e["outcome"], e["errors"][0]["code"]) for e in said if e["errors"]} == {
            (451, "conflict", "conflict"),
            (452, "flagged", "flag-kind-differs"),
            (453, "rejected", "wrong-type"),
            (454, "rejected", "line-broken"),
        }
        page = client.get(f"{path}/result?format=json&limit=2").json()
        assert [(r["row"], r["position"]) for r in page["results"]] == [(n, said[n - 1]["position"]) for n in (1, 2)]
        again = client.post("/v1/visits/batch", json={"rows": [rows[440], rows[3] | {"duration_minutes": 3}]}).json()
        assert [r["position"] for r in again["results"]] == [said[n]["position"] for n in (440, 450)]
        assert [each["line"] for each in said if "position" not in each] == [453, 454]
        assert client.get(f"/v1/visits/{rows[440]['visit_id']}").status_code == 200
        with visits.client(COMMUNE, scope="visits:read") as reader:
            assert reader.get(path).status_code == 403
        assert client.get(path.replace("visits/uploads", "imports")).status_code == 404
