"""Doing operations: what all kinds share – sending commands, and turning answers into findings and outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.teams.authority import Authority
from services.teams.files.keys import Keys
from shared.access import Actor
from shared.decider import Rejected
from shared.handler import Answer, Envelope, Handler
from shared.handling import Decides, handle_many
from shared.jobs import RowResult
from shared.log import Outcome
from shared.problems import Problem
from shared.rehearsal import Rehearsal
from shared.sheets import Book, Row

REFUSED = ("rejected", "conflict")


@dataclass
class Doing:
    """One job's way to the log (``decides`` is the handler, or the rehearsal of a dry run).

    ``heads``: positions of the log when the job began: what a repeat finds beyond them this job has stored itself.
    ``refused``: rows that came to nothing, which others may depend on.
    """

    book: Book
    keys: Keys
    decides: Decides
    authority: Authority
    actor: Actor
    at: datetime
    heads: Mapping[int, int]
    refused: set[int] = field(default_factory=set)
    outcomes: dict[int, str] = field(default_factory=dict)

    def send(self, commands: Sequence[tuple[UUID, Any]]) -> list[Answer | Rejected]:
        return handle_many(self.decides, [self.envelope(*command) for command in commands])

    def envelope(self, command_id: UUID, command: Any) -> Envelope:
        return Envelope(command_id, command, self.actor.sub, self.at)

    def refuse(
        self, row: Row, error: Rejected | Problem, columns: Mapping[str, str], outcome: str = "rejected"
    ) -> None:
        """The row came to nothing. ``columns``: pointer of the command's field → column that says it."""
        column = columns.get(error.pointer, "")
        self.book.add(row, column if column in self._columns(row) else "", error.code, **error.params)
        self.settle(row, outcome)

    def settle(self, row: Row, outcome: str) -> None:
        self.outcomes[row.index] = outcome
        if outcome in REFUSED:
            self.refused.add(row.index)

    def depends(self, row: Row, column: str, on: Row) -> None:
        """The row is not done because another one was refused."""
        layout = self.book.layouts[on.sheet]
        self.book.add(row, column, "row-depends", row=on.number, sheet=layout.name or layout.sheet.vi)
        self.settle(row, "rejected")

    def outcome(self, answer: Answer) -> str:
        """stored, repeated or conflict; what this very job has stored before it was taken over is stored."""
        own = answer.outcome is Outcome.REPEATED and self.is_own(answer)
        return Outcome.STORED.value if own else answer.outcome.value

    def is_own(self, answer: Answer) -> bool:
        """Whether what a repeat or a conflict has met was stored since the job began."""
        return answer.position > self.heads.get(answer.partition, 0)

    def rehearsal(self) -> Rehearsal[Any, Any, Any]:
        """One that goes on from here and is then forgotten."""
        if isinstance(self.decides, Rehearsal):
            return self.decides.fork()
        assert isinstance(self.decides, Handler)
        return Rehearsal(self.decides)

    def covered(self, row: Row, command: Any, knowledge: Any, columns: Mapping[str, str]) -> bool:
        """Whether the command is within the units of whoever sent the file; the row is refused if not."""
        try:
            self.authority.check(self.actor, command, knowledge)
        except Problem as problem:
            self.refuse(row, problem, columns)
            return False
        return True

    def result(self, row: Row) -> RowResult:
        outcome = self.outcomes.get(row.index, "rejected")
        name = self.book.layouts[row.sheet].name
        return RowResult(row.index, outcome, tuple(row.findings), name, row.number)

    def _columns(self, row: Row) -> Mapping[str, object]:
        return self.book.layouts[row.sheet].sheet.by_key
