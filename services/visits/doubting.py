"""What is doubtful about visits whatever their place: teams, members and codes that nobody has heard of (yet)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.visits.catalogue import Catalogue
from services.visits.domain import Flag
from services.visits.domain.catalogue import CatalogueKind
from services.visits.references import References


@dataclass(frozen=True)
class Doubting:
    references: References
    catalogue: Catalogue

    def flags(self, visits: Sequence[tuple[Any, str]]) -> list[tuple[Flag, ...]]:
        """Of visits (contents or bodies) and their units; one look at the references for all of them."""
        unknown = self.references.unknown(
            {visit.team_id for visit, _ in visits}, {member for visit, _ in visits for member in visit.member_ids}
        )
        return [self._flags(visit, unit_id, unknown) for visit, unit_id in visits]

    def _flags(self, visit: Any, unit_id: str, unknown: set[Any]) -> tuple[Flag, ...]:
        found = []
        if unknown and visit.team_id in unknown:
            found.append(Flag.TEAM_UNKNOWN)
        if unknown and not unknown.isdisjoint(visit.member_ids):
            found.append(Flag.MEMBER_UNKNOWN)
        if (visit.platforms or visit.outcomes) and self.codes(visit.platforms, visit.outcomes, unit_id, visit.day):
            found.append(Flag.CODE_UNKNOWN)
        return tuple(found)

    def codes(self, platforms: Collection[str], outcomes: Collection[str], unit_id: str, day: date) -> set[str]:
        """Those that no catalogue has."""
        ask = self.catalogue.unknown
        unknown = ask(CatalogueKind.PLATFORM, platforms, unit_id, day)
        return unknown | ask(CatalogueKind.OUTCOME, outcomes, unit_id, day) if outcomes else unknown
