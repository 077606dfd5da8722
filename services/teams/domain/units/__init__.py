"""Administrative units: dated facts about one unit, each stream ``unit:<id>``.

Ids are our own and never change. Codes, names, kinds and parents are dated assignments: a state code is not an identity
(3,316 of the 3,321 codes of 1/7/2025 were used by another commune before), so whoever bears a code is named in a
reservation stream ``unit-code:<system>/<code>``. Intervals are half-open: ``effective`` is the first day that counts.

``facts`` what can be so · ``state`` what a unit is · ``rules`` what must be so between units ·
``single``, ``corrections`` and ``reorganisations`` the commands.
"""

from __future__ import annotations

from services.teams.domain.units.corrections import Correction, CorrectUnit, Reason, UnitCorrected
from services.teams.domain.units.facts import (
    Successor,
    UnitAbolished,
    UnitCodeAssigned,
    UnitCodeTaken,
    UnitEstablished,
    UnitFact,
    UnitKindChanged,
    UnitRenamed,
    UnitReparented,
)
from services.teams.domain.units.reorganisations import (
    MOST_CHANGES,
    FactOfUnit,
    LevelTotal,
    RedoReorganisation,
    Reorganisation,
    ReorganisationRedone,
    ReorganisationUndone,
    ReorganiseUnits,
    UndoReorganisation,
    UnitsReorganised,
    reorganisation_stream,
)
from services.teams.domain.units.rules import standing
from services.teams.domain.units.single import (
    AbolishUnit,
    AssignUnitCode,
    ChangeUnitKind,
    EstablishUnit,
    RenameUnit,
    ReparentUnit,
    UnitCommand,
)
from services.teams.domain.units.state import Unit, UnitCode, code_stream, unit_stream

__all__ = [
    "MOST_CHANGES",
    "AbolishUnit",
    "AssignUnitCode",
    "ChangeUnitKind",
    "CorrectUnit",
    "Correction",
    "EstablishUnit",
    "FactOfUnit",
    "LevelTotal",
    "Reason",
    "RedoReorganisation",
    "RenameUnit",
    "Reorganisation",
    "ReorganisationRedone",
    "ReorganisationUndone",
    "ReorganiseUnits",
    "ReparentUnit",
    "Successor",
    "UndoReorganisation",
    "Unit",
    "UnitAbolished",
    "UnitCode",
    "UnitCodeAssigned",
    "UnitCodeTaken",
    "UnitCommand",
    "UnitCorrected",
    "UnitEstablished",
    "UnitFact",
    "UnitKindChanged",
    "UnitRenamed",
    "UnitReparented",
    "UnitsReorganised",
    "code_stream",
    "reorganisation_stream",
    "standing",
    "unit_stream",
]
