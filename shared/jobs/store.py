"""The tables of jobs (``shared/sql/jobs``), and the sealed files of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from shared.access import Actor
from shared.jobs.model import Job, Received, RowResult
from shared.vault import Vault

RETENTION = timedelta(days=7)


class Jobs:
    def __init__(self, engine: Engine, vault: Vault, hash_key: bytes, *, retention: timedelta = RETENTION) -> None:
        """``engine`` opens transactions (``Kit.engine``)."""
        raise NotImplementedError

    def receive(self, pieces: Iterable[bytes], media: str) -> Received:
        """Store an upload piece by piece, sealed under the key of ``job:<id>``; ``media`` is csv, xlsx or ndjson."""
        raise NotImplementedError

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
        raise NotImplementedError

    def get(self, job_id: UUID) -> Job | None:
        raise NotImplementedError

    def results(self, job_id: UUID, after: str = "", limit: int = 500) -> tuple[list[RowResult], str | None]:
        """Results in the order they were made, and the ``after`` of the next page; None after the last."""
        raise NotImplementedError

    def file(self, job_id: UUID, part: str) -> Iterator[bytes]:
        """The sealed file ``upload`` or ``result``, opened piece by piece; nothing once it is expired."""
        raise NotImplementedError

    def cancel(self, job_id: UUID) -> Job | None:
        """At once if it waits, else after the step it is in. What is stored stays; a finished job stays as it is."""
        raise NotImplementedError
