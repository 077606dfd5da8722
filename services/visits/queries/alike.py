"""Places that are probably one: of the same kind, where they stand today, and by their tokens (``domain/alike.py``).

Suggestions are asked, not kept. Whatever more than ``COMMON`` places of a unit share – the name of the hamlet as an
address, the number of the village head – says nothing about any two of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, text

from services.visits.domain.alike import Token, Trait, in_common
from shared import pairs
from shared.pairs import Key

COMMON = 5

# All that is told of whoever has something in common with few others.
_ALIKE = text(
    """WITH here AS MATERIALIZED (
           SELECT u.value AS home, p.kind, t.place_id, t.trait, t.plain, t.spelled, t.said,
                  count(*) OVER (PARTITION BY u.value, p.kind, t.trait, t.plain) AS sharing
             FROM json_each_text(cast(:homes AS json)) u
             JOIN read.places p ON p.unit_id = u.key COLLATE "C"
             JOIN vault.place_tokens t ON t.place_id = cast(p.place_id AS text) COLLATE "C"
            WHERE p.merged_into IS NULL AND (cast(:kind AS text) IS NULL OR p.kind = :kind))
       SELECT * FROM here
        WHERE place_id IN (SELECT place_id FROM here WHERE sharing BETWEEN 2 AND :common)"""
)
_APART = text(
    """SELECT a.one, a.other, a.one_said, a.other_said
         FROM json_to_recordset(cast(:pairs AS json)) x (one uuid, other uuid)
         JOIN read.places_apart a USING (one, other)"""
)


@dataclass(slots=True)
class _Told:
    """What is compared of a place. ``said``: the version of its stream that said so."""

    home: str
    kind: str
    said: int
    tokens: set[Token] = field(default_factory=set)
    shared: set[tuple[Trait, int]] = field(default_factory=set)
    """With few others."""


@dataclass(frozen=True)
class AlikeQueries:
    engine: Engine

    def page(
        self, homes: Mapping[str, Sequence[str]], kind: str | None, after: str, limit: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Pairs by unit as it is today (``queries.below.homes``), and ``after`` of the next page."""
        with self.engine.begin() as tx:
            return pairs.page(homes, lambda units: self._pairs(tx, units, kind), after, limit)

    def _pairs(self, tx: Connection, units: Mapping[str, str], kind: str | None) -> dict[Key, dict[str, Any]]:
        asked = {"homes": orjson.dumps(dict(units)).decode(), "kind": kind, "common": COMMON}
        told = _told(tx.execute(_ALIKE, asked))
        found = {pair: why for pair in _candidates(told) if (why := _why(*(told[place] for place in pair)))}
        for one, other in _apart(tx, told, found):
            del found[one, other]
        return {
            (told[one].home, one, other): {
                "unit_id": told[one].home,
                "kind": told[one].kind,
                "place_id": one,
                "other_id": other,
                "reasons": [f"same_{trait}" for trait in why],
            }
            for (one, other), why in found.items()
        }


def _told(rows: Iterable[Any]) -> dict[str, _Told]:
    found: dict[str, _Told] = {}
    for row in rows:
        place = found.setdefault(row.place_id, _Told(row.home, row.kind, row.said))
        token = Token(Trait(row.trait), row.plain, row.spelled)
        place.tokens.add(token)
        if row.sharing <= COMMON:
            place.shared.add(token[:2])
    return found


def _candidates(told: Mapping[str, _Told]) -> set[tuple[str, str]]:
    """Pairs of one unit and kind with something in common that few others have, the lesser id first."""
    sharing: defaultdict[tuple[str, str, Trait, int], list[str]] = defaultdict(list)
    for place_id, place in told.items():
        for trait, plain in place.shared:
            sharing[place.home, place.kind, trait, plain].append(place_id)
    return {pair for places in sharing.values() for pair in combinations(sorted(places), 2)}


def _why(one: _Told, other: _Told) -> tuple[Trait, ...]:
    """Something of what they have in common must be shared by few."""
    why = in_common(one.tokens, other.tokens)
    few = {trait for trait, _ in one.shared & other.shared}
    return why if few.intersection(why) else ()


def _apart(tx: Connection, told: Mapping[str, _Told], found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that are known apart, by what is still so of both."""
    asked = [{"one": one, "other": other} for one, other in found]
    if not asked:
        return []
    rows = tx.execute(_APART, {"pairs": orjson.dumps(asked).decode()})
    known = [(str(row.one), str(row.other), row.one_said, row.other_said) for row in rows]
    return [(one, other) for one, other, a, b in known if a >= told[one].said and b >= told[other].said]
