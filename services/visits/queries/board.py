"""The board of a campaign: what was to be done, what is done, at which pace, and which teams nobody has heard of."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, text

from services.visits.domain.campaign import Plan, Targets
from services.visits.domain.pace import elapsed_days, per_day, projected
from services.visits.domain.vocabulary import ALL_SKILLS, Skill
from services.visits.projections.activity import Activity
from shared.units import UnitTree
from shared.vietnamese import hanoi_day

_ACTIVITY = text(
    """SELECT unit_id, day, sum(visits) AS visits,
              coalesce(sum(reached) FILTER (WHERE previous_day < :first), 0) AS households
         FROM read.activity WHERE day BETWEEN :first AND :last GROUP BY unit_id, day"""
)
_GAINED = text(
    """SELECT unit_id, day, skill, households FROM read.gained WHERE day BETWEEN :first AND :last
          AND households <> 0"""
)
_TEAMS = text(
    """SELECT t.team_id, t.unit_id,
              EXISTS (SELECT FROM read.active a WHERE a.team_id = t.team_id AND a.visits > 0
                         AND a.day BETWEEN :first AND :last) AS active,
              coalesce(s.suspended, false) AS suspended
         FROM (SELECT team_id, unit_id FROM read.team_units WHERE day <= :on
                GROUP BY team_id, unit_id HAVING sum(n) > 0) t
         LEFT JOIN (SELECT DISTINCT ON (team_id) team_id, suspended FROM read.team_suspensions WHERE day <= :on
                     ORDER BY team_id, day DESC, fact DESC) s USING (team_id)
        ORDER BY t.team_id, t.unit_id"""
)
_AS_OF = text(
    "SELECT partition, position FROM bus.cursors WHERE subscription = :name AND source = '' ORDER BY partition"
)
SKILLS = (*map(str, Skill), ALL_SKILLS)
_TURN = 1_000
KEPT_FOR = timedelta(seconds=1)
KEPT = 16
"""Boards. All officers of a national campaign look at one, in the process that takes the phones."""


@dataclass
class _Done:
    visits: int = 0
    households: int = 0
    covered: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SKILLS, 0))
    teams: int = 0
    suspended: int = 0
    silent: int = 0


@dataclass(frozen=True)
class Boards:
    """One is counted at a time, and given for a second to all who ask."""

    engine: Engine
    _one: Lock = field(default_factory=Lock)
    _kept: dict[Plan, tuple[datetime, dict[str, Any]]] = field(default_factory=dict)

    def board(self, plan: Plan, tree: UnitTree, now: datetime) -> dict[str, Any]:
        """As ``_board``, as it was within the last second."""
        with self._one:
            kept = self._kept.pop(plan, None)
            if kept is None or abs(now - kept[0]) >= KEPT_FOR:
                kept = now, self._board(plan, tree, now)
            self._kept[plan] = kept
            if len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
            return kept[1]

    def _board(self, plan: Plan, tree: UnitTree, now: datetime) -> dict[str, Any]:
        """In sum, and per unit of the plan or with targets of its own.

        Only days and units say what counts, so a late visit counts for the campaign of its day. Households are distinct
        ones reached in the period; ``covered`` are those gained in it, in which somebody now does the skill. A unit
        inside another one counts in both, and once in the sum. ``as_of``: the figures include at least everything up to
        these positions.
        """
        sums = _Sums(plan, tree)
        with self.engine.connect() as connection:
            as_of = {str(p): position for p, position in connection.execute(_AS_OF, {"name": Activity.name})}
            self._count(connection, plan, hanoi_day(now), sums)
        elapsed, days = elapsed_days(plan.first_day, plan.last_day, now), (plan.last_day - plan.first_day).days + 1
        own = {each.unit_id: each.targets for each in plan.unit_targets}
        return {
            "days": days,
            "elapsed_days": round(elapsed, 2),
            "sum": _shown(sums.total, plan.targets, elapsed, days),
            "units": [
                {"unit_id": unit, **_shown(of, own.get(unit, Targets()), elapsed, days)}
                for unit, of in sums.units.items()
            ],
            "as_of": as_of,
        }

    def _count(self, connection: Connection, plan: Plan, today: date, sums: _Sums) -> None:
        window = {"first": plan.first_day, "last": plan.last_day}
        for unit_id, day, visits, households in _in_turns(connection.execute(_ACTIVITY, window)):
            for of in sums.concerned(unit_id, day):
                of.visits += visits
                of.households += households
        for unit_id, day, skill, households in _in_turns(connection.execute(_GAINED, window)):
            for of in sums.concerned(unit_id, day):
                of.covered[skill] += households
        on = _standing_day(plan, today)
        for _, unit_id, active, suspended in _in_turns(connection.execute(_TEAMS, window | {"on": on})):
            for of in sums.concerned(unit_id, on):
                of.teams += not suspended
                of.suspended += suspended
                of.silent += not (active or suspended)

    def silent_teams(
        self, plan: Plan, tree: UnitTree, now: datetime, roots: Collection[str], after: str, limit: int
    ) -> list[dict[str, str]]:
        """Teams at or below the roots that stand there by now and have no visit in the campaign's days, by id.

        Nobody expects any of a suspended team.
        """
        on = _standing_day(plan, hanoi_day(now))
        window = {"first": plan.first_day, "last": plan.last_day, "on": on}
        places, found = _Places(tree, roots), list[dict[str, str]]()
        with self._one, self.engine.connect() as connection:
            for team_id, unit_id, active, suspended in _in_turns(connection.execute(_TEAMS, window)):
                if team_id > after and not (active or suspended) and places.roots(unit_id, on):
                    found.append({"team_id": team_id, "unit_id": unit_id})
                    if len(found) == limit:
                        break
        return found


class _Places:
    """Which of some units are at or above others; days with one map have one answer."""

    def __init__(self, tree: UnitTree, roots: Collection[str]) -> None:
        self._tree, self._roots = tree, frozenset(roots)
        self._known: dict[tuple[str, date], list[str]] = {}

    def roots(self, unit_id: str, day: date) -> list[str]:
        """A unit gone by then counts where its facts stand."""
        key = (unit_id, self._tree.map_key(day))
        found = self._known.get(key)
        if found is None:
            placed = self._tree.place(unit_id, day)
            above = self._tree.ancestors(placed.unit_id, day) if placed else ()
            found = self._known[key] = [unit for unit in above if unit in self._roots]
        return found


class _Sums:
    """``total`` of the whole campaign, and of each unit of the plan or with targets of its own."""

    def __init__(self, plan: Plan, tree: UnitTree) -> None:
        self.total = _Done()
        self.units = {unit: _Done() for unit in (*plan.unit_ids, *(each.unit_id for each in plan.unit_targets))}
        self._of_plan = frozenset(plan.unit_ids)
        self._places = _Places(tree, self.units)

    def concerned(self, unit_id: str, day: date) -> list[_Done]:
        """The sums that a fact of this unit and day belongs to; none if it lies outside the campaign."""
        roots = self._places.roots(unit_id, day)
        return [self.total, *(self.units[root] for root in roots)] if not self._of_plan.isdisjoint(roots) else []


def _in_turns(rows: Iterable[Any]) -> Iterator[Any]:
    """Others get their turn: a national campaign has a hundred thousand rows."""
    for n, row in enumerate(rows, 1):
        yield row
        if n % _TURN == 0:
            time.sleep(0)


def _standing_day(plan: Plan, today: date) -> date:
    """Teams are those of today, or of the campaign's day nearest to it."""
    return min(max(today, plan.first_day), plan.last_day)


def targets_shown(targets: Targets) -> dict[str, Any]:
    covered = {str(each.skill): each.households for each in targets.covered}
    return {"visits": targets.visits, "households": targets.households, "covered": covered}


def _shown(done: _Done, targets: Targets, elapsed: float, days: int) -> dict[str, Any]:
    figures = {"visits": done.visits, "households": done.households}
    return {
        "targets": targets_shown(targets),
        "done": figures | {"covered": done.covered},
        "per_day": {name: per_day(n, elapsed) for name, n in figures.items()}
        | {"covered": {skill: per_day(n, elapsed) for skill, n in done.covered.items()}},
        "projected": {name: projected(n, elapsed, days) for name, n in figures.items()}
        | {"covered": {skill: projected(n, elapsed, days) for skill, n in done.covered.items()}},
        "teams": {"standing": done.teams, "suspended": done.suspended, "silent": done.silent},
    }
