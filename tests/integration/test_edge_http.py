"""The edge over real HTTP: a tiny service in a process of its own, on a broker address where nobody listens."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from tests.waiting import free_port

# Issuers still say EdDSA; RFC 9864 renamed it.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
ISSUER = "https://issuer.test"
ROOT = Path(__file__).parents[2]
VISIT = {"visit_id": "0190b6a0-0000-7000-8000-000000000001", "day": "2026-03-01"}


@dataclass
class Api:
    base: str
    process: subprocess.Popen[bytes]
    key: OKPKey
    keys_file: Path
    output: Path

    def token(self, key: Any = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        signer = key or self.key
        head = {"alg": "EdDSA", "kid": signer.kid} | (header or {})
        return jwt.encode(head, a_claim(**claims), signer, algorithms=[head["alg"]])

    def client(self, **claims: Any) -> httpx.Client:
        return httpx.Client(base_url=self.base, headers={"Authorization": f"Bearer {self.token(**claims)}"}, timeout=10)


def a_claim(**claims: Any) -> dict[str, Any]:
    now = int(time.time())
    claim = {"iss": ISSUER, "aud": "tungnha", "sub": "field-app", "iat": now, "exp": now + 600, "units": ["tinh-1"]}
    claim |= {"scope": "tiny:read tiny:write tiny:feed"} | claims
    return {name: value for name, value in claim.items() if value is not None}


def a_key(kind: Any = OKPKey, curve: Any = "Ed25519") -> Any:
    return kind.generate_key(curve, {"kid": uuid.uuid4().hex, "use": "sig"})


def write_keys(path: Path, *keys: Any) -> None:
    path.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in keys]}))


def start(folder: Path, port: int, key: OKPKey, keys_file: Path) -> Api:
    output = folder / f"out-{uuid.uuid4().hex}.log"
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TUNGNHA_HTTP_ADDRESS": f"127.0.0.1:{port}",
        "TUNGNHA_JWKS": str(keys_file),
        "TUNGNHA_ISSUER": ISSUER,
        "TUNGNHA_SERVICE_AMQP_URI": "amqp://nobody:nothing@127.0.0.1:1/none",
    }
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.integration.edge_service"],
            env=env,
            cwd=ROOT,
            stdout=sink,
            stderr=sink,
        )
    api = Api(f"http://127.0.0.1:{port}", process, key, keys_file, output)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if '"serving"' in output.read_text() and httpx.get(api.base + "/healthz").status_code == 200:
                return api
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(output.read_text())


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("edge")
    key = a_key()
    write_keys(folder / "jwks.json", key)
    api = start(folder, free_port(), key, folder / "jwks.json")
    yield api
    api.process.terminate()
    assert api.process.wait(12) == 0, api.output.read_text()


@pytest.fixture(scope="module")
def http(api: Api) -> Iterator[httpx.Client]:
    with api.client() as client:
        yield client


def problem(answer: httpx.Response, status: int, code: str, pointer: str = "") -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"https://tungnha.vn/problems/{code}", document
    assert document["code"] == code
    assert document["status"] == status
    assert document["pointer"] == pointer, document
    assert document["title"]
    assert "…" not in document["detail"]
    return document


def post(http: httpx.Client, path: str, raw: bytes | str, **headers: str) -> httpx.Response:
    return http.post(path, content=raw, headers={"Content-Type": "application/json", **headers})


# --- the good way ------------------------------------------------------------------------------------------------


def test_a_body_is_loaded_and_headers_are_parsed(http: httpx.Client) -> None:
    key = str(uuid.uuid4())
    answer = http.post("/v1/visits", json=VISIT, headers={"Idempotency-Key": key, "If-Match": '"12"'})
    assert answer.status_code == 201
    assert answer.json() == {"loaded": VISIT, "key": key, "if_match": 12}


def test_a_version_travels_as_etag(http: httpx.Client) -> None:
    answer = http.get("/v1/things/a")
    assert (answer.headers["ETag"], answer.json()) == ('"7"', {"thing": "a", "sub": "field-app"})
    again = http.get("/v1/things/a", headers={"If-None-Match": '"7"'})
    assert (again.status_code, again.content) == (304, b"")


def test_head_and_options(http: httpx.Client) -> None:
    answer = http.head("/v1/things/a")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0
    options = httpx.options(f"{http.base_url}/v1/visits")
    assert (options.status_code, options.headers["Allow"]) == (204, "OPTIONS, POST")


def test_query_is_loaded_by_its_schema(http: httpx.Client) -> None:
    assert http.get("/v1/things?size=5&unit=a&unit=b").json() == {"size": 5, "unit": ["a", "b"]}
    assert http.get("/v1/things?unit=a").json() == {"size": 10, "unit": ["a"]}
    found = problem(http.get("/v1/things?size=many"), 422, "wrong-type", "/size")
    assert found["in"] == "query"
    problem(http.get("/v1/things?sise=1"), 422, "unknown-field", "/sise")
    problem(http.get("/v1/things/a?x=1"), 422, "unknown-field", "/x")
    problem(http.get("/v1/things?size=%00"), 400, "forbidden-character")
    problem(http.get("/v1/things?" + "&".join(f"unit={i}" for i in range(101))), 400, "bad-request")
    problem(http.get("/v1/things/%00"), 400, "forbidden-character")


def test_gzip_and_chunked_bodies_are_read(http: httpx.Client) -> None:
    packed = gzip.compress(json.dumps(VISIT).encode())
    assert post(http, "/v1/visits", packed, **{"Content-Encoding": "gzip"}).status_code == 201
    headers = {"Content-Type": "application/json"}
    chunks = iter([json.dumps(VISIT)[:10].encode(), json.dumps(VISIT)[10:].encode()])
    assert http.post("/v1/visits", content=chunks, headers=headers).status_code == 201


# --- bad bodies --------------------------------------------------------------------------------------------------


def test_malformed_json_says_where(http: httpx.Client) -> None:
    found = problem(post(http, "/v1/visits", b'{"day":\n "2026'), 400, "malformed-json")
    assert "dòng 2" in found["detail"]
    for raw in (b"", b"\xff", b"NaN", b'{"a":1,}', b"\xef\xbb\xbf{}", b'{"a":"\x00"}'):
        problem(post(http, "/v1/visits", raw), 400, "malformed-json")


def test_wrong_types_missing_and_unknown_fields_have_pointers(http: httpx.Client) -> None:
    problem(post(http, "/v1/visits", b"[]"), 422, "wrong-type")
    problem(post(http, "/v1/visits", b"null"), 422, "wrong-type")
    problem(http.post("/v1/visits", json=VISIT | {"day": 3}), 422, "wrong-type", "/day")
    problem(http.post("/v1/visits", json=VISIT | {"minutes": "5"}), 422, "wrong-type", "/minutes")
    problem(http.post("/v1/visits", json=VISIT | {"minutes": 0}), 422, "out-of-range", "/minutes")
    problem(http.post("/v1/visits", json=VISIT | {"note": "x" * 21}), 422, "wrong-length", "/note")
    problem(http.post("/v1/visits", json=VISIT | {"nmae": 1}), 422, "unknown-field", "/nmae")
    problem(http.post("/v1/visits", json=VISIT | {"a/b~": 1}), 422, "unknown-field", "/a~1b~0")
    problem(http.post("/v1/visits", json=VISIT | {"skills": ["online_payment", "x"]}), 422, "bad-skill", "/skills/1")
    found = problem(post(http, "/v1/visits", b"{}"), 422, "missing-field", "/visit_id")
    assert [error["pointer"] for error in found["errors"]] == ["/visit_id", "/day"]


def test_characters_the_database_cannot_store_are_located(http: httpx.Client) -> None:
    for bad in (r"\u0000", r"\ud800", r"\udc00x"):
        problem(post(http, "/v1/raw", f'{{"a":[1,"{bad}"]}}'), 400, "forbidden-character", "/a/1")
        problem(post(http, "/v1/raw", f'{{"a":{{"{bad}":1}}}}'), 400, "forbidden-character", "/a")
    problem(post(http, "/v1/raw", b'"\xed\xa0\x80"'), 400, "forbidden-character")
    assert post(http, "/v1/raw", rb'"\\u0000 \ud83d\ude00"').json() == {"got": "\\u0000 \U0001f600"}


def test_deep_nesting_is_refused(http: httpx.Client) -> None:
    for depth in (65, 1_000, 10_000):
        problem(post(http, "/v1/raw", b"[" * depth + b"]" * depth), 400, "too-deep")
        problem(post(http, "/v1/raw", b'{"a":' * depth + b"1" + b"}" * depth), 400, "too-deep")
    assert post(http, "/v1/raw", b"[" * 64 + b"]" * 64).status_code == 200


def test_a_body_over_the_limit_is_refused_and_the_answer_arrives(http: httpx.Client) -> None:
    problem(post(http, "/v1/visits", b" " * 5_000_001), 413, "body-too-large")
    problem(post(http, "/v1/raw", b" " * 100_001), 413, "body-too-large")
    chunks = iter([b" " * 60_000] * 100)
    problem(http.post("/v1/raw", content=chunks, headers={"Content-Type": "application/json"}), 413, "body-too-large")
    assert post(http, "/v1/raw", b"1" + b" " * 99_999).status_code == 200


def test_an_exploding_or_broken_gzip_is_refused(http: httpx.Client) -> None:
    as_gzip = {"Content-Encoding": "gzip"}
    bomb = gzip.compress(b" " * 200_000_000, 9)
    problem(post(http, "/v1/visits", bomb, **as_gzip), 413, "body-too-large")
    whole = gzip.compress(json.dumps(VISIT).encode())
    problem(post(http, "/v1/visits", whole[:-9], **as_gzip), 400, "malformed-body")
    problem(post(http, "/v1/visits", whole + b"more", **as_gzip), 400, "malformed-body")
    problem(post(http, "/v1/visits", b"not gzip", **as_gzip), 400, "malformed-body")
    problem(post(http, "/v1/visits", b"{}", **{"Content-Encoding": "br"}), 415, "unsupported-media-type")


def test_only_json_is_accepted(http: httpx.Client) -> None:
    problem(http.post("/v1/visits", content=b"{}"), 415, "unsupported-media-type")
    problem(http.post("/v1/visits", data={"a": "b"}), 415, "unsupported-media-type")
    answer = http.post("/v1/raw", content=b"1", headers={"Content-Type": "application/json; charset=UTF-8"})
    assert answer.status_code == 200


def test_malformed_headers(http: httpx.Client) -> None:
    answer = http.post("/v1/visits", json=VISIT, headers={"Idempotency-Key": "5"})
    assert problem(answer, 400, "malformed-header", "/Idempotency-Key")["in"] == "header"
    problem(http.post("/v1/visits", json=VISIT, headers={"If-Match": 'W/"x"'}), 400, "malformed-header", "/If-Match")


# --- batches -----------------------------------------------------------------------------------------------------


def test_a_batch_answers_per_row(http: httpx.Client) -> None:
    good, nul, lone = json.dumps(VISIT), r'{"note":"\u0000"}', r'{"note":"\ud800"}'
    undated = json.dumps(VISIT | {"day": "x"})
    raw = f'{{"rows":[{good},{nul},{lone},7,{undated},{good}]}}'
    answer = post(http, "/v1/visits/batch", raw, **{"Accept-Language": "en"})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["counts"] == {"stored": 2, "rejected": 4}
    assert document["results"][0] == {
        "row": 0,
        "id": VISIT["visit_id"],
        "outcome": "stored",
        "version": 1,
        "position": "0:1",
    }
    found = [(result["problem"]["code"], result["problem"]["pointer"]) for result in document["results"][1:5]]
    assert found == [
        ("forbidden-character", "/rows/1/note"),
        ("forbidden-character", "/rows/2/note"),
        ("wrong-type", "/rows/3"),
        ("wrong-type", "/rows/4/day"),
    ]
    assert document["results"][1]["problem"]["title"] == "Forbidden character"


def test_a_batch_itself_can_be_wrong(http: httpx.Client) -> None:
    problem(http.post("/v1/visits/batch", json={"rows": [{}] * 1001}), 413, "too-many-rows", "/rows")
    problem(http.post("/v1/visits/batch", json={"rows": {}}), 422, "wrong-type", "/rows")
    problem(http.post("/v1/visits/batch", json={}), 422, "missing-field", "/rows")
    problem(http.post("/v1/visits/batch", json=[]), 422, "wrong-type")
    problem(http.post("/v1/visits/batch", json={"rows": [], "row": 1}), 422, "unknown-field", "/row")
    problem(post(http, "/v1/visits/batch", rb'{"\ud800":1}'), 422, "unknown-field", "/?")
    assert http.post("/v1/visits/batch", json={"rows": [VISIT] * 1000}).json()["counts"] == {"stored": 1000}


# --- access ------------------------------------------------------------------------------------------------------


def test_a_route_asks_for_a_token(api: Api) -> None:
    answer = httpx.get(api.base + "/v1/things/a")
    problem(answer, 401, "unauthenticated", "/Authorization")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="tungnha"'
    assert httpx.get(api.base + "/v1/open").json() == {"open": True}


def forged(api: Api) -> dict[str, str]:
    """Tokens that prove nothing."""
    now = int(time.time())
    other = OKPKey.generate_key("Ed25519", {"kid": api.key.kid})
    secret = OctKey.import_key(json.dumps(api.key.as_dict(private=False)).encode(), {"kid": api.key.kid})
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()  # noqa: E731
    head, body, signature = api.token().split(".")
    return {
        "expired": api.token(exp=now - 60),
        "not yet valid": api.token(nbf=now + 60),
        "without expiry": api.token(exp=None),
        "expiry as text": api.token(exp="never"),
        "other key": api.token(key=other),
        "unknown key": api.token(key=a_key()),
        "no key id": api.token(header={"kid": ""}),
        "alg none": f"{part({'alg': 'none', 'kid': api.key.kid})}.{body}.",
        "public key as secret": jwt.encode({"alg": "HS256", "kid": api.key.kid}, a_claim(), secret, ["HS256"]),
        "changed claims": f"{head}.{part(a_claim(scope='tiny:read tiny:admin'))}.{signature}",
        "wrong audience": api.token(aud="other"),
        "wrong issuer": api.token(iss="https://else.test"),
        "no subject": api.token(sub=None),
        "units not a list": api.token(units="vn"),
        "scope not a text": api.token(scope=["tiny:read"]),
        "garbage": "a.b.c",
        "words": "let me in",
        "half": head,
    }


def test_tokens_that_prove_nothing(api: Api) -> None:
    for name, token in forged(api).items():
        answer = httpx.get(api.base + "/v1/things/a", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, name
        problem(answer, 401, "unauthenticated", "/Authorization")
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"], name
    for header in ("Basic YTpi", "Bearer", ""):
        answer = httpx.get(api.base + "/v1/things/a", headers={"Authorization": header})
        problem(answer, 401, "unauthenticated", "/Authorization")


def test_scopes_and_units(api: Api) -> None:
    with api.client(scope="tiny:write") as client:
        answer = client.get("/v1/things/a")
        problem(answer, 403, "forbidden-scope", "/Authorization")
        assert 'scope="tiny:read"' in answer.headers["WWW-Authenticate"]
    with api.client(units=["xa-1"]) as client:
        assert client.get("/v1/units/xa-1").status_code == 204
        problem(client.get("/v1/units/tinh-1"), 403, "forbidden-unit", "/unit_id")
        problem(client.get("/v1/units/nowhere"), 422, "unknown-unit", "/unit_id")
    with api.client(units=["vn"]) as client:
        assert client.get("/v1/units/xa-1").status_code == 204
    with api.client(units=[]) as client:
        problem(client.get("/v1/units/xa-1"), 403, "forbidden-unit", "/unit_id")


# --- paths, methods, languages, failures -------------------------------------------------------------------------


def test_paths_and_methods(http: httpx.Client) -> None:
    problem(http.get("/v1/nothing"), 404, "not-found")
    problem(http.get("/v1/things/"), 404, "not-found")
    problem(http.get("/v1//things"), 404, "not-found")
    problem(http.get("/v1/things/%ff/x"), 404, "not-found")
    answer = http.delete("/v1/visits")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "OPTIONS, POST"
    problem(http.request("BREW", "/v1/things/a"), 405, "method-not-allowed")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "vi"),
        ("vi", "vi"),
        ("en", "en"),
        ("en-GB,vi;q=0.5", "en"),
        ("en;q=0.4, vi;q=0.9", "vi"),
        ("fr, en;q=0.1", "en"),
        ("fr", "vi"),
        ("*", "vi"),
        ("en;q=0", "vi"),
        ("en;q=x,,;;", "vi"),
    ],
)
def test_language_by_quality(http: httpx.Client, header: str, language: str) -> None:
    answer = http.get("/v1/nothing", headers={"Accept-Language": header})
    assert answer.headers["Content-Language"] == language
    assert answer.json()["title"] == {"vi": "Không tìm thấy", "en": "Not found"}[language]


def test_rejections_speak_the_service_s_words(http: httpx.Client) -> None:
    found = problem(http.get("/v1/fail/rejected"), 409, "too-young", "/place_id")
    assert found["detail"] == "Hộ p1 vừa được thăm."
    assert "never-heard-of" in problem(http.get("/v1/fail/unknown"), 422, "rejected")["detail"]
    assert problem(http.get("/v1/fail/version"), 412, "precondition-failed")["version"] == 9
    problem(http.get("/v1/fail/problem"), 409, "stale")
    for how, code in (("busy", "overloaded"), ("log", "not-ready")):
        answer = http.get(f"/v1/fail/{how}")
        problem(answer, 503, code)
        assert int(answer.headers["Retry-After"]) > 0


def written(api: Api, what: str, times: int = 1) -> str:
    """The log once it says this so often: a line is written just after its answer was sent."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if (output := api.output.read_text()).count(what) >= times and output.endswith("\n"):
            return output
        time.sleep(0.02)
    raise AssertionError(f"{what} is not in the log")


