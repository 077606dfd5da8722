"""Jobs: work on an uploaded file that outlives the request, and the process that began it.

In the api:                                                  (Jobs is cheap: an engine, the vault, the hash key)

    jobs = Jobs(kit.engine, kit.vault, kit.settings.hash_key, retention=…)
    received = jobs.receive(upload)                          # sealed piece by piece, never whole in memory
    job, new = jobs.submit("import", {"template": "teams", "dry_run": False}, call.actor, received, …)
    jobs.get(job_id) · jobs.results(job_id, after, limit) · jobs.file(job_id, RESULT) · jobs.cancel(job_id)

In the worker:

    runner = Runner(jobs, [ImportTask(…), ReformTask(…)], heads=kit.log.heads)
    Definition(…, loops={"jobs": runner.step})

A task opens a job as ``Work`` and does it in steps. After each step its results and the cursor are committed together;
what a step stores elsewhere must be safe to repeat (commands with deterministic ids). So a job that was killed anywhere
is opened again by any worker at its cursor, and ends with the same result.
"""

from __future__ import annotations

from shared.jobs.model import FINAL, IMPORT, RESULT, UPLOAD, Job, Received, RowResult, State
from shared.jobs.runner import Runner
from shared.jobs.store import Jobs
from shared.jobs.task import Done, Task, Upload, Work

__all__ = [
    "FINAL",
    "IMPORT",
    "RESULT",
    "UPLOAD",
    "Done",
    "Job",
    "Jobs",
    "Received",
    "RowResult",
    "Runner",
    "State",
    "Task",
    "Upload",
    "Work",
]
