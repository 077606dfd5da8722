"""The decider of places and the visits paid to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.visits.domain.alike import PlaceToldApart, TellPlacesApart, tell_apart
from services.visits.domain.joining import (
    JoinCommand,
    JoinEvent,
    MergePlaces,
    PlaceAbsorbed,
    PlaceMerged,
    PlaceRestored,
    PlaceSeparated,
    SeparatePlaces,
    decide_joint,
    evolve_joint,
)
from services.visits.domain.opinion import (
    OpinionAnswered,
    OpinionClosed,
    OpinionEvent,
    OpinionForwarded,
    OpinionRecorded,
    OpinionWithdrawn,
    opinion_of,
    opinion_stream,
)
from services.visits.domain.place import OwnCommand, OwnEvent, decide_own, evolve_own
from services.visits.domain.state import Begun, PlaceState, Unknown, place_stream
from services.visits.domain.visit import (
    CorrectVisit,
    FlagSettled,
    Heard,
    RecordVisit,
    SettleFlag,
    VisitCommand,
    VisitCorrected,
    VisitEvent,
    VisitRecorded,
    VisitVoided,
    VoidVisit,
)
from services.visits.domain.visiting import correct, evolve, record, settle, void
from shared.decider import Decider

PlaceCommand = VisitCommand | OwnCommand | JoinCommand | TellPlacesApart
PlaceEvent = VisitEvent | OwnEvent | JoinEvent | PlaceToldApart | OpinionEvent


def _streams(command: PlaceCommand) -> tuple[str, ...]:
    match command:
        case RecordVisit(opinion=Heard()):
            heard = opinion_stream(opinion_of(command.visit_id))
            return tuple(dict.fromkeys((place_stream(command.place_id), heard, *command.also)))
        case RecordVisit() | CorrectVisit() | VoidVisit() | SettleFlag():
            stream = place_stream(command.place_id)
            return (stream, *(other for other in command.also if other != stream)) if command.also else (stream,)
        case MergePlaces() | SeparatePlaces():
            return place_stream(command.place_id), place_stream(command.kept_id)
        case TellPlacesApart():
            return place_stream(command.place_id), place_stream(command.other_id)
        case _:
            return (place_stream(command.place_id),)


def _decide(command: PlaceCommand, states: Mapping[str, PlaceState]) -> Sequence[tuple[str, PlaceEvent]]:
    match command:
        case RecordVisit():
            return record(command, states)
        case CorrectVisit():
            return correct(command, states)
        case VoidVisit():
            return void(command, states)
        case SettleFlag():
            return settle(command, states)
        case MergePlaces() | SeparatePlaces():
            return decide_joint(command, states)
        case TellPlacesApart():
            return tell_apart(command, states)
        case _:
            stream = place_stream(command.place_id)
            event = decide_own(command, states[stream])
            return [] if event is None else [(stream, event)]


def _evolve(state: PlaceState, event: PlaceEvent) -> PlaceState:
    match event:
        case VisitRecorded() | VisitCorrected() | VisitVoided() | FlagSettled():
            return evolve(state, event)
        case PlaceMerged() | PlaceAbsorbed() | PlaceSeparated() | PlaceRestored():
            return evolve_joint(state, event)
        case PlaceToldApart():
            return state
        case OpinionRecorded() | OpinionForwarded() | OpinionAnswered() | OpinionClosed() | OpinionWithdrawn():
            return Begun()
        case _:
            return evolve_own(state, event)


PLACES: Decider[PlaceCommand, PlaceState, PlaceEvent] = Decider(
    initial=lambda stream: Unknown(),
    streams=_streams,
    decide=_decide,
    evolve=_evolve,
)
