"""Attendance by file: over HTTP, done by worker processes that may die at any moment."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ops.local.provision import Database
from ops.local.state import State
from services.training.files.templates import ASSESSMENT, ATTENDANCE, ENROLMENT
from services.training.projections.seats import Seats
from shared.db import engine
from shared.log import Recorded
from shared.sheets import Page, Sheet, write_csv, write_xlsx
from shared.sheets.writing import csv_of
from shared.unit_directory import Units
from tests.files_kit import errors, finished, imported, send
from tests.teams_kit import Teams, uid
from tests.training_events import team, unit
from tests.waiting import eventually

DAY = date(2022, 9, 15)
SCOPES = "training:write training:read training:admin"
PEOPLE = [uid() for _ in range(3_000)]
Row = dict[str, Any]


@dataclass
class Training(Teams):
    service: str = "training"

    def trainer(self, *units: str) -> httpx.Client:
        return self.client(*units, scope=SCOPES)


def registry() -> list[tuple[str, Row]]:
    """Two communes with a village; the first two people serve in it, the second one in the commune's team too."""
    seats = [
        {"seat_id": uid(), "person_id": person, "role": "member", "affiliation": None} for person in (*PEOPLE[:2],)
    ]
    return [
        unit("vn", "nation", None),
        unit("hn", "province", "vn"),
        unit("c1", "commune", "hn"),
        unit("c2", "commune", "hn"),
        unit("v1", "village", "c1"),
        team(uid(), "village", "v1", DAY, seats),
        team(uid(), "commune", "c2", DAY, [{**seats[1], "seat_id": uid()}]),
    ]


@pytest.fixture(scope="module")
def training(
    module_database: Callable[..., Database],
    rabbit: Any,
    stack_state: State,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Training]:
    db = module_database("training")
    tables = engine(db.app_url, name="test")
    now = datetime.now(UTC)
    batch = [
        ("teams", Recorded(0, n, "", n, type_, 1, data, {}, uuid4(), 1, b"", now))
        for n, (type_, data) in enumerate(registry(), 1)
    ]
    with tables.begin() as tx:
        Units().apply(tx, batch)
        Seats().apply(tx, batch)
    tables.dispose()
    made = Training(stack_state, db, tmp_path_factory.mktemp("training"), rabbit.uri("training"))
    try:
        made.start("api", **NOBODY)
        made.start("worker", **NOBODY)
        yield made
    finally:
        made.stop()


NOBODY = {"TUNGNHA_SOURCES": '{"teams":"http://127.0.0.1:9"}', "TUNGNHA_FEED_TOKEN": "none"}
"""The registry is away: what this service knows of it is in its tables."""


def session(training: Training, mode: str = "in_person", **other: Any) -> str:
    with training.trainer("vn") as client:
        course = client.post("/v1/courses", json={"title": "Kỹ năng số", "topics": ["policy"], "mode": mode})
        parts = [{"day": DAY.isoformat(), "part": part} for part in ("morning", "afternoon", "day")]
        body = {"course_id": course.json()["course_id"], "unit_id": "c1", "organiser": "department", "parts": parts}
        body |= other
        scheduled = client.post("/v1/sessions", json=body)
        assert scheduled.status_code == 201, scheduled.text
        return str(scheduled.json()["session_id"])


def row(session_id: str, person: str, **other: Any) -> Row:
    return {"session_id": session_id, "person_id": person, "day": DAY} | other


def csv(rows: Sequence[Row], sheet: Sheet = ATTENDANCE) -> bytes:
    return b"".join(write_csv(sheet.columns, rows))


def places(client: httpx.Client, session_id: str) -> list[tuple[str, str, str]]:
    people = client.get(f"/v1/sessions/{session_id}/roll").json()["people"]
    return [(each["person_id"], each["unit_id"], each["place"]) for each in people]


