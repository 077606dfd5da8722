"""Taking jobs and moving them on: the worker's side of the tables.

A lease is a row's ``leased_until``, kept alive by a thread while the worker lives, and its number is the fence: whoever
lost it (a stopped process that comes back) can commit nothing. A worker that dies keeps its jobs for some seconds only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from shared.jobs.model import Job, RowResult, State
from shared.jobs.store import Jobs, job_of, stored_result
from shared.sheets.finding import Finding

LEASE_SECONDS = 8.0
MOST_TRIES = 5
"""A job that was taken so often without moving on ends its workers, or fails again and again: it is given up."""

_TAKE = text(
    """UPDATE jobs.jobs j
          SET leased_until = now() + make_interval(secs => :seconds), lease = lease + 1, tries = tries + 1,
              started_at = coalesce(started_at, now()),
              heads = CASE WHEN started_at IS NULL THEN cast(:heads AS jsonb) ELSE heads END,
              state = CASE WHEN state = 'waiting' THEN 'checking' ELSE state END
        WHERE job_id = (SELECT n.job_id FROM jobs.jobs n
                         WHERE n.state IN ('waiting', 'checking', 'applying')
                           AND (n.leased_until IS NULL OR n.leased_until < now())
                         ORDER BY (SELECT count(*) FROM jobs.jobs o
                                    WHERE o.state IN ('checking', 'applying') AND o.sub = n.sub
                                      AND o.leased_until >= now()), n.created_at
                         LIMIT 1 FOR UPDATE OF n SKIP LOCKED)
       RETURNING *"""
)
_KEEP = text(
    """UPDATE jobs.jobs SET leased_until = now() + make_interval(secs => :seconds)
        WHERE (job_id, lease) IN (SELECT * FROM unnest(cast(:jobs AS uuid[]), cast(:leases AS bigint[])))"""
)
_MOVE = text(
    """UPDATE jobs.jobs
          SET cursor = coalesce(:cursor, cursor), state = :state, total = :total, counts = cast(:counts AS jsonb),
              summary = coalesce(cast(:summary AS jsonb), summary),
              tries = CASE WHEN :lasting THEN 0 ELSE tries END
        WHERE job_id = :job_id AND lease = :lease RETURNING cancelling"""
)
_RESULTS = text("INSERT INTO jobs.results (job_id, n, results) VALUES (:job_id, :n, cast(:results AS jsonb))")
_AGAIN = text(
    """UPDATE jobs.jobs SET cursor = 0, counts = '{}', summary = '{}' WHERE job_id = :job_id AND lease = :lease
       RETURNING job_id"""
)
_FORGET = text("DELETE FROM jobs.results WHERE job_id = :job_id")
_FINISH = text(
    """UPDATE jobs.jobs
          SET state = :state, has_result = :has_result, problem = cast(:problem AS jsonb), finished_at = now(),
              expires_at = now() + :retention, leased_until = NULL
        WHERE job_id = :job_id AND lease = :lease RETURNING job_id"""
)
_RELEASE = text(
    """UPDATE jobs.jobs
          SET leased_until = CASE WHEN :pause > 0 THEN now() + make_interval(secs => :pause) END,
              tries = greatest(0, tries - :forgiven)
        WHERE job_id = :job_id AND lease = :lease"""
)


class LeaseLost(Exception):
    """Another worker has taken the job."""


@dataclass(frozen=True, slots=True)
class Lease:
    job: Job
    number: int
    tries: int

    @property
    def key(self) -> dict[str, Any]:
        return {"job_id": self.job.job_id, "lease": self.number}


class Leases:
    def __init__(self, jobs: Jobs, seconds: float = LEASE_SECONDS) -> None:
        self._jobs, self._engine, self._seconds = jobs, jobs.engine, seconds
        self._held: dict[UUID, int] = {}
        self._stop = threading.Event()
        self._keeper: threading.Thread | None = None

    def take(self, heads: Callable[[], Mapping[int, int]]) -> Lease | None:
        """The oldest job that nobody works on, of a sender who has fewest under way."""
        known = {str(partition): position for partition, position in heads().items()}
        with self._engine.begin() as tx:
            parameters = {"seconds": self._seconds, "heads": _json(known)}
            row = tx.execute(_TAKE, parameters).mappings().one_or_none()
        if row is None:
            return None
        self._held[row["job_id"]] = row["lease"]
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep, name="job-leases", daemon=True)
            self._keeper.start()
        return Lease(job_of(row), row["lease"], row["tries"])

    def move(
        self,
        lease: Lease,
        begin: int,
        cursor: int | None,
        state: State,
        total: int,
        counts: Mapping[str, int],
        results: Sequence[RowResult],
        summary: Mapping[str, Any] | None,
        *,
        lasting: bool = True,
    ) -> bool:
        """Commit a step; whether the job is to be cancelled. Raises ``LeaseLost``.

        ``lasting``: whoever takes the job over goes on after this step, so earlier tries no longer matter.
        """
        with self._engine.begin() as tx:
            moved = tx.execute(
                _MOVE,
                {
                    **lease.key,
                    "cursor": cursor,
                    "state": state.value,
                    "total": total,
                    "lasting": lasting,
                    "counts": _json(dict(counts)),
                    "summary": None if summary is None else _json(dict(summary)),
                },
            ).one_or_none()
            if moved is None:
                raise LeaseLost
            if results:
                written = _json([stored_result(result) for result in results])
                tx.execute(_RESULTS, {"job_id": lease.job.job_id, "n": begin, "results": written})
        return bool(moved.cancelling)

    def begin_again(self, lease: Lease) -> None:
        """Drop what an earlier worker came to, in a job that cannot go on where it was."""
        with self._engine.begin() as tx:
            if tx.execute(_AGAIN, lease.key).one_or_none() is None:
                raise LeaseLost
            tx.execute(_FORGET, {"job_id": lease.job.job_id})

    def finish(
        self, lease: Lease, state: State, findings: Sequence[Finding] = (), result: Iterable[bytes] = ()
    ) -> None:
        """The end of the job, together with its result file. Raises ``LeaseLost``."""
        problem = _json({"findings": [finding.stored() for finding in findings]}) if findings else None
        with self._engine.begin() as tx:
            has_result = self._jobs.write_result(tx, lease.job.job_id, result)
            parameters = {
                **lease.key,
                "state": state.value,
                "has_result": has_result,
                "problem": problem,
                "retention": self._jobs.retention,
            }
            if tx.execute(_FINISH, parameters).one_or_none() is None:
                raise LeaseLost
        self.drop(lease)

    def release(self, lease: Lease, *, pause: float = 0.0, forgiven: bool = False) -> None:
        """Give it back, to be taken after a pause; ``forgiven``: this try does not count."""
        self.drop(lease)
        with self._engine.begin() as tx:
            tx.execute(_RELEASE, {**lease.key, "pause": pause, "forgiven": int(forgiven)})

    def drop(self, lease: Lease) -> None:
        """Forget a lease that is over or lost."""
        if self._held.get(lease.job.job_id) == lease.number:
            del self._held[lease.job.job_id]

    def close(self) -> None:
        self._stop.set()

    def _keep(self) -> None:
        while not self._stop.wait(self._seconds / 4):
            held = dict(self._held)
            if held:
                with suppress(SQLAlchemyError), self._engine.begin() as tx:  # the next beat may get through
                    parameters = {"seconds": self._seconds, "jobs": list(held), "leases": list(held.values())}
                    tx.execute(_KEEP, parameters)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
