"""What a job is, and what it says about each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.access import Actor
from shared.sheets.finding import Finding

UPLOAD, RESULT = "upload", "result"
"""The parts of a job's file store."""

IMPORT = "import"
"""The name of the task behind ``POST /v1/imports``."""


class State(StrEnum):
    """``checking``: read, and in a dry run decided, but nothing is stored. ``applying``: commands are being stored."""

    WAITING = "waiting"
    CHECKING = "checking"
    APPLYING = "applying"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({State.DONE, State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row (of a sheet, of an NDJSON file, of whatever the task counts).

    ``outcome``: stored | repeated | rejected | conflict; in a dry run ``stored`` reads "would be stored". ``findings``
    of a stored row are warnings. ``index`` counts from 0, each row has one result at most. ``position``: where what
    the row says is stored (``Answer.token``), of tasks that say so.
    """

    index: int
    outcome: str
    findings: tuple[Finding, ...] = ()
    sheet: str = ""
    row: int | None = None
    position: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """An upload that is stored (sealed) and not yet a job. ``digest``: keyed hash of its bytes."""

    job_id: UUID
    media: str
    size: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Job:
    """``params`` are what was asked of the task, without personal data. ``actor`` is who asked, with the units and
    scopes held then: authority is judged by them. ``heads``: last positions of the log when work began, so that what
    lies beyond was stored since. ``problem``: why it failed, its ``findings`` as stored ones.
    """

    job_id: UUID
    task: str
    params: Mapping[str, Any]
    actor: Actor
    locale: str
    media: str
    size: int
    digest: bytes
    state: State
    cursor: int
    total: int | None
    counts: Mapping[str, int]
    summary: Mapping[str, Any]
    problem: Mapping[str, Any] | None
    heads: Mapping[int, int]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    cancelling: bool = False
    has_result: bool = False
    expired: bool = False

    @property
    def done_rows(self) -> int:
        return sum(self.counts.values())
