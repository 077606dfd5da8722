"""The job behind ``POST /v1/imports``: a file of villages, teams and people, done in chunks of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

from services.teams.authority import Authority
from services.teams.files import teams, villages
from services.teams.files.documents import Documents
from services.teams.files.doing import REFUSED, Doing
from services.teams.files.keys import Keys
from services.teams.files.operations import Group, Operation, Refused, Village, chunks
from services.teams.files.plan import planned
from services.teams.files.templates import TEMPLATES
from shared.handler import Handler
from shared.jobs import IMPORT, Done, Job, RowResult, State, Upload
from shared.rehearsal import Rehearsal
from shared.sheets import Book, read_book, write_results
from shared.unit_directory import UnitDirectory

CHUNK_ROWS = 500


class ImportTask:
    name = IMPORT

    def __init__(self, handler: Handler[Any, Any, Any], directory: UnitDirectory, hash_key: bytes) -> None:
        self._handler, self._directory, self._keys = handler, directory, Keys(hash_key)

    def resumable(self, job: Job) -> bool:
        """What a dry run has decided lives in the memory of its process."""
        return not job.params["dry_run"]

    def open(self, job: Job, upload: Upload | None, earlier: Sequence[RowResult]) -> ImportWork:
        assert upload is not None
        book = read_book(upload.open(), upload.media, TEMPLATES[job.params["template"]])
        return self.begin(job, book, earlier)

    def begin(self, job: Job, book: Book, earlier: Sequence[RowResult]) -> ImportWork:
        operations = planned(book, self._keys, self._directory.refresh())
        decides: Any = Rehearsal(self._handler) if job.params["dry_run"] else self._handler
        authority = Authority(self._directory, decides)
        doing = Doing(book, self._keys, decides, authority, job.actor, job.created_at, job.heads)
        doing.refused.update(result.index for result in earlier if result.outcome in REFUSED)
        return ImportWork(job, doing, operations)


class ImportWork:
    """The cursor counts operations; which they are follows from the file alone, so another process can go on."""

    def __init__(self, job: Job, doing: Doing, operations: list[Operation]) -> None:
        self._job, self._doing, self._operations = job, doing, operations
        self._documents = Documents(doing)
        self.total = len(doing.book.rows)
        self.state = State.CHECKING if job.params["dry_run"] else State.APPLYING

    def step(self, cursor: int) -> Done:
        chunk = list(chunks(self._operations, cursor, CHUNK_ROWS))
        groups = [operation for operation in chunk if isinstance(operation, Group)]
        named = [operation for operation in chunk if isinstance(operation, Village)]
        if groups:
            teams.seat(self._doing, self._documents, groups)
        if named:
            villages.register(self._doing, self._documents, named)
        for operation in chunk:
            for row in operation.refused if isinstance(operation, Group) else [operation.row]:
                if isinstance(operation, (Group, Refused)):
                    self._doing.settle(row, "rejected")
        results = [self._doing.result(row) for operation in chunk for row in operation.rows]
        following = cursor + len(chunk)
        return Done(following if following < len(self._operations) else None, results)

    def result(self, results: Iterable[RowResult], to: BinaryIO) -> None:
        by_row = {result.index: result for result in results}
        write_results(self._doing.book, by_row, to, self._job.locale, rehearsed=self._job.params["dry_run"])

    def close(self) -> None:
        self._operations = []
