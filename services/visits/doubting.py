"""What is doubtful about visits whatever their place, and about outreach sessions: teams, members and codes that nobody
has heard of (yet)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.visits.catalogue import Catalogue
from services.visits.domain import Flag
from services.visits.domain.catalogue import CatalogueKind
from services.visits.references import References

UnknownCodes = Callable[[Any, str], Collection[str] | None]
"""Codes that a visit names and no catalogue of its unit has on its day."""


@dataclass(frozen=True)
class Doubting:
    references: References
    catalogue: Catalogue

    def flags(self, visits: Sequence[tuple[Any, str]]) -> list[tuple[Flag, ...]]:
        """Of visits (contents or bodies) and their units; one look at the references for all of them."""
        return self._all(visits, self._of_visit)

    def flags_of_sessions(self, sessions: Sequence[tuple[Any, str]]) -> list[tuple[Flag, ...]]:
        """Of outreach sessions, likewise."""
        return self._all(sessions, self._of_session)

    def _all(self, visits: Sequence[tuple[Any, str]], codes: UnknownCodes) -> list[tuple[Flag, ...]]:
        unknown = self.references.unknown(
            {visit.team_id for visit, _ in visits}, {member for visit, _ in visits for member in visit.member_ids}
        )
        return [self._flags(visit, unit_id, unknown, codes) for visit, unit_id in visits]

    def _flags(self, visit: Any, unit_id: str, unknown: set[Any], codes: UnknownCodes) -> tuple[Flag, ...]:
        found = []
        if unknown and visit.team_id in unknown:
            found.append(Flag.TEAM_UNKNOWN)
        if unknown and not unknown.isdisjoint(visit.member_ids):
            found.append(Flag.MEMBER_UNKNOWN)
        if codes(visit, unit_id):
            found.append(Flag.CODE_UNKNOWN)
        return tuple(found)

    def _of_visit(self, visit: Any, unit_id: str) -> set[str] | None:
        if visit.platforms or visit.outcomes:
            return self.codes(visit.platforms, visit.outcomes, unit_id, visit.day)
        return None

    def _of_session(self, session: Any, unit_id: str) -> set[str]:
        return self.topics(session.topics, unit_id, session.day)

    def topics(self, topics: Collection[str], unit_id: str, day: date) -> set[str]:
        """Those of outreach that no catalogue has."""
        return self.catalogue.unknown(CatalogueKind.OUTREACH_TOPIC, topics, unit_id, day)

    def codes(self, platforms: Collection[str], outcomes: Collection[str], unit_id: str, day: date) -> set[str]:
        """Those that no catalogue has."""
        ask = self.catalogue.unknown
        unknown = ask(CatalogueKind.PLATFORM, platforms, unit_id, day)
        return unknown | ask(CatalogueKind.OUTCOME, outcomes, unit_id, day) if outcomes else unknown
