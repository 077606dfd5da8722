"""What all entrypoints of training share: the provided pieces, and the identity of what is made."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

from services.training.answers import sessions
from services.training.domain.sessions import Plan, session_stream
from services.training.domain.trainee import Trainee, trainee_stream
from services.training.queries.identities import Identities
from services.training.queries.sessions import SessionQueries
from services.training.schemas.attendance import ATTENDANCE
from shared.decider import Rejected
from shared.edge import Call, require_unit
from shared.handler import Answer, Envelope, Handler
from shared.handling import handle_many
from shared.unit_directory import UnitDirectory


class Pieces:
    """Provided by ``wiring.py``; the mixins of the service use them."""

    handler: Handler[Any, Any, Any]
    units: UnitDirectory
    session_queries: SessionQueries
    identities: Identities

    def handle(self, envelope: Envelope) -> Answer:
        """One command, with the further looks that its decision asks for."""
        result = handle_many(self.handler, [envelope])[0]
        if isinstance(result, Exception):
            raise result
        return result

    def trainee(self, person_id: str) -> Trainee:
        """The training record of this human being, whatever the id it is kept under now."""
        found, _ = self.handler.state(trainee_stream(person_id))
        trainee: Trainee = found
        return self.trainee(trainee.into) if trainee.into else trainee

    def own_session(self, call: Call, session_id: str, at: str = "/session_id") -> tuple[Plan, int]:
        """The session of a path, if the caller's units cover its unit on its first day; and its version."""
        state, version = self.handler.state(session_stream(session_id))
        plan = sessions.plan(state)
        require_unit(call.actor, self.units.tree(), plan.unit_id, plan.parts[0].day, at=at)
        return plan, version

    def named_session(self, call: Call, session_id: str) -> Plan:
        """The same for a session that a body names."""
        if self.handler.state(session_stream(session_id))[0] is None:
            raise Rejected("unknown-session", "/session_id", session_id=session_id)
        return self.own_session(call, session_id)[0]


def identity(call: Call, kind: str, given: str | None) -> tuple[UUID, str]:
    """Command id and aggregate id. A client that names the aggregate may repeat itself without an Idempotency-Key."""
    if given:
        return call.idempotency_key or uuid5(ATTENDANCE, f"{kind}:{given}"), given
    command_id = call.idempotency_key or uuid7()
    return command_id, str(command_id)
