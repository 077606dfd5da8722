"""Teams in time over HTTP: Bắc Kạn's pilot, histories, corrections, lists as of a day and as known at a moment.

One service serves the whole module; each test has a commune of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.teams_kit import NATION, PILOT, Teams, batch, document, person, post, uid, unit
from tests.waiting import eventually

Row = dict[str, Any]


@dataclass
class Commune:
    """A commune with three villages, a document and nine people."""

    service: Teams
    client: httpx.Client
    unit_id: str
    document: str
    people: list[str]

    @property
    def villages(self) -> list[str]:
        return [f"{self.unit_id}-{n}" for n in range(3)]

    def establish(self, unit_id: str, day: str, *people: int, **other: Any) -> str:
        team = uid()
        seats = [
            {"seat_id": uid(), "person_id": self.people[p], "role": "member" if n else "leader"}
            for n, p in enumerate(people)
        ]
        kind = "commune" if unit_id == self.unit_id else "village"
        body = {"team_id": team, "kind": kind, "unit_id": unit_id, "name": "Tổ công nghệ số", "effective": day}
        post(self.client, "/v1/teams", body | {"document_id": self.document, "seats": seats} | other)
        return team

    def change(self, team: str, what: str, day: str, status: int = 201, **other: Any) -> Row:
        body = {"effective": day, "document_id": self.document} | other
        answer: Row = post(self.client, f"/v1/teams/{team}/{what}", body, status)
        return answer

    def team(self, team: str, **asked: Any) -> Row:
        answer = self.client.get(f"/v1/teams/{team}", params=asked)
        return answer.json() if answer.status_code == 200 else {"status": answer.status_code}

    def listed(self, unit_id: str | None = None, **asked: Any) -> list[Row]:
        eventually(self.service.caught_up)
        found: list[Row] = []
        query: Row = {"unit": unit_id or self.unit_id, **asked}
        while True:
            page = self.client.get("/v1/teams", params=query).json()
            found += page["teams"]
            if page["next"] is None:
                return found
            query["after"] = page["next"]


@pytest.fixture
def commune(service: Teams) -> Iterator[Commune]:
    unit_id, document_id, people = uid(), uid(), [uid() for _ in range(9)]
    with service.client(NATION) as client:
        rows = [unit(unit_id, "commune", PILOT, name="Dương Quang")]
        rows += [unit(f"{unit_id}-{n}", "village", unit_id, kind="thôn", name=f"Thôn {n}") for n in range(3)]
        assert batch(client, "/v1/units/batch", rows)["counts"] == {"stored": 4}
        post(client, "/v1/documents", document(document_id))
        assert batch(client, "/v1/people/batch", [person(p) for p in people])["counts"] == {"stored": 9}
        yield Commune(service, client, unit_id, document_id, people)


def now() -> str:
    """This moment, apart from everything before and after."""
    time.sleep(0.01)
    moment = datetime.now(UTC).isoformat()
    time.sleep(0.01)
    return moment


def test_bac_kan_the_pilot_on_all_sides_of_its_days(commune: Commune) -> None:
    """It ran 1/5-31/7/2022 under a plan signed on 24/5/2022, was recorded years later, its conversion later still."""
    plan = document(uid(), kind="plan", issuer="UBND tỉnh Bắc Kạn", number=f"{uid()[:8]}/KH-UBND", year=2022)
    post(commune.client, "/v1/documents", plan | {"signed_on": "2022-05-24", "effective_from": "2022-05-24"})
    before = now()
    team = commune.establish(commune.unit_id, "2022-05-01", 0, 1, 2, pilot=True, document_id=plan["document_id"])
    running_on = now()
    post(
        commune.client,
        f"/v1/teams/{team}/end-pilot",
        {"effective": "2022-08-01", "converted": True, "document_id": plan["document_id"]},
    )
    converted = now()

    def standing(day: str, moment: str | None = None) -> str:
        asked = {"as_of": day} | ({"known_at": moment} if moment else {})
        return str(commune.team(team, **asked).get("standing"))

    days = ("2022-04-30", "2022-05-01", "2022-07-31", "2022-08-01", "2026-01-01")
    assert [standing(day) for day in days] == ["not_yet", "pilot", "pilot", "active", "active"]
    assert [standing(day, running_on) for day in days] == ["not_yet", "pilot", "pilot", "pilot", "pilot"]
    assert commune.team(team, as_of="2022-06-01", known_at=before) == {"status": 404}
    assert commune.team(team, as_of="2022-06-01", known_at="2022-06-01") == {"status": 404}

    def pilots(day: str, **asked: Any) -> list[str]:
        return [row["team_id"] for row in commune.listed(as_of=day, standing="pilot", **asked)]

    assert [pilots(day) for day in days] == [[], [team], [team], [], []]
    assert [pilots(day, known_at=running_on) for day in days] == [[], [team], [team], [team], [team]]
    assert [pilots(day, known_at=converted) for day in days] == [[], [team], [team], [], []]
    assert pilots("2022-06-01", known_at=before) == []

    wrong = {"reason": "wrong_day", "document_id": plan["document_id"]}
    wrong |= {"corrections": [{"fact": 2, "effective": "2022-09-01"}]}
    post(commune.client, f"/v1/teams/{team}/correct", wrong)
    assert (standing("2022-08-15"), standing("2022-08-15", converted)) == ("pilot", "active")
    assert (pilots("2022-08-15"), pilots("2022-08-15", known_at=converted)) == ([team], [])


def test_a_history_tells_what_was_recorded_when_and_what_corrected_it(commune: Commune) -> None:
    team = commune.establish(commune.villages[0], "2023-01-01", 0, 1)
    commune.change(team, "rename", "2023-03-01", name="Tổ chuyển đổi số")
    moment = now()
    seat = {"seat_id": uid(), "person_id": commune.people[4], "role": "deputy"}
    late = {"do": "appoint", "effective": "2023-02-01", "document_id": commune.document, "seat": seat}
    body = {"reason": "typo", "document_id": commune.document, "added": [late]}
    body |= {"corrections": [{"fact": 2, "name": "Tổ chuyển đổi số cộng đồng"}]}
    corrected = post(commune.client, f"/v1/teams/{team}/correct", body | {"if_match": 2})
    assert post(commune.client, f"/v1/teams/{team}/correct", body | {"if_match": 2}, 412)["version"] == 3
    answer = commune.client.get(f"/v1/teams/{team}/history")
    history = answer.json()
    assert answer.headers["ETag"] == '"3"'
    assert [(f["fact"], f["type"], f["effective"], f["corrected_by"]) for f in history["facts"]] == [
        (1, "TeamEstablished", "2023-01-01", []),
        (2, "TeamRenamed", "2023-03-01", [corrected["position"]]),
        (3, "SeatAppointed", "2023-02-01", []),
    ]
    assert history["facts"][1]["recorded"]["name"] == "Tổ chuyển đổi số"
    assert history["facts"][1]["now"]["name"] == "Tổ chuyển đổi số cộng đồng"
    assert history["corrections"][0]["facts"] == [{"fact": 2, "how": "corrected"}, {"fact": 3, "how": "added"}]
    then = commune.client.get(f"/v1/teams/{team}/history", params={"known_at": moment})
    assert (len(then.json()["facts"]), then.json()["corrections"], "ETag" in then.headers) == (2, [], False)

    def seats(**asked: str) -> int:
        return len(commune.client.get(f"/v1/teams/{team}/seats", params=asked).json()["seats"])

    assert (seats(as_of="2023-02-01"), seats(as_of="2023-02-01", known_at=moment), seats(as_of="2023-01-31")) == (
        3,
        2,
        2,
    )
    assert [row["name"] for row in commune.listed(as_of="2023-04-01", name="CONG DONG")] == [
        "Tổ chuyển đổi số cộng đồng"
    ]
    assert commune.listed(as_of="2023-04-01", name="cộng đồng", known_at=moment) == []
    assert [row["seats"] for row in commune.listed(as_of="2023-04-01", name="chuyen doi", known_at=moment)] == [2]


def test_a_village_head_is_elected(commune: Commune) -> None:
    team = commune.establish(commune.villages[0], "2023-01-01", 0, 1, 2)
    new = {"seat_id": uid(), "person_id": commune.people[5], "role": "leader"}
    commune.change(team, "leader", "2024-06-01", seat=new, reason="village_head_elected")
    roles = {s["person_id"]: s["role"] for s in commune.team(team, as_of="2024-06-01")["seats"]}
    assert (roles[commune.people[5]], roles[commune.people[0]], len(roles)) == ("leader", "member", 4)
    assert commune.change(team, "leader", "2024-07-01", 422)["code"] == "leader-unclear"
    first = commune.team(team, as_of="2023-01-01")["seats"][0]["seat_id"]
    commune.change(team, f"seats/{first}/change", "2024-07-01", role="deputy", affiliation="veterans")
    then = commune.team(team, as_of="2024-07-01")["seats"]
    assert {"deputy", "veterans"} <= {value for seat in then for value in seat.values()}


def test_a_team_moves_and_is_found_where_it_stands(commune: Commune) -> None:
    one, other, third = commune.villages
    team = commune.establish(one, "2023-01-01", 0, 1)
    commune.change(team, "suspend", "2023-06-01")
    commune.change(team, "resume", "2023-07-01")
    commune.change(team, "reassign", "2023-09-01", unit_id=other)
    assert commune.change(team, "suspend", "2023-06-15", 409)["code"] == "team-suspended"

    def found(root: str, day: str) -> list[tuple[str, str]]:
        return [(row["unit_id"], row["standing"]) for row in commune.listed(root, as_of=day)]

    assert found(one, "2023-05-31") == [(one, "active")]
    assert found(one, "2023-06-30") == [(one, "suspended")]
    assert (found(one, "2023-09-01"), found(other, "2023-09-01")) == ([], [(other, "active")])
    gone = {"id": uid(), "do": "abolish", "unit_id": other, "effective": "2024-01-01"}
    gone |= {"successors": [{"unit_id": third, "main": True}]}
    assert batch(commune.client, "/v1/units/batch", [gone])["counts"] == {"stored": 1}
    eventually(lambda: commune.client.get(f"/v1/units/{other}", params={"as_of": "2024-01-01"}).json()["until"])
    [row] = commune.listed(third, as_of="2024-01-01")
    assert (row["unit_id"], row["stands_in"], row["awaiting_decision"]) == (other, third, True)
    assert [row["stands_in"] for row in commune.listed(as_of="2023-12-31")] == [None]
    commune.establish(third, "2023-01-01", 3)
    assert [row["awaiting_decision"] for row in commune.listed(third, as_of="2024-01-01")] == [True, True]
    assert [row["awaiting_decision"] for row in commune.listed(third, as_of="2023-12-31")] == [False]


def test_pages_filters_counts_and_summaries(commune: Commune) -> None:
    before = now()
    teams = [commune.establish(v, "2023-01-01", 3 * n, 3 * n + 1) for n, v in enumerate(commune.villages[:2])]
    teams.append(commune.establish(commune.unit_id, "2023-02-01", 0, 8))
    every = [row["team_id"] for row in commune.listed(as_of="2023-03-01")]
    assert sorted(every) == sorted(teams)
    assert [row["team_id"] for row in commune.listed(as_of="2023-03-01", limit=1)] == every
    assert [row["team_id"] for row in commune.listed(as_of="2023-03-01", limit=1, name="so")] == every
    moment = now()
    assert [row["team_id"] for row in commune.listed(as_of="2023-03-01", limit=1, known_at=moment)] == every
    assert [row["team_id"] for row in commune.listed(as_of="2023-03-01", kind="commune")] == teams[2:]
    assert commune.listed(as_of="2023-03-01", document=uid()) == []
    page = commune.client.get(
        "/v1/teams", params={"unit": commune.unit_id, "as_of": "2023-03-01", "limit": 1, "count": True}
    ).json()
    assert (page["count"], len(page["teams"])) == (3, 1)
    cited = [row["team_id"] for row in commune.listed(as_of="2023-03-01", document=commune.document)]
    assert cited == every
    assert commune.client.get("/v1/teams", params={"after": "x!"}).json()["pointer"] == "/after"

    def summary(day: str, unit_id: str, **asked: str) -> Row:
        answer: Row = commune.client.get(f"/v1/units/{unit_id}/summary", params={"as_of": day, **asked}).json()
        return answer

    here = summary("2023-03-01", commune.unit_id)
    assert (here["teams"]["total"], here["teams"]["village"]["active"], here["seats"], here["people"]) == (3, 2, 6, 5)
    assert here["coverage"]["village"] == {"units": 3, "with_team": 2, "without_team": 1}
    assert here["coverage"]["commune"] == {"units": 1, "with_team": 1, "without_team": 0}
    assert summary("2023-01-31", commune.unit_id)["coverage"]["commune"]["with_team"] == 0
    ignored = ("known_at", "position")
    told = summary("2023-03-01", commune.unit_id, known_at=moment)
    assert {k: v for k, v in told.items() if k not in ignored} == {k: v for k, v in here.items() if k not in ignored}
    nobody = summary("2023-03-01", commune.unit_id, known_at=before)
    assert (nobody["teams"]["total"], nobody["seats"], nobody["coverage"]["commune"]["with_team"]) == (0, 0, 0)
    nation = summary("2023-03-01", NATION)
    [province] = [below for below in nation["below"] if below["unit_id"] == PILOT]
    assert province["complete"] == (province["communes"] == province["with_team"])
    missing = commune.client.get(
        f"/v1/units/{commune.unit_id}/without-team", params={"kind": "village", "as_of": "2023-03-01"}
    ).json()
    assert missing["units"] == [commune.villages[2]]
    asked = {"as_of": "2023-03-01", "known_at": before, "kind": "village", "limit": 2}
    without = commune.client.get(f"/v1/units/{commune.unit_id}/without-team", params=asked).json()
    assert without["units"] == commune.villages[:2]
    rest = commune.client.get(f"/v1/units/{commune.unit_id}/without-team", params=asked | {"after": without["next"]})
    assert (rest.json()["units"], rest.json()["next"]) == (commune.villages[2:], None)


def test_a_team_that_never_was_leaves_its_place_and_every_list(commune: Commune) -> None:
    village = commune.villages[0]
    team = commune.establish(village, "2023-01-01", 0, 1)
    moment = now()
    body = {"reason": "withdrawn", "document_id": commune.document, "corrections": [{"fact": 1, "void": True}]}
    post(commune.client, f"/v1/teams/{team}/correct", body)
    assert commune.team(team, as_of="2023-06-01")["standing"] == "void"
    assert (commune.listed(as_of="2023-06-01"), len(commune.listed(as_of="2023-06-01", known_at=moment))) == ([], 1)
    again = commune.establish(village, "2023-01-01", 0)
    assert [row["team_id"] for row in commune.listed(as_of="2023-06-01")] == [again]
    back = body | {"corrections": [{"fact": 1, "void": False}]}
    assert post(commune.client, f"/v1/teams/{team}/correct", back, 409)["code"] == "team-place-taken"
    changes = commune.client.get(f"/v1/documents/{commune.document}/changes").json()["changes"]
    assert [change["type"] for change in changes] == ["TeamEstablished", "TeamCorrected", "TeamEstablished"]
    then = commune.client.get(f"/v1/documents/{commune.document}/changes", params={"known_at": moment}).json()
    assert then["changes"] == changes[:1]
    assert changes[0] | {"recorded_at": "", "position": ""} == {
        "type": "TeamEstablished",
        "subject": "team",
        "id": team,
        "unit_id": village,
        "effective": "2023-01-01",
        "recorded_at": "",
        "position": "",
    }


def test_rows_of_a_batch_say_what_they_are_based_on(commune: Commune) -> None:
    one, other = (commune.establish(v, "2023-01-01", n) for n, v in enumerate(commune.villages[:2]))
    common = {"do": "rename", "effective": "2023-05-01", "document_id": commune.document}
    rows = [
        common | {"id": uid(), "team_id": one, "name": "Một", "if_match": 1},
        common | {"id": uid(), "team_id": other, "name": "Hai", "if_match": 7},
    ]
    answer = batch(commune.client, "/v1/teams/changes/batch", rows)
    assert answer["counts"] == {"stored": 1, "rejected": 1}
    problem = answer["results"][1]["problem"]
    assert (problem["status"], problem["code"], problem["version"]) == (412, "precondition-failed", 1)
    assert batch(commune.client, "/v1/teams/changes/batch", rows[:1])["counts"] == {"repeated": 1}


def test_a_document_is_found_by_its_key(commune: Commune) -> None:
    body = document(uid(), issuer="UBND xã Dương Quang", number=f"{uid()[:8]}/QĐ-UBND")
    post(commune.client, "/v1/documents", body)
    key = {"issuer": "ubnd  xã Dương Quang", "kind": "decision", "number": body["number"].lower(), "year": 2023}
    [found] = commune.client.get("/v1/documents", params=key).json()["documents"]
    assert found["document_id"] == body["document_id"]
    assert commune.client.get("/v1/documents", params=key | {"year": 2024}).json()["documents"] == []
    assert commune.client.get("/v1/documents", params={"number": "1"}).status_code == 422
    kinds = commune.client.get("/v1/documents/kinds").json()["kinds"]
    assert {"kind": "plan", "name": "kế hoạch", "letters": "KH"} in kinds
    same = post(commune.client, "/v1/documents", body | {"document_id": uid()}, 409)
    assert (same["code"], body["document_id"] in same["detail"]) == ("document-key-taken", True)
