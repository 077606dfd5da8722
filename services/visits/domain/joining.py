"""Two ids of one place: merged into the one that is kept, and separated again.

One command writes both streams. While a place is merged, the kept one has its visits, and gets those still recorded
under the duplicate's id; separating gives back exactly these, as they are by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.visits.domain.levels import attained, band_of
from services.visits.domain.rows import Covered, Home, Reach, changes
from services.visits.domain.state import (
    Begun,
    Doubt,
    Merged,
    Place,
    PlaceState,
    Taught,
    Unknown,
    levels_of,
    place_stream,
)
from services.visits.domain.vocabulary import Learner, PlaceKind, Skill, SkillLevel
from shared.decider import Rejected


@dataclass(frozen=True, slots=True)
class Carried:
    """A visit that goes along: all that the state knows of it (``state.Taught``)."""

    visit_id: UUID
    day: date
    learners: tuple[Learner, ...]
    doubts: tuple[Doubt, ...]
    revision: int
    voided: bool
    via: tuple[UUID, ...]


# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlaceMerged:
    """In the duplicate's stream: it is one with ``into``, and counts nothing by itself."""

    place_id: UUID
    kind: PlaceKind
    unit_id: str
    into: UUID
    reach: tuple[Reach, ...]
    covered: tuple[Covered, ...]


@dataclass(frozen=True, slots=True)
class PlaceAbsorbed:
    """In the stream of the place that is kept: what came along."""

    place_id: UUID
    kind: PlaceKind
    unit_id: str
    duplicate_id: UUID
    visits: tuple[Carried, ...]
    reach: tuple[Reach, ...]
    covered: tuple[Covered, ...]


@dataclass(frozen=True, slots=True)
class PlaceSeparated:
    """In the stream of the place that was kept."""

    place_id: UUID
    kind: PlaceKind
    unit_id: str
    duplicate_id: UUID
    reach: tuple[Reach, ...]
    covered: tuple[Covered, ...]


@dataclass(frozen=True, slots=True)
class PlaceRestored:
    """In the stream of the duplicate that was none: what it got back."""

    place_id: UUID
    kind: PlaceKind
    unit_id: str
    kept_id: UUID
    visits: tuple[Carried, ...]
    reach: tuple[Reach, ...]
    covered: tuple[Covered, ...]


JoinEvent = PlaceMerged | PlaceAbsorbed | PlaceSeparated | PlaceRestored

# --- commands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MergePlaces:
    """``place_id`` is the duplicate, ``kept_id`` the place that is kept."""

    place_id: UUID
    kept_id: UUID


@dataclass(frozen=True, slots=True)
class SeparatePlaces:
    place_id: UUID
    kept_id: UUID


JoinCommand = MergePlaces | SeparatePlaces

# --- decisions -------------------------------------------------------------------------------------------------------


def decide_joint(command: JoinCommand, states: Mapping[str, PlaceState]) -> Sequence[tuple[str, JoinEvent]]:
    if command.place_id == command.kept_id:
        raise Rejected("place-itself", "/kept_id")
    duplicate, kept = states[place_stream(command.place_id)], states[place_stream(command.kept_id)]
    if isinstance(duplicate, Unknown | Begun):
        raise Rejected("unknown-place")
    if isinstance(kept, Unknown | Begun):
        raise Rejected("unknown-place", "/kept_id")
    if isinstance(command, MergePlaces):
        return _merge(command, duplicate, kept)
    return _separate(command, duplicate, kept)


def _merge(command: MergePlaces, duplicate: Place | Merged, kept: Place | Merged) -> Sequence[tuple[str, JoinEvent]]:
    if isinstance(duplicate, Merged):
        if duplicate.into == command.kept_id:
            return []
        raise Rejected("place-merged", into=str(duplicate.into))
    if isinstance(kept, Merged):
        raise Rejected("place-merged", "/kept_id", into=str(kept.into))
    if duplicate.kind != kept.kind:
        raise Rejected("kinds-differ", "/kept_id", kind=duplicate.kind, kept=kept.kind)
    own, other = Home(duplicate.kind, duplicate.unit_now), Home(kept.kind, kept.unit_now)
    gone = changes(duplicate, Merged(command.kept_id, duplicate), own)
    come = changes(kept, absorbed(kept, command.place_id, duplicate.visits), other)
    carried = tuple(map(_carried, duplicate.visits))
    return [
        (place_stream(command.place_id), PlaceMerged(command.place_id, *own[:2], command.kept_id, *gone)),
        (place_stream(command.kept_id), PlaceAbsorbed(command.kept_id, *other[:2], command.place_id, carried, *come)),
    ]


def _separate(
    command: SeparatePlaces, duplicate: Place | Merged, kept: Place | Merged
) -> Sequence[tuple[str, JoinEvent]]:
    if isinstance(kept, Merged):
        raise Rejected("place-merged", "/kept_id", into=str(kept.into))
    if not isinstance(duplicate, Merged) or duplicate.into != command.kept_id:
        raise Rejected("place-not-merged", kept=str(command.kept_id))
    back = returned(kept, command.place_id)
    before = duplicate.place
    own, other = Home(before.kind, before.unit_now), Home(kept.kind, kept.unit_now)
    come = changes(duplicate, replace(before, visits=back), own)
    gone = changes(kept, released(kept, command.place_id), other)
    carried = tuple(map(_carried, back))
    return [
        (place_stream(command.place_id), PlaceRestored(command.place_id, *own[:2], command.kept_id, carried, *come)),
        (place_stream(command.kept_id), PlaceSeparated(command.kept_id, *other[:2], command.place_id, *gone)),
    ]


# --- what it means ---------------------------------------------------------------------------------------------------


def absorbed(kept: Place, duplicate_id: UUID, visits: tuple[Taught, ...]) -> Place:
    come = tuple([visit._replace(via=(duplicate_id, *visit.via)) for visit in visits])
    return replace(kept, visits=(*kept.visits, *come), absorbed=(*kept.absorbed, duplicate_id))


def released(kept: Place, duplicate_id: UUID) -> Place:
    return replace(
        kept,
        visits=tuple([visit for visit in kept.visits if visit.via[:1] != (duplicate_id,)]),
        absorbed=tuple([each for each in kept.absorbed if each != duplicate_id]),
    )


def returned(kept: Place, duplicate_id: UUID) -> tuple[Taught, ...]:
    return tuple([visit._replace(via=visit.via[1:]) for visit in kept.visits if visit.via[:1] == (duplicate_id,)])


def evolve_joint(state: PlaceState, event: JoinEvent) -> PlaceState:
    match state, event:
        case Place(), PlaceMerged():
            return Merged(event.into, replace(state, visits=()))
        case Place(), PlaceAbsorbed():
            return absorbed(state, event.duplicate_id, tuple(map(_taught, event.visits)))
        case Place(), PlaceSeparated():
            return released(state, event.duplicate_id)
        case Merged(), PlaceRestored():
            return replace(state.place, visits=tuple(map(_taught, event.visits)))
        case _:
            return state


def _carried(visit: Taught) -> Carried:
    learners = tuple(
        Learner(ref, band, tuple(SkillLevel(Skill(skill), level) for skill, level in attained(bits).items()))
        for ref, bits in visit.levels
        if (band := band_of(bits)) is not None
    )
    return Carried(visit.visit_id, visit.day, learners, visit.doubts, visit.revision, visit.voided, visit.via)


def _taught(visit: Carried) -> Taught:
    return Taught(
        visit.visit_id, visit.day, levels_of(visit.learners), visit.doubts, visit.revision, visit.voided, visit.via
    )
