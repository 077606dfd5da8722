"""Tokens: what proves who is calling, and what the keys of the issuer do to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from shared import access
from shared.access import Actor, BadToken, NoKeys, Verifier

NOW = 1_800_000_000.0


@dataclass
class World:
    folder: Path
    now: float = NOW
    keys: list[OKPKey] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.folder / "jwks.json"

    def publish(self, *names: str) -> None:
        self.keys = [OKPKey.generate_key("Ed25519", {"kid": name}) for name in names]
        self.write(*self.keys)

    def write(self, *keys: OKPKey) -> None:
        self.path.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in keys]}))

    def token(self, key: OKPKey | None = None, **claims: Any) -> str:
        signer = key or self.keys[0]
        base = {"iss": "i", "aud": "tungnha", "sub": "s", "exp": NOW + 600, "scope": "a:b c:d", "units": ["u1"]}
        return jwt.encode({"alg": "EdDSA", "kid": signer.kid}, base | claims, signer, algorithms=["EdDSA"])

    def verifier(self, source: str | None = None) -> Verifier:
        return Verifier(source or str(self.path), "i", clock=lambda: self.now)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.publish("k1")
    return world


def test_a_token_names_its_actor(world: World) -> None:
    assert world.verifier().verify(world.token()) == Actor("s", frozenset({"a:b", "c:d"}), frozenset({"u1"}))
    assert world.verifier().verify(world.token(aud=["x", "tungnha"], scope="", units=[])).scopes == frozenset()


def test_a_remembered_token_still_expires(world: World) -> None:
    verifier, token = world.verifier(), world.token()
    verifier.verify(token)
    world.now = NOW + 600 + access.LEEWAY - 1
    verifier.verify(token)
    world.now += 1
    with pytest.raises(BadToken):
        verifier.verify(token)


def test_verified_tokens_are_remembered_and_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "REMEMBERED", 2)
    verifier, judged = world.verifier(), []
    judge = verifier._judge
    monkeypatch.setattr(verifier, "_judge", lambda token, now: judged.append(token) or judge(token, now))
    first, second, third = (world.token(sub=name) for name in "abc")
    for token in (first, first, second, first, third):
        verifier.verify(token)
    assert judged == [first, second, third]
    verifier.verify(second)  # the least recently used one was forgotten
    assert judged == [first, second, third, second]


def test_a_new_key_is_found_but_strangers_cannot_make_us_busy(world: World) -> None:
    verifier = world.verifier()
    verifier.verify(world.token())
    world.publish("k2")
    token = world.token()
    with pytest.raises(BadToken):
        verifier.verify(token)  # keys were read a moment ago
    world.now += access.RELOAD_AT_MOST_EVERY
    verifier.verify(token)


def test_a_withdrawn_key_takes_its_remembered_tokens_with_it(world: World) -> None:
    verifier, token = world.verifier(), world.token()
    verifier.verify(token)
    world.publish("k2")
    world.now += access.RELOAD_AT_LEAST_EVERY
    with pytest.raises(BadToken):
        verifier.verify(token)


def test_an_issuer_that_is_down_locks_nobody_out(world: World) -> None:
    verifier = world.verifier()
    verifier.verify(world.token())
    world.path.write_text("{")
    world.now += access.RELOAD_AT_LEAST_EVERY
    verifier.verify(world.token())
    assert verifier.ready() is None


def test_without_any_keys_nothing_is_judged(world: World) -> None:
    world.path.rename(world.folder / "away")
    verifier = world.verifier()
    assert verifier.ready()
    with pytest.raises(NoKeys):
        verifier.verify(world.token())
    (world.folder / "away").rename(world.path)
    world.now += access.RETRY_FIRST_LOAD_EVERY
    assert verifier.ready() is None
    verifier.verify(world.token())


def test_symmetric_and_encryption_keys_of_a_key_set_are_ignored(world: World) -> None:
    document = json.loads(world.path.read_text())
    document["keys"] += [{"kty": "oct", "kid": "s", "k": "c2VjcmV0"}, {**document["keys"][0], "use": "enc", "kid": "e"}]
    world.path.write_text(json.dumps(document))
    verifier = world.verifier()
    verifier.verify(world.token())
    assert set(verifier._keys) == {"k1"}


@pytest.fixture
def issuer(world: World) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(world.path.read_bytes())

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/jwks.json"
    server.shutdown()
    server.server_close()


def test_keys_may_come_from_an_address(world: World, issuer: str) -> None:
    assert world.verifier(issuer).verify(world.token()).sub == "s"
