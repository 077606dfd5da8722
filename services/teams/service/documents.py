"""Legal documents."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from services.teams.domain.documents import KINDS, Document, DocumentKey, DocumentKind, document_stream, key_of
from services.teams.queries.citations import Citations
from services.teams.schemas.base import row_of
from services.teams.schemas.documents import RegisterDocumentSchema
from services.teams.schemas.kinds import Choice, Line
from services.teams.service.base import PAGE, Pieces
from shared.edge import Call, Reply, Rows, route
from shared.moments import Moment
from shared.problems import Problem
from shared.vietnamese import hanoi_day


class DocumentAsked(Schema):
    """The whole key: numbers restart every year, for each issuer and kind."""

    class Meta:
        unknown = RAISE

    issuer = Line(120, required=True)
    kind = Choice(DocumentKind, required=True)
    number = Line(40, required=True)
    year = fields.Integer(required=True)


class ChangesAsked(Schema):
    """``after``: ``next`` of the page before."""

    known_at = Moment(load_default=None)
    after = fields.Integer(load_default=0, validate=validate.Range(min=0, max=2**62))
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))


class DocumentRoutes(Pieces):
    citations: Citations

    @route("POST", "/v1/documents", scope="teams:write", body=RegisterDocumentSchema)
    def register_document(self, call: Call) -> Reply:
        return self.change(call, bound=False)

    @route("POST", "/v1/documents/batch", scope="teams:write", body=Rows(row_of(RegisterDocumentSchema)))
    def register_documents(self, call: Call) -> Reply:
        return self.intake.batch(call, bound=False)

    @route("GET", "/v1/documents", scope="teams:read", query=DocumentAsked)
    def find_document(self, call: Call) -> dict[str, Any]:
        """The document of that key; case and spacing do not matter."""
        key, _ = self.handler.state(key_of(**call.query))
        found = [self.handler.state(document_stream(key.document_id))[0]] if isinstance(key, DocumentKey) else []
        return {"documents": [document.registered for document in found if isinstance(document, Document)]}

    @route("GET", "/v1/documents/kinds", scope="teams:read")
    def show_kinds(self, call: Call) -> dict[str, Any]:
        return {"kinds": [{"kind": kind, "name": name, "letters": letters} for kind, (name, letters) in KINDS.items()]}

    @route("GET", "/v1/documents/<uuid:document_id>/changes", scope="teams:read", query=ChangesAsked)
    def show_changes(self, call: Call) -> dict[str, Any]:
        """What cites the document, in the order of recording, of the caller's units."""
        document_id, query = str(call.path["document_id"]), call.query
        if self.handler.state(document_stream(document_id))[0] is None:
            raise Problem("not-found", where="path")
        everything = self.authority.holds_all(call.actor)
        today = hanoi_day(call.now)

        def may_show(unit_id: str | None, day: date | None) -> bool:
            return everything or (
                unit_id is not None and bool(self.authority.covers(call.actor, unit_id, day or today))
            )

        changes, following = self.citations.of(document_id, query["after"], query["limit"], query["known_at"], may_show)
        return {"document_id": document_id, "changes": changes, "next": following}

    @route("GET", "/v1/documents/<uuid:document_id>", scope="teams:read")
    def show_document(self, call: Call) -> Reply:
        state, version = self.handler.state(document_stream(str(call.path["document_id"])))
        if not isinstance(state, Document):
            raise Problem("not-found", where="path")
        return Reply(200, state.registered, etag=version)
