"""Sessions as the API shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from services.training.domain.sessions import Attended, Cancelled, Held, Scheduled, SessionScheduled
from services.training.queries.sessions import SessionFigures
from shared.problems import Problem

STATUS = {Scheduled: "scheduled", Attended: "scheduled", Held: "held", Cancelled: "cancelled"}
"""Attendance that is coming in makes a session neither more nor less scheduled for whoever asks."""


def plan(state: object) -> SessionScheduled:
    """Raises 404 for a session nobody scheduled."""
    match state:
        case Scheduled(found) | Attended(found) | Held(found) | Cancelled(found):
            return found
        case _:
            raise Problem("not-found", where="path")


def session(state: object, version: int, figures: SessionFigures) -> dict[str, Any]:
    """The plan and its status as they are now, the figures as of a position of the log."""
    shown: dict[str, Any] = msgspec.to_builtins(plan(state))
    attended = {"trainees": figures.trainees, "attendances": figures.attendances, "parts": figures.parts}
    return shown | {
        "status": STATUS[type(state)],
        "version": version,
        "attended": attended,
        "as_of": figures.as_of,
    }
