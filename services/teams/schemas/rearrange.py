"""Rearrangements of teams: bodies and rows of the batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from marshmallow import RAISE, Schema, fields, validate

from services.teams.domain.team.events import TeamKind
from services.teams.domain.team.merge import Fate, MergeTeams, SeatFate
from services.teams.domain.team.rearrange import NewTeam
from services.teams.domain.team.split import ReleasedSeat, SplitInto, SplitTeam
from services.teams.domain.team.undo import SeatPlacement, UndoRearrangement
from services.teams.schemas.base import Change
from services.teams.schemas.items import Items, like
from services.teams.schemas.kinds import CANONICAL, UNIT_ID, WORD, Choice, Day, Flag, Line, Matching, Uid

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


class SplitIntoSchema(Schema):
    class Meta:
        unknown = RAISE

    team_id = Uid(required=True)
    seats = fields.List(Matching(UNIT_ID), load_default=(), validate=validate.Length(max=MAX_SEATS))
    new = fields.Nested(NewTeamSchema(), load_default=None, allow_none=True)


class ReleasedSeatSchema(Schema):
    seat_id = Matching(UNIT_ID, required=True)
    reason = Matching(WORD, load_default=None, allow_none=True)


class QuickReleased(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    seat_id: Annotated[str, like(UNIT_ID)]
    reason: Annotated[str, like(WORD)] | None = None


class SplitTeamSchema(Change):
    """``goes_on``: the team keeps the seats that are not named; else it ends, and every seat must be named."""

    makes = SplitTeam
    rearrangement_id = Uid(required=True)
    team_id = Uid(required=True)
    into = fields.List(fields.Nested(SplitIntoSchema()), required=True, validate=validate.Length(min=1, max=MAX_MERGED))
    released = Items(ReleasedSeatSchema, QuickReleased, ReleasedSeat, most=MAX_SEATS, load_default=())
    goes_on = Flag(load_default=False)
    effective = Day(required=True)
    document_id = Uid(required=True)

    def load(self, data: Any, **options: Any) -> Any:
        loaded = super().load(data, **options)
        loaded.found["into"] = tuple(_split_into(part) for part in loaded.found["into"])
        return loaded


def _split_into(part: Mapping[str, Any]) -> SplitInto:
    return SplitInto(part["team_id"], tuple(part["seats"]), NewTeam(**part["new"]) if part["new"] else None)


class SeatPlacementSchema(Schema):
    seat_id = Matching(UNIT_ID, required=True)
    team_id = Uid(load_default=None, allow_none=True)
    reason = Matching(WORD, load_default=None, allow_none=True)


class QuickPlacement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    seat_id: Annotated[str, like(UNIT_ID)]
    team_id: Annotated[str, like(CANONICAL)] | None = None
    reason: Annotated[str, like(WORD)] | None = None


class UndoRearrangementSchema(Change):
    """``seats``: the team that takes a seat, or null to release it."""

    makes = UndoRearrangement
    rearrangement_id = Uid(required=True)
    undoes = Uid(required=True)
    effective = Day(required=True)
    document_id = Uid(required=True)
    seats = Items(SeatPlacementSchema, QuickPlacement, SeatPlacement, most=MAX_SEATS * MAX_MERGED, load_default=())


REARRANGEMENTS: Mapping[str, type[Change]] = {
    "merge": MergeTeamsSchema,
    "split": SplitTeamSchema,
    "undo": UndoRearrangementSchema,
}


class MergerQuestion(Schema):
    """What a merger of these teams could look like. ``into_team_id``: one of those that exist; else a ``new`` team."""

    class Meta:
        unknown = RAISE

    from_team_ids = fields.List(Uid(), required=True, validate=validate.Length(min=1, max=MAX_MERGED))
    into_team_id = Uid(load_default=None, allow_none=True)
    new = fields.Nested(NewTeamSchema(), load_default=None, allow_none=True)
    effective = Day(required=True)
