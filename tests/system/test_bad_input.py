"""Bad input at the doors of all services: a problem that says what, where and in which language, never a 5xx."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from ops.local import tokens
from ops.units.seed import NATION_ID
from tests.system_kit import System

BATCHES = {"teams": "/v1/people/batch", "visits": "/v1/visits/batch", "training": "/v1/attendance/batch"}
PROBES = {**dict.fromkeys(BATCHES, "/v1/events/heads"), "reporting": f"/v1/reports/{NATION_ID}"}
VISIT = {
    "visit_id": "0b6f4e1e-6a52-4c9c-8f0e-3f6f5f1f0001",
    "place_id": "0b6f4e1e-6a52-4c9c-8f0e-3f6f5f1f0002",
    "place_kind": "household",
    "day": "2026-03-31",
    "team_id": "0b6f4e1e-6a52-4c9c-8f0e-3f6f5f1f0003",
    "member_ids": ["0b6f4e1e-6a52-4c9c-8f0e-3f6f5f1f0004"],
}
DEEP = b'{"rows":' + b"[" * 10_000 + b"]" * 10_000 + b"}"


@dataclass(frozen=True)
class Case:
    """A body and what is wrong with it: status, code, pointer."""

    name: str
    body: bytes
    status: int
    code: str
    pointer: str = ""
    headers: dict[str, str] = field(default_factory=dict)


BODIES = [
    Case("no JSON", b'{"rows": [', 400, "malformed-json"),
    Case("empty", b"", 400, "malformed-json"),
    Case("not UTF-8", b'{"rows": ["\xff\xfe"]}', 400, "malformed-json"),
    Case("NaN", b'{"rows": [NaN]}', 400, "malformed-json"),
    Case("10,000 deep", DEEP, 400, "too-deep"),
    Case("over 5 MB", b'{"rows": ["' + b"x" * 5_000_000 + b'"]}', 413, "body-too-large"),
    Case("1,001 rows", json.dumps({"rows": [{}] * 1_001}).encode(), 413, "too-many-rows", "/rows"),
    Case("a list", b"[]", 422, "wrong-type"),
    Case("no rows", b"{}", 422, "missing-field", "/rows"),
    Case("rows no list", b'{"rows": {}}', 422, "wrong-type", "/rows"),
    Case("unknown member", b'{"rows": [], "extra": 1}', 422, "unknown-field", "/extra"),
    Case("XML", b"<rows/>", 415, "unsupported-media-type", "", {"Content-Type": "application/xml"}),
    Case("not gzip", b"plain", 400, "malformed-body", "", {"Content-Encoding": "gzip"}),
    Case("bad key", b'{"rows": []}', 400, "malformed-header", "/Idempotency-Key", {"Idempotency-Key": "once"}),
]


def assert_problem(answer: httpx.Response, status: int, code: str, pointer: str = "", where: str = "body") -> None:
    """The answer is this problem, located, as problem+json."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    problem = answer.json()
    assert (problem["code"], problem["status"], problem["pointer"]) == (code, status, pointer)
    assert problem["type"] == f"https://tungnha.vn/problems/{code}"
    assert problem.get("in", "body") == where
    assert problem["title"] and problem["detail"]


@contextmanager
def both_languages(system: System, service: str, token: str | None = None) -> Iterator[Any]:
    """``ask(method, path, …)`` asks twice; the answers must be the same problem in Vietnamese and in English."""
    with system.http(service, token) as http:

        def ask(method: str, path: str, **request: Any) -> httpx.Response:
            given = request.pop("headers", {})
            vi, en = (
                http.request(method, path, headers=given | {"Accept-Language": language}, **request)
                for language in ("vi-VN,vi;q=0.9", "en-GB,en;q=0.8")
            )
            stable = ("type", "status", "code", "pointer")
            assert {name: vi.json()[name] for name in stable} == {name: en.json()[name] for name in stable}
            assert vi.json()["title"] != en.json()["title"]
            assert not vi.json()["title"].isascii()
            assert en.json()["title"].isascii()
            assert (vi.headers["Content-Language"], en.headers["Content-Language"]) == ("vi", "en")
            return vi

        yield ask


@pytest.mark.parametrize("service", BATCHES)
@pytest.mark.parametrize("case", BODIES, ids=lambda case: re.sub(r"\W+", "-", case.name))
def test_a_bad_body(system: System, service: str, case: Case):
    with both_languages(system, service) as ask:
        headers = {"Content-Type": "application/json"} | case.headers
        answer = ask("POST", BATCHES[service], content=case.body, headers=headers)
    assert_problem(
        answer, case.status, case.code, case.pointer, "header" if case.pointer.startswith("/Idem") else "body"
    )


