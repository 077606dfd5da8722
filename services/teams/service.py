"""The entrypoints of teams; what they need is provided by ``wiring.py``."""

from __future__ import annotations

from datetime import date
from typing import Any

import structlog
from marshmallow import Schema, fields, validate

from services.teams import shown
from services.teams.authority import Authority
from services.teams.domain.documents import Document, document_stream
from services.teams.domain.people import ErasePerson
from services.teams.domain.teams import Team, TeamKind, team_stream
from services.teams.intake import Intake
from services.teams.people import People
from services.teams.queries import Queries
from services.teams.schemas.base import Change, Loaded, Picked, row_of
from services.teams.schemas.documents import RegisterDocumentSchema
from services.teams.schemas.kinds import UNIT_ID, Choice, Day, Line, Matching, Uid
from services.teams.schemas.people import RegisterPersonSchema
from services.teams.schemas.teams import (
    TEAM_CHANGES,
    AppointSeatSchema,
    DissolveTeamSchema,
    EndPilotSchema,
    EstablishTeamSchema,
    MergeTeamsSchema,
    ReconstituteTeamSchema,
    ReleaseSeatSchema,
    RenameTeamSchema,
)
from services.teams.schemas.units import UNIT_CHANGES
from shared.edge import Call, Reply, Rows, answered, route
from shared.edge_feed import Feed
from shared.edge_health import Health
from shared.handler import Handler
from shared.problems import Problem
from shared.unit_directory import UnitDirectory
from shared.units import LEVELS, UnitTree
from shared.vietnamese import hanoi_day

audit = structlog.get_logger("audit")

PAGE = 500


class AsOf(Schema):
    as_of = Day(load_default=None)


class UnitQuery(AsOf):
    """One of ``code``, ``name`` and ``parent``."""

    code = Line(20, load_default=None)
    name = Line(120, load_default=None)
    parent = Matching(UNIT_ID, load_default=None)
    level = Choice(LEVELS, load_default=None)


class TeamQuery(AsOf):
    """``unit``: the root of a subtree (else all of the caller's); ``after``: the last team of the page before."""

    unit = Matching(UNIT_ID, load_default=None)
    kind = Choice(TeamKind, load_default=None)
    after = Uid(load_default="")
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))


def one(schema: type[Change], *path: str) -> Change:
    """The body of a single route, which takes these fields from its path."""
    return schema(exclude=path)


