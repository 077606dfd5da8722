"""Changes of units: single routes, rows of the batch, reorganisations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from marshmallow import RAISE, Schema, ValidationError, fields, missing, validate

from services.teams.domain.units import (
    MOST_CHANGES,
    AbolishUnit,
    AssignUnitCode,
    ChangeUnitKind,
    Correction,
    CorrectUnit,
    EstablishUnit,
    Reason,
    RedoReorganisation,
    RenameUnit,
    ReorganiseUnits,
    ReparentUnit,
    Successor,
    UndoReorganisation,
)
from services.teams.schemas.base import Change, Loaded
from services.teams.schemas.corrections import Several
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
    code = Matching(CODE, required=True, allow_none=True)


class ReparentUnitSchema(UnitChange):
    makes = ReparentUnit
    parent_id = Matching(UNIT_ID, required=True)


class SuccessorSchema(Schema):
    unit_id = Matching(UNIT_ID, required=True)
    main = Flag(load_default=False)
    share = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1, max=100))


class QuickSuccessor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    unit_id: Annotated[str, like(UNIT_ID)]
    main: bool = False
    share: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None


def successors(**kwargs: Any) -> Items:
    return Items(SuccessorSchema, QuickSuccessor, Successor, most=50, **kwargs)


class AbolishUnitSchema(UnitChange):
    makes = AbolishUnit
    successors = successors(load_default=())
    successor_unknown = Flag(load_default=False)


# --- corrections --------------------------------------------------------------------------------------------------


class CorrectionSchema(Schema):
    """``fact`` is its number in the history; ``void`` true: it never was so, false: it was after all. What else is
    sent is stated anew."""

    class Meta:
        unknown = RAISE

    fact = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=100_000))
    void = Flag()
    effective = Day()
    name = Line(120)
    kind = Line(40)
    code = Matching(CODE, allow_none=True)
    parent_id = Matching(UNIT_ID)
    successors = successors()
    successor_unknown = Flag()


_CORRECTION = CorrectionSchema()


def _correction(item: Any) -> Correction:
    found = _CORRECTION.load(item)
    return Correction(found.pop("fact"), found.pop("void", None), found)


class CorrectUnitSchema(Change):
    makes = CorrectUnit
    unit_id = Matching(UNIT_ID, required=True)
    corrections = Several(_correction, least=1, required=True)
    reason = Choice(Reason, required=True)
    document_id = Uid(required=True)


UNIT_CHANGES: Mapping[str, type[Change]] = {
    "establish": EstablishUnitSchema,
    "rename": RenameUnitSchema,
    "change_kind": ChangeUnitKindSchema,
    "assign_code": AssignUnitCodeSchema,
    "reparent": ReparentUnitSchema,
    "abolish": AbolishUnitSchema,
    "correct": CorrectUnitSchema,
}

# --- reorganisations ----------------------------------------------------------------------------------------------

OF_REORGANISATION: Mapping[str, Change] = {
    do: schema(exclude=("id", "if_match", "effective", "document_id"))
    for do, schema in UNIT_CHANGES.items()
    if do != "correct"
}
"""What ``do`` of a change may be; day and document are those of the reorganisation."""


def _change(item: Any) -> Loaded:
    if not isinstance(item, Mapping):
        raise ValidationError("Invalid input type.")
    do = item.get("do", missing)
    if do is missing:
        raise ValidationError({"do": ["Missing data for required field."]})
    schema = OF_REORGANISATION.get(do) if isinstance(do, str) else None
    if schema is None:
        raise ValidationError({"do": [f"Must be one of: {', '.join(OF_REORGANISATION)}."]})
    loaded: Loaded = schema.load({key: value for key, value in item.items() if key != "do"})
    return loaded


@dataclass(frozen=True, slots=True)
class LoadedReorganisation(Loaded):
    def command(self, **path: Any) -> ReorganiseUnits:
        found = self.found | path
        common = {name: found[name] for name in ("effective", "document_id")}
        changes = tuple(change.command(**common) for change in found.pop("changes"))
        return ReorganiseUnits(changes=changes, **found)


class ReorganiseUnitsSchema(Change):
    makes = ReorganiseUnits
    reorganisation_id = Uid(required=True)
    document_id = Uid(required=True)
    effective = Day(required=True)
    changes = Several(_change, least=1, most=MOST_CHANGES, required=True)

    def load(self, data: Any, **options: Any) -> Any:
        loaded: Loaded = super().load(data, **options)
        return LoadedReorganisation(loaded.makes, loaded.found, loaded.command_id, loaded.if_match)


class OfReorganisation(Change):
    reorganisation_id = Uid(required=True)
    reason = Choice(Reason, required=True)
    document_id = Uid(required=True)


class UndoReorganisationSchema(OfReorganisation):
    makes = UndoReorganisation


class RedoReorganisationSchema(OfReorganisation):
    makes = RedoReorganisation
