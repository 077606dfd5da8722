"""Takes jobs and does them, a step of each in turn, so that a long one does not hold up a short one.

    runner = Runner(jobs, [ImportTask(…)], heads=kit.log.heads)
    Definition(…, loops={"jobs": runner.step})               # and runner.close in on_stop of run_worker

A job is opened once per runner and then stepped. After every step its results and its cursor are committed together;
the file with all results is written at the end. Nothing of a file's contents is ever logged. Of several runners in a
process one decides while another one waits for the database.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import BinaryIO

from prometheus_client import Gauge
from sqlalchemy.exc import SQLAlchemyError

from shared.handler import Busy
from shared.jobs.leases import MOST_TRIES, Lease, LeaseLost, Leases
from shared.jobs.model import UPLOAD, Job, State
from shared.jobs.store import PIECE, Jobs
from shared.jobs.task import Task, Work
from shared.log import LogUnavailable
from shared.problems import Problem
from shared.sheets.finding import Finding, SheetError
from shared.writer import Overloaded

_log = logging.getLogger(__name__)

MOST_OPEN = 2
"""Jobs open at once in one runner; each may hold a whole file in memory."""
SWEEP_SECONDS = 20.0
UNFINISHED = Gauge("tungnha_jobs_unfinished", "Jobs of this service that are waiting or under way", ["state"])
PASSING = (SQLAlchemyError, LogUnavailable, Busy, Overloaded)
"""Faults that are not the job's."""


class UploadedFile:
    """The uploaded file as a temporary file on disk (it has no name, and is gone with the process)."""

    def __init__(self, jobs: Jobs, job: Job) -> None:
        self.media = job.media
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by ``close``
        for piece in jobs.file(job.job_id, UPLOAD):
            self._file.write(piece)
        self._file.flush()

    def open(self) -> BinaryIO:
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        self._file.close()


@dataclass
class _Open:
    lease: Lease
    work: Work
    upload: UploadedFile | None
    cursor: int
    counts: Counter[str]
    lasting: bool

    def close(self) -> None:
        with suppress(Exception):
            self.work.close()
        if self.upload:
            self.upload.close()


class Runner:
    def __init__(
        self,
        jobs: Jobs,
        tasks: Sequence[Task],
        heads: Callable[[], Mapping[int, int]],
        *,
        leases: Leases | None = None,
        most_open: int = MOST_OPEN,
    ) -> None:
        """``heads``: the log's last positions by partition (``Log.heads``)."""
        self._jobs, self._heads = jobs, heads
        self._tasks = {task.name: task for task in tasks}
        self._leases = leases or Leases(jobs)
        self._most_open = most_open
        self._open: deque[_Open] = deque()
        self._swept = float("-inf")

    def step(self) -> int:
        """One step of one job; 0 if there is nothing to do. Raises what is worth a pause and another attempt."""
        if time.monotonic() - self._swept > SWEEP_SECONDS:
            self._swept = time.monotonic()
            self._jobs.sweep()
            for state, count in self._jobs.unfinished().items():
                UNFINISHED.labels(state).set(count)
        if len(self._open) < self._most_open and (lease := self._leases.take(self._heads)):
            self._begin(lease)
            return 1
        if not self._open:
            return 0
        running = self._open.popleft()
        if self._go_on(running):
            self._open.append(running)
        return 1

    def close(self) -> None:
        """Give back what is open, so that another worker can take it at once."""
        while self._open:
            running = self._open.pop()
            running.close()
            with suppress(SQLAlchemyError):
                self._leases.release(running.lease, forgiven=True)
        self._leases.close()

    # --- one job ---------------------------------------------------------------------------------------------------

    def _begin(self, lease: Lease) -> None:
        job = lease.job
        if lease.tries > MOST_TRIES:
            self._fail(lease, [Finding("job-gave-up")])
            return
        upload: UploadedFile | None = None
        try:
            task = self._tasks[job.task]
            if job.cursor and not task.resumable(job):
                self._leases.begin_again(lease)
                job = replace(job, cursor=0, counts={}, summary={})
            upload = UploadedFile(self._jobs, job) if job.media else None
            earlier = list(self._jobs.all_results(job.job_id)) if job.cursor else []
            work = task.open(job, upload, earlier)
        except Exception as error:
            if upload:
                upload.close()
            self._failed(lease, error)
            return
        self._open.append(_Open(lease, work, upload, job.cursor, Counter(job.counts), task.resumable(job)))

    def _go_on(self, running: _Open) -> bool:
        """The next step of the job; whether there is more to do."""
        lease, work = running.lease, running.work
        try:
            begin, state = running.cursor, work.state
            done = work.step(begin)
            running.counts.update(result.outcome for result in done.results)
            cancelling = self._leases.move(
                lease,
                begin,
                done.cursor,
                state,
                work.total,
                running.counts,
                done.results,
                done.summary,
                lasting=running.lasting,
            )
            if done.cursor is not None and not cancelling:
                running.cursor = done.cursor
                return True
            end = State.DONE if done.cursor is None else State.CANCELLED
            with tempfile.TemporaryFile() as result:
                work.result(self._jobs.all_results(lease.job.job_id), result)
                self._leases.finish(lease, end, result=_read(result))
        except Exception as error:
            running.close()
            self._failed(lease, error)
            return False
        running.close()
        return False

    def _failed(self, lease: Lease, error: Exception) -> None:
        if isinstance(error, LeaseLost):
            _log.warning("job %s was taken over", lease.job.job_id)
            self._leases.drop(lease)
        elif isinstance(error, SheetError):
            self._fail(lease, error.findings)
        elif isinstance(error, Problem):
            self._fail(lease, [Finding(issue.code, params=issue.params) for issue in error.issues])
        else:
            passing = isinstance(error, PASSING)
            self._leases.release(lease, pause=0.5 if passing else 2.0**lease.tries / 2, forgiven=passing)
            raise error

    def _fail(self, lease: Lease, findings: Sequence[Finding]) -> None:
        try:
            self._leases.finish(lease, State.FAILED, findings)
        except LeaseLost:
            self._leases.drop(lease)


def _read(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece
