"""Files of villages, teams and people: over HTTP, done by worker processes that may die at any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from ops.local.provision import Database
from ops.local.state import State
from services.teams.domain.team.events import Role, TeamKind
from services.teams.files.templates import PEOPLE, TEMPLATES
from shared.sheets import read_book, write_csv
from tests.files_kit import UNITS, errors, finished, imported, results, send, workbook
from tests.teams_kit import OTHER, Row, Teams
from tests.waiting import eventually

DAY = date(2023, 10, 1)
SIGNED = {"document_kind": "decision", "issuer": "UBND phường Tứ Liên", "number": "12/QĐ-UBND", "signed_on": DAY}


@pytest.fixture(scope="module")
def registry(
    module_database: Callable[..., Database],
    rabbit: Any,
    stack_state: State,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Teams]:
    rabbit.purge()
    made = Teams(stack_state, module_database("teams"), tmp_path_factory.mktemp("files"), rabbit.uri("teams"))
    try:
        made.start("api")
        made.start("worker")
        with made.client() as client:
            answer = client.post("/v1/units/batch", json={"rows": UNITS}).json()
            assert answer["counts"] == {"stored": len(UNITS)}, answer
        eventually(made.caught_up)
        yield made
    finally:
        made.stop()


def village(key: str, name: str, **other: Any) -> Row:
    return {"key": key, "unit": "00097", "kind": "thôn", "name": name, "effective": date(2021, 1, 1)} | other


def team(key: str, where: str, **other: Any) -> Row:
    row = {"key": key, "kind": TeamKind.VILLAGE, "unit": "00097", "village": where, "name": f"Tổ {key}"}
    return row | {"effective": DAY} | SIGNED | other


def person(team_key: str, name: str, role: Role = Role.MEMBER, **other: Any) -> Row:
    return {"team": team_key, "name": name, "role": role, "affiliation": "youth_union"} | other


def people_of(key: str, count: int, tag: str) -> list[Row]:
    roles = [Role.LEADER, Role.DEPUTY]
    return [
        person(
            key,
            f"Người {tag} {n}",
            roles[n] if n < 2 else Role.MEMBER,
            phone=f"09{abs(hash((tag, key, n))) % 10**8:08}",
        )
        for n in range(count)
    ]


def test_a_workbook_registers_villages_teams_and_people(registry: Teams) -> None:
    book = workbook(
        [village("T1", "Thôn Một"), village("T2", "Thôn Hai")],
        [team("A", "T1"), team("B", "T2"), team("C", "", kind=TeamKind.COMMUNE)],
        [
            *people_of("A", 3, "a"),
            *people_of("B", 2, "b"),
            person("C", "Trần Thị Bưởi", Role.LEADER, phone="0912345678"),
        ],
    )
    with registry.client() as client:
        rehearsed = imported(client, book, dry_run="true")
        assert rehearsed["progress"]["counts"] == {"stored": 11}, errors(client, rehearsed)
        assert not registry.log("SELECT 1 FROM log.events WHERE type IN ('PersonRegistered', 'TeamEstablished')")
        key = str(uuid4())
        first = send(client, book, key=key)
        assert (first.status_code, first.headers["Location"]) == (202, f"/v1/imports/{first.json()['id']}")
        again = send(client, book, key=key)
        assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
        assert send(client, workbook(), key=key).json()["code"] == "conflict"
        job = finished(client, first.json()["id"])
        assert (job["state"], job["progress"]["counts"]) == ("done", {"stored": 11}), errors(client, job)
        eventually(registry.caught_up)
        events = registry.events()
        assert (events["TeamEstablished"], events["PersonRegistered"]) == (3, 6)
        second = imported(client, book)
        assert second["progress"]["counts"] == {"repeated": 11}
        assert registry.events() == events
        seated = (
            "SELECT data ->> 'name', jsonb_array_length(data -> 'seats') FROM log.events WHERE type = 'TeamEstablished'"
        )
        assert sorted(registry.log(seated)) == [("Tổ A", 3), ("Tổ B", 2), ("Tổ C", 1)]
    assert "Bưởi" not in registry.output()
    assert "Bưởi" not in repr(registry.log("SELECT data::text FROM log.events"))


def test_bad_rows_are_named_and_the_rest_is_stored(registry: Teams) -> None:
    villages = [village("T3", "Thôn Ba"), village("T4", "Thôn Bốn", unit="99999"), village("T5", "Thôn Năm")]
    teams = [team("D", "T3"), team("E", "T4"), team("F", "T9"), team("G", "T5", number=None), team("H", "T5")]
    people = [
        person("D", "Lê Văn Sáu", Role.LEADER, phone="0911111111"),
        person("D", "Lê Văn Bảy", Role.LEADER, phone="0911111112"),
        person("D", "Lê Văn Tám", phone="gọi sau"),
        person("D", "Lê Văn Chín", phone="0911111114", affiliation="Không rõ"),
        person("D", "Lê Văn Sáu", phone="+84911111111"),
        person("E", "Đỗ Thị Na", phone="0911111116"),
        person("X", "Đỗ Thị Mơ", phone="0911111117"),
        person("H", "Đỗ Thị Lê", phone="0911111118", effective=date(2023, 1, 1)),
        person("H", "Đỗ Thị Mận 012345678901"),
        person("H", "Đỗ Thị Đào", phone="0911111119", effective=date(2024, 1, 1)),
    ]
    with registry.client() as client:
        job = imported(client, workbook(villages, teams, people))
        found = errors(client, job)
        assert found == [
            ("Thôn!B3", "unknown-unit"),
            ("Tổ!D3", "row-depends"),
            ("Tổ!D4", "village-name-unknown"),
            ("Tổ!J5", "row-document-missing"),
            ("Thành viên!D3", "leader-exists"),
            ("Thành viên!C4", "phone-format"),
            ("Thành viên!E5", "unknown-choice"),
            ("Thành viên!B6", "row-twice"),
            ("Thành viên!A7", "row-depends"),
            ("Thành viên!A8", "row-team-unknown"),
            ("Thành viên!F9", "row-before-team"),
            ("Thành viên!B10", "forbidden-personal-field"),
        ]
        assert (job["state"], job["progress"]["counts"]) == ("done", {"stored": 6, "rejected": 12})
        errors_in_file = {error["detail"] for r in results(client, job) for error in r["errors"]}
        assert any("Row 3 of the sheet Thôn was refused" in detail for detail in errors_in_file)
        answer = client.get(f"/v1/imports/{job['id']}/result")
        assert answer.headers["Content-Type"].endswith("sheet")
        result = _read(answer.content)
        shown = {(row.sheet, row.number): row.cells[-3:] for row in result.rows}
        assert shown["people", 2][0] == "Stored"
        assert shown["people", 3][0] == "Rejected"
        assert shown["people", 3][1:] == [
            "D3 (Vai trò): Mỗi tổ chỉ có một tổ trưởng.",
            "D3 (Vai trò): A team has one leader.",
        ]

        # What was wrong is put right in the result file, and that file is sent again.
        before = registry.events()
        corrected = [dict(p) for p in people]
        corrected[1] |= {"role": Role.DEPUTY}
        corrected[2] |= {"phone": "0911111113"}
        again = imported(client, workbook(villages, teams, corrected))
        assert again["progress"]["counts"] == {"repeated": 6, "stored": 2, "rejected": 10}, errors(client, again)
        after = registry.events()
        assert (after["SeatAppointed"], after["PersonRegistered"]) == (
            before["SeatAppointed"] + 2,
            before["PersonRegistered"] + 2,
        )
        assert after["TeamEstablished"] == before["TeamEstablished"]


def _read(content: bytes, template: str = "registry") -> Any:
    import tempfile

    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        file.seek(0)
        return read_book(file, "xlsx", TEMPLATES[template])


def test_a_result_file_can_be_corrected_and_sent_again(registry: Teams) -> None:
    rows = [person("a-team", "Nguyễn Thị Khế", phone="0922222221"), person("a-team", "Nguyễn Thị Ổi", phone="?")]
    book = workbook([village("T6", "Thôn Sáu")], [team("a-team", "T6")], rows)
    with registry.client() as client:
        job = imported(client, book)
        assert job["progress"]["counts"] == {"stored": 3, "rejected": 1}
        result = _read(client.get(f"/v1/imports/{job['id']}/result").content)
        bad = next(row for row in result.rows if row.findings)
        bad.cells[2] = "0922222222"
        fixed = workbook(
            [row.values for row in result.of("villages")],
            [row.values for row in result.of("teams")],
            [row.values | ({"phone": "0922222222"} if row is bad else {}) for row in result.of("people")],
        )
        assert imported(client, fixed)["progress"]["counts"] == {"repeated": 3, "stored": 1}


def test_a_file_as_a_whole_can_be_wrong(registry: Teams) -> None:
    header = "Tổ,Họ và tên,Vai trò,Số CCCD,Ngày sinh,Ghi chú\r\nA,Nguyễn Văn An,Tổ trưởng,001,1990,x\r\n"
    with registry.client() as client, registry.client(locale="vi") as vietnamese:
        job = imported(client, header.encode(), "csv", template="people")
        assert job["state"] == "failed"
        found = [(problem["cell"], problem["code"]) for problem in job["problems"]]
        assert found == [("D1", "column-forbidden"), ("E1", "column-forbidden"), ("F1", "column-unknown")]
        assert "91/2025/QH15" in job["problems"][0]["detail"]
        shown = vietnamese.get(f"/v1/imports/{job['id']}").json()
        assert "Không nhận số định danh" in shown["problems"][0]["detail"]
        assert client.get(f"/v1/imports/{job['id']}/result").status_code == 404
        for content, media, code in (
            (b"PK\x03\x04 nothing", "xlsx", "file-not-xlsx"),
            (b"", "csv", "file-empty"),
            ("Tổ,Họ và tên\r\nA,An\r\n".encode(), "csv", "column-missing"),
            ("Tổ,Họ tên,Vai trò\r\n".encode(), "csv", "file-no-rows"),
            (b"\xd0\xcf\x11\xe0 old", "xlsx", "file-old-excel"),
        ):
            job = imported(client, content, media, template="people")
            assert (job["state"], job["problems"][0]["code"]) == ("failed", code), job
        assert send(client, b"x", template="unheard-of").json()["code"] == "template-unknown"
        answer = client.post("/v1/imports", content=b"{}", headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (422, "missing-field")
        answer = client.post("/v1/imports?template=people", content=b"{}", headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


def test_rows_of_other_units_are_refused_one_by_one(registry: Teams) -> None:
    villages = [village("T7", "Thôn Bảy"), village("T8", "Thôn Tám", unit="14000")]
    teams = [team("I", "T7"), team("J", "T8"), team("K", "", unit="14000", kind=TeamKind.COMMUNE)]
    people = [person("I", "Phan Văn Hai"), person("J", "Phan Văn Ba"), person("K", "Phan Văn Tư")]
    with registry.client(OTHER, sub="ninh-binh") as client:
        job = imported(client, workbook(villages, teams, people))
        assert errors(client, job) == [
            ("Thôn!B2", "forbidden-unit"),
            ("Tổ!D2", "row-depends"),
            ("Thành viên!A2", "row-depends"),
        ]
        assert job["progress"]["counts"] == {"stored": 5, "rejected": 3}
        dry = imported(client, workbook(villages, teams, people), dry_run="true")
        assert dry["progress"]["counts"] == {"repeated": 5, "rejected": 3}
    with registry.client(OTHER, sub="somebody-else", scope="teams:write") as client:
        assert client.get(f"/v1/imports/{job['id']}").status_code == 404
        assert client.get(f"/v1/imports/{job['id']}/result").status_code == 404
    with registry.client(scope="teams:read") as client:
        assert send(client, workbook()).status_code == 403


def test_csv_one_sheet_at_a_time(registry: Teams) -> None:
    villages = "STT;Mã xã;Loại;Tên thôn;Ngày có hiệu lực\r\n1;97;Tổ dân phố;Số 9;1/2/2021\r\n"
    teams = (
        "UBND PHƯỜNG TỨ LIÊN\r\nDANH SÁCH TỔ\r\n\r\nLOẠI TỔ\tMã xã\tThôn\tTên tổ\tNgày thành lập\tLoại văn bản"
        "\tCơ quan ban hành\tSố văn bản\tNgày ký\r\nthôn\t00097\tTổ dân phố Số 9\tTổ Chín\t01/10/2023\tQĐ"
        "\tUBND phường Tứ Liên\t12/qđ-ubnd\t01/10/2023\r\n"
    )
    with registry.client() as client:
        job = imported(client, villages.encode("utf-8-sig"), "csv", template="villages")
        assert job["progress"]["counts"] == {"stored": 1}, (job, errors(client, job))
        eventually(registry.caught_up)
        job = imported(client, teams.encode("utf-16"), "csv", template="teams")
        assert job["progress"]["counts"] == {"stored": 1}, (job, errors(client, job))
        text = client.get(f"/v1/imports/{job['id']}/result").content.decode("utf-8-sig")
        assert text.splitlines()[0] == "UBND PHƯỜNG TỨ LIÊN"
        assert text.splitlines()[4].endswith("01/10/2023\tStored\t\t")
        [(team_id,)] = registry.log("SELECT data ->> 'team_id' FROM log.events WHERE data ->> 'name' = 'Tổ Chín'")
        rows = [person(team_id, "Mai Thị Hai", effective=DAY, phone="+84933333331") | SIGNED]
        content = b"".join(write_csv(PEOPLE.columns, rows))
        assert b"'+84933333331" in content
        job = imported(client, content, "csv", template="people")
        assert job["progress"]["counts"] == {"stored": 1}, (job, errors(client, job))


def test_a_template_comes_empty_but_for_an_example(registry: Teams) -> None:
    with registry.client(scope="teams:read teams:write") as client:
        for name, template in TEMPLATES.items():
            answer = client.get(f"/v1/templates/{name}")
            assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.xlsx"'
            text = client.get(f"/v1/templates/{name}", params={"format": "csv"}).content.decode("utf-8-sig")
            assert text.splitlines()[0].split(",")[0] == template.sheets[0].columns[0].en
        job = imported(client, client.get("/v1/templates/registry").content)
        assert job["problems"][0]["code"] == "file-no-rows"
        assert client.get("/v1/templates/unheard-of").status_code == 404


def test_a_job_can_be_cancelled(registry: Teams) -> None:
    with registry.client(sub="impatient") as client:
        job = send(client, _large("cancelled", 150)).json()
        client.post(f"/v1/imports/{job['id']}/cancel")
        done = finished(client, job["id"])
        assert done["state"] in ("cancelled", "done")


def _large(tag: str, teams: int) -> bytes:
    villages = [village(f"{tag}{n}", f"Thôn {tag} {n}") for n in range(teams)]
    rows = [team(f"{tag}{n}", f"{tag}{n}") for n in range(teams)]
    people = [p for n in range(teams) for p in people_of(f"{tag}{n}", 5, tag)]
    for bad in range(0, len(people), 100):
        people[bad] |= {"phone": "không có"}
    return workbook(villages, rows, people)


def test_a_worker_killed_in_the_middle_changes_nothing(registry: Teams) -> None:
    teams = 200
    book = _large("killed", teams)
    with registry.client() as client:
        before = registry.events()
        job = send(client, book).json()
        for lease_runs_out in (True, False):

            def moved(done: int = 0) -> bool:
                found = client.get(f"/v1/imports/{job['id']}").json()
                return bool(found["progress"]["done"] > done) or found["state"] == "done"

            eventually(moved)
            registry.kill("worker")
            if not lease_runs_out:
                registry.let_go()
            done = client.get(f"/v1/imports/{job['id']}").json()["progress"]["done"]
            registry.start("worker")
            eventually(lambda done=done: moved(done))
        finished_job = finished(client, job["id"])
        rejected = len(range(0, teams * 5, 100))
        assert finished_job["state"] == "done"
        assert finished_job["progress"]["counts"] == {"stored": teams * 7 - rejected, "rejected": rejected}
        found = results(client, finished_job)
        assert sorted(r["index"] for r in found) == list(range(teams * 7))
        assert {e["code"] for r in found for e in r["errors"]} == {"phone-format"}
        after = registry.events()
        assert after["TeamEstablished"] - before["TeamEstablished"] == teams
        assert after["PersonRegistered"] - before["PersonRegistered"] == teams * 5 - rejected
        assert after["UnitEstablished"] - before["UnitEstablished"] == teams
        answer = client.get(f"/v1/imports/{job['id']}/result")
        assert len(_read(answer.content).rows) == teams * 7
        assert imported(client, book)["progress"]["counts"] == {"repeated": teams * 7 - rejected, "rejected": rejected}
        assert registry.events() == after


def test_what_is_exported_can_be_sent_in_again(registry: Teams) -> None:
    book = workbook(
        [village("T11", "Thôn Mười Một"), village("T12", "Thôn Mười Hai")],
        [
            team("L", "T11", pilot=True),
            team("M", "T12"),
            team("N", "", kind=TeamKind.COMMUNE, unit="c1", effective=DAY),
        ],
        [*people_of("L", 3, "l"), person("M", "=SUM(1) Bùi Thị Tám", Role.LEADER, phone="+84944444441")],
    )
    with registry.client() as client:
        job = imported(client, book)
        assert job["progress"]["counts"]["stored"] >= 8
        eventually(registry.caught_up)
        before = registry.events()
        asked = {"unit": "c1", "as_of": "2024-01-01"}
        for media in ("xlsx", "csv"):
            for sheet in ("villages", "teams", "people"):
                answer = client.get(f"/v1/exports/{sheet}", params=asked | {"format": media})
                assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), answer.text
                assert answer.headers["Content-Disposition"] == f'attachment; filename="{sheet}-2024-01-01.{media}"'
                job = imported(client, answer.content, media, template=sheet)
                assert set(job["progress"]["counts"]) == {"repeated"}, (sheet, errors(client, job), answer.text[:500])
        assert registry.events() == before
        text = client.get("/v1/exports/people", params=asked | {"format": "csv"}).content.decode("utf-8-sig")
        assert ",'=SUM(1) Bùi Thị Tám,'+84944444441,Tổ trưởng," in text
        nobody = client.get("/v1/exports/people", params=asked | {"format": "csv", "known_at": "2020-01-01"})
        assert len(nobody.content.decode().splitlines()) == 1
    with registry.client(scope="teams:read") as client:
        assert client.get("/v1/exports/people", params=asked).json()["code"] == "forbidden-scope"
    with registry.client(OTHER) as client:
        assert client.get("/v1/exports/people", params=asked).json()["code"] == "forbidden-unit"
        rows = client.get("/v1/exports/teams", params={"format": "csv", "as_of": "2024-01-01"}).content.decode()
        assert "Tổ J" in rows
        assert "Tổ L" not in rows
    assert "people exported" in registry.output()
    assert "Bùi Thị" not in registry.output()
