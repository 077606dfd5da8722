"""Which teams wait for a decision after a reform of units, and what could be decided."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any

from marshmallow import fields, validate

from services.teams.domain.proposals import TeamSeats
from services.teams.domain.team.events import TeamKind
from services.teams.domain.team.life import running, team_stream
from services.teams.proposing import Proposing, decided_by_units, parts_of, teams_of
from services.teams.queries.order import Path, place
from services.teams.queries.proposals import Asked, Page, Together
from services.teams.schemas.kinds import UNIT_ID, Choice, Matching
from services.teams.schemas.rearrange import MergerQuestion
from services.teams.service.base import AsOf, Pieces, day_of
from shared.edge import Call, route
from shared.moments import Moment
from shared.problems import Problem

PAGE = 100


class WaitingQuery(AsOf):
    """``unit``: the root of a subtree (else all of the caller's); ``after``: ``next`` of the page before."""

    unit = Matching(UNIT_ID, load_default=None)
    kind = Choice(TeamKind, load_default=None)
    after = fields.String(load_default="", validate=validate.Length(max=2_000))
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=PAGE))


class AwaitingQuery(WaitingQuery):
    known_at = Moment(load_default=None)


class ProposalRoutes(Pieces):
    @route("GET", "/v1/teams/awaiting", scope="teams:read", query=AwaitingQuery)
    def list_awaiting(self, call: Call) -> dict[str, Any]:
        """Units at which several teams of a kind stand, or a team whose own unit is no more, or with two leaders."""
        day = day_of(call)
        page = self._waiting(call, day, lambda group: bool(group.reasons), call.query["known_at"])
        awaiting = [
            {"unit_id": group.unit_id, "kind": group.kind, "reasons": group.reasons, "teams": teams_of(group)}
            for group in page.groups
        ]
        about = {"as_of": day, "known_at": call.query["known_at"], "position": page.position}
        return about | {"awaiting": awaiting, "next": page.following}

    @route("GET", "/v1/teams/proposals", scope="teams:read", query=WaitingQuery)
    def list_proposals(self, call: Call) -> dict[str, Any]:
        """For each such unit what could be done, as requests to be sent once a document says so."""
        day, tree = day_of(call), self.units.tree()
        page = self._waiting(call, day, decided_by_units)
        ended = [(group, team) for group in page.groups for team in group.teams if team.unit_id != group.unit_id]
        parts = {part for group, team in ended for part in parts_of(tree, team.unit_id, group.kind, day)}
        parts |= {group.unit_id for group in page.groups}
        seats = self.standings.seats([team.team_id for group in page.groups for team in group.teams], day)
        proposing = self._proposing(day, seats, parts)
        proposals = [proposal for group in page.groups for proposal in proposing.of(group)]
        return {"as_of": day, "position": page.position, "proposals": proposals, "next": page.following}

    @route("POST", "/v1/teams/merge/proposal", scope="teams:read", body=MergerQuestion)
    def propose_merger(self, call: Call) -> dict[str, Any]:
        """The fate of every seat of teams that somebody chose; nothing is stored."""
        asked = call.body
        into, new, day = asked["into_team_id"], asked["new"], asked["effective"]
        if (into is None) == (new is None):
            raise Problem("merger-unclear", "/into_team_id")
        chosen = list(dict.fromkeys([*([into] if into else []), *asked["from_team_ids"]]))
        states = self.handler.states(map(team_stream, chosen))
        seats = {}
        for team_id in chosen:
            at = "/into_team_id" if team_id == into else f"/from_team_ids/{asked['from_team_ids'].index(team_id)}"
            _, then = running(states, team_id, day, at)
            self.authority.require(call.actor, then.unit_id, day, at)
            seats[team_id] = TeamSeats(team_id, then.open_seats)
        return self._proposing(day, seats, ()).merger(list(seats.values()), into, new)

    def _waiting(
        self, call: Call, day: date, wanted: Callable[[Together], bool], known_at: datetime | None = None
    ) -> Page:
        query = call.query
        if query["unit"] is not None:
            self.authority.require(call.actor, query["unit"], day, "/unit")
        roots = [query["unit"]] if query["unit"] is not None else call.actor.units
        kind, after = query["kind"], path_behind(query["after"], "query")
        asked = Asked(
            roots, day, lambda group: kind in (None, group.kind) and wanted(group), after, query["limit"], known_at
        )
        return self.standings.page(asked)

    def _proposing(self, day: date, seats: Mapping[str, TeamSeats], units: Collection[str]) -> Proposing:
        kept = self.standings.kept({seat.person_id for team in seats.values() for seat in team.seats})
        serving = self.standings.serving(units, day)
        return Proposing(self.units.tree(), day, seats, lambda person: kept.get(person, person), serving)


def path_behind(text: str, where: str) -> Path:
    """The path in a cursor. Raises ``Problem`` for what is none of ours."""
    if not text:
        return ()
    try:
        return place(text).path
    except ValueError:
        raise Problem("wrong-format", "/after", where=where) from None
