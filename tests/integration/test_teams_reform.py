"""The reform kit over HTTP, on a small registry: two provinces, districts, twelve communes, villages, teams.

One story, told by several tests in order on one database: a bad file, the preview, applied by a worker that is killed,
reconciled, undone, and applied again. Code 97 was Tứ Liên's and is Hồng Hà's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from ops.local import provision
from ops.local.state import State
from services.teams.domain import EVENTS
from services.teams.reform.applying import ApplyWork
from services.teams.reform.census import Census
from services.teams.reform.pieces import Pieces
from services.teams.reform.store import ORDERS, Store
from services.teams.wiring import handler_of
from shared.access import Actor
from shared.jobs import Job
from shared.jobs import State as JobState
from shared.kit import Kit
from shared.migrate import migrate
from shared.settings import Settings
from shared.unit_directory import UnitDirectory
from tests.teams_kit import Teams
from tests.waiting import eventually

EVE, DAY = "2025-06-30", "2025-07-01"
CSV = {"Content-Type": "text/csv"}
HANOI, HA_NAM, NINH_BINH = "hanoi", "hanam", "ninhbinh"
COMMUNES = {
    "tulien": ("00097", "Tứ Liên", "tayho"),
    "phucxa": ("00100", "Phúc Xá", "tayho"),
    "yenphu": ("00103", "Yên Phụ", "tayho"),
    "nhattan": ("00106", "Nhật Tân", "tayho"),
    "quangan": ("00109", "Quảng An", "tayho"),
    "cukhe": ("10183", "Cự Khê", "thanhoai"),
    "cudong": ("10186", "Cự Đồng", "thanhoai"),
    "phuluong": ("13282", "Phủ Lý", "phuly"),
    "lienchinh": ("13285", "Liêm Chính", "phuly"),
    "dongthanh": ("14320", "Đông Thành", "hoalu"),
    "tanthanh": ("14323", "Tân Thành", "hoalu"),
    "ninhson": ("14326", "Ninh Sơn", "hoalu"),
}
DISTRICTS = {"tayho": ("003", HANOI), "thanhoai": ("278", HANOI), "phuly": ("347", HA_NAM), "hoalu": ("369", NINH_BINH)}
Row = dict[str, Any]


def uid() -> str:
    return str(uuid4())


def unit(unit_id: str, level: str, parent: str | None, **other: Any) -> Row:
    row = {"id": uid(), "do": "establish", "unit_id": unit_id, "level": level, "kind": "xã", "name": unit_id}
    return row | {"parent_id": parent, "effective": "2022-01-01", "simulated": True} | other


def units() -> list[Row]:
    rows = [unit("vn", "nation", None, kind="quốc gia", name="Việt Nam")]
    rows += [
        unit(HANOI, "province", "vn", kind="thành phố", code="01", name="Hà Nội"),
        unit(HA_NAM, "province", "vn", kind="tỉnh", code="35", name="Hà Nam"),
        unit(NINH_BINH, "province", "vn", kind="tỉnh", code="37", name="Ninh Bình"),
    ]
    rows += [unit(d, "district", p, kind="huyện", code=code) for d, (code, p) in DISTRICTS.items()]
    rows += [unit(c, "commune", d, code=code, name=name) for c, (code, name, d) in COMMUNES.items()]
    rows += [unit(f"ck{n}", "village", "cukhe", kind="thôn", name=f"Thôn {n}") for n in range(1, 5)]
    return rows + [unit(f"ns{n}", "village", "ninhson", kind="xóm", name=f"Xóm {n}") for n in range(1, 3)]


# --- the file -----------------------------------------------------------------------------------------------------

RESOLUTION = {
    "document_kind": "Nghị quyết",
    "issuer": "Uỷ ban Thường vụ Quốc hội",
    "number": "1656/NQ-UBTVQH15",
    "signed_on": "16/06/2025",
    "effective": "01/07/2025",
}


def row(
    level: str, old: str = "", new: str = "", name: str = "", kind: str = "", within: str = "", **other: str
) -> Row:
    named = {"old_code": old, "new_code": new, "new_name": name, "new_kind": kind, "new_parent": within}
    return RESOLUTION | {"level": level} | named | other


def reform_rows() -> list[Row]:
    """Hà Nam goes to Ninh Bình; 12 communes become 5; Cự Khê is split; two hamlets become one; districts end."""
    hong_ha = {"new": "00097", "name": "Hồng Hà", "kind": "phường", "within": "01"}
    tay_ho = {"new": "00103", "name": "Tây Hồ", "kind": "phường", "within": "01"}
    rows = [
        row("Tỉnh", "01", "01", "Hà Nội", "thành phố"),
        row("Tỉnh", "35", "37", "Ninh Bình", "tỉnh", main="Có"),
        row("Tỉnh", "37", "37"),
        *(row("Huyện", code) for code, _ in DISTRICTS.values()),
        row("Xã", "97", **hong_ha, old_name="Tu Lien"),
        row("Xã", "00100", **hong_ha),
        *(row("Xã", code, **tay_ho) for code in ("00103", "00106", "00109")),
        row("Xã", "10183", "10186", "Cự Đồng", "xã", "01", share="Một phần", main="Có"),
        row("Xã", "10183", "10183", "Bình Minh", "xã", "01", share="Một phần", main="Không"),
        row("Xã", "10186", "10186"),
        row("Xã", "13282", "13282", "Phủ Lý", "phường", "37"),
        row("Xã", "13285", "13282"),
        row("Xã", "14320", "14320", "Hoa Lư", "phường", "37"),
        row("Xã", "14323", "14320"),
        row("Xã", "14326", "14326", "Ninh Sơn", "xã", "37"),
        row("Thôn", old_name="Thôn 3", old_parent="10183", within="10183"),
        row("Thôn", old_id="ck4", within="10183"),
        *(row("Thôn", old_id=f"ns{n}", name="Xóm Đoài", kind="xóm", within="14326") for n in (1, 2)),
    ]
    return rows


COLUMNS = (
    *("level", "old_code", "old_name", "old_parent", "old_id", "new_code", "new_name", "new_kind", "new_parent"),
    *("new_level", "new_id", "share", "main", "effective", "document_kind", "issuer", "number", "year", "signed_on"),
    "teams",
)


def as_csv(rows: Sequence[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


# --- the registry -------------------------------------------------------------------------------------------------


@dataclass
class Story:
    registry: Teams
    document: str
    teams: dict[str, str] = field(default_factory=dict)
    seats: int = 0
    reform: str = ""
    applied: dict[str, int] = field(default_factory=dict)

    def client(self, *held: str, **options: str) -> Any:
        return self.registry.client(*(held or ("vn",)), **options)

    def get(self, path: str, **query: Any) -> Any:
        with self.client() as client:
            answer = client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, rows: Sequence[Row], *held: str, **query: Any) -> str:
        with self.client(*held) as client:
            answer = client.post("/v1/reforms", content=as_csv(rows), headers=CSV, params=query)
        assert answer.status_code == 202, answer.text
        assert answer.headers["Location"] == f"/v1/reforms/{answer.json()['reform_id']}"
        return str(answer.json()["reform_id"])

    def until(self, reform: str, *states: str) -> Any:
        """The reform once it is in one of these states."""
        return eventually(lambda: (found := self.get(f"/v1/reforms/{reform}"))["state"] in states and found)

    def order(self, reform: str, what: str, body: Row | None = None, version: int | None = None) -> Any:
        path = f"/v1/reforms/{reform}"
        with self.client() as client:
            tag = client.get(path).headers.get("ETag", "*") if version is None else f'"{version}"'
            return client.post(f"{path}/{what}", json=body, headers={"If-Match": tag})

    def commune_of(self, team: str, day: str) -> str:
        return str(self.get(f"/v1/teams/{self.teams[team]}", as_of=day)["unit_id"])


@pytest.fixture(scope="module")
def story(pg: Any, rabbit: Any, stack_state: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    db = provision.database(pg.admin_url, "teams", stack_state.secret, "test_teams_reform")
    migrate("teams", db.owner_url)
    rabbit.purge()
    registry = Teams(stack_state, db, tmp_path_factory.mktemp("reform"), rabbit.uri("teams"))
    try:
        registry.start("api")
        registry.start("worker")
        yield told(Story(registry, uid()))
    finally:
        codes = registry.stop()
    assert set(codes) == {0}, registry.output()[-5000:]


def told(story: Story) -> Story:
    """A team in every commune and village, three seats each; one person sits in both hamlets' teams."""
    places = [("commune", commune) for commune in COMMUNES]
    places += [("village", f"ck{n}") for n in range(1, 5)] + [("village", f"ns{n}") for n in (1, 2)]
    document = {"document_id": story.document, "kind": "decision", "issuer": "UBND", "number": "1/QĐ", "year": 2023}
    twice = uid()
    people, teams = [], []
    for kind, place in places:
        members = [uid() for _ in range(3)]
        if place.startswith("ns"):
            members[2] = twice
        people += [member for member in members if member not in people]
        story.teams[place] = uid()
        seats = [
            {"seat_id": uid(), "person_id": person, "role": "member" if n else "leader", "affiliation": "youth_union"}
            for n, person in enumerate(members)
        ]
        story.seats += len(seats)
        team = {"id": uid(), "team_id": story.teams[place], "kind": kind, "unit_id": place, "name": f"Tổ {place}"}
        teams.append(team | {"effective": "2023-06-01", "document_id": story.document, "seats": seats})
    with story.client() as client:
        for path, rows in (
            ("/v1/units/batch", units()),
            ("/v1/documents/batch", [{"id": uid(), **document, "signed_on": EVE, "effective_from": EVE}]),
            ("/v1/people/batch", [{"id": uid(), "person_id": p, "name": "Nguyễn Văn An"} for p in people]),
            ("/v1/teams/batch", teams),
        ):
            answer = client.post(path, json={"rows": rows})
            assert answer.json()["counts"] == {"stored": len(rows)}, answer.text
        # Recorded for a day after the reform, and for the unit of before: this team cannot be moved behind its back.
        later = {"name": "Tổ Đông Thành", "effective": "2025-08-01", "document_id": story.document}
        assert client.post(f"/v1/teams/{story.teams['dongthanh']}/rename", json=later).status_code == 201
    return story


