"""Sealed personal fields: AES-GCM with one key per subject; destroying the key erases what it sealed, everywhere.

The additional data is subject + event id, never a field path (upcasters rename fields). Keys live in their own schema
and database role, apart from the events and their backups (Law on Personal Data Protection 91/2025/QH15: erasure).
"""

from __future__ import annotations

import os
import threading
import time
from binascii import a2b_base64, b2a_base64
from collections.abc import Collection
from typing import Any, Protocol

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, text

NONCE_BYTES = 12
KEY_BYTES = 32


class SubjectErased(Exception):
    """A new personal field for a subject whose key was destroyed."""


class Keys(Protocol):
    def ensure(self, subjects: Collection[str]) -> dict[str, bytes]:
        """The key of each subject, made where missing and committed; erased subjects are left out."""

    def get(self, subjects: Collection[str]) -> dict[str, bytes]: ...
    def destroy(self, subject: str) -> None: ...


class MemoryKeys:
    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}
        self._erased: set[str] = set()

    def ensure(self, subjects: Collection[str]) -> dict[str, bytes]:
        for subject in set(subjects) - self._erased:
            self._keys.setdefault(subject, AESGCM.generate_key(256))
        return self.get(subjects)

    def get(self, subjects: Collection[str]) -> dict[str, bytes]:
        return {s: self._keys[s] for s in subjects if s in self._keys}

    def destroy(self, subject: str) -> None:
        self._erased.add(subject)
        self._keys.pop(subject, None)


# Arrays of psycopg cost several times as much as one text and one run of bytes: a nation's people are 350,000 keys.
_MAKE = text(
    """WITH given AS MATERIALIZED (
           SELECT s.subject, substring(cast(:keys AS bytea) FROM (s.n::int - 1) * 32 + 1 FOR 32) AS key
             FROM json_array_elements_text(cast(:subjects AS json)) WITH ORDINALITY s (subject, n)
       ), made AS (
           INSERT INTO vault.keys (subject, key)
           SELECT g.subject, g.key FROM given g
            WHERE NOT EXISTS (SELECT FROM vault.erased e WHERE e.subject = g.subject)
           ON CONFLICT DO NOTHING RETURNING subject
       )
       SELECT g.subject FROM given g WHERE NOT EXISTS (SELECT FROM made m WHERE m.subject = g.subject)"""
)


class PostgresKeys:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ensure(self, subjects: Collection[str]) -> dict[str, bytes]:
        keys = os.urandom(KEY_BYTES * len(set(subjects)))
        made = {s: keys[n * KEY_BYTES : (n + 1) * KEY_BYTES] for n, s in enumerate(sorted(set(subjects)))}
        with self._engine.begin() as connection:
            # The loser of a race inserts nothing and reads the winner's key below; so does whoever had a key before.
            others = connection.execute(_MAKE, {"subjects": _json(list(made)), "keys": keys}).scalars().all()
        for subject in others:
            del made[subject]
        return made | self.get(others) if others else made

    def get(self, subjects: Collection[str]) -> dict[str, bytes]:
        with self._engine.connect() as connection:
            rows = connection.execute(
                text(
                    """SELECT k.subject, k.key FROM json_array_elements_text(cast(:subjects AS json)) n (subject)
                         JOIN vault.keys k USING (subject)"""
                ),
                {"subjects": _json(list(subjects))},
            )
            return {subject: bytes(key) for subject, key in rows}

    def destroy(self, subject: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                text("INSERT INTO vault.erased (subject) VALUES (:subject) ON CONFLICT DO NOTHING"),
                {"subject": subject},
            )
            connection.execute(text("DELETE FROM vault.keys WHERE subject = :subject"), {"subject": subject})


class Vault:
    """Seals and opens with keys cached for ``ttl`` seconds: an erasure reaches every process within that time."""

    def __init__(self, keys: Keys, ttl: float = 30.0, size: int = 20_000) -> None:
        self._keys, self._ttl, self._size = keys, ttl, size
        self._cache: dict[str, tuple[float, AESGCM]] = {}
        self._lock = threading.Lock()

    def ensure(self, subjects: Collection[str]) -> None:
        missing = [s for s in subjects if self._cached(s) is None]
        if missing:
            self._remember(self._keys.ensure(missing))

    def seal(self, subject: str, event_id: str, plain: str) -> dict[str, Any]:
        """Raises ``SubjectErased``."""
        cipher = self._cached(subject) or self._remember(self._keys.ensure([subject])).get(subject)
        if cipher is None:
            raise SubjectErased
        nonce = os.urandom(NONCE_BYTES)
        sealed = cipher.encrypt(nonce, plain.encode(), _bound(subject, event_id))
        return {"sealed": str(b2a_base64(nonce + sealed, newline=False), "ascii")}

    def open(self, subject: str, event_id: str, sealed: dict[str, Any]) -> str | None:
        """The text, or None once the key is destroyed."""
        cipher = self._cached(subject) or self._remember(self._keys.get([subject])).get(subject)
        if cipher is None:
            return None
        raw = a2b_base64(sealed["sealed"])
        return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(subject, event_id)).decode()

    def seal_bytes(self, subject: str, place: str, plain: bytes) -> bytes:
        """Like ``seal`` for files; ``place`` is what the sealed bytes are bound to. Raises ``SubjectErased``."""
        cipher = self._cached(subject) or self._remember(self._keys.ensure([subject])).get(subject)
        if cipher is None:
            raise SubjectErased
        nonce = os.urandom(NONCE_BYTES)
        return nonce + cipher.encrypt(nonce, plain, _bound(subject, place))

    def open_bytes(self, subject: str, place: str, sealed: bytes) -> bytes | None:
        """The bytes, or None once the key is destroyed."""
        cipher = self._cached(subject) or self._remember(self._keys.get([subject])).get(subject)
        if cipher is None:
            return None
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(subject, place))

    def load(self, subjects: Collection[str]) -> None:
        """Fetch the keys of many subjects in one round trip before opening many fields."""
        missing = [s for s in subjects if self._cached(s) is None]
        if missing:
            self._remember(self._keys.get(missing))

    def destroy(self, subject: str) -> None:
        self._keys.destroy(subject)
        with self._lock:
            self._cache.pop(subject, None)

    def _cached(self, subject: str) -> AESGCM | None:
        entry = self._cache.get(subject)
        return entry[1] if entry and entry[0] > time.monotonic() else None

    def _remember(self, keys: dict[str, bytes]) -> dict[str, AESGCM]:
        until = time.monotonic() + self._ttl
        ciphers = {subject: AESGCM(key) for subject, key in keys.items()}
        with self._lock:
            if len(self._cache) + len(keys) > self._size:
                self._cache.clear()
            self._cache.update({subject: (until, cipher) for subject, cipher in ciphers.items()})
        return ciphers


def _bound(subject: str, event_id: str) -> bytes:
    return f"{subject}\n{event_id}".encode()


def _json(subjects: list[str]) -> str:
    return orjson.dumps(subjects).decode()
