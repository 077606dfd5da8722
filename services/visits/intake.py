"""Visits from the edge into the log: who may, then the handler; a thousand rows without stopping everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import eventlet

from services.visits.areas import Areas
from services.visits.domain import PlaceCommand, PlaceEvent, PlaceState, VisitRecorded, place_stream
from services.visits.schemas.visits import record_visit
from services.visits.turns import Turns
from shared.decider import Rejected
from shared.edge import Call, Row, stored_as
from shared.edge_admission import Lane
from shared.handler import Answer, Envelope, Handler
from shared.log import Outcome
from shared.problems import Problem
from shared.unit_directory import UnitDirectory
from shared.vietnamese import hanoi_day

ROWS_AT_ONCE = 200
"""Deciding and encoding holds the process for about 50 µs a row; other requests have their turn in between."""

LANES = (Lane("single", width=100_000, patience=0.5), Lane("batch", width=300_000, patience=0.6))
"""Some sixty single visits and four batches of a hundred at a time keep the log busy; more would only wait inside."""


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
            problem.extra = stored_as(answer)
            raise problem
        return answer

    def many(self, call: Call, rows: Sequence[Row]) -> dict[int, Answer | Rejected]:
        """Record the visits of the good rows, refuse rows of foreign units; what became of each, by row number."""
        areas = Areas(self.units.tree(), call.actor)
        today = hanoi_day(call.now)
        envelopes: dict[int, Envelope] = {}
        for row in rows:
            if row.problem is not None:
                continue
            body = row.loaded
            if problem := areas.problem(body.unit_id, body.day):
                row.refuse(problem)
            else:
                command = record_visit(body, today)
                envelopes[row.index] = Envelope(body.visit_id, command, call.actor.sub, call.now)
        answers: dict[int, Answer | Rejected] = {}
        indices = list(envelopes)
        for start in range(0, len(indices), ROWS_AT_ONCE):
            part = indices[start : start + ROWS_AT_ONCE]
            with self.turns.of({envelopes[i].command.place_id for i in part}):
                answers.update(zip(part, self.handler.handle_many([envelopes[i] for i in part]), strict=True))
            eventlet.sleep(0)
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
