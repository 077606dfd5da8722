"""Teams as it runs: api and worker processes, HTTP, real units, the broker."""

from __future__ import annotations

from typing import Any

import pytest

from tests.teams_kit import (
    NATION,
    OTHER,
    PROVINCE,
    Field,
    Teams,
    batch,
    document,
    filled,
    person,
    post,
    published,
    seats,
    uid,
    unit,
)
from tests.waiting import eventually, local


@pytest.fixture
def field(service: Teams) -> Field:
    return filled(service)


def test_units_are_dated_and_found(service: Teams, field: Field) -> None:
    reform, at, code = "2025-07-01", field.at, field.code
    heir = unit(f"{field.at}hh", "commune", PROVINCE, code=code, name="Hồng Hà", effective=reform)
    gone = {"id": uid(), "do": "abolish", "unit_id": f"{field.at}c1", "effective": reform}
    rows = [heir, gone | {"successors": [{"unit_id": f"{field.at}hh", "main": True}]}]
    rows += [
        {"id": uid(), "do": "reparent", "unit_id": f"{field.at}v0", "parent_id": f"{field.at}hh", "effective": reform}
    ]
    rows += [unit(f"{field.at}c9", "commune", PROVINCE, code=code, effective="2024-01-01")]
    with service.client(NATION) as client:
        answer = batch(client, "/v1/units/batch", rows)
        assert answer["counts"] == {"stored": 3, "rejected": 1}, answer
        assert answer["results"][3]["problem"]["code"] == "unit-code-taken"
        assert batch(client, "/v1/units/batch", rows[:3])["counts"] == {"repeated": 3}
        shown = client.get(f"/v1/units/{at}hh")  # at once: the api's tree follows the log
        assert (shown.status_code, shown.json()["name"]) == (200, "Hồng Hà")

        def by_code(day: str) -> list[str]:
            found = client.get("/v1/units", params={"code": code, "as_of": day}).json()["units"]
            return [one["name"] for one in found]

        assert (by_code("2025-06-30"), by_code(reform)) == (["Tứ Liên"], ["Hồng Hà"])
        named = client.get("/v1/units", params={"name": "HÒA BÌNH"}).json()["units"]
        assert f"{at}c2" in [one["unit_id"] for one in named]
        assert client.get("/v1/units").json()["code"] == "unit-query"
        before = client.get(f"/v1/units/{at}v1", params={"as_of": "2025-06-30"}).json()
        after = client.get(f"/v1/units/{at}v1", params={"as_of": reform}).json()
        assert (before["ancestors"], after["ancestors"]) == (
            [f"{field.at}c1", PROVINCE, NATION],
            [f"{field.at}hh", PROVINCE, NATION],
        )
        former = client.get(f"/v1/units/{at}c1/successors", params={"as_of": reform}).json()
        assert former["successors"] == [{"unit_id": f"{field.at}hh", "main": True, "share": None}]
        assert [(part["unit_id"], part["whole"]) for part in former["on_map"]] == [(f"{field.at}hh", True)]
        children = client.get(f"/v1/units/{PROVINCE}/children", params={"as_of": "2024-01-01"}).json()["units"]
        assert f"{at}c1" in [child["unit_id"] for child in children]
        assert (
            client.get(f"/v1/units/{at}c1", params={"as_of": reform}).json()["stands_in"]["unit_id"] == f"{field.at}hh"
        )
        assert client.get("/v1/units/nowhere").status_code == 404