def test_a_failure_leaks_nothing(api: Api, http: httpx.Client) -> None:
    for how in ("crash", "unwritable"):
        answer = http.get(f"/v1/fail/{how}")
        found = problem(answer, 500, "internal")
        incident = found["detail"].rstrip(".").split()[-1]
        output = written(api, incident)
        assert "Nguyễn" not in answer.text + output


def test_every_request_is_logged_as_json_without_its_content(api: Api, http: httpx.Client) -> None:
    what = '"route":"/v1/things/<thing>","status":200'
    before = api.output.read_text().count(what)
    http.get("/v1/things/secret-thing?size=1", headers={"Accept-Language": "en"})
    http.get("/v1/things/secret-thing")
    lines = [json.loads(line) for line in written(api, what, before + 1).splitlines()]
    last = [line for line in lines if line["event"] == "request" and line["route"] == "/v1/things/<thing>"][-1]
    assert (last["method"], last["status"], last["sub"], last["service"]) == ("GET", 200, "field-app", "tiny")
    assert "secret-thing" not in api.output.read_text()


def test_health_readiness_and_metrics(api: Api) -> None:
    assert httpx.get(api.base + "/healthz").json() == {"alive": True}
    ready = httpx.get(api.base + "/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "checks": [{"name": "issuer keys", "ok": True, "detail": ""}]}
    metrics = httpx.get(api.base + "/metrics")
    assert metrics.headers["Content-Type"].startswith("text/plain")
    assert 'tungnha_http_requests_total{method="GET",route="/healthz",status="200"}' in metrics.text


def test_what_is_hardly_http_does_not_hurt(api: Api) -> None:
    token = f"Authorization: Bearer {api.token()}\r\nContent-Type: application/json\r\n"
    post_raw = f"POST /v1/raw HTTP/1.1\r\nHost: x\r\n{token}"
    cases = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
        f"{post_raw}Content-Length: -5\r\n\r\n".encode(),
        f"{post_raw}Content-Length: +5\r\n\r\n12345".encode(),
        f"{post_raw}Content-Length: 10\r\n\r\n123".encode(),
        f"{post_raw}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n".encode(),
        f"{post_raw}Transfer-Encoding: chunked\r\n\r\nzz\r\n".encode(),
        f"{post_raw}Transfer-Encoding: chunked\r\n\r\nff\r\n12".encode(),
    ]
    host, port = api.base.removeprefix("http://").split(":")
    for raw in cases:
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while data := connection.recv(65_536):
                received += data
        assert received == b"" or b" 4" in received[:13] or b" 5" in received[:13], (raw[:60], received)
    assert api.process.poll() is None
    assert httpx.get(api.base + "/healthz").status_code == 200


