"""Which composition policy is nearest: of the units above a team, the first that has one in force on the day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from services.teams.domain.affairs.policies import Rules, rules_by_day, team_kind
from services.teams.domain.affairs.records import Record
from services.teams.domain.policy import InForce
from services.teams.domain.team.events import TeamKind
from services.teams.domain.team.state import Team
from shared.units import LEVELS, UnitTree

Chain = tuple[str, ...]
"""A unit and those above it, up to the nation."""

Policy = tuple[str, Sequence[tuple[date, Rules | None]]]
"""Its id, and its rules from each day on (None: it has ended)."""


class Policies:
    """All policies of one moment, by area and kind of team."""

    def __init__(self, records: Iterable[tuple[str, Record]]) -> None:
        self._areas: dict[tuple[str, TeamKind], list[Policy]] = {}
        for policy_id, record in records:
            if days := rules_by_day(record):
                self._areas.setdefault((record.unit_id, team_kind(record)), []).append((policy_id, days))

    def __bool__(self) -> bool:
        return bool(self._areas)

    def everywhere(self, tree: UnitTree) -> Chain:
        """The areas, if they are all the nation's: then it does not matter under which units a team stands."""
        areas = tuple(unit_id for unit_id, _ in self._areas)
        return areas if all(tree.level(unit_id) == LEVELS[0] for unit_id in areas) else ()

    def nearest(self, chain: Chain, kind: TeamKind, day: date) -> InForce | None:
        """Of several in force in the same area the one that took effect last counts, then the later id."""
        for unit_id in chain:
            here = [found for policy in self._areas.get((unit_id, kind), ()) if (found := _in_force(policy, day))]
            if here:
                _, policy_id, rules = max(here, key=lambda found: found[:2])
                return InForce(policy_id, rules)
        return None

    def of_team(self, tree: UnitTree, team: Team) -> list[tuple[date, InForce | None]]:
        """The nearest policy from each day on: it changes with policies, with the units above, with the team's unit."""
        if not self._areas:
            return []
        kind, found = team.birth.kind, list[tuple[date, InForce | None]]()
        everywhere = self.everywhere(tree)
        for (since, unit_id), (until, _) in _pairs(team.units):
            above = [(since, everywhere)] if everywhere else chains(tree, unit_id, since, until)
            days = {day for day, _ in above}
            for _, chain in above:
                days |= {day for day in self._days(chain, kind) if since <= day < until}
            for day in sorted(days):
                chain = next(chain for first, chain in reversed(above) if first <= day)
                found.append((day, self.nearest(chain, kind, day)))
        return found

    def _days(self, chain: Chain, kind: TeamKind) -> Iterable[date]:
        return (day for unit in chain for _, days in self._areas.get((unit, kind), ()) for day, _ in days)


def _in_force(policy: Policy, day: date) -> tuple[date, str, Rules] | None:
    policy_id, days = policy
    latest = next(((since, rules) for since, rules in reversed(days) if since <= day), None)
    return (latest[0], policy_id, latest[1]) if latest and latest[1] is not None else None


def _pairs(units: Sequence[tuple[date, str]]) -> Iterable[tuple[tuple[date, str], tuple[date, str]]]:
    return zip(units, [*units[1:], (date.max, "")], strict=True)


def chains(tree: UnitTree, unit_id: str, since: date, until: date = date.max) -> list[tuple[date, Chain]]:
    """The units above from each day on. A unit that is gone counts where its facts stand."""
    found: list[tuple[date, Chain]] = []
    day = since
    while day < until:
        chain = chain_on(tree, unit_id, day)
        if not found or found[-1][1] != chain:
            found.append((day, chain))
        day = min((turn for unit in {unit_id, *chain} for turn in tree.turns(unit) if turn > day), default=date.max)
    return found


def chain_on(tree: UnitTree, unit_id: str, day: date) -> Chain:
    if not tree.exists(unit_id, day):
        placed = tree.place(unit_id, day)
        return (unit_id, *tree.ancestors(placed.unit_id, day)) if placed else (unit_id,)
    return tree.ancestors(unit_id, day)
