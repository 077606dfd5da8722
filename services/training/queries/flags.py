"""What an organiser should look at: attendance that was accepted though something about it is odd.

Flags follow from what is known now, so they go away by themselves: the registry tells of the person, somebody is
enrolled late, an attendance is corrected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, text

from services.training.projections.register import Register
from services.training.queries.base import as_of

PERSON_UNKNOWN, NOT_ENROLLED, OVER_CAPACITY = "person_unknown", "not_enrolled", "over_capacity"

_HERE = """(cast(:units AS text[]) IS NULL OR a.unit_id = ANY(:units))
          AND (cast(:first AS date) IS NULL OR a.day >= :first) AND (cast(:last AS date) IS NULL OR a.day <= :last)"""
_OF_PERSON = f"""SELECT a.person_id::text AS person_id, a.session_id::text AS session_id, a.day, a.part, a.unit_id
         FROM read.attendance a JOIN read.sessions s ON s.session_id = a.session_id
         LEFT JOIN read.joins j ON j.duplicate_id = a.person_id
        WHERE {_HERE} AND {{odd}}
          AND (cast(:after_day AS date) IS NULL OR (a.day, a.session_id, a.person_id, a.part)
               > (:after_day, cast(:after_session AS uuid), cast(:after_person AS uuid), :after_part))
        ORDER BY a.day, a.session_id, a.person_id, a.part LIMIT :limit"""
_UNKNOWN = text(
    _OF_PERSON.format(
        odd="""j.duplicate_id IS NULL
          AND NOT EXISTS (SELECT FROM read.seats k WHERE k.person_id = a.person_id)
          AND NOT EXISTS (SELECT FROM read.joins k WHERE k.person_id = a.person_id)"""
    )
)
_NOT_ENROLLED = text(
    _OF_PERSON.format(
        odd="""s.enrols
          AND NOT EXISTS (SELECT FROM read.rolls r LEFT JOIN read.joins k ON k.duplicate_id = r.person_id
                           WHERE r.session_id = a.session_id
                             AND coalesce(k.kept_id, r.person_id) = coalesce(j.kept_id, a.person_id))"""
    )
)
_OVER = text(
    """SELECT s.session_id::text AS session_id, a.day, a.part, s.unit_id, s.capacity,
              count(DISTINCT coalesce(j.kept_id, a.person_id)) AS attendances
         FROM read.sessions s JOIN read.attendance a ON a.session_id = s.session_id AND a.mode <> 'online'
         LEFT JOIN read.joins j ON j.duplicate_id = a.person_id
        WHERE s.capacity IS NOT NULL AND (cast(:units AS text[]) IS NULL OR s.unit_id = ANY(:units))
          AND (cast(:first AS date) IS NULL OR a.day >= :first) AND (cast(:last AS date) IS NULL OR a.day <= :last)
          AND (cast(:after_day AS date) IS NULL
               OR (a.day, s.session_id, a.part) > (:after_day, cast(:after_session AS uuid), :after_part))
        GROUP BY s.session_id, a.day, a.part
       HAVING count(DISTINCT coalesce(j.kept_id, a.person_id)) > s.capacity
        ORDER BY a.day, s.session_id, a.part LIMIT :limit"""
)
_OF_KIND = {PERSON_UNKNOWN: _UNKNOWN, NOT_ENROLLED: _NOT_ENROLLED, OVER_CAPACITY: _OVER}


@dataclass(frozen=True, slots=True)
class Wanted:
    """``units``: None for all of them; ``after``: day, session, part and person behind which the page begins."""

    kind: str
    units: Sequence[str] | None
    first: date | None
    last: date | None
    after: tuple[str, ...] | None
    limit: int


class FlagQueries:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, wanted: Wanted) -> tuple[list[dict[str, Any]], str]:
        """One more than ``limit`` if there is more; and ``as_of``. Over capacity is a part of a session as a whole."""
        day, session, part, person = (*(wanted.after or ()), None, None, None, None)[:4]
        asked = {
            "units": list(wanted.units) if wanted.units is not None else None,
            "first": wanted.first,
            "last": wanted.last,
            "after_day": day,
            "after_session": session,
            "after_part": part,
            "after_person": person,
            "limit": wanted.limit + 1,
        }
        with self._engine.begin() as tx:
            position = as_of(tx, Register.name)
            return [dict(row) for row in tx.execute(_OF_KIND[wanted.kind], asked).mappings()], position