def test_a_team_lives_and_says_what_it_was(service: Teams, field: Field) -> None:
    first, team = field.teams[0], f"/v1/teams/{field.teams[0]['team_id']}"
    change = {"effective": "2024-01-01", "document_id": field.document}
    with service.client(NATION) as client:
        found = client.get(team)
        version = found.headers["ETag"]
        assert (found.json()["name"], len(found.json()["seats"]), version) == ("Tổ 0", 3, '"1"')
        renamed = client.post(f"{team}/rename", json=change | {"name": "Tổ mới"}, headers={"If-Match": version})
        assert (renamed.status_code, renamed.headers["ETag"]) == (201, '"2"')
        assert renamed.json().keys() >= {"id", "version", "position"}
        stale = client.post(f"{team}/rename", json=change | {"name": "Khác"}, headers={"If-Match": version})
        assert (stale.status_code, stale.json()["version"]) == (412, 2)

        seat = {"seat_id": uid(), "person_id": field.people[6], "role": "member"}
        key = uid()
        post(client, f"{team}/seats", change | {"seat": seat}, **{"Idempotency-Key": key})
        post(client, f"{team}/seats", change | {"seat": seat}, 200, **{"Idempotency-Key": key})
        post(client, f"{team}/seats/{seat['seat_id']}/release", change | {"effective": "2024-02-01", "reason": "moved"})
        new = seats([field.people[7], field.people[0]])
        post(client, f"{team}/reconstitute", change | {"effective": "2024-03-01", "seats": new})

        def people(day: str) -> list[str]:
            return [s["person_id"] for s in client.get(team, params={"as_of": day}).json()["seats"]]

        assert people("2023-12-31") == field.people[:3]
        assert people("2024-01-15") == [*field.people[:3], field.people[6]]
        assert people("2024-03-01") == [field.people[7], field.people[0]]
        assert client.get(team, params={"as_of": "2023-12-31"}).json()["name"] == "Tổ 0"

        problem = post(client, "/v1/teams", first | {"id": uid(), "team_id": uid()}, 409)
        assert (problem["code"], problem["pointer"]) == ("team-place-taken", "/unit_id")
        bad = first | {"id": uid(), "team_id": uid(), "seats": [{"seat_id": "s", "person_id": uid(), "role": "boss"}]}
        problem = post(client, "/v1/teams", bad, 422)
        assert (problem["code"], problem["pointer"]) == ("unknown-choice", "/seats/0/role")
        post(client, f"{team}/dissolve", change | {"effective": "2024-06-01"})
        late = post(client, f"{team}/rename", change | {"effective": "2024-07-01", "name": "X"}, 409)
        assert late["code"] == "team-ended"
        later = first | {"id": uid(), "team_id": uid(), "effective": "2024-06-01", "seats": []}
        post(client, "/v1/teams", later)


def test_bulk_changes_come_in_one_batch(service: Teams, field: Field) -> None:
    first, second = field.teams
    common = {"effective": "2024-01-01", "document_id": field.document}
    rows: list[dict[str, Any]] = [
        {"id": uid(), "do": "rename", "team_id": first["team_id"], "name": "Tổ chuyển đổi số cộng đồng"},
        {"id": uid(), "do": "reconstitute", "team_id": second["team_id"], "seats": second["seats"][:2]},
        {"id": uid(), "do": "rename", "team_id": uid(), "name": "Không có"},
        {
            "id": uid(),
            "do": "establish",
            "team_id": uid(),
            "kind": "village",
            "unit_id": f"{field.at}v2",
            "name": "Tổ 2",
        },
        {"id": uid(), "do": "fly", "team_id": uid()},
        {"do": "dissolve", "team_id": uid()},
    ]
    rows.append({"id": uid(), "do": "rename", "team_id": rows[3]["team_id"], "name": "Tổ hai"})
    with service.client(NATION) as client:
        answer = batch(client, "/v1/teams/changes/batch", [row | common for row in rows])
    codes = [result.get("problem", {}).get("code") for result in answer["results"]]
    assert codes == [None, None, "team-unknown", None, "unknown-choice", "missing-field", None]
    assert answer["results"][5]["problem"]["pointer"] == "/rows/5/id"


