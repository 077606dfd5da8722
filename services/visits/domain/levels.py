"""Levels as bits: whatever was taught or attained is one number, and the better of two is their OR.

A level is a thermometer of three bits (``knows`` 001, ``understands`` 011, ``does`` 111); a *group* is the five skills;
a person, a visit and a place have a group per age band. What a place has attained by a day is the OR of its visits
until then. The group of anybody is the OR of all bands, with a sixth skill ``all``: the lowest of the five.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, reduce
from operator import and_, or_

from services.visits.domain.vocabulary import ALL_SKILLS, AgeBand, Learner, Level, Skill

ANYBODY = None
"""Stands for a band in the group of all people of a place."""

Band = AgeBand | None

_LEVELS = tuple(Level)
_SKILLS = (*map(str, Skill), ALL_SKILLS)
_FIVE = len(Skill)
_GROUP = 3 * _FIVE
_MASK = (1 << _GROUP) - 1
_LOWEST = sum(1 << 3 * at for at in range(_FIVE + 1))
_BITS = {
    (skill, level): ((1 << rank) - 1) << 3 * at for at, skill in enumerate(Skill) for rank, level in enumerate(Level, 1)
}
_SHIFT = {band: at * _GROUP for at, band in enumerate(AgeBand)}


def person(learner: Learner) -> int:
    bits = 0
    for taught in learner.skills:
        bits |= _BITS[taught.skill, taught.level]
    return bits << _SHIFT[learner.age_band]


def together(numbers: Iterable[int]) -> int:
    return reduce(or_, numbers, 0)


def band_of(bits: int) -> AgeBand | None:
    """The age band of a person's number; None if nothing was taught."""
    return next((band for band, shift in _SHIFT.items() if bits >> shift & _MASK), None)


def groups(bits: int) -> list[tuple[Band, int]]:
    """Anybody's group and those of the bands, without empty ones."""
    found: list[tuple[Band, int]] = [
        (band, group) for band, shift in _SHIFT.items() if (group := bits >> shift & _MASK)
    ]
    return [(ANYBODY, _anybody(together(group for _, group in found))), *found] if found else []


@lru_cache(maxsize=4_096)
def _anybody(group: int) -> int:
    return group | reduce(and_, (group >> 3 * at & 7 for at in range(_FIVE))) << _GROUP


@lru_cache(maxsize=4_096)
def named(group: int) -> dict[str, Level]:
    """Skill → level of a group; not to be changed."""
    ranks = ((skill, (group >> 3 * at & 7).bit_count()) for at, skill in enumerate(_SKILLS))
    return {skill: _LEVELS[rank - 1] for skill, rank in ranks if rank}


def differing(old: int, new: int) -> tuple[int, int]:
    """Two groups reduced to the skills in which they differ."""
    bits = old ^ new
    mask = ((bits | bits >> 1 | bits >> 2) & _LOWEST) * 7
    return old & mask, new & mask


def attained(bits: int) -> dict[str, Level]:
    """Skill → level of a number whatever the age band, without ``all``."""
    return named(together(bits >> shift & _MASK for shift in _SHIFT.values()))