def recorded(training: Training, session_id: str) -> list[tuple[str, str, str, str]]:
    found: list[tuple[str, str, str, str]] = training.log(
        """SELECT data->>'person_id', data->>'unit_id', data->>'part', data->>'mode' FROM log.events
            WHERE type = 'AttendanceRecorded' AND data->>'session_id' = %s ORDER BY position""",
        session_id,
    )
    return found


def test_a_row_counts_where_its_person_serves_and_is_the_same_through_the_api(training: Training) -> None:
    held = session(training)
    rows = [row(held, PEOPLE[0]), row(held, PEOPLE[1], part="morning"), row(held, PEOPLE[2]), row(held, PEOPLE[0])]
    rows.append(row(held, PEOPLE[3], unit_id="c2"))
    content = io.BytesIO()
    write_xlsx(content, [Page(ATTENDANCE, rows)])
    with training.trainer("hn") as client:
        rehearsed = imported(client, content.getvalue(), template="attendance", dry_run="true")
        assert rehearsed["progress"]["counts"] == {"stored": 4, "repeated": 1}, errors(client, rehearsed)
        assert recorded(training, held) == []
        job = imported(client, content.getvalue(), template="attendance")
        assert job["progress"]["counts"] == {"stored": 5}, errors(client, job)
        assert recorded(training, held) == [
            (PEOPLE[0], "v1", "day", "in_person"),
            (PEOPLE[1], "v1", "morning", "in_person"),
            (PEOPLE[2], "c1", "day", "in_person"),
            (PEOPLE[3], "c2", "day", "in_person"),
        ]
        assert imported(client, csv(rows), "csv", template="attendance")["progress"]["counts"] == {"repeated": 5}
        body = {**row(held, PEOPLE[0], unit_id="v1"), "day": DAY.isoformat()}
        again = client.post("/v1/attendance", json=body)
        assert (again.status_code, again.json()["outcome"]) == (200, "repeated"), again.text
        assert len(recorded(training, held)) == 4


def test_a_row_without_unit_means_what_was_recorded_with_another_one(training: Training) -> None:
    held = session(training)
    with training.trainer("hn") as client:
        first = imported(client, csv([row(held, PEOPLE[0], unit_id="c2")]), "csv", template="attendance")
        assert first["progress"]["counts"] == {"stored": 1}
        eventually(training.caught_up)
        again = imported(client, csv([row(held, PEOPLE[0])]), "csv", template="attendance")
        assert again["progress"]["counts"] == {"repeated": 1}, errors(client, again)
        other = imported(client, csv([row(held, PEOPLE[0], unit_id="c1")]), "csv", template="attendance")
        assert errors(client, other) == [("2", "attendance-differs")]


def test_bad_rows_are_named_and_the_others_stored(training: Training) -> None:
    held = session(training)
    rows = [
        row(held, PEOPLE[0]),
        row(uid(), PEOPLE[0]),
        row(held, PEOPLE[1], day=date(2022, 9, 16)),
        row(held, PEOPLE[1], mode="online"),
        row(held, PEOPLE[2], unit_id="hn"),
        row(held, "Nguyễn Văn A"),
    ]
    with training.trainer("c1") as client:
        job = imported(client, csv(rows), "csv", template="attendance")
        assert errors(client, job) == [
            ("A3", "unknown-session"),
            ("C4", "not-a-session-part"),
            ("E5", "mode-differs"),
            ("F6", "forbidden-unit"),
            ("B7", "wrong-type"),
        ]
        assert Counter(job["progress"]["counts"]) == {"stored": 1, "rejected": 5}
    assert [person for person, *_ in recorded(training, held)] == [PEOPLE[0]]