# --- the feed ----------------------------------------------------------------------------------------------------


def test_the_feed_covers_every_position_once(http: httpx.Client) -> None:
    heads = http.get("/v1/events/heads").json()
    assert heads["heads"] == {"0": 6, "1": 0}
    page = http.get("/v1/events?partition=0").json()
    assert (page["log_id"], page["partition"], page["head"], page["next_after"]) == (heads["log_id"], 0, 6, 6)
    kinds = [(event["type"], event["position"], event["data"]) for event in page["events"]]
    assert kinds == [
        ("Tick.v1", "2", {"from": 1, "to": 2}),
        ("Shown.v1", "3", {"n": 3}),
        ("Tick.v1", "4", {"from": 4, "to": 4}),
        ("Shown.v1", "5", {"n": 5}),
        ("Tick.v1", "6", {"from": 6, "to": 6}),
    ]


def test_the_feed_reads_windows(http: httpx.Client) -> None:
    page = http.get("/v1/events?partition=0&after=1&until=4").json()
    assert [event["position"] for event in page["events"]] == ["2", "3", "4"]
    assert page["next_after"] == 4
    assert http.get("/v1/events?partition=0&after=2&limit=1").json()["next_after"] == 3
    empty = http.get("/v1/events?partition=0&after=6").json()
    assert (empty["events"], empty["next_after"], empty["head"]) == ([], 6, 6)
    assert http.get("/v1/events?partition=0&after=5&until=2").json()["events"] == []
    assert http.get("/v1/events?partition=1").json()["events"] == []


