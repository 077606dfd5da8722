"""The feed of a service's public events."""

from __future__ import annotations

import httpx

from tests.edge_kit import Api, problem


def test_the_feed_covers_every_position_once(http: httpx.Client) -> None:
    heads = http.get("/v1/events/heads").json()
    assert heads["heads"] == {"0": 6, "1": 0}
    page = http.get("/v1/events?partition=0").json()
    assert (page["log_id"], page["partition"], page["head"], page["next_after"]) == (heads["log_id"], 0, 6, 6)
    kinds = [(event["type"], event["position"], event["data"]) for event in page["events"]]
    assert kinds == [
        ("Tick.v1", "2", {"from": 1, "to": 2}),
        ("Shown.v1", "3", {"n": 3}),
        ("Tick.v1", "4", {"from": 4, "to": 4}),
        ("Shown.v1", "5", {"n": 5}),
        ("Tick.v1", "6", {"from": 6, "to": 6}),
    ]


def test_the_feed_reads_windows(http: httpx.Client) -> None:
    page = http.get("/v1/events?partition=0&after=1&until=4").json()
    assert [event["position"] for event in page["events"]] == ["2", "3", "4"]
    assert page["next_after"] == 4
    assert http.get("/v1/events?partition=0&after=2&limit=1").json()["next_after"] == 3
    empty = http.get("/v1/events?partition=0&after=6").json()
    assert (empty["events"], empty["next_after"], empty["head"]) == ([], 6, 6)
    assert http.get("/v1/events?partition=0&after=5&until=2").json()["events"] == []
    assert http.get("/v1/events?partition=1").json()["events"] == []


def test_the_feed_refuses_nonsense(api: Api, http: httpx.Client) -> None:
    problem(http.get("/v1/events"), 422, "missing-field", "/partition")
    problem(http.get("/v1/events?partition=x"), 422, "wrong-type", "/partition")
    problem(http.get("/v1/events?partition=9"), 404, "unknown-partition", "/partition")
    problem(http.get("/v1/events?partition=0&limit=1001"), 422, "out-of-range", "/limit")
    problem(http.get(f"/v1/events?partition=0&after={2**70}"), 422, "out-of-range", "/after")
    with api.client(scope="tiny:read tiny:write") as client:
        problem(client.get("/v1/events?partition=0"), 403, "forbidden-scope", "/Authorization")
