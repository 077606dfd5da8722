"""Sealed personal fields: AES-GCM with one key per subject; destroying the key erases what it sealed, everywhere.

The additional data is subject + event id, never a field path (upcasters rename fields). Keys live in their own schema
and database role, apart from the events and their backups (Law on Personal Data Protection 91/2025/QH15: erasure).
"""

from __future__ import annotations

import os
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Collection
from typing import Any, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, text

NONCE_BYTES = 12


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


class PostgresKeys:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ensure(self, subjects: Collection[str]) -> dict[str, bytes]:
        made = [(s, AESGCM.generate_key(256)) for s in sorted(set(subjects))]
        with self._engine.begin() as connection:
            # The loser of a race inserts nothing and reads the winner's key below.
            connection.execute(
                text(
                    """INSERT INTO vault.keys (subject, key)
                       SELECT n.subject, n.key
                         FROM unnest(cast(:subjects AS text[]), cast(:keys AS bytea[])) n (subject, key)
                        WHERE NOT EXISTS (SELECT FROM vault.erased e WHERE e.subject = n.subject)
                       ON CONFLICT DO NOTHING"""
                ),
                {"subjects": [s for s, _ in made], "keys": [k for _, k in made]},
            )
        return self.get(subjects)

    def get(self, subjects: Collection[str]) -> dict[str, bytes]:
        with self._engine.connect() as connection:
            rows = connection.execute(
                text("SELECT subject, key FROM vault.keys WHERE subject = ANY(:subjects)"), {"subjects": list(subjects)}
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
        self._cache: dict[str, tuple[float, bytes]] = {}
        self._lock = threading.Lock()

    def ensure(self, subjects: Collection[str]) -> None:
        missing = [s for s in subjects if self._cached(s) is None]
        if missing:
            self._remember(self._keys.ensure(missing))

    def seal(self, subject: str, event_id: str, plain: str) -> dict[str, Any]:
        """Raises ``SubjectErased``."""
        key = self._cached(subject)
        if key is None:
            key = self._remember(self._keys.ensure([subject])).get(subject)
        if key is None:
            raise SubjectErased
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, plain.encode(), _bound(subject, event_id))
        return {"sealed": b64encode(nonce + sealed).decode()}

    def open(self, subject: str, event_id: str, sealed: dict[str, Any]) -> str | None:
        """The text, or None once the key is destroyed."""
        key = self._cached(subject)
        if key is None:
            key = self._remember(self._keys.get([subject])).get(subject)
        if key is None:
            return None
        raw = b64decode(sealed["sealed"])
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(subject, event_id)).decode()

    def load(self, subjects: Collection[str]) -> None:
        """Fetch the keys of many subjects in one round trip before opening many fields."""
        missing = [s for s in subjects if self._cached(s) is None]
        if missing:
            self._remember(self._keys.get(missing))

    def destroy(self, subject: str) -> None:
        self._keys.destroy(subject)
        with self._lock:
            self._cache.pop(subject, None)

    def _cached(self, subject: str) -> bytes | None:
        entry = self._cache.get(subject)
        return entry[1] if entry and entry[0] > time.monotonic() else None

    def _remember(self, keys: dict[str, bytes]) -> dict[str, bytes]:
        until = time.monotonic() + self._ttl
        with self._lock:
            if len(self._cache) + len(keys) > self._size:
                self._cache.clear()
            self._cache.update({s: (until, k) for s, k in keys.items()})
        return keys


def _bound(subject: str, event_id: str) -> bytes:
    return f"{subject}\n{event_id}".encode()