def test_the_feed_refuses_nonsense(api: Api, http: httpx.Client) -> None:
    problem(http.get("/v1/events"), 422, "missing-field", "/partition")
    problem(http.get("/v1/events?partition=x"), 422, "wrong-type", "/partition")
    problem(http.get("/v1/events?partition=9"), 404, "unknown-partition", "/partition")
    problem(http.get("/v1/events?partition=0&limit=1001"), 422, "out-of-range", "/limit")
    problem(http.get(f"/v1/events?partition=0&after={2**70}"), 422, "out-of-range", "/after")
    with api.client(scope="tiny:read tiny:write") as client:
        problem(client.get("/v1/events?partition=0"), 403, "forbidden-scope", "/Authorization")


# --- load, keys, start and stop ----------------------------------------------------------------------------------


def in_parallel(count: int, work: Any) -> list[Any]:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(work())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_too_much_at_once_is_refused_quickly_and_probes_still_pass(http: httpx.Client) -> None:
    statuses: list[int] = []
    refused_after: list[float] = []

    def one() -> None:
        started = time.monotonic()
        answer = http.get("/v1/slow")
        statuses.append(answer.status_code)
        if answer.status_code == 503:
            refused_after.append(time.monotonic() - started)
            problem(answer, 503, "overloaded")
            assert answer.headers["Retry-After"] == "1"

    probe: list[int] = []
    prober = threading.Timer(0.3, lambda: probe.append(http.get("/readyz").status_code))
    prober.start()
    in_parallel(20, one)
    prober.join()
    assert statuses.count(200) == 8
    assert statuses.count(503) == 12
    assert max(refused_after) < 0.9
    assert probe == [200]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[list[Api]]:
    started: list[Api] = []
    yield started
    for api in started:
        if api.process.poll() is None:
            api.process.kill()
            api.process.wait()


