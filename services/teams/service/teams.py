"""Changes of teams and their seats."""

from __future__ import annotations

from services.teams.schemas.base import Picked, row_of
from services.teams.schemas.corrections import CHANGES, CorrectTeamSchema
from services.teams.schemas.teams import (
    AppointSeatSchema,
    ChangeLeaderSchema,
    ChangeSeatSchema,
    DissolveTeamSchema,
    EndPilotSchema,
    EstablishTeamSchema,
    ReassignTeamSchema,
    ReconstituteTeamSchema,
    ReleaseSeatSchema,
    RenameTeamSchema,
    ResumeTeamSchema,
    SuspendTeamSchema,
)
from services.teams.service.base import Pieces, one
from shared.edge import Call, Reply, Rows, route


class TeamRoutes(Pieces):
    @route("POST", "/v1/teams", scope="teams:write", body=EstablishTeamSchema)
    def establish_team(self, call: Call) -> Reply:
        return self.change(call)

    @route("POST", "/v1/teams/batch", scope="teams:write", body=Rows(row_of(EstablishTeamSchema)))
    def establish_teams(self, call: Call) -> Reply:
        return self.intake.batch(call)

    @route("POST", "/v1/teams/changes/batch", scope="teams:write", body=Rows(Picked(CHANGES)))
    def change_teams(self, call: Call) -> Reply:
        return self.intake.batch(call)

    @route("POST", "/v1/teams/<uuid:team_id>/rename", scope="teams:write", body=one(RenameTeamSchema, "team_id"))
    def rename_team(self, call: Call) -> Reply:
        return self.change(call)

    @route("POST", "/v1/teams/<uuid:team_id>/reassign", scope="teams:write", body=one(ReassignTeamSchema, "team_id"))
    def reassign_team(self, call: Call) -> Reply:
        return self.change(call)

    @route("POST", "/v1/teams/<uuid:team_id>/suspend", scope="teams:write", body=one(SuspendTeamSchema, "team_id"))
    def suspend_team(self, call: Call) -> Reply:
        return self.change(call)

    @route("POST", "/v1/teams/<uuid:team_id>/resume", scope="teams:write", body=one(ResumeTeamSchema, "team_id"))
    def resume_team(self, call: Call) -> Reply:
        return self.change(call)

    @route(
        "POST",
        "/v1/teams/<uuid:team_id>/reconstitute",
        scope="teams:write",
        body=one(ReconstituteTeamSchema, "team_id"),
    )
    def reconstitute_team(self, call: Call) -> Reply:
        return self.change(call)

    @route("POST", "/v1/teams/<uuid:team_id>/dissolve", scope="teams:write", body=one(DissolveTeamSchema, "team_id"))
    def dissolve_team(self, call: Call) -> Reply:
        return self.change(call)

    @route("POST", "/v1/teams/<uuid:team_id>/end-pilot", scope="teams:write", body=one(EndPilotSchema, "team_id"))
    def end_pilot(self, call: Call) -> Reply:
        return self.change(call)

    @route("POST", "/v1/teams/<uuid:team_id>/seats", scope="teams:write", body=one(AppointSeatSchema, "team_id"))
    def appoint_seat(self, call: Call) -> Reply:
        return self.change(call)

    @route(
        "POST",
        "/v1/teams/<uuid:team_id>/seats/<seat_id>/release",
        scope="teams:write",
        body=one(ReleaseSeatSchema, "team_id", "seat_id"),
    )
    def release_seat(self, call: Call) -> Reply:
        return self.change(call)

    @route(
        "POST",
        "/v1/teams/<uuid:team_id>/seats/<seat_id>/change",
        scope="teams:write",
        body=one(ChangeSeatSchema, "team_id", "seat_id"),
    )
    def change_seat(self, call: Call) -> Reply:
        return self.change(call)

    @route("POST", "/v1/teams/<uuid:team_id>/leader", scope="teams:write", body=one(ChangeLeaderSchema, "team_id"))
    def change_leader(self, call: Call) -> Reply:
        return self.change(call)

    @route("POST", "/v1/teams/<uuid:team_id>/correct", scope="teams:write", body=one(CorrectTeamSchema, "team_id"))
    def correct_team(self, call: Call) -> Reply:
        return self.change(call)
