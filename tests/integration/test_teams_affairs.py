"""Affairs over HTTP: what is so as of a day, what was known at a moment, who may, and what leaves the service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.teams_kit import DAY, NATION, PROVINCE, Field, Teams, batch, filled, post, published, uid
from tests.waiting import eventually

LATER, LATEST = "2024-05-01", "2024-09-01"


@pytest.fixture(scope="module")
def field(service: Teams) -> Field:
    return filled(service)


def row(do: str, **said: Any) -> dict[str, Any]:
    return {"id": uid(), "do": do, "effective": DAY, **said}


def listed(client: httpx.Client, affairs: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/affairs/{affairs}", params=query)
    assert answer.status_code == 200, answer.text
    records: list[dict[str, Any]] = answer.json()["records"]
    return records


def test_a_commune_keeps_its_regulation_plans_tasks_and_channels(service: Teams, field: Field) -> None:
    team, cited = field.teams[0]["team_id"], {"document_id": field.document}
    regulation, plan, task, channel, common = (uid() for _ in range(5))
    target = {"indicator": "vneid", "value": 120, "measure": "household"}
    opening = [
        row("issue_regulation", regulation_id=regulation, unit_id=field.commune, title="Quy chế hoạt động", **cited),
        row("adopt_plan", plan_id=plan, team_id=team, year=2024, title="Kế hoạch", targets=[target], **cited),
        row("report_target", plan_id=plan, indicator="vneid", value=40, effective=LATER),
        row("give_task", task_id=task, team_id=team, topic="project_06", due="2024-03-31"),
        row("open_channel", channel_id=channel, team_id=team, platform="zalo", link="https://zalo.me/g/abc"),
        row(
            "open_channel",
            channel_id=common,
            unit_id=field.commune,
            platform="other",
            link="https://example.vn/g/1",
            participants=["leaders", "culture_office", "telecom"],
        ),
        row("adopt_plan", plan_id=uid(), unit_id=field.commune, year=2024, title="K", targets=[target] * 2, **cited),
        row("open_channel", channel_id=uid(), unit_id=field.commune, platform="zalo", link="http://zalo.me/g/1"),
        row("issue_regulation", regulation_id=uid(), unit_id=field.commune, title="Q"),
    ]
    with service.client(NATION) as client:
        answer = batch(client, "/v1/affairs/batch", opening)
        codes = [result.get("problem", {}).get("code") for result in answer["results"]]
        assert codes == [None] * 6 + ["plan-indicator-twice", "wrong-format", "missing-field"], answer
        assert batch(client, "/v1/affairs/batch", opening[:6])["counts"] == {"repeated": 6}
        eventually(service.caught_up)

        [found] = listed(client, "regulations", unit=field.commune)
        assert (found["title"], found["state"], found["since"]) == ("Quy chế hoạt động", "in_force", DAY)
        assert (
            listed(client, "regulations", unit=field.other) == listed(client, "regulations", as_of="2023-09-30") == []
        )
        [found] = listed(client, "plans", team=team, as_of=LATER)
        assert (found["targets"], found["achieved"]) == (
            [target | {"value": 120.0}],
            {"vneid": {"value": 40.0, "day": LATER}},
        )
        assert [
            c["participants"] for c in listed(client, "channels", unit=field.commune) if c["channel_id"] == common
        ] == [["leaders", "culture_office", "telecom"]]
        page = client.get("/v1/affairs/channels", params={"limit": 1}).json()
        rest = client.get("/v1/affairs/channels", params={"after": page["next"]}).json()
        assert [c["channel_id"] for c in page["records"] + rest["records"]] == sorted([channel, common])
        assert rest["next"] is None

        assert [t["task_id"] for t in listed(client, "tasks", state="overdue", as_of=LATER)] == [task]
        assert listed(client, "tasks", state="overdue", as_of="2024-03-31") == []
        post(client, "/v1/affairs", row("report_task", task_id=task, count=12, effective=LATEST))
        one = client.get(f"/v1/affairs/tasks/{task}").json()
        assert (one["state"], one["count"], one["overdue"]) == ("done", 12, False)
        assert client.get(f"/v1/affairs/tasks/{task}", params={"as_of": LATER}).json()["overdue"]

        shown = client.get(f"/v1/affairs/channels/{channel}").json()
        assert (shown["platform"], shown["link"]) == ("zalo", "https://zalo.me/g/abc")
        events = published(client)
    types = {event["type"] for event in events}
    assert types >= {"RegulationIssued.v1", "PlanAdopted.v1", "TargetReported.v1", "TaskGiven.v1", "TaskDone.v1"}
    [public] = [e["data"] for e in events if e["type"] == "ChannelOpened.v1" and e["data"]["channel_id"] == channel]
    assert (public["platform"], public["unit_id"], "link" in public) == ("zalo", f"{field.at}v0", False)
    everything = repr(service.log("SELECT data::text FROM log.events")) + repr(events)
    everything += repr(service.log("SELECT facts::text FROM read.affairs"))
    assert "zalo.me" not in everything
    with service.client(NATION, scope="teams:read") as client:
        assert "link" not in client.get(f"/v1/affairs/channels/{channel}").json()


def found(client: httpx.Client, **query: Any) -> list[str]:
    return [record["regulation_id"] for record in listed(client, "regulations", **query)]


def test_corrections_as_of_and_known_at(service: Teams, field: Field) -> None:
    regulation, cited = uid(), {"document_id": field.document}
    common = {"regulation_id": regulation, "unit_id": field.commune, "title": "Quy chế", **cited}
    path = f"/v1/affairs/regulations/{regulation}"
    with service.client(field.commune) as client:
        post(client, "/v1/affairs", row("issue_regulation", **common))
        repeal = row("repeal_regulation", regulation_id=regulation, effective=LATER, **cited)
        first = client.post("/v1/affairs", json=repeal, headers={"If-Match": '"1"'})
        assert (first.status_code, first.headers["ETag"]) == (201, '"2"')
        stale = client.post(
            "/v1/affairs", json=repeal | {"id": uid(), "effective": LATEST}, headers={"If-Match": '"1"'}
        )
        assert (stale.status_code, stale.json()["version"]) == (412, 2)
        then = datetime.now(UTC).isoformat()
        right = repeal | {"id": uid(), "effective": LATEST, "corrects": 2, "reason": "wrong_day"}
        post(client, "/v1/affairs", right)
        problem = post(client, "/v1/affairs", right | {"id": uid(), "corrects": 9}, 422)
        assert (problem["code"], problem["pointer"]) == ("affair-fact-unknown", "/corrects")

        def state(**query: str) -> str:
            return str(client.get(path, params=query).json()["state"])

        assert [state(as_of=day) for day in ("2023-01-01", LATER, LATEST)] == ["not_yet", "in_force", "repealed"]
        assert state(as_of=LATER, known_at=then) == "repealed"
        assert client.get(path, params={"known_at": "2020-01-01"}).status_code == 404
        assert client.get(path, params={"known_at": "yesterday"}).json()["code"] == "wrong-type"
        answer = client.get(path)
        facts = [(f["fact"], f["type"], f["corrects"], f["effective"]) for f in answer.json()["facts"]]
        assert facts == [
            (1, "RegulationIssued", None, DAY),
            (2, "RegulationRepealed", None, LATER),
            (3, "RegulationRepealed", 2, LATEST),
        ]
        assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
        eventually(service.caught_up)
        in_force = {"state": "in_force", "as_of": LATER}
        assert regulation in found(client, **in_force)
        assert regulation not in found(client, **in_force, known_at=then)
        void = row("void_entry", affair="regulation", record_id=regulation, reason="recorded_twice")
        post(client, "/v1/affairs", void)
        eventually(service.caught_up)
        assert regulation not in found(client, as_of=LATER)
        assert regulation in found(client, as_of=LATER, known_at=then)
        assert state(as_of=LATER) == "void"

    with service.client(field.other) as client:
        assert post(client, "/v1/affairs", row("issue_regulation", **common | {"regulation_id": uid()}), 403)
        problem = post(client, "/v1/affairs", repeal | {"id": uid()}, 403)
        assert (problem["code"], problem["pointer"]) == ("forbidden-unit", "/regulation_id")
        assert client.get(path).json()["code"] == "forbidden-unit"
        assert client.get("/v1/affairs/secrets").status_code == 404
        team = {"team": field.teams[0]["team_id"]}
        assert client.get("/v1/affairs/plans", params=team).json()["code"] == "forbidden-unit"
        assert client.get("/v1/affairs/plans", params={"team": uid()}).json()["code"] == "team-unknown"


def test_who_is_responsible_for_a_team(service: Teams, field: Field) -> None:
    """As in Hà Nội: the Department of Information and Communications guides until 1/3/2025, then that of Science and
    Technology, beside the city police; the commune's committee manages; nationally there is the ministry."""
    cited = {"document_id": field.document}
    bodies = {name: uid() for name in ("committee", "dic", "dst", "police", "ministry")}
    area = dict.fromkeys(bodies, PROVINCE) | {"committee": field.commune, "ministry": NATION}
    rows = [
        row("register_body", body_id=body, unit_id=area[name], kind="body", name=f"Cơ quan {name}", **cited)
        for name, body in bodies.items()
    ]
    held = (("committee", "manages"), ("dic", "guides"), ("police", "guides"), ("ministry", "guides"))
    rows += [
        row("assign_role", role_id=uid(), body_id=bodies[name], role=role, unit_id=area[name], **cited)
        for name, role in held
    ]
    rows.append(row("end_body", body_id=bodies["dic"], **cited | {"effective": "2025-03-01"}))
    dst = row("assign_role", role_id=uid(), body_id=bodies["dst"], role="guides", unit_id=PROVINCE, **cited)
    rows.append(dst | {"effective": "2025-03-01"})
    rows.append(row("rename_body", body_id=bodies["police"], name="Công an thành phố", **cited | {"effective": LATER}))
    with service.client(NATION) as client:
        assert batch(client, "/v1/affairs/batch", rows)["counts"] == {"stored": len(rows)}
        eventually(service.caught_up)

    path = f"/v1/teams/{field.teams[0]['team_id']}/bodies"
    with service.client(field.commune) as client:

        def responsible(day: str) -> list[tuple[str, str]]:
            found = client.get(path, params={"as_of": day}).json()["bodies"]
            return sorted((one["role"], one["name"].removeprefix("Cơ quan ")) for one in found)

        assert responsible(DAY) == [("guides", "dic"), ("guides", "police"), ("manages", "committee")]
        assert responsible("2025-03-01") == [
            ("guides", "Công an thành phố"),
            ("guides", "dst"),
            ("manages", "committee"),
        ]
        assert responsible("2023-01-01") == []
        assert client.get(f"/v1/affairs/bodies/{bodies['ministry']}").json()["name"] == "Cơ quan ministry"
        assert client.get(path.replace(field.teams[0]["team_id"], uid())).status_code == 404
    with service.client(field.other) as client:
        assert client.get(path).json()["code"] == "forbidden-unit"
