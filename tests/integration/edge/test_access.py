"""Without a token that proves who asks, what may be asked and for which units, nothing is answered."""

from __future__ import annotations

import base64
import json
import time

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from tests.edge_kit import Api, a_claim, a_key, problem


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
