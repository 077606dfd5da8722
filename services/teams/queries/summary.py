"""How many teams, seats and people a unit has on a day, and which of its units have teams."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, text

from services.teams.queries.awaiting import json
from services.teams.queries.come_to import come_to
from services.teams.queries.folds import Folds
from services.teams.queries.order import Path, Stop, stops
from services.teams.queries.past import known_there
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree

CHUNK, FOLDED = 1_000, 200
KEPT = 200
"""Summaries kept, as long as nothing new is known: a nation's takes a second."""
COMMUNE, VILLAGE = "commune", "village"

_ROOM = text("SET LOCAL work_mem = '64MB'")
_HOLDS = "s.since <= :day AND (s.until IS NULL OR s.until > :day)"
_EVERYWHERE = "SELECT s.* FROM read.team_spans s WHERE " + _HOLDS
_HERE = f"""{_EVERYWHERE} AND s.unit_id IN (SELECT json_array_elements_text(cast(:units AS json)) COLLATE "C")"""


def _over(select: str) -> Mapping[bool, TextClause]:
    """The statement over all teams of the day (True), and over those of some units."""
    return {True: text(select.format(teams=_EVERYWHERE)), False: text(select.format(teams=_HERE))}


_TEAMS = _over("""SELECT kind, standing, count(*) AS n, sum(seats) AS seats FROM ({teams}) t GROUP BY 1, 2""")
# Two seats of one person are two seats and one person; a duplicate is the person it was joined into.
_PEOPLE = _over(
    """SELECT count(*) FROM (
           SELECT DISTINCT coalesce(j.kept_id, x.person_id)
             FROM ({teams}) t
             JOIN read.seats x ON x.team_id = t.team_id AND x.since <= :day AND (x.until IS NULL OR x.until > :day)
             LEFT JOIN read.person_joins j ON j.duplicate_id = x.person_id) people"""
)
_SERVED = _over("SELECT DISTINCT kind, unit_id FROM ({teams}) t")
_WITH_TEAM = text(
    f"""SELECT DISTINCT w.stop
          FROM json_to_recordset(cast(:sources AS json)) AS w (unit_id text, stop int)
         WHERE EXISTS (SELECT FROM read.team_spans s
                        WHERE s.unit_id = w.unit_id COLLATE "C" AND s.kind = :kind AND {_HOLDS})"""
)


@dataclass(frozen=True, slots=True)
class Without:
    """Units of a level without a team; ``next``: where the next page goes on."""

    units: list[str]
    next: Path | None


class Summaries:
    def __init__(self, engine: Engine, directory: UnitDirectory, folds: Folds) -> None:
        self._engine, self._directory, self._folds = engine, directory, folds
        self._kept: dict[tuple[str, date], dict[str, Any]] = {}

    def of(self, root: str, day: date) -> dict[str, Any]:
        """Numbers of teams by kind and standing, seats, distinct people, and how many units have a team."""
        with self._engine.begin() as tx:
            position, tree = come_to(tx, self._directory)
            known = self._kept.get((root, day))
            if known is None or known["position"] != f"0:{position}":
                known = self._counted(tx, tree, root, day, position)
                self._kept.pop((root, day), None)
                self._kept[root, day] = known
                while len(self._kept) > KEPT:
                    self._kept.pop(next(iter(self._kept)), None)
        return known

    def _counted(self, tx: Connection, tree: UnitTree, root: str, day: date, position: int) -> dict[str, Any]:
        everywhere = _is_all(tree, root, day)
        asked = {"day": day} if everywhere else {"day": day, "units": json(_sources(stops(tree, [root], day)))}
        tx.execute(_ROOM)
        rows = tx.execute(_TEAMS[everywhere], asked).all()
        people = tx.execute(_PEOPLE[everywhere], asked).scalar_one()
        served = [(row.kind, row.unit_id) for row in tx.execute(_SERVED[everywhere], asked)]
        teams = Counter({(row.kind, row.standing): row.n for row in rows})
        numbers = {"position": f"0:{position}", "seats": sum(row.seats for row in rows), "people": people}
        return _told(tree, root, day, teams, served) | numbers

    def as_known(self, root: str, day: date, known_at: datetime) -> dict[str, Any]:
        """The same by what was known then, but a person registered twice counts twice. Folds every team below."""
        tree = self._directory.tree(known_at)
        teams: Counter[tuple[str, str]] = Counter()
        people: Counter[str] = Counter()
        served: set[tuple[str, str]] = set()
        walk = stops(tree, [root], day)
        with self._engine.begin() as tx:
            position, _ = come_to(tx, self._directory)
            while chunk := list(islice(walk, FOLDED)):
                for known in known_there(tx, self._folds, chunk, day, known_at):
                    kind = known.team.birth.kind.value
                    teams[kind, known.team.standing_on(day)] += 1
                    people.update(seated.seat.person_id for seated in known.team.filled_on(day))
                    served.add((kind, known.place.source))
                time.sleep(0)  # others get their turn
        numbers = {"position": f"0:{position}", "seats": people.total(), "people": len(people)}
        return _told(tree, root, day, teams, served) | numbers | {"known_at": known_at}

    def without_team(
        self, root: str, kind: str, day: date, known_at: datetime | None, after: Path, limit: int
    ) -> Without:
        """Units of that level below the root where no team of that kind stands, in the order of the tree."""
        found: list[Path] = []
        with self._engine.begin() as tx:
            _, tree = come_to(tx, self._directory, known_at)
            itself = [(root,)] if not after and tree.level(root) == kind and tree.exists(root, day) else []
            paths: Iterator[Path] = chain(itself, ((root, *path) for path in tree.below(root, day, kind, after[1:])))
            wanted = (Stop(path, (path[-1], *tree.held(path[-1], day))) for path in paths)
            while len(found) <= limit and (chunk := list(islice(wanted, CHUNK if known_at is None else FOLDED))):
                served = (
                    _served(tx, chunk, kind, day) if known_at is None else self._knew(tx, chunk, kind, day, known_at)
                )
                found += [stop.path for n, stop in enumerate(chunk) if n not in served]
        page = found[:limit]
        return Without([path[-1] for path in page], page[-1] if len(found) > limit else None)

    def _knew(self, tx: Connection, chunk: Sequence[Stop], kind: str, day: date, known_at: datetime) -> set[int]:
        known = known_there(tx, self._folds, chunk, day, known_at)
        paths = {one.place.path for one in known if one.team.birth.kind == kind}
        return {n for n, stop in enumerate(chunk) if stop.path in paths}


