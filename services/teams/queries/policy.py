"""Composition warnings as of a day and as known at a moment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, text

from services.teams.projections.warnings import Unjudged, Warnings
from services.teams.queries.below import UnitsBelow
from shared.unit_directory import UnitDirectory, Units

_POSITION = text("SELECT min(position) FROM bus.cursors WHERE subscription = ANY(:names) AND source = ''")
_UNJUDGED = text(
    """SELECT (SELECT count(*) FROM read.judged_teams WHERE due IS NOT NULL)
            + (SELECT count(*) FROM read.unjudged_areas)"""
)
_NEW_UNITS = text("SELECT position, unit_id FROM read.warnings WHERE position > :position ORDER BY position")
_PAGE = text(
    """SELECT d.team_id, d.unit_id, d.code, d.effective AS since, d.policy_id, d.expected, d.found
         FROM (SELECT DISTINCT ON (w.team_id, w.code) w.* FROM read.warnings w
                WHERE (w.team_id, w.code) > (:after_team, :after_code) AND w.effective <= :day
                  AND (cast(:known_at AS timestamptz) IS NULL OR w.recorded_at <= :known_at)
                  AND (cast(:code AS text) IS NULL OR w.code = :code)
                  AND (cast(:team AS text) IS NULL OR w.team_id = :team)
                  AND w.team_id IN (SELECT u.team_id FROM read.warnings u WHERE u.unit_id = ANY(:units))
                ORDER BY w.team_id, w.code, w.effective DESC, w.position DESC) d
        WHERE d.warned AND d.unit_id = ANY(:units) ORDER BY d.team_id, d.code LIMIT :limit"""
)


@dataclass(frozen=True, slots=True)
class WantedWarnings:
    """A page: warnings below the roots (of one code, of one team), as of a day, as known at a moment (None: now)."""

    roots: Collection[str]
    day: date
    known_at: datetime | None = None
    code: str | None = None
    team: str | None = None
    after: tuple[str, str] = ("", "")
    limit: int = 100


class WarningQueries:
    def __init__(self, engine: Engine, directory: UnitDirectory) -> None:
        self._engine = engine
        self._below = UnitsBelow(directory)
        self._seen = 0

    def page(self, wanted: WantedWarnings) -> tuple[list[dict[str, Any]], str, int]:
        """Warnings by team and code, the position of the log that the tables have come to, and how many teams and areas
        are still to be judged."""
        with self._engine.begin() as tx:
            position = tx.execute(_POSITION, {"names": [Warnings.name, Unjudged.name, Units.name]}).scalar() or 0
            unjudged = tx.execute(_UNJUDGED).scalar() or 0
            rows = tx.execute(_NEW_UNITS, {"position": self._seen}).all()
            if rows:
                self._below.add(row.unit_id for row in rows)
                self._seen = rows[-1].position
            asked = {
                "units": self._below.of(wanted.roots, wanted.day, wanted.known_at),
                "day": wanted.day,
                "known_at": wanted.known_at,
                "code": wanted.code,
                "team": wanted.team,
                "after_team": wanted.after[0],
                "after_code": wanted.after[1],
                "limit": wanted.limit,
            }
            return [dict(row) for row in tx.execute(_PAGE, asked).mappings()], f"0:{position}", unjudged
