"""After a reform: every unit, team and seat accounted for, counted from the tables of the registry.

    seats on the eve - joined - released + new = seats on the day

``joined`` are the seats that the reform's mergers joined with another seat of the same person. Seats that ended on the
day by other decisions are ``released``; those that nobody can account for are differences, and so is every team that
does not serve the unit it was moved to, and every unit that is not as planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.teams.domain.team.life import ReassignTeam
from services.teams.domain.team.merge import Fate, MergeTeams
from services.teams.domain.units import AbolishUnit, EstablishUnit, ReorganiseUnits
from services.teams.reform.census import Census
from services.teams.reform.orders import Order
from services.teams.reform.preview import NATION, Counted, provinces
from shared.units import LEVELS, Placement, UnitTree

MOST_LISTED = 200


@dataclass(slots=True)
class Expected:
    """What the orders of a reform must have led to: unit → stands or not, team → unit, seats that were joined."""

    units: dict[str, bool]
    teams: dict[str, str]
    joined: set[str]
    ended: set[str]
    """Teams that were merged into another."""
    days: set[date]


def expected(orders: Iterable[Order]) -> Expected:
    found = Expected({}, {}, set(), set(), set())
    for order in orders:
        match order.command:
            case ReorganiseUnits(effective=day, changes=changes):
                found.days.add(day)
                for change in changes:
                    if isinstance(change, (EstablishUnit, AbolishUnit)):
                        found.units[change.unit_id] = isinstance(change, EstablishUnit)
            case ReassignTeam(team_id=team, unit_id=unit):
                found.teams[team] = unit
            case MergeTeams(into_team_id=into, new=new):
                found.ended.update(order.command.from_team_ids)
                found.joined |= {fate.seat_id for fate in order.command.seats if fate.fate is Fate.JOINED}
                if new is not None:
                    found.teams[into] = new.unit_id
    return found


def reconcile(orders: Iterable[Order], tree: UnitTree, census: Census) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The report, whose ``differences`` are empty if all is accounted for; and what awaits decision, unit by unit."""
    found = expected(orders)
    eve, last = min(found.days) - timedelta(1), max(found.days)
    counts = {day: census.counted(provinces(tree, census.served(day), day), day) for day in (eve, last)}
    lost = census.lost(eve, last)
    joined = {seat for seat in lost if seat in found.joined}
    released = census.released(lost.keys() - joined, eve, last)
    seats = {
        "before": counts[eve][NATION].seats,
        "joined": len(joined),
        "released": len(released),
        "new": census.new(eve, last),
        "after": counts[last][NATION].seats,
    }
    seats["carried"] = seats["before"] - len(lost)
    differences = [
        *_units(found, tree, last),
        *_teams(found, census, last),
        *({"what": "seat", "id": seat, "team_id": lost[seat]} for seat in sorted(lost.keys() - joined - released)),
        *_sum(seats),
    ]
    awaiting = _awaiting(tree, census, last)
    report: dict[str, Any] = {
        "eve": eve,
        "day": last,
        "units": {level: _standing(tree, level, eve, last) for level in LEVELS[1:]},
        "nation": {"before": counts[eve][NATION].shown(), "after": counts[last][NATION].shown()},
        "seats": seats,
        "provinces": list(_provinces(tree, counts, eve, last)),
        "awaiting": {"units": len(awaiting), "teams": sum(len(each["team_ids"]) for each in awaiting)},
        "differences": differences[:MOST_LISTED],
        "differences_found": len(differences),
    }
    return report, awaiting


def _awaiting(tree: UnitTree, census: Census, day: date) -> list[dict[str, Any]]:
    """Units that several teams of one kind serve; a team whose own unit is no more counts where its facts stand."""
    gone = {unit: placed.unit_id for unit in census.served(day) if (placed := _moved(tree, unit, day))}
    together: dict[tuple[str, str], list[str]] = {}
    for unit, kind, teams in census.shared({*gone, *gone.values()}, day):
        together.setdefault((gone.get(unit, unit), kind), []).extend(teams)
    return [
        {"unit_id": unit, "name": tree.full_name(unit, day), "kind": kind, "team_ids": sorted(teams)}
        for (unit, kind), teams in together.items()
        if len(teams) > 1
    ]


def _moved(tree: UnitTree, unit: str, day: date) -> Placement | None:
    return None if tree.exists(unit, day) else tree.place(unit, day)


def _units(found: Expected, tree: UnitTree, day: date) -> Iterator[dict[str, Any]]:
    for unit, stands in found.units.items():
        if tree.exists(unit, day) != stands:
            yield {"what": "unit", "id": unit, "expected": stands}


def _teams(found: Expected, census: Census, day: date) -> Iterator[dict[str, Any]]:
    serves = census.units_of({*found.teams, *found.ended}, day)
    for team, unit in found.teams.items():
        if team not in found.ended and serves.get(team) != unit:
            yield {"what": "team", "id": team, "expected": unit, "unit_id": serves.get(team)}
    for team in sorted(found.ended & serves.keys()):
        yield {"what": "team", "id": team, "expected": None, "unit_id": serves[team]}


def _sum(seats: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    total = seats["before"] - seats["joined"] - seats["released"] + seats["new"]
    if total != seats["after"]:
        yield {"what": "seats", "id": "", "expected": total, "found": seats["after"]}


def _standing(tree: UnitTree, level: str, *days: date) -> dict[str, int]:
    return dict(zip(("before", "after"), (sum(1 for _ in tree.existing(day, level)) for day in days), strict=True))


def _provinces(
    tree: UnitTree, counts: Mapping[date, Mapping[str, Counted]], eve: date, last: date
) -> Iterator[dict[str, Any]]:
    """Each province of both maps; those of the eve lie under the one that followed them."""
    of_new: dict[str, list[str]] = {}
    for old in counts[eve]:
        placed = tree.place(old, last) if old != NATION else None
        if placed is not None:
            of_new.setdefault(placed.unit_id, []).append(old)
    for new in sorted({*of_new, *counts[last]} - {NATION}, key=lambda unit: tree.code(unit, last) or ""):
        before = [_named(tree, old, eve) | counts[eve][old].shown() for old in sorted(of_new.get(new, ()))]
        after = counts[last].get(new, Counted())
        yield {
            **_named(tree, new, last),
            "before": before,
            "teams_before": sum(each["teams"] for each in before),
            "seats_before": sum(each["seats"] for each in before),
            **{f"{what}_after": number for what, number in after.shown().items()},
        }


def _named(tree: UnitTree, unit: str, day: date) -> dict[str, Any]:
    return {"unit_id": unit, "name": tree.full_name(unit, day), "code": tree.code(unit, day)}