class TeamsService(Health, Feed):
    name = "teams"
    handler: Handler[Any, Any, Any]
    intake: Intake
    authority: Authority
    units: UnitDirectory
    queries: Queries
    people: People

    # --- units ---------------------------------------------------------------------------------------------------

    @route("POST", "/v1/units/batch", scope="teams:admin", body=Rows(Picked(UNIT_CHANGES)))
    def change_units(self, call: Call) -> Reply:
        return self.intake.batch(call)

    @route("GET", "/v1/units", scope="teams:read", query=UnitQuery)
    def find_units(self, call: Call) -> dict[str, Any]:
        query, day, tree = call.query, _day(call), self.units.tree()
        if [query["code"], query["name"], query["parent"]].count(None) != 2:
            raise Problem("unit-query", where="query")
        if query["code"] is not None:
            found = [unit for unit in (tree.by_code(query["code"], day),) if unit]
        elif query["name"] is not None:
            found = list(tree.find_by_name(query["name"], day, query["level"]))
        else:
            found = list(tree.children(_known(tree, query["parent"], "query"), day))
        wanted = [unit for unit in found if query["level"] in (None, tree.level(unit))]
        return {"as_of": day, "units": [shown.unit(tree, unit, day) for unit in wanted[:PAGE]]}

    @route("GET", "/v1/units/<unit_id>", scope="teams:read", query=AsOf)
    def show_unit(self, call: Call) -> dict[str, Any]:
        tree = self.units.tree()
        return shown.unit(tree, _known(tree, call.path["unit_id"]), _day(call))

    @route("GET", "/v1/units/<unit_id>/children", scope="teams:read", query=AsOf)
    def show_children(self, call: Call) -> dict[str, Any]:
        tree, day = self.units.tree(), _day(call)
        children = tree.children(_known(tree, call.path["unit_id"]), day)
        return {"as_of": day, "units": [shown.unit(tree, unit, day) for unit in children]}

    @route("GET", "/v1/units/<unit_id>/successors", scope="teams:read", query=AsOf)
    def show_successors(self, call: Call) -> dict[str, Any]:
        tree = self.units.tree()
        return shown.kinship(tree, _known(tree, call.path["unit_id"]), _day(call))

    # --- documents -----------------------------------------------------------------------------------------------

    @route("POST", "/v1/documents", scope="teams:write", body=RegisterDocumentSchema)
    def register_document(self, call: Call) -> Reply:
        return self._one(call, bound=False)

    @route("POST", "/v1/documents/batch", scope="teams:write", body=Rows(row_of(RegisterDocumentSchema)))
    def register_documents(self, call: Call) -> Reply:
        return self.intake.batch(call, bound=False)

    @route("GET", "/v1/documents/<uuid:document_id>", scope="teams:read")
    def show_document(self, call: Call) -> Reply:
        state, version = self.handler.state(document_stream(str(call.path["document_id"])))
        if not isinstance(state, Document):
            raise Problem("not-found", where="path")
        return Reply(200, state.registered, etag=version)

    # --- people: names go in, and out only to those with people:read ----------------------------------------------

    @route("POST", "/v1/people", scope="teams:write", body=RegisterPersonSchema)
    def register_person(self, call: Call) -> Reply:
        return self._one(call, bound=False)

    @route("POST", "/v1/people/batch", scope="teams:write", body=Rows(row_of(RegisterPersonSchema)))
    def register_people(self, call: Call) -> Reply:
        return self.intake.batch(call, bound=False)

    @route("GET", "/v1/people/<uuid:person_id>", scope="people:read")
    def show_person(self, call: Call) -> Reply:
        person_id = str(call.path["person_id"])
        self._require_person(call, person_id)
        person = self.people.read(person_id)
        audit.info("person read", audit=True, person=person_id, sub=call.actor.sub)
        return Reply(200, person, {"Cache-Control": "no-store"}, etag=person["version"])

    @route("DELETE", "/v1/people/<uuid:person_id>", scope="people:erase")
    def erase_person(self, call: Call) -> Reply:
        """The seats and every count stay; name and phone number are gone, here and in every copy of the log."""
        person_id = str(call.path["person_id"])
        self._require_person(call, person_id)
        answer = self.intake.one(call, call.envelope(ErasePerson(person_id)), bound=False)
        self.people.destroy_key(person_id)
        audit.info("person erased", audit=True, person=person_id, sub=call.actor.sub)
        return answered(answer)

    # --- teams ---------------------------------------------------------------------------------------------------

    @route("POST", "/v1/teams", scope="teams:write", body=EstablishTeamSchema)
    def establish_team(self, call: Call) -> Reply:
        return self._one(call)

    @route("POST", "/v1/teams/batch", scope="teams:write", body=Rows(row_of(EstablishTeamSchema)))
    def establish_teams(self, call: Call) -> Reply:
        return self.intake.batch(call)

    @route("POST", "/v1/teams/changes/batch", scope="teams:write", body=Rows(Picked(TEAM_CHANGES)))
    def change_teams(self, call: Call) -> Reply:
        return self.intake.batch(call)

    @route("POST", "/v1/teams/merge", scope="teams:write", body=MergeTeamsSchema)
    def merge_teams(self, call: Call) -> Reply:
        return self._one(call)

    @route("POST", "/v1/teams/<uuid:team_id>/rename", scope="teams:write", body=one(RenameTeamSchema, "team_id"))
    def rename_team(self, call: Call) -> Reply:
        return self._one(call)

    @route(
        "POST",
        "/v1/teams/<uuid:team_id>/reconstitute",
        scope="teams:write",
        body=one(ReconstituteTeamSchema, "team_id"),
    )
    def reconstitute_team(self, call: Call) -> Reply:
        return self._one(call)

    @route("POST", "/v1/teams/<uuid:team_id>/dissolve", scope="teams:write", body=one(DissolveTeamSchema, "team_id"))
    def dissolve_team(self, call: Call) -> Reply:
        return self._one(call)

    @route("POST", "/v1/teams/<uuid:team_id>/end-pilot", scope="teams:write", body=one(EndPilotSchema, "team_id"))
    def end_pilot(self, call: Call) -> Reply:
        return self._one(call)

    @route("POST", "/v1/teams/<uuid:team_id>/seats", scope="teams:write", body=one(AppointSeatSchema, "team_id"))
    def appoint_seat(self, call: Call) -> Reply:
        return self._one(call)

    @route(
        "POST",
        "/v1/teams/<uuid:team_id>/seats/<seat_id>/release",
        scope="teams:write",
        body=one(ReleaseSeatSchema, "team_id", "seat_id"),
    )
    def release_seat(self, call: Call) -> Reply:
        return self._one(call)

    @route("GET", "/v1/teams/<uuid:team_id>", scope="teams:read", query=AsOf)
    def show_team(self, call: Call) -> Reply:
        state, version = self.handler.state(team_stream(str(call.path["team_id"])))
        if not isinstance(state, Team):
            raise Problem("not-found", where="path")
        day = _day(call)
        self.authority.require(call.actor, state.unit_id, max(day, state.established), "/team_id")
        return Reply(200, shown.team(state, version, day), etag=version)

    @route("GET", "/v1/teams", scope="teams:read", query=TeamQuery)
    def list_teams(self, call: Call) -> dict[str, Any]:
        """Teams of a day in a subtree, by id, with the number of seats; ``next`` is ``after`` of the next page."""
        query, day = call.query, _day(call)
        if query["unit"] is not None:
            self.authority.require(call.actor, query["unit"], day, "/unit")
        roots = [query["unit"]] if query["unit"] is not None else call.actor.units
        teams, position = self.queries.teams(roots, day, query["kind"], query["after"], query["limit"])
        following = teams[-1]["team_id"] if len(teams) == query["limit"] else None
        return {"as_of": day, "position": position, "teams": teams, "next": following}

    # --- what they share -----------------------------------------------------------------------------------------

    def _one(self, call: Call, *, bound: bool = True) -> Reply:
        loaded: Loaded = call.body
        command = loaded.command(**{name: str(value) for name, value in call.path.items()})
        envelope = call.envelope(command, loaded.command_id)
        return answered(self.intake.one(call, envelope, bound=bound), id=str(envelope.command_id))

    def _require_person(self, call: Call, person_id: str) -> None:
        """A caller sees the people of the teams in its units; who has no seat yet is for those who hold the nation."""
        if self.authority.holds_all(call.actor):
            return
        today = hanoi_day(call.now)
        units = self.queries.units_of_person(person_id)
        if not any(self.authority.covers(call.actor, unit, today) for unit in units):
            raise Problem("forbidden-unit", "/person_id", where="path", day=today.isoformat())


def _day(call: Call) -> date:
    """``as_of``, or today in Viet Nam."""
    given: date | None = call.query["as_of"]
    return given or hanoi_day(call.now)


def _known(tree: UnitTree, unit_id: str, where: str = "path") -> str:
    if unit_id not in tree:
        raise Problem("not-found", where=where)
    return unit_id
