"""What the API shows of jobs and their results."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from shared.jobs.model import FINAL, Job, RowResult
from shared.sheets.finding import restored


def job(found: Job, locale: str, now: datetime | None = None) -> dict[str, Any]:
    """State, progress and, while it runs, the seconds it will still take by the pace so far."""
    shown: dict[str, Any] = {
        "id": str(found.job_id),
        "task": found.task,
        "params": dict(found.params),
        "state": found.state,
        "cancelling": found.cancelling,
        "format": found.media,
        "bytes": found.size,
        "progress": {"total": found.total, "done": found.done_rows, "counts": dict(found.counts)},
        "summary": dict(found.summary),
        "result": found.has_result,
        "created_at": found.created_at,
        "started_at": found.started_at,
        "finished_at": found.finished_at,
        "expires_at": found.expires_at,
    }
    if found.problem:
        findings = [restored(each) for each in found.problem["findings"]]
        shown["problems"] = [finding.document(locale) for finding in findings]
    if (seconds := _seconds_left(found, now or datetime.now(UTC))) is not None:
        shown["progress"]["seconds_left"] = seconds
    return shown


def results(found: Iterable[RowResult], locale: str) -> list[dict[str, Any]]:
    return [
        {
            "index": result.index,
            **({"sheet": result.sheet} if result.sheet else {}),
            **({"row": result.row} if result.row is not None else {}),
            "outcome": result.outcome,
            **({"position": result.position} if result.position else {}),
            "errors": [finding.document(locale) for finding in result.findings],
        }
        for result in found
    ]


def _seconds_left(found: Job, now: datetime) -> int | None:
    if found.state in FINAL or not found.total or not found.done_rows or found.started_at is None:
        return None
    pace = found.done_rows / max(0.1, (now - found.started_at).total_seconds())
    return round((found.total - found.done_rows) / pace)
