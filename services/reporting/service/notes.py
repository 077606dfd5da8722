"""Good practice that teams share: recorded, listed by unit and topic, withdrawn."""

from __future__ import annotations

from typing import Any
from uuid import uuid5

from uuid_utils.compat import uuid7

from services.reporting.domain.notes import NoteCommand, NoteEvent, NoteState, ShareNote, WithdrawNote
from services.reporting.queries.below import behind_of
from services.reporting.queries.notes import NoteQueries
from services.reporting.schemas.notes import NoteSchema, NotesQuery, WithdrawNoteSchema
from services.reporting.service.base import Pieces
from shared.decider import Personal
from shared.edge import Call, Reply, answered, require_unit, route
from shared.handler import Handler
from shared.vault import Vault


class NoteRoutes(Pieces):
    notes: Handler[NoteCommand, NoteState, NoteEvent]
    note_queries: NoteQueries
    vault: Vault

    @route("POST", "/v1/notes", scope="reporting:write", body=NoteSchema)
    def share_note(self, call: Call) -> Reply:
        body = call.body
        require_unit(call.actor, self.area.tree, body["unit_id"], body["day"])
        note_id = body.pop("note_id") or call.idempotency_key or uuid7()
        title, words = Personal(body.pop("title")), Personal(body.pop("text"))
        command = ShareNote(note_id, **body, title=title, text=words, today=self.area.today())
        answer = self.notes.handle(call.envelope(command, call.idempotency_key or uuid5(note_id, "share")))
        return answered(answer, note_id=str(note_id))

    @route("POST", "/v1/notes/<uuid:note_id>/withdraw", scope="reporting:write", body=WithdrawNoteSchema)
    def withdraw_note(self, call: Call) -> Reply:
        """Its words can never be read again, in no copy of the log; that there was a note stays."""
        self._own_note(call)
        answer = self.notes.handle(call.envelope(WithdrawNote(call.path["note_id"], call.body["reason"])))
        self.vault.destroy(str(call.path["note_id"]))
        return answered(answer, note_id=str(call.path["note_id"]))

    @route("GET", "/v1/notes/<uuid:note_id>", scope="reporting:read")
    def show_note(self, call: Call) -> Reply:
        note, version = self._own_note(call)
        return Reply(200, note, etag=version)

    @route("GET", "/v1/notes", scope="reporting:read", query=NotesQuery)
    def list_notes(self, call: Call) -> dict[str, Any]:
        query = call.query
        self.require_sight(call, query["unit"], "/unit", "query")
        days = query["first"], query["last"]
        return self.note_queries.listed(query["unit"], query["topic"], *days, behind_of(query["after"]), query["limit"])

    def _own_note(self, call: Call) -> tuple[dict[str, Any], int]:
        note, version = self.note_queries.note(call.path["note_id"])
        self.require_sight(call, note["unit_id"], "/note_id", "path", note["day"])
        return note, version
