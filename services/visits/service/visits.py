"""Visits: one, or a batch; corrected, voided, their doubts settled."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.visits.areas import Areas
from services.visits.changing import Changing
from services.visits.domain import CorrectVisit, Settled, SettleFlag, VoidVisit
from services.visits.domain.doubts import latest_of
from services.visits.doubting import Doubting
from services.visits.intake import Intake, flagged
from services.visits.queries.visits import KnownVisit, VisitQueries, visit_answer
from services.visits.schemas.kinds import personal
from services.visits.schemas.visits import (
    CorrectVisitSchema,
    RecordVisitSchema,
    SettleFlagSchema,
    VoidVisitSchema,
    content,
)
from services.visits.service.base import PERSONAL, Pieces, flag_of
from shared.edge import Call, Reply, Rows, answered, route
from shared.edge_batch import batch_reply
from shared.problems import Problem


class VisitRoutes(Pieces):
    intake: Intake
    changing: Changing
    doubting: Doubting
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
        """The visit as it is now; its revision is the ETag that corrections may be bound to."""
        known = self.visit_queries.visit(call.path["visit_id"])
        if known is None:
            raise Problem("not-found", where="path")
        self.require_sight(call, known.visit.unit_id)
        answer = visit_answer(known, personal=PERSONAL in call.actor.scopes)
        # For If-Match only: doubts and notes change without it, so the answer is never "not modified".
        return Reply(200, answer, {"ETag": f'"{known.seen.revision}"'})

    @route("POST", "/v1/visits/<uuid:visit_id>/correct", scope="visits:write", body=CorrectVisitSchema)
    def correct_visit(self, call: Call) -> Reply:
        """The whole content anew; ``If-Match`` is the revision."""
        visit_id, body = call.path["visit_id"], call.body

        def command(known: KnownVisit) -> CorrectVisit:
            said = content(body)
            if not Areas(self.units.tree(), call.actor).covers(known.visit.unit_id, said.day):
                raise Problem("forbidden-unit", "/day", day=said.day.isoformat())
            [doubts] = self.doubting.flags([(said, known.visit.unit_id)])
            return CorrectVisit(
                visit_id=visit_id,
                content=said,
                reason=body.reason,
                note=personal(body.note),
                remark=personal(body.remark),
                revision=call.if_match,
                place_id=known.visit.place_id,
                seen=known.seen,
                latest=latest_of(call.now),
                doubts=doubts,
                also=known.streams,
            )

        return self._changed(call, visit_id, command)

    @route("POST", "/v1/visits/<uuid:visit_id>/void", scope="visits:write", body=VoidVisitSchema)
    def void_visit(self, call: Call) -> Reply:
        visit_id, body = call.path["visit_id"], call.body

        def command(known: KnownVisit) -> VoidVisit:
            return VoidVisit(
                visit_id=visit_id,
                reason=body.reason,
                remark=personal(body.remark),
                revision=call.if_match,
                place_id=known.visit.place_id,
                seen=known.seen,
                also=known.streams,
            )

        return self._changed(call, visit_id, command)

    @route("POST", "/v1/visits/<uuid:visit_id>/flags/<flag>", scope="visits:write", body=SettleFlagSchema)
    def settle_flag(self, call: Call) -> Reply:
        visit_id, flag, how = call.path["visit_id"], flag_of(call), Settled(call.body.how)

        def command(known: KnownVisit) -> SettleFlag:
            return SettleFlag(
                visit_id=visit_id,
                flag=flag,
                how=how,
                place_id=known.visit.place_id,
                seen=known.seen,
                also=known.streams,
            )

        return self._changed(call, visit_id, command)

    def _changed(self, call: Call, visit_id: UUID, command: Any) -> Reply:
        answer, before = self.changing.change(call, visit_id, command)
        revision = max((getattr(event, "revision", 0) for event in answer.events), default=0) or before.seen.revision
        reply = answered(answer, id=str(visit_id), revision=revision, **flagged(answer))
        return Reply(reply.status, reply.body, {"ETag": f'"{revision}"'})
