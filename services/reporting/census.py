"""Units as figures: how many there are on a map, and how many of them have a team, several, or declared households; and
teams that await a decision, because their unit is no more or others of their kind stand in it.

Which units exist is a matter of the map; whether they have something on a day is one of the figures, of the leaves that
stand in them on that map. Both are brought together when somebody asks.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from services.reporting.sums_sql import COLUMN, Standing
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree

KEPT = 4
"""Maps whose units stay counted."""
_TURN = 2_000


@dataclass(frozen=True, slots=True)
class Units:
    """What exists on a map: ``within`` a unit, itself included, so many of each level, and so many homes.

    A *home* is where households are declared: a village, or a commune without villages.
    """

    within: Mapping[str, Counter[str]]
    homes: frozenset[str]


def units_of(tree: UnitTree, day: date) -> Units:
    within: defaultdict[str, Counter[str]] = defaultdict(Counter)
    villages: Counter[str | None] = Counter()
    homes = set()
    for n, village in enumerate(tree.existing(day, "village")):
        villages[tree.parent(village, day)] += 1
        within[village].update(("villages", "homes"))
        homes.add(village)
        if n % _TURN == 0:
            time.sleep(0)  # other requests of this process
    for unit in tree.existing(day):
        level = tree.level(unit)
        if level == "village":
            continue
        own = Counter({"villages": villages[unit], "homes": villages[unit]})
        if level in ("commune", "province"):
            own[f"{level}s"] += 1
        if level == "commune" and not villages[unit]:
            own["homes"] += 1
            homes.add(unit)
        for above in tree.ancestors(unit, day):
            within[above].update(own)
    return Units(dict(within), frozenset(homes))


class Existing:
    """The units of the maps asked for lately, counted once for each state of the registry."""

    def __init__(self, directory: UnitDirectory) -> None:
        self._directory = directory
        self._known: OrderedDict[tuple[date, int], Units] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def on(self, key: date) -> Units:
        """``key``: the first day of a map."""
        with self._one_at_a_time:
            tree, position = self._directory.tree(), self._directory.position
            found = self._known.get((key, position))
            if found is None:
                found = self._known[key, position] = units_of(tree, key)
            self._known.move_to_end((key, position))
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
            return found


# --- what they have --------------------------------------------------------------------------------------------------


def census(tx: Connection, where: Standing, units: Units, days: Sequence[date]) -> list[dict[str, dict[str, int]]]:
    """For each of the days, in order: unit asked for → figures."""
    counts = _Counts(where, units)
    changes = _changes(tx, where, days[-1])
    row = next(changes, None)
    found = []
    for day in days:
        while row is not None and row.day <= day:
            counts.tell(row)
            row = next(changes, None)
        found.append({unit: counts.figures(unit) for unit in where.units})
    return found


def _changes(tx: Connection, where: Standing, last: date) -> Iterator[Any]:
    """By day: what comes and goes at the homes below the units asked for."""
    condition = "true" if where.level == "nation" else f"p.{COLUMN[where.level]} = ANY(:units)"
    statement = f"""
        SELECT p.home, p.commune, p.district, p.province, f.day, coalesce(sum(f.teams_commune), 0) AS commune_teams,
               coalesce(sum(f.teams_village), 0) AS village_teams, coalesce(sum(f.households_declared), 0) AS declared,
               coalesce(sum(f.teams_commune) FILTER (WHERE p.home <> p.leaf), 0) AS commune_teams_moved,
               coalesce(sum(f.teams_village) FILTER (WHERE p.home <> p.leaf), 0) AS village_teams_moved
          FROM {where.slot.table("placement")} p JOIN {where.slot.table("leaf")} f ON f.unit = p.leaf
         WHERE p.map = :map AND {condition} AND f.day <= :last
           AND (f.teams_commune IS NOT NULL OR f.teams_village IS NOT NULL OR f.households_declared IS NOT NULL)
         GROUP BY 1, 2, 3, 4, 5 ORDER BY f.day"""
    rows = tx.execute(text(statement), {"map": where.map, "units": list(where.units), "last": last})
    for n, row in enumerate(rows):
        if n % _TURN == 0:
            time.sleep(0)
        yield row


@dataclass
class _Counts:
    """Kept up to date change by change: ``having`` is how many of what the units asked for contain have something."""

    where: Standing
    units: Units
    having: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _n: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(unit, what) → how many it has"""

    def tell(self, row: Any) -> None:
        unit = self.where.units[0] if self.where.level == "nation" else getattr(row, COLUMN[self.where.level])
        mine = self.having[unit]
        if row.commune_teams and row.commune in self.units.within and self.where.level != "village":
            before, now = self._change(row.commune, "commune teams", row.commune_teams)
            complete = self._complete(row.province)
            mine["communes_with_team"] += (now > 0) - (before > 0)
            mine["communes_awaiting"] += (now > 1) - (before > 1)
            self._change(row.province, "communes", (now > 0) - (before > 0))
            if self.where.level in ("province", "nation"):
                mine["provinces_complete"] += self._complete(row.province) - complete
        if row.village_teams and row.home in self.units.homes and row.home != row.commune:
            before, now = self._change(row.home, "village teams", row.village_teams)
            mine["villages_with_team"] += (now > 0) - (before > 0)
        for kind, n, moved in (
            ("commune", row.commune_teams, row.commune_teams_moved),
            ("village", row.village_teams, row.village_teams_moved),
        ):
            if row.home is not None and (n or moved):
                mine["teams_awaiting"] += self._awaiting(row.home, kind, n, moved)
        if row.declared and row.home in self.units.homes:
            before, now = self._change(row.home, "declared", row.declared)
            mine["homes_declared"] += (now > 0) - (before > 0)
        if row.province is not None and self.where.level in ("province", "nation"):
            before, now = self._change(row.province, "teams", row.commune_teams + row.village_teams)
            mine["provinces_with_team"] += (now > 0) - (before > 0)

    def figures(self, unit: str) -> dict[str, int]:
        exist, having = self.units.within.get(unit, Counter()), self.having[unit]
        return {
            **{name: exist[name] for name in ("provinces", "communes", "villages", "homes")},
            **{name: having[name] for name in ("provinces_with_team", "provinces_complete", "communes_awaiting")},
            **{name: having[name] for name in ("communes_with_team", "villages_with_team", "homes_declared")},
            "teams_awaiting": having["teams_awaiting"],
            "communes_without_team": exist["communes"] - having["communes_with_team"],
            "villages_without_team": exist["villages"] - having["villages_with_team"],
        }

    def _awaiting(self, home: str, kind: str, n: int, moved: int) -> int:
        """How many teams more await a decision: all of a kind that stand in a unit together, or one that stands alone
        and has ``moved`` there from a unit that is no more."""
        before, now = self._change(home, f"{kind} teams here", n)
        moved_before, moved_now = self._change(home, f"{kind} teams moved here", moved)
        return (now if now > 1 else moved_now) - (before if before > 1 else moved_before)

    def _change(self, unit: str | None, what: str, n: int) -> tuple[int, int]:
        before = self._n[unit or "", what]
        self._n[unit or "", what] = before + n
        return before, before + n

    def _complete(self, province: str | None) -> int:
        """Whether every commune of the province has a team."""
        communes = self.units.within.get(province or "", Counter())["communes"]
        return int(0 < communes == self._n[province or "", "communes"])
