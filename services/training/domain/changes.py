"""What was arranged for a session is changed, as long as nothing recorded relies on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from services.training.domain.roll import Roll, promotions, roll_stream
from services.training.domain.sessions import (
    Attended,
    CoOrganiser,
    Held,
    Plan,
    Scheduled,
    SessionPart,
    Trainer,
    in_order,
    session_stream,
    taking_place,
)
from services.training.domain.words import Mode
from shared.decider import Rejected


@dataclass(frozen=True, slots=True)
class ChangeSession:
    """Only what is named in ``fields`` changes; None takes away what may be absent."""

    session_id: str
    fields: tuple[str, ...]
    mode: Mode | None = None
    parts: tuple[SessionPart, ...] = ()
    capacity: int | None = None
    organiser_name: str | None = None
    co_organisers: tuple[CoOrganiser, ...] = ()
    venue: str | None = None
    trainers: tuple[Trainer, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionChanged(Plan):
    """The whole plan as it is from now on."""


COMMANDS = (ChangeSession,)
EVENTS = (SessionChanged,)


def streams(command: ChangeSession) -> tuple[str, ...]:
    return session_stream(command.session_id), roll_stream(command.session_id)


def decide(command: ChangeSession, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    """The first who wait move up where seats were added; nobody loses a seat where some were taken away."""
    session = taking_place(states, command.session_id)
    said = {name: getattr(command, name) for name in command.fields}
    if "parts" in said:
        said["parts"] = in_order(command.parts)
    if said.get("mode", session.plan.mode) is None:
        raise Rejected("session-needs-mode", "/mode")
    plan = replace(session.plan, **said)
    if plan == session.plan:
        return []
    _allowed(session, plan)
    changed = SessionChanged(**{field.name: getattr(plan, field.name) for field in fields(Plan)})
    changes: list[tuple[str, Any]] = [(session_stream(command.session_id), changed)]
    if not isinstance(session, Held):
        roll: Roll = states[roll_stream(command.session_id)]
        changes += [(roll_stream(command.session_id), event) for event in promotions(plan, roll)]
    return changes


def _allowed(session: Scheduled | Attended | Held, plan: Plan) -> None:
    """Attendance relies on the mode and on the parts it was recorded for; a held session has all its parts."""
    before = session.plan
    if isinstance(session, Scheduled):
        return
    if plan.mode != before.mode:
        raise Rejected("session-relied-on", "/mode", session_id=plan.session_id)
    kept = plan.parts == before.parts if isinstance(session, Held) else set(plan.parts) >= set(before.parts)
    if not kept:
        raise Rejected("session-relied-on", "/parts", session_id=plan.session_id)


def evolve(state: Any, event: SessionChanged) -> Any:
    return state if state is None else replace(state, plan=event)
