"""What the routes of the reform kit take."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.teams.reform.preview import SECTIONS
from services.teams.schemas.kinds import Choice, Day, Uid
from shared.units import LEVELS

PAGE = 500
SHOWN = (*SECTIONS,)


class UploadQuery(Schema):
    """``complete``: levels of which the file must have every unit of the areas it concerns; ``made_on``: the day the
    file was made.
    """

    complete = fields.List(Choice(LEVELS[1:]), load_default=list)
    made_on = Day(load_default=None)


class PageQuery(Schema):
    """``after``: ``next`` of the page before."""

    after = fields.Integer(load_default=0, validate=validate.Range(min=0))
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=PAGE))


class PreviewQuery(PageQuery):
    """Without ``section``: the numbers of each; ``format`` xlsx: all of it as a workbook."""

    section = Choice(SHOWN, load_default=None)
    format = Choice(("json", "xlsx"), load_default="json")


class ReconcileQuery(PageQuery):
    """``awaiting``: units that several teams serve, page by page, instead of the report."""

    section = Choice(("awaiting",), load_default=None)


class TemplateQuery(Schema):
    format = Choice(("csv", "xlsx"), load_default="xlsx")


class UndoSchema(Schema):
    """``document_id``: the document by which it is undone."""

    document_id = Uid(required=True)
