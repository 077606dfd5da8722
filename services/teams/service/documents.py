"""Legal documents."""

from __future__ import annotations

from services.teams.domain.documents import Document, document_stream
from services.teams.schemas.base import row_of
from services.teams.schemas.documents import RegisterDocumentSchema
from services.teams.service.base import Pieces
from shared.edge import Call, Reply, Rows, route
from shared.problems import Problem


class DocumentRoutes(Pieces):
    @route("POST", "/v1/documents", scope="teams:write", body=RegisterDocumentSchema)
    def register_document(self, call: Call) -> Reply:
        return self.change(call, bound=False)

    @route("POST", "/v1/documents/batch", scope="teams:write", body=Rows(row_of(RegisterDocumentSchema)))
    def register_documents(self, call: Call) -> Reply:
        return self.intake.batch(call, bound=False)

    @route("GET", "/v1/documents/<uuid:document_id>", scope="teams:read")
    def show_document(self, call: Call) -> Reply:
        state, version = self.handler.state(document_stream(str(call.path["document_id"])))
        if not isinstance(state, Document):
            raise Problem("not-found", where="path")
        return Reply(200, state.registered, etag=version)
