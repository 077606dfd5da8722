"""Sessions of courses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from services.training.answers import sessions as answers
from services.training.answers.pages import page
from services.training.domain.changes import ChangeSession
from services.training.domain.sessions import CancelSession, HoldSession, OpenSession, ScheduleSession
from services.training.queries.places import below
from services.training.queries.sessions import Wanted
from services.training.schemas.sessions import (
    CancelSchema,
    ChangeSessionSchema,
    HoldSchema,
    OpenSchema,
    SessionSchema,
    SessionsQuery,
)
from services.training.service.base import Pieces, identity
from shared.edge import Call, Reply, answered, require_unit, route
from shared.vietnamese import hanoi_day


class SessionRoutes(Pieces):
    @route("POST", "/v1/sessions", scope="training:write", body=SessionSchema)
    def schedule_session(self, call: Call) -> Reply:
        command: ScheduleSession = call.body
        require_unit(call.actor, self.units.tree(), command.unit_id, min(part.day for part in command.parts))
        command_id, session_id = identity(call, "session", command.session_id)
        answer = self.handle(call.envelope(replace(command, session_id=session_id), command_id))
        return answered(answer, session_id=session_id)

    @route("GET", "/v1/sessions", scope="training:read", query=SessionsQuery)
    def list_sessions(self, call: Call) -> dict[str, Any]:
        """By their first day."""
        query, today, tree = call.query, hanoi_day(call.now), self.units.tree()
        require_unit(call.actor, tree, query["unit"], today, at="/unit")
        day, _, session_id = (query["after"] or "").partition("/")
        after = (date.fromisoformat(day), session_id) if day else None
        units = below(tree, query["unit"], today)
        wanted = Wanted(units, query["first"], query["last"], query["status"], query["course"], after, query["limit"])
        found, as_of = self.session_queries.page(wanted)
        return page("sessions", found, query["limit"], lambda last: f"{last['first_day']}/{last['session_id']}", as_of)

    @route("GET", "/v1/sessions/<uuid:session_id>", scope="training:read")
    def show_session(self, call: Call) -> Reply:
        session_id = str(call.path["session_id"])
        _, version = self.own_session(call, session_id)
        state, _ = self.handler.state(f"session:{session_id}")
        return Reply(200, answers.session(state, version, self.session_queries.figures(session_id)))

    @route("POST", "/v1/sessions/<uuid:session_id>/change", scope="training:write", body=ChangeSessionSchema)
    def change_session(self, call: Call) -> Reply:
        """Only what the body names changes."""
        command: ChangeSession = replace(call.body, session_id=self._own(call))
        return answered(self.handle(call.envelope(command)))

    @route("POST", "/v1/sessions/<uuid:session_id>/open", scope="training:write", body=OpenSchema)
    def open_session(self, call: Call) -> Reply:
        return answered(self.handle(call.envelope(OpenSession(self._own(call)))))

    @route("POST", "/v1/sessions/<uuid:session_id>/hold", scope="training:write", body=HoldSchema)
    def hold_session(self, call: Call) -> Reply:
        return answered(self.handle(call.envelope(HoldSession(self._own(call), hanoi_day(call.now)))))

    @route("POST", "/v1/sessions/<uuid:session_id>/cancel", scope="training:write", body=CancelSchema)
    def cancel_session(self, call: Call) -> Reply:
        return answered(self.handle(call.envelope(CancelSession(self._own(call), call.body["reason"]))))

    def _own(self, call: Call) -> str:
        session_id = str(call.path["session_id"])
        self.own_session(call, session_id)
        return session_id
