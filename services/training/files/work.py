"""The job behind ``POST /v1/imports``: attendance, recorded in chunks of rows.

A row is the same command as through the API: same id, so it counts once whichever way and however often it comes. A job
that was killed goes on at its cursor; rows it had stored before are told by the log's head when it began.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, BinaryIO
from uuid import UUID

from services.training.domain.attendance import RecordAttendance
from services.training.domain.sessions import session_stream
from services.training.domain.words import Part
from services.training.files.templates import TEMPLATES
from services.training.queries.identities import Identities
from services.training.schemas.attendance import attendance_id
from shared.decider import Rejected
from shared.handler import Answer, Envelope, Handler
from shared.handling import Decides, handle_many
from shared.jobs import IMPORT, Done, Job, RowResult, State, Upload
from shared.log import Outcome
from shared.rehearsal import Rehearsal
from shared.sheets import Book, Row, read_book, write_results
from shared.unit_directory import UnitDirectory
from shared.vietnamese import hanoi_day

CHUNK_ROWS = 1_000
Sent = tuple[Row, UUID, RecordAttendance]


class ImportTask:
    name = IMPORT

    def __init__(self, handler: Handler[Any, Any, Any], directory: UnitDirectory, identities: Identities) -> None:
        self._handler, self._directory, self._identities = handler, directory, identities

    def resumable(self, job: Job) -> bool:
        """What a dry run has decided lives in the memory of its process."""
        return not job.params["dry_run"]

    def open(self, job: Job, upload: Upload | None, earlier: Sequence[RowResult]) -> ImportWork:
        assert upload is not None
        book = read_book(upload.open(), upload.media, TEMPLATES[job.params["template"]])
        decides: Decides = Rehearsal(self._handler) if job.params["dry_run"] else self._handler
        return ImportWork(job, book, decides, self._directory, self._identities)


class ImportWork:
    """The cursor counts rows."""

    def __init__(
        self, job: Job, book: Book, decides: Decides, directory: UnitDirectory, identities: Identities
    ) -> None:
        self._job, self._book, self._decides = job, book, decides
        self._tree, self._identities = directory.refresh(), identities
        self._today = hanoi_day(job.created_at)
        self._held: dict[tuple[str, date], bool] = {}
        self.total = len(book.rows)
        self.state = State.CHECKING if job.params["dry_run"] else State.APPLYING

    def step(self, cursor: int) -> Done:
        rows = self._book.rows[cursor : cursor + CHUNK_ROWS]
        outcomes = self._record([row for row in rows if row.good])
        name = self._book.layouts["attendance"].name
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
        sent = [each for each in self._commands(rows) if self._covered(*each)]
        outcomes: dict[int, str] = {}
        other: list[Sent] = []
        for each, answer in zip(sent, self._send(sent), strict=True):
            if isinstance(answer, Answer) and answer.outcome is Outcome.CONFLICT and not each[0].values["unit_id"]:
                other.append(each)
            else:
                outcomes[each[0].index] = self._settled(each[0], answer)
        # A row that names no unit means the one that was recorded, wherever its person serves by now.
        again = self._as_recorded(other)
        for each, answer in zip(again, self._send(again), strict=True):
            outcomes[each[0].index] = self._settled(each[0], answer)
        return outcomes

    def _commands(self, rows: Sequence[Row]) -> list[Sent]:
        unplaced = [row for row in rows if not row.values["unit_id"]]
        places = self._identities.places([(row.values["person_id"], row.values["day"]) for row in unplaced])
        units = {row.index: unit_id for row, unit_id in zip(unplaced, places, strict=True) if unit_id}
        nowhere = {row.values["session_id"] for row in unplaced if row.index not in units}
        plans = self._decides.states(session_stream(session_id) for session_id in nowhere)
        made = []
        for row in rows:
            values = row.values
            unit_id = values["unit_id"] or units.get(row.index)
            if unit_id is None:
                session = plans[session_stream(values["session_id"])]
                unit_id = session.plan.unit_id if session is not None else ""
            fields = {name: values[name] for name in ("person_id", "session_id", "day", "mode")}
            fields["part"] = values["part"] or Part.DAY
            made.append((row, attendance_id(fields), RecordAttendance(unit_id=unit_id, today=self._today, **fields)))
        return made

    def _as_recorded(self, sent: Sequence[Sent]) -> list[Sent]:
        keys = [(c.person_id, c.session_id, c.day, c.part) for _, _, c in sent]
        units = self._identities.recorded_units(keys) if keys else []
        return [
            (row, command_id, replace(command, unit_id=unit_id or command.unit_id))
            for (row, command_id, command), unit_id in zip(sent, units, strict=True)
        ]

    def _covered(self, row: Row, command_id: UUID, command: RecordAttendance) -> bool:
        """Whether the unit is the sender's on the day; a session that nobody knows is refused as such, not for that."""
        if not command.unit_id:
            return True
        place = command.unit_id, command.day
        if place not in self._held:
            self._held[place] = self._tree.covers(self._job.actor.units, *place)
        if not self._held[place]:
            code = "forbidden-unit" if self._tree.exists(*place) else "unknown-unit"
            self._refuse(row, Rejected(code, "/unit_id", day=command.day.isoformat()))
        return self._held[place]

    def _send(self, sent: Sequence[Sent]) -> list[Answer | Rejected]:
        actor, at = self._job.actor.sub, self._job.created_at
        return handle_many(self._decides, [Envelope(command_id, command, actor, at) for _, command_id, command in sent])

    def _settled(self, row: Row, answer: Answer | Rejected) -> str:
        if isinstance(answer, Rejected):
            self._refuse(row, answer)
            return "rejected"
        if answer.outcome is Outcome.CONFLICT:
            self._book.add(row, "", "attendance-differs")
        own = answer.outcome is Outcome.REPEATED and answer.position > self._job.heads.get(answer.partition, 0)
        return Outcome.STORED.value if own else answer.outcome.value

    def _refuse(self, row: Row, error: Rejected) -> None:
        column = error.pointer.strip("/").partition("/")[0]
        known = column in self._book.layouts[row.sheet].sheet.by_key
        self._book.add(row, column if known else "", error.code, **error.params)
