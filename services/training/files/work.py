"""The job behind ``POST /v1/imports``: enrolment, attendance or scores, recorded in chunks of rows.

A row is the same command as through the API: same id, so it counts once whichever way and however often it comes. A job
that was killed goes on at its cursor; rows it had stored before are told by the log's head when it began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, BinaryIO

from services.training.files.assessment import AssessmentRows
from services.training.files.attendance import AttendanceRows
from services.training.files.enrolment import EnrolmentRows
from services.training.files.rows import Meaning, Sent, Sessions
from services.training.files.templates import TEMPLATES
from services.training.queries.identities import Identities
from shared.decider import Rejected
from shared.handler import Answer, Envelope, Handler
from shared.handling import Decides, handle_many
from shared.jobs import IMPORT, Done, Job, RowResult, State, Upload
from shared.log import Outcome
from shared.rehearsal import Rehearsal
from shared.sheets import Book, Row, read_book, write_results
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree
from shared.vietnamese import hanoi_day

MEANINGS: Mapping[str, Callable[[Decides, Sessions, date], Meaning]] = {
    "enrolment": EnrolmentRows,
    "attendance": AttendanceRows,
    "assessment": AssessmentRows,
}
"""Template → what its rows say."""


class ImportTask:
    name = IMPORT

    def __init__(self, handler: Handler[Any, Any, Any], directory: UnitDirectory, identities: Identities) -> None:
        self._handler, self._directory, self._identities = handler, directory, identities

    def resumable(self, job: Job) -> bool:
        """What a dry run has decided lives in the memory of its process."""
        return not job.params["dry_run"]

    def open(self, job: Job, upload: Upload | None, earlier: Sequence[RowResult]) -> ImportWork:
        assert upload is not None
        template = job.params["template"]
        book = read_book(upload.open(), upload.media, TEMPLATES[template])
        decides: Decides = Rehearsal(self._handler) if job.params["dry_run"] else self._handler
        meaning = MEANINGS[template](decides, Sessions(decides, self._identities), hanoi_day(job.created_at))
        return ImportWork(job, book, decides, meaning, self._directory.refresh())


class ImportWork:
    """The cursor counts rows."""

    def __init__(self, job: Job, book: Book, decides: Decides, meaning: Meaning, tree: UnitTree) -> None:
        self._job, self._book, self._decides, self._meaning, self._tree = job, book, decides, meaning, tree
        self._held: dict[tuple[str, date], bool] = {}
        self.total = len(book.rows)
        self.state = State.CHECKING if job.params["dry_run"] else State.APPLYING

    def step(self, cursor: int) -> Done:
        rows = self._book.rows[cursor : cursor + self._meaning.chunk]
        outcomes = self._record([row for row in rows if row.good])
        name = self._book.layouts[rows[0].sheet].name
        results = [
            RowResult(row.index, outcomes.get(row.index, "rejected"), tuple(row.findings), name, row.number)
            for row in rows
        ]
        following = cursor + len(rows)
        return Done(following if following < len(self._book.rows) else None, results)

    def result(self, results: Iterable[RowResult], to: BinaryIO) -> None:
        by_row = {result.index: result for result in results}
        write_results(self._book, by_row, to, self._job.locale, rehearsed=self._job.params["dry_run"])

    def close(self) -> None:
        self._book.rows = []

    # --- rows --------------------------------------------------------------------------------------------------------

    def _record(self, rows: Sequence[Row]) -> dict[int, str]:
        """Index of a row → what became of it; those that were refused have findings."""
        sent = [each for each in self._meaning.sent(rows) if self._covered(each)]
        outcomes: dict[int, str] = {}
        other: list[Sent] = []
        for each, answer in zip(sent, self._send(sent), strict=True):
            if isinstance(answer, Answer) and answer.outcome is Outcome.CONFLICT and not each.row.values["unit_id"]:
                other.append(each)
            else:
                outcomes[each.row.index] = self._settled(each.row, answer)
        # A row that names no unit means the one that was recorded, wherever its person serves by now.
        again = self._meaning.as_recorded(other) if other else []
        for each, answer in zip(again, self._send(again), strict=True):
            outcomes[each.row.index] = self._settled(each.row, answer)
        self._meaning.remark(self._book, (each for each in sent if each.row.good))
        return outcomes

    def _covered(self, sent: Sent) -> bool:
        """Whether the unit is the sender's on the day; a session that nobody knows is refused as such, not for that."""
        if not sent.unit_id:
            return True
        place = sent.unit_id, sent.day
        if place not in self._held:
            self._held[place] = self._tree.covers(self._job.actor.units, *place)
        if not self._held[place]:
            code = "forbidden-unit" if self._tree.exists(*place) else "unknown-unit"
            self._refuse(sent.row, Rejected(code, "/unit_id", day=sent.day.isoformat()))
        return self._held[place]

    def _send(self, sent: Sequence[Sent]) -> list[Answer | Rejected]:
        actor, at = self._job.actor.sub, self._job.created_at
        return handle_many(self._decides, [Envelope(each.command_id, each.command, actor, at) for each in sent])

    def _settled(self, row: Row, answer: Answer | Rejected) -> str:
        if isinstance(answer, Rejected):
            self._refuse(row, answer)
            return "rejected"
        if answer.outcome is Outcome.CONFLICT:
            self._book.add(row, "", self._meaning.differs)
        own = answer.outcome is Outcome.REPEATED and answer.position > self._job.heads.get(answer.partition, 0)
        return Outcome.STORED.value if own else answer.outcome.value

    def _refuse(self, row: Row, error: Rejected) -> None:
        column = error.pointer.strip("/").partition("/")[0]
        known = column in self._book.layouts[row.sheet].sheet.by_key
        self._book.add(row, column if known else "", error.code, **error.params)
