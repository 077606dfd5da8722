"""The same batch from everywhere at once, partly altered, partly corrupt: one effect per id, bad rows named."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

import pytest

from ops.client import ACCEPTED
from ops.simulator import visits
from ops.units.seed import NATION_ID
from tests.system_kit import Row, System, eventually

ROWS, CLIENTS, ALTERED = 1_000, 16, 0.05
TWICE = 10
"""Rows at the end of the batch that repeat its first ones."""

CORRUPT: dict[int, tuple[Row, str, str]] = {
    100: ({"note": "không\u0000 có gì"}, "/rows/100/note", "forbidden-character"),
    150: ({"note": "nửa cặp \ud800"}, "/rows/150/note", "forbidden-character"),
    200: ({"duration_minutes": "ba mươi"}, "/rows/200/duration_minutes", "wrong-type"),
    250: ({"cccd": "001099012345"}, "/rows/250/cccd", "unknown-field"),
    300: ({"unit_id": "nowhere"}, "/rows/300/unit_id", "unknown-unit"),
    350: ({"day": "2026-02-30"}, "/rows/350/day", "wrong-type"),
    400: ({"member_ids": []}, "/rows/400/member_ids", "wrong-length"),
    450: ({"place_kind": "castle"}, "/rows/450/place_kind", "unknown-choice"),
    500: ({"duration_minutes": 10**30}, "/rows/500/duration_minutes", "out-of-range"),
    550: (
        {"learners": [{"ref": "p1", "age_band": "25_39", "skills": []}] * 2},
        "/rows/550/learners/1/ref",
        "learner-twice",
    ),
    600: ({"visit_id": "not an id"}, "/rows/600/visit_id", "wrong-type"),
    650: ({"learners": [{"ref": "0912345678", "age_band": "25_39"}]}, "/rows/650/learners/0/ref", "wrong-format"),
}
"""Row → what is written over it, where the answer must point, and the code."""
NO_OBJECT = 700


@dataclass
class Flood:
    """What was sent and answered: a list of rows and of results per client."""

    day: date
    sent: list[list[Any]]
    answers: list[list[dict[str, Any]]]


@pytest.fixture(scope="module")
def flood(system: System) -> Flood:
    day = system.fresh_day()
    rows: list[Any] = [body for _, body in islice(visits(system.network.crews, ROWS, day, seed=99), ROWS - TWICE)]
    for index, (damage, _, _) in CORRUPT.items():
        rows[index] = rows[index] | damage
    rows[NO_OBJECT] = "a visit, honestly"
    rows += rows[:TWICE]
    sent = [_altered(rows, client) for client in range(CLIENTS)]
    start = threading.Barrier(CLIENTS)

    def send(batch: list[Any]) -> list[dict[str, Any]]:
        with system.http("visits", **{"Content-Type": "application/json"}) as http:
            http.timeout = 180.0
            body = json.dumps({"rows": batch})  # the standard library writes lone surrogates
            start.wait()
            while (response := http.post("/v1/visits/batch", content=body)).status_code == 503:
                time.sleep(int(response.headers["Retry-After"]))
        assert response.status_code == 200, response.text[:300]
        answer = response.json()
        assert Counter(result["outcome"] for result in answer["results"]) == answer["counts"]
        results: list[dict[str, Any]] = answer["results"]
        return results

    with ThreadPoolExecutor(CLIENTS) as pool:
        return Flood(day, sent, list(pool.map(send, sent)))


def _altered(rows: list[Any], client: int) -> list[Any]:
    """This client's copy: one in twenty of the good rows says something else."""
    chance = random.Random(client)
    bad = {*CORRUPT, NO_OBJECT}
    return [
        row | {"duration_minutes": 100 + client} if i not in bad and chance.random() < ALTERED else row
        for i, row in enumerate(rows)
    ]


