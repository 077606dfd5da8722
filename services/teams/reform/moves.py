"""What becomes of the teams that serve a unit that ends: they serve its main successor, are merged there, or stay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from services.teams.reform.plan import Abolished, Plan
from services.teams.reform.sheet import LEAVE, MERGE, REASSIGN, Paper


@dataclass(frozen=True, slots=True)
class Serving:
    """A team that exists on the eve of the reform, its unit and its seats by then."""

    team_id: str
    kind: str
    unit_id: str
    seats: int
    leaders: int


@dataclass(frozen=True, slots=True)
class Move:
    """``action``: reassign, merge or keep. ``unit_id`` is the unit served afterwards.

    A team that is kept goes on naming a unit that is no more, and counts where that unit's facts stand.
    """

    team: Serving
    unit_id: str
    action: str
    day: date
    paper: Paper
    line: int


def moves_of(plan: Plan, serving: Iterable[Serving], kept: Iterable[str] = ()) -> Iterator[Move]:
    """Day after day, unit after unit in the order of the file. ``kept``: teams that must stay whatever the file says.

    One team alone is never merged, only reassigned; where a team serves the unit already, the others join it.
    """
    at: dict[str, list[Serving]] = {}
    for team in serving:
        at.setdefault(team.unit_id, []).append(team)
    stay = set(kept)
    for day in plan.days:
        gone = [end for end in plan.abolished if end.day == day and end.unit_id in at]
        made = [_moved(end, team, stay) for end in gone for team in at[end.unit_id]]
        for end in gone:
            del at[end.unit_id]
        yield from _settled(made, at)
        for move in made:
            at.setdefault(move.unit_id, []).append(replace(move.team, unit_id=move.unit_id))


def _moved(end: Abolished, team: Serving, stay: set[str]) -> Move:
    action = end.teams if end.heirs and team.team_id not in stay else LEAVE
    unit = end.unit_id if action == LEAVE else end.heirs[0]
    return Move(team, unit, action, end.day, end.paper, end.line)


def _settled(made: list[Move], at: dict[str, list[Serving]]) -> Iterator[Move]:
    merging: dict[tuple[str, str], int] = {}
    for move in made:
        if move.action == MERGE:
            key = (move.unit_id, move.team.kind)
            already = sum(team.kind == move.team.kind for team in at.get(move.unit_id, ()))
            merging[key] = merging.get(key, already) + 1
    for move in made:
        alone = move.action == MERGE and merging[move.unit_id, move.team.kind] == 1
        yield replace(move, action=REASSIGN) if alone else move


@dataclass(frozen=True, slots=True)
class Merger:
    """Teams of one kind that become one in a unit: into the team that serves it already, or into a new one."""

    unit_id: str
    kind: str
    teams: tuple[str, ...]
    into: str | None
    day: date
    paper: Paper
    line: int


def mergers_of(moves: Iterable[Move], serving: Iterable[Serving]) -> list[Merger]:
    there = {(team.unit_id, team.kind): team.team_id for team in serving}
    together: dict[tuple[date, str, str], list[Move]] = {}
    for move in moves:
        if move.action == MERGE:
            together.setdefault((move.day, move.unit_id, move.team.kind), []).append(move)
    return [
        Merger(
            unit,
            kind,
            tuple(move.team.team_id for move in moves),
            there.get((unit, kind)),
            day,
            moves[0].paper,
            moves[0].line,
        )
        for (day, unit, kind), moves in together.items()
    ]
