"""Visits and places that change, and their lists, as clients use them: HTTP, api and worker processes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest

from shared.vietnamese import hanoi_day
from tests.visits_http_kit import (
    COMMUNE,
    DAY,
    ELSEWHERE,
    MEMBER,
    NATION,
    SCOPES,
    TEAM,
    VILLAGE,
    Visits,
    at_reporting,
    visit,
)
from tests.waiting import eventually

CLERK = f"{SCOPES} places:read places:erase"
AFTER = "2026-01-05"
"""Later than the days of any other visits here, and not in the future."""


def content(**other: Any) -> dict[str, Any]:
    row = visit(**other)
    return {name: row[name] for name in ("day", "team_id", "member_ids", "learners")} | other


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    problem = answer.json()
    return answer.status_code, problem["code"], problem.get("pointer", "")


def test_a_visit_is_corrected_and_voided(visits: Visits, rabbit: Any) -> None:
    row = visit(note="nhà cuối ngõ")
    path = f"/v1/visits/{row['visit_id']}"
    with visits.client(COMMUNE, scope=CLERK) as client, visits.client(ELSEWHERE) as stranger:
        assert client.post("/v1/visits", json=row).status_code == 201
        body = content(day="2026-01-03", duration_minutes=25, obstacle="no_smartphone")
        body |= {"reason": "wrong_day", "note": "nhà đầu ngõ", "remark": "ghi nhầm"}
        assert refused(stranger.post(f"{path}/correct", json=body))[1] == "forbidden-unit"
        assert refused(client.post(f"{path}/correct", json=body | {"place_id": row["place_id"]}))[1] == "unknown-field"
        answer = client.post(f"{path}/correct", json=body, headers={"If-Match": '"1"'})
        assert (answer.status_code, answer.json()["revision"], answer.headers["ETag"]) == (201, 2, '"2"'), answer.text
        late = client.post(f"{path}/correct", json=body | {"duration_minutes": 9}, headers={"If-Match": '"1"'})
        assert refused(late)[:2] == (412, "precondition-failed")
        assert client.post(f"{path}/correct", json=body).json()["revision"] == 2, "says what it says already"

        shown = client.get(path)
        told = shown.json()
        assert shown.headers["ETag"] == '"2"'
        assert (told["day"], told["obstacle"], told["note"], told["voided"]) == (
            "2026-01-03",
            "no_smartphone",
            "nhà đầu ngõ",
            False,
        )
        assert [(h["what"], h["reason"], h["remark"]) for h in told["history"]] == [
            ("VisitCorrected", "wrong_day", "ghi nhầm")
        ]
        assert client.get(f"/v1/places/{row['place_id']}").json()["first_day"] == "2026-01-03"

        def listed(day: str) -> Any:
            rows = client.get("/v1/visits", params={"unit": VILLAGE, "day": day, "limit": 500}).json()["visits"]
            return next((each for each in rows if each["visit_id"] == row["visit_id"]), None)

        assert eventually(lambda: (listed("2026-01-03") or {}).get("revision") == 2)
        assert listed(DAY) is None

        assert client.post(f"{path}/void", json={"reason": "never_happened"}).json()["revision"] == 3
        assert client.post(f"{path}/void", json={"reason": "never_happened"}).status_code == 201
        assert refused(client.post(f"{path}/correct", json=body))[:2] == (409, "visit-voided")
        assert client.post("/v1/visits", json=row).json()["outcome"] == "repeated"
        assert client.get(path).json()["voided"] is True
        assert client.get(f"/v1/places/{row['place_id']}").json()["visits"] == 0
        assert eventually(lambda: (listed("2026-01-03") or {}).get("voided"))
        assert refused(client.post(f"/v1/visits/{uuid4()}/void", json={"reason": "typo"}))[0] == 404
    _, voided = eventually(lambda: at_reporting(rabbit, "VisitVoided.v1"))
    assert voided["data"]["received_on"] == hanoi_day(datetime.now(UTC)).isoformat()


@pytest.mark.parametrize(
    ("wrong", "code", "pointer"),
    [
        ({"member_ids": []}, "wrong-length", "/member_ids"),
        ({"duration_minutes": 1_441}, "out-of-range", "/duration_minutes"),
        ({"obstacle": "laziness"}, "unknown-choice", "/obstacle"),
        ({"consent_ref": "đã ký"}, "wrong-format", "/consent_ref"),
        ({"birth_date": "1960-01-01"}, "unknown-field", "/birth_date"),
        (
            {"learners": [{"ref": "a", "age_band": "60_plus", "skills": [{"skill": "cooking", "level": "does"}]}]},
            "unknown-choice",
            "/learners/0/skills/0/skill",
        ),
        (
            {"learners": [{"ref": "a", "age_band": "60_plus", "skills": [{"skill": "online_safety", "level": "ok"}]}]},
            "unknown-choice",
            "/learners/0/skills/0/level",
        ),
        ({"learners": [{"age_band": "60_plus"}]}, "missing-field", "/learners/0/ref"),
    ],
)
def test_what_is_wrong_is_named(visits: Visits, wrong: dict[str, Any], code: str, pointer: str) -> None:
    with visits.client() as client:
        status, told, where = refused(client.post("/v1/visits", json=visit(**wrong)))
        assert (400 <= status < 500, told, where) == (True, code, pointer)


def test_a_place_moves_and_is_then_somebody_elses(visits: Visits) -> None:
    row = visit(day="2026-01-02")
    path = f"/v1/places/{row['place_id']}"
    with visits.client() as client, visits.client(COMMUNE) as commune:
        assert client.post("/v1/visits", json=row).status_code == 201
        move = {"unit_id": ELSEWHERE, "day": "2026-01-04"}
        assert refused(commune.post(f"{path}/move", json=move))[:2] == (403, "forbidden-unit")
        assert refused(client.post(f"{path}/move", json=move | {"unit_id": "nowhere"}))[1] == "unknown-unit"
        assert client.post(f"{path}/move", json=move).status_code == 201
        assert client.get(path).json()["unit_id"] == ELSEWHERE

        before = visit(place_id=row["place_id"], day="2026-01-03")
        later = visit(place_id=row["place_id"], day=AFTER)
        assert commune.post("/v1/visits", json=before).json()["outcome"] == "stored"
        assert refused(commune.post("/v1/visits", json=later)) == (403, "forbidden-place", "/place_id")
        result = commune.post("/v1/visits/batch", json={"rows": [later]}).json()["results"][0]
        assert (result["outcome"], result["problem"]["code"]) == ("rejected", "forbidden-place")
        stored = client.post("/v1/visits", json=later).json()
        assert (stored["outcome"], stored["flags"]) == ("flagged", ["unit_differs"])
        assert client.get(f"/v1/visits/{later['visit_id']}").json()["unit_id"] == ELSEWHERE

        def units() -> Any:
            found = client.get("/v1/places", params={"unit": NATION, "kind": "household", "limit": 500}).json()[
                "places"
            ]
            return [each["unit_id"] for each in found if each["place_id"] == row["place_id"]]

        assert eventually(lambda: units() == [ELSEWHERE])
        assert client.post(f"{path}/close", json={"day": AFTER, "reason": "demolished"}).status_code == 201
        assert client.get(path).json()["open"] is False
        assert client.post(f"{path}/reopen", json={"day": AFTER, "reason": "by_mistake"}).status_code == 201
        assert client.post(f"{path}/correct", json={"kind": "shop", "reason": "typo"}).status_code == 201
        assert client.get(path).json()["kind"] == "shop"


def test_two_ids_of_one_place(visits: Visits) -> None:
    first, second = visit(day="2026-01-02"), visit(day="2026-01-03")
    kept, duplicate = (f"/v1/places/{row['place_id']}" for row in (first, second))
    into = {"kept_id": first["place_id"]}
    with visits.client(COMMUNE) as client:
        assert client.post("/v1/visits/batch", json={"rows": [first, second]}).json()["counts"] == {"stored": 2}
        assert refused(client.post(f"{duplicate}/merge", json={"kept_id": str(uuid4())}))[1:] == (
            "unknown-place",
            "/kept_id",
        )
        assert client.post(f"{duplicate}/merge", json=into).status_code == 201
        late = visit(place_id=second["place_id"], day="2026-01-04")
        assert client.post("/v1/visits", json=late).json()["outcome"] == "stored"
        assert client.post("/v1/visits", json=late).json()["outcome"] == "repeated"
        told = client.get(f"/v1/visits/{late['visit_id']}").json()
        assert (told["place_id"], told["reported"]["via"]) == (first["place_id"], [second["place_id"]])
        assert client.get(kept).json()["visits"] == 3
        assert client.get(duplicate).json()["merged_into"] == first["place_id"]
        assert client.post(f"/v1/visits/{second['visit_id']}/void", json={"reason": "typo"}).json()["revision"] == 2
        assert client.get(f"/v1/visits/{second['visit_id']}").json()["voided"] is True
        assert refused(client.post(f"{duplicate}/close", json={"day": DAY, "reason": "other"}))[1] == "place-merged"

        assert client.post(f"{duplicate}/separate", json=into).status_code == 201
        assert [client.get(path).json()["visits"] for path in (kept, duplicate)] == [1, 1]
        body = content(day="2026-01-05") | {"reason": "wrong_day"}
        assert client.post(f"/v1/visits/{late['visit_id']}/correct", json=body).json()["revision"] == 2
        assert client.get(duplicate).json()["last_day"] == "2026-01-05"
        assert refused(client.post(f"{duplicate}/separate", json=into))[1] == "place-not-merged"


def test_doubts_are_listed_settled_and_end_by_themselves(visits: Visits, rabbit: Any) -> None:
    code = f"app_{uuid4().hex[:8]}"
    row = visit(platforms=[code], team_id=str(uuid4()))
    with visits.client() as client:
        assert client.post("/v1/visits", json=row).json()["flags"] == ["team_unknown", "code_unknown"]

        def states() -> dict[str, str]:
            found = client.get("/v1/flags", params={"unit": VILLAGE, "limit": 500}).json()
            return {each["flag"]: each["state"] for each in found["flags"] if each["id"] == row["visit_id"]}

        assert eventually(lambda: states() == {"team_unknown": "open", "code_unknown": "open"})
        path = f"/v1/visits/{row['visit_id']}/flags"
        assert refused(client.post(f"{path}/team_unknown", json={"how": "reconciled"}))[1:] == (
            "unknown-choice",
            "/how",
        )
        assert client.post(f"{path}/team_unknown", json={"how": "confirmed"}).status_code == 201
        assert refused(client.post(f"{path}/day_in_future", json={"how": "confirmed"}))[1] == "unknown-flag"
        assert client.post(f"{path}/nonsense", json={"how": "confirmed"}).status_code == 404
        entry = {"kind": "platform", "code": code, "unit_id": NATION, "effective": "2025-07-01"}
        entry |= {"name_vi": "Ứng dụng", "name_en": "App", "pillars": ["society"]}
        assert client.post("/v1/catalogue", json=entry).status_code == 201
        assert eventually(lambda: states() == {"team_unknown": "confirmed", "code_unknown": "reconciled"})
        counts = client.get("/v1/flags", params={"unit": VILLAGE}).json()["counts"]
        assert {"confirmed", "reconciled"} <= {each["state"] for each in counts if each["of"] == "visit"}
        flags = client.get(f"/v1/visits/{row['visit_id']}").json()["flags"]
        assert flags == [
            {"flag": "team_unknown", "state": "confirmed"},
            {"flag": "code_unknown", "state": "reconciled"},
        ]
        assert client.post(f"{path}/team_unknown", json={"how": "dismissed"}).status_code == 201

        def thought_over() -> dict[str, Any] | None:
            """What was settled before may come by itself."""
            _, event = at_reporting(rabbit, "FlagSettled.v1") or (None, None)
            return event["data"] if event and event["data"]["how"] == "dismissed" else None

        assert eventually(thought_over) == {
            "visit_id": row["visit_id"],
            "place_id": row["place_id"],
            "unit_id": VILLAGE,
            "day": DAY,
            "flag": "team_unknown",
            "how": "dismissed",
            "was": "confirmed",
        }
        body = content(day="2026-01-03", team_id=row["team_id"]) | {"reason": "wrong_day"}
        assert client.post(f"/v1/visits/{row['visit_id']}/correct", json=body).status_code == 201
        _, corrected = eventually(lambda: at_reporting(rabbit, "VisitCorrected.v1"))
        before, after = (corrected["data"][which] for which in ("before", "after"))
        assert before["settled"] == {"team_unknown": "dismissed", "code_unknown": "reconciled"}
        assert (after["flags"], after["settled"]) == (["team_unknown"], {"team_unknown": "dismissed"})


def test_doubts_about_sessions_are_listed_and_settled_like_those_about_visits(visits: Visits) -> None:
    topic, session = f"topic_{uuid4().hex[:8]}", str(uuid4())
    body: dict[str, Any] = {"unit_id": VILLAGE, "day": AFTER, "team_id": str(uuid4()), "member_ids": [MEMBER]}
    body |= {
        "session_id": session,
        "occasion": "meeting",
        "heads": [{"age_band": "60_plus", "n": 3}],
        "topics": [topic],
    }
    path, query = f"/v1/outreach/{session}/flags", {"unit": VILLAGE, "of": "session", "limit": 500}
    with visits.client(COMMUNE) as client, visits.client(ELSEWHERE) as stranger:
        answer = client.post("/v1/outreach", json=body).json()
        assert (answer["outcome"], answer["flags"]) == ("flagged", ["team_unknown", "code_unknown"])

        def states() -> dict[str, str]:
            found = client.get("/v1/flags", params=query).json()
            assert {each["of"] for each in found["flags"]} <= {"session"}
            return {each["flag"]: each["state"] for each in found["flags"] if each["id"] == session}

        assert eventually(lambda: states() == {"team_unknown": "open", "code_unknown": "open"})
        assert session not in client.get("/v1/flags", params=query | {"of": "visit"}).text
        assert refused(stranger.post(f"{path}/team_unknown", json={"how": "dismissed"}))[1] == "forbidden-unit"
        assert client.post(f"{path}/team_unknown", json={"how": "dismissed"}).status_code == 201
        assert refused(client.post(f"{path}/day_in_future", json={"how": "confirmed"}))[1] == "unknown-flag"
        assert client.post(f"{path}/nonsense", json={"how": "confirmed"}).status_code == 404
        entry = {"kind": "outreach_topic", "code": topic, "unit_id": NATION, "effective": "2025-07-01"}
        with visits.client() as admin:
            named = {"name_vi": "Chủ đề", "name_en": "Topic", "pillars": []}
            assert admin.post("/v1/catalogue", json=entry | named).status_code == 201
        ended = {"team_unknown": "dismissed", "code_unknown": "reconciled"}
        assert eventually(lambda: states() == ended)
        shown = client.get(f"/v1/outreach/{session}").json()
        assert {each["flag"]: each["state"] for each in shown["flags"]} == ended
        assert [each["told"] for each in shown["history"]] == ["recorded", "flag_settled", "flag_settled"]
        assert client.post(f"/v1/outreach/{session}/void", json={"reason": "other"}).status_code == 201
        assert eventually(lambda: states() == {})


def test_probable_duplicates_are_for_those_who_may_see_addresses(visits: Visits) -> None:
    places = [str(UUID(int=n, version=4)) for n in (901, 902)]
    address = f"Số 7, ngõ {uuid4().hex[:6]}"
    with visits.client(COMMUNE, scope=CLERK) as clerk, visits.client(ELSEWHERE, scope=CLERK) as stranger:
        for place, unit in zip(places, (VILLAGE, VILLAGE), strict=True):
            told = {"place_id": place, "kind": "household", "unit_id": unit, "address": address}
            assert clerk.post("/v1/places", json=told).status_code == 201

        def suggested(**query: Any) -> list[dict[str, Any]]:
            answer = clerk.get("/v1/places/duplicates", params={"unit": COMMUNE} | query)
            assert address not in answer.text
            found: list[dict[str, Any]] = answer.json()["duplicates"]
            return [pair for pair in found if pair["place_id"] in places]

        pair = {"unit_id": VILLAGE, "kind": "household", "place_id": places[0], "other_id": places[1]}
        assert eventually(lambda: suggested() == [pair | {"reasons": ["same_address"]}])
        assert suggested(kind="household") and suggested(unit=VILLAGE) and not suggested(kind="shop")
        where = {"unit": COMMUNE}
        assert refused(stranger.get("/v1/places/duplicates", params=where))[:2] == (403, "forbidden-unit")
        assert refused(clerk.get("/v1/places/duplicates", params={"unit": "nowhere"}))[1:] == ("no-such-unit", "/unit")
        assert refused(clerk.get("/v1/places/duplicates", params=where | {"after": "!"}))[2] == "/after"
        with visits.client(COMMUNE) as plain:
            assert refused(plain.get("/v1/places/duplicates", params=where))[:2] == (403, "forbidden-scope")

        dismiss, other = f"/v1/places/{places[0]}/dismiss", {"other_id": places[1]}
        assert refused(stranger.post(dismiss, json=other))[1] == "forbidden-unit"
        assert refused(clerk.post(dismiss, json={"other_id": places[0]}))[1:] == ("place-itself", "/other_id")
        assert refused(clerk.post(dismiss, json={"other_id": str(uuid4())}))[1:] == ("unknown-place", "/other_id")
        assert clerk.post(dismiss, json=other).status_code == 201
        assert eventually(lambda: suggested() == [])
        details = {"address": f"{address}, xã Ngọc Hoà", "contact": "0912345678"}
        assert clerk.post(f"/v1/places/{places[1]}/details", json=details).status_code == 201
        assert eventually(lambda: suggested() == [pair | {"reasons": ["same_address"]}])
        assert clerk.delete(f"/v1/places/{places[1]}/personal").status_code == 201
        assert suggested() == [], "its tokens went with its key"


def test_lists_come_in_pages_of_the_callers_units(visits: Visits) -> None:
    rows = [visit(day="2026-01-01", team_id=TEAM, member_ids=[MEMBER]) for _ in range(5)]
    with visits.client(COMMUNE) as client, visits.client(ELSEWHERE) as stranger:
        assert client.post("/v1/visits/batch", json={"rows": rows}).status_code == 200

        def walked() -> list[str]:
            found: list[str] = []
            query: dict[str, Any] = {"unit": COMMUNE, "day": "2026-01-01", "team": TEAM, "limit": 2}
            while True:
                page = client.get("/v1/visits", params=query).json()
                found += [each["visit_id"] for each in page["visits"]]
                if page["next"] is None:
                    return found
                query["after"] = page["next"]

        assert eventually(lambda: len(walked()) == 5)
        assert sorted(walked()) == sorted(row["visit_id"] for row in rows)
        for path in ("/v1/visits", "/v1/places", "/v1/flags"):
            assert refused(stranger.get(path, params={"unit": VILLAGE}))[:2] == (403, "forbidden-unit")
            assert client.get(path, params={"unit": VILLAGE, "after": "x"}).json()["pointer"] == "/after"
            assert client.get(path).json()["code"] == "missing-field"


def test_an_opinion_heard_at_a_visit(visits: Visits) -> None:
    row = visit(opinion={"topic": "portal_slow", "pillar": "government", "text": "Trang dịch vụ công chậm quá"})
    with visits.client(COMMUNE, scope=CLERK) as client:
        assert refused(client.post("/v1/visits", json=row | {"opinion": {"topic": "x"}}))[2] == "/opinion/text"
        assert client.post("/v1/visits", json=row).status_code == 201
        assert client.post("/v1/visits", json=row).json()["outcome"] == "repeated"
        altered = row | {"opinion": row["opinion"] | {"text": "khác"}}
        assert refused(client.post("/v1/visits", json=altered))[1] == "conflict"
        told = client.get(f"/v1/opinions/{uuid5(UUID(row['visit_id']), 'opinion')}").json()
        assert (told["visit_id"], told["topic"], told["state"]) == (row["visit_id"], "portal_slow", "recorded"), told


def test_what_is_personal_is_erased_under_all_ids(visits: Visits) -> None:
    first, second = visit(note="có chó"), visit(note="tầng hai")
    with visits.client(COMMUNE, scope=CLERK) as client, visits.client(COMMUNE) as writer:
        assert client.post("/v1/visits/batch", json={"rows": [first, second]}).status_code == 200
        details = {"address": "Số 5 ngõ 3", "contact": "0912 345 678", "position": {"lat": 21.02851, "lon": 105.80482}}
        assert client.post(f"/v1/places/{second['place_id']}/details", json=details).status_code == 201
        told = client.get(f"/v1/places/{second['place_id']}").json()
        assert (told["address"], told["position"]) == ("Số 5 ngõ 3", {"lat": 21.03, "lon": 105.8})
        merge = {"kept_id": first["place_id"]}
        assert client.post(f"/v1/places/{second['place_id']}/merge", json=merge).status_code == 201

        path = f"/v1/places/{first['place_id']}/personal"
        assert refused(writer.delete(path))[1] == "forbidden-scope"
        answer = client.delete(path)
        assert answer.status_code == 201 and len(answer.json()["erased"]) == 2, answer.text
        told = client.get(f"/v1/places/{second['place_id']}").json()
        assert (told["address"], told["contact"]) == (None, None)
        assert client.get(f"/v1/visits/{second['visit_id']}").json()["note"] is None
        assert client.get(f"/v1/places/{first['place_id']}").json()["visits"] == 2
        again = visit(place_id=first["place_id"], note="lại đến")
        assert client.post("/v1/visits", json=again).json()["outcome"] == "stored"
        assert client.get(f"/v1/visits/{again['visit_id']}").json()["note"] is None
        assert client.delete(path).status_code == 201
        assert client.delete(f"/v1/places/{uuid4()}/personal").status_code == 404
