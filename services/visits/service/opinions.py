"""Opinions: recorded, forwarded, answered. What was said is for those with the scope of personal data only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import structlog

from services.visits.domain.doubts import latest_of
from services.visits.domain.opinion import OpinionCommand, OpinionEvent, OpinionForwarded, OpinionRecorded, OpinionState
from services.visits.projections.opinions import STATES
from services.visits.queries.below import units_of
from services.visits.queries.opinions import OpinionQueries, Wanted
from services.visits.schemas.kinds import behind
from services.visits.schemas.opinions import (
    AnswerOpinionSchema,
    CloseOpinionSchema,
    ForwardOpinionSchema,
    OpinionsQuery,
    RecordOpinionSchema,
    WithdrawOpinionSchema,
    answer_opinion,
    close_opinion,
    forward_opinion,
    record_opinion,
    withdraw_opinion,
)
from services.visits.service.base import PERSONAL, Pieces
from services.visits.standing import Standing
from shared.edge import Call, Reply, answered, route
from shared.handler import Handler
from shared.problems import Problem
from shared.vault import Vault
from shared.vietnamese import hanoi_day

audit = structlog.get_logger("audit")


class OpinionRoutes(Pieces):
    opinions: Handler[OpinionCommand, OpinionState, OpinionEvent]
    opinion_queries: OpinionQueries
    vault: Vault

    @route("POST", "/v1/opinions", scope="visits:write", body=RecordOpinionSchema)
    def record_opinion(self, call: Call) -> Reply:
        """Opinions have no doubts: of a unit that only a higher one has followed, name the unit of the day."""
        body, standing = call.body, Standing(self.units.tree(), call.actor, hanoi_day(call.now))
        stand = standing.require(body.unit_id, body.day)
        if stand.higher:
            raise Problem("unit-not-on-day", "/unit_id", day=body.day.isoformat())
        command = record_opinion(body, latest_of(call.now).day, stand.unit_id)
        return answered(self.opinions.handle(call.envelope(command, command.opinion_id)), id=str(command.opinion_id))

    @route("GET", "/v1/opinions", scope="visits:read", query=OpinionsQuery)
    def list_opinions(self, call: Call) -> Reply:
        """A page of the opinions of a unit and below; with the first, how many there are in each state."""
        asked, today, tree = call.query, hanoi_day(call.now), self.units.tree()
        if asked["unit"] not in tree:
            raise Problem("no-such-unit", "/unit", where="query", unit=asked["unit"])
        self.require_sight(call, asked["unit"])
        wanted = Wanted(
            units_of(tree, asked["unit"], today),
            asked["where"],
            today,
            asked["state"],
            asked["overdue"],
            asked["after"],
            asked["limit"] + 1,
        )
        found = self.opinion_queries.page(wanted)
        page = found[: asked["limit"]]
        following = behind(page[-1]["heard"], page[-1]["opinion_id"]) if len(found) > len(page) else None
        answer: dict[str, Any] = {"opinions": page, "next": following}
        return Reply(200, answer if asked["after"] else {"counts": self.opinion_queries.counts(wanted)} | answer)

    @route("GET", "/v1/opinions/<uuid:opinion_id>", scope="visits:read")
    def show_opinion(self, call: Call) -> Reply:
        events, version = self._seen(call)
        recorded = events[0]
        assert isinstance(recorded, OpinionRecorded)
        answer = {
            "opinion_id": recorded.opinion_id,
            **msgspec.to_builtins(recorded.about),
            "state": STATES[type(events[-1]).__name__],
            "reported_unit_id": recorded.reported_unit_id,
            "team_id": recorded.team_id,
            "visit_id": recorded.visit_id,
            "steps": [_step(event, personal=PERSONAL in call.actor.scopes) for event in events],
        }
        return Reply(200, answer, etag=version)

    @route("POST", "/v1/opinions/<uuid:opinion_id>/forward", scope="visits:write", body=ForwardOpinionSchema)
    def forward_opinion(self, call: Call) -> Reply:
        named, day, today = call.body.to_unit_id, call.body.day, hanoi_day(call.now)
        standing = Standing(self.units.tree(), call.actor, today)
        stand = None if named is None else standing.anywhere(named, day, "/to_unit_id")
        return self._step(call, partial(forward_opinion, stands_in=stand and stand.unit_id))

    @route("POST", "/v1/opinions/<uuid:opinion_id>/answer", scope="visits:write", body=AnswerOpinionSchema)
    def answer_opinion(self, call: Call) -> Reply:
        return self._step(call, answer_opinion)

    @route("POST", "/v1/opinions/<uuid:opinion_id>/close", scope="visits:write", body=CloseOpinionSchema)
    def close_opinion(self, call: Call) -> Reply:
        return self._step(call, close_opinion)

    @route("POST", "/v1/opinions/<uuid:opinion_id>/withdraw", scope="visits:write", body=WithdrawOpinionSchema)
    def withdraw_opinion(self, call: Call) -> Reply:
        return self._step(call, withdraw_opinion)

    @route("DELETE", "/v1/opinions/<uuid:opinion_id>/personal", scope="places:erase")
    def erase_opinion(self, call: Call) -> Reply:
        """What was said and answered can never be read again, in no copy of the log; that it was said stays."""
        self._seen(call)
        self.vault.destroy(str(call.path["opinion_id"]))
        audit.info("opinion erased", audit=True, opinion=str(call.path["opinion_id"]), sub=call.actor.sub)
        return Reply(204)

    def _step(self, call: Call, step: Callable[[UUID, Any, date], OpinionCommand]) -> Reply:
        self._seen(call)
        command = step(call.path["opinion_id"], call.body, latest_of(call.now).day)
        return answered(self.opinions.handle(call.envelope(command)), id=str(command.opinion_id))

    def _seen(self, call: Call) -> tuple[list[OpinionEvent], int]:
        """The opinion of the path, if the caller answers for the unit where it was heard or one it was forwarded to."""
        events, version = self.opinion_queries.events(call.path["opinion_id"])
        if not events:
            raise Problem("not-found", where="path")
        units = {events[0].about.unit_id}
        units |= {event.to_unit_id for event in events if isinstance(event, OpinionForwarded) and event.to_unit_id}
        tree, today = self.units.tree(), hanoi_day(call.now)
        if not any(tree.covers(call.actor.units, unit, today) for unit in units):
            raise Problem("forbidden-unit", where="path", day=today.isoformat())
        return events, version


_TOLD = ("day", "due", "to_unit_id", "to_body_id", "reported_to_unit_id", "reason")


def _step(event: OpinionEvent, *, personal: bool) -> dict[str, Any]:
    said = {name: getattr(event, name, None) for name in _TOLD}
    step = {"state": STATES[type(event).__name__], **{name: value for name, value in said.items() if value is not None}}
    text = getattr(event, "text", None)
    return step | {"text": text.text} if personal and text is not None else step
