"""What the API shows: teams as JSON (units: ``shown_units``)."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from services.teams.domain.dated import on
from services.teams.domain.team.events import Role
from services.teams.domain.team.state import Seated, Team


def team(state: Team, version: int, day: date) -> dict[str, Any]:
    """The team as it was on that day, by what is known now; seats with the days they were filled."""
    birth = state.birth
    seats = [_seat(seated) for seated in state.filled_on(day)]
    leaders = sum(seat["role"] == Role.LEADER for seat in seats)
    return {
        "team_id": birth.team_id,
        "kind": birth.kind,
        "unit_id": state.unit_on(day),
        "name": on(state.names, max(day, birth.effective)),
        "names": [{"since": since, "name": name} for since, name in state.names],
        "pilot": state.pilot_on(day),
        "established": birth.effective,
        "ended": state.ended,
        "ending": state.ending,
        "into_team_id": state.into,
        "document_id": birth.document_id,
        "simulated": birth.simulated,
        "standing": state.standing_on(day),
        "exists": state.exists(day),
        "seats": seats,
        "surplus_leaders": max(0, leaders - 1),
        "version": version,
        "as_of": day,
    }


def _seat(seated: Seated) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(seated.seat)
    return shown | {"since": seated.since, "until": seated.until}
