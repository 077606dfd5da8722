"""``POST /v1/documents`` and its batch."""

from __future__ import annotations

from marshmallow import fields, validate

from services.teams.domain.documents import DocumentKind, RegisterDocument
from services.teams.schemas.base import Change
from services.teams.schemas.kinds import Choice, Day, Line, Uid


class RegisterDocumentSchema(Change):
    makes = RegisterDocument
    document_id = Uid(required=True)
    kind = Choice(DocumentKind, required=True)
    issuer = Line(120, required=True)
    number = Line(40, required=True)
    year = fields.Integer(strict=True, required=True, validate=validate.Range(min=1945, max=2200))
    signed_on = Day(required=True)
    effective_from = Day(required=True)
    effective_to = Day(load_default=None, allow_none=True)
    title = Line(300, at_least=0, load_default="")
