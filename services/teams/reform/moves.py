"""What becomes of the teams that serve a unit that ends: they serve its main successor, are merged there, or stay."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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


def moves_of(plan: Plan, serving: Mapping[date, Iterable[Serving]], kept: Collection[str] = ()) -> Iterator[Move]:
    """Day after day, unit after unit in the order of the file.

    ``serving``: day of the reform → the teams that on its eve serve units that end or take over; what earlier days of
    the plan do to them is seen to here. ``kept``: teams that must stay whatever the file says. One team alone is never
    merged, only reassigned; where a team serves the unit already, the others join it.
    """
    moved: dict[str, Serving] = {}
    for day in plan.days:
        known = {team.team_id: team for team in serving.get(day, ())} | moved
        at: dict[str, list[Serving]] = {}
        for team in known.values():
            at.setdefault(team.unit_id, []).append(team)
        gone = [end for end in plan.abolished if end.day == day and end.unit_id in at]
        made = [_moved(end, team, kept) for end in gone for team in at.pop(end.unit_id)]
        settled = list(_settled(made, at))
        yield from settled
        moved |= {move.team.team_id: replace(move.team, unit_id=move.unit_id) for move in settled}


def _moved(end: Abolished, team: Serving, kept: Collection[str]) -> Move:
    action = end.teams if end.heirs and team.team_id not in kept else LEAVE
    unit = end.unit_id if action == LEAVE else end.heirs[0]
    return Move(team, unit, action, end.day, end.paper, end.line)


def _settled(made: Sequence[Move], at: Mapping[str, Sequence[Serving]]) -> Iterator[Move]:
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


def mergers_of(moves: Iterable[Move], serving: Mapping[date, Iterable[Serving]]) -> list[Merger]:
    together: dict[tuple[date, str, str], list[Move]] = {}
    for move in moves:
        if move.action == MERGE:
            together.setdefault((move.day, move.unit_id, move.team.kind), []).append(move)
    return [
        Merger(
            unit,
            kind,
            tuple(move.team.team_id for move in found),
            next((team.team_id for team in serving[day] if (team.unit_id, team.kind) == (unit, kind)), None),
            day,
            found[0].paper,
            found[0].line,
        )
        for (day, unit, kind), found in together.items()
    ]