@pytest.mark.parametrize(
    ("header", "codes"),
    [
        ("Mã định danh lớp,Họ và tên,Ngày học", ["column-personal", "column-missing"]),
        ("Mã định danh lớp,Mã định danh thành viên,Ngày học,Số điện thoại", ["column-personal"]),
        ("Mã định danh lớp,Mã định danh thành viên", ["column-missing"]),
        ("Mã định danh lớp,Mã định danh thành viên,Ngày học,Số CCCD", ["column-forbidden"]),
    ],
)
def test_names_have_no_place_in_it_and_needed_columns_do(training: Training, header: str, codes: list[str]) -> None:
    content = f"{header}\n{uid()},x,15/09/2022\n".encode()
    with training.trainer("hn") as client:
        job = imported(client, content, "csv", template="attendance")
        assert job["state"] == "failed"
        assert [problem["code"] for problem in job["problems"]] == codes
        if "column-personal" in codes:
            assert "/v1/people/match" in job["problems"][0]["detail"]
        assert send(client, content, "csv", template="people").json()["code"] == "template-unknown"


def test_killed_anywhere_it_goes_on_and_nobody_attends_twice(training: Training) -> None:
    held = session(training)
    rows = [row(held, person) for person in PEOPLE]
    with training.trainer("hn") as client:
        job_id = send(client, csv(rows), "csv", template="attendance").json()["id"]
        for stored in (0, 1_000):
            eventually(lambda stored=stored: len(recorded(training, held)) > stored, 180)
            training.kill("worker")
            if stored:
                training.let_go()
            training.start("worker", **NOBODY)
        eventually(lambda: len(recorded(training, held)) == len(rows), 180)
        job = finished(client, job_id)
        assert (job["state"], job["progress"]["counts"]) == ("done", {"stored": len(rows)})
        found = recorded(training, held)
        assert len(found) == len(set(found)) == len(rows)
        eventually(training.caught_up)
        again = imported(client, csv(rows), "csv", template="attendance")
        assert again["progress"]["counts"] == {"repeated": len(rows)}
        assert len(recorded(training, held)) == len(rows)


def test_two_files_at_once_about_the_same_people_count_each_of_them_once_though_killed(training: Training) -> None:
    held, people = session(training), [uid() for _ in range(1_500)]
    with training.trainer("hn") as client:
        files = [csv([row(held, person, part=part) for person in people]) for part in ("morning", "afternoon")]
        jobs = [send(client, content, "csv", template="attendance").json()["id"] for content in files]
        eventually(lambda: len(recorded(training, held)) > 0, 180)
        training.kill("worker")
        training.let_go()
        training.start("worker", **NOBODY)
        for job_id in jobs:
            assert finished(client, job_id)["progress"]["counts"] == {"stored": len(people)}
    found = recorded(training, held)
    assert len(found) == len(set(found)) == 2 * len(people)
    [(unique,)] = training.log(
        """SELECT sum((link ->> 'n')::int) FROM log.events, jsonb_array_elements(data -> 'reach') link
            WHERE type = 'AttendanceRecorded' AND data ->> 'session_id' = %s""",
        held,
    )
    assert unique == len(people)


def test_a_list_of_people_takes_seats_in_its_order_and_brings_nobody_back(training: Training) -> None:
    held, closed = session(training, capacity=2), session(training)
    rows = [{"session_id": held, "person_id": person} for person in (*PEOPLE[:3], PEOPLE[0])]
    rows[2]["unit_id"] = "c2"
    content = io.BytesIO()
    write_xlsx(content, [Page(ENROLMENT, rows)])
    with training.trainer("hn") as client:
        early = imported(client, content.getvalue(), template="enrolment")
        assert errors(client, early) == [(f"Đăng ký!A{n}", "enrolment-not-open") for n in (2, 3, 4, 5)]
        assert client.post(f"/v1/sessions/{held}/open", json={}).status_code == 201
        rehearsed = imported(client, content.getvalue(), template="enrolment", dry_run="true")
        assert rehearsed["progress"]["counts"] == {"stored": 3, "repeated": 1}
        assert errors(client, rehearsed) == [("Đăng ký!B4", "enrolled-waiting")]
        job = imported(client, content.getvalue(), template="enrolment")
        assert job["progress"]["counts"] == {"stored": 4}, errors(client, job)
        eventually(training.caught_up)
        seated = [(PEOPLE[0], "v1", "seat"), (PEOPLE[1], "v1", "seat"), (PEOPLE[2], "c2", "waiting")]
        assert places(client, held) == seated
        gone = {"person_id": PEOPLE[0], "reason": "other"}
        assert client.post(f"/v1/sessions/{held}/enrolments/withdraw", json=gone).status_code == 201
        longer = [*rows, {"session_id": held, "person_id": PEOPLE[3]}, {"session_id": closed, "person_id": PEOPLE[3]}]
        again = imported(client, csv(longer, ENROLMENT), "csv", template="enrolment")
        assert again["progress"]["counts"] == {"repeated": 4, "stored": 1, "rejected": 1}
        withdrawn = [(f"B{n}", "enrolled-withdrawn") for n in (2, 5)]
        found = [*withdrawn, ("B6", "enrolled-waiting"), ("A7", "enrolment-not-open")]
        assert sorted(errors(client, again)) == sorted(found)
        eventually(training.caught_up)
        there = [(PEOPLE[1], "v1", "seat"), (PEOPLE[2], "c2", "seat"), (PEOPLE[3], "c1", "waiting")]
        assert places(client, held) == there
        moved = imported(client, csv([{**rows[2], "unit_id": "c1"}], ENROLMENT), "csv", template="enrolment")
        assert errors(client, moved) == [("2", "enrolment-differs")]


