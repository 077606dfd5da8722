"""Visits from the edge into the log: who may, then the handler; a thousand rows without stopping everybody else."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from services.visits.areas import Areas
from services.visits.domain import PlaceCommand, PlaceEvent, PlaceState, VisitRecorded, place_stream
from services.visits.schemas.visits import record_visit
from services.visits.turns import Turns
from shared.access import Actor
from shared.decider import Rejected
from shared.handler import Answer, Envelope, Handler
from shared.log import Outcome
from shared.problems import Problem
from shared.unit_directory import UnitDirectory
from shared.vietnamese import hanoi_day

if TYPE_CHECKING:
    from shared.edge import Call

ROWS_AT_ONCE = 200
"""Deciding and encoding holds the process for about 50 µs a row; other requests have their turn in between."""


class Row(Protocol):
    """A row of a batch or a line of a file: what was loaded of it, or the problem with it."""

    @property
    def index(self) -> int: ...
    @property
    def loaded(self) -> Any: ...
    @property
    def problem(self) -> Problem | None: ...
    def refuse(self, problem: Problem) -> None: ...


@dataclass(frozen=True)
class Intake:
    handler: Handler[PlaceCommand, PlaceState, PlaceEvent]
    units: UnitDirectory
    turns: Turns = field(default_factory=Turns)

    def one(self, call: Call) -> Answer:
        """Record the visit of a body. Raises ``Problem`` or ``Rejected``."""
        body = call.body
        Areas(self.units.tree(), call.actor).require(body.unit_id, body.day)
        envelope = call.envelope(record_visit(body, hanoi_day(call.now)), body.visit_id)
        with self.turns.of([body.place_id]):
            answer = self.handler.handle(envelope)
        if problem := elsewhere(answer, body.place_id):
            problem.extra = answer.place
            raise problem
        return answer

    def many(self, actor: Actor, now: datetime, rows: Sequence[Row]) -> dict[int, Answer | Rejected]:
        """Record the visits of the good rows, refuse rows of foreign units; what became of each, by row number."""
        areas = Areas(self.units.tree(), actor)
        today = hanoi_day(now)
        envelopes: dict[int, Envelope] = {}
        for row in rows:
            if row.problem is not None:
                continue
            body = row.loaded
            if problem := areas.problem(body.unit_id, body.day):
                row.refuse(problem)
            else:
                command = record_visit(body, today)
                envelopes[row.index] = Envelope(body.visit_id, command, actor.sub, now)
        answers: dict[int, Answer | Rejected] = {}
        indices = list(envelopes)
        for start in range(0, len(indices), ROWS_AT_ONCE):
            part = indices[start : start + ROWS_AT_ONCE]
            with self.turns.of({envelopes[i].command.place_id for i in part}):
                answers.update(zip(part, self.handler.handle_many([envelopes[i] for i in part]), strict=True))
            time.sleep(0)  # in the api, where it is eventlet's, the others' turn
        for row in rows:
            answer = answers.get(row.index)
            if isinstance(answer, Answer) and (problem := elsewhere(answer, row.loaded.place_id)):
                row.refuse(problem)
        return answers


def elsewhere(answer: Answer, place_id: UUID) -> Problem | None:
    """An id that was used for another place is a worse mistake than a changed copy, and is called so."""
    if answer.outcome is Outcome.CONFLICT and answer.stream_id != place_stream(place_id):
        return Problem("visit-elsewhere", "/place_id")
    return None


def flagged(answer: Answer) -> dict[str, Any]:
    """For the answer to a visit that was stored with doubts."""
    flags = [flag for event in answer.events if isinstance(event, VisitRecorded) for flag in event.flags]
    return {"outcome": "flagged", "flags": flags} if flags else {}
