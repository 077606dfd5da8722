"""Visits as clients send them: one, and a batch; where a place stands, doubts, who may do what."""

from __future__ import annotations

import gzip
from typing import Any
from uuid import uuid4

import httpx
import orjson

from tests.visits_http_kit import COMMUNE, DAY, ELSEWHERE, FORMER, PROVINCE, VILLAGE, Visits, at_reporting, visit
from tests.waiting import eventually


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
