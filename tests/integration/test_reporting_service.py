"""Reporting as it runs: api and worker processes, fed over the broker and from the sources' feeds, asked over HTTP."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from html import escape
from typing import Any
from uuid import uuid4

import httpx
import orjson
import psycopg

from shared.edge_page import COOKIE
from shared.units import UnitTree
from shared.vietnamese import hanoi_day
from tests.reporting_kit import (
    NATION,
    REFORM,
    Facts,
    country,
    recount,
    some_facts,
    unit_rows,
    visited,
)
from tests.reporting_service import Reporting
from tests.waiting import eventually

EVE = "2025-06-30"
EVER = date(2022, 1, 1)


def test_from_the_bus_to_the_report(reporting: Reporting) -> None:
    rng = random.Random(23)
    units = country(rng)
    tree = UnitTree()
    for event in units:
        tree.apply(*event)
    facts = some_facts(rng, tree, 60)
    reporting.happen([*unit_rows(units), *facts.events], lost=0.1)
    after = reporting.heads()
    with reporting.client(NATION, locale="en") as client:
        eventually(lambda: client.get(f"/v1/reports/{NATION}", params={"after": after}).status_code == 200, 40)
        for unit, map_day in (
            (NATION, "2026-01-01"),
            (NATION, EVE),
            ("p1-d1", EVE),
            ("q1", "2025-07-01"),
            ("q2-n1", "today"),
        ):
            answer = client.get(
                f"/v1/reports/{unit}", params={"map": map_day, "from": "2023-03-01", "to": "2025-03-01"}
            )
            day = hanoi_day(datetime.now(UTC)) if map_day == "today" else date.fromisoformat(map_day)
            expected = recount(facts, tree, unit, day, date(2023, 3, 1), date(2025, 3, 1), date(2025, 3, 1))
            told = answer.json()["figures"]
            assert {name: told[name] for name in expected} == expected, (unit, map_day)
        check_shape(client.get(f"/v1/reports/{NATION}").json(), reporting)
        check_caching(client)
        check_indicators(client)
        check_known(client)
        rows = client.get(f"/v1/reports/{NATION}", params={"map": EVE, "by": "unit"}).json()
        assert [row["unit"]["id"] for row in rows["units"]] == ["p1", "p2", "p3"]
        former = client.get("/v1/reports/p1-d1").json()
        assert former["map_of_figures"] == EVE and "unit_not_on_map" in {w["code"] for w in former["warnings"]}
        assert former["successors"]
        days = [each["day"] for each in client.get("/v1/maps").json()["maps"]]
        assert days == ["2022-01-01", "2025-07-01", "2026-03-01"]
        check_rebuild(reporting, client)


def check_shape(answer: dict[str, Any], reporting: Reporting) -> None:
    assert answer["unit"]["level"] == "nation" and answer["unit"]["simulated"] is False
    assert answer["lag"] == {"teams": 0, "training": 0, "visits": 0}
    assert answer["positions"]["teams"] == {"0": len(reporting.sources["teams"].log[0])}
    assert answer["period"]["from"] == "2022-01-01"
    assert {w["code"] for w in answer["warnings"]} >= {"unplaced"}


def check_caching(client: httpx.Client) -> None:
    first = client.get("/v1/reports/q1")
    again = client.get("/v1/reports/q1", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def check_indicators(client: httpx.Client) -> None:
    known = {each["code"]: each for each in client.get("/v1/indicators").json()["indicators"]}
    assert known["coverage_all"]["denominator"] == ["households_total"] and known["visits"]["version"] == 1
    assert [each["name"] for each in client.get("/v1/calendars").json()["calendars"]] == ["calendar", "administrative"]
    answer = client.get(f"/v1/reports/{NATION}", params={"indicators": "coverage_all,mean_team_size"}).json()
    assert answer["indicators"] == {"coverage_all": 2, "mean_team_size": 1}
    rate, mean = answer["figures"]["coverage_all"], answer["figures"]["mean_team_size"]
    assert (rate["value"], rate["denominator"]) == (None, "unknown") and rate["numerator"] > 0
    assert mean["value"] == round(mean["numerator"] / mean["denominator"], 4)


def check_known(client: httpx.Client) -> None:
    """Everything was recorded on 1/11/2026."""
    now = client.get(f"/v1/reports/{NATION}").json()
    again = client.get(f"/v1/reports/{NATION}", params={"known_at": "2026-11-01T07:00:00+07:00"})
    assert again.status_code == 200 and again.headers["ETag"]
    told = again.json()
    assert (told["figures"], told["positions"], told["lag"]) == (now["figures"], now["positions"], now["lag"])
    counted_anew = client.get(
        f"/v1/reports/{NATION}", params={"known_at": "2026-11-01T07:00:00+07:00"}, headers={"Cache-Control": "no-cache"}
    )
    assert counted_anew.json() == told | {"freshness": counted_anew.json()["freshness"]}
    page = client.get(f"/v1/reports/{NATION}", params={"known_at": "2026-11-01", "format": "csv"})
    assert page.status_code == 200 and page.headers["Content-Type"].startswith("text/csv")


def rebuilt(reporting: Reporting, *option: str) -> subprocess.CompletedProcess[str]:
    """As an operator does it, while the live tables answer."""
    command = [sys.executable, "-W", "ignore", "-m", "services.reporting", "rebuild", *option]
    return subprocess.run(command, env=reporting.environment, capture_output=True, text=True, timeout=60)


def check_rebuild(reporting: Reporting, client: httpx.Client) -> None:
    before = client.get(f"/v1/reports/{NATION}").json()["figures"]
    refused = rebuilt(reporting, "--back")
    assert refused.returncode == 1 and refused.stdout == ""
    assert "Không có bộ số liệu nào để quay lại" in refused.stderr and "no figures to go back to" in refused.stderr
    done = rebuilt(reporting)
    assert done.returncode == 0, done.stderr
    assert "no figure of the nation or a province differs on any day" in done.stderr
    result = orjson.loads(done.stdout.splitlines()[-1])
    assert result["slot"] == "2b" and result["parked"] == 0 and result["events_per_s"] > 0
    assert result["diff"]["equal"] and result["diff"]["shown"] == []
    assert client.get(f"/v1/reports/{NATION}").json()["figures"] == before
    more = Facts()
    visited(more, "after-the-rebuild", "p1-d1-c1-v1", REFORM, set(), 1, False)
    reporting.happen(more.events)
    for option, slot in (("--back", "2a"), ("--back", "2b"), ("--compare", "2a")):
        answer = client.get(f"/v1/reports/{NATION}", params={"after": reporting.heads()})
        assert answer.json()["figures"]["visits"] == before["visits"] + 1
        done = rebuilt(reporting, option)
        assert done.returncode == 0, done.stderr
        assert orjson.loads(done.stdout.splitlines()[-1])["slot"] == slot
    assert rebuilt(reporting, "--back").returncode == 1, "only compared: the slot before is gone"
    with psycopg.connect(reporting.environment["TUNGNHA_SERVICE_DATABASE_URL"]) as tx:
        tx.execute("UPDATE read.rollup_2b SET visits = visits + 1 WHERE map = 1 AND unit = '*' AND day = %s", [REFORM])
    done = rebuilt(reporting, "--compare")
    assert done.returncode == 1 and "the nation, visits: " in done.stderr


TOO_LARGE = ("too-many-values", "/indicators")


def test_bad_questions_and_strangers(reporting: Reporting) -> None:
    reporting.happen(unit_rows(country(random.Random(2))))
    with reporting.client(NATION, locale="en") as client, reporting.client("q2") as stranger:
        eventually(lambda: client.get(f"/v1/reports/{NATION}").status_code == 200, 30)
        for path, status, code, pointer in (
            ("/v1/reports/atlantis", 404, "no-such-unit", "/unit_id"),
            (f"/v1/reports/{NATION}?from=2026-02-01&to=2026-01-01", 422, "period-reversed", "/from"),
            (f"/v1/reports/{NATION}?map=2021-12-31", 422, "map-too-early", "/map"),
            (f"/v1/reports/{NATION}?from=0001-01-01&previous=true", 422, "out-of-range", "/from"),
            (f"/v1/reports/{NATION}?map=yesterday", 422, "wrong-type", "/map"),
            (f"/v1/reports/{NATION}?from=1/2/2026", 422, "wrong-type", "/from"),
            (f"/v1/reports/{NATION}?after=soon", 422, "wrong-format", "/after"),
            (f"/v1/reports/{NATION}?after=9:1", 422, "no-such-position", "/after"),
            (f"/v1/reports/{NATION}?colour=red", 422, "unknown-field", "/colour"),
            (f"/v1/reports/{NATION}/children", 404, "not-found", ""),
            (f"/v1/reports/{NATION}?by=month", 422, "missing-field", "/from"),
            (f"/v1/reports/{NATION}?previous=true", 422, "missing-field", "/from"),
            (f"/v1/reports/{NATION}?from=2026-01-01&by=fortnight", 422, "unknown-choice", "/by"),
            (f"/v1/reports/{NATION}?from=2026-01-01&calendar=lunar", 422, "unknown-choice", "/calendar"),
            (f"/v1/reports/{NATION}?from=2022-01-01&to=2026-01-01&by=day", 422, "too-many-periods", "/by"),
            (f"/v1/reports/{NATION}?indicators=visits,happiness", 422, "unknown-indicator", "/indicators"),
            (f"/v1/reports/{NATION}?known_at=soon", 422, "wrong-type", "/known_at"),
            (f"/v1/reports/{NATION}?known_at=2026-01-01", 404, "unit-not-known-then", "/known_at"),
            (f"/v1/reports/{NATION}?known_at=2026-11-30&by=unit", 422, "known-at-in-all-only", "/by"),
            (f"/v1/reports/{NATION}?known_at=2026-11-30&indicators=communes", 422, "known-at-of-units", "/indicators"),
            (f"/v1/reports/{NATION}?sort=visits", 422, "only-by-unit", "/sort"),
            (f"/v1/reports/{NATION}?by=unit&indicators=visits&sort=-seats", 422, "sort-not-shown", "/sort"),
            ("/v1/reports/q1?by=unit&level=province", 422, "level-not-below", "/level"),
            (f"/v1/reports/{NATION}?by=unit&limit=0", 422, "out-of-range", "/limit"),
            (f"/v1/reports/{NATION}?format=pdf", 422, "unknown-choice", "/format"),
            (f"/v1/reports/{NATION}?from=2024-06-01&to=2026-07-01&by=day&indicators=coverage", 422, *TOO_LARGE),
        ):
            answer = client.get(path)
            problem = answer.json()
            assert (answer.status_code, problem["code"], problem["pointer"]) == (status, code, pointer), problem
        assert stranger.get(f"/v1/reports/{NATION}").json()["code"] == "forbidden-unit"
        assert stranger.get("/v1/reports/q2").status_code == 200
        assert stranger.get("/v1/reports/p3").status_code == 200, "a former unit belongs to who answers for its place"
        assert httpx.get(f"{reporting.base}/v1/reports/{NATION}").status_code == 401
    with reporting.client(NATION, scope="visits:read") as other:
        assert other.get(f"/v1/reports/{NATION}").json()["code"] == "forbidden-scope"


def test_waiting_for_a_position_that_does_not_come(reporting: Reporting) -> None:
    reporting.happen(unit_rows(country(random.Random(2))))
    with reporting.client(NATION) as client:
        eventually(lambda: client.get(f"/v1/reports/{NATION}").status_code == 200, 30)
        began = time.monotonic()
        pending = client.get(f"/v1/reports/{NATION}", params={"after": "2:1"})
        assert (pending.status_code, pending.json()["positions"]["visits"]["2"]) == (202, 0)
        assert 4 < time.monotonic() - began < 9


DECLARED = {
    "unit_id": "p1-d1",
    "indicator": "visits",
    "day": EVE,
    "value": 0,
    "qualifier": "more_than",
    "source": "Cổng thông tin điện tử",
}
NOTE = {
    "unit_id": "p1-d1-c1",
    "topic": "public_services",
    "day": "2025-01-01",
    "title": "Điểm hỗ trợ tối thứ Bảy",
    "text": "Mỗi tối thứ Bảy, hai thành viên trực tại nhà văn hoá.",
}


def test_declared_figures_notes_files_and_sources_over_http(reporting: Reporting) -> None:
    units = country(random.Random(2))
    facts = Facts()
    for n in range(3):
        visited(facts, f"h{n}", "p1-d1-c1-v1", date(2025, 1, n + 1), set(), 2, False)
    reporting.happen([*unit_rows(units), *facts.events])
    after = reporting.heads()
    with (
        reporting.client(NATION, scope="reporting:read reporting:write", locale="en") as client,
        reporting.client("q2", scope="reporting:read reporting:write") as stranger,
        reporting.client(NATION) as reader,
    ):
        eventually(lambda: client.get(f"/v1/reports/{NATION}", params={"after": after}).status_code == 200, 40)
        check_declared(client, stranger, reader)
        check_notes(client, stranger)
        check_files(client)
        check_sources(client, stranger)


def check_declared(client: httpx.Client, stranger: httpx.Client, reader: httpx.Client) -> None:
    figure_id = str(uuid4())
    body = DECLARED | {"figure_id": figure_id}
    assert [client.post("/v1/declared", json=body).status_code for _ in range(2)] == [201, 200]
    assert client.post("/v1/declared", json=body | {"value": 5}).status_code == 409
    assert reader.post("/v1/declared", json=body).json()["code"] == "forbidden-scope"
    assert stranger.post("/v1/declared", json=DECLARED).json()["code"] == "forbidden-unit"
    wrong = client.post("/v1/declared", json=DECLARED | {"indicator": "happiness"})
    assert (wrong.status_code, wrong.json()["pointer"]) == (422, "/indicator") and "/v1/indicators" in wrong.text
    assert client.post("/v1/declared", json=DECLARED | {"indicator": "seats", "since": EVE}).json()["code"] == (
        "since-of-stock"
    )
    corrected = client.post(f"/v1/declared/{figure_id}/correct", json=DECLARED | {"value": 2, "reason": "typo"})
    assert corrected.status_code == 201
    shown = client.get(f"/v1/declared/{figure_id}")
    assert (shown.json()["value"], [step["told"] for step in shown.json()["history"]]) == (2, ["declared", "corrected"])
    assert shown.headers["ETag"] == '"2"' and {step["by"] for step in shown.json()["history"]} == {"test"}
    listed = {"unit": "p1", "below": "true"}
    eventually(lambda: [f["value"] for f in client.get("/v1/declared", params=listed).json()["figures"]] == [2], 10)
    assert client.get("/v1/declared", params={"unit": "p1"}).json()["figures"] == []
    [beside] = client.get("/v1/reconciliation/p1-d1").json()["reconciled"]
    assert (beside["derived"], beside["difference"], beside["holds"], beside["map"]) == (3, 1, True, EVE)
    check_ratio(client, figure_id)
    assert client.post(f"/v1/declared/{figure_id}/withdraw", json={"reason": "retracted"}).status_code == 201
    assert client.get(f"/v1/declared/{figure_id}").json()["state"] == "withdrawn"
    assert client.get(f"/v1/declared/{uuid4()}").status_code == 404
    assert stranger.get(f"/v1/declared/{figure_id}").json()["code"] == "forbidden-unit"


def check_ratio(client: httpx.Client, figure_id: str) -> None:
    other = client.post("/v1/declared", json=DECLARED | {"indicator": "people_taught", "day": "2024-01-01", "value": 4})
    over = other.json()["figure_id"]
    ratio = client.get("/v1/declared/ratio", params={"of": figure_id, "over": over}).json()
    assert ratio["ratio"] == {"value": 0.5, "numerator": 2, "denominator": 4} and ratio["same_day"] is False
    assert [each["code"] for each in ratio["warnings"]] == ["dates_differ", "not_exact"]
    missing = client.get("/v1/declared/ratio", params={"of": figure_id, "over": str(uuid4())}).json()
    assert (missing["code"], missing["pointer"]) == ("unknown-figure", "/over")
    assert client.post(f"/v1/declared/{over}/withdraw", json={"reason": "other"}).status_code == 201


def check_notes(client: httpx.Client, stranger: httpx.Client) -> None:
    note_id = str(uuid4())
    body = NOTE | {"note_id": note_id}
    assert [client.post("/v1/notes", json=body).status_code for _ in range(2)] == [201, 200]
    refused = client.post("/v1/notes", json=NOTE | {"text": "Gọi 0912 345 678"}).json()
    assert (refused["code"], refused["pointer"]) == ("note-personal", "/text") and "0912" not in refused["detail"]
    below = {"unit": "p1", "topic": "public_services"}
    eventually(lambda: len(client.get("/v1/notes", params=below).json()["notes"]) == 1, 10)
    [note] = client.get("/v1/notes", params=below).json()["notes"]
    assert (note["title"], note["text"], note["state"]) == (NOTE["title"], NOTE["text"], "shared")
    cookie = {"Cookie": f"{COOKIE}={client.headers['Authorization'].partition(' ')[2]}", "Authorization": ""}
    page = client.get("/", params={"unit": "p1"}, headers=cookie).text
    assert "Good practice" in page and escape(NOTE["text"]) in page
    assert client.get("/v1/notes", params=below | {"topic": "other"}).json()["notes"] == []
    assert stranger.get("/v1/notes", params=below).json()["code"] == "forbidden-unit"
    assert client.post(f"/v1/notes/{note_id}/withdraw", json={"reason": "outdated"}).status_code == 201
    gone = client.get(f"/v1/notes/{note_id}").json()
    assert (gone["state"], gone["title"], gone["text"]) == ("withdrawn", None, None)
    eventually(lambda: client.get("/v1/notes", params=below).json()["notes"] == [], 10)
    assert "Good practice" not in client.get("/", params={"unit": "p1"}, headers=cookie).text


def check_files(client: httpx.Client) -> None:
    asked = {"by": "unit", "map": EVE, "from": "2025-01-01", "to": EVE, "indicators": "activity", "limit": "1"}
    media = {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "html": "text/html; charset=utf-8",
    }
    for name, content_type in media.items():
        file = client.get(f"/v1/reports/{NATION}", params=asked | {"format": name})
        assert (file.status_code, file.headers["Content-Type"]) == (200, content_type)
        if name != "xlsx":
            assert all(unit in file.text for unit in ("Province P1", "Province P2", "Province P3")), (
                "all units, no page"
            )
    assert client.get(f"/v1/reports/{NATION}", params={"format": "pdf"}).json()["code"] == "unknown-choice"


def check_sources(client: httpx.Client, stranger: httpx.Client) -> None:
    page = client.get("/v1/sources/p1-d1", params={"indicator": "people_taught", "map": EVE}).json()
    assert (page["figure"], page["next"], [event["adds"] for event in page["events"]]) == (6, None, [2, 2, 2])
    assert {event["source"] for event in page["events"]} == {"visits"}
    wrong = client.get("/v1/sources/p1-d1", params={"indicator": "visits", "page": "soon"}).json()
    assert (wrong["code"], wrong["pointer"]) == ("wrong-format", "/page")
    assert stranger.get("/v1/sources/p1-d1", params={"indicator": "visits"}).json()["code"] == "forbidden-unit"
