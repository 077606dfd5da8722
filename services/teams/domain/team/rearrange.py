"""Rearranging teams: in a merger, a split or the undoing of one, no person disappears. Stream ``rearrangement:<id>``.

Every open seat of every team concerned is *carried* (into another team, or on in its own), *joined* with another seat
of the same person, or *released*; undoing brings back what was joined or released (*restored*). The totals are part of
the event and reconcile: seats_after = seats_before - joined - released + restored. Several leaders may come together:
the surplus is left for a later decision, not hidden.

The commands are in ``merge``, ``split`` and ``undo``; ``moves`` is what they share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from services.teams.domain.team.events import Count, Seat, TeamKind, TeamTookPart
from services.teams.domain.team.replay import evolve as evolve_team


class How(StrEnum):
    MERGER = "merger"
    SPLIT = "split"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class NewTeam:
    """A team that the rearrangement establishes."""

    kind: TeamKind
    unit_id: str
    name: str
    simulated: bool = False


# --- events -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TeamPart:
    """One team before and after. A team that begins again did not exist before.

    One that is ``new`` has its ``TeamEstablished`` (without seats) just before, so it existed: with no seats.
    """

    team_id: str
    kind: TeamKind
    unit_id: str
    new: bool
    existed: bool
    exists: bool
    seats_before: int
    seats_after: int


@dataclass(frozen=True, slots=True)
class CarriedSeat:
    """``from_team_id`` is ``to_team_id`` for a seat that stays where it is."""

    seat: Seat
    from_team_id: str
    to_team_id: str


@dataclass(frozen=True, slots=True)
class JoinedSeat:
    """It ends, because ``with_seat_id`` is the same person's and goes on."""

    seat: Seat
    from_team_id: str
    with_seat_id: str


@dataclass(frozen=True, slots=True)
class LetGoSeat:
    seat: Seat
    from_team_id: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class RestoredSeat:
    """A seat that the undone rearrangement had joined with another one, or released (``with_seat_id`` is None)."""

    seat: Seat
    to_team_id: str
    with_seat_id: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    teams_before: int
    teams_after: int
    seats_before: int
    carried: int
    joined: int
    released: int
    restored: int
    seats_after: int


@dataclass(frozen=True, slots=True)
class TeamsRearranged:
    """``unit_id``: of the first team that exists afterwards. ``undoes``: the rearrangement that this one takes back."""

    rearrangement_id: str
    how: How
    undoes: str | None
    unit_id: str
    effective: date
    document_id: str
    teams: tuple[TeamPart, ...]
    carried: tuple[CarriedSeat, ...]
    joined: tuple[JoinedSeat, ...]
    released: tuple[LetGoSeat, ...]
    restored: tuple[RestoredSeat, ...]
    totals: Totals
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class RearrangementUndone:
    """Private."""

    rearrangement_id: str
    by: str


@dataclass(frozen=True, slots=True)
class RearrangementDoneAgain:
    """Its undoing was undone: what it did is so again, by the rearrangement ``by``. Private."""

    rearrangement_id: str
    by: str


COMMANDS: tuple[type, ...] = ()
EVENTS = (TeamsRearranged, RearrangementUndone, RearrangementDoneAgain, TeamTookPart)


@dataclass(frozen=True, slots=True)
class Rearrangement:
    """``undone_by`` the one that took it back, ``again`` the one that took that back in turn."""

    event: TeamsRearranged
    undone_by: str | None = None
    again: str | None = None


def rearrangement_stream(rearrangement_id: str) -> str:
    return f"rearrangement:{rearrangement_id}"


# --- what events mean ---------------------------------------------------------------------------------------------


def evolve(state: Any, event: Any) -> Any:
    match event:
        case TeamsRearranged():
            return Rearrangement(event)
        case RearrangementUndone(by=by):
            return Rearrangement(state.event, by)
        case RearrangementDoneAgain(by=by):
            return Rearrangement(state.event, None, by)
    return evolve_team(state, event)
