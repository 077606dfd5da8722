"""Doubts that end by themselves: a team, a member or a code that was unknown when it came is known by now.

About visits and about outreach sessions: ``of`` says which, and who settles it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from services.visits.domain import Flag, PlaceCommand, PlaceEvent, PlaceState, Settled, SettleFlag
from services.visits.domain.outreach import (
    Held,
    OutreachCommand,
    OutreachEvent,
    OutreachState,
    SettleOutreach,
    outreach_stream,
)
from services.visits.doubting import Doubting
from services.visits.projections.flags import SESSION
from services.visits.queries.lists import FIRST_ID, ListQueries
from services.visits.queries.visits import KnownVisit, VisitQueries
from shared.handler import Answer, Envelope, Handler
from shared.handling import handle_many
from shared.log import Outcome

PAGE = 500
ACTOR = "reconciling"
PAUSE_SECONDS = 2.0
"""Between two rounds over all open doubts."""


Settle = Callable[[UUID, Flag], bool]
"""Settles a doubt about what has this id; whether that was still to be done."""


@dataclass
class Reconciling:
    """``step`` looks at one page of open doubts; how many it settled. Any number of workers may do it at once."""

    lists: ListQueries
    doubting: Doubting
    settle: Mapping[str, Settle]
    _after: tuple[UUID, str] = field(default=(FIRST_ID, ""))
    _not_before: float = 0.0

    def step(self) -> int:
        if time.monotonic() < self._not_before:
            return 0
        waiting = self.lists.waiting(self._after, PAGE)
        settled = [row for row in self._known_by_now(waiting) if self.settle[row.of](row.id, Flag(row.flag))]
        if len(waiting) < PAGE:
            self._after, self._not_before = (FIRST_ID, ""), time.monotonic() + PAUSE_SECONDS
        else:
            self._after = (waiting[-1].id, waiting[-1].flag)
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
                return bool(self._unknown_codes(row))
            case _:
                return True

    def _unknown_codes(self, row: Any) -> set[str]:
        if row.of == SESSION:
            return self.doubting.topics(row.about["topics"], row.unit_id, row.day)
        return self.doubting.codes(row.about["platforms"], row.about.get("outcomes", ()), row.unit_id, row.day)


@dataclass(frozen=True)
class Visits:
    handler: Handler[PlaceCommand, PlaceState, PlaceEvent]
    queries: VisitQueries
    doubting: Doubting

    def settle(self, visit_id: UUID, flag: Flag) -> bool:
        known = self.queries.visit(visit_id)
        if known is None or flag not in known.flags or flag in self._doubts(known):
            return False
        # The same id whoever comes first, and another one for what a correction has made doubtful anew.
        command_id = uuid5(visit_id, f"reconciled:{flag}:{known.seen.revision}")
        return _settled(self.handler, Envelope(command_id, _settling(known, flag), ACTOR, datetime.now(UTC)))

    def _doubts(self, known: KnownVisit) -> tuple[Flag, ...]:
        """By what the visit says now, which the list may not have heard of yet."""
        [flags] = self.doubting.flags([(known.seen.content, known.visit.unit_id)])
        return flags


@dataclass(frozen=True)
class Sessions:
    handler: Handler[OutreachCommand, OutreachState, OutreachEvent]
    doubting: Doubting

    def settle(self, session_id: UUID, flag: Flag) -> bool:
        """As the session is told now: if somebody is faster, the doubt is looked at again in the next round."""
        state, version = self.handler.state(outreach_stream(session_id))
        if not isinstance(state, Held):
            return False
        [flags] = self.doubting.flags_of_sessions([(state.session, state.session.unit_id)])
        if flag in flags:
            return False
        command = SettleOutreach(session_id, flag, Settled.RECONCILED)
        command_id = uuid5(session_id, f"reconciled:{flag}:{version}")
        return _settled(self.handler, Envelope(command_id, command, ACTOR, datetime.now(UTC), version))


def _settled(handler: Handler[Any, Any, Any], envelope: Envelope) -> bool:
    [answer] = handle_many(handler, [envelope])
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
