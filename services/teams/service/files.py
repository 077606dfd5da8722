"""Exports, with the columns of the templates: what comes out can be completed and sent back in.

Imports, their jobs and the templates are ``shared.edge_jobs``.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import structlog

from services.teams.files.templates import PEOPLE, TEAMS, VILLAGES
from services.teams.queries.files import FileQueries
from services.teams.schemas.files import ExportQuery
from services.teams.service.base import Pieces, day_of
from shared.edge import Call, Reply, route
from shared.edge_export import export

audit = structlog.get_logger("audit")


class FileRoutes(Pieces):
    files: FileQueries

    @route("GET", "/v1/exports/villages", scope="teams:read", query=ExportQuery)
    def export_villages(self, call: Call) -> Reply:
        roots, day = self._asked(call)
        rows = self.files.villages(roots, day, call.query["known_at"])
        return export(VILLAGES, rows, call.query["format"], call.locale, f"villages-{day}")

    @route("GET", "/v1/exports/teams", scope="teams:read", query=ExportQuery)
    def export_teams(self, call: Call) -> Reply:
        roots, day = self._asked(call)
        rows = self.files.teams(roots, day, call.query["known_at"])
        return export(TEAMS, rows, call.query["format"], call.locale, f"teams-{day}")

    @route("GET", "/v1/exports/people", scope="people:read", query=ExportQuery)
    def export_people(self, call: Call) -> Reply:
        """Who sat in the teams of that day, with names and phone numbers."""
        roots, day = self._asked(call)
        audit.info("people exported", audit=True, units=sorted(roots), as_of=day.isoformat(), sub=call.actor.sub)
        rows = self.files.people(roots, day, call.query["known_at"])
        return export(PEOPLE, rows, call.query["format"], call.locale, f"people-{day}")

    def _asked(self, call: Call) -> tuple[Collection[str], date]:
        """The roots of the subtrees, which must be the caller's on the day."""
        unit_id, day = call.query["unit"], day_of(call)
        if unit_id is None:
            return call.actor.units, day
        self.authority.require(call.actor, unit_id, day, "/unit")
        return [unit_id], day
