"""Whole days of visits as one file, a visit a line (NDJSON): the job that takes them in, a little at a time.

The cursor is the place in the file and a visit's id is its command's, so a job killed anywhere goes on where it
was and comes to the same result. It rests as long as it works: phones come first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

import orjson
from marshmallow import ValidationError

from services.visits.intake import Intake, flagged
from services.visits.schemas.visits import RecordVisitSchema
from shared.decider import Rejected
from shared.handler import Answer, Reads
from shared.jobs import Done, Job, RowResult, State, Upload, shown
from shared.jobs.lines import Line, read_lines
from shared.log import Outcome
from shared.problems import Problem, from_rejected, from_validation
from shared.sheets.finding import Finding

UPLOAD = "visits"
"""The name of the task."""
LINES_AT_ONCE = 200
MOST_REST_SECONDS = 1.0


@dataclass(slots=True)
class Visit:
    """A line: see ``services.visits.standing.Row``. ``index`` + 1 is its number in the file."""

    index: int
    loaded: Any = None
    problem: Problem | None = None

    def refuse(self, problem: Problem) -> None:
        self.problem = problem


class UploadTask:
    name = UPLOAD

    def __init__(self, intake: Intake, reads: Reads) -> None:
        self._intake, self._reads = intake, reads

    def resumable(self, job: Job) -> bool:
        return True

    def open(self, job: Job, upload: Upload | None, earlier: Sequence[RowResult]) -> UploadWork:
        assert upload is not None
        return UploadWork(job, upload.open(), self._intake, self._reads)


class UploadWork:
    state = State.APPLYING

    def __init__(self, job: Job, file: BinaryIO, intake: Intake, reads: Reads) -> None:
        self._job, self._file, self._intake, self._reads = job, file, intake, reads
        self._schema = RecordVisitSchema()
        file.seek(0)
        self.total = sum(1 for line in file if line.strip())
        self._place, self._lines = 0, 0

    def step(self, cursor: int) -> Done:
        began = time.monotonic()
        before = self._lines_before(cursor)
        lines, following = read_lines(self._file, cursor, LINES_AT_ONCE)
        visits = [self._visit(before, line) for line in lines]
        answers = self._intake.many(self._job.actor, self._job.created_at, visits)
        own = self._own([answer for answer in answers.values() if isinstance(answer, Answer)])
        results = [self._result(visit, answers.get(visit.index), own) for visit in visits]
        time.sleep(min(MOST_REST_SECONDS, time.monotonic() - began))
        return Done(following, results)

    def result(self, results: Iterable[RowResult], to: BinaryIO) -> None:
        """A line for each line: its number, its visit, its outcome, where it is stored, and what is wrong with it or
        doubtful."""
        self._file.seek(0)
        lines = enumerate(self._file, 1)
        for result in results:
            (document,) = shown.results([result], self._job.locale)
            visit_id = _visit_id(next(line for number, line in lines if number == result.row))
            told = {name: document[name] for name in ("outcome", "position", "errors") if name in document}
            to.write(orjson.dumps({"line": result.row, "visit_id": visit_id, **told}) + b"\n")

    def close(self) -> None:
        pass

    def _lines_before(self, cursor: int) -> int:
        if cursor < self._place:
            self._place, self._lines = 0, 0
        self._file.seek(self._place)
        while self._place < cursor:
            piece = self._file.read(min(1 << 20, cursor - self._place))
            self._place += len(piece)
            self._lines += piece.count(b"\n")
        return self._lines

    def _visit(self, before: int, line: Line) -> Visit:
        visit = Visit(before + line.number - 1)
        if line.broken:
            visit.refuse(Problem("line-broken"))
            return visit
        try:
            visit.loaded = self._schema.load(line.value)
        except ValidationError as error:
            visit.refuse(from_validation(error))
        return visit

    def _own(self, answers: Sequence[Answer]) -> Mapping[UUID, list[str]]:
        """What this very job stored before it was taken over: visit → flags."""
        met = [a for a in answers if a.outcome is Outcome.REPEATED and a.position > self._job.heads.get(a.partition, 0)]
        after: dict[str, int] = {}
        for answer in met:
            after[answer.stream_id] = min(answer.version - 1, after.get(answer.stream_id, answer.version))
        found = self._reads.load(after) if met else {}
        stored = [event for events in found.values() for event in events if event.type == "VisitRecorded"]
        return {event.command_id: event.data.get("flags", []) for event in stored if event.command_id}

    def _result(self, visit: Visit, answer: Answer | Rejected | None, own: Mapping[UUID, list[str]]) -> RowResult:
        line = visit.index + 1
        if isinstance(answer, Rejected):
            visit.refuse(from_rejected(answer))
        if isinstance(answer, Answer) and answer.outcome is Outcome.CONFLICT:
            problem = visit.problem or Problem("conflict")
            findings = _findings(problem, line)
            return RowResult(visit.index, Outcome.CONFLICT.value, findings, row=line, position=answer.token)
        if visit.problem is not None:
            return RowResult(visit.index, "rejected", _findings(visit.problem, line), row=line)
        assert isinstance(answer, Answer)
        before = own.get(visit.loaded.visit_id) if answer.outcome is Outcome.REPEATED else None
        flags = flagged(answer).get("flags", []) if before is None else before
        if flags:
            doubts = tuple(Finding(f"flag-{flag.replace('_', '-')}", row=line) for flag in flags)
            return RowResult(visit.index, "flagged", doubts, row=line, position=answer.token)
        outcome = answer.outcome if before is None else Outcome.STORED
        return RowResult(visit.index, outcome.value, row=line, position=answer.token)


def _visit_id(line: bytes) -> str | None:
    """As the line has it, if it can be read."""
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    visit_id = said.get("visit_id") if isinstance(said, dict) else None
    return visit_id if isinstance(visit_id, str) else None


def _findings(problem: Problem, line: int) -> tuple[Finding, ...]:
    return tuple(Finding(i.code, row=line, params=i.params, pointer=i.pointer) for i in problem.issues)