def test_scores_come_by_file_and_bad_ones_are_named(training: Training) -> None:
    held = session(training)
    scores: list[Any] = [85, 7.5, "100,1", "7,25", "x", 60, 50]
    rows = [row(held, person, score=score) for person, score in zip(PEOPLE, scores, strict=False)]
    rows[5]["attempt"] = 2
    rows[6]["day"] = date(2022, 9, 14)
    lines = b"".join(csv_of([[c.vi for c in ASSESSMENT.columns], *(cells(each) for each in rows)]))
    with training.trainer("hn") as client:
        job = imported(client, lines, "csv", template="assessment")
        found = [("D4", "out-of-range"), ("D5", "number-decimals"), ("D6", "wrong-type"), ("C8", "session-not-begun")]
        assert errors(client, job) == found
        assert job["progress"]["counts"] == {"stored": 3, "rejected": 4}
        stored = training.log(
            "SELECT data->>'unit_id', data->>'score', data->>'attempt' FROM log.events"
            " WHERE type = 'AssessmentRecorded' AND data->>'session_id' = %s ORDER BY position",
            held,
        )
        assert stored == [("v1", "85.0", "1"), ("v1", "7.5", "1"), ("c1", "60.0", "2")]
        good = [rows[0], rows[1], rows[5]]
        assert imported(client, csv(good, ASSESSMENT), "csv", template="assessment")["progress"]["counts"] == {
            "repeated": 3
        }
        body = {**rows[0], "day": DAY.isoformat(), "unit_id": "v1"}
        assert client.post("/v1/assessments", json=body).json()["outcome"] == "repeated"
        other = imported(client, csv([rows[0] | {"score": 80}], ASSESSMENT), "csv", template="assessment")
        assert errors(client, other) == [("2", "assessment-differs")]


def cells(said: Row) -> list[Any]:
    return [said.get(column.key) for column in ASSESSMENT.columns]


@pytest.mark.parametrize("template", ["enrolment", "attendance", "assessment"])
def test_every_template_can_be_filled_in(training: Training, template: str) -> None:
    with training.trainer("hn") as client:
        for media in ("csv", "xlsx"):
            empty = client.get(f"/v1/templates/{template}", params={"format": media})
            assert empty.status_code == 200, empty.text
            job = imported(client, empty.content, media, template=template)
            assert [problem["code"] for problem in job["problems"]] == ["file-no-rows"]


