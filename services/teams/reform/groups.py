"""The changes of a plan in groups that are stored as one, all or nothing: what hangs together, on one day, by one
document.

Old and new units hang together by succession, and by a code that one hands to the other: in 2025 a commune took over
the code of the one where it has its seat. Districts ended by themselves, so they are grouped by province.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from services.teams.reform.found import RANK
from services.teams.reform.plan import Abolished, Item, Plan
from services.teams.reform.sheet import Paper
from shared.units import UnitTree

MOST_LONE = 400
"""Units that end or change by themselves, per group."""


@dataclass(frozen=True, slots=True)
class Group:
    """``rank`` is that of the lowest level in it: what lies above must come first."""

    day: date
    rank: int
    paper: Paper
    items: tuple[Item, ...]


def groups_of(plan: Plan, before: UnitTree) -> list[Group]:
    """In the order in which they can be stored."""
    found: list[Group] = []
    for _, of_one in groupby(plan.items, lambda item: item.day):
        of_day = list(of_one)
        together = _components(of_day, before)
        lone = [component[0] for component in together if len(component) == 1]
        groups = [g for component in together if len(component) > 1 for g in _by_paper(component, plan, before)]
        groups += _lone(lone, plan, before)
        found += sorted(groups, key=lambda group: (group.rank, group.items[0].line))
    return found


def _components(items: Sequence[Item], before: UnitTree) -> list[list[Item]]:
    leader: dict[str, str] = {}

    def lead(unit: str) -> str:
        while leader.setdefault(unit, unit) != unit:
            leader[unit] = leader[leader[unit]]
            unit = leader[unit]
        return unit

    for item in items:
        for other in _tied(item, before):
            leader[lead(other)] = lead(item.unit_id)
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(lead(item.unit_id), []).append(item)
    return list(groups.values())


def _tied(item: Item, before: UnitTree) -> Iterator[str]:
    if isinstance(item, Abolished):
        yield from item.heirs
    elif item.code is not None:
        bearer = before.by_code(item.code, item.day - timedelta(1))
        if bearer is not None:
            yield bearer


def _by_paper(component: list[Item], plan: Plan, before: UnitTree) -> Iterator[Group]:
    """A reorganisation is by one document. Of several, what gives codes up comes before what takes them."""
    papers: dict[str, list[Item]] = {}
    for item in component:
        papers.setdefault(item.paper.key, []).append(item)
    ends_first = sorted(papers.values(), key=lambda items: -sum(isinstance(item, Abolished) for item in items))
    for items in ends_first:
        yield _group(items, plan, before)


def _lone(items: Iterable[Item], plan: Plan, before: UnitTree) -> Iterator[Group]:
    """What hangs together with nothing, by document, level and the unit above."""
    kept: dict[tuple[str, int, str], list[Item]] = {}
    for item in items:
        above = before.parent(item.unit_id, item.day - timedelta(1)) or ""
        kept.setdefault((item.paper.key, _rank(item, plan, before), above), []).append(item)
    for group in kept.values():
        for first in range(0, len(group), MOST_LONE):
            yield _group(group[first : first + MOST_LONE], plan, before)


def _group(items: Sequence[Item], plan: Plan, before: UnitTree) -> Group:
    return Group(items[0].day, max(_rank(i, plan, before) for i in items), items[0].paper, tuple(items))


def _rank(item: Item, plan: Plan, before: UnitTree) -> int:
    return RANK[plan.after.level(item.unit_id) or before.level(item.unit_id) or "village"]
