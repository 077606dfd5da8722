"""Load, keys, start and stop."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from joserfc.jwk import ECKey, RSAKey

from tests.edge_kit import Api, a_key, problem, start, write_keys
from tests.waiting import free_port


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
