"""Own events → own read tables: courses, sessions, rolls, and attendance per session and person as it stands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import Connection, text

from shared.log import Recorded

_COURSES = text(
    """INSERT INTO read.courses (course_id, version, said)
       SELECT (said ->> 'course_id')::uuid, coalesce((said ->> 'version')::int, 1), said
         FROM jsonb_array_elements(cast(:rows AS jsonb)) said
           ON CONFLICT (course_id) DO UPDATE SET version = excluded.version, said = excluded.said"""
)
_COURSES_WITHDRAWN = text("UPDATE read.courses SET withdrawn = true WHERE course_id = ANY(cast(:ids AS uuid[]))")
_PLANS = """json_to_recordset(cast(:rows AS json)) AS x (session_id uuid, course_id uuid, unit_id text,
              organiser text, mode text, parts jsonb, capacity int)"""
_SESSIONS = text(
    f"""INSERT INTO read.sessions
              (session_id, course_id, unit_id, organiser, mode, first_day, last_day, capacity, status)
       SELECT x.session_id, x.course_id, x.unit_id, x.organiser, x.mode, (x.parts -> 0 ->> 'day')::date,
              (x.parts -> -1 ->> 'day')::date, x.capacity, 'scheduled' FROM {_PLANS}"""
)
_CHANGED = text(
    f"""UPDATE read.sessions s SET mode = x.mode, capacity = x.capacity, first_day = (x.parts -> 0 ->> 'day')::date,
              last_day = (x.parts -> -1 ->> 'day')::date
         FROM {_PLANS} WHERE s.session_id = x.session_id"""
)
_STATUS = text("UPDATE read.sessions SET status = :status WHERE session_id = ANY(cast(:ids AS uuid[]))")
_OPENED = text("UPDATE read.sessions SET status = 'open', enrols = true WHERE session_id = ANY(cast(:ids AS uuid[]))")
_ROLL = text(
    """INSERT INTO read.rolls (session_id, person_id, unit_id, place, came)
       SELECT * FROM json_to_recordset(cast(:rows AS json))
           AS x (session_id uuid, person_id uuid, unit_id text, place text, came bigint)
           ON CONFLICT (session_id, person_id) DO UPDATE SET place = excluded.place, came = excluded.came"""
)
_LEFT = text(
    """DELETE FROM read.rolls r USING json_to_recordset(cast(:rows AS json)) AS x (session_id uuid, person_id uuid)
        WHERE r.session_id = x.session_id AND r.person_id = x.person_id"""
)
_ATTENDANCE = text(
    """INSERT INTO read.attendance (person_id, session_id, day, part, unit_id, course_id, mode)
       SELECT * FROM json_to_recordset(cast(:rows AS json)) AS x (person_id uuid, session_id uuid, day date, part text,
              unit_id text, course_id uuid, mode text)"""
)
_WITHOUT = text(
    """DELETE FROM read.attendance a
        USING json_to_recordset(cast(:rows AS json)) AS x (person_id uuid, session_id uuid, day date, part text)
        WHERE (a.person_id, a.session_id, a.day, a.part) = (x.person_id, x.session_id, x.day, x.part)"""
)

Events = Sequence[Recorded]
Rows = Iterable[Mapping[str, Any]]


def _json(rows: Rows) -> dict[str, str]:
    return {"rows": orjson.dumps(list(rows)).decode()}


def _data(events: Events) -> list[dict[str, Any]]:
    return [event.data for event in events]


def _ids(events: Events, name: str) -> dict[str, list[str]]:
    return {"ids": [event.data[name] for event in events]}


def _status(status: str) -> Callable[[Connection, Events], object]:
    return lambda tx, events: tx.execute(_STATUS, {"status": status, **_ids(events, "session_id")})


def _placed(place: str | None = None) -> Callable[[Connection, Events], object]:
    def take(tx: Connection, events: Events) -> None:
        said = {"place": place} if place else {}
        tx.execute(_ROLL, _json(event.data | said | {"came": event.position} for event in events))

    return take


def _voided(tx: Connection, events: Events) -> None:
    gone = [data["before"] | {"person_id": person} for data in _data(events) for person in data["people"]]
    tx.execute(_WITHOUT, _json(gone))


def _corrected(tx: Connection, events: Events) -> None:
    for event in events:  # one may correct what another one of the same run made
        _voided(tx, [event])
        tx.execute(_ATTENDANCE, _json([event.data["after"] | {"person_id": event.data["people"][0]}]))


_TAKE: Mapping[str, Callable[[Connection, Events], object]] = {
    "CourseOffered": lambda tx, events: tx.execute(_COURSES, _json(_data(events))),
    "CourseRevised": lambda tx, events: [tx.execute(_COURSES, _json([event.data])) for event in events],
    "CourseWithdrawn": lambda tx, events: tx.execute(_COURSES_WITHDRAWN, _ids(events, "course_id")),
    "SessionScheduled": lambda tx, events: tx.execute(_SESSIONS, _json(_data(events))),
    "SessionChanged": lambda tx, events: [tx.execute(_CHANGED, _json([event.data])) for event in events],
    "SessionOpened": lambda tx, events: tx.execute(_OPENED, _ids(events, "session_id")),
    "SessionHeld": _status("held"),
    "SessionCancelled": _status("cancelled"),
    "PersonEnrolled": _placed(),
    "EnrolmentPromoted": _placed("seat"),
    "EnrolmentWithdrawn": lambda tx, events: tx.execute(_LEFT, _json(_data(events))),
    "AttendanceRecorded": lambda tx, events: tx.execute(_ATTENDANCE, _json(_data(events))),
    "AttendanceDoubled": lambda tx, events: tx.execute(
        _ATTENDANCE, _json(data["attendance"] | {"person_id": data["person_id"]} for data in _data(events))
    ),
    "AttendanceVoided": _voided,
    "AttendanceCorrected": _corrected,
}


class Register:
    """``register@2``. Attendance is kept under the id it was sent with; ``read.joins`` tells who is one with whom."""

    name = "register@2"
    sources: Mapping[str, Collection[int]] = {"": (0,)}
    types = frozenset(_TAKE)

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        """In the order of the log; what follows each other and is of one type is written at once."""
        events = (event for _, event in batch if event.type in self.types)
        for type_, run in groupby(events, key=lambda event: event.type):
            _TAKE[type_](tx, list(run))