def test_every_id_has_one_effect_and_other_copies_conflict(system: System, flood: Flood):
    with system.superuser("visits") as tx:
        query = """SELECT data ->> 'visit_id', (data ->> 'duration_minutes')::int, partition || ':' || position
                     FROM log.events WHERE type = 'VisitRecorded' AND data ->> 'day' = %s"""
        events = tx.execute(query, [flood.day.isoformat()]).fetchall()
    stored = {id_: (minutes, position) for id_, minutes, position in events}
    assert len(stored) == len(events) == ROWS - TWICE - len(CORRUPT) - 1
    told: dict[str, Counter[str]] = {id_: Counter() for id_ in stored}
    bad = {*CORRUPT, NO_OBJECT}
    for rows, results in zip(flood.sent, flood.answers, strict=True):
        assert [result["row"] for result in results] == list(range(ROWS))
        for i, (row, result) in enumerate(zip(rows, results, strict=True)):
            if i in bad:
                continue
            minutes, position = stored[row["visit_id"]]
            told[row["visit_id"]][result["outcome"]] += 1
            if row["duration_minutes"] == minutes:
                assert result["outcome"] in ACCEPTED
                assert result["position"] == position
            else:
                assert result["outcome"] == "conflict"
                assert (result["problem"]["code"], result["problem"]["pointer"]) == ("conflict", f"/rows/{i}")
    assert all(outcomes["stored"] + outcomes["flagged"] == 1 for outcomes in told.values())
    assert sum(outcomes["conflict"] for outcomes in told.values()) > CLIENTS * ROWS * ALTERED / 2


def test_every_bad_row_is_named_to_every_client(flood: Flood):
    expected = {i: (pointer, code) for i, (_, pointer, code) in CORRUPT.items()}
    expected[NO_OBJECT] = (f"/rows/{NO_OBJECT}", "wrong-type")
    for results in flood.answers:
        refused = {r["row"]: r["problem"] for r in results if r["outcome"] == "rejected"}
        assert {i: (problem["pointer"], problem["code"]) for i, problem in refused.items()} == expected
        assert all(problem["type"] == f"https://tungnha.vn/problems/{problem['code']}" for problem in refused.values())


def test_the_report_counts_each_once_and_all_of_it_verifies(system: System, flood: Flood):
    phone = system.api("visits")
    phone.note_heads()
    figures = system.reported(NATION_ID, flood.day, phone)
    assert figures["visits"] == ROWS - TWICE - len(CORRUPT) - 1
    system.assert_verified()


def test_a_file_of_a_whole_day_keeps_no_phone_waiting(system: System):
    """Phones that send one visit after the other are through before an office's file is."""
    day, lines, phones = system.fresh_day(), 6_000, 10
    rows = [body for _, body in visits(system.network.crews, lines + phones, day, seed=97)]
    file = b"\n".join(json.dumps(row).encode() for row in rows[phones:])
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": system.network.world.id("a whole day")}
    with system.http("visits") as http:
        begun = http.post("/v1/visits/uploads", content=file, headers=headers)
        assert begun.status_code == 202, begun.text
        job = begun.headers["Location"]
        eventually("the file is being taken in", lambda: http.get(job).json()["progress"]["done"] > 0)
        assert [http.post("/v1/visits", json=row).status_code for row in rows[:phones]] == [201] * phones
        told = http.get(job).json()
        assert (told["state"], told["progress"]["done"] < lines) == ("applying", True), told
        told = eventually("the file is taken in", lambda: (now := http.get(job).json())["state"] == "done" and now)
    counts = told["progress"]["counts"]
    assert counts.get("stored", 0) + counts.get("flagged", 0) == lines
    phone = system.api("visits")
    phone.note_heads()
    assert system.reported(NATION_ID, day, phone)["visits"] == lines + phones


def test_a_thousand_commands_of_one_stream_are_one_after_the_other(system: System):
    """The worst batch there is: every row visits the same household, from four clients at once."""
    day = system.fresh_day()
    rows = [body for _, body in visits(system.network.crews[:1], 250, day, seed=98)]
    for row in rows:
        row["place_id"] = system.network.world.id("the one household")

    def send(batch: list[Row]) -> Counter[str]:
        with system.http("visits") as http:
            return Counter(r["outcome"] for r in http.post("/v1/visits/batch", json={"rows": batch}).json()["results"])

    with ThreadPoolExecutor(4) as pool:
        total = sum(pool.map(send, [rows, rows[::-1], rows[100:] + rows[:100], rows]), Counter())
    assert (total["stored"] + total["flagged"], total["repeated"], total.total()) == (250, 750, 1_000)
    phone = system.api("visits")
    phone.note_heads()
    figures = system.reported(NATION_ID, day, phone)
    assert (figures["visits"], figures["households_reached"]) == (250, 1)
