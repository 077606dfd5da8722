"""The closed lists of visits, and what a person learnt (names as in docs/architecture.md)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PlaceKind(StrEnum):
    """Only a ``household`` counts in "households reached" and "households covered"."""

    HOUSEHOLD = "household"
    BUSINESS_HOUSEHOLD = "business_household"
    ENTERPRISE = "enterprise"
    WORKPLACE = "workplace"
    SHOP = "shop"
    PUBLIC_PLACE = "public_place"


class Skill(StrEnum):
    PUBLIC_SERVICES = "public_services"
    ONLINE_SHOPPING = "online_shopping"
    ONLINE_PAYMENT = "online_payment"
    ONLINE_SAFETY = "online_safety"
    LOCAL_PLATFORMS = "local_platforms"


ALL_SKILLS = "all"
"""Stands beside the skills in coverage: somebody in the place does each of the five."""


class Level(StrEnum):
    """*Biết, hiểu, thực hiện*: weakest first."""

    KNOWS = "knows"
    UNDERSTANDS = "understands"
    DOES = "does"


class AgeBand(StrEnum):
    """Never a birth date."""

    UNDER_16 = "under_16"
    FROM_16_TO_24 = "16_24"
    FROM_25_TO_39 = "25_39"
    FROM_40_TO_59 = "40_59"
    FROM_60 = "60_plus"


class Flag(StrEnum):
    """Doubts that do not stop a visit: it is stored and counted, and somebody may look at it."""

    DAY_IN_FUTURE = "day_in_future"
    DAY_LONG_PAST = "day_long_past"
    TIME_DIFFERS = "time_differs"
    """``started_at`` lies on another day than ``day``."""
    UNIT_DIFFERS = "unit_differs"
    """Reported for another unit than the place's; counted in the place's."""
    KIND_DIFFERS = "kind_differs"


@dataclass(frozen=True, slots=True)
class SkillLevel:
    skill: Skill
    level: Level


@dataclass(frozen=True, slots=True)
class Learner:
    """Somebody taught in a visit. ``ref`` is a pseudonym that means something within its place only."""

    ref: str
    age_band: AgeBand
    skills: tuple[SkillLevel, ...] = ()
