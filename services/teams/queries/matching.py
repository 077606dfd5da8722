"""References to people (a name, perhaps a unit and a phone number) → person ids, for those entitled to them.

Other services and files name people as papers do; they ask here, and keep ids. Names are turned into tokens at once:
nothing but tokens is looked up, nothing of a request is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, text

from services.teams.queries.people import OPEN, PeopleQueries, as_json
from shared.blind_index import BlindIndex, Tokens

NEAR = 3_000
"""With more units than these in question the names lead to the people, else the units do."""

_COLUMNS = """t.unit_id, coalesce(j.kept_id, s.person_id) AS person_id, k.name, k.spelled, k.phone"""
_BY_UNITS = text(
    f"""SELECT {_COLUMNS}
         FROM json_array_elements_text(cast(:units AS json)) AS u (unit_id)
         JOIN read.team_spans t ON t.unit_id = u.unit_id COLLATE "C"
         JOIN read.seats s USING (team_id)
         JOIN read.person_tokens k USING (person_id)
         LEFT JOIN read.person_joins j ON j.duplicate_id = s.person_id
        WHERE {OPEN} AND k.name = ANY(:names)"""
)
_BY_NAMES = text(
    f"""SELECT {_COLUMNS}
         FROM unnest(cast(:names AS bigint[])) AS n (name)
         JOIN read.person_tokens k ON k.name = n.name
         JOIN read.seats s ON s.person_id = k.person_id
         JOIN read.team_spans t USING (team_id)
         LEFT JOIN read.person_joins j ON j.duplicate_id = s.person_id
        WHERE {OPEN}"""
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One reference as tokens; ``unit_id`` None: anywhere in the caller's units."""

    name: Tokens
    phone: int | None
    unit_id: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    unit_id: str
    person_id: str
    name: Tokens
    phone: int | None


class Matching:
    def __init__(self, engine: Engine, people: PeopleQueries, index: BlindIndex) -> None:
        self._engine, self._people, self._index = engine, people, index

    def wanted(self, name: str, phone: str | None, unit_id: str | None) -> Wanted:
        return Wanted(self._index.name(name), None if phone is None else self._index.phone(phone), unit_id)

    def match(self, rows: Sequence[Wanted], held: Collection[str], day: date) -> Iterator[list[str]]:
        """For each row the people it may mean, by kept id: with a seat that day in a team of what the caller holds."""
        asked = self._people.scopes({row.unit_id for row in rows}, held, day)
        scopes = {unit: None if units is None else frozenset(units) for unit, units in asked.items()}
        with self._engine.begin() as tx:
            found = self._candidates(tx, rows, [scopes.get(row.unit_id, scopes[None]) for row in rows], day)
        for row in rows:
            scope, named = scopes.get(row.unit_id, scopes[None]), found.get(row.name.plain, ())
            near = [candidate for candidate in named if scope is None or candidate.unit_id in scope]
            yield sorted({candidate.person_id for candidate in _meant(row, near)})

    def _candidates(
        self, tx: Connection, rows: Sequence[Wanted], scopes: Collection[frozenset[str] | None], day: date
    ) -> Mapping[int, list[Candidate]]:
        asked: dict[str, Any] = {"names": list({row.name.plain for row in rows}), "day": day}
        units = frozenset[str]().union(*(scope or () for scope in scopes))
        if None in scopes or len(units) > NEAR:
            answer = tx.execute(_BY_NAMES, asked)
        else:
            answer = tx.execute(_BY_UNITS, asked | {"units": as_json(units)})
        found: dict[int, list[Candidate]] = {}
        for unit_id, person_id, name, spelled, phone in answer:
            candidate = Candidate(unit_id, person_id, Tokens(name, spelled), phone)
            found.setdefault(name, []).append(candidate)
        return found


def _meant(row: Wanted, near: Sequence[Candidate]) -> list[Candidate]:
    """A phone number tells people of one name apart: whoever has it, else those of whom none is known.

    So do accents, if the reference has them: whoever is written in the same way, else those written without.
    """
    named = [candidate for candidate in near if candidate.name.agrees(row.name)]
    if row.phone is not None:
        with_it = [candidate for candidate in named if candidate.phone == row.phone]
        named = with_it or [candidate for candidate in named if candidate.phone is None]
    if row.name.spelled == row.name.plain:
        return named
    return [candidate for candidate in named if candidate.name == row.name] or named
