"""Teams and seats: what an event says itself is more or less. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.reporting.domain.tally import AT, Tally

_SEATS = AT["seats"]


def teams_named(type_: str, data: Mapping[str, Any]) -> Iterable[str]:
    """The teams whose kind ``count`` will ask for."""
    match type_:
        case "PilotEnded" | "TeamDissolved":
            return (data["team_id"],)
        case _:
            return ()


def _team(tally: Tally, data: Mapping[str, Any], unit: str, kind: str, teams: int, seats: int) -> None:
    row = tally.row(unit, data["effective"])
    row[AT[f"teams_{kind}"]] += teams
    row[_SEATS] += seats


def established(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.teams[data["team_id"]] = data["kind"]
    _team(tally, data, data["unit_id"], data["kind"], 1, len(data["seats"]))


def ended(tally: Tally, data: Mapping[str, Any]) -> None:
    kind = tally.kind(data["team_id"])
    _team(tally, data, data["unit_id"], kind, -1, -data["seats"])


def pilot_ended(tally: Tally, data: Mapping[str, Any]) -> None:
    if not data["converted"]:
        ended(tally, data)


def adjusted(tally: Tally, data: Mapping[str, Any]) -> None:
    """The event says itself what to add where."""
    for change in data["counts"]:
        row = tally.row(change["unit_id"], change["day"])
        row[AT[f"teams_{change['kind']}"]] += change["teams"]
        row[_SEATS] += change["seats"]


def reassigned(tally: Tally, data: Mapping[str, Any]) -> None:
    _team(tally, data, data["from_unit_id"], data["kind"], -1, -data["seats"])
    _team(tally, data, data["unit_id"], data["kind"], 1, data["seats"])


def seats(change: Callable[[Mapping[str, Any]], int]) -> Callable[[Tally, Mapping[str, Any]], None]:
    def counter(tally: Tally, data: Mapping[str, Any]) -> None:
        tally.row(data["unit_id"], data["effective"])[_SEATS] += change(data)

    return counter


COUNTERS: Mapping[str, Callable[[Tally, Mapping[str, Any]], None]] = {
    "TeamEstablished": established,
    "TeamReconstituted": seats(lambda data: data["seats_after"] - data["seats_before"]),
    "SeatAppointed": seats(lambda data: 1),
    "SeatReleased": seats(lambda data: -1),
    "TeamReassigned": reassigned,
    "PilotEnded": pilot_ended,
    "TeamDissolved": ended,
}
