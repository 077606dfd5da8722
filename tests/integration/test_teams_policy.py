"""Composition warnings as they run: raised and cleared by the worker, listed per unit, never a rejection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from ops.local.provision import Database
from ops.local.state import State
from tests.teams_kit import DAY, NATION, TOP, Field, Teams, batch, filled, post, published, running, seats, uid
from tests.waiting import eventually

LATER = "2024-02-01"


@pytest.fixture(scope="module")
def service(
    module_database: Callable[..., Database], rabbit: Any, stack_state: State, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Teams]:
    with running(module_database("teams"), rabbit, stack_state, tmp_path_factory.mktemp("teams")) as teams:
        yield teams


@pytest.fixture(scope="module")
def field(service: Teams) -> Field:
    with service.client() as client:
        assert batch(client, "/v1/units/batch", TOP)["counts"] == {"stored": len(TOP)}
    return filled(service)


def row(do: str, **said: Any) -> dict[str, Any]:
    return {"id": uid(), "do": do, "effective": DAY, **said}


def policy(unit_id: str, least: int, most: int, **said: Any) -> dict[str, Any]:
    rules = {"min_size": least, "max_size": most}
    given = {"policy_id": uid(), "unit_id": unit_id, "team_kind": "village", "rules": rules, "source": "Kế hoạch"}
    return row("set_policy", **given | said)


def warned(client: httpx.Client, **query: Any) -> list[tuple[str, str, Any, Any]]:
    answer = client.get("/v1/warnings", params=query)
    assert answer.status_code == 200, answer.text
    return [(w["team_id"], w["code"], w["expected"], w["found"]) for w in answer.json()["warnings"]]


def settled(service: Teams, client: httpx.Client) -> Callable[[], bool]:
    """Everything judged, and what follows from it projected."""
    return lambda: service.caught_up() and client.get("/v1/warnings").json()["unjudged"] == 0 and service.caught_up()


def test_warnings_follow_teams_and_policies(service: Teams, field: Field) -> None:
    first, second = (team["team_id"] for team in field.teams)
    change = {"effective": LATER, "document_id": field.document}
    national, local = policy(NATION, 4, 9), policy(field.commune, 3, 3)
    with service.client(NATION) as client:
        ready = settled(service, client)
        eventually(ready)
        assert warned(client) == []
        [(events,)] = service.log("SELECT count(*) FROM log.events WHERE stream_id LIKE 'warnings:%%'")
        assert events == 0

        # Both teams have three members: below four.
        post(client, "/v1/affairs", national)
        eventually(lambda: ready() and len(warned(client)) == 2)
        below = [(team, "size_below", 4, 3) for team in sorted((first, second))]
        assert warned(client, unit=field.commune) == warned(client, code="size_below") == warned(client) == below
        assert warned(client, as_of="2023-09-30") == warned(client, unit=field.other) == []
        page = client.get("/v1/warnings", params={"limit": 1}).json()
        rest = client.get("/v1/warnings", params={"after": page["next"]}).json()
        assert [w["team_id"] for w in page["warnings"] + rest["warnings"]] == sorted((first, second))

        # A nearer one says three; a team that grows is above it, and is accepted.
        post(client, "/v1/affairs", local)
        eventually(lambda: ready() and warned(client) == [])
        seat = {"seat_id": uid(), "person_id": field.people[6], "role": "member"}
        post(client, f"/v1/teams/{first}/seats", change | {"seat": seat})
        eventually(lambda: ready() and warned(client, as_of=LATER) == [(first, "size_above", 3, 4)])
        assert warned(client, as_of=DAY) == []
        [(moment,)] = service.log("SELECT max(recorded_at) FROM log.events WHERE type = 'SeatAppointed'")
        assert len(warned(client, known_at=moment.isoformat())) == 0

        # Merged: seven, above three; and two leaders, which someone must decide.
        fates = [{"seat_id": s["seat_id"], "fate": "carried"} for s in field.teams[1]["seats"]]
        merge = {"rearrangement_id": uid(), "into_team_id": first, "from_team_ids": [second], "seats": fates}
        post(client, "/v1/teams/merge", {"id": uid(), **merge, **change, "effective": "2024-03-01"})
        both = [(first, "size_above", 3, 7), (first, "surplus_leaders", 1, 2)]
        eventually(lambda: ready() and warned(client) == both)
        assert warned(client, as_of=LATER) == [(first, "size_above", 3, 4)]
        post(client, f"/v1/teams/{first}/dissolve", change | {"effective": "2024-06-01"})
        eventually(lambda: ready() and warned(client) == [])
        assert warned(client, as_of="2024-05-31") == both

        events = published(client)
        public = [event["data"] for event in events if event["type"] == "CompositionWarned.v1"]
        assert public[0].keys() == {
            *("team_id", "unit_id", "code", "effective", "policy_id", "expected", "found"),
        }
    with service.client(field.other) as client:
        assert client.get("/v1/warnings", params={"unit": field.commune}).json()["code"] == "forbidden-unit"
        assert warned(client, as_of=LATER) == []


def test_no_policy_refuses_a_change(service: Teams, field: Field) -> None:
    """Chương Mỹ's own mean of 7.03 lies above its rule: eight are accepted, and warned of."""
    new = {"id": uid(), "team_id": uid(), "kind": "village", "unit_id": f"{field.at}v2", "name": "Tổ", "effective": DAY}
    new |= {"document_id": field.document, "seats": seats(field.people[:8])}
    with service.client(NATION) as client:
        post(client, "/v1/affairs", policy(f"{field.at}v2", 5, 7))
        assert batch(client, "/v1/teams/batch", [new])["counts"] == {"stored": 1}
        eventually(lambda: (new["team_id"], "size_above", 7, 8) in warned(client, unit=f"{field.at}v2"))
