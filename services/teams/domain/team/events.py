"""What can happen to a team: every event of a stream ``team:<id>``, and the seats they speak of.

``effective`` is the first day that counts. Facts are numbered 1, 2, 3… in the order they were recorded; a correction is
no fact of its own, it says what the facts are. All are published as they are stored but ``TeamTookPart``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class TeamKind(StrEnum):
    """The level of the unit that the team serves."""

    COMMUNE = "commune"
    VILLAGE = "village"


class Role(StrEnum):
    """Tổ trưởng, tổ phó, thành viên."""

    LEADER = "leader"
    DEPUTY = "deputy"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a team. Its id is given once and stays when teams merge."""

    seat_id: str
    person_id: str
    role: Role
    affiliation: str | None = None


@dataclass(frozen=True, slots=True)
class TeamEstablished:
    team_id: str
    kind: TeamKind
    unit_id: str
    name: str
    pilot: bool
    effective: date
    document_id: str
    seats: tuple[Seat, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class TeamRenamed:
    team_id: str
    unit_id: str
    name: str
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class TeamReassigned:
    """The team serves another unit from that day on; ``seats`` are those it brings along."""

    team_id: str
    kind: TeamKind
    from_unit_id: str
    unit_id: str
    seats: int
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class TeamSuspended:
    team_id: str
    unit_id: str
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class TeamResumed:
    team_id: str
    unit_id: str
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class PilotEnded:
    """``effective`` is the first day after the pilot; a converted pilot goes on as an ordinary team."""

    team_id: str
    unit_id: str
    effective: date
    converted: bool
    seats: int
    document_id: str


@dataclass(frozen=True, slots=True)
class TeamDissolved:
    team_id: str
    unit_id: str
    effective: date
    seats: int
    document_id: str


@dataclass(frozen=True, slots=True)
class TeamReconstituted:
    """A seat whose role or affiliation changes is in both lists. seats_after = seats_before - released + appointed."""

    team_id: str
    unit_id: str
    effective: date
    document_id: str
    seats_before: int
    seats_after: int
    released: tuple[str, ...]
    appointed: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class SeatAppointed:
    team_id: str
    unit_id: str
    seat: Seat
    effective: date
    document_id: str


@dataclass(frozen=True, slots=True)
class SeatReleased:
    team_id: str
    unit_id: str
    seat_id: str
    effective: date
    document_id: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class SeatChanged:
    """Another role or affiliation, the same person; ``reason`` is a word, e.g. ``village_head_elected``."""

    team_id: str
    unit_id: str
    seat: Seat
    effective: date
    document_id: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class TeamTookPart:
    """What a rearrangement (a merger, a split, or the undoing of one) did to this team. Private.

    ``existed`` before, ``exists`` after: a team goes on, begins again, or ends (``ending``, ``into_team_id``).
    ``left`` are its seats that end here, ``came`` those that begin here; ``unit_id`` is the unit it counted for.
    """

    team_id: str
    rearrangement_id: str
    effective: date
    seats_before: int
    left: tuple[str, ...]
    came: tuple[Seat, ...]
    existed: bool
    exists: bool
    ending: str | None = None
    into_team_id: str | None = None
    unit_id: str | None = None


TeamFact = (
    TeamEstablished
    | TeamRenamed
    | TeamReassigned
    | TeamSuspended
    | TeamResumed
    | PilotEnded
    | TeamDissolved
    | TeamReconstituted
    | SeatAppointed
    | SeatReleased
    | SeatChanged
    | TeamTookPart
)


# --- corrections --------------------------------------------------------------------------------------------------


class CorrectionReason(StrEnum):
    """A word, because it is published: an official's own words may name people."""

    TYPO = "typo"
    WRONG_DAY = "wrong_day"
    WRONG_DOCUMENT = "wrong_document"
    WRONG_PERSON = "wrong_person"
    WRONG_UNIT = "wrong_unit"
    WITHDRAWN = "withdrawn"
    OTHER = "other"


class Corrected(StrEnum):
    """``restated``: a total that this fact states had to follow what was corrected before it."""

    CORRECTED = "corrected"
    VOIDED = "voided"
    RESTORED = "restored"
    RESTATED = "restated"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Count:
    """What a reader adds to the numbers of a unit from a day on."""

    unit_id: str
    kind: TeamKind
    day: date
    teams: int
    seats: int


@dataclass(frozen=True, slots=True)
class FactNow:
    """Fact number ``fact`` as it is from now on, in the member of its type; none of them if it is voided."""

    fact: int
    type: str
    how: Corrected
    established: TeamEstablished | None = None
    renamed: TeamRenamed | None = None
    reassigned: TeamReassigned | None = None
    suspended: TeamSuspended | None = None
    resumed: TeamResumed | None = None
    pilot_ended: PilotEnded | None = None
    dissolved: TeamDissolved | None = None
    reconstituted: TeamReconstituted | None = None
    appointed: SeatAppointed | None = None
    released: SeatReleased | None = None
    changed: SeatChanged | None = None

    @property
    def now(self) -> TeamFact | None:
        return next((told for member in MEMBERS.values() if (told := getattr(self, member)) is not None), None)


MEMBERS: Mapping[type, str] = {
    TeamEstablished: "established",
    TeamRenamed: "renamed",
    TeamReassigned: "reassigned",
    TeamSuspended: "suspended",
    TeamResumed: "resumed",
    PilotEnded: "pilot_ended",
    TeamDissolved: "dissolved",
    TeamReconstituted: "reconstituted",
    SeatAppointed: "appointed",
    SeatReleased: "released",
    SeatChanged: "changed",
}
"""Type of a fact that can be corrected → its member in ``FactNow``."""


@dataclass(frozen=True, slots=True)
class TeamCorrected:
    """``effective``: the first day that may look different; ``unit_id``: the unit the team was thought to serve then.

    ``counts``: what the published numbers change by.
    """

    team_id: str
    unit_id: str
    effective: date
    reason: CorrectionReason
    document_id: str
    facts: tuple[FactNow, ...]
    counts: tuple[Count, ...]