def test_only_the_own_units_on_the_day(service: Teams, field: Field) -> None:
    team = field.teams[0]
    change = {"effective": "2024-01-01", "document_id": field.document, "name": "Tổ"}
    with service.client(OTHER) as client:
        assert post(client, f"/v1/teams/{team['team_id']}/rename", change, 403)["code"] == "forbidden-unit"
        assert client.get(f"/v1/teams/{team['team_id']}").status_code == 403
        assert client.get("/v1/teams", params={"unit": f"{field.at}c1"}).status_code == 403
        assert client.get("/v1/teams").json()["teams"] == []
        new = team | {"id": uid(), "team_id": uid(), "unit_id": f"{field.at}v3"}
        assert post(client, "/v1/teams", new, 403)["code"] == "forbidden-unit"
        row = unit(f"{field.at}x", "village", f"{field.at}c1")
        problem = batch(client, "/v1/units/batch", [row])["results"][0]["problem"]
        assert (problem["code"], problem["pointer"]) == ("forbidden-unit", "/rows/0/parent_id")
        # Whose seat is not known yet belongs to nobody's unit.
        eventually(lambda: client.get(f"/v1/people/{field.people[0]}").status_code == 403)
    with service.client(f"{field.at}c1") as client:
        post(client, f"/v1/teams/{team['team_id']}/rename", change)
    with service.client(NATION, scope="teams:read") as client:
        assert post(client, "/v1/teams", team, 403)["code"] == "forbidden-scope"
        assert client.get(f"/v1/people/{field.people[0]}").json()["code"] == "forbidden-scope"
    with local(service.base) as client:
        assert client.get("/v1/units/vn").status_code == 401


def test_names_stay_inside_and_can_be_erased(service: Teams, field: Field) -> None:
    someone = uid()
    with service.client(NATION) as client:
        body = person(someone, name="Trần Thị Bưởi", phone="0912 345 678")
        assert "Bưởi" not in client.post("/v1/people", json=body).text
        for forbidden in ({"national_id": "001"}, {"birth_date": "1990-01-01"}, {"name": "An 001234567890"}):
            problem = post(client, "/v1/people", body | {"id": uid(), "person_id": uid()} | forbidden, 422)
            assert problem["code"] == "forbidden-personal-field"
        found = client.get(f"/v1/people/{someone}").json()
        assert (found["name"], found["phone"]) == ("Trần Thị Bưởi", "0912 345 678")
        assert client.delete(f"/v1/people/{someone}").status_code == 201
        assert client.delete(f"/v1/people/{someone}").status_code in (200, 201)
        found = client.get(f"/v1/people/{someone}").json()
        assert (found["name"], found["phone"], found["erased"]) == (None, None, True)
        assert post(client, "/v1/people", body | {"id": uid()}, 410)["code"] == "person-erased"
        assert client.get(f"/v1/people/{uid()}").status_code == 404
        events = repr(published(client))
    assert "SubjectErased.v1" in events
    assert "PersonRegistered" not in events
    everything = repr(service.log("SELECT data::text FROM log.events")) + events
    assert not any(word in everything for word in ("Bưởi", "Nguyễn", "0912 345", "0912345", "912345678"))
    eventually(service.caught_up)
    assert service.log("SELECT count(*) FROM read.person_tokens WHERE person_id = %s", someone) == [(0,)]


def test_a_document_is_what_its_key_says(service: Teams, field: Field) -> None:
    body = document(uid(), issuer="UBND huyện Chương Mỹ", number="265/KH-UBND", kind="plan")
    with service.client(NATION) as client:
        post(client, "/v1/documents", body)
        other = body | {"document_id": uid(), "title": "Khác"}
        problem = post(client, "/v1/documents", other, 409)
        assert (problem["code"], problem["pointer"]) == ("document-key-taken", "/number")
        assert client.get(f"/v1/documents/{body['document_id']}").json()["number"] == "265/KH-UBND"
        assert client.get(f"/v1/documents/{other['document_id']}").status_code == 404


def test_the_log_is_dense_and_the_relay_sends_it_all(service: Teams, field: Field) -> None:
    eventually(service.caught_up)
    [(count, top, head)] = service.log(
        "SELECT count(*), max(e.position), max(h.position) FROM log.events e JOIN log.heads h USING (partition)"
    )
    assert count == top == head
    with service.client(NATION) as client:
        heads = client.get("/v1/events/heads").json()["heads"]
    assert heads == {"0": head}
    assert service.log("SELECT count(*) FROM bus.parked") == [(0,)]
