"""Teams rearranged: merged, split, and either of it undone."""

from __future__ import annotations

from typing import Any

import msgspec

from services.teams.domain.team.rearrange import Rearrangement, rearrangement_stream
from services.teams.schemas.rearrange import MergeTeamsSchema, SplitTeamSchema, UndoRearrangementSchema
from services.teams.service.base import Pieces, one
from shared.edge import Call, Reply, route
from shared.problems import Problem


class RearrangeRoutes(Pieces):
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

    @route("GET", "/v1/rearrangements/<uuid:rearrangement_id>", scope="teams:read")
    def show_rearrangement(self, call: Call) -> Reply:
        """What was done to which team and seat, the totals, and whether it still stands."""
        state, version = self.handler.state(rearrangement_stream(str(call.path["rearrangement_id"])))
        if not isinstance(state, Rearrangement):
            raise Problem("not-found", where="path")
        self.authority.require(call.actor, state.event.unit_id, state.event.effective, "/rearrangement_id")
        found: dict[str, Any] = msgspec.to_builtins(state.event)
        return Reply(200, {**found, "undone_by": state.undone_by, "again": state.again}, etag=version)