# --- the story ----------------------------------------------------------------------------------------------------


def test_a_bad_file_is_told_where_it_is_wrong_and_changes_nothing(story: Story) -> None:
    rows = [
        row("Xã", "00097", "00097", "Hồng Hà", "phường", "01"),
        row("Xã", "99999", "00097"),
        row("Xã", "00100", "00097", "Hồng Hồng", "phường", "01"),
        row("Xã", "00103", "00103", "Tây Hồ", "phường", "003x"),
        row("Xã", "00106", "00109", "Quảng An", "phường", "01"),
        row("Xã", "00109"),
        row("Xã", "10183", "10183", "Bình Minh", "xã", "01", share="Một phần"),
        row("Xã", "10183", "10186", "Cự Đồng", "xã", "01", share="Một phần"),
        row("Xã", old_id="ck1", within="01"),
    ]
    before = story.registry.events()
    reform = story.send(rows)
    found = story.until(reform, "failed")
    assert found["counts"]["rows"] == len(rows)
    errors = story.get(f"/v1/reforms/{reform}/errors")["errors"]
    told = {(error["row"], error["column"], error["code"]) for error in errors}
    assert told == {
        (3, "B", "unknown-unit"),
        (4, "G", "reform-new-contradicts"),
        (5, "I", "reform-parent-unknown"),
        (7, "F", "unit-successor-missing"),
        (8, "M", "unit-main-successor"),
        (9, "F", "unit-code-taken"),
        (10, "A", "reform-level-differs"),
    }
    assert any("Cột" not in error["detail"] and error["header"] == "new_name" for error in errors)
    assert story.registry.events() == before
    assert story.order(reform, "apply").status_code in (409, 428)


