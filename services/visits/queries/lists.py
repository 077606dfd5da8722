"""Lists per unit: places, visits, doubts. Their rows are as far as the projection has come; single ones come from the
log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Engine, text

_OF_UNITS = 'unit_id IN (SELECT json_array_elements_text(cast(:units AS json)) COLLATE "C")'
_PLACES = """SELECT place_id, unit_id, kind, open FROM read.places
              WHERE {units} AND merged_into IS NULL AND (cast(:kind AS text) IS NULL OR kind = :kind)
                AND (unit_id, place_id) > (cast(:after_unit AS text) COLLATE "C", cast(:after AS uuid))
              ORDER BY unit_id, place_id LIMIT :limit"""
_VISITS = """SELECT visit_id, unit_id, day, place_id, team_id, revision, voided FROM read.visits
              WHERE {units} AND (cast(:day AS date) IS NULL OR day = :day)
                AND (cast(:team AS uuid) IS NULL OR team_id = :team)
                AND (unit_id, day, visit_id) > (cast(:after_unit AS text) COLLATE "C", cast(:after_day AS date),
                                                cast(:after AS uuid))
              ORDER BY unit_id, day, visit_id LIMIT :limit"""
_FLAGS = """SELECT id, of, flag, unit_id, day, state FROM read.flags
             WHERE {units} AND (cast(:of AS text) IS NULL OR of = :of)
               AND (cast(:flag AS text) IS NULL OR flag = :flag)
               AND (cast(:state AS text) IS NULL OR state = :state)
               AND (id, flag) > (cast(:after AS uuid), cast(:after_flag AS text) COLLATE "C")
             ORDER BY id, flag COLLATE "C" LIMIT :limit"""
_COUNTS = """SELECT of, flag, state, count(*) AS n FROM read.flags WHERE {units}
              GROUP BY of, flag, state ORDER BY of DESC, flag, state"""
_WAITING = text(
    """SELECT id, of, flag, unit_id, day, about FROM read.flags
        WHERE state = 'open' AND about IS NOT NULL AND (id, flag) > (:after, cast(:after_flag AS text))
        ORDER BY id, flag LIMIT :limit"""
)
_WHERE_IT_IS = text(
    """SELECT partition, min(position) FROM bus.cursors WHERE subscription = ANY(:names) AND source = ''
        GROUP BY partition ORDER BY partition"""
)

FIRST_ID = UUID(int=0)
FIRST_DAY = date(1, 1, 1)


@dataclass(frozen=True)
class ListQueries:
    engine: Engine

    def places(self, units: Sequence[str] | None, kind: str | None, after: tuple[str, UUID], limit: int) -> list[Any]:
        asked = {"kind": kind, "after_unit": after[0], "after": after[1]}
        return self._rows(_PLACES, units, asked, limit)

    def visits(
        self,
        units: Sequence[str] | None,
        day: date | None,
        team: UUID | None,
        after: tuple[str, date, UUID],
        limit: int,
    ) -> list[Any]:
        asked = {"day": day, "team": team, "after_unit": after[0], "after_day": after[1], "after": after[2]}
        return self._rows(_VISITS, units, asked, limit)

    def flags(
        self,
        units: Sequence[str] | None,
        of: str | None,
        flag: str | None,
        state: str | None,
        after: tuple[UUID, str],
        limit: int,
    ) -> list[Any]:
        """Doubts about visits and outreach sessions (``of``; None: about both)."""
        asked = {"of": of, "flag": flag, "state": state, "after": after[0], "after_flag": after[1]}
        return self._rows(_FLAGS, units, asked, limit)

    def counts(self, units: Sequence[str] | None) -> list[Any]:
        """How many doubts of which kind are in which state."""
        return self._rows(_COUNTS, units, {}, 0)

    def waiting(self, after: tuple[UUID, str], limit: int) -> list[Any]:
        """Open doubts that may end by themselves, by what they are about."""
        with self.engine.connect() as connection:
            asked = {"after": after[0], "after_flag": after[1], "limit": limit}
            return list(connection.execute(_WAITING, asked))

    def as_of(self, *names: str) -> dict[str, int]:
        """How far all of these projections have come."""
        with self.engine.connect() as connection:
            return {str(p): position for p, position in connection.execute(_WHERE_IT_IS, {"names": list(names)})}

    def _rows(self, query: str, units: Sequence[str] | None, asked: dict[str, Any], limit: int) -> list[Any]:
        """``units`` None: of the whole country."""
        chosen = "true" if units is None else _OF_UNITS
        given = asked | {"limit": limit} | ({} if units is None else {"units": orjson.dumps(list(units)).decode()})
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(query.format(units=chosen)), given).mappings()]
