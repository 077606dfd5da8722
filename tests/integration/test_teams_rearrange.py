"""Teams merged, split, undone and renamed over HTTP: the golden cases of Chương Mỹ and Cự Khê, with every seat counted.

One service serves the whole module; each test has a district of its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.teams_kit import NATION, PROVINCE, Teams, batch, document, person, post, published, uid, unit
from tests.waiting import eventually

DAY, MERGED, UNDONE, AGAIN = "2023-10-01", "2024-02-01", "2024-06-01", "2024-09-01"
OLD, NEW = "Tổ công nghệ số cộng đồng", "Tổ chuyển đổi số cộng đồng"
Row = dict[str, Any]


@dataclass
class District:
    """Communes, their villages, and a team of so many for each; what is needed to change them."""

    service: Teams
    client: httpx.Client
    district: str
    communes: list[str]
    villages: list[str]
    teams: dict[str, Row] = field(default_factory=dict)
    """Unit → the row that established its team."""

    def document(self, **other: Any) -> str:
        body = document(uid(), number=f"{uid()[:8]}/QĐ", **other)
        post(self.client, "/v1/documents", body)
        return str(body["document_id"])

    def counts(self, teams: int, seats: int, day: str, unit_id: str | None = None) -> bool:
        """Whether the lists tell so many teams and seats, within the moment that readers follow the log by."""
        deadline = time.monotonic() + 10
        while (found := self.figures(day, unit_id)) != (teams, seats):
            assert time.monotonic() < deadline, found
            time.sleep(0.2)
        return True

    def figures(self, day: str, unit_id: str | None = None) -> tuple[int, int]:
        """Teams and seats, as the lists tell."""
        eventually(self.service.caught_up)
        found: list[Row] = []
        query: Row = {"unit": unit_id or self.district, "as_of": day, "limit": 500}
        while True:
            page = self.client.get("/v1/teams", params=query).json()
            found += page["teams"]
            if page["next"] is None:
                return len(found), sum(team["seats"] for team in found)
            query["after"] = page["next"]

    def seats(self, team_id: str, day: str) -> list[str]:
        team = self.client.get(f"/v1/teams/{team_id}", params={"as_of": day}).json()
        return sorted(seat["seat_id"] for seat in team["seats"])


def district(service: Teams, client: httpx.Client, name: str, communes: int, villages: int, members: int) -> District:
    """``villages`` are spread over the communes; a team of ``members`` each for every commune and every village."""
    made = District(
        service, client, name, [f"{name}-c{n}" for n in range(communes)], [f"{name}-v{n}" for n in range(villages)]
    )
    rows = [unit(name, "district", PROVINCE, kind="huyện")]
    rows += [unit(c, "commune", name, kind="xã") for c in made.communes]
    rows += [unit(v, "village", made.communes[n % communes], kind="thôn") for n, v in enumerate(made.villages)]
    assert batch(client, "/v1/units/batch", rows)["counts"] == {"stored": len(rows)}
    decision = made.document()
    for unit_id in (*made.communes, *made.villages):
        seats = [
            {"seat_id": uid(), "person_id": uid(), "role": "member" if n else "leader", "affiliation": "youth_union"}
            for n in range(members)
        ]
        kind = "commune" if unit_id in made.communes else "village"
        team = {"id": uid(), "team_id": uid(), "kind": kind, "unit_id": unit_id, "name": f"{OLD} {unit_id}"}
        made.teams[unit_id] = team | {"effective": DAY, "document_id": decision, "seats": seats}
    people = [person(seat["person_id"]) for team in made.teams.values() for seat in team["seats"]]
    for start in range(0, len(people), 1000):
        batch(client, "/v1/people/batch", people[start : start + 1000])
    assert batch(client, "/v1/teams/batch", list(made.teams.values()))["counts"] == {"stored": len(made.teams)}
    return made


def carried(*teams: Row) -> list[Row]:
    return [{"seat_id": seat["seat_id"], "fate": "carried"} for team in teams for seat in team["seats"]]


def test_chuong_my_208_teams_become_207_and_back_and_nobody_is_lost(service: Teams) -> None:
    """32 communes, 208 teams, 1,456 members; two villages become one (Q1/2024): 207 teams and still 1,456."""
    with service.client(NATION) as client:
        chuong_my = district(service, client, "cm", 32, 176, 7)
        assert chuong_my.counts(208, 1456, DAY)
        merger = chuong_my.document(signed_on="2024-01-15", effective_from=MERGED, year=2024)
        first, second = chuong_my.teams["cm-v0"], chuong_my.teams["cm-v32"]  # two villages of one commune
        villages = {"reorganisation_id": uid(), "document_id": merger, "effective": MERGED}
        heirs = [{"unit_id": "cm-new", "main": True}]
        village = {"do": "establish", "unit_id": "cm-new", "level": "village", "kind": "thôn", "name": "Hợp Nhất"}
        changes = [village | {"parent_id": "cm-c0", "simulated": True}]
        changes += [{"do": "abolish", "unit_id": u, "successors": heirs} for u in ("cm-v0", "cm-v32")]
        post(client, "/v1/units/reorganisations", villages | {"changes": changes})

        merge = {"id": uid(), "rearrangement_id": uid(), "into_team_id": uid(), "effective": MERGED}
        merge |= {"document_id": merger, "from_team_ids": [first["team_id"], second["team_id"]]}
        merge |= {"new": {"kind": "village", "unit_id": "cm-new", "name": OLD}}
        short = merge | {"id": uid(), "seats": carried(first, second)[1:]}
        assert post(client, "/v1/teams/merge", short, 422)["code"] == "merge-seat-unaccounted"
        merge["seats"] = carried(first, second)
        post(client, "/v1/teams/merge", merge)
        post(client, "/v1/teams/merge", merge, 200)
        assert [chuong_my.figures(day) for day in ("2024-01-31", MERGED)] == [(208, 1456), (207, 1456)]
        merged = client.get(f"/v1/teams/{merge['into_team_id']}", params={"as_of": MERGED}).json()
        assert (len(merged["seats"]), merged["surplus_leaders"]) == (14, 1)

        undoing = {"id": uid(), "rearrangement_id": uid(), "effective": UNDONE, "document_id": chuong_my.document()}
        undo = f"/v1/rearrangements/{merge['rearrangement_id']}/undo"
        assert post(client, undo, undoing | {"id": uid()}, 422)["code"] == "unit-closed"
        withdrawn = {"reason": "withdrawn", "document_id": undoing["document_id"]}
        post(client, f"/v1/units/reorganisations/{villages['reorganisation_id']}/undo", withdrawn)
        post(client, undo, undoing)
        post(client, undo, undoing, 200)
        assert [chuong_my.figures(day) for day in (MERGED, UNDONE)] == [(207, 1456), (208, 1456)]
        assert chuong_my.seats(first["team_id"], UNDONE) == sorted(seat["seat_id"] for seat in first["seats"])
        again = {"id": uid(), "rearrangement_id": uid(), "effective": AGAIN, "document_id": merger}
        assert post(client, undo, again, 409)["code"] == "rearrangement-undone"

        post(client, f"/v1/units/reorganisations/{villages['reorganisation_id']}/redo", withdrawn)
        post(client, f"/v1/rearrangements/{undoing['rearrangement_id']}/undo", again | {"id": uid()})
        days = (DAY, MERGED, UNDONE, AGAIN)
        assert [chuong_my.figures(day)[0] for day in days] == [208, 207, 208, 207]
        assert {chuong_my.figures(day)[1] for day in days} == {1456}
        shown = client.get(f"/v1/rearrangements/{undoing['rearrangement_id']}").json()
        assert (shown["how"], shown["undoes"], shown["undone_by"]) == (
            "undo",
            merge["rearrangement_id"],
            again["rearrangement_id"],
        )
        assert shown["totals"]["seats_before"] == shown["totals"]["seats_after"] == 14
        merged_only = {"known_at": client.get(undo.removesuffix("/undo")).json()["recorded_at"]}
        then = client.get(undo.removesuffix("/undo"), params=merged_only).json()
        assert (then["undone_by"], then["version"]) == (None, 3)
        [public] = [
            event["data"]
            for event in published(client)
            if event["type"] == "TeamsRearranged.v1" and event["data"]["rearrangement_id"] == merge["rearrangement_id"]
        ]
    assert public["counts"] == [
        {"unit_id": "cm-new", "kind": "village", "day": MERGED, "teams": 0, "seats": 14},
        {"unit_id": "cm-v0", "kind": "village", "day": MERGED, "teams": -1, "seats": -7},
        {"unit_id": "cm-v32", "kind": "village", "day": MERGED, "teams": -1, "seats": -7},
    ]


def test_cu_khe_a_team_goes_to_the_two_successors_of_its_village(service: Teams) -> None:
    with service.client(NATION) as client:
        cu_khe = district(service, client, "ck", 1, 1, 6)
        decision, team = cu_khe.document(year=2024), cu_khe.teams["ck-v0"]
        heirs = [{"unit_id": "ck-a", "main": True}, {"unit_id": "ck-b", "main": False}]
        changes: list[Row] = [
            {"do": "establish", "unit_id": u, "level": "village", "kind": "thôn", "name": u, "parent_id": "ck-c0"}
            for u in ("ck-a", "ck-b")
        ]
        changes.append({"do": "abolish", "unit_id": "ck-v0", "successors": heirs})
        villages = {"reorganisation_id": uid(), "document_id": decision, "effective": MERGED, "changes": changes}
        post(client, "/v1/units/reorganisations", villages)
        seats = [seat["seat_id"] for seat in team["seats"]]
        into = [
            {"team_id": uid(), "seats": share, "new": {"kind": "village", "unit_id": u, "name": f"{OLD} {u}"}}
            for u, share in (("ck-a", seats[:3]), ("ck-b", seats[3:5]))
        ]
        split = {"id": uid(), "rearrangement_id": uid(), "into": into, "effective": MERGED, "document_id": decision}
        route = f"/v1/teams/{team['team_id']}/split"
        assert post(client, route, split, 422)["code"] == "split-seat-unaccounted"
        split |= {"id": uid(), "released": [{"seat_id": seats[5], "reason": "moved_away"}]}
        post(client, route, split)
        assert [cu_khe.figures(day) for day in (DAY, MERGED)] == [(2, 12), (3, 11)]
        assert [cu_khe.figures(MERGED, u) for u in ("ck-a", "ck-b")] == [(1, 3), (1, 2)]
        gone = client.get(f"/v1/teams/{team['team_id']}", params={"as_of": MERGED}).json()
        assert (gone["standing"], gone["ending"], gone["into_team_id"]) == ("ended", "split", into[0]["team_id"])
    with service.client("ck-b") as client:
        assert post(client, route, split | {"id": uid(), "rearrangement_id": uid()}, 403)["code"] == "forbidden-unit"


def test_every_team_concerned_must_be_the_callers(service: Teams) -> None:
    with service.client(NATION) as client:
        here = district(service, client, "au", 2, 2, 3)
        decision = here.document()
        first, second = here.teams["au-v0"], here.teams["au-v1"]  # of two communes
        merge = {"id": uid(), "rearrangement_id": uid(), "into_team_id": first["team_id"]}
        merge |= {"from_team_ids": [second["team_id"]], "seats": carried(second)}
        merge |= {"effective": MERGED, "document_id": decision}
        undo = {"id": uid(), "rearrangement_id": uid(), "effective": MERGED, "document_id": decision}
        route = f"/v1/rearrangements/{merge['rearrangement_id']}/undo"
        assert post(client, route, undo, 404)["code"] == "rearrangement-unknown"
        with service.client("au-c0") as commune:
            problem = post(commune, "/v1/teams/merge", merge, 403)
            assert (problem["code"], problem["pointer"]) == ("forbidden-unit", "/from_team_ids/0")
            post(client, "/v1/teams/merge", merge)
            assert post(commune, route, undo, 403)["code"] == "forbidden-unit"
            into = [{"team_id": uid(), "new": {"kind": "village", "unit_id": "au-v1", "name": "Tổ"}}]
            split = undo | {"rearrangement_id": uid(), "into": into, "goes_on": True}
            problem = post(commune, f"/v1/teams/{first['team_id']}/split", split, 403)
            assert (problem["code"], problem["pointer"]) == ("forbidden-unit", "/into/0/new/unit_id")
        rows = [undo | {"do": "undo", "undoes": merge["rearrangement_id"]}]
        assert batch(client, "/v1/teams/changes/batch", rows)["counts"] == {"stored": 1}
        assert here.counts(4, 12, MERGED)


def test_32_communes_reconstitute_and_rename_their_teams_by_one_document_each(service: Teams) -> None:
    with service.client(NATION) as client:
        here = district(service, client, "kt", 32, 32, 3)
        assert here.counts(64, 192, DAY)
        for commune in here.communes:
            team = here.teams[commune]
            decision = here.document(issuer=f"UBND {commune}")
            listed = [
                *team["seats"][1:],
                {"seat_id": uid(), "person_id": team["seats"][0]["person_id"], "role": "leader"},
            ]
            bulk = {"request_id": uid(), "document_id": decision, "effective": "2024-03-15", "unit": commune}
            bulk |= {"rename": {"old": OLD, "new": NEW}}
            bulk |= {"reconstitute": [{"team_id": team["team_id"], "seats": listed}]}
            if commune == here.communes[0]:
                preview = post(client, "/v1/teams/bulk", bulk | {"dry_run": True}, 200)
                assert (preview["counts"], preview["teams"]) == ({"stored": 3}, 2)
                assert {result.get("new_name") for result in preview["results"]} == {
                    None,
                    f"{NEW} {commune}",
                    f"{NEW} kt-v0",
                }
            done = post(client, "/v1/teams/bulk", bulk, 200)
            assert (done["counts"], done["next"], done["dry_run"]) == ({"stored": 3}, None, False)
            again = post(client, "/v1/teams/bulk", bulk, 200)
            assert again["counts"] == {"repeated": 1}
        assert here.counts(64, 192, "2024-03-15")
        names = {
            team["name"]
            for team in client.get("/v1/teams", params={"unit": "kt", "as_of": "2024-03-15", "limit": 500}).json()[
                "teams"
            ]
        }
        assert names == {f"{NEW} {unit_id}" for unit_id in (*here.communes, *here.villages)}
        bulk |= {"request_id": uid(), "effective": "2024-04-01", "unit": "kt", "kind": "village", "limit": 10}
        bulk |= {"rename": {"pattern": "Tổ {unit}"}, "reconstitute": []}
        renamed: list[Row] = []
        while True:
            page = post(client, "/v1/teams/bulk", bulk, 200)
            renamed += page["results"]
            if page["next"] is None:
                break
            bulk["after"] = page["next"]
        assert sorted(result["new_name"] for result in renamed) == sorted(f"Tổ {v}" for v in here.villages)
        with service.client("kt-c0") as commune_client:
            chosen = bulk | {"unit": None, "after": "", "team_ids": [team["team_id"], here.teams["kt-c0"]["team_id"]]}
            chosen |= {"rename": {"old": "Tổ", "new": "Đội"}}
            page = post(commune_client, "/v1/teams/bulk", chosen, 200)
            assert page["counts"] == {"rejected": 1, "stored": 1}
            assert post(commune_client, "/v1/teams/bulk", bulk | {"after": ""}, 403)["code"] == "forbidden-unit"
            assert post(commune_client, "/v1/teams/bulk", bulk | {"team_ids": [uid()]}, 422)["code"] == "bulk-selection"


def test_after_a_reform_teams_wait_for_a_decision_and_what_could_be_decided_is_proposed(service: Teams) -> None:
    """Three communes become one, a village goes to two successors, another one to a third that has a team."""
    with service.client(NATION) as client:
        here = district(service, client, "rf", 3, 3, 4)
        reform, resolution = "2025-07-01", here.document(kind="resolution")
        changes: list[Row] = [
            {
                "do": "establish",
                "unit_id": "rf-n",
                "level": "commune",
                "kind": "xã",
                "name": "Mới",
                "parent_id": PROVINCE,
            },
        ]
        changes += [
            {"do": "abolish", "unit_id": c, "successors": [{"unit_id": "rf-n", "main": True}]} for c in here.communes
        ]
        changes += [
            {"do": "establish", "unit_id": v, "level": "village", "kind": "thôn", "name": v, "parent_id": "rf-n"}
            for v in ("rf-a", "rf-b")
        ]
        changes += [{"do": "reparent", "unit_id": "rf-v2", "parent_id": "rf-n"}]
        heirs = {"rf-v0": ["rf-a", "rf-b"], "rf-v1": ["rf-v2"]}
        changes += [
            {"do": "abolish", "unit_id": v, "successors": [{"unit_id": u, "main": not n} for n, u in enumerate(into)]}
            for v, into in heirs.items()
        ]
        body = {"reorganisation_id": uid(), "document_id": resolution, "effective": reform, "changes": changes}
        post(client, "/v1/units/reorganisations", body)
        twice = {"id": uid(), "person_id": here.teams["rf-v1"]["seats"][2]["person_id"]}
        twice |= {"duplicate_id": here.teams["rf-v2"]["seats"][3]["person_id"], "reason": "same_person"}
        post(client, "/v1/people/join", twice)
        assert here.counts(6, 24, reform, "rf-n")

        query = {"unit": "rf-n", "as_of": reform}
        waiting = client.get("/v1/teams/awaiting", params=query).json()["awaiting"]
        assert [(group["unit_id"], group["kind"], group["reasons"], len(group["teams"])) for group in waiting] == [
            ("rf-n", "commune", ["unit_ended", "unit_shared"], 3),
            ("rf-a", "village", ["unit_ended"], 1),
            ("rf-v2", "village", ["unit_ended", "unit_shared"], 2),
        ]
        first = client.get("/v1/teams/awaiting", params=query | {"limit": 1}).json()
        rest = client.get("/v1/teams/awaiting", params=query | {"after": first["next"]}).json()
        assert first["awaiting"] + rest["awaiting"] == waiting
        assert client.get("/v1/teams/awaiting", params=query | {"after": "x"}).status_code == 422
        assert client.get("/v1/teams/awaiting", params=query | {"as_of": "2025-06-30"}).json()["awaiting"] == []
        known_then = query | {"known_at": datetime.now(UTC).isoformat()}
        assert client.get("/v1/teams/awaiting", params=known_then).json()["awaiting"] == waiting

        proposals = client.get("/v1/teams/proposals", params=query).json()["proposals"]
        assert [proposal["how"] for proposal in proposals] == ["merge", "split", "merge"]
        communes, village, into_old = proposals
        assert communes["body"]["new"] == {"kind": "commune", "unit_id": "rf-n", "name": OLD, "simulated": False} | {
            "name": communes["body"]["new"]["name"]
        }
        assert (communes["before"], communes["after"]) == (
            {"teams": 3, "seats": 12, "people": 12},
            {"teams": 1, "seats": 12, "people": 12},
        )
        assert len(communes["leaders"]) == 3
        assert into_old["body"]["into_team_id"] == here.teams["rf-v2"]["team_id"]
        assert (into_old["before"]["seats"], into_old["after"]["seats"]) == (8, 7)
        assert [part["new"]["unit_id"] for part in village["body"]["into"]] == ["rf-a", "rf-b"]
        assert village["or"]["body"]["unit_id"] == "rf-a"

        for proposal in proposals:
            done = {"document_id": resolution}
            post(client, proposal["route"], proposal["body"] | done)
            post(client, proposal["route"], proposal["body"] | done, 200)
        assert here.counts(4, 23, reform, "rf-n")
        waiting = client.get("/v1/teams/awaiting", params=query).json()["awaiting"]
        assert [(group["unit_id"], group["reasons"]) for group in waiting] == [
            ("rf-n", ["surplus_leaders"]),
            ("rf-v2", ["surplus_leaders"]),
        ]
        assert client.get("/v1/teams/proposals", params=query).json()["proposals"] == []
        waiting_then = client.get("/v1/teams/awaiting", params=known_then).json()["awaiting"]
        assert [len(group["teams"]) for group in waiting_then] == [3, 1, 2]


def test_a_merger_of_chosen_teams_is_proposed(service: Teams) -> None:
    with service.client(NATION) as client:
        here = district(service, client, "pm", 1, 2, 3)
        first, second = here.teams["pm-v0"], here.teams["pm-v1"]
        asked = {"from_team_ids": [second["team_id"]], "into_team_id": first["team_id"], "effective": MERGED}
        proposed = post(client, "/v1/teams/merge/proposal", asked, 200)
        assert (proposed["after"], len(proposed["leaders"])) == ({"teams": 1, "seats": 6, "people": 6}, 2)
        post(client, proposed["route"], proposed["body"] | {"document_id": here.document()})
        assert here.counts(2, 9, MERGED)
        assert post(client, "/v1/teams/merge/proposal", asked, 409)["code"] == "team-ended"
        unclear = {"from_team_ids": [second["team_id"]], "effective": DAY}
        assert post(client, "/v1/teams/merge/proposal", unclear, 422)["code"] == "merger-unclear"
        new = {"kind": "village", "unit_id": "pm-v0", "name": "Tổ"}
        chosen = {"from_team_ids": [first["team_id"], second["team_id"]], "new": new, "effective": DAY}
        assert post(client, "/v1/teams/merge/proposal", chosen, 200)["body"]["new"]["unit_id"] == "pm-v0"