def test_a_file_that_is_no_table_of_a_reform_fails_as_a_whole(story: Story) -> None:
    with story.client() as client:
        answer = client.post("/v1/reforms", content=b"\xff\xfe nothing", headers=CSV)
    found = story.until(answer.json()["reform_id"], "failed")
    assert found["problems"], found


def test_a_sender_who_does_not_hold_a_unit_is_refused(story: Story) -> None:
    reform = story.send([row("Xã", "14320", "14320", "Hoa Lư", "phường", "37")], HANOI)
    story.until(reform, "failed")
    errors = story.get(f"/v1/reforms/{reform}/errors")["errors"]
    assert [error["code"] for error in errors] == ["forbidden-unit"]


def test_the_preview_tells_what_would_change_and_stores_nothing(story: Story) -> None:
    before = story.registry.events()
    reform = story.reform = story.send(reform_rows(), complete="commune")
    found = story.until(reform, "ready", "failed")
    assert found["state"] == "ready", story.get(f"/v1/reforms/{reform}/errors")
    after = story.registry.events()
    assert {kind: n for kind, n in after.items() if n != before.get(kind)} == {"ReformPrepared": 1}
    counts = found["counts"]
    assert counts["units"] == {
        "established": 8,
        "altered": 3,
        "abolished": 19,
        "renamed": 0,
        "reparented": 3,
        "split": 1,
    }
    assert counts["teams"] == {"reassign": 10, "merge": 2, "keep": 1}
    assert (counts["leaders"], counts["conflicts"], counts["errors"], counts["warnings"]) == (6, 1, 0, 0)
    totals = found["totals"]
    assert (totals["teams_before"], totals["teams_after"]) == (18, 17)
    assert (totals["seats_before"], totals["joined"], totals["seats_after"]) == (story.seats, 1, story.seats - 1)

    def section(name: str) -> list[Row]:
        page = story.get(f"/v1/reforms/{reform}/preview", section=name, limit=7)
        items = page["items"]
        while page["next"] is not None:
            page = story.get(f"/v1/reforms/{reform}/preview", section=name, limit=7, after=page["next"])
            items += page["items"]
        assert name in ("units", "teams") or len(items) == counts[name]
        return items

    access = {
        item["unit_id"]: [heir["unit_id"] for heir in item["successors"]] for item in section("access") if item["ends"]
    }
    born = {item["name"]: item["unit_id"] for item in section("units") if item["change"] == "established"}
    assert access["tulien"] == [born["Hồng Hà"]]
    assert access["cukhe"] == [born["Cự Đồng"], born["Bình Minh"]]
    assert set(access["tayho"]) == {born["Hồng Hà"], born["Tây Hồ"]}
    [conflict] = section("conflicts")
    assert (conflict["team_id"], conflict["code"]) == (story.teams["dongthanh"], "fact-contradicted")
    missing = [(item["unit_id"], item["parent_after"]) for item in section("unmentioned")]
    assert missing == [("ck1", born["Cự Đồng"]), ("ck2", born["Cự Đồng"])]
    shared = {item["name"]: (item["teams"], item["surplus_leaders"]) for item in section("leaders")}
    assert shared["Phường Tây Hồ"] == (3, 2)
    provinces = {item["name"]: (item["before"], item["after"]) for item in section("totals")}
    assert provinces["Tỉnh Hà Nam"] == ({"teams": 2, "seats": 6, "people": 6}, None)
    with story.client() as client:
        workbook = eventually(
            lambda: (
                (got := client.get(f"/v1/reforms/{reform}/preview", params={"format": "xlsx"})).status_code == 200
                and got
            )
        )
    assert workbook.content[:2] == b"PK"


