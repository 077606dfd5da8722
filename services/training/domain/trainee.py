"""The training record of one human being: what was recorded under each id this person had. Stream ``trainee:<id>``.

Unique persons are kept as a chain of training days: links ``(day, previous day, unit)``. A period's unique persons are
the links whose day lies in it and whose previous day lies before it, so each person counts exactly once
(docs/adr/0010-training.md). Every event of a trainee says which links it takes away and adds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from services.training.domain.words import Mode, Organiser, Part
from shared.decider import Rejected, need

LONGEST_CHAIN = 50
"""A person that was joined into another one, which was joined into another one, and so on."""

Key = tuple[str, date, Part]
Link = tuple[date, date | None, str]


@dataclass(frozen=True, slots=True)
class Reach:
    """``n`` (+1 or −1) persons trained on ``day`` whose training day before it was ``previous_day``.

    ``unit_id`` is where the person counts on ``day``. Unique persons of a period: the sum of ``n`` over its days whose
    ``previous_day`` is before the period or absent.
    """

    day: date
    previous_day: date | None
    n: int
    unit_id: str


@dataclass(frozen=True, slots=True)
class Attendance:
    """One part of a session that was attended; ``unit_id`` is where the person served on that day."""

    session_id: str
    course_id: str
    unit_id: str
    day: date
    part: Part
    mode: Mode
    organiser: Organiser | None = None

    @property
    def key(self) -> Key:
        return self.session_id, self.day, self.part


@dataclass(frozen=True, slots=True)
class Score:
    session_id: str
    course_id: str
    unit_id: str
    day: date
    attempt: int
    score: float
    passed: bool | None


@dataclass(frozen=True, slots=True)
class Completed:
    """A certificate in force, by its number; ``day`` is when the session was completed."""

    number: str
    person_id: str
    session_id: str
    course_id: str
    day: date


Entries = Mapping[tuple[str, Key], Attendance]
Results = Mapping[tuple[str, str, int], Score]


@dataclass(frozen=True, slots=True)
class Trainee:
    """What was recorded, under which id, in the order in which it came into this stream.

    ``results`` by person, session and attempt; ``completed`` by number. ``parents``: each joined id and the one it was
    joined into. A person who is joined into another one holds nothing itself: ``into`` says where to look.
    """

    person_id: str
    entries: Entries = field(default_factory=dict)
    results: Results = field(default_factory=dict)
    completed: Mapping[str, Completed] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    into: str | None = None

    @property
    def attended(self) -> Mapping[Key, Attendance]:
        """Each part of a session once, as it was recorded first."""
        found: dict[Key, Attendance] = {}
        for (_, key), attendance in self.entries.items():
            found.setdefault(key, attendance)
        return found


def trainee_stream(person_id: str) -> str:
    return f"trainee:{person_id}"


def kept(states: Mapping[str, Any], person_id: str) -> Trainee:
    """The trainee whose stream holds the record of this id. May ``LookFurther``."""
    here = person_id
    for _ in range(LONGEST_CHAIN):
        need(states, [trainee_stream(here)])
        trainee: Trainee = states[trainee_stream(here)]
        if trainee.into is None:
            return trainee
        here = trainee.into
    raise Rejected("records-joined-too-often", "/person_id", person=person_id)


# --- the chain of training days ----------------------------------------------------------------------------------


def chain(attended: Iterable[Attendance]) -> Sequence[Link]:
    """A day counts in the unit of the first attendance of it."""
    days: dict[date, str] = {}
    for attendance in attended:
        days.setdefault(attendance.day, attendance.unit_id)
    ordered = sorted(days)
    return [(day, before, days[day]) for before, day in zip([None, *ordered], ordered, strict=False)]


def difference(before: Iterable[Link], after: Iterable[Link]) -> tuple[Reach, ...]:
    """What takes one set of chains to another; day by day, first what is taken away."""
    changes: dict[Link, int] = {}
    for links, n in ((before, -1), (after, 1)):
        for link in links:
            changes[link] = changes.get(link, 0) + n
    made = [Reach(day, previous, n, unit_id) for (day, previous, unit_id), n in changes.items() if n]
    return tuple(sorted(made, key=lambda link: (link.day, link.n, link.unit_id, link.previous_day or date.min)))


def reach(before: Trainee, after: Trainee) -> tuple[Reach, ...]:
    return difference(chain(before.attended.values()), chain(after.attended.values()))


def gained(attended: Collection[Attendance], came: Attendance) -> tuple[Reach, ...]:
    """What one more attendance changes, after those that there are."""
    if not attended:  # as in nearly every row of an upload
        return (Reach(came.day, None, 1, came.unit_id),)
    return difference(chain(attended), chain((*attended, came)))


# --- changed records ---------------------------------------------------------------------------------------------


def with_attendance(trainee: Trainee, person_id: str, attendance: Attendance) -> Trainee:
    entries = {**trainee.entries, (person_id, attendance.key): attendance}
    return Trainee(trainee.person_id, entries, trainee.results, trainee.completed, trainee.parents, trainee.into)


def holders(trainee: Trainee, key: Key) -> tuple[str, ...]:
    """The ids under which this part of a session is recorded; what the first of them says counts."""
    return tuple(person for person, recorded in trainee.entries if recorded == key)


def without_attendance(trainee: Trainee, key: Key) -> Trainee:
    """Under no id: this human being was not there."""
    return replace(trainee, entries={place: a for place, a in trainee.entries.items() if place[1] != key})


def with_correction(trainee: Trainee, key: Key, attendance: Attendance) -> Trainee:
    """In the place of the one it replaces if it is of the same part, else as the latest."""
    first = holders(trainee, key)[0]
    if attendance.key != key:
        return with_attendance(without_attendance(trainee, key), first, attendance)
    kept = {place: a for place, a in trainee.entries.items() if place[1] != key or place[0] == first}
    return replace(trainee, entries={**kept, (first, key): attendance})


def with_score(trainee: Trainee, person_id: str, score: Score) -> Trainee:
    return replace(trainee, results={**trainee.results, (person_id, score.session_id, score.attempt): score})