def test_a_rule_from_its_source_to_who_is_late_and_what_was_reached(training: Training) -> None:
    held = session(training)
    with training.trainer("vn") as client, training.trainer("c2") as elsewhere:
        body = {"unit_id": "hn", "effective": "2022-09-01", "topics": ["policy"], "due": {"within_days": 90}}
        refused = client.post("/v1/rules", json=body, headers={"Accept-Language": "vi"})
        assert (refused.status_code, refused.json()["title"]) == (422, "Thiếu căn cứ")
        twice = client.post("/v1/rules", json=body | {"source": "KH 1", "due": {"within_days": 9, "every_months": 1}})
        assert twice.json()["pointer"].startswith("/due"), twice.text
        rule = client.post("/v1/rules", json=body | {"source": "Kế hoạch 12/KH-UBND"})
        assert rule.status_code == 201, rule.text
        rule_id = rule.json()["rule_id"]
        assert client.get(f"/v1/rules/{rule_id}").json()["told"][0]["due"]["within_days"] == 90
        assert elsewhere.post("/v1/rules", json=body | {"source": "x"}).json()["code"] == "forbidden-unit"
        eventually(training.caught_up)
        [concerning] = client.get("/v1/rules", params={"unit": "v1", "as_of": "2023-01-01"}).json()["rules"]
        assert concerning["rule_id"] == rule_id

        def asked(**query: Any) -> dict[str, Any]:
            told = client.get("/v1/obligations", params={"rule": rule_id, "as_of": "2023-01-01"} | query)
            assert told.status_code == 200, told.text
            return dict(told.json())

        late = asked(unit="hn", state="overdue")["obligations"]
        assert {one["person_id"] for one in late} <= {*PEOPLE[:2]}
        exempt = {"person_id": PEOPLE[1], "rule_id": rule_id, "since": "2022-12-01", "reason": "absent"}
        assert elsewhere.post("/v1/exemptions", json=exempt).status_code == 201
        assert (
            elsewhere.post("/v1/exemptions", json=exempt | {"person_id": PEOPLE[0]}).json()["code"] == "forbidden-unit"
        )
        rows = [row(held, PEOPLE[0], unit_id="v1"), row(held, PEOPLE[2], unit_id="c1")]
        assert imported(client, csv(rows), "csv", template="attendance")["state"] == "done"
        eventually(training.caught_up)
        first = asked(unit="hn", limit=1)
        second = asked(unit="hn", limit=1, after=first["next"])
        states = {one["person_id"]: one["state"] for one in (*first["obligations"], *second["obligations"])}
        assert states == {PEOPLE[0]: "done", PEOPLE[1]: "exempt"}
        assert asked(unit="c2")["obligations"][0]["team_kind"] == "commune"
        [counted] = client.get("/v1/obligations/summary", params={"unit": "hn", "rule": rule_id}).json()["rules"]
        assert (counted["done"], counted["exempt"], counted["people"]) == (1, 1, 2)
        assert client.get("/v1/obligations", params={"unit": "hn", "after": "?"}).json()["code"] == "wrong-format"

        other_day = {"unit": "hn", "as_of": "2023-01-01", "trained_as_of": "2022-09-30"}
        covered = client.get("/v1/coverage", params=other_day).json()
        assert (covered["serving"]["seats"], covered["serving"]["people"]) == (3, 2)
        assert covered["warnings"] == ["dates_differ"]
        assert all("dates_differ" in ratio["warnings"] for ratio in covered["ratios"].values())
        assert client.get("/v1/coverage", params={"unit": "hn", "as_of": "2023-01-01"}).json()["warnings"] == []
        plan = {"unit_id": "c1", "first_day": "2022-01-01", "last_day": "2022-12-31"}
        made = client.post("/v1/plans", json=plan | {"targets": [{"measure": "people", "value": 4}]})
        assert made.status_code == 201, made.text
        shown = client.get(f"/v1/plans/{made.json()['plan_id']}").json()
        assert shown["targets"][0]["reached"] >= 2 and shown["reached_until"] == "2022-12-31"
        eventually(training.caught_up)
        assert len(client.get("/v1/plans", params={"unit": "c1"}).json()["plans"]) == 1
        assert client.post(f"/v1/plans/{shown['plan_id']}/withdraw", json={}).status_code == 201
