"""Sessions as the API shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from services.training.domain.sessions import Attended, Cancelled, Held, Plan, Scheduled
from services.training.queries.sessions import SessionFigures
from shared.problems import Problem

STATUS = {Scheduled: "scheduled", Attended: "scheduled", Held: "held", Cancelled: "cancelled"}
"""Attendance that is coming in makes a session neither more nor less scheduled for whoever asks."""


def plan(state: object) -> Plan:
    """Raises 404 for a session nobody scheduled."""
    match state:
        case Scheduled() | Attended() | Held() | Cancelled():
            return state.plan
        case _:
            raise Problem("not-found", where="path")


def session(state: object, version: int, figures: SessionFigures) -> dict[str, Any]:
    """The plan and its status as they are now, the figures as of a position of the log."""
    found = plan(state)
    shown: dict[str, Any] = msgspec.to_builtins(found)
    attended = {"trainees": figures.trainees, "attendances": figures.attendances, "parts": figures.parts}
    status = STATUS[type(state)]
    return shown | {
        "status": "open" if status == "scheduled" and getattr(state, "open", False) else status,
        "version": version,
        "attended": attended,
        "roll": {"seats": figures.roll.get("seat", 0), "waiting": figures.roll.get("waiting", 0)},
        "as_of": figures.as_of,
    }
