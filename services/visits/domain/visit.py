"""Visits: recorded, corrected, voided, and their doubts settled. They live in the stream of their place (ADR 0008)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.visits.domain.catalogue import Pillar
from services.visits.domain.content import Content
from services.visits.domain.doubts import Latest
from services.visits.domain.rows import Covered, Reach
from services.visits.domain.state import SettledDoubt
from services.visits.domain.vocabulary import Flag, Learner, Mistake, Obstacle, PlaceKind, Settled
from shared.decider import Personal, ambient, sealed

# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reported:
    """What was reported otherwise than it is: the unit, the kind (None: they were not), and the ids under which the
    place was known before it became one with others, the one that was reported last."""

    unit_id: str | None = None
    kind: PlaceKind | None = None
    via: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitRecorded:
    """One visit with everything it caused. ``unit_id`` and ``place_kind`` are the place's, on the day of the visit.

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
    outcomes: tuple[str, ...] = ()
    obstacle: Obstacle | None = None
    started_at: datetime | None = None
    duration_minutes: int | None = None
    consent_ref: str | None = None
    reported: Reported | None = None
    note: Personal | None = sealed(by="place_id", default=None)

    @property
    def content(self) -> Content:
        return Content(
            day=self.day,
            team_id=self.team_id,
            member_ids=self.member_ids,
            learners=self.learners,
            platforms=self.platforms,
            outcomes=self.outcomes,
            obstacle=self.obstacle,
            started_at=self.started_at,
            duration_minutes=self.duration_minutes,
            consent_ref=self.consent_ref,
        )


@dataclass(frozen=True, slots=True)
class VisitCorrected:
    """``unit_id``: that in which the visit was recorded, where it goes on counting. ``flags``: all that hold now.

    ``recorded_kind``: that of the place when the visit was recorded, if the place is taken for another one by now.
    ``flags_before``: those that held until now, ``settled_before`` those of them that were settled already.
    ``received_on``: the day in Viet Nam on which the visit was recorded.
    """

    visit_id: UUID
    place_id: UUID
    place_kind: PlaceKind
    unit_id: str
    revision: int
    before: Content
    after: Content
    reason: Mistake
    reach: tuple[Reach, ...]
    covered: tuple[Covered, ...]
    flags: tuple[Flag, ...] = ()
    note: Personal | None = sealed(by="place_id", default=None)
    remark: Personal | None = sealed(by="place_id", default=None)
    recorded_kind: PlaceKind | None = None
    flags_before: tuple[Flag, ...] = ()
    settled_before: tuple[SettledDoubt, ...] = ()
    received_on: date | None = None


@dataclass(frozen=True, slots=True)
class VisitVoided:
    visit_id: UUID
    place_id: UUID
    place_kind: PlaceKind
    unit_id: str
    day: date
    revision: int
    before: Content
    reason: Mistake
    reach: tuple[Reach, ...]
    covered: tuple[Covered, ...]
    remark: Personal | None = sealed(by="place_id", default=None)
    recorded_kind: PlaceKind | None = None
    flags_before: tuple[Flag, ...] = ()
    settled_before: tuple[SettledDoubt, ...] = ()
    received_on: date | None = None


@dataclass(frozen=True, slots=True)
class FlagSettled:
    """``was``: what had become of the doubt before; None: it was open."""

    visit_id: UUID
    place_id: UUID
    unit_id: str
    day: date
    flag: Flag
    how: Settled
    was: Settled | None = None


VisitEvent = VisitRecorded | VisitCorrected | VisitVoided | FlagSettled

# --- commands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """An opinion heard at the visit: it becomes a record of its own (``opinion``)."""

    topic: str
    text: Personal
    pillar: Pillar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordVisit(Content):
    """``unit_id``: the unit as the reporter knows it. ``stands_in``: the unit of ``day`` that it is, if not the same,
    and ``holds``: units that are not there on ``day`` and whose facts that one holds (both by whoever knows units).

    ``latest``: what was no doubt yet about time when we received it.
    ``doubts``: what is doubtful whatever the place.
    ``cleared``: units that the reporter may speak about beside the one reported. ``also``: streams to read as well.
    """

    visit_id: UUID
    place_id: UUID
    place_kind: PlaceKind
    unit_id: str
    note: Personal | None = None
    opinion: Heard | None = None
    latest: Latest = ambient()
    stands_in: str | None = ambient(default=None)
    holds: tuple[str, ...] = ambient(default=())
    doubts: tuple[Flag, ...] = ambient(default=())
    cleared: tuple[str, ...] = ambient(default=())
    also: tuple[str, ...] = ambient(default=())

    @property
    def here(self) -> str:
        return self.stands_in or self.unit_id


@dataclass(frozen=True, slots=True)
class Seen:
    """A visit as whoever changes it has read it: what states do not keep."""

    unit_id: str
    revision: int
    content: Content
    note: Personal | None = None
    place_kind: PlaceKind | None = None
    received_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectVisit:
    """``content`` and ``note`` replace the whole content. ``revision``: the one that the client means to change, if it
    said so. ``place_id``: whose stream the visit was recorded in."""

    visit_id: UUID
    content: Content
    reason: Mistake
    note: Personal | None = None
    remark: Personal | None = None
    revision: int | None = None
    place_id: UUID = ambient()
    seen: Seen = ambient()
    latest: Latest = ambient()
    doubts: tuple[Flag, ...] = ambient(default=())
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidVisit:
    visit_id: UUID
    reason: Mistake
    remark: Personal | None = None
    revision: int | None = None
    place_id: UUID = ambient()
    seen: Seen = ambient()
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleFlag:
    visit_id: UUID
    flag: Flag
    how: Settled
    place_id: UUID = ambient()
    seen: Seen = ambient()
    also: tuple[str, ...] = ambient(default=())


VisitCommand = RecordVisit | CorrectVisit | VoidVisit | SettleFlag
