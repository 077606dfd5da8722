"""Teams as they were, are and were thought to be."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from services.teams import shown
from services.teams.domain.team.events import TeamKind
from services.teams.domain.team.life import team_stream
from services.teams.domain.team.state import Team
from services.teams.schemas.kinds import UNIT_ID, Choice, Matching, Uid
from services.teams.service.base import PAGE, AsOf, Pieces, day_of
from shared.edge import Call, Reply, route
from shared.problems import Problem


class TeamQuery(AsOf):
    """``unit``: the root of a subtree (else all of the caller's); ``after``: the last team of the page before."""

    unit = Matching(UNIT_ID, load_default=None)
    kind = Choice(TeamKind, load_default=None)
    after = Uid(load_default="")
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))


class TeamReads(Pieces):
    @route("GET", "/v1/teams/<uuid:team_id>", scope="teams:read", query=AsOf)
    def show_team(self, call: Call) -> Reply:
        state, version = self.handler.state(team_stream(str(call.path["team_id"])))
        if not isinstance(state, Team):
            raise Problem("not-found", where="path")
        day = day_of(call)
        self.authority.require(call.actor, state.unit_id, max(day, state.established), "/team_id")
        return Reply(200, shown.team(state, version, day), etag=version)

    @route("GET", "/v1/teams", scope="teams:read", query=TeamQuery)
    def list_teams(self, call: Call) -> dict[str, Any]:
        """Teams of a day in a subtree, by id, with the number of seats; ``next`` is ``after`` of the next page."""
        query, day = call.query, day_of(call)
        if query["unit"] is not None:
            self.authority.require(call.actor, query["unit"], day, "/unit")
        roots = [query["unit"]] if query["unit"] is not None else call.actor.units
        teams, position = self.queries.teams(roots, day, query["kind"], query["after"], query["limit"])
        following = teams[-1]["team_id"] if len(teams) == query["limit"] else None
        return {"as_of": day, "position": position, "teams": teams, "next": following}
