"""The job behind ``POST /v1/imports``: a file of numbers of households, done in chunks of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, BinaryIO
from uuid import UUID, uuid5

from services.visits.declaring import require_declarable
from services.visits.domain.households import (
    Declaration,
    Declared,
    DeclareHouseholds,
    HouseholdsCommand,
    HouseholdsEvent,
    Qualifier,
    households_stream,
)
from services.visits.files.templates import TEMPLATES
from services.visits.standing import Standing
from shared.decider import Rejected
from shared.handler import Answer, Envelope, Handler
from shared.jobs import IMPORT, Done, Job, RowResult, State, Upload
from shared.log import Outcome
from shared.problems import Problem
from shared.rehearsal import Rehearsal
from shared.sheets import Book, Row, read_book, write_results
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree
from shared.vietnamese import fold, hanoi_day

CHUNK_ROWS = 500
NAMESPACE = UUID("5d3b1c77-7a0e-5b39-8f0e-0c8c8f1f7a11")
COLUMNS = {"/total": "total", "/day": "day", "/unit_id": "unit"}
Households = Handler[HouseholdsCommand, Declared, HouseholdsEvent]


class HouseholdsTask:
    name = IMPORT

    def __init__(self, handler: Households, directory: UnitDirectory) -> None:
        self._handler, self._directory = handler, directory

    def resumable(self, job: Job) -> bool:
        """What a dry run has decided lives in the memory of its process."""
        return not job.params["dry_run"]

    def open(self, job: Job, upload: Upload | None, earlier: Sequence[RowResult]) -> HouseholdsWork:
        assert upload is not None
        book = read_book(upload.open(), upload.media, TEMPLATES[job.params["template"]])
        decides = Rehearsal(self._handler) if job.params["dry_run"] else self._handler
        return HouseholdsWork(job, book, decides, self._directory.refresh())


class HouseholdsWork:
    """The cursor counts rows. Ids of commands are made of what a row says, so any process may do it again."""

    def __init__(self, job: Job, book: Book, decides: Any, tree: UnitTree) -> None:
        self._job, self._book, self._decides, self._tree = job, book, decides, tree
        self._standing = Standing(tree, job.actor, hanoi_day(job.created_at))
        self._villages: dict[tuple[str, date], dict[str, list[str]]] = {}
        self._first: dict[tuple[str, date], int] = {}
        self._commands = [self._command(row) for row in book.rows]
        self.total = len(book.rows)
        self.state = State.CHECKING if job.params["dry_run"] else State.APPLYING

    def step(self, cursor: int) -> Done:
        rows = self._book.rows[cursor : cursor + CHUNK_ROWS]
        commands = [(row, command) for row in rows if (command := self._commands[row.index])]
        known = self._decides.states({households_stream(command.unit_id) for _, command in commands})
        answers = self._decides.handle_many([self._envelope(command, NAMESPACE) for _, command in commands])
        answers = self._anew([command for _, command in commands], known, answers)
        outcomes = {
            row.index: self._outcome(row, command, known[households_stream(command.unit_id)], answer)
            for (row, command), answer in zip(commands, answers, strict=True)
        }
        results = [self._result(row, outcomes.get(row.index, "rejected")) for row in rows]
        following = cursor + len(rows)
        return Done(following if following < self.total else None, results)

    def result(self, results: Iterable[RowResult], to: BinaryIO) -> None:
        by_row = {result.index: result for result in results}
        write_results(self._book, by_row, to, self._job.locale, rehearsed=self._job.params["dry_run"])

    def close(self) -> None:
        self._commands = []

    def _anew(
        self, commands: Sequence[DeclareHouseholds], known: Mapping[str, Declared], answers: list[Answer | Rejected]
    ) -> list[Answer | Rejected]:
        """What was declared once and does not stand any more is declared again, by this job."""
        gone = [
            n
            for n, (command, answer) in enumerate(zip(commands, answers, strict=True))
            if isinstance(answer, Answer)
            and answer.outcome is Outcome.REPEATED
            and not self._own(answer)
            and command.declaration not in known[households_stream(command.unit_id)]
        ]
        again = self._decides.handle_many([self._envelope(commands[n], self._job.job_id) for n in gone])
        found = dict(zip(gone, again, strict=True))
        return [found.get(n, answer) for n, answer in enumerate(answers)]

    def _own(self, answer: Answer) -> bool:
        """Whether this very job stored it, before it was taken over."""
        return answer.position > self._job.heads.get(answer.partition, 0)

    def _envelope(self, command: DeclareHouseholds, namespace: UUID) -> Envelope:
        said = command.declaration
        content = (command.unit_id, said.day.isoformat(), said.total, said.qualifier, said.source)
        return Envelope(uuid5(namespace, repr(content)), command, self._job.actor.sub, self._job.created_at)

    def _outcome(self, row: Row, command: DeclareHouseholds, before: Declared, answer: Answer | Rejected) -> str:
        """stored, repeated, rejected or conflict; what this very job stored before it was taken over is stored."""
        if isinstance(answer, Rejected):
            differs = answer.code == "households-declared"
            self._book.add(row, COLUMNS.get(answer.pointer, ""), answer.code, **answer.params)
            return "conflict" if differs else "rejected"
        if answer.outcome is Outcome.REPEATED and self._own(answer):
            return Outcome.STORED.value
        return Outcome.REPEATED.value if command.declaration in before else answer.outcome.value

    def _result(self, row: Row, outcome: str) -> RowResult:
        return RowResult(row.index, outcome, tuple(row.findings), self._book.layouts[row.sheet].name, row.number)

    # --- rows → commands ---------------------------------------------------------------------------------------------

    def _command(self, row: Row) -> DeclareHouseholds | None:
        """None for a row that nothing can be done with: it has a finding at the cell that is to blame."""
        if not row.good:
            return None
        values, day = row.values, row.values["day"]
        try:
            unit_id = self._unit(values, day)
            first = self._first.setdefault((unit_id, day), row.number)
            if first != row.number:
                raise Rejected("row-twice", first=first)
        except Rejected as rejected:
            column = "village" if rejected.pointer == "/unit_id" and values["village"] else rejected.pointer
            self._book.add(row, COLUMNS.get(column, column), rejected.code, **rejected.params)
            return None
        qualifier = values["qualifier"] or Qualifier.EXACT
        return DeclareHouseholds(unit_id, Declaration(day, values["total"], qualifier, values["source"]))

    def _unit(self, values: Mapping[str, Any], day: date) -> str:
        """Raises ``Rejected`` with the column to blame, or what blames ``/unit_id``."""
        named, village = values["unit"], values["village"]
        try:
            unit_id = self._village(named, village, day) if village else self._standing.same(named, day)
        except Problem as problem:
            raise Rejected(problem.code, "unit", day=day) from None
        if not self._standing.answers(unit_id, day):
            raise Rejected("forbidden-unit", "unit", day=day)
        require_declarable(self._tree, unit_id, day)
        return unit_id

    def _village(self, commune: str, name: str, day: date) -> str:
        """Also of a commune that is only a part of another one by then, but not where there is a choice."""
        stand = self._standing.anywhere(commune, day)
        if not stand.sure:
            raise Rejected("unit-not-on-day", "unit", day=day)
        found = self._villages_of(stand.unit_id, day).get(fold(name), [])
        if not found:
            raise Rejected("row-village-unknown", "village")
        if len(found) > 1:
            raise Rejected("row-village-ambiguous", "village")
        return found[0]

    def _villages_of(self, commune: str, day: date) -> Mapping[str, list[str]]:
        """Folded name, with and without its kind → the commune's villages of that day."""
        known = self._villages.get((commune, day))
        if known is None:
            known = self._villages[commune, day] = {}
            for village in self._tree.children(commune, day):
                kind, name = fold(self._tree.kind(village, day) or ""), fold(self._tree.name(village, day) or "")
                bare = name.removeprefix(kind).strip() or name
                for spelled in {name, bare, f"{kind} {bare}"}:
                    known.setdefault(spelled, []).append(village)
        return known
