"""Visits from the edge into the log: who may, then the handler; a thousand rows without stopping everybody else."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.visits.areas import Areas
from services.visits.domain import (
    ForeignPlace,
    Merged,
    Place,
    PlaceCommand,
    PlaceEvent,
    PlaceState,
    VisitCorrected,
    VisitRecorded,
    place_stream,
)
from services.visits.domain.doubts import latest_of
from services.visits.domain.outreach import OutreachCorrected, OutreachRecorded
from services.visits.doubting import Doubting
from services.visits.schemas.visits import record_visit
from services.visits.standing import Row, Standing
from services.visits.turns import Turns
from shared.access import Actor
from shared.decider import Rejected
from shared.handler import Answer, Envelope, Handler
from shared.handling import handle_many
from shared.log import Outcome
from shared.problems import Problem
from shared.unit_directory import UnitDirectory
from shared.vietnamese import hanoi_day

if TYPE_CHECKING:
    from shared.edge import Call

_DOUBTED = (VisitRecorded, VisitCorrected, OutreachRecorded, OutreachCorrected)

ROWS_AT_ONCE = 200
"""Deciding and encoding holds the process for about 50 µs a row; other requests have their turn in between."""


@dataclass(frozen=True)
class Intake:
    handler: Handler[PlaceCommand, PlaceState, PlaceEvent]
    units: UnitDirectory
    doubting: Doubting
    turns: Turns = field(default_factory=Turns)

    def one(self, call: Call) -> Answer:
        """Record the visit of a body. Raises ``Problem`` or ``Rejected``."""
        body, tree = call.body, self.units.tree()
        stand = Standing(tree, call.actor, hanoi_day(call.now)).require(body.unit_id, body.day)
        [doubts] = self.doubting.flags([(body, stand.unit_id)])
        envelope = call.envelope(record_visit(body, latest_of(call.now), stand, doubts), body.visit_id)
        with self.turns.of([body.place_id]):
            [answer] = self._record([envelope], Areas(tree, call.actor))
        if isinstance(answer, Rejected):
            raise answer
        if problem := self._met(answer, body):
            problem.extra |= answer.place
            raise problem
        return answer

    def many(self, actor: Actor, now: datetime, rows: Sequence[Row]) -> dict[int, Answer | Rejected]:
        """Record the visits of the good rows, refuse rows of foreign units; what became of each, by row number."""
        tree, latest = self.units.tree(), latest_of(now)
        good, areas = Standing(tree, actor, hanoi_day(now)).of_rows(rows), Areas(tree, actor)
        doubts = self.doubting.flags([(row.loaded, stand.unit_id) for row, stand in good])
        envelopes = {
            row.index: Envelope(row.loaded.visit_id, record_visit(row.loaded, latest, stand, flags), actor.sub, now)
            for (row, stand), flags in zip(good, doubts, strict=True)
        }
        answers: dict[int, Answer | Rejected] = {}
        indices = list(envelopes)
        for start in range(0, len(indices), ROWS_AT_ONCE):
            part = indices[start : start + ROWS_AT_ONCE]
            with self.turns.of({envelopes[i].command.place_id for i in part}):
                answers.update(zip(part, self._record([envelopes[i] for i in part], areas), strict=True))
            time.sleep(0)  # in the api, where it is eventlet's, the others' turn
        for row in rows:
            answer = answers.get(row.index)
            if isinstance(answer, Answer) and (problem := self._met(answer, row.loaded)):
                row.refuse(problem)
        return answers

    def _record(self, envelopes: Sequence[Envelope], areas: Areas) -> list[Answer | Rejected]:
        """Whoever speaks about a place must answer for the unit in which it stands, too; of one that is no more, for a
        part of it."""
        results = handle_many(self.handler, envelopes)
        again: dict[int, Envelope] = {}
        for i, result in enumerate(results):
            if not isinstance(result, ForeignPlace):
                continue
            command = envelopes[i].command
            if areas.covers_part(result.unit_id, result.day):
                cleared = replace(command, cleared=(*command.cleared, result.unit_id))
                again[i] = replace(envelopes[i], command=cleared)
            else:
                results[i] = Rejected("forbidden-place", "/place_id")
        if again:
            for i, result in zip(again, self._record([*again.values()], areas), strict=True):
                results[i] = result
        return results

    def _met(self, answer: Answer, body: Any) -> Problem | None:
        """What has the id already: another content of this visit, or a visit to another place, which is worse."""
        if answer.outcome is not Outcome.CONFLICT:
            return None
        stream = place_stream(body.place_id)
        while isinstance(state := self.handler.states([stream])[stream], Merged):
            stream = place_stream(state.into)
        visit = state.visit(body.visit_id) if isinstance(state, Place) else None
        if visit is None and answer.stream_id != stream:
            return Problem("visit-elsewhere", "/place_id")
        return Problem("conflict", extra={"revision": visit.revision} if visit else {})


def flagged(answer: Answer) -> dict[str, Any]:
    """For the answer to a visit or an outreach session that was stored with doubts."""
    flags = [flag for event in answer.events if isinstance(event, _DOUBTED) for flag in event.flags]
    return {"outcome": "flagged", "flags": flags} if flags else {}
