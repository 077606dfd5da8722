"""Units over HTTP, on the real units of Hà Nội: the reform of 1/7/2025 as one command, undone, redone and corrected."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from ops.local.provision import Database
from ops.local.state import State
from ops.units.seed import NATION_ID, REFORM, Row, Seed, load
from tests.teams_kit import Teams, batch, post, running, uid
from tests.waiting import eventually

EVE, DAY = "2025-06-30", REFORM.isoformat()
WRITE, READ = "teams:write", "teams:read"


@dataclass
class Registry:
    """A running service that knows Hà Nội, and the reform that it went through, recorded after ``before``."""

    teams: Teams
    seed: Seed
    capital: str
    document: str
    reform: dict[str, Any]
    before: str

    @property
    def path(self) -> str:
        return f"/v1/units/reorganisations/{self.reform['reorganisation_id']}"

    def client(self, *units: str, scope: str = "") -> httpx.Client:
        return self.teams.client(*units, scope=scope) if scope else self.teams.client(NATION_ID)

    def commune(self, name: str, day: str) -> str:
        return self.seed.by_name(name, date.fromisoformat(day), "commune", self.capital)


@pytest.fixture(scope="module")
def registry(
    module_database: Callable[..., Database],
    rabbit: Any,
    stack_state: State,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Registry]:
    with running(module_database("teams"), rabbit, stack_state, tmp_path_factory.mktemp("units")) as teams:
        yield prepared(teams)


def prepared(teams: Teams) -> Registry:
    seed = load()
    tree, eve = seed.tree, date(2025, 6, 30)
    capital = seed.by_code("01", eve)

    def is_here(row: Row) -> bool:
        unit, since = row["unit_id"], tree.life(row["unit_id"])[0]
        days = [day for day in (since, REFORM, eve) if day and tree.exists(unit, day)]
        return unit == NATION_ID or any(capital in tree.ancestors(unit, day) for day in days)

    rows = [row for row in seed.rows if is_here(row)]
    before = [row for row in rows if row["effective"] < DAY]
    codes = {row["unit_id"]: row["code"] for row in rows if row["do"] == "assign_code" and row["effective"] == DAY}
    reform = [row for row in rows if row["effective"] == DAY and row["do"] != "assign_code"]
    reform = [row | {"code": codes.pop(row["unit_id"])} if row["do"] == "establish" else row for row in reform]
    reform += [{"do": "assign_code", "unit_id": unit, "system": "gso", "code": code} for unit, code in codes.items()]
    random.Random(97).shuffle(reform)  # the order says nothing
    document = uid()
    change = {"id": uid(), "reorganisation_id": uid(), "document_id": document, "effective": DAY}
    change |= {"changes": [stripped(row) for row in reform]}
    with teams.client(NATION_ID) as client:
        for n in range(0, len(before), 1_000):
            assert batch(client, "/v1/units/batch", before[n : n + 1_000])["counts"].keys() == {"stored"}
        post(client, "/v1/documents", resolution(document))
        eventually(teams.caught_up)
        instant = datetime.now(UTC).isoformat()
        assert post(client, "/v1/units/reorganisations", change)["outcome"] == "stored"
        registry = Registry(teams, seed, capital, document, change, instant)
        eventually(lambda: client.get(f"/v1/units/{registry.commune('Hồng Hà', DAY)}").status_code == 200)
    return registry


def stripped(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in ("id", "effective")}


def resolution(document_id: str) -> dict[str, Any]:
    row = {"document_id": document_id, "kind": "resolution", "issuer": "UBTVQH", "number": f"{document_id[:8]}/NQ"}
    return row | {"year": 2025, "signed_on": "2025-06-16", "effective_from": DAY}


def seen(registry: Registry, client: httpx.Client, path: str, expected: Any, of: Any, **query: Any) -> dict[str, Any]:
    """The answer, once the tree has come as far as the log."""
    found: dict[str, Any] = {}

    def as_expected() -> bool:
        found.update(client.get(path, params=query).json())
        return bool(of(found) == expected)

    try:
        eventually(as_expected, 15)
    except AssertionError:
        assert of(found) == expected, found
    return found


def names(answer: dict[str, Any]) -> list[str]:
    return [unit["name"] for unit in answer.get("units", ())]


def test_the_reform_of_ha_noi_is_one_command_that_can_be_undone_and_redone(registry: Registry) -> None:
    reform, path, before = registry.reform, registry.path, registry.before
    with registry.client() as client:

        def bearer(expected: str, **query: Any) -> None:
            asked = {"code": "00097", "as_of": DAY} | query
            seen(registry, client, "/v1/units", [expected], names, **asked)

        assert 600 < len(reform["changes"]) <= 1_000
        assert post(client, "/v1/units/reorganisations", reform, 200)["outcome"] == "repeated"
        assert post(client, "/v1/units/reorganisations", reform | {"id": uid()})["version"] == 2  # nothing changed
        other = reform | {"id": uid(), "changes": reform["changes"][:5]}
        assert post(client, "/v1/units/reorganisations", other, 409)["code"] == "reorganisation-exists"
        bearer("Hồng Hà")
        bearer("Tứ Liên", as_of=EVE)
        bearer("Tứ Liên", known_at=before)
        made = client.get(path).json()
        assert {total["level"]: total["after"] for total in made["totals"]} == {"district": 0, "commune": 126}
        assert made["undone"] is False and len(made["facts"]) == len(reform["changes"])
        reformed = datetime.now(UTC).isoformat()

        undo = {"reason": "wrong_document", "document_id": registry.document}
        assert post(client, f"{path}/undo", undo | {"id": uid()})["outcome"] == "stored"
        bearer("Tứ Liên")
        bearer("Hồng Hà", known_at=reformed)
        bearer("Tứ Liên", known_at=before)
        assert client.get(path).json()["undone"] is True
        assert client.get(path, params={"known_at": reformed}).json()["undone"] is False
        assert client.get(path, params={"known_at": before}).status_code == 404
        undone = datetime.now(UTC).isoformat()
        assert post(client, f"{path}/redo", undo | {"id": uid()})["outcome"] == "stored"
        bearer("Hồng Hà")
        bearer("Tứ Liên", known_at=undone)
        wards = {"parent": registry.capital, "as_of": DAY, "limit": 500}
        seen(registry, client, "/v1/units", 126, lambda found: len(found["units"]), **wards)


def test_cu_khe_was_split_between_two_successors(registry: Registry) -> None:
    before, heirs = registry.commune("Cự Khê", EVE), ("Bình Minh", "Phú Lương")
    with registry.client(scope=READ) as client:
        found = seen(
            registry,
            client,
            f"/v1/units/{before}/successors",
            sorted(heirs),
            lambda kin: sorted(part["name"].split(" ", 1)[1] for part in kin["on_map"]),
            map=DAY,
        )
        main = registry.commune("Bình Minh", DAY)
        assert found["successors"][0] == {"unit_id": main, "main": True, "share": None}
        assert found["stands_in"] == {"unit_id": main, "estimated": True, "successor_unknown": False}
        of_main = client.get(f"/v1/units/{main}/successors", params={"map": EVE}).json()
        assert before in [part["unit_id"] for part in of_main["on_map"]]
        assert before in [link["unit_id"] for link in of_main["predecessors"]]


def test_units_are_found_by_former_names_and_listed_page_by_page(registry: Registry) -> None:
    with registry.client(scope=READ) as client:
        eve = {"name": "PHUONG TU LIEN", "as_of": EVE}
        assert names(client.get("/v1/units", params=eve).json()) == ["Tứ Liên"]
        after = {"name": "Tứ Liên", "as_of": DAY}
        assert names(seen(registry, client, "/v1/units", [], names, **after)) == []
        [former] = client.get("/v1/units", params=after | {"former": "true"}).json()["units"]
        assert former["matched"] == [{"name": "Tứ Liên", "since": "2022-01-01", "until": DAY}]
        assert former["stands_in"]["unit_id"] == registry.commune("Hồng Hà", DAY)

        subtree = {"below": registry.capital, "level": "commune", "as_of": DAY, "limit": 50}
        pages, query = [], dict(subtree)
        while query.get("after") != "None":
            page = client.get("/v1/units", params=query).json()
            pages.append([unit["unit_id"] for unit in page["units"]])
            query = subtree | {"after": str(page["next"])}
        listed = [unit for page in pages for unit in page]
        assert [len(page) for page in pages] == [50, 50, 26] and len(set(listed)) == 126
        first = client.get(f"/v1/units/{registry.capital}/children", params={"as_of": DAY, "limit": 10}).json()
        rest = client.get(
            f"/v1/units/{registry.capital}/children", params={"as_of": DAY, "after": first["next"]}
        ).json()
        assert [u["unit_id"] for u in first["units"]] + [u["unit_id"] for u in rest["units"]] == listed[:110]
        district = client.get(f"/v1/units/{listed[0]}/ancestors", params={"as_of": DAY}).json()
        assert [unit["level"] for unit in district["units"]] == ["province", "nation"]


def test_single_changes_are_conditional_and_may_come_late(registry: Registry) -> None:
    unit, key = f"v-{uid()}", uid()
    village = {"unit_id": unit, "level": "village", "kind": "thôn", "name": "Thôn Đông", "effective": "2025-07-01"}
    commune = registry.commune("Hồng Hà", DAY)
    with registry.client() as client:
        made = client.post("/v1/units", json=village | {"parent_id": commune}, headers={"Idempotency-Key": key})
        assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
        again = client.post("/v1/units", json=village | {"parent_id": commune}, headers={"Idempotency-Key": key})
        assert (again.status_code, again.json()["outcome"]) == (200, "repeated")
        path = f"/v1/units/{unit}"
        eventually(lambda: client.get(path).status_code == 200)
        assert client.get(path, headers={"If-None-Match": '"1"'}).headers["ETag"] == '"1"'
        rename = {"name": "Thôn Tây", "effective": "2026-05-01"}
        assert post(client, f"{path}/rename", rename, **{"If-Match": '"1"'})["version"] == 2
        stale = client.post(
            f"{path}/kind", json={"kind": "bản", "effective": "2026-06-01"}, headers={"If-Match": '"1"'}
        )
        assert (stale.status_code, stale.json()["version"]) == (412, 2)
        post(client, f"{path}/code", {"system": "post", "code": "P1", "effective": "2025-08-01"})
        post(client, f"{path}/code", {"system": "post", "code": None, "effective": "2026-08-01"})
        late = {"name": "Thôn Giữa", "effective": "2025-12-01"}
        post(client, f"{path}/rename", late)
        too_late = client.post(f"{path}/rename", json=late | {"effective": "2025-06-30"})
        assert too_late.json()["code"] == "unit-not-yet"
        facts = client.get(f"{path}/history").json()["facts"]
        assert [(fact["fact"], fact["type"], fact["effective"]) for fact in facts] == [
            (1, "UnitEstablished", "2025-07-01"),
            (2, "UnitRenamed", "2026-05-01"),
            (3, "UnitCodeAssigned", "2025-08-01"),
            (4, "UnitCodeAssigned", "2026-08-01"),
            (5, "UnitRenamed", "2025-12-01"),
        ]

        def called(day: str, **query: Any) -> str:
            return str(client.get(path, params={"as_of": day, **query}).json().get("name"))

        eventually(lambda: called("2025-12-01") == "Thôn Giữa")
        assert [called(day) for day in ("2025-07-01", "2026-04-30", "2026-05-01")] == [
            "Thôn Đông",
            "Thôn Giữa",
            "Thôn Tây",
        ]
        assert called("2026-04-30", known_at=facts[3]["recorded_at"]) == "Thôn Đông"
        assert client.get(path, params={"known_at": "2020-01-01"}).status_code == 404
        by_code = {"code": "P1", "system": "post", "as_of": "2026-07-31"}
        assert names(client.get("/v1/units", params=by_code).json()) == ["Thôn Tây"]
        assert names(client.get("/v1/units", params=by_code | {"as_of": "2026-08-01"}).json()) == []


def test_a_correction_says_what_it_corrects_and_contradictions_are_named(registry: Registry) -> None:
    unit, commune = f"v-{uid()}", registry.commune("Hồng Hà", DAY)
    cited = {"reason": "wrong_day", "document_id": registry.document}
    with registry.client() as client:
        establish = {"unit_id": unit, "level": "village", "kind": "thôn", "name": "Thôn Bắc", "effective": DAY}
        post(client, "/v1/units", establish | {"parent_id": commune})
        path = f"/v1/units/{unit}"
        post(client, f"{path}/rename", {"name": "Thôn Nam", "effective": "2026-02-01"})
        gone = {"effective": "2026-03-01", "successors": [], "successor_unknown": True}
        post(client, f"{path}/abolish", gone)

        def refused(corrections: list[dict[str, Any]], **other: Any) -> dict[str, Any]:
            answer = client.post(f"{path}/corrections", json=cited | {"corrections": corrections} | other)
            assert answer.status_code >= 400, answer.text
            return dict(answer.json())

        problem = refused([{"fact": 3, "effective": "2026-01-15"}])
        assert (problem["code"], "Fact 2" in problem["detail"]) == ("unit-fact-contradicted", True)
        assert refused([{"fact": 9, "void": True}])["code"] == "unit-fact-unknown"
        assert refused([{"fact": 2, "parent_id": commune}])["code"] == "unit-fact-field"
        assert refused([{"fact": 2, "void": True}], reason="vì bà Hoa nói vậy")["code"] == "unknown-choice"
        assert refused([])["code"] == "wrong-length"
        assert refused([{"fact": 2, "void": True}], document_id=uid())["code"] == "document-unknown"

        corrections = [{"fact": 3, "effective": "2026-01-15"}, {"fact": 2, "void": True}]
        stored = post(client, f"{path}/corrections", cited | {"corrections": corrections})
        history = client.get(f"{path}/history").json()
        assert [(f["fact"], f["void"], f["effective"], bool(f["corrected_by"])) for f in history["facts"]] == [
            (1, False, DAY, False),
            (2, True, "2026-02-01", True),
            (3, False, "2026-01-15", True),
        ]
        [correction] = history["corrections"]
        assert (correction["reason"], correction["facts"], correction["effective"]) == (
            "wrong_day",
            [2, 3],
            "2026-01-15",
        )
        assert correction["position"] == stored["position"]
        seen(registry, client, path, False, lambda found: found.get("exists"), as_of="2026-01-15")
        events = client.get("/v1/events", params={"partition": 0, "after": int(stored["position"][2:]) - 1}).json()
        [published] = [event for event in events["events"] if event["type"] == "UnitCorrected.v1"]
        data = published["data"]
        assert (data["established"], data["ended"]) == (DAY, "2026-01-15")
        assert data["names"] == [{"since": DAY, "value": "Thôn Bắc"}]
        assert [(told["fact"], told["void"]) for told in data["corrections"]] == [(2, True), (3, False)]


def test_agencies_register_the_villages_of_their_communes_and_nothing_else(registry: Registry) -> None:
    own, other = registry.commune("Hồng Hà", DAY), registry.commune("Bình Minh", DAY)

    def village(parent: str, level: str = "village") -> dict[str, Any]:
        unit = {"unit_id": f"v-{uid()}", "level": level, "kind": "tổ dân phố", "name": "Tổ dân phố số 1"}
        return {"id": uid(), "do": "establish", **unit, "parent_id": parent, "effective": "2025-09-01"}

    rename = {"id": uid(), "do": "rename", "unit_id": own, "name": "Khác", "effective": "2025-09-01"}
    rows = [village(own), village(other), rename, village(registry.capital, "commune")]
    with registry.client(own, scope=f"{WRITE} {READ}") as client:
        answer = batch(client, "/v1/units/batch", rows)
        codes = [result.get("problem", {}).get("code") for result in answer["results"]]
        assert codes == [None, "forbidden-unit", "forbidden-scope", "forbidden-unit"], answer
        unit = rows[0]["unit_id"]
        merged = village(own)
        change = {"reorganisation_id": uid(), "document_id": registry.document, "effective": "2026-01-01"}
        changes = [
            {"do": "abolish", "unit_id": unit, "successors": [{"unit_id": merged["unit_id"], "main": True}]},
            stripped(merged),
        ]
        assert post(client, "/v1/units/reorganisations", change | {"changes": changes})["outcome"] == "stored"
        higher = client.post("/v1/units/reorganisations", json=change | {"changes": [stripped(rename)]})
        assert (higher.json()["code"], higher.json()["pointer"]) == ("forbidden-scope", "/changes/0/unit_id")
        path = f"/v1/units/reorganisations/{change['reorganisation_id']}"
        cited = {"reason": "withdrawn", "document_id": registry.document}
        assert post(client, f"{path}/undo", cited)["outcome"] == "stored"
    with registry.client(other, scope=f"{WRITE} {READ}") as client:
        assert client.post(f"{path}/redo", json=cited).json()["code"] == "forbidden-unit"
        corrections = {"corrections": [{"fact": 1, "name": "Khác"}], **cited}
        assert client.post(f"/v1/units/{unit}/corrections", json=corrections).json()["code"] == "forbidden-unit"


def test_of_eight_that_take_a_code_at_once_one_has_it(registry: Registry) -> None:
    """By establishment, assignment and correction, whoever is first: the reservation decides."""
    commune, cited = registry.commune("Hồng Hà", DAY), {"reason": "typo", "document_id": registry.document}
    units = [f"v-{uid()}" for _ in range(8)]
    rows = [
        {"id": uid(), "do": "establish", "unit_id": unit, "level": "village", "kind": "thôn", "name": "T"}
        | {"parent_id": commune, "effective": DAY}
        for unit in units[2:]
    ]

    def take(n: int) -> str:
        path, unit = f"/v1/units/{units[n]}", rows[n - 2]
        with registry.client() as client:
            if n < 2:
                named = {key: value for key, value in unit.items() if key != "do"}
                answer = client.post("/v1/units", json=named | {"unit_id": units[n], "code": "Q.1", "id": uid()})
            elif n < 5:
                answer = client.post(f"{path}/code", json={"system": "gso", "code": "Q.1", "effective": "2025-08-01"})
            else:
                corrections = [{"fact": 1, "code": "Q.1"}]
                answer = client.post(f"{path}/corrections", json=cited | {"corrections": corrections})
        return str(answer.json().get("code", answer.json().get("outcome")))

    with registry.client() as client:
        assert batch(client, "/v1/units/batch", rows)["counts"] == {"stored": 6}
    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(take, range(8)))
    assert outcomes == ["stored", *["unit-code-taken"] * 7]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        (
            [{"do": "establish", "level": "commune", "code": None}],
            "unit-parent-level",
            "parent_id",
        ),
        ([{"do": "abolish", "successors": [{"main": True}]}], "unit-into-itself", "successors"),
        ([{"do": "rename", "name": "A"}, {"do": "rename", "name": "B"}], "unit-changed-twice", ""),
        ([{"do": "correct"}], "unknown-choice", "do"),
    ],
)
def test_a_reorganisation_that_makes_no_sense_changes_nothing(
    registry: Registry, changes: list[dict[str, Any]], code: str, pointer: str
) -> None:
    unit = {"kind": "phường", "name": "Mới"}
    standing = registry.commune("Hồng Hà", DAY)
    rows = []
    for n, change in enumerate(changes):
        fields = (
            unit | {"unit_id": "new", "parent_id": standing} if change["do"] == "establish" else {"unit_id": standing}
        )
        links = [link | {"unit_id": standing} for link in change.get("successors", ())]
        rows.append(fields | change | ({"successors": links} if links else {}))
        place = f"/changes/{n}{'/' + pointer if pointer else ''}"
    body = {"reorganisation_id": uid(), "document_id": registry.document, "effective": "2026-01-01", "changes": rows}
    with registry.client() as client:
        answer = client.post("/v1/units/reorganisations", json=body)
        assert (answer.json()["code"], answer.json()["pointer"]) == (code, place), answer.text
        many = client.post("/v1/units/reorganisations", json=body | {"changes": rows * 1_001})
        assert (many.json()["code"], "1000" in many.json()["detail"]) == ("wrong-length", True)
        assert client.get(f"/v1/units/reorganisations/{body['reorganisation_id']}").status_code == 404


def test_the_first_answer_by_former_knowledge_takes_a_moment_and_the_next_ones_do_not(registry: Registry) -> None:
    with registry.client(scope=READ) as client:
        instant = datetime.now(UTC).isoformat()
        query = {"code": "00097", "as_of": EVE, "known_at": instant}
        client.get("/v1/units", params=query)
        began = time.monotonic()
        assert names(client.get("/v1/units", params=query).json()) == ["Tứ Liên"]
        assert time.monotonic() - began < 1
