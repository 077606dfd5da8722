"""The tables of jobs (``shared/sql/jobs``), and the sealed files of each.

Uploads hold personal data, so they lie sealed under a key of their own (vault subject ``job:<id>``), a piece at a time:
bound to job, part and number, so that no piece can be swapped. Results say which cell is wrong and why, never what it
holds, and so do logs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, Engine, RowMapping, text
from uuid_utils.compat import uuid7

from shared.access import Actor
from shared.jobs.model import FINAL, RESULT, UPLOAD, Job, Received, RowResult, State
from shared.problems import Problem
from shared.sheets.finding import restored
from shared.vault import Vault

RETENTION = timedelta(days=7)
PIECE = 1 << 20

_PIECE = text("INSERT INTO jobs.files (job_id, part, n, data) VALUES (:job_id, :part, :n, :data)")
_READ_PIECE = text("SELECT data FROM jobs.files WHERE job_id = :job_id AND part = :part AND n = :n")
_SUBMIT = text(
    """INSERT INTO jobs.jobs (job_id, task, params, sub, scopes, units, locale, idempotency_key, media, size, digest)
       VALUES (:job_id, :task, cast(:params AS jsonb), :sub, :scopes, :units, :locale, :key, :media, :size, :digest)
       ON CONFLICT (sub, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING RETURNING *"""
)
_BY_KEY = text("SELECT * FROM jobs.jobs WHERE sub = :sub AND idempotency_key = :key")
_GET = text("SELECT * FROM jobs.jobs WHERE job_id = :job_id")
_RESULTS = text("SELECT n, results FROM jobs.results WHERE job_id = :job_id AND n >= :n ORDER BY n LIMIT 50")
_CANCEL = text(
    """UPDATE jobs.jobs
          SET cancelling = true,
              state = CASE WHEN state = 'waiting' THEN 'cancelled' ELSE state END,
              finished_at = CASE WHEN state = 'waiting' THEN now() END,
              expires_at = CASE WHEN state = 'waiting' THEN now() + :retention END
        WHERE job_id = :job_id AND state IN ('waiting', 'checking', 'applying') RETURNING *"""
)
_UNFINISHED = text(
    """SELECT s.state, count(j.job_id) AS n FROM unnest(ARRAY['waiting', 'checking', 'applying']) s (state)
         LEFT JOIN jobs.jobs j ON j.state = s.state AND j.state IN ('waiting', 'checking', 'applying')
              AND (cast(:sub AS text) IS NULL OR j.sub = :sub)
        GROUP BY 1"""
)
_EXPIRED = text("SELECT job_id FROM jobs.jobs WHERE NOT expired AND expires_at < now() ORDER BY expires_at LIMIT 20")
_ORPHANS = text(
    """SELECT DISTINCT f.job_id FROM jobs.files f WHERE f.n = 0 AND f.written_at < now() - interval '1 day'
          AND NOT EXISTS (SELECT FROM jobs.jobs j WHERE j.job_id = f.job_id) LIMIT 20"""
)
_DROP_FILES = text("DELETE FROM jobs.files WHERE job_id = :job_id AND (cast(:part AS text) IS NULL OR part = :part)")
_DROP_RESULTS = text("DELETE FROM jobs.results WHERE job_id = :job_id")
_MARK_EXPIRED = text("UPDATE jobs.jobs SET expired = true, has_result = false WHERE job_id = :job_id")


class Jobs:
    """What api and worker share. The worker's side, taking and moving jobs, is in ``shared.jobs.leases``."""

    def __init__(self, engine: Engine, vault: Vault, hash_key: bytes, *, retention: timedelta = RETENTION) -> None:
        """``engine`` opens transactions (``Kit.engine``)."""
        self.engine, self.retention = engine, retention
        self._vault, self._hash_key = vault, hash_key

    # --- uploads ---------------------------------------------------------------------------------------------------

    def receive(self, pieces: Iterable[bytes], media: str) -> Received:
        """Store an upload piece by piece, sealed under the key of ``job:<id>``; ``media`` is csv, xlsx or ndjson.

        Whatever ``pieces`` raises ends it: nothing is left of it then.
        """
        job_id = uuid7()
        digest = hashlib.blake2b(digest_size=32, key=self._hash_key)
        size = 0
        try:
            for n, piece in enumerate(in_pieces(pieces)):
                digest.update(piece)
                size += len(piece)
                with self.engine.begin() as tx:
                    self._write_piece(tx, job_id, UPLOAD, n, piece)
        except BaseException:
            self._drop(job_id)
            raise
        return Received(job_id, media, size, digest.digest())

    def submit(
        self,
        task: str,
        params: Mapping[str, Any],
        actor: Actor,
        received: Received | None,
        *,
        locale: str = "vi",
        key: UUID | None = None,
    ) -> tuple[Job, bool]:
        """Make a job of it, for any worker to take; False if the caller's ``key`` (Idempotency-Key) has one already.

        Raises ``Problem("conflict")`` if that one is of another file or asks for something else. Without an upload
        (``received`` None) the job is about what is stored already, an undo for example.
        """
        asked = received or Received(uuid7(), "", 0, b"")
        with self.engine.begin() as tx:
            row = tx.execute(
                _SUBMIT,
                {
                    "job_id": asked.job_id,
                    "task": task,
                    "params": _json(dict(params)),
                    "sub": actor.sub,
                    "scopes": sorted(actor.scopes),
                    "units": sorted(actor.units),
                    "locale": locale,
                    "key": key,
                    "media": asked.media,
                    "size": asked.size,
                    "digest": asked.digest,
                },
            ).mappings()
            if made := row.one_or_none():
                return job_of(made), True
            known = job_of(tx.execute(_BY_KEY, {"sub": actor.sub, "key": key}).mappings().one())
        if received is not None:
            self._drop(received.job_id)
        if (known.task, dict(known.params), known.digest) != (task, dict(params), asked.digest):
            raise Problem("conflict", "/Idempotency-Key", where="header")
        return known, False

    # --- what is asked of a job --------------------------------------------------------------------------------------

    def get(self, job_id: UUID) -> Job | None:
        with self.engine.begin() as tx:
            row = tx.execute(_GET, {"job_id": job_id}).mappings().one_or_none()
        return job_of(row) if row else None

    def results(self, job_id: UUID, after: str = "", limit: int = 500) -> tuple[list[RowResult], str | None]:
        """Results in the order they were made, and the ``after`` of the next page; None after the last.

        ``after`` is opaque (``step:place``); what is no such thing begins at the beginning.
        """
        step, _, place = after.partition(":")
        n, skip = (int(step), int(place)) if step.isdigit() and place.isdigit() else (0, 0)
        page: list[RowResult] = []
        with self.engine.begin() as tx:
            rows = tx.execute(_RESULTS, {"job_id": job_id, "n": n}).all()
        for row in rows:
            begin = skip if row.n == n else 0
            for place_, stored in enumerate(row.results[begin:], begin):
                if len(page) == limit:
                    return page, f"{row.n}:{place_}"
                page.append(result_of(stored))
        full = len(rows) == 50
        return page, f"{rows[-1].n + 1}:0" if full else None

    def all_results(self, job_id: UUID) -> Iterator[RowResult]:
        after: str | None = ""
        while after is not None:
            page, after = self.results(job_id, after, 10_000)
            yield from page

    def file(self, job_id: UUID, part: str) -> Iterator[bytes]:
        """The sealed file ``upload`` or ``result``, opened piece by piece; nothing once it is expired."""
        n = 0
        while True:
            with self.engine.begin() as tx:
                sealed = tx.execute(_READ_PIECE, {"job_id": job_id, "part": part, "n": n}).scalar()
            plain = None if sealed is None else self._vault.open_bytes(_subject(job_id), _place(part, n), bytes(sealed))
            if plain is None:
                return
            yield plain
            n += 1

    def unfinished(self, sub: str | None = None) -> dict[str, int]:
        """State → jobs that are not over, of one sender or of all."""
        with self.engine.begin() as tx:
            return {row.state: row.n for row in tx.execute(_UNFINISHED, {"sub": sub})}

    def cancel(self, job_id: UUID) -> Job | None:
        """At once if it waits, else after the step it is in. What is stored stays; a finished job stays as it is."""
        with self.engine.begin() as tx:
            parameters = {"job_id": job_id, "retention": self.retention}
            row = tx.execute(_CANCEL, parameters).mappings().one_or_none()
        return job_of(row) if row else self.get(job_id)

    # --- the end -----------------------------------------------------------------------------------------------------

    def write_result(self, tx: Connection, job_id: UUID, pieces: Iterable[bytes]) -> bool:
        """Replace the result file; whether there is anything in it."""
        tx.execute(_DROP_FILES, {"job_id": job_id, "part": RESULT})
        written = False
        for n, piece in enumerate(in_pieces(pieces)):
            self._write_piece(tx, job_id, RESULT, n, piece)
            written = True
        return written

    def sweep(self) -> int:
        """Destroy keys and files of expired jobs, and of uploads that never became one; returns how many."""
        with self.engine.begin() as tx:
            expired = [*tx.execute(_EXPIRED).scalars(), *tx.execute(_ORPHANS).scalars()]
        for job_id in expired:
            self._drop(job_id)
            with self.engine.begin() as tx:
                tx.execute(_DROP_RESULTS, {"job_id": job_id})
                tx.execute(_MARK_EXPIRED, {"job_id": job_id})
        return len(expired)

    def _drop(self, job_id: UUID) -> None:
        """The key first: without it what is left of the files says nothing."""
        self._vault.destroy(_subject(job_id))
        with self.engine.begin() as tx:
            tx.execute(_DROP_FILES, {"job_id": job_id, "part": None})

    def _write_piece(self, tx: Connection, job_id: UUID, part: str, n: int, piece: bytes) -> None:
        sealed = self._vault.seal_bytes(_subject(job_id), _place(part, n), piece)
        tx.execute(_PIECE, {"job_id": job_id, "part": part, "n": n, "data": sealed})


def in_pieces(pieces: Iterable[bytes], size: int = PIECE) -> Iterator[bytes]:
    """The same bytes in pieces of that size, the last one smaller."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            del waiting[:size]
    if waiting:
        yield bytes(waiting)


def job_of(row: RowMapping) -> Job:
    return Job(
        row["job_id"],
        row["task"],
        row["params"],
        Actor(row["sub"], frozenset(row["scopes"]), frozenset(row["units"])),
        row["locale"],
        row["media"],
        row["size"],
        bytes(row["digest"]),
        State(row["state"]),
        row["cursor"],
        row["total"],
        row["counts"],
        row["summary"],
        row["problem"],
        {int(partition): position for partition, position in row["heads"].items()},
        row["created_at"],
        row["started_at"],
        row["finished_at"],
        row["expires_at"],
        row["cancelling"] and State(row["state"]) not in FINAL,
        row["has_result"],
        row["expired"],
    )


def stored_result(result: RowResult) -> list[Any]:
    position = [result.position] if result.position else []
    return [result.index, result.outcome, result.sheet, result.row, [f.stored() for f in result.findings], *position]


def result_of(stored: list[Any]) -> RowResult:
    index, outcome, sheet, row, findings, *position = stored
    return RowResult(index, outcome, tuple(restored(finding) for finding in findings), sheet, row, *position)


def _subject(job_id: UUID) -> str:
    return f"job:{job_id}"


def _place(part: str, n: int) -> str:
    return f"{part}:{n}"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
