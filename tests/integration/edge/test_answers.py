"""Paths, methods, languages, and what is told, logged and counted when something fails."""

from __future__ import annotations

import json
import socket
import time

import httpx
import pytest

from tests.edge_kit import Api, problem


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
