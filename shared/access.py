"""Who is calling: bearer tokens (JWT) of any issuer whose public keys (JWKS) we are given.

Signature, ``iss``, ``aud``, ``exp`` and ``nbf`` are checked; only asymmetric algorithms pass, so neither ``none`` nor a
public key misused as an HMAC secret does. A verified token is remembered until it expires or the keys change.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import urllib.request
import warnings
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import Key, import_key
from joserfc.jws import extract_compact

# EdDSA's registration was replaced by Ed25519 (RFC 9864); issuers still use the old name.
warnings.filterwarnings("ignore", category=SecurityWarning, message="EdDSA is deprecated")

AUDIENCE = "tungnha"
ALGORITHMS = ("EdDSA", "Ed25519", "ES256", "RS256")
KEY_TYPES = {"OKP", "EC", "RSA"}
LEEWAY = 10
REMEMBERED = 10_000
RELOAD_AT_MOST_EVERY = 10.0
RELOAD_AT_LEAST_EVERY = 300.0
RETRY_FIRST_LOAD_EVERY = 1.0


class BadToken(Exception):
    """The token proves nothing; the message says why, in words that are safe to log."""


class NoKeys(Exception):
    """The issuer's keys have never been readable, so no token can be judged yet."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls: subject, scopes, and the unit ids whose subtrees the caller may touch."""

    sub: str
    scopes: frozenset[str]
    units: frozenset[str]


class Verifier:
    """Judges bearer tokens against the issuer's keys at ``jwks``, a path or an http(s) URL.

    Keys are read again when a token names an unknown one (at most every 10 s, so strangers cannot make us busy) and
    every 5 min (so that a withdrawn key stops working).
    """

    def __init__(self, jwks: str, issuer: str, *, clock: Callable[[], float] = time.time) -> None:
        self._jwks = jwks
        self._issuer = issuer
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._read_at = float("-inf")
        self._loaded = False
        self._reading = threading.Lock()
        self._known: OrderedDict[bytes, tuple[Actor, float]] = OrderedDict()

    def verify(self, token: str) -> Actor:
        """The caller, or ``BadToken``; ``NoKeys`` while no keys could ever be read."""
        self._refresh(self._patience())
        if (actor := self.remembered(token)) is not None:
            return actor
        actor, expires = self._judge(token, self._clock())
        self._known[_digest(token)] = (actor, expires)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return actor

    def remembered(self, token: str) -> Actor | None:
        """The caller, if the token was verified before and still holds."""
        digest = _digest(token)
        known = self._known.get(digest)
        if known is None or self._clock() >= known[1]:
            return None
        self._known.move_to_end(digest)
        return known[0]

    def ready(self) -> str | None:
        """None, or why no token can be verified: a readiness check."""
        self._refresh(self._patience())
        return None if self._loaded else "the issuer's keys cannot be read"

    def _patience(self) -> float:
        return RELOAD_AT_LEAST_EVERY if self._loaded else RETRY_FIRST_LOAD_EVERY

    def _judge(self, token: str, now: float) -> tuple[Actor, float]:
        try:
            header = extract_compact(token.encode()).headers()
            key = self._key(header.get("kid"))
            claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise BadToken(type(error).__name__) from None
        return self._accept(claims, now)

    def _key(self, kid: object) -> Key:
        if not isinstance(kid, str):
            raise BadToken("no key id")
        if kid not in self._keys:
            self._refresh(RELOAD_AT_MOST_EVERY)
        if not self._loaded:
            raise NoKeys
        if kid not in self._keys:
            raise BadToken("unknown key")
        return self._keys[kid]

    def _accept(self, claims: dict[str, Any], now: float) -> tuple[Actor, float]:
        expires, starts = _time(claims, "exp"), _time(claims, "nbf", 0)
        audience = claims.get("aud")
        if now >= expires + LEEWAY:
            raise BadToken("expired")
        if now < starts - LEEWAY:
            raise BadToken("not valid yet")
        if claims.get("iss") != self._issuer:
            raise BadToken("wrong issuer")
        if AUDIENCE not in (audience if isinstance(audience, list) else [audience]):
            raise BadToken("wrong audience")
        subject, scope, units = claims.get("sub"), claims.get("scope", ""), claims.get("units", [])
        if not isinstance(subject, str) or not 0 < len(subject) <= 200 or not isinstance(scope, str):
            raise BadToken("sub or scope malformed")
        if not isinstance(units, list) or not all(isinstance(unit, str) for unit in units):
            raise BadToken("units malformed")
        return Actor(subject, frozenset(scope.split()), frozenset(units)), expires + LEEWAY

    def _refresh(self, at_most_every: float) -> None:
        if self._clock() - self._read_at < at_most_every or not self._reading.acquire(blocking=False):
            return
        try:
            self._read_at = self._clock()
            keys = _read_keys(self._jwks)
            if {kid: key.as_dict() for kid, key in keys.items()} != {k: v.as_dict() for k, v in self._keys.items()}:
                self._known.clear()
            self._keys, self._loaded = keys, True
        except (OSError, ValueError, KeyError, TypeError, AttributeError, JoseError):
            pass  # keep the keys we have: an issuer that is down must not lock everybody out
        finally:
            self._reading.release()


def _time(claims: dict[str, Any], name: str, default: float | None = None) -> float:
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadToken(f"{name} missing or not a time")
    return value


def _read_keys(jwks: str) -> dict[str, Key]:
    if jwks.startswith(("http://", "https://")):
        with urllib.request.urlopen(jwks, timeout=3) as answer:
            document = json.loads(answer.read(1_000_000))
    else:
        document = json.loads(Path(jwks).read_bytes())
    usable = [entry for entry in document["keys"] if entry.get("kty") in KEY_TYPES and entry.get("use", "sig") == "sig"]
    return {entry["kid"]: import_key(entry) for entry in usable if "kid" in entry}


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
