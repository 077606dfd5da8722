"""Visits that are changed: read as they are, decided on as they are; if somebody was faster, once more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from services.visits.areas import Areas
from services.visits.domain import PlaceCommand, PlaceEvent, PlaceState
from services.visits.queries.visits import KnownVisit, VisitQueries
from shared.decider import Rejected
from shared.edge import Call
from shared.handler import Answer, Busy, Handler
from shared.handling import handle_many
from shared.problems import Problem
from shared.unit_directory import UnitDirectory

TRIES = 5


@dataclass(frozen=True)
class Changing:
    handler: Handler[PlaceCommand, PlaceState, PlaceEvent]
    queries: VisitQueries
    units: UnitDirectory

    def change(self, call: Call, visit_id: UUID, command_of: Callable[[KnownVisit], Any]) -> tuple[Answer, KnownVisit]:
        """Handle the command made of the visit as it is; the visit as it was before. Raises ``Problem`` for a visit
        that is none or not the caller's, and what handlers raise."""
        envelope = replace(call.envelope(None), expected_version=None)
        for _ in range(TRIES):
            known = self.queries.visit(visit_id)
            if known is None:
                raise Problem("not-found", where="path")
            if not Areas(self.units.tree(), call.actor).covers(known.visit.unit_id, known.seen.content.day):
                raise Problem("forbidden-unit", where="path", day=known.seen.content.day.isoformat())
            [result] = handle_many(self.handler, [replace(envelope, command=command_of(known))])
            if isinstance(result, Answer):
                return result, known
            if not isinstance(result, Rejected) or result.code != "visit-changed":
                raise result
        raise Busy
