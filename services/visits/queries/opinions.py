"""Opinions: one with all its steps, from the log; those of a unit, from the read table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Engine, text

from services.visits.domain.opinion import OpinionEvent, opinion_stream
from services.visits.projections.opinions import STATES
from shared.codec import Codec, NothingChanged
from shared.log import Log

_OF_UNITS = 'o.{column} IN (SELECT json_array_elements_text(cast(:units AS json)) COLLATE "C")'
_LIST = """SELECT o.opinion_id, o.unit_id, o.topic, o.pillar, o.heard, o.state, o.since, o.due, o.to_unit_id,
              o.to_body_id, o.visit_id, o.due < :today AS overdue
         FROM read.opinions o
        WHERE {units} AND (cast(:state AS text) IS NULL OR o.state = :state) AND (NOT :overdue OR o.due < :today)
          AND (cast(:after_day AS date) IS NULL OR (o.heard, o.opinion_id) > (:after_day, cast(:after_id AS uuid)))
        ORDER BY o.heard, o.opinion_id LIMIT :limit"""
_COUNT = """SELECT o.state, count(*), count(*) FILTER (WHERE o.due < :today) FROM read.opinions o
        WHERE {units} GROUP BY o.state"""
COLUMNS = {"heard": "unit_id", "forwarded": "to_unit_id"}
"""Opinions that were heard in the units, or that were forwarded to them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """``units`` None: of the whole country. ``after``: the day and the id of the last one shown."""

    units: list[str] | None
    where: str
    today: date
    state: str | None = None
    overdue: bool = False
    after: tuple[date, UUID] | None = None
    limit: int = 100


@dataclass(frozen=True)
class OpinionQueries:
    engine: Engine
    log: Log
    codec: Codec

    def events(self, opinion_id: UUID) -> tuple[list[OpinionEvent], int]:
        """Everything that happened to an opinion, and the version of its stream."""
        stored = self.log.load({opinion_stream(opinion_id): 0})[opinion_stream(opinion_id)]
        self.codec.unlock(stored)
        events = [event for each in stored if not isinstance(event := self.codec.decode(each), NothingChanged)]
        return events, stored[-1].version if stored else 0

    def page(self, wanted: Wanted) -> list[dict[str, Any]]:
        day, identity = wanted.after or (None, None)
        asked = self._asked(wanted) | {
            "state": wanted.state,
            "overdue": wanted.overdue,
            "after_day": day,
            "after_id": identity,
            "limit": wanted.limit,
        }
        with self.engine.connect() as connection:
            found = connection.execute(text(_LIST.format(units=self._units(wanted))), asked).mappings()
            return [dict(row) | {"overdue": bool(row["overdue"])} for row in found]

    def counts(self, wanted: Wanted) -> dict[str, int]:
        """How many are in which state, and how many of those forwarded are overdue."""
        with self.engine.connect() as connection:
            rows = connection.execute(text(_COUNT.format(units=self._units(wanted))), self._asked(wanted)).all()
        counts = dict.fromkeys([*STATES.values(), "overdue"], 0)
        for state, n, overdue in rows:
            counts[state] = n
            counts["overdue"] += overdue
        return counts

    def _units(self, wanted: Wanted) -> str:
        column = COLUMNS[wanted.where]
        return f"o.{column} IS NOT NULL" if wanted.units is None else _OF_UNITS.format(column=column)

    def _asked(self, wanted: Wanted) -> dict[str, Any]:
        asked: dict[str, Any] = {"today": wanted.today}
        return asked if wanted.units is None else asked | {"units": orjson.dumps(wanted.units).decode()}
