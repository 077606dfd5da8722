"""What a visit says, and what makes it contradict itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from services.visits.domain.vocabulary import Learner, Obstacle
from shared.decider import Rejected

T = TypeVar("T")

FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Days outside are slips of the pen; the network exists since 2022."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All that a correction can change, but for what is personal. Where it was is not among it: a visit recorded for
    the wrong place is voided and recorded anew."""

    day: date
    team_id: UUID
    member_ids: tuple[UUID, ...]
    learners: tuple[Learner, ...] = ()
    platforms: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    obstacle: Obstacle | None = None
    started_at: datetime | None = None
    duration_minutes: int | None = None
    consent_ref: str | None = None


def once(items: tuple[T, ...]) -> tuple[T, ...]:
    return items if len(items) < 2 else tuple(dict.fromkeys(items))


def check_days(day: date, started_at: datetime | None) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Rejected("day-implausible", "/day", first=FIRST_YEAR, last=LAST_YEAR)
    if started_at and not FIRST_YEAR <= started_at.year <= LAST_YEAR:
        raise Rejected("day-implausible", "/started_at", first=FIRST_YEAR, last=LAST_YEAR)


def check(content: Content) -> None:
    """Raises ``Rejected`` for what contradicts itself."""
    check_days(content.day, content.started_at)
    refs: set[str] = set()
    for n, learner in enumerate(content.learners):
        if learner.ref in refs:
            raise Rejected("learner-twice", f"/learners/{n}/ref")
        refs.add(learner.ref)
        if len(learner.skills) > 1 and len({s.skill for s in learner.skills}) < len(learner.skills):
            raise Rejected("skill-twice", f"/learners/{n}/skills")
