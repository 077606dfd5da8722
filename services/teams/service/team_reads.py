"""Teams as they were, are and were thought to be: ``as_of`` a day, ``known_at`` a moment."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from services.teams import shown
from services.teams.domain.team.events import TeamKind
from services.teams.domain.team.state import Team
from services.teams.queries import Queries
from services.teams.queries.folds import Folded
from services.teams.queries.order import Place, place
from services.teams.queries.summary import Summaries
from services.teams.queries.teams import Wanted
from services.teams.schemas.kinds import UNIT_ID, Choice, Line, Matching, Uid
from services.teams.service.base import PAGE, AsOf, Pieces, day_of, known
from shared.edge import Call, Reply, route
from shared.moments import Moment
from shared.problems import Problem

CURSOR = 2_000


class TeamAsked(AsOf):
    known_at = Moment(load_default=None)


class TeamQuery(TeamAsked):
    """``unit``: the root of a subtree (else all of the caller's); ``after``: ``next`` of the page before; ``count``:
    also how many there are on all pages."""

    unit = Matching(UNIT_ID, load_default=None)
    kind = Choice(TeamKind, load_default=None)
    standing = Choice(("active", "pilot", "suspended"), load_default=None)
    name = Line(120, load_default=None)
    document = Uid(load_default=None)
    after = Line(CURSOR, at_least=0, load_default="")
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))
    count = fields.Boolean(load_default=False)


class WithoutAsked(TeamAsked):
    """``kind``: of the team that is missing."""

    kind = Choice(TeamKind, load_default=TeamKind.COMMUNE)
    after = Line(CURSOR, at_least=0, load_default="")
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))


class TeamReads(Pieces):
    queries: Queries
    summaries: Summaries

    @route("GET", "/v1/teams/<uuid:team_id>", scope="teams:read", query=TeamAsked)
    def show_team(self, call: Call) -> Reply:
        folded, day = self._team(call), day_of(call)
        body = shown.team(folded.team, day) | {"version": folded.version, "known_at": call.query["known_at"]}
        return _versioned(call, folded, body)

    @route("GET", "/v1/teams/<uuid:team_id>/seats", scope="teams:read", query=TeamAsked)
    def show_seats(self, call: Call) -> Reply:
        folded, day = self._team(call), day_of(call)
        about = {"team_id": folded.team.birth.team_id, "as_of": day, "known_at": call.query["known_at"]}
        return _versioned(call, folded, {**about, "seats": shown.seats(folded.team, day)})

    @route("GET", "/v1/teams/<uuid:team_id>/history", scope="teams:read", query=TeamAsked)
    def show_team_history(self, call: Call) -> Reply:
        """Facts in the order of recording, with their numbers; ``as_of``: those that had taken effect by then."""
        folded = self._team(call)
        team_id, last = folded.team.birth.team_id, call.query["as_of"]
        told = shown.history(self.queries.folds.events(team_id), call.query["known_at"])
        facts = [fact for fact in told["facts"] if last is None or fact["effective"] <= last.isoformat()]
        about = {"team_id": team_id, "as_of": last, "known_at": call.query["known_at"], "version": folded.version}
        return _versioned(call, folded, {**about, **told, "facts": facts})

    @route("GET", "/v1/teams", scope="teams:read", query=TeamQuery)
    def list_teams(self, call: Call) -> dict[str, Any]:
        """Teams of a day below units, down the tree of that day. A team of a former unit is found where its facts
        stand (``stands_in``); it, and one that shares its unit with another of its kind, awaits a decision."""
        query, day = call.query, day_of(call)
        if query["unit"] is not None:
            self.authority.require(call.actor, query["unit"], day, "/unit")
        wanted = Wanted(
            [query["unit"]] if query["unit"] is not None else call.actor.units,
            day,
            after=_cursor(query["after"]),
            **{name: query[name] for name in ("known_at", "kind", "standing", "name", "document", "limit")},
        )
        page = self.queries.teams(wanted)
        answer = {"as_of": day, "known_at": query["known_at"], "position": page.position, "teams": page.teams}
        answer["next"] = str(page.next) if page.next else None
        return answer | ({"count": self.queries.count(wanted)} if query["count"] else {})

    @route("GET", "/v1/units/<unit_id>/summary", scope="teams:read", query=TeamAsked)
    def show_summary(self, call: Call) -> dict[str, Any]:
        """``seats`` counts a person once for each seat, ``people`` once."""
        unit_id, day, known_at = self._unit(call), day_of(call), call.query["known_at"]
        if known_at is not None:
            return self.summaries.as_known(unit_id, day, known_at)
        return self.summaries.of(unit_id, day) | {"known_at": None}

    @route("GET", "/v1/units/<unit_id>/without-team", scope="teams:read", query=WithoutAsked)
    def list_without_team(self, call: Call) -> dict[str, Any]:
        unit_id, day, query = self._unit(call), day_of(call), call.query
        after = _cursor(query["after"])
        found = self.summaries.without_team(
            unit_id, query["kind"], day, query["known_at"], after.path if after else (), query["limit"]
        )
        following = str(Place(found.next, found.next[-1], "")) if found.next else None
        about = {"unit_id": unit_id, "as_of": day, "known_at": query["known_at"], "kind": query["kind"]}
        return {**about, "units": found.units, "next": following}

    def _unit(self, call: Call) -> str:
        unit_id = known(self.units.tree(call.query["known_at"]), call.path["unit_id"])
        self.authority.require(call.actor, unit_id, day_of(call), "/unit_id")
        return unit_id

    def _team(self, call: Call) -> Folded:
        """The team as known at the moment asked for, if it is the caller's. Raises 404 if nobody knew of it then."""
        team_id, day = str(call.path["team_id"]), day_of(call)
        folded = self.queries.folds.teams([team_id], call.query["known_at"]).get(team_id)
        if folded is None:
            raise Problem("not-found", where="path")
        team: Team = folded.team
        self.authority.require(call.actor, team.unit_on(day), max(day, team.established), "/team_id")
        return folded


def _versioned(call: Call, folded: Folded, body: dict[str, Any]) -> Reply:
    """What was known earlier never changes again, but is no ground for a change: it has no ETag."""
    return Reply(200, body, etag=folded.version if call.query["known_at"] is None else None)


def _cursor(text: str) -> Place | None:
    try:
        return place(text) if text else None
    except ValueError:
        raise Problem("wrong-format", "/after", where="query") from None
