"""Registering the documents that rows cite, on the way."""

from __future__ import annotations

from collections.abc import Iterable

from services.teams.domain.documents import Document, document_stream
from services.teams.files.doing import Doing
from services.teams.files.operations import DocumentRef
from shared.decider import Rejected
from shared.handler import Answer
from shared.log import Outcome


class Documents:
    """Document ids as the registry knows them: another one may hold the same number already."""

    def __init__(self, doing: Doing) -> None:
        self._doing = doing
        self._found: dict[str, str | Rejected] = {}

    def register(self, references: Iterable[DocumentRef | None]) -> None:
        new = {r.document_id: r.command for r in references if r and r.command and r.document_id not in self._found}
        commands = [command for command in new.values() if command is not None]
        answers = self._doing.send([(self._doing.keys.uuid("register", c.document_id), c) for c in commands])
        held = {}
        for command, answer in zip(commands, answers, strict=True):
            if isinstance(answer, Answer) and answer.outcome in (Outcome.STORED, Outcome.REPEATED):
                self._found[command.document_id] = command.document_id
            elif isinstance(answer, Answer) or answer.code == "document-exists":
                held[command.document_id] = command.document_id
            elif answer.code == "document-key-taken":
                held[command.document_id] = str(answer.params["holder"])
            else:
                self._found[command.document_id] = answer
        states = self._doing.decides.states(document_stream(holder) for holder in held.values())
        for document_id, holder in held.items():
            known, command = states[document_stream(holder)], new[document_id]
            assert command is not None
            if isinstance(known, Document) and known.registered.signed_on != command.signed_on:
                day = known.registered.signed_on.strftime("%d/%m/%Y")
                self._found[document_id] = Rejected(
                    "row-document-differs", "/signed_on", number=command.number, day=day
                )
            else:
                self._found[document_id] = holder

    def id_of(self, reference: DocumentRef) -> str:
        """Raises ``Rejected`` where the document could not be registered as the row has it."""
        found = self._found.get(reference.document_id, reference.document_id)
        if isinstance(found, Rejected):
            raise found
        return found