def test_it_is_applied_though_the_worker_is_killed_and_every_seat_is_accounted_for(story: Story) -> None:
    reform = story.reform
    before = story.registry.events()
    assert story.order(reform, "apply", version=7).status_code == 412
    with story.client() as client:
        assert client.post(f"/v1/reforms/{reform}/apply").status_code == 428
    assert story.order(reform, "apply").status_code == 202
    eventually(lambda: story.get(f"/v1/reforms/{reform}")["state"] != "ready")
    story.registry.kill("worker")
    story.registry.start("worker again")
    found = story.until(reform, "applied", "failed")
    assert found["state"] == "applied", (found, story.get(f"/v1/reforms/{reform}/errors"))
    story.applied = difference(before, story.registry.events())
    report = story.get(f"/v1/reforms/{reform}/reconcile")
    assert report["differences"] == []
    assert report["units"]["commune"] == {"before": 12, "after": 7}
    assert report["units"]["district"] == {"before": 4, "after": 0}
    assert report["seats"] == {
        "before": story.seats,
        "joined": 1,
        "released": 0,
        "new": 0,
        "after": story.seats - 1,
        "carried": story.seats - 1,
    }
    assert {one["name"]: one["teams_after"] for one in report["provinces"]} == {
        "Thành phố Hà Nội": 11,
        "Tỉnh Ninh Bình": 6,
    }
    awaiting = story.get(f"/v1/reforms/{reform}/reconcile", section="awaiting")["items"]
    assert {(one["name"], len(one["team_ids"])) for one in awaiting} == {
        ("Phường Hồng Hà", 2),
        ("Phường Tây Hồ", 3),
        ("Xã Cự Đồng", 2),
        ("Phường Phủ Lý", 2),
        ("Phường Hoa Lư", 2),
    }
    by_code = {day: story.get("/v1/units", code="00097", as_of=day)["units"][0]["name"] for day in (EVE, DAY)}
    assert by_code == {EVE: "Tứ Liên", DAY: "Hồng Hà"}
    hong_ha = story.get("/v1/units", code="00097", as_of=DAY)["units"][0]["unit_id"]
    assert (story.commune_of("tulien", EVE), story.commune_of("tulien", DAY)) == ("tulien", hong_ha)
    assert story.order(reform, "apply").status_code == 409


