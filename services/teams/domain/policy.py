"""Composition warnings: where a team is not made up as the policy of its area has it. Stream ``warnings:<team>``.

Warnings warn, they refuse nothing: Chương Mỹ's own mean of 7.03 members lies above its rule of 5 to 7. They are dated
like what they are about. ``judged`` works out a team's warnings for its whole life; ``SettleWarnings`` brings those on
record in line with them by events that raise and clear, also for days that have passed when a late fact says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.teams.domain.affairs.policies import Rules
from services.teams.domain.team.events import Role, Seat
from services.teams.domain.team.state import Team

Found = int | tuple[str, ...]
"""A number of seats, or affiliations."""

CODES = (
    "size_below",
    "size_above",
    "leader_missing",
    "deputy_missing",
    "member_missing",
    "leader_affiliation",
    "deputy_affiliation",
    "affiliation_missing",
    "surplus_leaders",
)


@dataclass(frozen=True, slots=True)
class Breach:
    """``policy_id`` is None where the warning needs no policy: a team with several leaders awaits a decision."""

    policy_id: str | None
    expected: Found
    found: Found


@dataclass(frozen=True, slots=True)
class InForce:
    """The nearest policy of a day."""

    policy_id: str
    rules: Rules


Warnings = Mapping[str, Breach]
Days = Sequence[tuple[date, str, Warnings]]
"""From each day on: the unit that the team serves, and its warnings by code."""


# --- what a composition breaks ------------------------------------------------------------------------------------


def broken(seats: Sequence[Seat], policy: InForce | None) -> dict[str, Breach]:
    """Code → warning for these seats. Raised with or without a policy: ``surplus_leaders``."""
    leaders = sum(seat.role is Role.LEADER for seat in seats)
    found: dict[str, Breach] = {}
    if leaders > 1:
        found["surplus_leaders"] = Breach(None, 1, leaders)
    if policy is None:
        return found
    rules, name, size = policy.rules, policy.policy_id, len(seats)
    if rules.min_size is not None and size < rules.min_size:
        found["size_below"] = Breach(name, rules.min_size, size)
    if rules.max_size is not None and size > rules.max_size:
        found["size_above"] = Breach(name, rules.max_size, size)
    for role in rules.roles:
        if not any(seat.role is role for seat in seats):
            found[f"{role}_missing"] = Breach(name, 1, 0)
    for role, wanted in ((Role.LEADER, rules.leaders), (Role.DEPUTY, rules.deputies)):
        stated = [seat.affiliation for seat in seats if seat.role is role and seat.affiliation is not None]
        if wanted and (others := tuple(sorted({word for word in stated if word not in wanted}))):
            found[f"{role}_affiliation"] = Breach(name, wanted, others)
    # A seat without a stated affiliation may be the missing one: nothing is known to be broken then.
    present = {seat.affiliation for seat in seats if seat.affiliation is not None}
    missing = tuple(word for word in rules.affiliations if word not in present)
    if len(missing) > sum(seat.affiliation is None for seat in seats):
        found["affiliation_missing"] = Breach(name, missing, tuple(sorted(present)))
    return found


def days_of(team: Team) -> set[date]:
    """The days on which its seats, its unit or its existence changed."""
    spans = (*team.lives, *team.past, *team.seats.values())
    ends = {span.until for span in spans if span.until is not None}
    return {span.since for span in spans} | ends | {day for day, _ in team.units}


def judged(team: Team, policies: Sequence[tuple[date, InForce | None]]) -> Days:
    """The team's warnings from each day on, over its whole life; the first entry is the day it was established.

    ``policies``: the nearest policy from each day on, in order, for the unit that the team served then.
    """
    days: list[tuple[date, str, Warnings]] = []
    for day in sorted(days_of(team) | {day for day, _ in policies if day > team.established}):
        here = broken([s.seat for s in team.filled_on(day)], in_force(policies, day)) if team.exists(day) else {}
        unit_id = team.unit_on(day)
        if not days or days[-1][1:] != (unit_id, here):
            days.append((day, unit_id, here))
    return days


def in_force(policies: Sequence[tuple[date, InForce | None]], day: date) -> InForce | None:
    return next((policy for since, policy in reversed(policies) if since <= day), None)


# --- raising and clearing -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settled:
    """``since``: first day; what this code is warned of from then on, None if it is not."""

    code: str
    since: date
    unit_id: str
    warning: Breach | None

    @property
    def told(self) -> tuple[str, Breach] | None:
        return (self.unit_id, self.warning) if self.warning is not None else None


@dataclass(frozen=True, slots=True)
class SettleWarnings:
    """What is not on record yet (``unsettled``), in order."""

    team_id: str
    settle: tuple[Settled, ...]


@dataclass(frozen=True, slots=True)
class CompositionWarned:
    """``code`` is one of ``CODES``. A second one for the same team and code takes the place of the first from its day
    on, one for the same day altogether. ``expected`` and ``found`` are numbers or affiliations."""

    team_id: str
    unit_id: str
    code: str
    effective: date
    policy_id: str | None
    expected: Found
    found: Found


@dataclass(frozen=True, slots=True)
class CompositionWarningCleared:
    """From that day on there is no such warning."""

    team_id: str
    unit_id: str
    code: str
    effective: date


Told = Mapping[date, tuple[str, Breach] | None]
"""From each day on: the unit and what is warned of, or nothing."""

History = Mapping[str, Told]
"""By code."""


@dataclass(frozen=True, slots=True)
class Raised:
    history: History


COMMANDS = (SettleWarnings,)
EVENTS = (CompositionWarned, CompositionWarningCleared)


def warnings_stream(team_id: str) -> str:
    return f"warnings:{team_id}"


def unsettled(raised: Raised | None, wanted: Days) -> tuple[Settled, ...]:
    """What must be raised or cleared so that the record says what is wanted; nothing if it does."""
    codes = {code for _, _, warnings in wanted for code in warnings}
    found: list[Settled] = []
    for code in sorted(codes | (raised.history.keys() if raised else set())):
        told = dict(raised.history.get(code, {})) if raised else {}
        for day in sorted({*told, *(day for day, _, _ in wanted)}):
            unit_id, warnings = _wanted_on(wanted, day)
            settled = Settled(code, day, unit_id, warnings.get(code))
            if _on(told, day) != settled.told:
                told[day] = settled.told
                found.append(settled)
    return tuple(sorted(found, key=lambda settled: settled.since))


def _wanted_on(wanted: Days, day: date) -> tuple[str, Warnings]:
    return next(((unit, warnings) for since, unit, warnings in reversed(wanted) if since <= day), (wanted[0][1], {}))


def _on(told: Told, day: date) -> tuple[str, Breach] | None:
    earlier = [since for since in told if since <= day]
    return told[max(earlier)] if earlier else None


def streams(command: SettleWarnings) -> tuple[str, ...]:
    return (warnings_stream(command.team_id),)


def decide(command: SettleWarnings, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    """Only what is still new: the same may have been settled meanwhile."""
    stream = warnings_stream(command.team_id)
    raised: Raised | None = states[stream]
    changes: list[tuple[str, Any]] = []
    for settled in command.settle:
        told = raised.history.get(settled.code, {}) if raised else {}
        if _on(told, settled.since) != settled.told:
            event = _event(command.team_id, settled)
            raised = evolve(raised, event)
            changes.append((stream, event))
    return changes


def _event(team_id: str, settled: Settled) -> CompositionWarned | CompositionWarningCleared:
    warning = settled.warning
    if warning is None:
        return CompositionWarningCleared(team_id, settled.unit_id, settled.code, settled.since)
    return CompositionWarned(
        team_id,
        settled.unit_id,
        settled.code,
        settled.since,
        warning.policy_id,
        warning.expected,
        warning.found,
    )


def evolve(state: Any, event: Any) -> Raised:
    history = state.history if state is not None else {}
    told = None
    if isinstance(event, CompositionWarned):
        told = event.unit_id, Breach(event.policy_id, event.expected, event.found)
    return Raised({**history, event.code: {**history.get(event.code, {}), event.effective: told}})


def open_on(raised: Raised | None, day: date) -> dict[str, tuple[str, Breach]]:
    """The warnings of a day by code, each with the unit it is of."""
    found = {code: _on(told, day) for code, told in raised.history.items()} if raised else {}
    return {code: told for code, told in found.items() if told is not None}
