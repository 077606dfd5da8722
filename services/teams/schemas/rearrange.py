"""Rearrangements of teams: bodies and rows of the batches."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from marshmallow import Schema, fields, validate

from services.teams.domain.team.events import TeamKind
from services.teams.domain.team.merge import Fate, MergeTeams, SeatFate
from services.teams.domain.team.rearrange import NewTeam
from services.teams.schemas.base import Change
from services.teams.schemas.items import Items, like
from services.teams.schemas.kinds import UNIT_ID, WORD, Choice, Day, Flag, Line, Matching, Uid

MAX_SEATS = 100
MAX_MERGED = 30


class SeatFateSchema(Schema):
    seat_id = Matching(UNIT_ID, required=True)
    fate = Choice(Fate, required=True)
    with_seat_id = Matching(UNIT_ID, load_default=None, allow_none=True)
    reason = Matching(WORD, load_default=None, allow_none=True)


class QuickFate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    seat_id: Annotated[str, like(UNIT_ID)]
    fate: Fate
    with_seat_id: Annotated[str, like(UNIT_ID)] | None = None
    reason: Annotated[str, like(WORD)] | None = None


class NewTeamSchema(Schema):
    kind = Choice(TeamKind, required=True)
    unit_id = Matching(UNIT_ID, required=True)
    name = Line(200, required=True)
    simulated = Flag(load_default=False)


class MergeTeamsSchema(Change):
    makes = MergeTeams
    rearrangement_id = Uid(required=True)
    into_team_id = Uid(required=True)
    from_team_ids = fields.List(Uid(), required=True, validate=validate.Length(min=1, max=MAX_MERGED))
    seats = Items(SeatFateSchema, QuickFate, SeatFate, most=MAX_SEATS * MAX_MERGED, load_default=())
    effective = Day(required=True)
    document_id = Uid(required=True)
    new = fields.Nested(NewTeamSchema(), load_default=None, allow_none=True)

    def load(self, data: Any, **options: Any) -> Any:
        loaded = super().load(data, **options)
        found = loaded.found
        found["from_team_ids"] = tuple(found["from_team_ids"])
        found["new"] = NewTeam(**found["new"]) if found["new"] else None
        return loaded