def test_new_keys_of_the_issuer_are_noticed_and_other_algorithms_pass(own: list[Api], tmp_path: Path) -> None:
    key, elliptic, rsa = a_key(), a_key(ECKey, "P-256"), a_key(RSAKey, 2048)
    write_keys(tmp_path / "jwks.json", key, elliptic, rsa)
    own.append(start(tmp_path, free_port(), key, tmp_path / "jwks.json"))
    for signer, name in ((elliptic, "ES256"), (rsa, "RS256")):
        token = own[0].token(key=signer, header={"alg": name})
        answer = httpx.get(own[0].base + "/v1/things/a", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, name


def test_without_keys_the_process_serves_but_is_not_ready(own: list[Api], tmp_path: Path) -> None:
    key = a_key()
    own.append(start(tmp_path, free_port(), key, tmp_path / "missing.json"))
    assert httpx.get(own[0].base + "/readyz").status_code == 503
    with own[0].client() as client:
        problem(client.get("/v1/things/a"), 503, "not-ready")


def test_two_processes_share_a_port_and_a_stop_loses_no_answer(own: list[Api], tmp_path: Path) -> None:
    key = a_key()
    write_keys(tmp_path / "jwks.json", key)
    port = free_port()
    own.append(start(tmp_path, port, key, tmp_path / "jwks.json"))
    own.append(start(tmp_path, port, key, tmp_path / "jwks.json"))
    headers = {"Authorization": f"Bearer {own[0].token()}"}
    answers: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(httpx.get(own[0].base + "/v1/slow", headers=headers).status_code)
        )
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.4)
    began = time.monotonic()
    own[0].process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert answers == [200] * 6
    assert own[0].process.wait(10) == 0
    assert time.monotonic() - began < 5
    assert httpx.get(own[1].base + "/healthz").status_code == 200
    own[1].process.send_signal(signal.SIGINT)
    assert own[1].process.wait(10) == 0


