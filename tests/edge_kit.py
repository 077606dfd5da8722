"""A tiny service on the real edge, in a process of its own, on a broker address where nobody listens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import OKPKey

from tests.waiting import answers, local

ISSUER = "https://issuer.test"
ROOT = Path(__file__).parents[1]
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
        return local(self.base, headers={"Authorization": f"Bearer {self.token(**claims)}"}, timeout=10)


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
            [sys.executable, "-W", "ignore", "-m", "tests.edge_service"],
            env=env,
            cwd=ROOT,
            stdout=sink,
            stderr=sink,
        )
    api = Api(f"http://127.0.0.1:{port}", process, key, keys_file, output)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        if '"serving"' in output.read_text() and answers(f"{api.base}/healthz"):
            return api
        time.sleep(0.05)
    raise AssertionError(output.read_text())


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
