"""The live board of a campaign: a visit that the api has accepted is pushed to whoever follows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx

from ops.simulator import visits
from tests.system_kit import System, eventually


def boards(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in answer.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_a_visit_is_pushed_to_whoever_follows_the_campaign_of_its_day(system: System) -> None:
    day, commune = system.fresh_day(), system.network.communes[0]
    phones, campaign = system.api("visits"), str(uuid4())
    plan = {"campaign_id": campaign, "name": "Ngày chủ nhật số", "first_day": str(day), "last_day": str(day)}
    phones.post("/v1/campaigns", plan | {"unit_ids": [commune], "targets": {"visits": 40}})
    rows = [body for _, body in visits(system.network.crews, 100, day, seed=11)]
    with system.http("reporting") as http:
        path = f"/v1/campaigns/{campaign}"
        eventually("the campaign in reporting", lambda: http.get(f"{path}/board").status_code == 200)
        with http.stream("GET", f"{path}/stream", timeout=60) as answer:
            assert answer.headers["Content-Type"] == "text/event-stream"
            pushed = boards(answer)
            assert next(pushed)["figures"]["visits"]["done"] == 0
            phones.batch("/v1/visits/batch", rows, "visit_id")
            expected = system.reported(commune, day, phones)["visits"]
            assert expected > 0
            last = next(board for board in pushed if board["figures"]["visits"]["done"] == expected)
        board = http.get(f"{path}/board", params={"after": phones.after}).json()
        assert board["figures"] == last["figures"] and board["units"] == last["units"]
        assert board["figures"]["visits"]["percent"] == round(100 * expected / 40, 1)
        assert sum(row["figures"]["visits"]["done"] for row in board["units"]) == expected
        listed = http.get("/v1/campaigns", params={"unit": commune, "day": str(day)}).json()["campaigns"]
        assert campaign in {each["campaign_id"] for each in listed}
