"""A place and the visits paid to it: ``place:<uuid>`` is the stream, the visits are entities inside (ADR 0008)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from itertools import compress
from typing import TypeVar
from uuid import UUID

from services.visits.domain.reach import Covered, Reach, Taught, covered_changes, reach_changes, taught
from services.visits.domain.vocabulary import Flag, Learner, PlaceKind
from shared.decider import Decider, Personal, Rejected, ambient, sealed

T = TypeVar("T")

FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Days outside are slips of the pen; the network exists since 2022."""
FUTURE_DAYS = 1
"""A phone's clock may be ahead of ours over midnight."""
LONG_PAST_DAYS = 400
HANOI = timezone(timedelta(hours=7))

# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlaceRegistered:
    """A place made known by itself; most are made by their first visit, without this event."""

    place_id: UUID
    kind: PlaceKind
    unit_id: str
    address: Personal | None = sealed(by="place_id", default=None)


@dataclass(frozen=True, slots=True)
class VisitRecorded:
    """One visit with everything it caused. ``unit_id`` and ``place_kind`` are the place's; what was reported otherwise
    stands in ``reported_unit_id`` and ``reported_kind``.

    ``reach`` and ``covered`` are those of this place, whatever its kind: only households count as households.
    """

    visit_id: UUID
    place_id: UUID
    place_kind: PlaceKind
    unit_id: str
    day: date
    team_id: UUID
    member_ids: tuple[UUID, ...]
    learners: tuple[Learner, ...]
    platforms: tuple[str, ...]
    reach: tuple[Reach, ...]
    covered: tuple[Covered, ...]
    flags: tuple[Flag, ...] = ()
    started_at: datetime | None = None
    duration_minutes: int | None = None
    reported_unit_id: str | None = None
    reported_kind: PlaceKind | None = None
    note: Personal | None = sealed(by="place_id", default=None)


PlaceEvent = PlaceRegistered | VisitRecorded

# --- commands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegisterPlace:
    place_id: UUID
    kind: PlaceKind
    unit_id: str
    address: Personal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordVisit:
    """``unit_id``: the unit as the reporter knows it, which exists on ``day`` (checked before, by whoever knows units).

    ``today``: the day in Viet Nam on which we received it.
    """

    visit_id: UUID
    place_id: UUID
    place_kind: PlaceKind
    unit_id: str
    day: date
    team_id: UUID
    member_ids: tuple[UUID, ...]
    learners: tuple[Learner, ...] = ()
    platforms: tuple[str, ...] = ()
    started_at: datetime | None = None
    duration_minutes: int | None = None
    note: Personal | None = None
    today: date = ambient()


PlaceCommand = RegisterPlace | RecordVisit

# --- states ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing heard of it yet."""


@dataclass(frozen=True, slots=True)
class Place:
    """``registered``: by itself, not only by a visit. ``visits`` in the order in which they were recorded."""

    kind: PlaceKind
    unit_id: str
    registered: bool = False
    visits: tuple[Taught, ...] = ()


PlaceState = Unknown | Place


def place_stream(place_id: UUID) -> str:
    return f"place:{place_id}"


# --- decisions -------------------------------------------------------------------------------------------------------


def decide(command: PlaceCommand, states: Mapping[str, PlaceState]) -> Sequence[tuple[str, PlaceEvent]]:
    stream = place_stream(command.place_id)
    match command:
        case RecordVisit():
            return [(stream, _record(command, states[stream]))]
        case RegisterPlace():
            return [(stream, event) for event in _register(command, states[stream])]


def _register(command: RegisterPlace, place: PlaceState) -> Sequence[PlaceRegistered]:
    if isinstance(place, Place):
        if place.registered:
            return []
        if (place.kind, place.unit_id) != (command.kind, command.unit_id):
            raise Rejected("place-differs", kind=place.kind, unit=place.unit_id)
    return [PlaceRegistered(command.place_id, command.kind, command.unit_id, command.address)]


def _record(command: RecordVisit, state: PlaceState) -> VisitRecorded:
    _check(command)
    place = state if isinstance(state, Place) else Place(command.place_kind, command.unit_id)
    visits = (*place.visits, taught(command.visit_id, command.day, command.learners))
    return VisitRecorded(
        visit_id=command.visit_id,
        place_id=command.place_id,
        place_kind=place.kind,
        unit_id=place.unit_id,
        day=command.day,
        team_id=command.team_id,
        member_ids=_once(command.member_ids),
        learners=command.learners,
        platforms=_once(command.platforms),
        reach=reach_changes(place.visits, visits),
        covered=covered_changes(place.visits, visits),
        flags=_flags(command, place),
        started_at=command.started_at,
        duration_minutes=command.duration_minutes,
        reported_unit_id=command.unit_id if command.unit_id != place.unit_id else None,
        reported_kind=command.place_kind if command.place_kind != place.kind else None,
        note=command.note,
    )


def _once(items: tuple[T, ...]) -> tuple[T, ...]:
    return items if len(items) < 2 else tuple(dict.fromkeys(items))


def _check(command: RecordVisit) -> None:
    if not FIRST_YEAR <= command.day.year <= LAST_YEAR:
        raise Rejected("day-implausible", "/day", first=FIRST_YEAR, last=LAST_YEAR)
    if command.started_at and not FIRST_YEAR <= command.started_at.year <= LAST_YEAR:
        raise Rejected("day-implausible", "/started_at", first=FIRST_YEAR, last=LAST_YEAR)
    refs: set[str] = set()
    for n, learner in enumerate(command.learners):
        if learner.ref in refs:
            raise Rejected("learner-twice", f"/learners/{n}/ref")
        refs.add(learner.ref)
        if len(learner.skills) > 1 and len({s.skill for s in learner.skills}) < len(learner.skills):
            raise Rejected("skill-twice", f"/learners/{n}/skills")


def _flags(command: RecordVisit, place: Place) -> tuple[Flag, ...]:
    age = (command.today - command.day).days
    doubtful = (
        age < -FUTURE_DAYS,
        age > LONG_PAST_DAYS,
        command.started_at is not None and _hanoi_day(command.started_at) != command.day,
        command.unit_id != place.unit_id,
        command.place_kind != place.kind,
    )
    return tuple(compress(_DOUBTS, doubtful)) if any(doubtful) else ()


_DOUBTS = (Flag.DAY_IN_FUTURE, Flag.DAY_LONG_PAST, Flag.TIME_DIFFERS, Flag.UNIT_DIFFERS, Flag.KIND_DIFFERS)


def _hanoi_day(moment: datetime) -> date:
    return moment.astimezone(HANOI).date()


def evolve(state: PlaceState, event: PlaceEvent) -> PlaceState:
    match event:
        case VisitRecorded():
            place = state if isinstance(state, Place) else Place(event.place_kind, event.unit_id)
            visit = taught(event.visit_id, event.day, event.learners)
            return Place(place.kind, place.unit_id, place.registered, (*place.visits, visit))
        case PlaceRegistered():
            place = state if isinstance(state, Place) else Place(event.kind, event.unit_id)
            return replace(place, registered=True)


PLACES: Decider[PlaceCommand, PlaceState, PlaceEvent] = Decider(
    initial=lambda stream: Unknown(),
    streams=lambda command: (place_stream(command.place_id),),
    decide=decide,
    evolve=evolve,
)
