"""What a set of visits adds up to in its place, and how that changes.

Reached and covered places are not additive over days, so every visit carries the *changes* it caused, and readers only
add:

- ``reach``: rows (day, previous day) of consecutive visited days. Summing ``n`` where ``day`` lies in [from, to] and
  ``previous_day`` is None or before ``from`` counts the place once if it was visited in the period, for any period.
- ``covered``: the first day on which somebody of the place ``does`` a skill. Summing ``n`` up to a day counts the
  places covered by then.

A change is the difference of the rows before and after, so visits may come late, in any order, twice on a day, and
(later) be corrected or voided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import NamedTuple
from uuid import UUID

from services.visits.domain.vocabulary import ALL_SKILLS, Learner, Level, Skill

_RANK = {level: n for n, level in enumerate(Level, 1)}
_SHIFT = {skill: 2 * n for n, skill in enumerate(Skill)}
_PACKED = {skill: {level: rank << shift for level, rank in _RANK.items()} for skill, shift in _SHIFT.items()}
_ONE_BIT_EACH = sum(1 << shift for shift in _SHIFT.values())
_COVERAGE_ORDER = {name: n for n, name in enumerate([*(str(skill) for skill in Skill), ALL_SKILLS])}


@dataclass(frozen=True, slots=True)
class Reach:
    """``n`` is +1 or -1 of the row (day, previous visited day)."""

    day: date
    previous_day: date | None
    n: int


@dataclass(frozen=True, slots=True)
class Covered:
    """``skill`` is one of the five or ``all``; ``n`` is +1 or -1."""

    skill: str
    day: date
    n: int


class Taught(NamedTuple):
    """One visit, as little of it as later decisions need: states are kept in memory by the thousand.

    ``levels``: per learner the attained levels packed into two bits per skill (0 = not taught); ``done``: the skills
    that one of them does.
    """

    visit_id: UUID
    day: date
    levels: tuple[tuple[str, int], ...]
    done: tuple[str, ...]


def taught(visit_id: UUID, day: date, learners: Iterable[Learner]) -> Taught:
    levels = tuple([(x.ref, sum([_PACKED[s.skill][s.level] for s in x.skills])) for x in learners])
    does = 0
    for _, packed in levels:
        does |= packed & packed >> 1
    return Taught(visit_id, day, levels, _done(does & _ONE_BIT_EACH))


@cache
def _done(bits: int) -> tuple[str, ...]:
    return tuple(str(skill) for skill, shift in _SHIFT.items() if bits >> shift & 1)


def attained(visits: Iterable[Taught]) -> dict[str, dict[Skill, Level]]:
    """Each learner's best level per skill: a later weaker visit takes nothing away."""
    by_rank = {rank: level for level, rank in _RANK.items()}
    best: dict[str, dict[Skill, Level]] = {}
    for visit in visits:
        for ref, packed in visit.levels:
            of = best.setdefault(ref, {})
            for skill, shift in _SHIFT.items():
                rank = packed >> shift & 3
                if rank and (skill not in of or _RANK[of[skill]] < rank):
                    of[skill] = by_rank[rank]
    return best


def covered_since(visits: Iterable[Taught]) -> dict[str, date]:
    """Skill (or ``all``) → the first day on which somebody of the place does it."""
    since: dict[str, date] = {}
    for visit in visits:
        for skill in visit.done:
            if skill not in since or visit.day < since[skill]:
                since[skill] = visit.day
    if len(since) == len(_SHIFT):
        since[ALL_SKILLS] = max(since.values())
    return since


def reach_changes(before: Sequence[Taught], after: Sequence[Taught]) -> tuple[Reach, ...]:
    if not before and len(after) == 1:  # nearly every visit is the first to its place
        return (Reach(after[0].day, None, 1),)
    old, new = _rows(before), _rows(after)
    changes = [Reach(*row, 1) for row in new - old] + [Reach(*row, -1) for row in old - new]
    return tuple(sorted(changes, key=lambda change: (change.day, change.n)))


def covered_changes(before: Sequence[Taught], after: Sequence[Taught]) -> tuple[Covered, ...]:
    old, new = covered_since(before), covered_since(after)
    if old == new:
        return ()
    changes = _changed(new, old, 1) + _changed(old, new, -1)
    return tuple(sorted(changes, key=lambda change: (_COVERAGE_ORDER[change.skill], change.n)))


def _rows(visits: Iterable[Taught]) -> set[tuple[date, date | None]]:
    days = sorted({visit.day for visit in visits})
    return set(zip(days, [None, *days], strict=False))


def _changed(these: Mapping[str, date], those: Mapping[str, date], n: int) -> list[Covered]:
    return [Covered(skill, day, n) for skill, day in these.items() if those.get(skill) != day]
