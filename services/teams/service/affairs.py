"""Affairs of teams and units: one route for every change, lists and single records of each kind."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import fields, validate

from services.teams.domain.affairs import AFFAIRS
from services.teams.domain.affairs.channels import ChannelOpened
from services.teams.domain.affairs.records import Affair, Record
from services.teams.domain.nearest import chain_on
from services.teams.domain.team.life import team_stream
from services.teams.domain.team.state import Team
from services.teams.queries.affairs import AffairQueries, Wanted, history, shown
from services.teams.schemas.affairs import AFFAIR_CHANGES, One
from services.teams.schemas.base import Picked
from services.teams.schemas.kinds import UNIT_ID, WORD, Matching, Uid
from services.teams.service.base import PAGE, AsOf, Pieces, day_of
from shared.edge import Call, Reply, Rows, route
from shared.moments import Moment
from shared.problems import Problem

PLURALS = {"body": "bodies", "policy": "policies"}
BY_PLURAL = {PLURALS.get(word, f"{word}s"): affair for word, affair in AFFAIRS.items()}


class KnownAt(AsOf):
    known_at = Moment(load_default=None)


class AffairQuery(KnownAt):
    """``team``: of that team; else ``unit``: the root of a subtree, or all of the caller's. ``state`` as shown, or
    ``overdue``."""

    unit = Matching(UNIT_ID, load_default=None)
    team = Uid(load_default=None)
    state = Matching(WORD, load_default=None)
    after = Uid(load_default="")
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))


class AffairRoutes(Pieces):
    affairs: AffairQueries

    @route("POST", "/v1/affairs", scope="teams:write", body=One(AFFAIR_CHANGES))
    def change_affair(self, call: Call) -> Reply:
        return self.change(call)

    @route("POST", "/v1/affairs/batch", scope="teams:write", body=Rows(Picked(AFFAIR_CHANGES)))
    def change_affairs(self, call: Call) -> Reply:
        return self.intake.batch(call)

    @route("GET", "/v1/affairs/<affairs>", scope="teams:read", query=AffairQuery)
    def list_affairs(self, call: Call) -> dict[str, Any]:
        """Records of one kind by id; ``next`` is ``after`` of the next page (a page may be short and have one)."""
        query, day, affair = call.query, day_of(call), _affair(call)
        if query["team"] is not None:
            self._require_team(call, query["team"], day)
        if query["unit"] is not None:
            self.authority.require(call.actor, query["unit"], day, "/unit")
        roots = [query["unit"]] if query["unit"] is not None else call.actor.units
        asked = {name: query[name] for name in ("known_at", "team", "state", "after", "limit")}
        records, following, position = self.affairs.page(Wanted(affair, roots, day, **asked))
        return {"as_of": day, "position": position, "records": records, "next": following}

    @route("GET", "/v1/affairs/<affairs>/<uuid:record_id>", scope="teams:read", query=KnownAt)
    def show_affair(self, call: Call) -> Reply:
        """One record with all its facts; the link of a channel only to those who may read personal data there."""
        affair, day = _affair(call), day_of(call)
        stream = affair.stream(str(call.path["record_id"]))
        record, version, when = self.affairs.state(stream, call.query["known_at"])
        if not isinstance(record, Record):
            raise Problem("not-found", where="path")
        covered = self._covers(call, record, day)
        one = shown(affair, record, day) | {"facts": history(record, when), "version": version}
        if covered and "people:read" in call.actor.scopes:
            for opened in (fact for fact in record.told(day) if isinstance(fact, ChannelOpened)):
                one["link"] = opened.link.text if opened.link else None
        return Reply(200, one, etag=version)

    @route("GET", "/v1/teams/<uuid:team_id>/bodies", scope="teams:read", query=KnownAt)
    def show_bodies(self, call: Call) -> dict[str, Any]:
        """Who is responsible for the team on that day: of each role the bodies of the nearest area."""
        day, known_at = day_of(call), call.query["known_at"]
        team, _, _ = self.affairs.state(team_stream(str(call.path["team_id"])), known_at)
        if not isinstance(team, Team):
            raise Problem("not-found", where="path")
        unit_id, kind = team.unit_on(day), team.birth.kind
        self.authority.require(call.actor, unit_id, max(day, team.established), "/team_id")
        tree = self.units.tree(known_at)
        above = list(chain_on(tree if unit_id in tree or known_at else self.units.refresh(), unit_id, day))
        bodies = self.affairs.bodies(above, kind, day, known_at)
        return {"team_id": team.birth.team_id, "unit_id": unit_id, "kind": kind, "as_of": day, "bodies": bodies}

    def _require_team(self, call: Call, team_id: str, day: date) -> None:
        """A team brings its affairs along when it is reassigned, so what counts is the unit it serves on that day."""
        team, _ = self.handler.state(team_stream(team_id))
        if not isinstance(team, Team):
            raise Problem("team-unknown", "/team", where="query", team=team_id)
        self.authority.require(call.actor, team.unit_on(day), max(day, team.established), "/team")

    def _covers(self, call: Call, record: Record, day: date) -> bool:
        """Whether the record is of the caller's units; what holds in an area may be read by all below it."""
        tree = self.units.tree()
        if self.authority.covers(call.actor, record.unit_id, max(day, record.facts[0].effective)):
            return True
        if not any(tree.covers([record.unit_id], unit_id, day) for unit_id in call.actor.units):
            raise Problem("forbidden-unit", "/record_id", where="path", day=day.isoformat())
        return False


def _affair(call: Call) -> Affair:
    affair = BY_PLURAL.get(call.path["affairs"])
    if affair is None:
        raise Problem("not-found", where="path")
    return affair