def test_it_is_undone_and_what_was_is_again(story: Story) -> None:
    reform = story.reform
    assert story.order(reform, "undo", {"document_id": uid()}).status_code == 422
    assert story.order(reform, "undo", {"document_id": story.document}).status_code == 202
    found = story.until(reform, "undone", "failed")
    assert found["state"] == "undone", story.get(f"/v1/reforms/{reform}/errors")
    eventually(story.registry.caught_up)
    # The api looks for new facts about units once a second.
    eventually(lambda: story.get("/v1/units", code="00097", as_of=DAY)["units"][0]["name"] == "Tứ Liên")
    for day in (EVE, DAY):
        assert story.get("/v1/units", code="00097", as_of=day)["units"][0]["name"] == "Tứ Liên"
        assert [story.commune_of(place, day) for place in ("tulien", "cukhe", "ns1", "ns2")] == [
            "tulien",
            "cukhe",
            "ns1",
            "ns2",
        ]
    assert story.get("/v1/units/ck3", as_of=DAY)["parent_id"] == "cukhe"
    team = story.get(f"/v1/teams/{story.teams['ns2']}", as_of=DAY)
    assert (team["standing"], len(team["seats"])) == ("active", 3)


def test_undone_it_is_applied_again_as_a_new_reform(story: Story) -> None:
    with story.client() as client:
        answer = client.post(f"/v1/reforms/{story.reform}/again")
        assert answer.status_code == 202, answer.text
    again = answer.json()["reform_id"]
    found = story.until(again, "ready", "failed")
    assert (found["state"], found["repeats"]) == ("ready", story.reform), story.get(f"/v1/reforms/{again}/errors")
    before = story.registry.events()
    applied_by_workers_that_end_after_every_step(story, UUID(again), found["version"])
    found = story.until(again, "applied", "failed")
    assert found["state"] == "applied", (found, story.get(f"/v1/reforms/{again}/reconcile"))
    eventually(story.registry.caught_up)
    assert difference(before, story.registry.events()) == story.applied | {"ReformBegun": 2}
    eventually(lambda: story.get("/v1/units", code="00097", as_of=DAY)["units"][0]["name"] == "Hồng Hà")
    assert story.get(f"/v1/reforms/{again}/reconcile")["seats"]["joined"] == 1
    kinds = story.registry.events()
    assert (kinds["ReformApplied"], kinds["ReformUndone"], kinds["ReformPrepared"]) == (2, 1, 2)


