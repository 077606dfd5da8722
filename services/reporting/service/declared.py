"""Declared figures: recorded, corrected, withdrawn, listed, and reconciled with what is counted."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid5

from uuid_utils.compat import uuid7

from services.reporting.domain.declared import (
    CorrectFigure,
    DeclaredCommand,
    DeclaredEvent,
    DeclaredState,
    DeclareFigure,
    Figure,
    WithdrawFigure,
)
from services.reporting.figures import SORTS, Sort
from services.reporting.indicators import CATALOGUE
from services.reporting.queries.below import behind_of
from services.reporting.queries.declared import Chosen, DeclaredQueries, History, detailed
from services.reporting.schemas.declared import (
    CorrectSchema,
    DeclaredQuery,
    DeclareSchema,
    RatioQuery,
    ReconciliationQuery,
    Said,
    WithdrawSchema,
)
from services.reporting.service.base import Pieces, told
from shared.edge import Call, Reply, answered, require_unit, route
from shared.handler import Handler
from shared.problems import Problem

PERIODS = frozenset({Sort.FLOW, Sort.DISTINCT})


class DeclaredRoutes(Pieces):
    declared: Handler[DeclaredCommand, DeclaredState, DeclaredEvent]
    declared_queries: DeclaredQueries

    @route("POST", "/v1/declared", scope="reporting:write", body=DeclareSchema)
    def declare(self, call: Call) -> Reply:
        said: Said = call.body
        self._require(call, said.figure)
        figure_id = said.figure_id or call.idempotency_key or uuid7()
        command = DeclareFigure(figure_id, said.figure, self.area.today())
        answer = self.declared.handle(call.envelope(command, call.idempotency_key or uuid5(figure_id, "declare")))
        return answered(answer, figure_id=str(figure_id))

    @route("POST", "/v1/declared/<uuid:figure_id>/correct", scope="reporting:write", body=CorrectSchema)
    def correct(self, call: Call) -> Reply:
        """The whole figure anew, by whoever answers for the unit it was declared for and for the one it is of now."""
        said: Said = call.body
        self._own_figure(call)
        self._require(call, said.figure)
        assert said.reason is not None  # required by the schema
        command = CorrectFigure(call.path["figure_id"], said.reason, said.figure, self.area.today())
        return answered(self.declared.handle(call.envelope(command)), figure_id=str(command.figure_id))

    @route("POST", "/v1/declared/<uuid:figure_id>/withdraw", scope="reporting:write", body=WithdrawSchema)
    def withdraw(self, call: Call) -> Reply:
        self._own_figure(call)
        command = WithdrawFigure(call.path["figure_id"], call.body["reason"])
        return answered(self.declared.handle(call.envelope(command)), figure_id=str(command.figure_id))

    @route("GET", "/v1/declared/<uuid:figure_id>", scope="reporting:read")
    def show_declared(self, call: Call) -> Reply:
        """As it stands, and what was said before, by whom and when."""
        history = self._own_figure(call)
        return Reply(200, detailed(call.path["figure_id"], history), etag=history.version)

    @route("GET", "/v1/declared", scope="reporting:read", query=DeclaredQuery)
    def list_declared(self, call: Call) -> dict[str, Any]:
        self.require_sight(call, call.query["unit"], "/unit", "query")
        return self.declared_queries.listed(_chosen(call.query["unit"], call.query))

    @route("GET", "/v1/declared/ratio", scope="reporting:read", query=RatioQuery)
    def declared_ratio(self, call: Call) -> dict[str, Any]:
        """Of two figures of one unit; a difference of their dates is always said with it."""
        answer = self.declared_queries.ratio(call.query["of"], call.query["over"], call.locale)
        self.require_sight(call, answer["of"]["unit_id"], "/of", "query")
        return answer

    @route("GET", "/v1/reconciliation/<string:unit_id>", scope="reporting:read", query=ReconciliationQuery)
    def reconcile(self, call: Call) -> Reply:
        """What was declared of the unit itself beside what is counted: difference, and whether the qualifier holds."""
        shown = self.allowed(call, call.path["unit_id"], call.query["map_day"])
        chosen = _chosen(shown.unit, call.query)
        return told(self.declared_queries.reconciled(chosen, call.query["map_day"], call.locale))

    def _require(self, call: Call, figure: Figure) -> None:
        require_unit(call.actor, self.area.tree, figure.unit_id, figure.day)
        sorts = {SORTS[name] for name in CATALOGUE.latest[figure.indicator].figures}
        if figure.since is not None and sorts - PERIODS:
            raise Problem("since-of-stock", "/since", indicator=figure.indicator)

    def _own_figure(self, call: Call) -> History:
        """The figure of the path, if the caller answers for its unit on its day or for its place today."""
        history = self.declared_queries.history(call.path["figure_id"])
        self.require_sight(call, history.figure.unit_id, "/figure_id", "path", history.figure.day)
        return history


def _chosen(unit: str, query: dict[str, Any]) -> Chosen:
    first: date = query["first"]
    if first > query["last"]:
        raise Problem("period-reversed", "/from", where="query", first=first, last=query["last"])
    behind = behind_of(query["after"])
    return Chosen(unit, query.get("below", False), query["indicator"], first, query["last"], behind, query["limit"])
