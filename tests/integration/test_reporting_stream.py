"""Campaigns over HTTP: who may see which board, and that it is pushed when it changes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import httpx

from tests.integration.test_reporting_campaigns import PROVINCE, WHOLE, planned
from tests.reporting_kit import NATION, Facts, country, unit_rows, visited
from tests.reporting_service import Reporting
from tests.waiting import eventually

DAY = date(2026, 3, 5)
ENGLISH = {"Accept-Language": "en"}


def pushed(answer: httpx.Response) -> Iterator[tuple[str, Any]]:
    """(id, board)"""
    event: dict[str, str] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        event[name] = value
        if name == "data":
            assert event["event"] == "board"
            yield event["id"], json.loads(value)


def test_boards_over_http(reporting: Reporting) -> None:
    plans = [
        planned(WHOLE, [NATION], targets={"visits": 8, "households": None, "covered": []}),
        planned(PROVINCE, ["q1"]),
    ]
    reporting.happen([*unit_rows(country(random.Random(3))), *plans])
    with reporting.client(NATION, locale="en") as client, reporting.client("q1") as province:
        board = f"/v1/campaigns/{WHOLE}/board"
        after = {"after": reporting.heads()}
        eventually(lambda: client.get(board, params=after).status_code == 200, 30)
        refuse_strangers(client, province)
        assert client.get(board).headers["ETag"]
        assert [each["campaign_id"] for each in province.get("/v1/campaigns").json()["campaigns"]] == [
            str(PROVINCE),
            str(WHOLE),
        ]
        assert province.get("/v1/campaigns?unit=q1&day=2022-01-01").json()["campaigns"] == []
        with (
            client.stream("GET", f"/v1/campaigns/{WHOLE}/stream") as whole,
            province.stream("GET", f"/v1/campaigns/{WHOLE}/stream?unit=q1") as part,
        ):
            assert whole.headers["Content-Type"] == part.headers["Content-Type"] == "text/event-stream"
            boards, parts = pushed(whole), pushed(part)
            _, first = next(boards)
            assert first["figures"] == client.get(board).json()["figures"]
            assert first["figures"]["visits"]["done"] == next(parts)[1]["figures"]["visits"]["done"] == 0
            facts = Facts()
            visited(facts, "pushed", "q1-n1", DAY, set(), 2, True)
            reporting.happen(facts.events)
            seen, told = next(boards)
            visits = told["figures"]["visits"]
            assert (visits["done"], visits["target"], visits["percent"]) == (1, 8, 12.5)
            assert told["figures"]["gained_all"]["done"] == 1
            assert next(parts)[1]["figures"]["visits"]["done"] == 1
        with client.stream("GET", f"/v1/campaigns/{WHOLE}/stream", headers={"Last-Event-ID": seen}) as again:
            visited(facts, "pushed too", "q2-n1", DAY, set(), 2, False)
            reporting.happen(facts.events[1:])
            assert next(pushed(again))[1]["figures"]["visits"]["done"] == 2


def refuse_strangers(client: httpx.Client, province: httpx.Client) -> None:
    campaign = f"/v1/campaigns/{WHOLE}"
    for asked, path, status, code, pointer in (
        (client, f"/v1/campaigns/{UUID(int=9)}/board", 404, "not-found", ""),
        (client, f"/v1/campaigns/{UUID(int=9)}/stream", 404, "not-found", ""),
        (client, "/v1/campaigns/soon/board", 404, "not-found", ""),
        (client, f"{campaign}/board?unit=atlantis", 404, "no-such-unit", "/unit"),
        (client, f"/v1/campaigns/{PROVINCE}/board?unit=q2", 422, "unit-not-in-campaign", "/unit"),
        (client, "/v1/campaigns?state=over", 422, "unknown-choice", "/state"),
        (client, "/v1/campaigns?after=yesterday", 422, "wrong-format", "/after"),
        (client, "/v1/campaigns?unit=atlantis", 404, "no-such-unit", "/unit"),
        (province, f"{campaign}/board", 403, "forbidden-unit", "/unit"),
        (province, f"{campaign}/stream", 403, "forbidden-unit", "/unit"),
        (province, f"{campaign}/stream?unit=q2", 403, "forbidden-unit", "/unit"),
        (province, "/v1/campaigns?unit=q2", 403, "forbidden-unit", "/unit"),
    ):
        answer = asked.get(path)
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["pointer"]) == (status, code, pointer), (path, problem)
    assert province.get(f"{campaign}/board?unit=q1").status_code == 200
    assert province.get(f"/v1/campaigns/{PROVINCE}/board").status_code == 200