# --- files -------------------------------------------------------------------------------------------------------


def send_file(http: httpx.Client, raw: Any, media: str = "text/csv; charset=utf-8", **headers: str) -> httpx.Response:
    return http.post("/v1/files", content=raw, headers={"Content-Type": media, **headers})


def test_files_arrive_piece_by_piece(http: httpx.Client) -> None:
    content = random.Random(1).randbytes(2_900_000)
    expected = hashlib.sha256(content).hexdigest()
    chunks = (content[n : n + 70_000] for n in range(0, len(content), 70_000))
    for body, headers in ((content, {}), (chunks, {}), (gzip.compress(content), {"Content-Encoding": "gzip"})):
        found = send_file(http, body, **headers).json()
        assert found["digest"] == expected
        assert found["pieces"] > 10
        assert found["most"] <= 300_000
    assert send_file(http, b"{}", "application/x-ndjson").json()["media"] == "ndjson"
    assert send_file(http, b"").json()["pieces"] == 0


def test_files_that_are_too_large_or_broken_are_refused(http: httpx.Client) -> None:
    problem(send_file(http, b"x" * 3_000_001), 413, "body-too-large")
    problem(send_file(http, (b"x" * 100_000 for _ in range(31))), 413, "body-too-large")
    packed = gzip.compress(b" " * 100_000_000, 9)
    problem(send_file(http, packed, **{"Content-Encoding": "gzip"}), 413, "body-too-large")
    whole = gzip.compress(b"a,b")
    for broken in (whole[:-9], whole + b"more", b"not gzip"):
        problem(send_file(http, broken, **{"Content-Encoding": "gzip"}), 400, "malformed-body")
    problem(send_file(http, b"x", "application/pdf"), 415, "unsupported-media-type")
    problem(send_file(http, b"x", **{"Content-Encoding": "br"}), 415, "unsupported-media-type")
    assert send_file(http, b"a,b").status_code == 200, "the connection has not suffered"


def test_an_answer_may_be_sent_as_it_is_made(api: Api, http: httpx.Client) -> None:
    with http.stream("GET", "/v1/stream/whole") as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert sum(len(piece) for piece in answer.iter_bytes()) == 500_000
    problem(http.get("/v1/stream/refused"), 409, "stale")
    with pytest.raises(httpx.RemoteProtocolError), http.stream("GET", "/v1/stream/broken") as answer:
        answer.read()
    assert http.get("/v1/things/a").status_code == 200
    log = api.output.read_text()
    assert "answer broken off" in log
    assert "Nguyễn" not in log
