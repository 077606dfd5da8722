"""What the API shows of a reform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from services.teams.domain.reforms import Reform
from services.teams.reform.store import Kept
from shared.jobs import FINAL, Job, shown
from shared.problems import Issue
from shared.sheets.finding import restored


def state_of(job: Job | None, reform: Reform | None) -> str:
    """checking, ready, applying, applied, undoing, undone or failed."""
    if reform is not None:
        return reform.stage.value
    return "failed" if job is None or job.state in FINAL else "checking"


def line(kept: Kept, reform: Any) -> dict[str, Any]:
    """One of a list."""
    return {
        "reform_id": str(kept.reform_id),
        "state": reform.stage.value if isinstance(reform, Reform) else "failed",
        "repeats": str(kept.repeats) if kept.repeats else None,
        "made_at": kept.made_at,
        "counts": dict(kept.counts),
    }


def reform(
    job: Job | None, kept: Kept | None, found: Reform | None, version: int, working: Job | None, locale: str
) -> dict[str, Any]:
    state = state_of(job, found)
    reform_id = kept.reform_id if kept else job.job_id if job else None
    document: dict[str, Any] = {
        "reform_id": str(reform_id),
        "state": state,
        "version": version,
        "repeats": str(kept.repeats) if kept and kept.repeats else None,
        "counts": dict(kept.counts) if kept else {},
        "made_at": kept.made_at if kept else None,
    }
    if found is not None:
        document |= _told(found, locale)
    busy = working or job
    if busy is not None:
        document["progress"] = dict(busy.summary) | {"state": busy.state}
        document["job_id"] = str(busy.job_id)
        if busy.problem:
            document["problems"] = shown.job(busy, locale).get("problems", [])
    return document


def _told(found: Reform, locale: str) -> dict[str, Any]:
    told = found.prepared
    document: dict[str, Any] = {
        "effective": told.effective,
        "days": told.days,
        "document_ids": told.document_ids,
        "totals": msgspec.to_builtins(told.totals),
    }
    if found.reason is not None:
        document["reason"] = {"code": found.reason, "detail": Issue(found.reason, "").detail(locale)}
    return document


def error(item: Mapping[str, Any], locale: str) -> dict[str, Any]:
    return restored(item).document(locale) | {"warning": item["warning"]}


def refusal(item: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """Something the registry refuses, in words."""
    said = {key: value for key, value in item.items() if key != "params"}
    return said | {"detail": Issue(item["code"], "", item["params"]).detail(locale)}
