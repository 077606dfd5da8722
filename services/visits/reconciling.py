"""Doubts that end by themselves: a team, a member or a code that was unknown when the visit came is known by now."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from services.visits.domain import Flag, PlaceCommand, PlaceEvent, PlaceState, Settled, SettleFlag
from services.visits.doubting import Doubting
from services.visits.queries.lists import FIRST_ID, ListQueries
from services.visits.queries.visits import KnownVisit, VisitQueries
from shared.handler import Answer, Envelope, Handler
from shared.handling import handle_many
from shared.log import Outcome

PAGE = 500
PAUSE_SECONDS = 2.0
"""Between two rounds over all open doubts."""


@dataclass
class Reconciling:
    """``step`` looks at one page of open doubts; how many it settled. Any number of workers may do it at once."""

    handler: Handler[PlaceCommand, PlaceState, PlaceEvent]
    lists: ListQueries
    queries: VisitQueries
    doubting: Doubting
    _after: tuple[UUID, str] = field(default=(FIRST_ID, ""))
    _not_before: float = 0.0

    def step(self) -> int:
        if time.monotonic() < self._not_before:
            return 0
        waiting = self.lists.waiting(self._after, PAGE)
        settled = [row for row in self._known_by_now(waiting) if self._settle(row.visit_id, Flag(row.flag))]
        if len(waiting) < PAGE:
            self._after, self._not_before = (FIRST_ID, ""), time.monotonic() + PAUSE_SECONDS
        else:
            self._after = (waiting[-1].visit_id, waiting[-1].flag)
        return len(settled)

    def _known_by_now(self, waiting: Sequence[Any]) -> list[Any]:
        unknown = self.doubting.references.unknown(
            {UUID(row.about["team_id"]) for row in waiting},
            {UUID(member) for row in waiting for member in row.about["member_ids"]},
        )
        return [row for row in waiting if not self._still(row, unknown)]

    def _still(self, row: Any, unknown: set[UUID]) -> bool:
        match Flag(row.flag):
            case Flag.TEAM_UNKNOWN:
                return UUID(row.about["team_id"]) in unknown
            case Flag.MEMBER_UNKNOWN:
                return not unknown.isdisjoint(map(UUID, row.about["member_ids"]))
            case Flag.CODE_UNKNOWN:
                about = row.about
                return bool(self.doubting.codes(about["platforms"], about["outcomes"], row.unit_id, row.day))
            case _:
                return True

    def _settle(self, visit_id: UUID, flag: Flag) -> bool:
        known = self.queries.visit(visit_id)
        if known is None or flag not in known.flags:
            return False
        # The same id whoever comes first, and another one for what a correction has made doubtful anew.
        command_id = uuid5(visit_id, f"reconciled:{flag}:{known.seen.revision}")
        envelope = Envelope(command_id, _settling(known, flag), "reconciling", datetime.now(UTC))
        [answer] = handle_many(self.handler, [envelope])
        return isinstance(answer, Answer) and answer.outcome is Outcome.STORED


def _settling(known: KnownVisit, flag: Flag) -> SettleFlag:
    visit = known.visit
    return SettleFlag(
        visit_id=visit.visit_id,
        flag=flag,
        how=Settled.RECONCILED,
        place_id=visit.place_id,
        seen=known.seen,
        also=known.streams,
    )
