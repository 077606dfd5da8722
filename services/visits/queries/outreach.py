"""Outreach sessions: one from the log with its history, those of a unit from the read table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Engine, text

from services.visits.domain.outreach import OutreachEvent, outreach_stream
from shared.codec import Codec, NothingChanged
from shared.log import Log

_OF_UNITS = 'o.unit_id IN (SELECT json_array_elements_text(cast(:units AS json)) COLLATE "C")'
_LIST = """SELECT session_id, unit_id, day, team_id, occasion, topics, heads FROM read.outreach o
        WHERE day BETWEEN :since AND :until AND {units}
          AND (cast(:after_day AS date) IS NULL OR (day, session_id) > (:after_day, cast(:after_id AS uuid)))
        ORDER BY day, session_id LIMIT :limit"""
_SUM = """SELECT count(DISTINCT o.session_id) AS sessions, h.key AS age_band, sum(cast(h.value AS int)) AS heads
         FROM read.outreach o, jsonb_each_text(o.heads) h
        WHERE day BETWEEN :since AND :until AND {units} GROUP BY ROLLUP (h.key)"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """``units`` None: of the whole country. ``after``: day and id of the last one shown."""

    units: list[str] | None
    since: date
    until: date
    after: tuple[date, UUID] | None = None
    limit: int = 100


@dataclass(frozen=True)
class OutreachQueries:
    engine: Engine
    log: Log
    codec: Codec

    def events(self, session_id: UUID) -> tuple[list[OutreachEvent], int]:
        """Everything told of a session, and the version of its stream."""
        stored = self.log.load({outreach_stream(session_id): 0})[outreach_stream(session_id)]
        self.codec.unlock(stored)
        events = [event for each in stored if not isinstance(event := self.codec.decode(each), NothingChanged)]
        return events, stored[-1].version if stored else 0

    def page(self, wanted: Wanted) -> list[dict[str, Any]]:
        day, identity = wanted.after or (None, None)
        more: dict[str, Any] = {"after_day": day, "after_id": identity, "limit": wanted.limit}
        with self.engine.connect() as connection:
            found = connection.execute(text(_LIST.format(units=_units(wanted))), _asked(wanted) | more).mappings()
            return [dict(row) for row in found]

    def sum(self, wanted: Wanted) -> dict[str, Any]:
        """Sessions, and heads in all and by age band: heads are counted at each session, people may come twice."""
        with self.engine.connect() as connection:
            rows = connection.execute(text(_SUM.format(units=_units(wanted))), _asked(wanted)).all()
        by_band = {row.age_band: int(row.heads or 0) for row in rows}
        sessions = next((row.sessions for row in rows if row.age_band is None), 0)
        return {"sessions": sessions, "heads": by_band.pop(None, 0), "by_age": by_band}


def _units(wanted: Wanted) -> str:
    return "true" if wanted.units is None else _OF_UNITS


def _asked(wanted: Wanted) -> dict[str, Any]:
    asked: dict[str, Any] = {"since": wanted.since, "until": wanted.until}
    return asked if wanted.units is None else asked | {"units": orjson.dumps(wanted.units).decode()}
