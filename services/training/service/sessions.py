"""Sessions of courses."""

from __future__ import annotations

from dataclasses import replace

from services.training.answers import sessions as answers
from services.training.domain.sessions import CancelSession, HoldSession, ScheduleSession
from services.training.schemas.sessions import CancelSchema, HoldSchema, SessionSchema
from services.training.service.base import Pieces, identity
from shared.edge import Call, Reply, answered, require_unit, route
from shared.vietnamese import hanoi_day


class SessionRoutes(Pieces):
    @route("POST", "/v1/sessions", scope="training:write", body=SessionSchema)
    def schedule_session(self, call: Call) -> Reply:
        command: ScheduleSession = call.body
        require_unit(call.actor, self.units.tree(), command.unit_id, min(part.day for part in command.parts))
        command_id, session_id = identity(call, "session", command.session_id)
        answer = self.handler.handle(call.envelope(replace(command, session_id=session_id), command_id))
        return answered(answer, session_id=session_id)

    @route("GET", "/v1/sessions/<uuid:session_id>", scope="training:read")
    def show_session(self, call: Call) -> Reply:
        session_id, version = self._own_session(call)
        state, _ = self.handler.state(f"session:{session_id}")
        return Reply(200, answers.session(state, version, self.sessions.figures(session_id)))

    @route("POST", "/v1/sessions/<uuid:session_id>/hold", scope="training:write", body=HoldSchema)
    def hold_session(self, call: Call) -> Reply:
        session_id, _ = self._own_session(call)
        return answered(self.handler.handle(call.envelope(HoldSession(session_id, hanoi_day(call.now)))))

    @route("POST", "/v1/sessions/<uuid:session_id>/cancel", scope="training:write", body=CancelSchema)
    def cancel_session(self, call: Call) -> Reply:
        session_id, _ = self._own_session(call)
        return answered(self.handler.handle(call.envelope(CancelSession(session_id, call.body["reason"]))))

    def _own_session(self, call: Call) -> tuple[str, int]:
        """The session of the path, if the caller's units cover its unit on its first day; and its version."""
        session_id = str(call.path["session_id"])
        state, version = self.handler.state(f"session:{session_id}")
        plan = answers.plan(state)
        require_unit(call.actor, self.units.tree(), plan.unit_id, plan.parts[0].day, at="/session_id")
        return session_id, version
