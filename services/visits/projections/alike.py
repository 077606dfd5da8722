"""Tokens of what is sealed about places, and pairs of places that are known apart (migrations/versions/0008)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, text

from services.visits.comparing import Comparing
from services.visits.domain import PlaceDetailsChanged, PlaceRegistered
from services.visits.domain.alike import Token, Trait
from shared.codec import Codec
from shared.log import Recorded

_DETAILS = frozenset({PlaceRegistered.__name__, PlaceDetailsChanged.__name__})
_OTHER = {"PlaceToldApart": "other_id", "PlaceSeparated": "duplicate_id", "PlaceRestored": "kept_id"}
"""Events that tell a place apart from another one, each in the stream of its own place."""

_KNOWN = text(
    """SELECT place_id, trait, plain, spelled, said FROM vault.place_tokens
        WHERE place_id IN (SELECT json_array_elements_text(cast(:places AS json)))"""
)
_FORGET = text(
    "DELETE FROM vault.place_tokens WHERE place_id IN (SELECT json_array_elements_text(cast(:places AS json)))"
)
# Whoever was erased meanwhile has no key any more, and gets no tokens.
_STORE = text(
    """INSERT INTO vault.place_tokens (place_id, trait, plain, spelled, said)
       SELECT x.place_id, x.trait, x.plain, x.spelled, x.said
         FROM json_to_recordset(cast(:rows AS json))
              x (place_id text, trait text, plain bigint, spelled bigint, said int)
        WHERE EXISTS (SELECT FROM vault.keys k WHERE k.subject = x.place_id)"""
)
_APART = text(
    """INSERT INTO read.places_apart AS a (one, other, one_said, other_said)
       SELECT x.one, x.other, x.one_said, x.other_said
         FROM json_to_recordset(cast(:rows AS json)) x (one uuid, other uuid, one_said int, other_said int)
       ON CONFLICT (one, other) DO UPDATE SET one_said = greatest(a.one_said, excluded.one_said),
              other_said = greatest(a.other_said, excluded.other_said)"""
)


class Told(NamedTuple):
    """Of a place, and the version of its stream with which they became what they are."""

    said: int = 0
    tokens: frozenset[Token] = frozenset()


class Alike:
    """Opens sealed fields to make tokens of them; most visits bring none and cost nothing here."""

    types = _DETAILS | _OTHER.keys()

    def __init__(self, codec: Codec, comparing: Comparing) -> None:
        self._codec, self._comparing = codec, comparing

    def apply(self, tx: Connection, events: Sequence[Recorded]) -> None:
        """``events``: of these types only, those of a place in order."""
        self._details(tx, [event for event in events if event.type in _DETAILS])
        if pairs := _pairs([event for event in events if event.type in _OTHER]):
            tx.execute(_APART, {"rows": orjson.dumps(pairs).decode()})

    def _details(self, tx: Connection, events: Sequence[Recorded]) -> None:
        if not events:
            return
        self._codec.unlock(events)
        known = _known(tx, {event.data["place_id"] for event in events})
        now = dict(known)
        for event in events:
            details: PlaceRegistered | PlaceDetailsChanged = self._codec.decode(event)
            address, contact = (said.text if said else None for said in (details.address, details.contact))
            tokens = self._comparing.tokens(address, contact)
            place_id = event.data["place_id"]
            if tokens != now.get(place_id, Told()).tokens:
                now[place_id] = Told(event.version, tokens)
        changed = {place_id: told for place_id, told in now.items() if told != known.get(place_id)}
        if changed:
            tx.execute(_FORGET, {"places": orjson.dumps(sorted(changed)).decode()})
            tx.execute(_STORE, {"rows": orjson.dumps(_rows(changed)).decode()})


def _known(tx: Connection, places: Collection[str]) -> dict[str, Told]:
    found: dict[str, Told] = {}
    for place_id, trait, plain, spelled, said in tx.execute(_KNOWN, {"places": orjson.dumps(sorted(places)).decode()}):
        before = found.get(place_id, Told())
        found[place_id] = Told(said, before.tokens | {Token(Trait(trait), plain, spelled)})
    return found


def _rows(changed: Mapping[str, Told]) -> list[dict[str, Any]]:
    return [
        {"place_id": place_id, "said": told.said, **token._asdict()}
        for place_id, told in sorted(changed.items())
        for token in told.tokens
    ]


def _pairs(events: Sequence[Recorded]) -> list[dict[str, Any]]:
    """Each event is one place's half of a pair; the other half comes from the other one's stream."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for event in events:
        place_id, other = event.data["place_id"], event.data[_OTHER[event.type]]
        one, other = sorted((place_id, other))
        said = found.setdefault((one, other), {"one_said": 0, "other_said": 0})
        said["one_said" if place_id == one else "other_said"] = event.version
    return [{"one": one, "other": other, **said} for (one, other), said in sorted(found.items())]
