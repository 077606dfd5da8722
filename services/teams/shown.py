"""What the API shows: teams as JSON (units: ``shown_units``)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import msgspec

from services.teams.domain.dated import on
from services.teams.domain.team.events import MEMBERS, Corrected, Role, TeamCorrected, TeamTookPart
from services.teams.domain.team.state import Seated, Team
from shared.log import Recorded

FACT_TYPES = frozenset(kind.__name__ for kind in (*MEMBERS, TeamTookPart))


def team(state: Team, day: date) -> dict[str, Any]:
    """The team as it was on that day, by what the state knows; seats with the days they were filled."""
    birth = state.birth
    filled = seats(state, day)
    leaders = sum(seat["role"] == Role.LEADER for seat in filled)
    return {
        "team_id": birth.team_id,
        "kind": birth.kind,
        "unit_id": state.unit_on(day),
        "name": on(state.names, max(day, birth.effective)),
        "names": [{"since": since, "name": name} for since, name in state.names],
        "units": [{"since": since, "unit_id": unit_id} for since, unit_id in state.units],
        "pilot": state.pilot_on(day),
        "established": birth.effective,
        "ended": state.ended,
        "ending": state.ending,
        "into_team_id": state.into,
        "document_id": birth.document_id,
        "simulated": birth.simulated,
        "standing": state.standing_on(day),
        "exists": state.exists(day),
        "seats": filled,
        "surplus_leaders": max(0, leaders - 1),
        "as_of": day,
    }


def seats(state: Team, day: date) -> list[dict[str, Any]]:
    return [_seat(seated) for seated in state.filled_on(day)]


def _seat(seated: Seated) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(seated.seat)
    return shown | {"since": seated.since, "until": seated.until}


# --- history ------------------------------------------------------------------------------------------------------


def history(events: Iterable[Recorded], known_at: datetime | None) -> dict[str, Any]:
    """Every fact of a team's stream with its number, as first recorded and as known now, and every correction."""
    facts: list[dict[str, Any]] = []
    corrections: list[dict[str, Any]] = []
    for event in events:
        if known_at is not None and event.recorded_at > known_at:
            break
        when = {"position": f"{event.partition}:{event.position}", "recorded_at": event.recorded_at}
        if event.type in FACT_TYPES:
            facts.append(_fact(len(facts) + 1, event.type, event.data, when))
        elif event.type == TeamCorrected.__name__:
            data = event.data
            about = {name: data[name] for name in ("reason", "document_id", "effective", "counts")}
            told = [{"fact": told["fact"], "how": told["how"]} for told in data["facts"]]
            corrections.append({**when, **about, "facts": told})
            for one in data["facts"]:
                _correct(facts, one, when)
    return {"facts": facts, "corrections": corrections}


def _fact(number: int, type_: str, data: dict[str, Any], when: dict[str, Any]) -> dict[str, Any]:
    said = _said(data)
    return {
        "fact": number,
        "type": type_,
        "effective": data["effective"],
        **when,
        "document_id": data.get("document_id"),
        "recorded": said,
        "now": said,
        "void": False,
        "corrected_by": [],
    }


def _correct(facts: list[dict[str, Any]], told: dict[str, Any], when: dict[str, Any]) -> None:
    data = next((told[member] for member in MEMBERS.values() if told.get(member) is not None), None)
    if told["how"] == Corrected.ADDED and data is not None:
        facts.append(_fact(told["fact"], told["type"], data, when))
        return
    fact = facts[told["fact"] - 1]
    fact["void"] = data is None
    fact["corrected_by"] = [*fact["corrected_by"], when["position"]]
    if data is not None:
        fact |= {"effective": data["effective"], "document_id": data["document_id"], "now": _said(data)}


def _said(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in ("team_id", "document_id")}
