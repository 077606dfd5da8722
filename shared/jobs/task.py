"""What a service writes to have jobs done: a ``Task`` that opens a job as ``Work``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from shared.jobs.model import Job, RowResult, State


@dataclass(frozen=True, slots=True)
class Done:
    """What one step did. ``cursor`` is where the next begins, None after the last.

    ``summary`` (JSON, no personal data) replaces the job's, if given: figures of a preview, a reconciliation.
    """

    cursor: int | None
    results: Sequence[RowResult] = ()
    summary: Mapping[str, Any] | None = None


class Upload(Protocol):
    """The uploaded file, opened: a temporary file on disk, gone when the work is closed."""

    media: str

    def open(self) -> BinaryIO: ...


class Work(Protocol):
    """A job that has been opened. Every step must be safe to repeat: it is, if the process ends before its commit."""

    @property
    def total(self) -> int:
        """Rows, for the progress: each gets one result."""

    @property
    def state(self) -> State:
        """CHECKING or APPLYING, asked before every step."""

    def step(self, cursor: int) -> Done:
        """Do what lies at the cursor, at most some 500 rows or a few seconds. The first cursor is 0."""

    def result(self, results: Iterable[RowResult], to: BinaryIO) -> None:
        """Write the result file in the format of the upload, or nothing; called once all is done, or cancelled."""

    def close(self) -> None:
        """Let go of files and memory."""


class Task(Protocol):
    """``name`` is what ``Jobs.submit`` names. ``resumable(job)``: whether another process may go on at the cursor; if
    not (a dry run keeps what it rehearsed in memory) it starts again at 0 and the earlier results are dropped.
    """

    name: str

    def resumable(self, job: Job) -> bool: ...

    def open(self, job: Job, upload: Upload | None, earlier: Sequence[RowResult]) -> Work:
        """Raises ``Problem`` (``SheetError``) if nothing can be done with it: the job has failed then.

        ``earlier`` are the results up to ``job.cursor``, in a job that is taken over.
        """
