"""Outreach sessions: recorded, corrected, voided, their doubts settled."""

from __future__ import annotations

from functools import reduce
from typing import Any

import msgspec

from services.visits.domain import Settled
from services.visits.domain.doubts import latest_of
from services.visits.domain.outreach import (
    OUTREACH,
    Held,
    OutreachCommand,
    OutreachCorrected,
    OutreachEvent,
    OutreachFlagSettled,
    OutreachRecorded,
    OutreachState,
    OutreachVoided,
    SettleOutreach,
    Unheld,
    Voided,
)
from services.visits.doubting import Doubting
from services.visits.intake import flagged
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
from services.visits.schemas.visits import SettleFlagSchema
from services.visits.service.base import PERSONAL, Pieces, flag_of
from services.visits.standing import Standing
from shared.edge import Call, Reply, Rows, answered, route
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
        stand = self._standing(call).require(call.body.unit_id, call.body.day)
        [doubts] = self.doubting.flags_of_sessions([(call.body, stand.unit_id)])
        command = record_outreach(call.body, latest_of(call.now), stand, doubts)
        answer = self.outreach.handle(call.envelope(command, command.session_id))
        return answered(answer, id=str(command.session_id), **flagged(answer))

    @route("POST", "/v1/outreach/batch", scope="visits:write", body=Rows(RecordOutreachSchema))
    def record_sessions(self, call: Call) -> Reply:
        good, latest = self._standing(call).of_rows(call.body), latest_of(call.now)
        doubts = self.doubting.flags_of_sessions([(row.loaded, stand.unit_id) for row, stand in good])
        commands = [
            record_outreach(row.loaded, latest, stand, flags) for (row, stand), flags in zip(good, doubts, strict=True)
        ]
        answers = self.outreach.handle_many([call.envelope(command, command.session_id) for command in commands])
        answered_rows = dict(zip((row.index for row, _ in good), answers, strict=True))
        return batch_reply(call.body, answered_rows, call.locale, key="session_id", say=flagged)

    @route("POST", "/v1/outreach/<uuid:session_id>/correct", scope="visits:write", body=CorrectOutreachSchema)
    def correct_session(self, call: Call) -> Reply:
        """By whoever answers for the unit that it was recorded for and for that which it is corrected to."""
        self._session(call)
        stand = self._standing(call).require(call.body.unit_id, call.body.day)
        [doubts] = self.doubting.flags_of_sessions([(call.body, stand.unit_id)])
        command = correct_outreach(call.path["session_id"], call.body, latest_of(call.now), stand, doubts)
        answer = self.outreach.handle(call.envelope(command))
        return answered(answer, id=str(command.session_id), **flagged(answer))

    @route("POST", "/v1/outreach/<uuid:session_id>/void", scope="visits:write", body=VoidOutreachSchema)
    def void_session(self, call: Call) -> Reply:
        self._session(call)
        command = void_outreach(call.path["session_id"], call.body)
        return answered(self.outreach.handle(call.envelope(command)), id=str(command.session_id))

    @route("POST", "/v1/outreach/<uuid:session_id>/flags/<flag>", scope="visits:write", body=SettleFlagSchema)
    def settle_session_flag(self, call: Call) -> Reply:
        self._session(call)
        session_id = call.path["session_id"]
        command = SettleOutreach(session_id, flag_of(call), Settled(call.body.how))
        return answered(self.outreach.handle(call.envelope(command)), id=str(session_id))

    @route("GET", "/v1/outreach/<uuid:session_id>", scope="visits:read")
    def show_session(self, call: Call) -> Reply:
        """As it is told by now, its doubts, and what was told before."""
        events, state, version = self._session(call)
        personal = PERSONAL in call.actor.scopes
        doubts = state.doubts if isinstance(state, Held) else ()
        answer = {
            "session_id": call.path["session_id"],
            "state": "held" if isinstance(state, Held) else "voided",
            **msgspec.to_builtins(state.session),
            "flags": [{"flag": flag, "state": how or "open"} for flag, how in doubts],
            "history": [_history(event, personal=personal) for event in events],
        }
        return Reply(200, answer, etag=version)

    @route("GET", "/v1/outreach", scope="visits:read", query=SessionsQuery)
    def list_sessions(self, call: Call) -> Reply:
        """A page of the sessions of a unit and below, voided ones left out; with the first, the sum of heads."""
        asked, tree = call.query, self.units.tree()
        if asked["unit"] not in tree:
            raise Problem("no-such-unit", "/unit", where="query", unit=asked["unit"])
        self.require_sight(call, asked["unit"])
        units = units_of(tree, asked["unit"], hanoi_day(call.now))
        wanted = Wanted(units, asked["since"], asked["until"], asked["after"], asked["limit"] + 1)
        found = self.outreach_queries.page(wanted)
        page = found[: asked["limit"]]
        following = behind(page[-1]["day"], page[-1]["session_id"]) if len(found) > len(page) else None
        answer: dict[str, Any] = {"sessions": page, "next": following}
        return Reply(200, answer if asked["after"] else {"sum": self.outreach_queries.sum(wanted)} | answer)

    def _standing(self, call: Call) -> Standing:
        return Standing(self.units.tree(), call.actor, hanoi_day(call.now))

    def _session(self, call: Call) -> tuple[list[OutreachEvent], Held | Voided, int]:
        """Everything told of it, what it is by now, and the version of its stream."""
        events, version = self.outreach_queries.events(call.path["session_id"])
        state = reduce(OUTREACH.evolve, events, OUTREACH.initial(""))
        if isinstance(state, Unheld):
            raise Problem("not-found", where="path")
        self.require_sight(call, state.session.unit_id)
        return events, state, version


def _history(event: OutreachEvent, *, personal: bool) -> dict[str, Any]:
    entry: dict[str, Any]
    match event:
        case OutreachRecorded(session=session):
            entry = {"told": "recorded", "session": msgspec.to_builtins(session)} | _reported(event)
        case OutreachCorrected(reason=reason, after=session):
            entry = {"told": "corrected", "session": msgspec.to_builtins(session), "reason": reason} | _reported(event)
        case OutreachVoided(reason=reason, before=session):
            entry = {"told": "voided", "session": msgspec.to_builtins(session), "reason": reason}
        case OutreachFlagSettled(flag=flag, how=how):
            return {"told": "flag_settled", "flag": flag, "how": how}
    return entry | {"note": event.note.text} if personal and event.note is not None else entry


def _reported(event: OutreachRecorded | OutreachCorrected) -> dict[str, Any]:
    return {"reported_unit_id": event.reported_unit_id} if event.reported_unit_id else {}
