"""Declared numbers of households. By file: ``/v1/imports`` (``shared.edge_jobs``)."""

from __future__ import annotations

from datetime import date

from services.visits.declaring import require_declarable
from services.visits.domain.households import Declared, HouseholdsCommand, HouseholdsEvent
from services.visits.queries.households import HouseholdQueries
from services.visits.schemas.households import (
    AsOfQuery,
    DeclareHouseholdsSchema,
    HouseholdsQuery,
    WithdrawHouseholdsSchema,
    declare_households,
    withdraw_households,
)
from services.visits.service.base import Pieces
from services.visits.standing import Standing
from shared.edge import Call, Reply, answered, route
from shared.handler import Handler
from shared.problems import Problem
from shared.vietnamese import hanoi_day


class HouseholdRoutes(Pieces):
    households: Handler[HouseholdsCommand, Declared, HouseholdsEvent]
    household_queries: HouseholdQueries

    @route("POST", "/v1/households", scope="visits:write", body=DeclareHouseholdsSchema)
    def declare(self, call: Call) -> Reply:
        unit_id = self._unit(call)
        require_declarable(self.units.tree(), unit_id, call.body.day)
        return answered(self.households.handle(call.envelope(declare_households(call.body, unit_id))))

    @route("POST", "/v1/households/withdraw", scope="visits:write", body=WithdrawHouseholdsSchema)
    def withdraw(self, call: Call) -> Reply:
        command = withdraw_households(call.body, self._unit(call))
        return answered(self.households.handle(call.envelope(command)))

    @route("GET", "/v1/households", scope="visits:read", query=HouseholdsQuery)
    def list_households(self, call: Call) -> Reply:
        """Denominators are no secrets: any reader of visits may look."""
        unit_id, day, tree = call.query["unit"], self._day(call), self.units.tree()
        if not tree.exists(unit_id, day):
            raise Problem("unit-not-on-day" if unit_id in tree else "unknown-unit", "/unit", where="query", day=day)
        return Reply(200, self.household_queries.below(unit_id, day, tree, call.query["after"], call.query["limit"]))

    @route("GET", "/v1/units/<unit_id>/households", scope="visits:read", query=AsOfQuery)
    def show_households(self, call: Call) -> Reply:
        if call.path["unit_id"] not in self.units.tree():
            raise Problem("not-found", where="path")
        return Reply(200, self.household_queries.of(call.path["unit_id"], self._day(call)))

    def _unit(self, call: Call) -> str:
        """The unit of the figure's day, which the caller answers for."""
        standing = Standing(self.units.tree(), call.actor, hanoi_day(call.now))
        standing.require(call.body.unit_id, call.body.day)
        return standing.same(call.body.unit_id, call.body.day)

    def _day(self, call: Call) -> date:
        given: date | None = call.query["as_of"]
        return given or hanoi_day(call.now)
