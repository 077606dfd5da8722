"""Rows of ``POST /v1/units/batch``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from marshmallow import Schema

from services.teams.domain.units import (
    AbolishUnit,
    AssignUnitCode,
    ChangeUnitKind,
    EstablishUnit,
    RenameUnit,
    ReparentUnit,
    Successor,
)
from services.teams.schemas.base import Change
from services.teams.schemas.items import Items, like
from services.teams.schemas.kinds import CODE, UNIT_ID, WORD, Choice, Day, Flag, Line, Matching, Uid
from shared.units import GSO, LEVELS


class UnitChange(Change):
    unit_id = Matching(UNIT_ID, required=True)
    effective = Day(required=True)
    document_id = Uid(load_default=None, allow_none=True)


class EstablishUnitSchema(UnitChange):
    makes = EstablishUnit
    level = Choice(LEVELS, required=True)
    kind = Line(40, required=True)
    name = Line(120, required=True)
    parent_id = Matching(UNIT_ID, load_default=None, allow_none=True)
    code = Matching(CODE, load_default=None, allow_none=True)
    simulated = Flag(load_default=False)


class RenameUnitSchema(UnitChange):
    makes = RenameUnit
    name = Line(120, required=True)


class ChangeUnitKindSchema(UnitChange):
    makes = ChangeUnitKind
    kind = Line(40, required=True)


class AssignUnitCodeSchema(UnitChange):
    makes = AssignUnitCode
    system = Matching(WORD, load_default=GSO)
    code = Matching(CODE, required=True)


class ReparentUnitSchema(UnitChange):
    makes = ReparentUnit
    parent_id = Matching(UNIT_ID, required=True)


class SuccessorSchema(Schema):
    unit_id = Matching(UNIT_ID, required=True)
    main = Flag(load_default=False)


class QuickSuccessor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    unit_id: Annotated[str, like(UNIT_ID)]
    main: bool = False


class AbolishUnitSchema(UnitChange):
    makes = AbolishUnit
    successors = Items(SuccessorSchema, QuickSuccessor, Successor, most=50, load_default=())
    successor_unknown = Flag(load_default=False)


UNIT_CHANGES: Mapping[str, type[Change]] = {
    "establish": EstablishUnitSchema,
    "rename": RenameUnitSchema,
    "change_kind": ChangeUnitKindSchema,
    "assign_code": AssignUnitCodeSchema,
    "reparent": ReparentUnitSchema,
    "abolish": AbolishUnitSchema,
}
