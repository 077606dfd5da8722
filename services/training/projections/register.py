"""Own events → own read tables: sessions, and the attendance per session and person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import orjson
from sqlalchemy import Connection, TextClause, text

from shared.log import Recorded

_SESSIONS = text(
    """INSERT INTO read.sessions
              (session_id, course_id, unit_id, organiser, mode, first_day, last_day, capacity, status)
       SELECT x.session_id, x.course_id, x.unit_id, x.organiser, x.mode, (x.parts -> 0 ->> 'day')::date,
              (x.parts -> -1 ->> 'day')::date, x.capacity, 'scheduled'
         FROM json_to_recordset(cast(:rows AS json)) AS x (session_id uuid, course_id uuid, unit_id text,
              organiser text, mode text, parts jsonb, capacity int)"""
)
_STATUS = text("UPDATE read.sessions SET status = :status WHERE session_id = ANY(cast(:sessions AS uuid[]))")
_ATTENDANCE = text(
    """INSERT INTO read.attendance (person_id, session_id, day, part, unit_id, course_id, mode)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (person_id uuid, session_id uuid, day date, part text,
              unit_id text, course_id uuid, mode text)"""
)


class Register:
    """``register@1``: ``read.sessions`` and ``read.attendance``."""

    name = "register@1"
    sources: Mapping[str, Collection[int]] = {"": (0,)}

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        by_type: dict[str, list[Recorded]] = {}
        for _, event in batch:
            by_type.setdefault(event.type, []).append(event)
        # A session comes before what happens to it; nothing leads back from held or cancelled.
        _insert(tx, _SESSIONS, by_type.get("SessionScheduled", []))
        for type_, status in (("SessionHeld", "held"), ("SessionCancelled", "cancelled")):
            if events := by_type.get(type_):
                tx.execute(_STATUS, {"status": status, "sessions": [event.data["session_id"] for event in events]})
        _insert(tx, _ATTENDANCE, by_type.get("AttendanceRecorded", []))


def _insert(tx: Connection, statement: TextClause, events: list[Recorded]) -> None:
    if events:
        tx.execute(statement, {"rows": orjson.dumps([event.data for event in events]).decode()})
