"""The closed lists of visits, and what a person learnt (names as in docs/architecture.md)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class _Word(StrEnum):
    """Hashes as the text it equals; ``Enum``'s own hash is of the name, and ten times slower."""

    __hash__ = str.__hash__


class PlaceKind(_Word):
    """Only a ``household`` counts in "households reached" and "households covered"."""

    HOUSEHOLD = "household"
    BUSINESS_HOUSEHOLD = "business_household"
    ENTERPRISE = "enterprise"
    WORKPLACE = "workplace"
    SHOP = "shop"
    PUBLIC_PLACE = "public_place"


class Skill(_Word):
    PUBLIC_SERVICES = "public_services"
    ONLINE_SHOPPING = "online_shopping"
    ONLINE_PAYMENT = "online_payment"
    ONLINE_SAFETY = "online_safety"
    LOCAL_PLATFORMS = "local_platforms"


ALL_SKILLS = "all"
"""Stands beside the skills in coverage: somebody in the place does each of the five."""


class Level(_Word):
    """*Biết, hiểu, thực hiện*: weakest first."""

    KNOWS = "knows"
    UNDERSTANDS = "understands"
    DOES = "does"


class AgeBand(_Word):
    """Never a birth date. Youngest first."""

    UNDER_16 = "under_16"
    FROM_16_TO_24 = "16_24"
    FROM_25_TO_39 = "25_39"
    FROM_40_TO_59 = "40_59"
    FROM_60 = "60_plus"


class Flag(_Word):
    """Doubts that do not stop a visit: it is stored and counted, and somebody may look at it."""

    DAY_IN_FUTURE = "day_in_future"
    DAY_LONG_PAST = "day_long_past"
    TIME_DIFFERS = "time_differs"
    """``started_at`` lies on another day than ``day``."""
    TIME_IN_FUTURE = "time_in_future"
    """``started_at`` lies later on the very day on which we received it."""
    UNIT_DIFFERS = "unit_differs"
    """Reported for another unit than the place's; counted in the place's."""
    KIND_DIFFERS = "kind_differs"
    AGE_DIFFERS = "age_differs"
    """A learner known in another age band, and not only one band younger on an earlier day."""
    PLACE_CLOSED = "place_closed"
    """Visited while the place is closed."""
    TEAM_UNKNOWN = "team_unknown"
    MEMBER_UNKNOWN = "member_unknown"
    CODE_UNKNOWN = "code_unknown"
    """A platform or an outcome that no catalogue has on the day of the visit."""


REFERENCES = frozenset({Flag.TEAM_UNKNOWN, Flag.MEMBER_UNKNOWN, Flag.CODE_UNKNOWN})
"""Doubts that end by themselves when what was named becomes known."""


class Settled(StrEnum):
    """What became of a doubt: it was right (``confirmed``), unfounded (``dismissed``), or ended by itself."""

    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    RECONCILED = "reconciled"


class Obstacle(StrEnum):
    """What kept somebody from learning."""

    NO_SMARTPHONE = "no_smartphone"
    NO_INTERNET = "no_internet"
    NO_ACCOUNT = "no_account"
    FEAR_OF_FRAUD = "fear_of_fraud"
    NO_TIME = "no_time"
    HEALTH = "health"
    LANGUAGE = "language"
    REFUSED = "refused"
    OTHER = "other"


class Mistake(StrEnum):
    """Why a visit is corrected or voided, or a place corrected."""

    TYPO = "typo"
    WRONG_DAY = "wrong_day"
    WRONG_PERSON = "wrong_person"
    WRONG_TEAM = "wrong_team"
    WRONG_PLACE = "wrong_place"
    RECORDED_TWICE = "recorded_twice"
    NEVER_HAPPENED = "never_happened"
    OTHER = "other"


class Closing(StrEnum):
    """Why a place is no more, or is again."""

    MOVED_AWAY = "moved_away"
    DEMOLISHED = "demolished"
    OUT_OF_BUSINESS = "out_of_business"
    RETURNED = "returned"
    BY_MISTAKE = "by_mistake"
    OTHER = "other"


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


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees, coarse by construction: two decimals are about a kilometre (whoever sends more is rounded)."""

    lat: float
    lon: float