@pytest.mark.parametrize("service", PROBES)
def test_a_bad_token(system: System, service: str):
    stranger = OKPKey.generate_key("Ed25519", parameters={"kid": "stranger", "alg": "Ed25519"})
    claims = {"iss": tokens.ISSUER, "aud": "tungnha", "sub": "x", "exp": 4_000_000_000, "scope": tokens.ADMIN_SCOPE}
    forged = jwt.encode({"alg": "Ed25519", "kid": "stranger"}, claims, stranger, algorithms=["Ed25519"])
    good = system.token()
    head, body, _ = good.split(".")
    for bad in ("", "nonsense", forged, system.token(ttl=-3600), f"{head}.{body}.{'A' * 86}", good[:-2]):
        with both_languages(system, service, bad) as ask:
            answer = ask("GET", PROBES[service])
        assert_problem(answer, 401, "unauthenticated", "/Authorization", "header")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("service", PROBES)
def test_a_token_without_the_scope(system: System, service: str):
    with both_languages(system, service, system.token(scope="nothing:read")) as ask:
        answer = ask("GET", PROBES[service])
    assert_problem(answer, 403, "forbidden-scope", "/Authorization", "header")


@pytest.mark.parametrize("service", PROBES)
def test_a_path_and_a_method_that_are_not_there(system: System, service: str):
    with both_languages(system, service) as ask:
        assert_problem(ask("GET", "/v1/nothing"), 404, "not-found", where="path")
        assert_problem(ask("GET", "/../../etc/passwd"), 404, "not-found", where="path")
        answer = ask("DELETE", PROBES[service])
        assert_problem(answer, 405, "method-not-allowed")
        assert "GET" in answer.headers["Allow"]
        assert_problem(
            ask("GET", PROBES[service], params={"surprise": "1"}), 422, "unknown-field", "/surprise", "query"
        )


def test_a_unit_of_somebody_else(system: System):
    network = system.network
    ours, theirs = network.communes
    token = system.token(units=[theirs])
    visit = VISIT | {"unit_id": ours}
    with both_languages(system, "visits", token) as ask:
        assert_problem(ask("POST", "/v1/visits", json=visit), 403, "forbidden-unit", "/unit_id")
        assert_problem(ask("POST", "/v1/visits", json=visit | {"unit_id": "x"}), 422, "unknown-unit", "/unit_id")
    attendance = {
        "person_id": VISIT["place_id"],
        "session_id": network.session_id,
        "unit_id": ours,
        "day": network.session_day.isoformat(),
    }
    with both_languages(system, "training", token) as ask:
        assert_problem(ask("POST", "/v1/attendance", json=attendance), 403, "forbidden-unit", "/unit_id")
    change = {"name": "Tổ khác", "effective": "2026-01-01", "document_id": network.world.id("decision")}
    with both_languages(system, "teams", token) as ask:
        team = network.crews[0].team_id
        assert_problem(ask("POST", f"/v1/teams/{team}/rename", json=change), 403, "forbidden-unit", "/team_id")
    with both_languages(system, "reporting", token) as ask:
        assert_problem(ask("GET", f"/v1/reports/{ours}"), 403, "forbidden-unit", "/unit_id", "path")
        assert_problem(ask("GET", "/v1/reports/nowhere"), 404, "no-such-unit", "/unit_id", "path")


def test_a_bad_question_to_the_reports(system: System):
    cases = [
        ({"from": "2026-01-02", "to": "2026-01-01"}, 422, "period-reversed", "/from"),
        ({"from": "yesterday"}, 422, "wrong-type", "/from"),
        ({"map": "1999-01-01"}, 422, "map-too-early", "/map"),
        ({"after": "a:b"}, 422, "wrong-format", "/after"),
    ]
    with both_languages(system, "reporting") as ask:
        for query, status, code, pointer in cases:
            assert_problem(ask("GET", PROBES["reporting"], params=query), status, code, pointer, "query")


def test_what_was_refused_left_nothing(system: System):
    with system.superuser("visits") as tx:
        counted = tx.execute("SELECT count(*) FROM log.events WHERE data ->> 'day' = %s", [VISIT["day"]]).fetchone()
    assert counted == (0,)
    system.assert_verified()