def difference(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Of units, teams and the reform itself: its document is registered once, and warnings come when they come."""
    kinds = [kind for kind in after if kind.startswith(("Unit", "Team", "Reform"))]
    return {kind: after[kind] - before.get(kind, 0) for kind in kinds if after[kind] != before.get(kind, 0)}


def applied_by_workers_that_end_after_every_step(story: Story, reform: UUID, version: int) -> None:
    """One order a page; each step is done, forgotten, and done again by somebody who knows nothing of it.

    A first job has ended without an end, a second one takes it over.
    """
    db = story.registry.db
    urls = {"TUNGNHA_SERVICE_DATABASE_URL": db.app_url, "TUNGNHA_VAULT_DATABASE_URL": db.vault_url}
    kit = Kit(Settings.from_env(urls | {"TUNGNHA_HASH_KEY": "00" * 32}), name="test", events=EVENTS)
    try:
        store = Store(kit.engine)
        store.write(reform, ORDERS, list(store.items(reform, ORDERS)), size=1)
        actor = Actor("clerk", frozenset({"teams:admin"}), frozenset({"vn"}))
        now = datetime.now(UTC)

        def job_of(version: int, instead_of: str | None) -> Job:
            asked = {"do": "apply", "reform_id": str(reform), "version": version, "instead_of": instead_of}
            return Job(
                *(uuid4(), "reform", asked, actor, "vi", "", 0, b"", JobState.APPLYING, 0, None, {}, {}, None),
                *(kit.log.heads(), now, now, None, None),
            )

        first = job_of(version, None)
        pieces = Pieces(handler_of(kit), UnitDirectory(kit.engine), store, Census(kit.engine), kit.log)
        for cursor in range(4):
            ApplyWork(first, pieces).step(cursor)
        job = job_of(pieces.reform(reform)[1], str(first.job_id))
        cursor: int | None = 0
        while cursor is not None:
            for _ in range(2):
                pieces = Pieces(handler_of(kit), UnitDirectory(kit.engine), store, Census(kit.engine), kit.log)
                following = ApplyWork(job, pieces).step(cursor).cursor
            cursor = following
    finally:
        kit.close()


def test_what_later_changes_rest_on_is_not_undone(story: Story) -> None:
    reform = next(one["reform_id"] for one in story.get("/v1/reforms")["reforms"] if one["state"] == "applied")
    hong_ha = story.get("/v1/units", code="00097", as_of=DAY)["units"][0]["unit_id"]
    hamlet = unit("moi", "village", hong_ha, effective="2025-09-01")
    with story.client() as client:
        assert client.post("/v1/units/batch", json={"rows": [hamlet]}).json()["counts"] == {"stored": 1}
    before = story.registry.events()
    asked = story.order(reform, "undo", {"document_id": story.document})
    assert asked.status_code == 202, asked.text
    found = eventually(lambda: (f := story.get(f"/v1/reforms/{reform}"))["progress"].get("phase") == "halted" and f)
    assert (found["state"], found["reason"]["code"]) == ("applied", "reform-refused")
    refused = story.get(f"/v1/reforms/{reform}/errors")["refused"]
    assert [one["code"] for one in refused] == ["reform-unit-rests"]
    changed = {kind for kind, n in story.registry.events().items() if n != before.get(kind)}
    assert changed == {"ReformUndoBegun", "ReformHalted"}


def test_what_was_recorded_after_the_file_was_made_is_a_conflict(story: Story) -> None:
    rows = [row("Thôn", old_id="ck1", name="Thôn Một", effective="01/01/2026", new_id="giữ")]
    reform = story.send(rows, made_on="2020-01-01")
    found = story.until(reform, "ready", "failed")
    assert found["counts"]["conflicts"] == 1, found
    [conflict] = story.get(f"/v1/reforms/{reform}/preview", section="conflicts")["items"]
    assert (conflict["unit_id"], conflict["code"]) == ("ck1", "reform-unit-changed")
    assert conflict["detail"]
    with story.client() as client:
        assert client.get("/v1/reforms/template").content[:2] == b"PK"
        assert client.get(f"/v1/reforms/{uid()}").status_code == 404
    with story.client(sub="somebody else") as client:
        assert client.get(f"/v1/reforms/{reform}").status_code == 200  # who holds the nation sees all
    with story.client(HANOI, sub="somebody else") as client:
        assert client.get(f"/v1/reforms/{reform}").status_code == 404
