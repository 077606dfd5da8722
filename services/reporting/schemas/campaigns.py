"""Queries about campaigns."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.reporting.queries.campaigns import STATES
from services.reporting.schemas.base import UNIT_ID, Day
from services.reporting.schemas.reports import AfterField

PAGE = 500


class CampaignsQuery(Schema):
    """``unit``: those that concern it, else those that concern the caller; ``day``: one of their days."""

    unit = fields.String(load_default=None, validate=UNIT_ID)
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    day = Day()
    after = fields.String(load_default=None, validate=validate.Length(max=60))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, PAGE))


class StreamQuery(Schema):
    """``unit``: only what of the campaign lies there."""

    unit = fields.String(load_default=None, validate=UNIT_ID)


class BoardQuery(StreamQuery):
    after = AfterField(load_default=None)
