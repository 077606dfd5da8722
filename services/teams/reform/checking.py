"""The job of an upload: read, planned, rehearsed, shown – nothing of it is stored but what the kit keeps of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from services.teams.domain.reforms import PrepareReform
from services.teams.reform import places
from services.teams.reform.orders import kept
from services.teams.reform.pieces import AT_ONCE, Pieces
from services.teams.reform.places import Places
from services.teams.reform.prepare import Asked, Prepared
from services.teams.reform.sheet import TEMPLATE, Area, Line
from services.teams.reform.store import ERRORS, LINES, ORDERS, Kept
from services.teams.reform.workbook import write_workbook
from shared.jobs import Done, Job, RowResult, State, Upload
from shared.problems import Problem
from shared.sheets import Book, Finding, read_book, write_results

READ, ORDER, SHOW, WRITE = range(4)


class CheckWork:
    """Steps: read and plan, order and rehearse, show and keep, write the workbook. Begun again if taken over."""

    state = State.CHECKING

    def __init__(self, job: Job, pieces: Pieces, upload: Upload | None) -> None:
        self._job, self._pieces = job, pieces
        self._reform = job.job_id
        self._book: Book | None = None
        self._lines: list[Line] = []
        self._areas: list[Area] = []
        self._places = Places({}, {})
        self._made: Prepared | None = None
        if upload is not None:
            self._read(read_book(upload.open(), upload.media, TEMPLATE))
        else:
            self._recall(UUID(job.params["repeats"]))
        self._preparing = pieces.preparing(self._asked())
        self.total = len(self._places.rows)

    def _read(self, book: Book) -> None:
        self._book, self._places = book, places.places_of(book)
        self._lines, self._areas = places.read(book)

    def _recall(self, former: UUID) -> None:
        known = self._pieces.store.get(former)
        if known is None:
            raise Problem("reform-unknown", reform=str(former))
        items = self._pieces.store.items(former, LINES)
        self._lines, self._areas, self._places = places.restored(items, known.layout)

    def _asked(self) -> Asked:
        return asked_of(self._job.job_id, self._job, self._job.params["options"])

    def step(self, cursor: int) -> Done:
        if cursor == READ:
            # What was sent before the file was must be known before the file is judged.
            if not self._pieces.ready(dict(self._job.heads)):
                return Done(READ, summary={"phase": "waiting"})
            self._preparing = self._pieces.preparing(self._asked())
            self._made = self._preparing.plan(self._lines, self._areas)
            return Done(ORDER, summary={"phase": "planning"})
        made = self._made
        assert made is not None
        if cursor == ORDER:
            if not self._bad_cells():
                self._preparing.order(made)
            return Done(SHOW, summary={"phase": "counting"})
        if cursor == SHOW:
            found = self._findings(made)
            if not self._errors(found):
                self._preparing.show(made)
            self._keep(made, found)
            following = WRITE if made.totals is not None else None
            return Done(following, self._results(found), {"phase": "done", "counts": made.counts})
        self._pieces.store.put_workbook(self._reform, write_workbook(made.sections, self._job.locale))
        return Done(None)

    # --- what is wrong ----------------------------------------------------------------------------------------------

    def _bad_cells(self) -> bool:
        return self._book is not None and any(not row.good for row in self._book.rows)

    def _findings(self, made: Prepared) -> dict[int, list[tuple[Finding, bool]]]:
        """By row: finding, and whether it is only a warning.

        Where cells could not be read, rows that build on those rows would seem wrong: only what concerns the old units
        is told then.
        """
        found: dict[int, list[tuple[Finding, bool]]] = {}
        for row in self._book.rows if self._book else ():
            for finding in row.findings:
                found.setdefault(row.index, []).append((finding, False))
        partly = self._bad_cells()
        for flaw in made.flaws:
            if not partly or flaw.column.startswith("old_"):
                found.setdefault(flaw.index, []).append((self._places.finding(flaw), flaw.warning))
        return found

    def _errors(self, found: dict[int, list[tuple[Finding, bool]]]) -> bool:
        return any(not warning for findings in found.values() for _, warning in findings)

    def _results(self, found: dict[int, list[tuple[Finding, bool]]]) -> list[RowResult]:
        results = []
        for index, (sheet, number) in sorted(self._places.rows.items()):
            findings = found.get(index, [])
            outcome = "rejected" if any(not warning for _, warning in findings) else "stored"
            name = self._places.layout[sheet]["name"]
            results.append(RowResult(index, outcome, tuple(f for f, _ in findings), name, number))
        return results

    # --- what is kept ----------------------------------------------------------------------------------------------

    def _keep(self, made: Prepared, found: dict[int, list[tuple[Finding, bool]]]) -> None:
        errors = [
            finding.stored() | {"warning": warning}
            for _, findings in sorted(found.items())
            for finding, warning in findings
        ]
        made.counts |= {
            "rows": len(self._places.rows),
            "errors": sum(not each["warning"] for each in errors),
            "warnings": sum(each["warning"] for each in errors),
        }
        keep(self._pieces, self._job, made, self._places, self._job.params["options"])
        self._pieces.store.write(self._reform, ERRORS, errors)
        self._pieces.store.write(self._reform, LINES, places.kept(self._lines, self._areas, self._places))
        if made.totals is not None:
            self._pieces.record(self._job, prepared(self._job, made))

    def result(self, results: Iterable[RowResult], to: BinaryIO) -> None:
        if self._book is not None:
            by_row = {result.index: result for result in results}
            write_results(self._book, by_row, to, self._job.locale, rehearsed=True)

    def close(self) -> None:
        self._book, self._made = None, None


def asked_of(reform: UUID, job: Job, options: Any) -> Asked:
    made_on = options.get("made_on")
    return Asked(
        reform,
        job.actor,
        job.created_at,
        tuple(options.get("complete", ())),
        datetime.fromisoformat(made_on) if made_on else None,
    )


def keep(pieces: Pieces, job: Job, made: Prepared, where: Places, options: Any) -> None:
    """Plan and preview, in place of what an earlier look found; the orders by themselves, in larger pages."""
    reform = job.job_id
    repeats = job.params.get("repeats")
    position = pieces.census.position()
    pieces.store.put(
        Kept(
            reform,
            UUID(repeats) if repeats else None,
            job.actor.sub,
            tuple(job.actor.units),
            options,
            where.layout,
            position,
            made.digest,
            made.counts,
        ),
        {section: [where.numbered(item) for item in items] for section, items in made.sections.items()},
    )
    pieces.store.write(reform, ORDERS, map(kept, made.orders), AT_ONCE)


def prepared(job: Job, made: Prepared) -> PrepareReform:
    assert made.totals is not None
    days = made.plan.days
    repeats = job.params.get("repeats")
    return PrepareReform(str(job.job_id), days[0], tuple(days), made.document_ids, made.totals, repeats)
