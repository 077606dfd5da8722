"""Outreach sessions: recorded, corrected, voided."""

from __future__ import annotations

from typing import Any

import msgspec

from services.visits.areas import Areas
from services.visits.domain.outreach import (
    OutreachCommand,
    OutreachCorrected,
    OutreachEvent,
    OutreachRecorded,
    OutreachState,
    OutreachVoided,
    Session,
)
from services.visits.doubting import Doubting
from services.visits.queries.below import units_of
from services.visits.queries.outreach import OutreachQueries, Wanted
from services.visits.schemas.kinds import behind
from services.visits.schemas.outreach import (
    CorrectOutreachSchema,
    RecordOutreachSchema,
    SessionsQuery,
    VoidOutreachSchema,
    correct_outreach,
    record_outreach,
    void_outreach,
)
from services.visits.service.base import PERSONAL, Pieces
from shared.edge import Call, Reply, Row, Rows, answered, route
from shared.edge_batch import batch_reply
from shared.handler import Handler
from shared.problems import Problem
from shared.vietnamese import hanoi_day


class OutreachRoutes(Pieces):
    outreach: Handler[OutreachCommand, OutreachState, OutreachEvent]
    outreach_queries: OutreachQueries
    doubting: Doubting

    @route("POST", "/v1/outreach", scope="visits:write", body=RecordOutreachSchema)
    def record_session(self, call: Call) -> Reply:
        Areas(self.units.tree(), call.actor).require(call.body.unit_id, call.body.day)
        [doubts] = self.doubting.flags_of_sessions([(call.body, call.body.unit_id)])
        command = record_outreach(call.body, hanoi_day(call.now), doubts)
        return answered(self.outreach.handle(call.envelope(command, command.session_id)), id=str(command.session_id))

    @route("POST", "/v1/outreach/batch", scope="visits:write", body=Rows(RecordOutreachSchema))
    def record_sessions(self, call: Call) -> Reply:
        rows: list[Row] = call.body
        areas, today = Areas(self.units.tree(), call.actor), hanoi_day(call.now)
        for row in rows:
            if row.problem is None and (problem := areas.problem(row.loaded.unit_id, row.loaded.day)):
                row.refuse(problem)
        good = [row for row in rows if row.problem is None]
        doubts = self.doubting.flags_of_sessions([(row.loaded, row.loaded.unit_id) for row in good])
        commands = [record_outreach(row.loaded, today, flags) for row, flags in zip(good, doubts, strict=True)]
        answers = self.outreach.handle_many([call.envelope(command, command.session_id) for command in commands])
        answered_rows = dict(zip((row.index for row in good), answers, strict=True))
        return batch_reply(rows, answered_rows, call.locale, key="session_id")

    @route("POST", "/v1/outreach/<uuid:session_id>/correct", scope="visits:write", body=CorrectOutreachSchema)
    def correct_session(self, call: Call) -> Reply:
        """By whoever answers for the unit that it was recorded for and for that which it is corrected to."""
        self._session(call)
        Areas(self.units.tree(), call.actor).require(call.body.unit_id, call.body.day)
        [doubts] = self.doubting.flags_of_sessions([(call.body, call.body.unit_id)])
        command = correct_outreach(call.path["session_id"], call.body, hanoi_day(call.now), doubts)
        return answered(self.outreach.handle(call.envelope(command)), id=str(command.session_id))

    @route("POST", "/v1/outreach/<uuid:session_id>/void", scope="visits:write", body=VoidOutreachSchema)
    def void_session(self, call: Call) -> Reply:
        self._session(call)
        command = void_outreach(call.path["session_id"], call.body)
        return answered(self.outreach.handle(call.envelope(command)), id=str(command.session_id))

    @route("GET", "/v1/outreach/<uuid:session_id>", scope="visits:read")
    def show_session(self, call: Call) -> Reply:
        """As it is told by now, and what was told before."""
        events, version = self._session(call)
        personal = PERSONAL in call.actor.scopes
        last = events[-1]
        answer = {
            "session_id": last.session_id,
            "state": "voided" if isinstance(last, OutreachVoided) else "held",
            **msgspec.to_builtins(_told(last)),
            "flags": [] if isinstance(last, OutreachVoided) else last.flags,
            "history": [_history(event, personal=personal) for event in events],
        }
        return Reply(200, answer, etag=version)

    @route("GET", "/v1/outreach", scope="visits:read", query=SessionsQuery)
    def list_sessions(self, call: Call) -> Reply:
        """A page of the sessions of a unit and below, voided ones left out; with the first, the sum of heads."""
        asked, tree = call.query, self.units.tree()
        if asked["unit"] not in tree:
            raise Problem("unknown-unit", "/unit", where="query")
        self.require_sight(call, asked["unit"])
        units = units_of(tree, asked["unit"], hanoi_day(call.now))
        wanted = Wanted(units, asked["since"], asked["until"], asked["after"], asked["limit"] + 1)
        found = self.outreach_queries.page(wanted)
        page = found[: asked["limit"]]
        following = behind(page[-1]["day"], page[-1]["session_id"]) if len(found) > len(page) else None
        answer: dict[str, Any] = {"sessions": page, "next": following}
        return Reply(200, answer if asked["after"] else {"sum": self.outreach_queries.sum(wanted)} | answer)

    def _session(self, call: Call) -> tuple[list[OutreachEvent], int]:
        events, version = self.outreach_queries.events(call.path["session_id"])
        if not events:
            raise Problem("not-found", where="path")
        self.require_sight(call, _told(events[-1]).unit_id)
        return events, version


def _told(event: OutreachEvent) -> Session:
    match event:
        case OutreachRecorded():
            return event.session
        case OutreachCorrected():
            return event.after
        case OutreachVoided():
            return event.before


def _history(event: OutreachEvent, *, personal: bool) -> dict[str, Any]:
    told = {OutreachRecorded: "recorded", OutreachCorrected: "corrected", OutreachVoided: "voided"}[type(event)]
    entry = {"told": told, "session": msgspec.to_builtins(_told(event))}
    if not isinstance(event, OutreachRecorded):
        entry["reason"] = event.reason
    return entry | {"note": event.note.text} if personal and event.note is not None else entry
