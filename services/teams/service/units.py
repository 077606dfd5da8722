"""Administrative units: changes, corrections, reorganisations."""

from __future__ import annotations

from services.teams.schemas.base import Picked
from services.teams.schemas.kinds import UNIT_ID
from services.teams.schemas.units import (
    UNIT_CHANGES,
    AbolishUnitSchema,
    AssignUnitCodeSchema,
    ChangeUnitKindSchema,
    CorrectUnitSchema,
    EstablishUnitSchema,
    RedoReorganisationSchema,
    RenameUnitSchema,
    ReorganiseUnitsSchema,
    ReparentUnitSchema,
    UndoReorganisationSchema,
)
from services.teams.service.base import Pieces, one
from shared.edge import Call, Reply, Rows, route
from shared.problems import Problem


class UnitRoutes(Pieces):
    """``teams:write`` is enough for villages; other levels need ``teams:admin`` too (``authority_units``)."""

    @route("POST", "/v1/units", scope="teams:write", body=EstablishUnitSchema)
    def establish_unit(self, call: Call) -> Reply:
        return self.change(call)

    @route("POST", "/v1/units/batch", scope="teams:write", body=Rows(Picked(UNIT_CHANGES)))
    def change_units(self, call: Call) -> Reply:
        return self.intake.batch(call)

    @route("POST", "/v1/units/<unit_id>/rename", scope="teams:write", body=one(RenameUnitSchema, "unit_id"))
    def rename_unit(self, call: Call) -> Reply:
        return self._change_one(call)

    @route("POST", "/v1/units/<unit_id>/kind", scope="teams:write", body=one(ChangeUnitKindSchema, "unit_id"))
    def change_unit_kind(self, call: Call) -> Reply:
        return self._change_one(call)

    @route("POST", "/v1/units/<unit_id>/code", scope="teams:write", body=one(AssignUnitCodeSchema, "unit_id"))
    def assign_unit_code(self, call: Call) -> Reply:
        return self._change_one(call)

    @route("POST", "/v1/units/<unit_id>/parent", scope="teams:write", body=one(ReparentUnitSchema, "unit_id"))
    def reparent_unit(self, call: Call) -> Reply:
        return self._change_one(call)

    @route("POST", "/v1/units/<unit_id>/abolish", scope="teams:write", body=one(AbolishUnitSchema, "unit_id"))
    def abolish_unit(self, call: Call) -> Reply:
        return self._change_one(call)

    @route("POST", "/v1/units/<unit_id>/corrections", scope="teams:write", body=one(CorrectUnitSchema, "unit_id"))
    def correct_unit(self, call: Call) -> Reply:
        return self._change_one(call)

    def _change_one(self, call: Call) -> Reply:
        if not UNIT_ID.fullmatch(call.path["unit_id"]):
            raise Problem("not-found", where="path")
        return self.change(call)

    # --- reorganisations ------------------------------------------------------------------------------------------

    @route("POST", "/v1/units/reorganisations", scope="teams:write", body=ReorganiseUnitsSchema)
    def reorganise_units(self, call: Call) -> Reply:
        return self.change(call)

    @route(
        "POST",
        "/v1/units/reorganisations/<uuid:reorganisation_id>/undo",
        scope="teams:write",
        body=one(UndoReorganisationSchema, "reorganisation_id"),
    )
    def undo_reorganisation(self, call: Call) -> Reply:
        return self.change(call)

    @route(
        "POST",
        "/v1/units/reorganisations/<uuid:reorganisation_id>/redo",
        scope="teams:write",
        body=one(RedoReorganisationSchema, "reorganisation_id"),
    )
    def redo_reorganisation(self, call: Call) -> Reply:
        return self.change(call)
