"""What happens at a door, and what it means for the place behind it. Pure: no clock, no ids, no I/O.

A *place* (stream ``place:<uuid>``) with the visits paid to it is what this package exports: ``place`` has what happens
to places, ``visit`` the commands and events of visits, ``visiting`` their decisions, ``joining`` two ids of one place,
``alike`` two that may be one, ``rows`` what all of it adds up to; ``places`` is the decider. Beside it, one file each:
*campaigns*, *opinions*, declared numbers of *households*, *catalogues*. ``vocabulary`` holds the closed lists.
"""

from __future__ import annotations

from services.visits.domain.alike import PlaceToldApart, TellPlacesApart
from services.visits.domain.content import Content
from services.visits.domain.joining import (
    Carried,
    MergePlaces,
    PlaceAbsorbed,
    PlaceMerged,
    PlaceRestored,
    PlaceSeparated,
    SeparatePlaces,
)
from services.visits.domain.place import (
    ChangePlace,
    ClosePlace,
    CorrectPlace,
    ErasePlace,
    MovePlace,
    PlaceClosed,
    PlaceCorrected,
    PlaceDetailsChanged,
    PlaceErased,
    PlaceMoved,
    PlaceRegistered,
    PlaceReopened,
    RegisterPlace,
    ReopenPlace,
)
from services.visits.domain.places import PLACES, PlaceCommand, PlaceEvent
from services.visits.domain.rows import Covered, Reach
from services.visits.domain.state import Merged, Place, PlaceState, Taught, place_stream
from services.visits.domain.visit import (
    CorrectVisit,
    FlagSettled,
    Heard,
    RecordVisit,
    Reported,
    Seen,
    SettleFlag,
    VisitCorrected,
    VisitRecorded,
    VisitVoided,
    VoidVisit,
)
from services.visits.domain.visiting import ForeignPlace
from services.visits.domain.vocabulary import (
    ALL_SKILLS,
    AgeBand,
    Closing,
    Flag,
    Learner,
    Level,
    Mistake,
    Obstacle,
    PlaceKind,
    Position,
    Settled,
    Skill,
    SkillLevel,
)

__all__ = [
    "ALL_SKILLS",
    "PLACES",
    "AgeBand",
    "Carried",
    "ChangePlace",
    "ClosePlace",
    "Closing",
    "Content",
    "CorrectPlace",
    "CorrectVisit",
    "Covered",
    "ErasePlace",
    "Flag",
    "FlagSettled",
    "ForeignPlace",
    "Heard",
    "Learner",
    "Level",
    "MergePlaces",
    "Merged",
    "Mistake",
    "MovePlace",
    "Obstacle",
    "Place",
    "PlaceAbsorbed",
    "PlaceClosed",
    "PlaceCommand",
    "PlaceCorrected",
    "PlaceDetailsChanged",
    "PlaceErased",
    "PlaceEvent",
    "PlaceKind",
    "PlaceMerged",
    "PlaceMoved",
    "PlaceRegistered",
    "PlaceReopened",
    "PlaceRestored",
    "PlaceSeparated",
    "PlaceState",
    "PlaceToldApart",
    "Position",
    "Reach",
    "RecordVisit",
    "RegisterPlace",
    "ReopenPlace",
    "Reported",
    "Seen",
    "SeparatePlaces",
    "SettleFlag",
    "Settled",
    "Skill",
    "SkillLevel",
    "Taught",
    "TellPlacesApart",
    "VisitCorrected",
    "VisitRecorded",
    "VisitVoided",
    "VoidVisit",
    "place_stream",
]
