"""What a plan would do, section by section, before anything is stored. Pure: plan and trees, teams and seats go in.

``units`` what is established, altered, abolished · ``teams`` what becomes of each team of a unit that ends ·
``leaders`` where several teams or leaders come together, for decision · ``access`` units that roots of access tokens
may name (tokens are issued elsewhere) · ``conflicts`` what was recorded meanwhile, or for later days ·
``unmentioned`` units of the area that the file says nothing of · ``totals`` by province before and after.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.teams.domain.reforms import ReformTotals
from services.teams.reform.found import RANK, Flaw, by_text
from services.teams.reform.moves import Merger, Move, Serving
from services.teams.reform.plan import Abolished, Altered, Established, Plan
from services.teams.reform.sheet import LEAVE, MERGE, REASSIGN, Area, Line
from shared.units import LEVELS, UnitTree

Item = dict[str, Any]
SECTIONS = ("units", "teams", "leaders", "access", "conflicts", "unmentioned", "totals")
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Counted:
    """Teams, seats and people (each once per area) of an area on a day."""

    teams: int = 0
    seats: int = 0
    people: int = 0

    def shown(self) -> Item:
        return {"teams": self.teams, "seats": self.seats, "people": self.people}


NATION = ""
Counts = Mapping[str, Counted]
"""Province → numbers; under ``NATION`` those of all."""


def units(plan: Plan, before: UnitTree) -> Iterator[Item]:
    after = plan.after
    for item in plan.items:
        match item:
            case Established():
                change, tree, day = "established", after, item.day
            case Altered():
                change, tree, day = "altered", after, item.day
            case Abolished():
                change, tree, day = "abolished", before if item.unit_id in before else after, item.day - timedelta(1)
        shown = {"change": change, "row": item.line, **_named(tree, item.unit_id, day), "effective": item.day}
        if isinstance(item, Altered):
            shown["was"] = _named(before, item.unit_id, item.day - timedelta(1))
        if isinstance(item, Abolished):
            shown["successors"] = [{"unit_id": heir, "main": n == 0} for n, heir in enumerate(item.heirs)]
            shown["successor_unknown"] = item.unknown
        yield shown


def _named(tree: UnitTree, unit: str, day: date) -> Item:
    return {
        "unit_id": unit,
        "level": tree.level(unit),
        "kind": tree.kind(unit, day),
        "name": tree.name(unit, day),
        "code": tree.code(unit, day),
        "parent_id": tree.parent(unit, day),
    }


def teams(moves: Iterable[Move]) -> Iterator[Item]:
    for move in moves:
        team = move.team
        yield {
            "team_id": team.team_id,
            "kind": team.kind,
            "action": move.action,
            "from_unit_id": team.unit_id,
            "unit_id": move.unit_id,
            "seats": team.seats,
            "leaders": team.leaders,
            "effective": move.day,
            "row": move.line,
        }


def leaders(plan: Plan, moves: Sequence[Move], mergers: Sequence[Merger], there: Iterable[Serving]) -> Iterator[Item]:
    """Units that several teams of one kind serve afterwards, and merged teams with more than one leader."""
    last = plan.days[-1]
    merged = {team for merger in mergers for team in (*merger.teams, *filter(None, [merger.into]))}
    moved = {move.team.team_id: move for move in moves}
    together: dict[tuple[str, str], list[Serving]] = {}
    for team in {team.team_id: team for team in (*there, *(move.team for move in moves))}.values():
        unit = moved[team.team_id].unit_id if team.team_id in moved else team.unit_id
        placed = plan.after.place(unit, last)
        together.setdefault((placed.unit_id if placed else unit, team.kind), []).append(team)
    for (unit, kind), found in together.items():
        if len(found) < 2 or not any(team.team_id in moved for team in found):
            continue
        count = sum(team.leaders for team in found)
        in_one = all(team.team_id in merged for team in found)
        if in_one and count < 2:
            continue
        yield {
            "unit_id": unit,
            "name": plan.after.full_name(unit, last),
            "kind": kind,
            "teams": 1 if in_one else len(found),
            "teams_before": len(found),
            "leaders": count,
            "surplus_leaders": max(0, count - 1),
            "awaiting": "leader" if in_one else "merger",
        }


def access(plan: Plan, before: UnitTree) -> Iterator[Item]:
    """Units down to communes that end or come to lie elsewhere, with the units that a token would have to name then."""
    for end in plan.abolished:
        if end.level == LEVELS[4]:
            continue
        heirs = [{"unit_id": heir, "main": n == 0} for n, heir in enumerate(end.heirs)]
        if not heirs:
            parts = plan.after.former_unit_on_map(end.unit_id, end.day)
            heirs = [{"unit_id": part.unit_id, "main": False} for part in parts]
        yield _root(end.unit_id, end.level, before, end.day) | {"ends": True, "successors": heirs}
    for item in plan.altered:
        level = before.level(item.unit_id) or ""
        if item.parent_id is not None and level != LEVELS[4]:
            yield _root(item.unit_id, level, before, item.day) | {"ends": False, "parent_id": item.parent_id}


def _root(unit: str, level: str, before: UnitTree, day: date) -> Item:
    name = before.full_name(unit, day - timedelta(1))
    return {"unit_id": unit, "level": level, "name": name, "effective": day}


# --- what the file does not say ---------------------------------------------------------------------------------


def unmentioned(plan: Plan, before: UnitTree) -> Iterator[Item]:
    """Units beside those of the file, of the same level within the same area: the province of a commune, the commune
    of a village. A district is only told of when none of its communes is left.
    """
    day = plan.days[0]
    eve = day - timedelta(1)
    said = {unit for _, unit in plan.mentioned}
    areas = {(_area(before, unit, eve), before.level(unit)) for unit in said}
    for unit in before.existing(eve):
        level = before.level(unit)
        if unit in said or level == LEVELS[0]:
            continue
        if level == LEVELS[2]:
            children = before.children(unit, eve)
            if children and all(child in said and not plan.after.exists(child, day) for child in children):
                yield _missing(unit, before, plan, eve) | {"empty": True}
        elif (_area(before, unit, eve), level) in areas:
            yield _missing(unit, before, plan, eve)


def _area(tree: UnitTree, unit: str, day: date) -> str | None:
    above = tree.ancestors(unit, day)[1:]
    wanted = {LEVELS[1]: LEVELS[0], LEVELS[4]: LEVELS[3]}.get(tree.level(unit) or "", LEVELS[1])
    return next((each for each in above if tree.level(each) == wanted), None)


def _missing(unit: str, before: UnitTree, plan: Plan, eve: date) -> Item:
    stands = plan.after.parent(unit, plan.days[-1])
    return _named(before, unit, eve) | {"parent_after": stands, "empty": False}


def areas_of(plan: Plan, before: UnitTree, levels: Collection[str], lines: Sequence[Line]) -> Iterator[Area]:
    """The areas that the units of these levels in the file lie in, for a file that says it is complete."""
    for level in levels:
        said = {
            (day, _area(before, unit, day - timedelta(1)))
            for day, unit in plan.mentioned
            if before.level(unit) == level
        }
        for day, area in sorted((day, area) for day, area in said if area is not None):
            yield Area(lines[0].index, area, level, day)


def incomplete(areas: Iterable[Area], plan: Plan, before: UnitTree) -> Iterator[Flaw]:
    """Errors where the file says that an area is complete and it is not."""
    for area in areas:
        eve = area.effective - timedelta(1)
        found = by_text(before, area.unit, eve, LEVELS[: RANK[area.level]])
        if len(found) != 1:
            yield Flaw(area.index, "unit", "reform-area-unknown", {"day": eve})
            continue
        within = [unit for unit in before.existing(eve, area.level) if found[0] in before.ancestors(unit, eve)]
        missing = sorted(before.full_name(u, eve) or u for u in within if (area.effective, u) not in plan.mentioned)
        if missing:
            params = {"units": len(missing), "level": area.level, "examples": ", ".join(missing[:EXAMPLES])}
            yield Flaw(area.index, "unit", "reform-unmentioned", params)


# --- totals -----------------------------------------------------------------------------------------------------


def provinces(tree: UnitTree, served: Collection[str], day: date) -> dict[str, str]:
    """Unit → the province where its facts stand on that day."""
    found = {}
    for unit in served:
        placed = tree.place(unit, day)
        chain = tree.ancestors(placed.unit_id, day) if placed else ()
        found[unit] = next((above for above in chain if tree.level(above) == LEVELS[1]), NATION)
    return found


def totals(plan: Plan, before: UnitTree, eve: Counts, day: Counts) -> Iterator[Item]:
    """Each province of the eve with what it had, each one afterwards with what it has: as the teams stand then."""
    last, first = plan.days[-1], plan.days[0] - timedelta(1)
    for unit in sorted({*eve, *day} - {NATION}, key=lambda u: (plan.after.code(u, last) or "", u)):
        tree = plan.after
        stood, stands = before.exists(unit, first), tree.exists(unit, last)
        yield {
            "unit_id": unit,
            "name": tree.full_name(unit, last if stands else first),
            "before": eve.get(unit, Counted()).shown() if stood else None,
            "after": day.get(unit, Counted()).shown() if stands else None,
            "successors": list(tree.successors(unit)),
        }
    nation: Item = {"unit_id": None, "name": "Toàn quốc", "successors": []}
    yield nation | {"before": eve[NATION].shown(), "after": day[NATION].shown()}


def reform_totals(
    plan: Plan, moves: Sequence[Move], mergers: Sequence[Merger], eve: Counted, joined: int, released: int
) -> ReformTotals:
    ended = sum(len(merger.teams) - (merger.into is None) for merger in mergers)
    return ReformTotals(
        established=len(plan.established),
        altered=len(plan.altered),
        abolished=len(plan.abolished),
        teams_before=eve.teams,
        teams_after=eve.teams - ended,
        teams_reassigned=sum(move.action == REASSIGN for move in moves),
        seats_before=eve.seats,
        seats_after=eve.seats - joined - released,
        joined=joined,
        released=released,
    )


def counts(plan: Plan, moves: Sequence[Move]) -> Item:
    """The figures of the preview at a glance."""
    seats = {action: sum(m.team.seats for m in moves if m.action == action) for action in (REASSIGN, MERGE, LEAVE)}
    return {
        "units": {
            "established": len(plan.established),
            "altered": len(plan.altered),
            "abolished": len(plan.abolished),
            "renamed": sum(item.name is not None for item in plan.altered),
            "reparented": sum(item.parent_id is not None for item in plan.altered),
            "split": sum(len(end.heirs) > 1 for end in plan.abolished),
        },
        "teams": {action: sum(move.action == action for move in moves) for action in (REASSIGN, MERGE, LEAVE)},
        "seats": seats,
        "documents": len(plan.papers),
        "days": [day.isoformat() for day in plan.days],
    }
