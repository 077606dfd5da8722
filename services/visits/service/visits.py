"""Visits: one, or a batch."""

from __future__ import annotations

from services.visits.intake import Intake, flagged
from services.visits.queries.visits import VisitQueries, visit_answer
from services.visits.schemas.visits import RecordVisitSchema
from services.visits.service.base import PERSONAL, Pieces
from shared.edge import Call, Reply, Rows, answered, route
from shared.edge_batch import batch_reply
from shared.problems import Problem


class VisitRoutes(Pieces):
    intake: Intake
    visit_queries: VisitQueries

    @route("POST", "/v1/visits", scope="visits:write", body=RecordVisitSchema, lane="single")
    def record(self, call: Call) -> Reply:
        answer = self.intake.one(call)
        return answered(answer, id=str(call.body.visit_id), **flagged(answer))

    @route("POST", "/v1/visits/batch", scope="visits:write", body=Rows(RecordVisitSchema), lane="batch")
    def record_many(self, call: Call) -> Reply:
        answers = self.intake.many(call.actor, call.now, call.body)
        return batch_reply(call.body, answers, call.locale, key="visit_id", say=flagged)

    @route("GET", "/v1/visits/<uuid:visit_id>", scope="visits:read")
    def show_visit(self, call: Call) -> Reply:
        found = self.visit_queries.visit(call.path["visit_id"])
        if found is None:
            raise Problem("not-found", where="path")
        event, stored = found
        self.require_sight(call, event.unit_id)
        answer = visit_answer(event, stored, personal=PERSONAL in call.actor.scopes)
        return Reply(200, answer, etag=stored.version)
