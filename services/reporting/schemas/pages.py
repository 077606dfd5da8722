"""The queries and forms of pages."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from services.reporting.indicators import CATALOGUE
from services.reporting.pages.view import View
from services.reporting.periods import CALENDARS, Step
from services.reporting.schemas.base import UNIT_ID, Day
from services.reporting.schemas.reports import MapField
from shared.problems import Problem


class IndicatorField(fields.String):
    """The code of one indicator that is counted from events."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found = CATALOGUE.latest.get(super()._deserialize(value, attr, data, **kwargs))
        if found is None:
            raise Problem("unknown-indicator", "/indicator", where="query", indicator=str(value)[:60])
        if found.numerator is None:
            raise Problem("indicator-only-declared", "/indicator", where="query", indicator=found.code)
        return found


class PageQuery(Schema):
    """Everything that a page shows follows from its address."""

    unit = fields.String(load_default=None, validate=UNIT_ID)
    first = Day(data_key="from")
    last = Day(data_key="to")
    calendar = fields.String(load_default="calendar", validate=validate.OneOf(list(CALENDARS)))
    map_day = MapField(data_key="map")
    by = fields.Enum(Step, by_value=True, load_default=None)
    indicator = IndicatorField(load_default=None)
    sort = fields.String(load_default=None, validate=validate.Regexp(r"-?[a-z][a-z0-9_]{0,59}\Z"))

    @post_load
    def view(self, data: dict[str, Any], **kwargs: Any) -> View:
        return View(**data)


class FreshnessQuery(Schema):
    """``seen``: the sum of the positions that the page was made from, if it does not renew itself."""

    seen = fields.Integer(load_default=None, validate=validate.Range(min=0))


def _own_path(path: str) -> None:
    """An address of this site: no other site's, in whatever way browsers read it."""
    if not path.startswith("/") or path[1:2] in ("/", "\\"):
        raise ValidationError("String does not match expected pattern.")


class SignInQuery(Schema):
    next = fields.String(load_default="/", validate=[_own_path, validate.Regexp(r"[\x21-\x7e]{1,2000}\Z")])
    problem = fields.String(
        load_default=None, validate=validate.OneOf(["token_bad", "token_long", "token_scope", "token_keys"])
    )


class SignInForm(Schema):
    token = fields.String(required=True, validate=validate.Length(max=8_000))
    next = fields.String(load_default="/", validate=[_own_path, validate.Regexp(r"[\x21-\x7e]{1,2000}\Z")])
    lang = fields.String(load_default=None, validate=validate.OneOf(["vi", "en"]))


class SignOutForm(Schema):
    lang = fields.String(load_default=None, validate=validate.OneOf(["vi", "en"]))
