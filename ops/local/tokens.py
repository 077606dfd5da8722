"""The local issuer: an Ed25519 key that signs tokens for this stack only.

Any other issuer works the same way: point ``TUNGNHA_JWKS`` at its keys and ``TUNGNHA_ISSUER`` at its name.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import OKPKey

from ops.local.state import State, write_private
from shared.access import AUDIENCE
from shared.topology import SERVICES

ISSUER = "tungnha-local"
ADMIN_SCOPE = " ".join(
    [f"{service}:{verb}" for service in SERVICES for verb in ("admin", "write", "read", "feed")]
    + ["people:read", "people:match", "people:erase", "places:read", "places:erase"]
)
FEED_TTL = 365 * 24 * 3600


def jwks(state: State) -> Path:
    """The path of the public keys, made together with the private one on first use."""
    path = state.directory / "jwks.json"
    if not path.exists():
        public = _key(state).as_dict(private=False)
        path.write_text(json.dumps({"keys": [public | {"use": "sig"}]}, indent=1))
    return path


def issue(state: State, sub: str, scope: str, units: Iterable[str], ttl: int) -> str:
    """A signed token, valid for ``ttl`` seconds; ``units`` are the roots of the subtrees it opens."""
    jwks(state)  # whoever gets a token will want to check it
    key, now = _key(state), int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": sub,
        "scope": scope,
        "units": list(units),
        "iat": now,
        "exp": now + ttl,
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode({"alg": "Ed25519", "kid": key.kid}, claims, key, algorithms=["Ed25519"])


def feed_token(state: State, service: str, sources: Iterable[str]) -> Path:
    """The file with the token a service shows to the feeds of its sources; renewed at every call."""
    scope = " ".join(f"{source}:feed" for source in sources)
    path = state.secret_path(f"feed-token-{service}")
    write_private(path, issue(state, f"service:{service}", scope, (), FEED_TTL))
    return path


def _key(state: State) -> OKPKey:
    path = state.secret_path("issuer.json")
    with state.lock("issuer"):
        if not path.exists():
            key = OKPKey.generate_key("Ed25519", parameters={"kid": uuid.uuid4().hex[:16], "alg": "Ed25519"})
            write_private(path, json.dumps(key.as_dict(private=True)))
    return OKPKey.import_key(json.loads(path.read_text()))


def nation() -> str:
    """The id of the nation's unit: the root of every subtree."""
    from ops.units.seed import NATION_ID

    return NATION_ID
