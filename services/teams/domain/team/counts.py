"""What readers have added up for a team: every published event is worth the difference it makes here."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from services.teams.domain.team.events import Count
from services.teams.domain.team.state import Team

Transitions = dict[tuple[str, date], tuple[int, int]]
"""(unit, day) → by how much the numbers of teams and of seats change there from that day on."""


def transitions(team: Team) -> Transitions:
    """A seat counts for the unit that its team serves, as long as the team exists."""
    found: defaultdict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0])
    filled = [*team.past, *team.seats.values()]
    for unit_id, stay in team.stays():
        _span(found, unit_id, stay.since, stay.until, 0)
        for seated in filled:
            since = max(seated.since, stay.since)
            until = min((day for day in (seated.until, stay.until) if day is not None), default=None)
            if until is None or since < until:
                _span(found, unit_id, since, until, 1)
    return {key: (teams, seats) for key, (teams, seats) in found.items() if teams or seats}


def _span(found: dict[tuple[str, date], list[int]], unit_id: str, since: date, until: date | None, what: int) -> None:
    found[unit_id, since][what] += 1
    if until is not None:
        found[unit_id, until][what] -= 1


def difference(before: Team, after: Team) -> tuple[Count, ...]:
    """What readers must add, in order of day and unit."""
    old, new = transitions(before), transitions(after)
    counts = []
    for unit_id, day in sorted(old.keys() | new.keys(), key=lambda key: (key[1], key[0])):
        (teams, seats), (were, sat) = new.get((unit_id, day), (0, 0)), old.get((unit_id, day), (0, 0))
        if (teams, seats) != (were, sat):
            counts.append(Count(unit_id, after.birth.kind, day, teams - were, seats - sat))
    return tuple(counts)
