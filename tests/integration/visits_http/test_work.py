"""Campaigns, opinions, catalogues and numbers of households as clients use them: HTTP, api and worker processes."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.visits_http_kit import CODE, COMMUNE, ELSEWHERE, FORMER, LATE, NATION, PROVINCE, VILLAGE, Visits, visit
from tests.waiting import eventually

DAY = "2026-10-11"


def code(answer: httpx.Response) -> tuple[int, str, str]:
    problem = answer.json()
    return answer.status_code, problem["code"], problem.get("pointer", "")


def test_a_campaign(visits: Visits) -> None:
    campaign = str(uuid4())
    plan: dict[str, Any] = {"name": "Ngày chủ nhật số", "first_day": DAY, "last_day": DAY}
    plan |= {"unit_ids": [COMMUNE, ELSEWHERE], "targets": {"visits": 10, "households": 5}}
    plan |= {"unit_targets": [{"unit_id": VILLAGE, "covered": [{"skill": "public_services", "households": 2}]}]}
    scheduled, path = plan | {"campaign_id": campaign}, f"/v1/campaigns/{campaign}"
    with visits.client() as client, visits.client(ELSEWHERE) as stranger:
        assert client.post("/v1/campaigns", json=scheduled).status_code == 201
        assert client.post("/v1/campaigns", json=scheduled).status_code == 200
        assert client.post("/v1/campaigns", json=scheduled | {"name": "x"}).json()["code"] == "conflict"
        other = scheduled | {"campaign_id": str(uuid4())}
        outside = [{"unit_id": PROVINCE, "visits": 1}]
        for wrong, expected in (
            (other | {"last_day": "2026-01-01"}, (422, "days-reversed", "/last_day")),
            (other | {"unit_ids": [COMMUNE, "nowhere"]}, (404, "unknown-unit", "/unit_ids/1")),
            (other | {"unit_targets": outside}, (422, "unit-not-in-campaign", "/unit_targets/0/unit_id")),
            (other | {"unit_targets": plan["unit_targets"] * 2}, (422, "targets-twice", "/unit_targets/1/unit_id")),
        ):
            status, *rest = code(client.post("/v1/campaigns", json=wrong))
            assert tuple(rest) == expected[1:] and 400 <= status < 500, rest
        home = str(uuid4())
        rows = [visit(place_id=home, day=DAY), visit(place_id=home, day=DAY), visit(day=DAY)]
        rows += [visit(day="2026-10-01"), visit(unit_id=PROVINCE, day=DAY)]
        counts = client.post("/v1/visits/batch", json={"rows": rows}).json()["counts"]
        assert sum(counts.values()) == 5 and not counts.get("rejected")

        def board() -> Any:
            answer = client.get(f"{path}/board").json()
            return answer if answer["sum"]["done"]["visits"] == 3 else None

        shown = eventually(board)
        assert (shown["state"], shown["days"], shown["elapsed_days"]) == ("scheduled", 1, 1.0)
        assert shown["sum"]["done"] | {"covered": 0} == {"visits": 3, "households": 2, "covered": 0}
        assert shown["sum"]["projected"]["visits"] == 3
        by_unit = {each["unit_id"]: each for each in shown["units"]}
        assert by_unit[ELSEWHERE]["done"]["visits"] == 0 and by_unit[VILLAGE]["done"]["households"] == 2
        assert by_unit[VILLAGE]["targets"]["covered"] == {"public_services": 2}
        assert by_unit[VILLAGE]["done"]["covered"]["public_services"] == 2
        assert client.get(f"{path}/silent-teams").json() == {"teams": [], "next": None}
        assert code(client.get(f"{path}/silent-teams", params={"unit": PROVINCE}))[1] == "unit-not-in-campaign"

        changed = client.post(f"{path}/change", json=plan | {"last_day": "2026-10-12"}, headers={"If-Match": '"1"'})
        assert (changed.status_code, changed.headers["ETag"]) == (201, '"2"')
        stale = client.post(f"{path}/change", json=plan, headers={"If-Match": '"1"'})
        assert code(stale)[1] == "precondition-failed"
        assert client.get(path).json()["last_day"] == "2026-10-12"
        assert code(client.post(f"{path}/close"))[1] == "campaign-not-open"
        assert code(stranger.post(f"{path}/open"))[1] == "forbidden-unit"
        for step, state in (("open", "open"), ("close", "closed")):
            assert client.post(f"{path}/{step}").status_code == 201
            assert client.post(f"{path}/{step}").status_code == 200
            assert client.get(path).json()["state"] == state
        assert code(client.post(f"{path}/cancel", json={"reason": "bão"}))[1] == "campaign-over"
        window = {"from": "2026-10-01", "to": "2026-10-31", "unit": VILLAGE}

        def listed() -> Any:
            return campaign in [
                each["campaign_id"] for each in client.get("/v1/campaigns", params=window).json()["campaigns"]
            ]

        eventually(listed)
        assert code(client.post(f"/v1/campaigns/{uuid4()}/cancel", json={"reason": "x"}))[:2] == (
            404,
            "unknown-campaign",
        )


def test_an_opinion_on_its_way(visits: Visits) -> None:
    opinion = str(uuid4())
    body = {"opinion_id": opinion, "unit_id": VILLAGE, "day": DAY, "topic": "coverage", "text": "Sóng yếu ở cuối thôn"}
    path = f"/v1/opinions/{opinion}"
    personal = "visits:read visits:write places:read places:erase"
    with (
        visits.client(VILLAGE) as village,
        visits.client(ELSEWHERE) as elsewhere,
        visits.client(ELSEWHERE, scope=personal) as clerk,
    ):
        assert village.post("/v1/opinions", json=body).status_code == 201
        assert village.post("/v1/opinions", json=body).status_code == 200
        assert village.post("/v1/opinions", json=body | {"text": "khác"}).status_code == 409
        assert code(elsewhere.get(path))[1] == "forbidden-unit"
        assert "text" not in village.get(path).text
        forward = {"day": DAY, "due": "2026-10-20", "to_unit_id": ELSEWHERE}
        assert code(village.post(f"{path}/forward", json=forward | {"to_unit_id": None}))[1] == "forward-to-nobody"
        assert code(village.post(f"{path}/forward", json=forward | {"to_unit_id": "nowhere"}))[2] == "/to_unit_id"
        assert code(elsewhere.post(f"{path}/answer", json={"day": DAY, "text": "x"}))[1] == "forbidden-unit"
        assert village.post(f"{path}/forward", json=forward).status_code == 201

        def waiting() -> Any:
            page = elsewhere.get("/v1/opinions", params={"unit": ELSEWHERE, "where": "forwarded", "overdue": "true"})
            return page.json() if page.json()["opinions"] else None

        page = eventually(waiting)
        assert (page["opinions"][0]["opinion_id"], page["counts"]["overdue"], page["next"]) == (opinion, 1, None)
        assert code(village.get("/v1/opinions", params={"unit": ELSEWHERE}))[1] == "forbidden-unit"
        assert clerk.post(f"{path}/answer", json={"day": "2026-10-12", "text": "Đã báo nhà mạng"}).status_code == 201
        steps = clerk.get(path).json()["steps"]
        assert [step["state"] for step in steps] == ["recorded", "forwarded", "answered"]
        assert [step.get("text") for step in steps] == ["Sóng yếu ở cuối thôn", None, "Đã báo nhà mạng"]
        late = village.post(f"{path}/close", json={"day": DAY, "reason": "settled"})
        assert code(late)[1:] == ("step-before-last", "/day") and "2026-10-12" in late.json()["detail"]
        assert clerk.delete(f"{path}/personal").status_code == 204
        assert [step.get("text") for step in clerk.get(path).json()["steps"]] == [None, None, None]
        assert village.post(f"{path}/close", json={"day": "2026-10-13", "reason": "settled"}).status_code == 201
        assert code(village.get(f"/v1/opinions/{uuid4()}"))[:2] == (404, "not-found")


def test_the_catalogue(visits: Visits) -> None:
    entry = {
        "id": str(uuid4()),
        "kind": "platform",
        "code": "citizen_app",
        "unit_id": PROVINCE,
        "effective": "2026-01-01",
    }
    words = {"name_vi": "Ứng dụng công dân số", "name_en": "Citizen app", "pillars": ["government"]}
    with visits.client() as client, visits.client(ELSEWHERE) as stranger:
        rows = [
            entry | words,
            entry | words | {"id": str(uuid4()), "unit_id": COMMUNE},
            entry | words | {"id": str(uuid4()), "code": "Có Dấu"},
            entry | words | {"id": str(uuid4()), "unit_id": PROVINCE, "effective": "2020-01-01"},
        ]
        answer = client.post("/v1/catalogue/batch", json={"rows": rows}).json()
        assert [r.get("problem", {}).get("code") for r in answer["results"]] == [
            None,
            "catalogue-area",
            "wrong-format",
            "unit-not-on-day",
        ]
        assert client.post("/v1/catalogue", json=entry | words).json()["outcome"] == "repeated"
        assert code(stranger.post("/v1/catalogue", json=entry | words | {"id": None}))[1] == "forbidden-unit"

        def codes(unit: str, day: str) -> list[str]:
            asked = {"unit": unit, "as_of": day, "kind": "platform"}
            found = [each["code"] for each in client.get("/v1/catalogue", params=asked).json()["entries"]]
            return [each for each in found if each == entry["code"]]

        eventually(lambda: codes(VILLAGE, "2026-05-01") == ["citizen_app"])
        assert codes(ELSEWHERE, "2026-05-01") == [] == codes(VILLAGE, "2025-12-31")
        end = {key: entry[key] for key in ("kind", "code", "unit_id")} | {"effective": "2026-07-01"}
        assert client.post("/v1/catalogue/end", json=end).status_code == 201
        eventually(lambda: codes(VILLAGE, "2026-07-01") == [])
        entries = client.get("/v1/catalogue", params={"as_of": "2026-06-30"}).json()["entries"]
        [shown] = [each for each in entries if each["code"] == entry["code"]]
        assert (shown["name_vi"], shown["until"], shown["pillars"]) == (words["name_vi"], "2026-07-01", ["government"])
        never = client.post("/v1/catalogue/end", json=end | {"code": "other"})
        assert code(never)[1:] == ("entry-not-standing", "/effective") and "other" in never.json()["detail"]


def _of(declared: dict[str, Any]) -> dict[str, Any]:
    return {name: declared[name] for name in ("unit_id", "day")}


def test_numbers_of_households(visits: Visits) -> None:
    body = {"unit_id": VILLAGE, "day": "2025-12-31", "total": 412, "source": "Báo cáo  UBND xã"}
    with visits.client(COMMUNE) as client, visits.client(ELSEWHERE) as stranger:
        assert client.post("/v1/households", json=body).status_code == 201
        assert code(stranger.post("/v1/households", json=body))[1] == "forbidden-unit"
        differs = client.post("/v1/households", json=body | {"total": 421})
        assert code(differs) == (409, "households-declared", "/total") and "412" in differs.json()["detail"]
        assert client.post("/v1/households", json=body | {"total": 421, "reason": "typo"}).status_code == 201
        assert code(client.post("/v1/households", json=body | {"unit_id": COMMUNE}))[1] == "households-of-villages"
        part = body | {"unit_id": FORMER, "day": "2026-06-01"}
        assert code(client.post("/v1/households", json=part)) == (422, "unit-not-on-day", "/unit_id")
        assert (
            code(client.post("/v1/households/withdraw", json={**_of(part), "reason": "typo"}))[1] == "unit-not-on-day"
        )
        by_code = part | {"unit_id": CODE, "day": "2025-12-30"}
        assert client.post("/v1/households", json=by_code).status_code == 201
        eventually(lambda: client.get(f"/v1/units/{FORMER}/households").json()["declared"])
        assert client.post("/v1/households/withdraw", json={**_of(by_code), "reason": "typo"}).status_code == 201
        whole = client.post("/v1/households", json=body | {"total": -1})
        assert code(whole)[2] == "/total"

        def summed() -> Any:
            page = client.get("/v1/households", params={"unit": COMMUNE, "as_of": "2026-11-01"}).json()
            return page if page["sum"]["total"] == 421 else None

        page = eventually(summed)
        assert (page["sum"]["exact"], page["households"][0]["source"]) == (True, "Báo cáo UBND xã")
        shown = client.get(f"/v1/units/{VILLAGE}/households", params={"as_of": "2025-12-30"}).json()
        assert shown["counts"] is None and len(shown["declared"]) == 1
        template = client.get("/v1/templates/households", params={"format": "csv"}).content.decode("utf-8-sig")
        assert template.startswith("Commune,Village,Households,As of")
    with visits.client(NATION, scope="visits:write visits:read") as client:
        rows = f"Mã xã,Thôn,Số hộ,Tính đến ngày,Nguồn\r\n{COMMUNE},{VILLAGE},420,30/06/2026,UBND xã\r\n"
        sent = client.post(
            "/v1/imports",
            params={"template": "households"},
            content=rows.encode(),
            headers={"Content-Type": "text/csv"},
        )
        assert sent.status_code == 202, sent.text

        def done() -> Any:
            job = client.get(sent.headers["Location"]).json()
            return job if job["state"] in ("done", "failed") else None

        assert eventually(done)["progress"]["counts"] == {"stored": 1}
        answer = client.post(
            "/v1/households/withdraw", json={"unit_id": VILLAGE, "day": "2026-06-30", "reason": "typo"}
        )
        assert answer.status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/campaigns/{}/open", "visits:admin"),
        ("POST", "/v1/opinions", "visits:write"),
        ("DELETE", "/v1/opinions/{}/personal", "places:erase"),
        ("POST", "/v1/catalogue", "visits:admin"),
        ("POST", "/v1/households", "visits:write"),
    ],
)
def test_scopes(visits: Visits, method: str, path: str, scope: str) -> None:
    with visits.client(scope="visits:read places:read visits:feed") as reader:
        answer = reader.request(method, path.format(uuid4()), json={} if method == "POST" else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden-scope")
        assert scope in answer.headers["WWW-Authenticate"]


def test_an_outreach_session(visits: Visits) -> None:
    body: dict[str, Any] = {"unit_id": VILLAGE, "day": DAY, "team_id": str(uuid4()), "member_ids": [str(uuid4())]}
    body |= {"occasion": "market_day", "heads": [{"age_band": "60_plus", "n": 12}, {"age_band": "25_39", "n": 5}]}
    rows = [
        body | {"session_id": str(uuid4()), "note": "đông người", "topics": ["online_safety"]},
        body | {"session_id": str(uuid4()), "heads": body["heads"] * 2},
        body | {"session_id": str(uuid4()), "heads": []},
        body | {"session_id": str(uuid4()), "unit_id": ELSEWHERE},
        body | {"session_id": str(uuid4()), "attendees": ["Nguyễn Văn A"]},
    ]
    path = f"/v1/outreach/{rows[0]['session_id']}"
    window = {"unit": COMMUNE, "from": DAY, "to": DAY}
    with visits.client(PROVINCE) as client, visits.client(PROVINCE, scope="visits:read places:read") as clerk:
        answer = client.post("/v1/outreach/batch", json={"rows": rows}).json()
        problems = [(r.get("problem", {}).get("code"), r.get("problem", {}).get("pointer")) for r in answer["results"]]
        assert problems == [
            (None, None),
            ("age-band-twice", "/rows/1/heads"),
            ("wrong-length", "/rows/2/heads"),
            ("forbidden-unit", "/rows/3/unit_id"),
            ("unknown-field", "/rows/4/attendees"),
        ]
        assert client.post("/v1/outreach", json=rows[0]).json()["outcome"] == "repeated"
        assert client.post("/v1/outreach", json=rows[0] | {"topics": []}).json()["code"] == "conflict"
        shown = client.get(path).json()
        flags = ["team_unknown", "member_unknown", "code_unknown"]
        assert shown["flags"] == [{"flag": flag, "state": "open"} for flag in flags] and "note" not in str(shown)
        assert clerk.get(path).json()["history"][0]["note"] == "đông người"
        corrected = body | {"reason": "typo", "heads": [{"age_band": "60_plus", "n": 21}]}
        assert client.post(f"{path}/correct", json=corrected, headers={"If-Match": '"1"'}).status_code == 201
        assert client.post(f"{path}/correct", json=corrected, headers={"If-Match": '"1"'}).status_code == 412

        def summed() -> Any:
            page = client.get("/v1/outreach", params=window).json()
            return page if page["sum"]["heads"] == 21 else None

        page = eventually(summed)
        assert (page["sum"], page["next"]) == ({"sessions": 1, "heads": 21, "by_age": {"60_plus": 21}}, None)
        assert code(client.get("/v1/outreach", params=window | {"after": "x"}))[2] == "/after"
        with visits.client(ELSEWHERE) as stranger:
            assert code(stranger.post(f"{path}/void", json={"reason": "other"}))[1] == "forbidden-unit"
        assert client.post(f"{path}/void", json={"reason": "recorded_twice"}).status_code == 201
        assert code(client.post(f"{path}/correct", json=body | {"reason": "typo"}))[1] == "session-voided"
        assert [entry["told"] for entry in client.get(path).json()["history"]] == ["recorded", "corrected", "voided"]
        eventually(lambda: client.get("/v1/outreach", params=window).json()["sum"]["sessions"] == 0)


def session(**other: Any) -> dict[str, Any]:
    body = {"session_id": str(uuid4()), "unit_id": VILLAGE, "day": DAY, "team_id": str(uuid4())}
    body |= {"member_ids": [str(uuid4())], "occasion": "meeting", "heads": [{"age_band": "60_plus", "n": 9}]}
    return body | other


def test_sessions_and_opinions_name_their_unit_by_any_id_or_code(visits: Visits) -> None:
    """The former village is part of the village by then; a province that came later was nothing but the nation's."""
    by_id, by_code, higher = session(unit_id=FORMER), session(unit_id=CODE), session(unit_id=LATE)
    heard = {"opinion_id": str(uuid4()), "unit_id": CODE, "day": DAY, "topic": "coverage", "text": "Sóng yếu"}
    with visits.client(VILLAGE) as village, visits.client() as nation, visits.client(ELSEWHERE) as stranger:
        rows = village.post("/v1/outreach/batch", json={"rows": [by_id, higher]}).json()["results"]
        assert (rows[0]["flags"], rows[1]["problem"]["code"]) == (["team_unknown", "member_unknown"], "forbidden-unit")
        assert village.post("/v1/outreach", json=by_code).status_code == 201
        assert village.post("/v1/outreach", json=by_code).json()["outcome"] == "repeated"
        assert village.post("/v1/outreach", json=by_code | {"unit_id": VILLAGE}).json()["code"] == "conflict"
        path = f"/v1/outreach/{by_code['session_id']}"
        shown = village.get(path).json()
        assert (shown["unit_id"], shown["history"][0]["reported_unit_id"]) == (VILLAGE, CODE)
        corrected = {name: value for name, value in by_code.items() if name != "session_id"} | {"reason": "wrong_day"}
        assert village.post(f"{path}/correct", json=corrected | {"day": "2025-12-31"}).status_code == 201
        assert village.get(path).json()["unit_id"] == FORMER
        flags = nation.post("/v1/outreach", json=higher).json()["flags"]
        assert flags == ["unit_differs", "team_unknown", "member_unknown"]
        assert nation.get(f"/v1/outreach/{higher['session_id']}").json()["unit_id"] == NATION

        assert code(stranger.post("/v1/opinions", json=heard)) == (403, "forbidden-unit", "/unit_id")
        assert village.post("/v1/opinions", json=heard).status_code == 201
        assert village.post("/v1/opinions", json=heard).status_code == 200
        told = village.get(f"/v1/opinions/{heard['opinion_id']}").json()
        assert (told["unit_id"], told["reported_unit_id"]) == (VILLAGE, CODE)
        too_early = heard | {"opinion_id": str(uuid4()), "unit_id": LATE}
        assert code(nation.post("/v1/opinions", json=too_early)) == (422, "unit-not-on-day", "/unit_id")

        path, forward = f"/v1/opinions/{heard['opinion_id']}/forward", {"day": DAY, "due": "2026-10-20"}
        assert code(village.post(path, json=forward | {"to_unit_id": LATE})) == (422, "unit-not-on-day", "/to_unit_id")
        assert village.post(path, json=forward | {"to_unit_id": FORMER}).status_code == 201
        step = village.get(f"/v1/opinions/{heard['opinion_id']}").json()["steps"][-1]
        assert (step["to_unit_id"], step["reported_to_unit_id"]) == (VILLAGE, FORMER)
