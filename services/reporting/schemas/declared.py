"""Bodies and queries about declared figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, post_load, validate

from services.reporting.domain.declared import Figure, Mistake, Qualifier
from services.reporting.indicators import CATALOGUE
from services.reporting.placing import EARLIEST_MAP
from services.reporting.schemas.base import UNIT_ID, Line
from services.reporting.schemas.reports import MapField

PAGE = 200
MOST = 10**12
CODE = validate.Regexp(r"[a-z][a-z0-9_]{0,59}\Z")


class Number(fields.Field[int | float]):
    """A JSON number from 0 on, not a text that looks like one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("Not a valid number.")
        validate.Range(min=0, max=MOST)(value)
        return int(value) if float(value).is_integer() else round(value, 4)


@dataclass(frozen=True, slots=True)
class Said:
    """A figure as a body tells it, under the id that its client gave it."""

    figure: Figure
    figure_id: UUID | None = None
    reason: Mistake | None = None


class FigureSchema(Schema):
    unit_id = fields.String(required=True, validate=UNIT_ID)
    indicator = fields.String(required=True, validate=CODE)
    day = fields.Date(required=True)
    value = Number(required=True)
    qualifier = fields.Enum(Qualifier, by_value=True, load_default=Qualifier.EXACT)
    source = Line(300, required=True)
    since = fields.Date(load_default=None, allow_none=True)
    of = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(1, MOST))
    published_on = fields.Date(load_default=None, allow_none=True)
    document_id = fields.UUID(load_default=None, allow_none=True)

    @post_load
    def said(self, data: dict[str, Any], **kwargs: Any) -> Said:
        more = {name: data.pop(name) for name in ("figure_id", "reason") if name in data}
        if data["indicator"] not in CATALOGUE.latest:
            raise ValidationError("unknown-indicator-declared", "indicator")
        return Said(Figure(**data), **more)


class DeclareSchema(FigureSchema):
    """→ ``Said``; ``figure_id`` makes a repeat of the request one and the same figure."""

    figure_id = fields.UUID(load_default=None)


class CorrectSchema(FigureSchema):
    """The whole figure anew."""

    reason = fields.Enum(Mistake, by_value=True, required=True)


class WithdrawSchema(Schema):
    reason = fields.Enum(Mistake, by_value=True, required=True)


class DeclaredQuery(Schema):
    """``below``: also of the units below ``unit``, each on the day of its figure."""

    unit = fields.String(required=True, validate=UNIT_ID)
    below = fields.Boolean(load_default=False)
    indicator = fields.String(load_default=None, validate=CODE)
    first = fields.Date(data_key="from", load_default=EARLIEST_MAP)
    last = fields.Date(data_key="to", load_default=date.max)
    after = fields.String(load_default=None, validate=validate.Length(max=60))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, PAGE))


class ReconciliationQuery(Schema):
    """``map``: the hierarchy on which is counted; without it each figure on that of its own day."""

    map_day = MapField(data_key="map")
    indicator = fields.String(load_default=None, validate=CODE)
    first = fields.Date(data_key="from", load_default=EARLIEST_MAP)
    last = fields.Date(data_key="to", load_default=date.max)
    after = fields.String(load_default=None, validate=validate.Length(max=60))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 50))


class RatioQuery(Schema):
    """Two declared figures by their ids."""

    of = fields.UUID(required=True)
    over = fields.UUID(required=True)
