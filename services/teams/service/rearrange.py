"""Teams rearranged: merged, split, and either of it undone."""

from __future__ import annotations

from typing import Any

import msgspec
from marshmallow import Schema

from services.teams.queries.rearrangements import Rearrangements
from services.teams.schemas.rearrange import MergeTeamsSchema, SplitTeamSchema, UndoRearrangementSchema
from services.teams.service.base import Pieces, one
from shared.edge import Call, Reply, route
from shared.moments import Moment
from shared.problems import Problem


class KnownAt(Schema):
    known_at = Moment(load_default=None)


class RearrangeRoutes(Pieces):
    rearrangements: Rearrangements

    @route("POST", "/v1/teams/merge", scope="teams:write", body=MergeTeamsSchema)
    def merge_teams(self, call: Call) -> Reply:
        return self.change(call)

    @route("POST", "/v1/teams/<uuid:team_id>/split", scope="teams:write", body=one(SplitTeamSchema, "team_id"))
    def split_team(self, call: Call) -> Reply:
        return self.change(call)

    @route(
        "POST",
        "/v1/rearrangements/<uuid:undoes>/undo",
        scope="teams:write",
        body=one(UndoRearrangementSchema, "undoes"),
    )
    def undo_rearrangement(self, call: Call) -> Reply:
        return self.change(call)

    @route("GET", "/v1/rearrangements/<uuid:rearrangement_id>", scope="teams:read", query=KnownAt)
    def show_rearrangement(self, call: Call) -> Reply:
        """What was done to which team and seat, the totals, and whether it stands (by what was known at a moment)."""
        known_at = call.query["known_at"]
        told = self.rearrangements.of(str(call.path["rearrangement_id"]), known_at)
        if told is None:
            raise Problem("not-found", where="path")
        state = told.rearrangement
        self.authority.require(call.actor, state.event.unit_id, state.event.effective, "/rearrangement_id")
        shown: dict[str, Any] = msgspec.to_builtins(state.event)
        shown |= {"undone_by": state.undone_by, "again": state.again}
        shown |= {"recorded_at": told.recorded_at, "known_at": known_at, "version": told.version}
        return Reply(200, shown, etag=told.version if known_at is None else None)
