"""What training knows of people from the registry: only that their ids exist, and which of them are one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import orjson
from sqlalchemy import Engine, text

_KEPT = text("SELECT duplicate_id, kept_id FROM read.joins WHERE duplicate_id = ANY(cast(:people AS uuid[]))")
_ONE = text(
    """WITH kept (id) AS (
           SELECT coalesce((SELECT kept_id FROM read.joins WHERE duplicate_id = cast(:person AS uuid)), :person)
       )
       SELECT id FROM kept UNION SELECT j.duplicate_id FROM read.joins j JOIN kept k ON j.kept_id = k.id"""
)
_SERVING = text(
    """SELECT unit_id FROM read.seats
        WHERE person_id = cast(:person AS uuid) AND since <= :day AND (until IS NULL OR until > :day)"""
)
# In the village, where the person has a seat there too.
_PLACES = text(
    """SELECT w.n, s.unit_id
         FROM json_to_recordset(cast(:asked AS json)) AS w (n int, person uuid, day date),
              LATERAL (SELECT x.unit_id FROM read.seats x
                        WHERE x.person_id = w.person AND x.since <= w.day AND (x.until IS NULL OR x.until > w.day)
                        ORDER BY x.kind DESC, x.appointed, x.seat_id LIMIT 1) s"""
)


class Identities:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def serving(self, person: str, day: date) -> list[str]:
        """The units of the person's seats on that day."""
        with self._engine.connect() as tx:
            return list(tx.execute(_SERVING, {"person": person, "day": day}).scalars())

    def places(self, asked: Sequence[tuple[str, date]]) -> list[str | None]:
        """For each person and day the unit in which it serves."""
        if not asked:
            return []
        rows = [{"n": n, "person": person, "day": day} for n, (person, day) in enumerate(asked)]
        with self._engine.connect() as tx:
            found = {row.n: row.unit_id for row in tx.execute(_PLACES, {"asked": orjson.dumps(rows).decode()})}
        return [found.get(n) for n in range(len(rows))]

    def kept(self, people: Collection[str]) -> dict[str, str]:
        """Of those who were joined into somebody: who is kept in the end."""
        with self._engine.connect() as tx:
            rows = tx.execute(_KEPT, {"people": list(people)}).all()
        return {str(row.duplicate_id): str(row.kept_id) for row in rows}

    def one_with(self, person: str) -> set[str]:
        """All ids of this human being."""
        with self._engine.connect() as tx:
            return {str(found) for found in tx.execute(_ONE, {"person": person}).scalars()}
