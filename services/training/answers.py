"""What the API shows: states and rows as JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from services.training.domain import Attended, Cancelled, Held, Offered, Scheduled, SessionScheduled, State
from services.training.queries import SessionFigures
from shared.problems import Problem

STATUS = {Scheduled: "scheduled", Attended: "scheduled", Held: "held", Cancelled: "cancelled"}
"""Attendance that is coming in makes a session neither more nor less scheduled for whoever asks."""


def plan(state: State) -> SessionScheduled:
    """Raises 404 for a session nobody scheduled."""
    match state:
        case Scheduled(found) | Attended(found) | Held(found) | Cancelled(found):
            return found
        case _:
            raise Problem("not-found", where="path")


def course(state: State) -> dict[str, Any]:
    if not isinstance(state, Offered):
        raise Problem("not-found", where="path")
    shown: dict[str, Any] = msgspec.to_builtins(state.course)
    return shown


def session(state: State, version: int, figures: SessionFigures) -> dict[str, Any]:
    """The plan and its status as they are now, the figures as of a position of the log."""
    shown: dict[str, Any] = msgspec.to_builtins(plan(state))
    attended = {"trainees": figures.trainees, "attendances": figures.attendances, "parts": figures.parts}
    return shown | {
        "status": STATUS[type(state)],
        "version": version,
        "attended": attended,
        "as_of": figures.as_of,
    }


def person(person_id: str, rows: list[dict[str, Any]], as_of: str) -> dict[str, Any]:
    """Attendances, sessions and days apart: they are different figures."""
    return {
        "person_id": person_id,
        "attendances": rows,
        "sessions": len({row["session_id"] for row in rows}),
        "days": len({row["day"] for row in rows}),
        "as_of": as_of,
    }
