"""Own events → certificates, what those of a session ask for, and scores as they stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import Connection, TextClause, text

from shared.log import Recorded

_RULES = text(
    """INSERT INTO read.certificate_rules (session_id, parts, attended_percent, assessment)
       SELECT * FROM json_to_recordset(cast(:rows AS json))
           AS x (session_id uuid, parts int, attended_percent int, assessment boolean)
           ON CONFLICT (session_id) DO UPDATE SET parts = excluded.parts"""
)
_SCORES = text(
    """INSERT INTO read.scores (session_id, person_id, attempt, passed)
       SELECT * FROM json_to_recordset(cast(:rows AS json))
           AS x (session_id uuid, person_id uuid, attempt int, passed boolean)
           ON CONFLICT (session_id, person_id, attempt) DO UPDATE SET passed = excluded.passed"""
)
_ISSUED = text(
    """INSERT INTO read.certificates (number, person_id, session_id, unit_id, day)
       SELECT * FROM json_to_recordset(cast(:rows AS json))
           AS x (number text, person_id uuid, session_id uuid, unit_id text, day date)"""
)
_REVOKED = text(
    """UPDATE read.certificates c SET revoked = true
         FROM json_to_recordset(cast(:rows AS json)) AS x (number text) WHERE c.number = x.number"""
)
_TAKE: Mapping[str, TextClause] = {
    "SessionScheduled": _RULES,
    "SessionChanged": _RULES,
    "AssessmentRecorded": _SCORES,
    "AssessmentCorrected": _SCORES,
    "CertificateIssued": _ISSUED,
    "CertificateRevoked": _REVOKED,
}
Rows = Iterable[dict[str, Any]]


def _rules(rows: Rows) -> Rows:
    """Only of sessions that give a certificate; their terms never change."""
    for data in rows:
        rule = (data.get("terms") or {}).get("certificate")
        if rule is not None:
            yield {"session_id": data["session_id"], "parts": len(data["parts"]), **rule}


_PREPARED: Mapping[TextClause, Callable[[Rows], Rows]] = {_RULES: _rules}
_KEY: Mapping[TextClause, Callable[[dict[str, Any]], Any]] = {
    _RULES: lambda data: data["session_id"],
    _SCORES: lambda data: (data["session_id"], data["person_id"], data["attempt"]),
}
"""Rows of which a statement takes only one of each, the latest."""


class Certificates:
    """``certificates@1``. Scores and certificates are kept under the ids they were sent with, as attendance is."""

    name = "certificates@1"
    sources: Mapping[str, Collection[int]] = {"": (0,)}
    types = frozenset(_TAKE)

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        """In the order of the log; what follows each other and goes into one table is written at once."""
        events = (event for _, event in batch if event.type in self.types)
        for statement, run in groupby(events, key=lambda event: _TAKE[event.type]):
            rows = list(_PREPARED.get(statement, iter)(event.data for event in run))
            if key := _KEY.get(statement):
                rows = list({key(row): row for row in rows}.values())
            if rows:
                tx.execute(statement, {"rows": orjson.dumps(rows).decode()})
