"""What an organiser should look at: what was accepted though something about it is odd, or became so later.

Flags follow from what is known now, so they go away by themselves: the registry tells of the person, somebody is
enrolled late, an attendance is corrected, a certificate is revoked (docs/adr/0027-shown-not-undone.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, TextClause, text

from services.training.projections.certificates import Certificates
from services.training.projections.register import Register
from services.training.queries.base import as_of

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
# One human being under two ids that were joined after both were enrolled; settled once the session is held.
_TWICE = text(
    """SELECT s.first_day AS day, r.session_id::text AS session_id,
              coalesce(j.kept_id, r.person_id)::text AS person_id,
              json_agg(json_build_object('person_id', r.person_id, 'unit_id', r.unit_id, 'place', r.place)
                       ORDER BY r.place, r.came) AS places
         FROM read.rolls r JOIN read.sessions s ON s.session_id = r.session_id AND s.status IN ('scheduled', 'open')
         LEFT JOIN read.joins j ON j.duplicate_id = r.person_id
        WHERE coalesce(j.kept_id, r.person_id) IN (SELECT kept_id FROM read.joins)
          AND (cast(:first AS date) IS NULL OR s.first_day >= :first)
          AND (cast(:last AS date) IS NULL OR s.first_day <= :last)
          AND (cast(:after_day AS date) IS NULL OR (s.first_day, r.session_id, coalesce(j.kept_id, r.person_id))
               > (:after_day, cast(:after_session AS uuid), cast(:after_person AS uuid)))
        GROUP BY s.first_day, r.session_id, coalesce(j.kept_id, r.person_id)
       HAVING count(*) > 1 AND (cast(:units AS text[]) IS NULL OR bool_or(r.unit_id = ANY(:units)))
        ORDER BY 1, r.session_id, coalesce(j.kept_id, r.person_id) LIMIT :limit"""
)
# The same rule as that of issuing (domain.certificates).
_UNEARNED = text(
    """WITH here AS MATERIALIZED (
           SELECT c.number, c.person_id, coalesce(j.kept_id, c.person_id) AS kept, c.session_id, c.day, c.unit_id
             FROM read.certificates c LEFT JOIN read.joins j ON j.duplicate_id = c.person_id
            WHERE NOT c.revoked AND (cast(:units AS text[]) IS NULL OR c.unit_id = ANY(:units))
              AND (cast(:first AS date) IS NULL OR c.day >= :first) AND (cast(:last AS date) IS NULL OR c.day <= :last)
              AND (cast(:after_day AS date) IS NULL OR (c.day, c.number) > (:after_day, :after_number))
       ), attended AS (
           SELECT a.session_id, coalesce(j.kept_id, a.person_id) AS kept, count(DISTINCT (a.day, a.part)) AS n
             FROM read.attendance a LEFT JOIN read.joins j ON j.duplicate_id = a.person_id
            WHERE a.session_id IN (SELECT session_id FROM here) GROUP BY 1, 2
       ), passed AS (
           SELECT DISTINCT s.session_id, coalesce(j.kept_id, s.person_id) AS kept
             FROM read.scores s LEFT JOIN read.joins j ON j.duplicate_id = s.person_id
            WHERE s.passed AND s.session_id IN (SELECT session_id FROM here)
       )
       SELECT h.day, h.number, h.person_id::text AS person_id, h.session_id::text AS session_id, h.unit_id,
              coalesce(a.n, 0) AS attended, r.parts, p.kept IS NOT NULL AS passed
         FROM here h JOIN read.certificate_rules r ON r.session_id = h.session_id
         LEFT JOIN attended a ON (a.session_id, a.kept) = (h.session_id, h.kept)
         LEFT JOIN passed p ON (p.session_id, p.kept) = (h.session_id, h.kept)
        WHERE coalesce(a.n, 0) = 0 OR a.n * 100 < r.attended_percent * r.parts OR (r.assessment AND p.kept IS NULL)
        ORDER BY h.day, h.number LIMIT :limit"""
)
_PERSON_AT = ("day", "session_id", "part", "person_id")
KINDS: Mapping[str, tuple[TextClause, tuple[str, ...]]] = {
    "person_unknown": (_UNKNOWN, _PERSON_AT),
    "not_enrolled": (_NOT_ENROLLED, _PERSON_AT),
    "over_capacity": (_OVER, ("day", "session_id", "part")),
    "enrolled_twice": (_TWICE, ("day", "session_id", "person_id")),
    "certificate_unearned": (_UNEARNED, ("day", "number")),
}
"""Kind → its question, and what its rows are in the order of and a page is continued behind."""
_AFTER = {"day": "after_day", "session_id": "after_session", "part": "after_part", "person_id": "after_person"} | {
    "number": "after_number"
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """``units``: None for all of them; ``after``: the place behind which the page begins, as ``place`` tells it."""

    kind: str
    units: Sequence[str] | None
    first: date | None
    last: date | None
    after: tuple[str, ...] | None
    limit: int


def place(kind: str, row: Mapping[str, Any]) -> str:
    return "/".join(str(row[key]) for key in KINDS[kind][1])


class FlagQueries:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, wanted: Wanted) -> tuple[list[dict[str, Any]], str]:
        """One more than ``limit`` if there is more; and ``as_of``. Over capacity is a part of a session as a whole."""
        statement, keys = KINDS[wanted.kind]
        asked: dict[str, Any] = dict.fromkeys(_AFTER.values())
        asked |= {_AFTER[key]: said for key, said in zip(keys, wanted.after or (), strict=False)}
        asked |= {
            "units": list(wanted.units) if wanted.units is not None else None,
            "first": wanted.first,
            "last": wanted.last,
            "limit": wanted.limit + 1,
        }
        with self._engine.begin() as tx:
            position = as_of(tx, Register.name, Certificates.name)
            return [dict(row) for row in tx.execute(statement, asked).mappings()], position
