"""The job that undoes a reform, by a document of its own: compensating events, in reverse order.

Teams that were moved never were there (their facts are withdrawn), then units and codes are what they were, then
merged teams come apart again: they begin anew in units that must stand by then. All of it is rehearsed first; what was
recorded since and depends on the reform refuses it, and nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO
from uuid import UUID, uuid5

from services.teams.domain.reforms import BeginUndo, FinishUndo, HaltReform
from services.teams.domain.team.corrections import Correction, CorrectTeam
from services.teams.domain.team.events import CorrectionReason, TeamReassigned
from services.teams.domain.team.life import ReassignTeam, team_stream
from services.teams.domain.team.merge import MergeTeams
from services.teams.domain.team.rearrange import rearrangement_stream
from services.teams.domain.team.state import Team
from services.teams.domain.team.undo import UndoRearrangement
from services.teams.domain.units import Reason, ReorganiseUnits, UndoReorganisation, unit_stream
from services.teams.reform.applying import BROKEN_OFF, NOT_TAKEN, REFUSED
from services.teams.reform.orders import Order, Phase, kept, restored
from services.teams.reform.pieces import AT_ONCE, Pieces, refusals
from services.teams.reform.resting import resting
from services.teams.reform.store import ORDERS, UNDO
from shared.decider import Rejected
from shared.jobs import Done, Job, RowResult, State

FIND = 1_000


class UndoWork:
    """Cursor 0: begin, make the orders and rehearse them; then page after page; then done."""

    state = State.APPLYING

    def __init__(self, job: Job, pieces: Pieces) -> None:
        self._job, self._pieces = job, pieces
        self._id = UUID(job.params["reform_id"])
        self._document: str = job.params["document_id"]
        self._instead_of: str | None = job.params.get("instead_of")
        self._ended = False
        self.total = pieces.store.pages(self._id, UNDO) if job.cursor else 0

    def step(self, cursor: int) -> Done:
        if cursor == 0:
            return self._begin()
        if cursor <= self.total:
            return self._store(cursor)
        self._pieces.record(self._job, FinishUndo(str(self._id)))
        self._ended = True
        return Done(None, summary={"phase": "done", "pages_done": self.total, "pages": self.total})

    def _begin(self) -> Done:
        begin = BeginUndo(str(self._id), str(self._job.job_id), self._document, self._instead_of)
        self._pieces.record(self._job, begin, self._job.params["version"])
        self._pieces.store.note(self._id, undo_job=self._job.job_id)
        if not self._pieces.ready(dict(self._job.heads)):
            return Done(0, summary={"phase": "waiting"})
        stored = list(self._stored())
        orders = list(self._undoing(stored))
        refused = list(resting(stored, self._pieces.directory.refresh(), self._pieces.census))
        refused += self._pieces.send(orders, self._job.actor, self._job.created_at, rehearse=True)
        if refused:
            partly = self._instead_of is not None
            return self._halt(BROKEN_OFF if partly else NOT_TAKEN, refused, stored=partly)
        self.total = self._pieces.store.write(self._id, UNDO, map(kept, orders), AT_ONCE)
        return Done(1, summary={"phase": "orders", "pages_done": 0, "pages": self.total})

    def _store(self, cursor: int) -> Done:
        orders = [restored(item) for item in self._pieces.store.page(self._id, UNDO, cursor - 1)]
        refused = self._pieces.send(orders, self._job.actor, self._job.created_at)
        if refused:
            return self._halt(BROKEN_OFF, refused, stored=True)
        progress = {"phase": orders[-1].phase.value, "pages_done": cursor, "pages": self.total}
        return Done(cursor + 1, [RowResult(cursor - 1, "stored")], progress)

    # --- the orders -----------------------------------------------------------------------------------------------

    def _undoing(self, stored: list[Order]) -> Iterator[Order]:
        """For what was stored of the reform, the last first."""
        moved = [order for order in stored if isinstance(order.command, ReassignTeam)]
        yield from self._team_by_team(moved[::-1])
        for order in stored[::-1]:
            if isinstance(order.command, ReorganiseUnits):
                command = order.command
                also = tuple(unit_stream(change.unit_id) for change in command.changes)
                undo = UndoReorganisation(command.reorganisation_id, Reason.WITHDRAWN, self._document, also)
                yield Order(Phase.UNITS, self._name(order), undo, order.touches)
        together = {rearrangement_stream(m.rearrangement_id) for o in stored if isinstance(m := o.command, MergeTeams)}
        states = self._pieces.handler.states(together)
        for order in stored[::-1]:
            if isinstance(order.command, MergeTeams):
                state = states[rearrangement_stream(order.command.rearrangement_id)]
                if state is None or state.undone_by is not None:
                    continue
                merged = order.command
                name = str(uuid5(self._job.job_id, f"unmerge/{merged.rearrangement_id}"))
                apart = UndoRearrangement(name, merged.rearrangement_id, merged.effective, self._document)
                yield Order(Phase.MERGERS, self._name(order), apart, order.touches)

    def _name(self, order: Order) -> UUID:
        return uuid5(self._job.job_id, str(order.command_id))

    def _stored(self) -> Iterator[Order]:
        orders = [restored(item) for item in self._pieces.store.items(self._id, ORDERS)]
        for first in range(0, len(orders), FIND):
            some = orders[first : first + FIND]
            known = self._pieces.log.find([order.command_id for order in some])
            yield from (order for order in some if order.command_id in known)

    def _team_by_team(self, moved: list[Order]) -> Iterator[Order]:
        """One correction per team, which withdraws every move of it by this reform."""
        moves: dict[str, list[Order]] = {}
        for order in moved:
            moves.setdefault(order.command.team_id, []).append(order)
        states = self._pieces.handler.states(map(team_stream, moves))
        for team_id, orders in moves.items():
            team = states[team_stream(team_id)]
            facts = [number for order in orders for number in _facts(team, order.command)]
            if facts:
                voids = tuple(Correction(number, void=True) for number in sorted(set(facts)))
                back = CorrectTeam(team_id, voids, (), CorrectionReason.WITHDRAWN, self._document)
                yield Order(Phase.TEAMS, self._name(orders[0]), back)

    def _halt(self, reason: str, refused: list[Rejected], *, stored: bool) -> Done:
        self._pieces.store.write(self._id, REFUSED, refusals(refused))
        self._pieces.record(self._job, HaltReform(str(self._id), reason, stored))
        self._ended = True
        return Done(None, summary={"phase": "halted", "reason": reason, "refused": len(refused)})

    def result(self, results: Iterable[RowResult], to: BinaryIO) -> None:
        """What became of a reform is asked of the reform; a job that was cancelled leaves it broken off."""
        if not self._ended:
            self._halt(BROKEN_OFF, [], stored=True)

    def close(self) -> None:
        pass


def _facts(team: Any, command: ReassignTeam) -> Iterator[int]:
    """Numbers of the facts that the command recorded."""
    if isinstance(team, Team):
        for number, fact in enumerate(team.facts, 1):
            if number in team.voided or not isinstance(fact, TeamReassigned):
                continue
            told = (command.unit_id, command.effective, command.document_id)
            if (fact.unit_id, fact.effective, fact.document_id) == told:
                yield number
