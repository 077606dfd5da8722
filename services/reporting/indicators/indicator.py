"""The shape of one row of ``indicators.json``."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Group(StrEnum):
    NETWORK = "network"
    ACTIVITY = "activity"
    COVERAGE = "coverage"
    TRAINING = "training"
    CAMPAIGN = "campaign"
    QUALITY = "quality"


class Unit(StrEnum):
    """``ratio``: one number over another; ``percent``: the same times a hundred; ``days``: a number of days."""

    COUNT = "count"
    RATIO = "ratio"
    PERCENT = "percent"
    DAYS = "days"


class Pillar(StrEnum):
    GOVERNMENT = "government"
    ECONOMY = "economy"
    SOCIETY = "society"


class Source(StrEnum):
    """The service whose events it is counted from; ``reporting``: about the counting itself."""

    TEAMS = "teams"
    VISITS = "visits"
    TRAINING = "training"
    REPORTING = "reporting"


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    vi: str
    en: str


class Additive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether values of the units of an area, or of the parts of a period, may be added up."""

    units: bool
    periods: bool


class Indicator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``numerator``, ``denominator``: figures of the read model, added up. Without a numerator nothing is counted: the
    indicator is only declared by people. A ratio without a denominator says that it is unknown.

    ``whole``: two figures that have to be equal, or the denominator is not whole and there is no value.
    ``usual``: part of an answer that was not asked for anything in particular.
    """

    code: str
    version: int
    group: Group
    source: Source
    unit: Unit
    name: Words
    about: Words
    additive: Additive
    usual: bool
    pillar: Pillar | None
    numerator: tuple[str, ...] | None
    denominator: tuple[str, ...] | None
    whole: tuple[str, str] | None = None

    @property
    def figures(self) -> tuple[str, ...]:
        return (*(self.numerator or ()), *(self.denominator or ()), *(self.whole or ()))

    @property
    def is_ratio(self) -> bool:
        return self.unit in (Unit.RATIO, Unit.PERCENT)

    def document(self) -> dict[str, Any]:
        """As ``GET /v1/indicators`` shows it."""
        shown: dict[str, Any] = msgspec.to_builtins(self)
        if self.is_ratio and self.denominator is None:
            shown["denominator"] = "unknown"
        return shown
