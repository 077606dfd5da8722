"""A place by itself: registered, moved, corrected, closed, opened again, erased. ``place:<uuid>`` is its stream."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.visits.domain.rows import Covered, Home, Reach, changes
from services.visits.domain.state import Begun, Merged, Place, PlaceState, Unknown
from services.visits.domain.vocabulary import Closing, Mistake, PlaceKind, Position
from shared.decider import Personal, Rejected, ambient, sealed

# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlaceRegistered:
    """A place made known by itself; most are made by their first visit, without this event."""

    place_id: UUID
    kind: PlaceKind
    unit_id: str
    address: Personal | None = sealed(by="place_id", default=None)
    contact: Personal | None = sealed(by="place_id", default=None)
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class PlaceDetailsChanged:
    """All of them as they are from now on."""

    place_id: UUID
    address: Personal | None = sealed(by="place_id", default=None)
    contact: Personal | None = sealed(by="place_id", default=None)
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class PlaceMoved:
    """From ``day`` on it stands in ``unit_id``."""

    place_id: UUID
    kind: PlaceKind
    unit_id: str
    from_unit_id: str
    day: date
    reach: tuple[Reach, ...]
    covered: tuple[Covered, ...]


@dataclass(frozen=True, slots=True)
class PlaceCorrected:
    """It has been of this kind, and at first in this unit, all along."""

    place_id: UUID
    kind: PlaceKind
    unit_id: str
    reason: Mistake
    reach: tuple[Reach, ...]
    covered: tuple[Covered, ...]


@dataclass(frozen=True, slots=True)
class PlaceClosed:
    """``day``: the first on which it is no more."""

    place_id: UUID
    kind: PlaceKind
    unit_id: str
    day: date
    reason: Closing
    reach: tuple[Reach, ...]
    covered: tuple[Covered, ...]


@dataclass(frozen=True, slots=True)
class PlaceReopened:
    place_id: UUID
    kind: PlaceKind
    unit_id: str
    day: date
    reason: Closing
    reach: tuple[Reach, ...]
    covered: tuple[Covered, ...]


@dataclass(frozen=True, slots=True)
class PlaceErased:
    """Its key is destroyed after this, and nothing personal is kept of it any more."""

    place_id: UUID


OwnEvent = (
    PlaceRegistered | PlaceDetailsChanged | PlaceMoved | PlaceCorrected | PlaceClosed | PlaceReopened | PlaceErased
)

# --- commands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegisterPlace:
    """``unit_id``, ``stands_in`` and ``holds``: as of ``RecordVisit``, on the day of registration."""

    place_id: UUID
    kind: PlaceKind
    unit_id: str
    address: Personal | None = None
    contact: Personal | None = None
    position: Position | None = None
    stands_in: str | None = ambient(default=None)
    holds: tuple[str, ...] = ambient(default=())

    @property
    def here(self) -> str:
        return self.stands_in or self.unit_id


@dataclass(frozen=True, slots=True)
class ChangePlace:
    """The details as they are from now on; None: none."""

    place_id: UUID
    address: Personal | None = None
    contact: Personal | None = None
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class MovePlace:
    place_id: UUID
    unit_id: str
    day: date


@dataclass(frozen=True, slots=True)
class CorrectPlace:
    """What was never so: the kind, the first unit (None: that was right)."""

    place_id: UUID
    reason: Mistake
    kind: PlaceKind | None = None
    unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class ClosePlace:
    place_id: UUID
    day: date
    reason: Closing


@dataclass(frozen=True, slots=True)
class ReopenPlace:
    place_id: UUID
    day: date
    reason: Closing


@dataclass(frozen=True, slots=True)
class ErasePlace:
    place_id: UUID


OwnCommand = RegisterPlace | ChangePlace | MovePlace | CorrectPlace | ClosePlace | ReopenPlace | ErasePlace

# --- decisions -------------------------------------------------------------------------------------------------------


def decide_own(command: OwnCommand, state: PlaceState) -> OwnEvent | None:
    if isinstance(command, ErasePlace):
        return _erase(command, state)
    if isinstance(state, Merged):
        raise Rejected("place-merged", into=str(state.into))
    if isinstance(state, Begun):
        raise Rejected("unknown-place")
    if isinstance(command, RegisterPlace):
        return _register(command, state)
    if isinstance(state, Unknown):
        raise Rejected("unknown-place")
    match command:
        case ChangePlace(place_id, address, contact, position):
            personal = (None, None) if state.erased else (address, contact)
            return PlaceDetailsChanged(place_id, *personal, position)
        case MovePlace():
            return _move(command, state)
        case CorrectPlace():
            return _correct(command, state)
        case ClosePlace() | ReopenPlace():
            return _shut(command, state)


def _register(command: RegisterPlace, place: PlaceState) -> PlaceRegistered | None:
    personal = (command.address, command.contact)
    if isinstance(place, Place):
        if place.registered:
            return None
        if place.kind != command.kind or place.unit_id not in (command.unit_id, command.here, *command.holds):
            raise Rejected("place-differs", kind=place.kind, unit=place.unit_id)
        if place.erased:
            personal = (None, None)
    unit_id = place.unit_id if isinstance(place, Place) else command.here
    return PlaceRegistered(command.place_id, command.kind, unit_id, *personal, command.position)


def _move(command: MovePlace, place: Place) -> PlaceMoved | None:
    before = place.unit_on(command.day)
    if before == command.unit_id:
        return None
    after = moved(place, command.day, command.unit_id)
    rows = changes(place, after, Home(place.kind, command.unit_id, command.day))
    return PlaceMoved(command.place_id, place.kind, command.unit_id, before, command.day, *rows)


def _correct(command: CorrectPlace, place: Place) -> PlaceCorrected | None:
    kind, unit_id = command.kind or place.kind, command.unit_id or place.unit_id
    if (kind, unit_id) == (place.kind, place.unit_id):
        return None
    rows = changes(place, replace(place, kind=kind, unit_id=unit_id), Home(kind, unit_id))
    return PlaceCorrected(command.place_id, kind, unit_id, command.reason, *rows)


def _shut(command: ClosePlace | ReopenPlace, place: Place) -> PlaceClosed | PlaceReopened | None:
    opens = isinstance(command, ReopenPlace)
    if place.open_on(command.day) is opens:
        return None
    unit_id = place.unit_on(command.day)
    rows = changes(place, shut(place, command.day, opens), Home(place.kind, unit_id, command.day))
    event = PlaceReopened if opens else PlaceClosed
    return event(command.place_id, place.kind, unit_id, command.day, command.reason, *rows)


def _erase(command: ErasePlace, state: PlaceState) -> PlaceErased | None:
    if isinstance(state, Unknown | Begun):
        raise Rejected("unknown-place")
    place = state.place if isinstance(state, Merged) else state
    return None if place.erased else PlaceErased(command.place_id)


# --- what it means ---------------------------------------------------------------------------------------------------


def moved(place: Place, day: date, unit_id: str) -> Place:
    """A second move on one day replaces the first."""
    return replace(place, moves=tuple(sorted({**dict(place.moves), day: unit_id}.items())))


def shut(place: Place, day: date, opens: bool) -> Place:
    return replace(place, doors=tuple(sorted({**dict(place.doors), day: opens}.items())))


def evolve_own(state: PlaceState, event: OwnEvent) -> PlaceState:
    if isinstance(state, Merged):
        erased = replace(state.place, erased=True)
        return Merged(state.into, erased) if isinstance(event, PlaceErased) else state
    if isinstance(state, Begun):
        return state
    if isinstance(event, PlaceRegistered):
        place = state if isinstance(state, Place) else Place(event.kind, event.unit_id)
        return replace(place, registered=True)
    if isinstance(state, Unknown):
        return state
    match event:
        case PlaceMoved():
            return moved(state, event.day, event.unit_id)
        case PlaceCorrected():
            return replace(state, kind=event.kind, unit_id=event.unit_id)
        case PlaceClosed() | PlaceReopened():
            return shut(state, event.day, isinstance(event, PlaceReopened))
        case PlaceErased():
            return replace(state, erased=True)
        case PlaceDetailsChanged():
            return state
