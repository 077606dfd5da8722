"""The job that applies a reform: the orders of the preview, page by page, then the reconciliation.

Every order has an id of its own for ever, so a page that was stored before its step could be noted is simply sent
again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, BinaryIO
from uuid import UUID

from services.teams.domain.reforms import BeginReform, FinishReform, HaltReform, Reform
from services.teams.reform import places, reconcile
from services.teams.reform.checking import asked_of, keep
from services.teams.reform.orders import Order, restored
from services.teams.reform.pieces import Pieces, refusals
from services.teams.reform.prepare import Prepared
from services.teams.reform.store import ERRORS, LINES, ORDERS, Kept
from shared.decider import Rejected
from shared.jobs import Done, Job, RowResult, State
from shared.problems import Problem

REFUSED, AWAITING = "refused", "awaiting"
OUTDATED, NOT_TAKEN, BROKEN_OFF, DIFFERENCE = (
    "reform-outdated",
    "reform-refused",
    "reform-broken-off",
    "reform-difference",
)


class ApplyWork:
    """Cursor 0: begin, and rehearse everything; 1 … pages: store a page; then wait for the tables, and reconcile."""

    state = State.APPLYING

    def __init__(self, job: Job, pieces: Pieces) -> None:
        self._job, self._pieces = job, pieces
        self._id = UUID(job.params["reform_id"])
        kept = pieces.store.get(self._id)
        if kept is None:
            raise Problem("reform-unknown", reform=str(self._id))
        self._kept: Kept = kept
        self._pages = pieces.store.pages(self._id, ORDERS)
        self._instead_of: str | None = job.params.get("instead_of")
        self._ended = False
        self.total = self._pages

    def step(self, cursor: int) -> Done:
        if cursor == 0:
            return self._begin()
        if cursor <= self._pages:
            return self._store(cursor)
        return self._reconcile(cursor)

    def _orders(self) -> list[Order]:
        return [restored(item) for item in self._pieces.store.items(self._id, ORDERS)]

    # --- before ---------------------------------------------------------------------------------------------------

    def _begin(self) -> Done:
        begin = BeginReform(str(self._id), str(self._job.job_id), self._instead_of)
        self._pieces.record(self._job, begin, self._job.params["version"])
        self._pieces.store.note(self._id, apply_job=self._job.job_id)
        if not self._pieces.ready(dict(self._job.heads)):
            return Done(0, summary={"phase": "waiting"})
        # What another job began is in the registry already in part: it goes on as it was planned.
        partly = self._instead_of is not None
        if not partly and self._changed() and self._planned_anew():
            return self._halt(OUTDATED, [], stored=False)
        refused = self._pieces.send(self._orders(), self._job.actor, self._job.created_at, rehearse=True)
        if refused:
            return self._halt(BROKEN_OFF if partly else NOT_TAKEN, refused, stored=partly)
        return Done(1, summary=self._progress(0))

    def _changed(self) -> bool:
        """Whether anything was recorded since the preview that the plan rests on."""
        expected = reconcile.expected(self._orders())
        teams = {*expected.teams, *expected.ended}
        return self._pieces.census.touched(self._kept.position, list(expected.units), list(teams))

    def _planned_anew(self) -> bool:
        """Whether the same file makes another plan now; it then takes the place of the former."""
        items = self._pieces.store.items(self._id, LINES)
        lines, areas, where = places.restored(items, self._kept.layout)
        asked = replace(
            asked_of(self._id, self._job, self._kept.options), at=self._kept.made_at or self._job.created_at
        )
        preparing = self._pieces.preparing(asked)
        made: Prepared = preparing.plan(lines, areas)
        preparing.order(made)
        if made.digest == self._kept.digest and not made.errors:
            return False
        preparing.show(made)
        self._keep(made, where)
        errors = [where.finding(flaw).stored() | {"warning": flaw.warning} for flaw in made.flaws]
        self._pieces.store.write(self._id, ERRORS, errors)
        return True

    def _keep(self, made: Prepared, where: places.Places) -> None:
        of_check = replace(self._job, job_id=self._id, params={"repeats": _text(self._kept.repeats)})
        made.counts = {**self._kept.counts, **made.counts, "errors": len(made.errors)}
        keep(self._pieces, of_check, made, where, self._kept.options)

    # --- orders ---------------------------------------------------------------------------------------------------

    def _store(self, cursor: int) -> Done:
        orders = [restored(item) for item in self._pieces.store.page(self._id, ORDERS, cursor - 1)]
        refused = self._pieces.send(orders, self._job.actor, self._job.created_at)
        if refused:
            return self._halt(BROKEN_OFF, refused, stored=True)
        done = sum(order.touches for order in orders)
        result = RowResult(cursor - 1, "stored")
        return Done(cursor + 1, [result], self._progress(cursor) | {"phase": orders[-1].phase.value, "last": done})

    def _progress(self, pages: int) -> dict[str, Any]:
        return {"phase": "orders", "pages_done": pages, "pages": self._pages}

    # --- afterwards -----------------------------------------------------------------------------------------------

    def _reconcile(self, cursor: int) -> Done:
        if not self._pieces.ready():
            return Done(cursor, summary=self._progress(self._pages) | {"phase": "waiting"})
        tree = self._pieces.directory.refresh()
        report, awaiting = reconcile.reconcile(self._orders(), tree, self._pieces.census)
        self._pieces.store.write(self._id, AWAITING, awaiting)
        self._pieces.store.note(self._id, reconciled=report)
        found = report["differences_found"]
        if found:
            return self._halt(DIFFERENCE, [], stored=True, differences=found)
        reform, _ = self._pieces.reform(self._id)
        assert isinstance(reform, Reform)
        before, after, seats = report["nation"]["before"], report["nation"]["after"], report["seats"]
        totals = replace(
            reform.prepared.totals,
            teams_before=before["teams"],
            teams_after=after["teams"],
            seats_before=before["seats"],
            seats_after=after["seats"],
            joined=seats["joined"],
            released=seats["released"],
        )
        self._pieces.record(self._job, FinishReform(str(self._id), totals))
        self._ended = True
        return Done(None, summary=self._progress(self._pages) | {"phase": "done"})

    def _halt(self, reason: str, refused: list[Rejected], *, stored: bool, **params: int) -> Done:
        self._pieces.store.write(self._id, REFUSED, refusals(refused))
        self._pieces.record(self._job, HaltReform(str(self._id), reason, stored))
        self._ended = True
        return Done(None, summary={"phase": "halted", "reason": reason, "refused": len(refused), **params})

    def result(self, results: Iterable[RowResult], to: BinaryIO) -> None:
        """What became of a reform is asked of the reform; a job that was cancelled leaves it broken off."""
        if not self._ended:
            self._halt(BROKEN_OFF, [], stored=True)

    def close(self) -> None:
        pass


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
