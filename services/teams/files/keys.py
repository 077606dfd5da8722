"""Ids made from what a row says: whoever sends the same row, at whatever time, sends the same command.

They are keyed (with the service's hash key), because ids are public and some are made of a name and a phone number:
without the key nobody can try out names. A person's id outlives an erasure on purpose: the same row sent again meets
the erased person and is refused, so that an old file brings nobody back.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from uuid import UUID

from shared.log import canonical
from shared.vietnamese import fold


class Keys:
    def __init__(self, hash_key: bytes) -> None:
        self._key = hash_key

    def uuid(self, *parts: str) -> UUID:
        digest = hashlib.blake2b(canonical(["files", *parts]), digest_size=16, key=self._key).digest()
        return UUID(bytes=digest, version=5)

    def village(self, commune_id: str, kind: str, name: str) -> str:
        """The day is no part of it: a village with another day is a contradiction to be named, not a second village."""
        return str(self.uuid("village", commune_id, *bare(kind, name)))

    def document(self, key: str) -> str:
        """``key``: the reservation that makes it unique (``documents.key_stream``)."""
        return str(self.uuid("document", key))

    def team(self, unit_id: str, kind: str, effective: date) -> str:
        """A unit may get another team after its first has ended."""
        return str(self.uuid("team", unit_id, kind, effective.isoformat()))

    def person(self, name: str, phone: str | None, team_id: str) -> str:
        """Name and phone number are one person wherever they sit; a name alone is somebody of that team."""
        where = ("phone", national(phone)) if phone else ("team", team_id)
        return str(self.uuid("person", fold(name), *where))

    def seat(self, team_id: str, person_id: str, since: date) -> str:
        return str(self.uuid("seat", team_id, person_id, since.isoformat()))


def national(phone: str) -> str:
    """+84912345678 and 0912345678 are one number."""
    digits = re.sub(r"\D", "", phone)
    return "0" + digits[2:] if digits.startswith("84") and len(digits) in (11, 12) else digits


def bare(kind: str, name: str) -> tuple[str, str]:
    """Kind and name as compared: "Thôn 3" of kind thôn is the village 3."""
    kind, name = fold(kind), fold(name)
    return kind, name.removeprefix(kind).strip() or name
