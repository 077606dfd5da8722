"""Many visits at once: the same ones from many clients, one place, a whole day as a file."""

from __future__ import annotations

import gzip
import threading
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx
import orjson

from tests.visits_http_kit import COMMUNE, Visits, visit
from tests.waiting import eventually


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
