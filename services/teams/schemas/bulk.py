"""``POST /v1/teams/bulk``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from services.teams.bulk import NewList, Wording
from services.teams.domain.team.events import TeamKind
from services.teams.schemas.kinds import UNIT_ID, Choice, CommandId, Day, Flag, Line, Matching, Uid
from services.teams.schemas.teams import seats

MOST_TEAMS = 500
MOST_LISTS = 100
NAME = 200


class WordingSchema(Schema):
    class Meta:
        unknown = RAISE

    old = Line(NAME)
    new = Line(NAME)
    pattern = Line(NAME)

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_: Any) -> None:
        if data.keys() not in ({"old", "new"}, {"pattern"}):
            raise ValidationError("Missing data for required field.", "pattern")


class NewListSchema(Schema):
    class Meta:
        unknown = RAISE

    team_id = Uid(required=True)
    seats = seats(required=True)


class BulkSchema(Schema):
    """Teams below ``unit`` (a page of ``limit``, from ``after`` on), or ``team_ids``; ``dry_run`` stores nothing."""

    class Meta:
        unknown = RAISE

    request_id = CommandId(required=True)
    document_id = Uid(required=True)
    effective = Day(required=True)
    unit = Matching(UNIT_ID, load_default=None, allow_none=True)
    team_ids = fields.List(Uid(), load_default=(), validate=validate.Length(max=MOST_TEAMS))
    kind = Choice(TeamKind, load_default=None, allow_none=True)
    rename = fields.Nested(WordingSchema(), load_default=None, allow_none=True)
    reconstitute = fields.List(
        fields.Nested(NewListSchema()), load_default=(), validate=validate.Length(max=MOST_LISTS)
    )
    dry_run = Flag(load_default=False)
    after = fields.String(load_default="", validate=validate.Length(max=2_000))
    limit = fields.Integer(strict=True, load_default=200, validate=validate.Range(min=1, max=MOST_TEAMS))

    def load(self, data: Any, **options: Any) -> Any:
        found: dict[str, Any] = super().load(data, **options)
        found["rename"] = Wording(**found["rename"]) if found["rename"] else None
        found["reconstitute"] = tuple(NewList(**item) for item in found["reconstitute"])
        assert isinstance(found["request_id"], UUID)
        return found