def _told(
    tree: UnitTree,
    root: str,
    day: date,
    teams: Mapping[tuple[str, str], int],
    served: Collection[tuple[str, str]],
) -> dict[str, Any]:
    kinds = {
        kind: {standing: teams.get((kind, standing), 0) for standing in ("active", "pilot", "suspended")}
        | {"total": sum(n for (of, _), n in teams.items() if of == kind)}
        for kind in (COMMUNE, VILLAGE)
    }
    total = {"total": sum(teams.values())}
    return {"unit_id": root, "as_of": day, "teams": kinds | total, **_coverage(tree, root, day, served)}


def _is_all(tree: UnitTree, root: str, day: date) -> bool:
    return tree.level(root) == "nation" and tree.exists(root, day)


def _sources(walk: Iterator[Stop]) -> list[str]:
    return [unit_id for stop in walk for unit_id in stop.sources]


def _served(tx: Connection, chunk: Sequence[Stop], kind: str, day: date) -> set[int]:
    sources = [{"unit_id": unit_id, "stop": n} for n, stop in enumerate(chunk) for unit_id in stop.sources]
    asked = {"sources": json(sources), "kind": kind, "day": day}
    return {row.stop for row in tx.execute(_WITH_TEAM, asked)}


def _coverage(tree: UnitTree, root: str, day: date, served: Collection[tuple[str, str]]) -> dict[str, Any]:
    """Of the communes and villages of that day, how many have a team; and which units right below have one in every
    commune ("52 of 63 provinces complete at commune level")."""
    here: dict[str, set[str]] = {COMMUNE: set(), VILLAGE: set()}
    for kind, unit_id in served:
        if not tree.exists(unit_id, day):
            placed = tree.place(unit_id, day)
            unit_id = placed.unit_id if placed else unit_id
        if tree.level(unit_id) == kind:
            here[kind].add(unit_id)
    communes = [path[0] for path in tree.below(root, day, COMMUNE)]
    of_child = Counter(communes)
    with_team = Counter(path[0] for path in tree.below(root, day, COMMUNE) if path[-1] in here[COMMUNE])
    everything = tree.existing(day, VILLAGE) if _is_all(tree, root, day) else tree.below(root, day, VILLAGE)
    itself = Counter([tree.level(root)] if tree.exists(root, day) else [])
    below = [
        {"unit_id": child, "communes": n, "with_team": with_team[child], "complete": with_team[child] == n}
        for child, n in sorted(of_child.items())
        if tree.level(child) != COMMUNE
    ]
    return {
        "coverage": {
            COMMUNE: _covered(len(communes) + itself[COMMUNE], len(here[COMMUNE])),
            VILLAGE: _covered(sum(1 for _ in everything) + itself[VILLAGE], len(here[VILLAGE])),
        },
        "below": below,
        "complete_at_commune_level": {"units": len(below), "complete": sum(child["complete"] for child in below)},
    }


def _covered(units: int, with_team: int) -> dict[str, int]:
    return {"units": units, "with_team": with_team, "without_team": units - with_team}
