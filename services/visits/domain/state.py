"""What is known of a place: its kind, where it stood since when, whether it is closed, and the visits paid to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.visits.domain.levels import person, together
from services.visits.domain.vocabulary import Flag, Learner, PlaceKind, Settled

Doubt = tuple[Flag, Settled | None]
SettledDoubt = tuple[Flag, Settled]


class Taught(NamedTuple):
    """One visit, as little of it as later decisions need: states are kept in memory by the thousand.

    ``levels``: per learner the number of ``levels.person``. ``revision``: 1, and one more with each correction and
    with voiding. ``via``: the places under whose ids it was recorded or which it came from by mergers, outermost first.
    """

    visit_id: UUID
    day: date
    levels: tuple[tuple[str, int], ...]
    doubts: tuple[Doubt, ...] = ()
    revision: int = 1
    voided: bool = False
    via: tuple[UUID, ...] = ()

    @property
    def bits(self) -> int:
        return together([bits for _, bits in self.levels])


def levels_of(learners: tuple[Learner, ...]) -> tuple[tuple[str, int], ...]:
    """Without those who were taught nothing."""
    return tuple([(learner.ref, bits) for learner in learners if (bits := person(learner))])


def open_doubts(flags: tuple[Flag, ...]) -> tuple[Doubt, ...]:
    return tuple([(flag, None) for flag in flags])


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing heard of it yet."""


@dataclass(frozen=True, slots=True)
class Place:
    """``unit_id``: where it stood at first. ``moves``: (first day, unit) in the order of days. ``doors``: (day, whether
    it is open from then on). ``visits`` in the order in which they were recorded. ``registered``: by itself, not only
    by a visit. ``absorbed``: places that are one with it. ``erased``: nothing personal is kept of it any more."""

    kind: PlaceKind
    unit_id: str
    registered: bool = False
    visits: tuple[Taught, ...] = ()
    moves: tuple[tuple[date, str], ...] = ()
    doors: tuple[tuple[date, bool], ...] = ()
    absorbed: tuple[UUID, ...] = ()
    erased: bool = False

    def unit_on(self, day: date) -> str:
        unit = self.unit_id
        for since, moved_to in self.moves:
            if since > day:
                break
            unit = moved_to
        return unit

    @property
    def unit_now(self) -> str:
        """By everything recorded, also for days to come."""
        return self.moves[-1][1] if self.moves else self.unit_id

    def open_on(self, day: date) -> bool:
        is_open = True
        for since, opened in self.doors:
            if since > day:
                break
            is_open = opened
        return is_open

    def visit(self, visit_id: UUID) -> Taught | None:
        return next((visit for visit in self.visits if visit.visit_id == visit_id), None)

    @property
    def standing(self) -> list[Taught]:
        return [visit for visit in self.visits if not visit.voided]


@dataclass(frozen=True, slots=True)
class Merged:
    """One with ``into``, which has its visits until both are separated; ``place`` is what it was, without them."""

    into: UUID
    place: Place


@dataclass(frozen=True, slots=True)
class Begun:
    """No place at all, but the stream of an opinion that was heard already."""


PlaceState = Unknown | Place | Merged | Begun


def place_stream(place_id: UUID) -> str:
    return f"place:{place_id}"
