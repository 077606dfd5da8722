"""From a course to a certificate over HTTP: an organiser, a stranger who checks it, a client that is mistaken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ops.local.provision import Database
from ops.local.state import State
from tests.integration.test_training_service import COMMUNE, DAY, ELSEWHERE, NATION, Training, running, teams
from tests.waiting import eventually, local

KEPT, DUPLICATE, THIRD = str(uuid4()), str(uuid4()), str(uuid4())
JOINED = {
    "type": "PeopleJoined.v1",
    "subject": f"person:{DUPLICATE}",
    "data": {"person_id": KEPT, "duplicate_id": DUPLICATE, "reason": "same", "document_id": None},
}
COURSE = {"title": "Kỹ năng số", "topics": ["policy"]}
EN = {"Accept-Language": "en"}


@pytest.fixture(scope="module")
def training(
    module_database: Callable[..., Database],
    rabbit: Any,
    stack_state: State,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Training]:
    db = module_database("training")
    rabbit.purge()
    with teams(rabbit.uri("teams"), JOINED) as feed:
        yield from running(db, rabbit, stack_state, tmp_path_factory.mktemp("training"), feed)


def made(client: httpx.Client, path: str, key: str, **body: Any) -> str:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()[key])


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    told = answer.json()
    return answer.status_code, told["code"], told["pointer"]


def begun(client: httpx.Client) -> str:
    """A session of one seat, open for enrolment."""
    rule = {"attended_percent": 50, "assessment": True, "validity_months": 24}
    course = made(
        client, "/v1/courses", "course_id", title="An toàn trên mạng", topics=["online_safety"], pass_mark=50,
        certificate=rule, pillar="digital_society", level="basic", duration_hours=3.5, audience=["leader"],
    )  # fmt: skip
    parts = [{"day": DAY, "part": "morning"}, {"day": DAY, "part": "afternoon"}]
    session = made(
        client, "/v1/sessions", "session_id", course_id=course, unit_id=COMMUNE, organiser="people_committee",
        parts=parts, capacity=1, venue="Nhà văn hoá", trainers=[{"organisation": "VNPT"}],
        co_organisers=[{"kind": "youth_union", "name": "Đoàn xã"}],
    )  # fmt: skip
    assert client.post(f"/v1/sessions/{session}/open", json={}).status_code == 201
    return session


def test_from_a_course_to_a_certificate(training: Training) -> None:
    with training.client(NATION) as client, local(training.base) as anybody:
        session = begun(client)
        people = [{"person_id": person, "unit_id": COMMUNE} for person in (KEPT, THIRD)]
        enrolled = client.post(f"/v1/sessions/{session}/enrolments", json={"people": people}).json()
        assert [each["place"] for each in enrolled["people"]] == ["seat", "waiting"]

        def row(person: str, part: str = "morning") -> dict[str, Any]:
            return {"person_id": person, "session_id": session, "unit_id": COMMUNE, "day": DAY, "part": part}

        def score(person: str, value: float) -> dict[str, Any]:
            said = {name: said for name, said in row(person).items() if name != "part"}
            return said | {"score": value}

        # The registry has joined two ids: what is sent under both of them was one human being.
        eventually(lambda: client.post("/v1/attendance", json=row(KEPT)).status_code == 200)
        eventually(lambda: record(client, DUPLICATE) and record(client, DUPLICATE)["kept_id"] == KEPT)
        batch = client.post("/v1/attendance/batch", json={"rows": [row(DUPLICATE), row(THIRD)]}).json()
        assert batch["counts"] == {"stored": 2}
        shown = eventually(lambda: (found := shows(client, session))["attended"]["trainees"] == 2 and found)
        assert (shown["attended"]["attendances"], shown["roll"]) == (2, {"seats": 1, "waiting": 1})
        assert record(client, DUPLICATE)["attendances"] == record(client, KEPT)["attendances"]

        kinds = {
            kind: client.get("/v1/flags", params={"unit": COMMUNE, "kind": kind}).json()["flags"] for kind in FLAGS
        }
        assert {kind: [flag.get("person_id") for flag in found] for kind, found in kinds.items()} == {
            "person_unknown": [THIRD],
            "not_enrolled": [],
            "over_capacity": [None],
            "enrolled_twice": [],
            "certificate_unearned": [],
        }

        scores = [score(DUPLICATE, 49.5), score(THIRD, 80), score(str(uuid4()), 100.5)]
        graded = client.post("/v1/assessments/batch", json={"rows": scores}, headers=EN).json()
        assert graded["counts"] == {"stored": 2, "rejected": 1}
        problem = graded["results"][2]["problem"]
        assert (problem["code"], problem["pointer"]) == ("score-out-of-range", "/rows/2/score")
        assert problem["detail"] == "A score is between 0 and 100, with one decimal at most (sent: 100.5)."

        asked = {"session_id": session}
        assert client.post(f"/v1/sessions/{session}/hold", json={}).status_code == 201
        issued = {each["person_id"]: each for each in client.post("/v1/certificates", json=asked).json()["results"]}
        assert issued[KEPT]["problem"]["code"] == "assessment-not-passed"
        assert issued[KEPT]["problem"]["title"] == "Chưa đạt kiểm tra"
        number = issued[THIRD]["certificate"]
        correction = {"person_id": DUPLICATE, "session_id": session, "score": 50, "reason": "typo"}
        assert client.post("/v1/assessments/correct", json=correction).status_code == 201
        first = client.post("/v1/certificates", json=asked | {"person_id": DUPLICATE}).json()["certificate"]
        again = client.post("/v1/certificates", json=asked | {"person_id": KEPT}).json()["certificate"]
        assert first == again

        valid = anybody.get(f"/v1/certificates/{number.lower()}/validity").json()
        assert valid == {"number": number, "validity": "valid", "course": "An toàn trên mạng", "day": DAY}
        assert client.post(f"/v1/certificates/{number}/revoke", json={"reason": "mistake"}).status_code == 201
        assert anybody.get(f"/v1/certificates/{number}/validity").json()["validity"] == "revoked"
        assert refused(anybody.get(f"/v1/certificates/{number}")) == (401, "unauthenticated", "/Authorization")
        mistyped = number[:-1] + ("0" if number[-1] != "0" else "1")
        wrong = anybody.get(f"/v1/certificates/{mistyped}/validity", headers=EN)
        assert refused(wrong) == (422, "wrong-check-digits", "/number")
        assert wrong.json()["title"] == "Wrong check characters"
        (certificate,) = record(client, KEPT)["certificates"]
        assert (certificate["number"], certificate["validity"], certificate["expires"]) == (
            first,
            "valid",
            "2028-11-20",
        )

        gone = part_of(row(DUPLICATE)) | {"reason": "not_there"}
        assert client.post("/v1/attendance/void", json=gone).status_code == 201
        eventually(lambda: shows(client, session)["attended"]["attendances"] == 1)
        assert client.post("/v1/attendance", json=row(KEPT)).json()["outcome"] == "repeated", "an old list"
        moved = part_of(row(THIRD)) | {"reason": "wrong_part", "right": {"part": "afternoon"}}
        assert client.post("/v1/attendance/correct", json=moved).status_code == 201
        assert [each["part"] for each in record(client, THIRD)["attendances"]] == ["afternoon"]


FLAGS = ("person_unknown", "not_enrolled", "over_capacity", "enrolled_twice", "certificate_unearned")


def part_of(row: dict[str, Any]) -> dict[str, Any]:
    """The attendance that a correction is about."""
    return {name: said for name, said in row.items() if name != "unit_id"}


def record(client: httpx.Client, person: str) -> dict[str, Any]:
    answer = client.get(f"/v1/people/{person}/training")
    return dict(answer.json()) if answer.status_code == 200 else {}


def shows(client: httpx.Client, session: str) -> dict[str, Any]:
    return dict(client.get(f"/v1/sessions/{session}").json())


def test_what_is_wrong_is_said_where_it_is(training: Training) -> None:
    with training.client(NATION) as client, training.client(ELSEWHERE) as stranger:
        session = begun(client)
        row = {"person_id": KEPT, "session_id": session, "unit_id": COMMUNE, "day": DAY, "part": "morning"}
        people = {"people": [{"person_id": KEPT, "unit_id": ELSEWHERE}, {"person_id": KEPT, "unit_id": COMMUNE}]}
        for client_, path, body, expected in (
            (client, "/v1/courses", {"title": " ", "topics": ["x"]}, (422, "wrong-length", "/title")),
            (client, "/v1/courses", COURSE | {"pass_mark": "50"}, (422, "wrong-type", "/pass_mark")),
            (client, "/v1/courses", COURSE | {"certificate": {"assessment": True}},
             (422, "pass-mark-missing", "/pass_mark")),
            (client, f"/v1/sessions/{session}/change", {"trainers": [{}]},
             (422, "one-kind-of-trainer", "/trainers/0")),
            (client, "/v1/attendance/void", part_of(row) | {"reason": "not_there"},
             (422, "not-attended", "/person_id")),
            (client, "/v1/attendance/correct", part_of(row) | {"reason": "typo", "right": {}},
             (422, "correction-empty", "/right")),
            (stranger, f"/v1/sessions/{session}/enrolments", people, (403, "forbidden-unit", "/people/1/unit_id")),
            (stranger, f"/v1/sessions/{session}/change", {"capacity": 3}, (403, "forbidden-unit", "/session_id")),
            (stranger, "/v1/certificates", {"session_id": session}, (403, "forbidden-unit", "/session_id")),
        ):  # fmt: skip
            answer = client_.post(path, json=body)
            assert refused(answer) == expected, answer.text
        assert client.post(f"/v1/sessions/{session}/cancel", json={"reason": "weather"}).status_code == 201
        cancelled = client.post("/v1/attendance", json=row, headers=EN)
        assert refused(cancelled) == (409, "session-cancelled", "/session_id")
        assert cancelled.json()["detail"] == f"The session {session} was cancelled."
