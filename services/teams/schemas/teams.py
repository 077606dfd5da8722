"""Teams and seats: single routes and rows of the batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from marshmallow import RAISE, Schema, fields

from services.teams.domain.team.events import Role, Seat, TeamKind
from services.teams.domain.team.life import (
    DissolveTeam,
    EndPilot,
    EstablishTeam,
    ReassignTeam,
    RenameTeam,
    ResumeTeam,
    SuspendTeam,
)
from services.teams.domain.team.seats import AppointSeat, ChangeLeader, ChangeSeat, ReconstituteTeam, ReleaseSeat
from services.teams.schemas.base import Change
from services.teams.schemas.items import Items, like
from services.teams.schemas.kinds import CANONICAL, UNIT_ID, WORD, Choice, Day, Flag, Line, Matching, Uid
from services.teams.schemas.people import Newcomers
from services.teams.schemas.rearrange import MAX_SEATS, REARRANGEMENTS


class SeatSchema(Schema):
    seat_id = Matching(UNIT_ID, required=True)
    person_id = Uid(required=True)
    role = Choice(Role, required=True)
    affiliation = Matching(WORD, load_default=None, allow_none=True)


class QuickSeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    seat_id: Annotated[str, like(UNIT_ID)]
    person_id: Annotated[str, like(CANONICAL)]
    role: Role
    affiliation: Annotated[str, like(WORD)] | None = None


def seats(**kwargs: Any) -> Items:
    return Items(SeatSchema, QuickSeat, Seat, most=MAX_SEATS, **kwargs)


class OneSeat(fields.Field[Any]):
    schema = SeatSchema(unknown=RAISE)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Seat:
        return Seat(**self.schema.load(value))


class EstablishTeamSchema(Change):
    makes = EstablishTeam
    team_id = Uid(required=True)
    kind = Choice(TeamKind, required=True)
    unit_id = Matching(UNIT_ID, required=True)
    name = Line(200, required=True)
    effective = Day(required=True)
    document_id = Uid(required=True)
    people = Newcomers(most=MAX_SEATS, load_default=())
    seats = seats(load_default=())
    pilot = Flag(load_default=False)
    simulated = Flag(load_default=False)


class TeamChange(Change):
    """What every change of a team has; single routes take ``team_id`` from the path."""

    team_id = Uid(required=True)
    effective = Day(required=True)
    document_id = Uid(required=True)


class RenameTeamSchema(TeamChange):
    makes = RenameTeam
    name = Line(200, required=True)


class ReassignTeamSchema(TeamChange):
    """``unit_id``: the unit it serves from that day on."""

    makes = ReassignTeam
    unit_id = Matching(UNIT_ID, required=True)


class SuspendTeamSchema(TeamChange):
    makes = SuspendTeam


class ResumeTeamSchema(TeamChange):
    makes = ResumeTeam


class ReconstituteTeamSchema(TeamChange):
    makes = ReconstituteTeam
    seats = seats(required=True)


class AppointSeatSchema(TeamChange):
    makes = AppointSeat
    seat = OneSeat(required=True)


class ReleaseSeatSchema(TeamChange):
    makes = ReleaseSeat
    seat_id = Matching(UNIT_ID, required=True)
    reason = Matching(WORD, load_default=None, allow_none=True)


class ChangeSeatSchema(TeamChange):
    makes = ChangeSeat
    seat_id = Matching(UNIT_ID, required=True)
    role = Choice(Role, load_default=None, allow_none=True)
    affiliation = Matching(WORD, load_default=None, allow_none=True)
    reason = Matching(WORD, load_default=None, allow_none=True)


class ChangeLeaderSchema(TeamChange):
    """Who leads now: ``seat_id`` of the team, or a new ``seat``. The leader so far becomes ``former_role`` or, if that
    is null, leaves."""

    makes = ChangeLeader
    seat_id = Matching(UNIT_ID, load_default=None, allow_none=True)
    seat = OneSeat(load_default=None, allow_none=True)
    former_role = Choice(Role, load_default=Role.MEMBER, allow_none=True)
    reason = Matching(WORD, load_default=None, allow_none=True)


class EndPilotSchema(TeamChange):
    makes = EndPilot
    converted = Flag(required=True)


class DissolveTeamSchema(TeamChange):
    makes = DissolveTeam


TEAM_CHANGES: Mapping[str, type[Change]] = {
    "establish": EstablishTeamSchema,
    "rename": RenameTeamSchema,
    "reassign": ReassignTeamSchema,
    "suspend": SuspendTeamSchema,
    "resume": ResumeTeamSchema,
    "reconstitute": ReconstituteTeamSchema,
    "appoint": AppointSeatSchema,
    "release": ReleaseSeatSchema,
    "change_seat": ChangeSeatSchema,
    "change_leader": ChangeLeaderSchema,
    "end_pilot": EndPilotSchema,
    "dissolve": DissolveTeamSchema,
    **REARRANGEMENTS,
}
