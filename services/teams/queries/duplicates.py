"""Probable duplicates by the blind index: pairs with a reason, never a name.

Two people are suggested if they have the same name in one commune, or the same phone number anywhere in the caller's
units; not those who are one already, and not those who are known to be two.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, text

from services.teams.queries.people import OPEN, PeopleQueries
from shared import pairs
from shared.pairs import Key
from shared.unit_directory import UnitDirectory

_AGREE = "a.name = b.name AND (a.spelled = b.spelled OR a.name IN (a.spelled, b.spelled))"
_STILL_TWO = """NOT EXISTS (SELECT FROM read.people_apart x WHERE x.one = least(a.person_id, b.person_id)
                                                              AND x.other = greatest(a.person_id, b.person_id))"""
_PAIRS = text(
    f"""WITH here AS MATERIALIZED (
           SELECT DISTINCT p.value AS commune, s.person_id, coalesce(j.kept_id, s.person_id) AS kept,
                  k.name, k.spelled, k.phone
             FROM json_each_text(cast(:places AS json)) p
             JOIN read.team_spans t ON t.unit_id = p.key COLLATE "C"
             JOIN read.seats s USING (team_id)
             JOIN read.person_tokens k USING (person_id)
             LEFT JOIN read.person_joins j ON j.duplicate_id = s.person_id
            WHERE {OPEN})
       SELECT a.commune, a.person_id AS person, b.person_id AS other, true AS same_name,
              coalesce(a.phone = b.phone, false) AS same_phone, cast(NULL AS text[]) AS units
         FROM here a JOIN here b ON a.commune = b.commune AND {_AGREE} AND a.person_id < b.person_id
        WHERE a.kept <> b.kept AND {_STILL_TWO}
       UNION ALL
       SELECT a.commune, a.person_id, b.person_id, {_AGREE}, true, o.units
         FROM here a JOIN read.person_tokens b ON b.phone = a.phone AND b.person_id <> a.person_id
         LEFT JOIN read.person_joins j ON j.duplicate_id = b.person_id
        CROSS JOIN LATERAL (SELECT array_agg(DISTINCT t.unit_id) AS units
                              FROM read.seats s JOIN read.team_spans t USING (team_id)
                             WHERE s.person_id = b.person_id AND {OPEN}) o
        WHERE a.kept <> coalesce(j.kept_id, b.person_id) AND o.units IS NOT NULL AND {_STILL_TWO}"""
)


@dataclass(frozen=True, slots=True)
class Asked:
    """``unit_id``: the root of the subtree asked for, if any; ``held``: the caller's, beyond which nobody is named."""

    unit_id: str | None
    held: Collection[str]
    day: date
    after: str
    limit: int


class Duplicates:
    def __init__(self, engine: Engine, directory: UnitDirectory, people: PeopleQueries) -> None:
        self._engine, self._directory, self._people = engine, directory, people

    def page(self, asked: Asked) -> tuple[list[dict[str, Any]], str | None]:
        """Pairs by commune, and ``after`` of the next page. A pair that meets in two communes may be in both."""
        communes = self._communes(asked)
        with self._engine.begin() as tx:
            scope = {unit for units in communes.values() for unit in units}
            return pairs.page(communes, lambda units: self._pairs(tx, units, scope, asked), asked.after, asked.limit)

    def _communes(self, asked: Asked) -> dict[str, list[str]]:
        """Commune → the units with teams in it. What stands above all communes is a place of its own."""
        units = self._people.scope(asked.unit_id, asked.held, asked.day)
        commune = self._people.standing().on(asked.day).commune
        found: dict[str, list[str]] = {}
        for unit_id in commune if units is None else units:
            found.setdefault(commune[unit_id], []).append(unit_id)
        return found

    def _pairs(
        self, tx: Connection, places: Mapping[str, str], scope: set[str], asked: Asked
    ) -> dict[Key, dict[str, Any]]:
        tree, found = self._directory.tree(), dict[Key, dict[str, Any]]()
        for row in tx.execute(_PAIRS, {"places": orjson.dumps(dict(places)).decode(), "day": asked.day}):
            if row.units is not None:
                if not any(tree.covers(asked.held, unit, asked.day) for unit in row.units):
                    continue
                # Who is in the subtree as well is met from the other side too.
                if row.other < row.person and not scope.isdisjoint(row.units):
                    continue
            one, other = sorted((row.person, row.other))
            near = row.units is None or any(places.get(unit) == row.commune for unit in row.units)
            reasons = {"same_name": row.same_name, "same_phone": row.same_phone, "same_commune": near}
            pair = {"person_id": one, "other_id": other, "unit_id": row.commune}
            pair["reasons"] = [reason for reason, holds in reasons.items() if holds]
            known = found.get((row.commune, one, other))
            if known is None or len(known["reasons"]) < len(pair["reasons"]):
                found[row.commune, one, other] = pair
        return found
