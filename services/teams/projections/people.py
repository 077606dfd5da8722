"""People: tokens of what is secret of them, and who is one with whom (migrations/versions/0004)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, text

from services.teams.domain.duplicates import DuplicateDismissed, PeopleJoined, PeopleSeparated
from services.teams.domain.people import PersonChanged, PersonRegistered, SubjectErased
from shared.blind_index import BlindIndex
from shared.codec import Codec
from shared.log import Recorded
from shared.vault import Vault

TYPES = (PersonRegistered, PersonChanged, SubjectErased, PeopleJoined, PeopleSeparated, DuplicateDismissed)

# One statement per batch, fed by one JSON text: a nation's people are 350,000 rows.
_TOKENS = text(
    """INSERT INTO read.person_tokens (person_id, name, spelled, phone)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (person_id text, name bigint, spelled bigint,
              phone bigint)"""
)
_CHANGED_TOKENS = text(
    """UPDATE read.person_tokens t
          SET name = coalesce(x.name, t.name), spelled = coalesce(x.spelled, t.spelled),
              phone = CASE WHEN x.phone_known THEN x.phone ELSE t.phone END
         FROM json_to_recordset(cast(:rows AS json)) AS x (person_id text, name bigint, spelled bigint, phone bigint,
              phone_known bool)
        WHERE t.person_id = x.person_id"""
)
_FORGET = text("DELETE FROM read.person_tokens WHERE person_id = ANY(:people)")
_JOIN = text(
    """INSERT INTO read.person_joins (duplicate_id, person_id, kept_id)
       VALUES (:duplicate_id, :person_id, :person_id)
           ON CONFLICT (duplicate_id) DO UPDATE SET person_id = excluded.person_id, kept_id = excluded.kept_id"""
)
_KEEP_FOR_ALL = text("UPDATE read.person_joins SET kept_id = :person_id WHERE kept_id = :duplicate_id")
_SEPARATE = text("DELETE FROM read.person_joins WHERE duplicate_id = :duplicate_id")
_KEEP_AGAIN = text(
    """WITH RECURSIVE below (id) AS (
           SELECT cast(:duplicate_id AS text) COLLATE "C"
           UNION SELECT j.duplicate_id FROM read.person_joins j JOIN below b ON j.person_id = b.id
       )
       UPDATE read.person_joins SET kept_id = :duplicate_id
        WHERE duplicate_id IN (SELECT id FROM below) AND duplicate_id <> :duplicate_id"""
)
_APART = text(
    """INSERT INTO read.people_apart (one, other)
       VALUES (least(cast(:a AS text) COLLATE "C", :b), greatest(cast(:a AS text) COLLATE "C", :b))
           ON CONFLICT DO NOTHING"""
)

Rows = dict[str, dict[str, Any]]


class People:
    """``people@1``. Opens sealed fields to make tokens of them; destroys the key of whoever is erased.

    The api does the latter at once; this makes sure, should it end between the append and the destruction.
    """

    name = "people@1"
    sources: Mapping[str, Collection[int]] = {"": (0,)}
    types = frozenset(event.__name__ for event in TYPES)

    def __init__(self, codec: Codec, vault: Vault, index: BlindIndex) -> None:
        self._codec, self._vault, self._index = codec, vault, index

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        events = [event for _, event in batch if event.type in self.types]
        self._codec.unlock(events)
        changed = Changed(self._index)
        for stored in events:
            changed.take(self._codec.decode(stored))
        for person_id in changed.erased:
            self._vault.destroy(person_id)
        changed.write(tx)


class Changed:
    """What a batch of events does to the tables."""

    def __init__(self, index: BlindIndex) -> None:
        self._index = index
        self.tokens: Rows = {}
        self.new_tokens: Rows = {}  # of people of earlier batches
        self.erased: set[str] = set()
        self.pairs: list[PeopleJoined | PeopleSeparated | DuplicateDismissed] = []

    def take(self, event: Any) -> None:
        match event:
            case PersonRegistered():
                self._registered(event)
            case PersonChanged():
                self._changed(event)
            case SubjectErased():
                self.erased.add(event.person_id)
            case PeopleJoined() | PeopleSeparated() | DuplicateDismissed():
                self.pairs.append(event)
            case _:
                pass

    def _registered(self, event: PersonRegistered) -> None:
        if event.name.text is not None:  # else erased meanwhile
            phone = event.phone.text if event.phone else None
            tokens = self._index.name(event.name.text)
            self.tokens[event.person_id] = {
                "person_id": event.person_id,
                "name": tokens.plain,
                "spelled": tokens.spelled,
                "phone": None if phone is None else self._index.phone(phone),
            }

    def _changed(self, event: PersonChanged) -> None:
        person_id = event.person_id
        row = self.tokens.get(person_id) or self.new_tokens.setdefault(person_id, {"person_id": person_id})
        if event.name is not None and event.name.text is not None:
            tokens = self._index.name(event.name.text)
            row.update(name=tokens.plain, spelled=tokens.spelled)
        if "phone" in event.fields:
            phone = event.phone.text if event.phone else None
            row.update(phone=None if phone is None else self._index.phone(phone), phone_known=True)

    def write(self, tx: Connection) -> None:
        _write(tx, _TOKENS, self.tokens)
        _write(tx, _CHANGED_TOKENS, self.new_tokens)
        if self.erased:
            forget(tx, self.erased)
        for event in self.pairs:
            _write_pair(tx, event)


def forget(tx: Connection, people: Collection[str]) -> None:
    """The tokens of erased people go at once, wherever the erasure is seen first."""
    tx.execute(_FORGET, {"people": list(people)})


def _write_pair(tx: Connection, event: PeopleJoined | PeopleSeparated | DuplicateDismissed) -> None:
    match event:
        case PeopleJoined(person_id=kept, duplicate_id=duplicate):
            tx.execute(_JOIN, {"person_id": kept, "duplicate_id": duplicate})
            tx.execute(_KEEP_FOR_ALL, {"person_id": kept, "duplicate_id": duplicate})
        case PeopleSeparated(person_id=kept, duplicate_id=duplicate):
            tx.execute(_SEPARATE, {"duplicate_id": duplicate})
            tx.execute(_KEEP_AGAIN, {"duplicate_id": duplicate})
            tx.execute(_APART, {"a": kept, "b": duplicate})
        case DuplicateDismissed():
            tx.execute(_APART, {"a": event.person_id, "b": event.other_id})


def _write(tx: Connection, statement: Any, rows: Rows) -> None:
    if rows:
        tx.execute(statement, {"rows": orjson.dumps(list(rows.values())).decode()})
