"""The registry joined two ids: they are one human being, with one training record and one chain of training days.

The duplicate's record moves into the stream of the one that is kept, and back if the two are separated again. Whatever
is sent under the duplicate's id meanwhile is recorded there too, under that id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.training.domain.trainee import (
    Attendance,
    Completed,
    Link,
    Reach,
    Score,
    Trainee,
    chain,
    difference,
    kept,
    trainee_stream,
)
from shared.decider import Rejected, ambient


@dataclass(frozen=True, slots=True)
class Moving:
    """What was recorded under some ids, on its way into another stream; ``parents`` as in ``Trainee``."""

    entries: tuple[tuple[str, Attendance], ...]
    results: tuple[tuple[str, Score], ...]
    completed: tuple[Completed, ...]
    parents: tuple[tuple[str, str], ...]


# --- commands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JoinRecords:
    person_id: str
    duplicate_id: str
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True)
class SeparateRecords:
    person_id: str
    duplicate_id: str
    also: tuple[str, ...] = ambient(default=())


# --- events ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordsJoined:
    """``removed``: attendances of the duplicate at parts where the kept person was recorded too. ``moved``: private."""

    person_id: str
    duplicate_id: str
    removed: tuple[Attendance, ...]
    reach: tuple[Reach, ...]
    moved: Moving


@dataclass(frozen=True, slots=True)
class RecordsSeparated:
    """``added``: attendances that count for both again. ``people``: the ids that leave."""

    person_id: str
    duplicate_id: str
    added: tuple[Attendance, ...]
    reach: tuple[Reach, ...]
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordGivenUp:
    """In the duplicate's stream: what is recorded of it is found with ``into``. Private."""

    person_id: str
    into: str


@dataclass(frozen=True, slots=True)
class RecordReturned:
    """In the duplicate's stream: what had been recorded under its id, whenever it was. Private."""

    person_id: str
    moved: Moving


# --- decisions ---------------------------------------------------------------------------------------------------

COMMANDS = (JoinRecords, SeparateRecords)
EVENTS = (RecordsJoined, RecordsSeparated, RecordGivenUp, RecordReturned)
Joining = JoinRecords | SeparateRecords


def streams(command: Joining) -> tuple[str, ...]:
    return trainee_stream(command.person_id), trainee_stream(command.duplicate_id), *command.also


def decide(command: Joining, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    duplicate: Trainee = states[trainee_stream(command.duplicate_id)]
    trainee = kept(states, command.person_id)
    if isinstance(command, JoinRecords):
        return _join(command, trainee, duplicate)
    return _separate(command, trainee) if duplicate.into == command.person_id else []


def _join(command: JoinRecords, trainee: Trainee, duplicate: Trainee) -> Sequence[tuple[str, Any]]:
    if duplicate.into == command.person_id:
        return []
    if duplicate.into is not None or trainee.person_id == duplicate.person_id:
        raise Rejected("records-joined", "/duplicate_id", person=command.duplicate_id)
    moved = _of(duplicate, _ids(duplicate))
    apart, whole = (trainee, duplicate), _with(trainee, moved, duplicate.person_id, command.person_id)
    removed, links = _doubled(apart, whole), difference(_chains(*apart), _chains(whole))
    joined = RecordsJoined(command.person_id, command.duplicate_id, removed, links, moved)
    return [
        (trainee_stream(trainee.person_id), joined),
        (trainee_stream(duplicate.person_id), RecordGivenUp(duplicate.person_id, command.person_id)),
    ]


def _separate(command: SeparateRecords, trainee: Trainee) -> Sequence[tuple[str, Any]]:
    people = _ids(trainee, command.duplicate_id)
    moved = _of(trainee, people)
    apart = (_without(trainee, people), _with(Trainee(command.duplicate_id), moved))
    added, links = _doubled(apart, trainee), difference(_chains(trainee), _chains(*apart))
    separated = RecordsSeparated(command.person_id, command.duplicate_id, added, links, people)
    return [
        (trainee_stream(trainee.person_id), separated),
        (trainee_stream(command.duplicate_id), RecordReturned(command.duplicate_id, moved)),
    ]


def _doubled(apart: Sequence[Trainee], whole: Trainee) -> tuple[Attendance, ...]:
    """The attendances that the two have more than the one they become."""
    more = Counter(attendance for trainee in apart for attendance in trainee.attended.values())
    more.subtract(Counter(whole.attended.values()))
    return tuple(sorted(more.elements(), key=lambda a: (*a.key, a.unit_id, a.mode)))


def _chains(*trainees: Trainee) -> Sequence[Link]:
    return [link for trainee in trainees for link in chain(trainee.attended.values())]


def _ids(trainee: Trainee, person_id: str | None = None) -> tuple[str, ...]:
    """This id (that of the trainee, if none is given) and all that were joined into it."""
    found = [person_id or trainee.person_id]
    for person in found:
        found += [joined for joined, into in trainee.parents.items() if into == person]
    return tuple(found)


def _of(trainee: Trainee, people: Collection[str]) -> Moving:
    top = next(iter(people))
    return Moving(
        tuple((person, attendance) for (person, _), attendance in trainee.entries.items() if person in people),
        tuple((person, score) for (person, _, _), score in trainee.results.items() if person in people),
        tuple(completed for completed in trainee.completed.values() if completed.person_id in people),
        tuple((person, into) for person, into in trainee.parents.items() if person in people and person != top),
    )


def _with(trainee: Trainee, moved: Moving, duplicate_id: str | None = None, into: str | None = None) -> Trainee:
    joined = {duplicate_id: into} if duplicate_id and into else {}
    return replace(
        trainee,
        entries={**trainee.entries, **{(person, a.key): a for person, a in moved.entries}},
        results={**trainee.results, **{(person, s.session_id, s.attempt): s for person, s in moved.results}},
        completed={**trainee.completed, **{completed.number: completed for completed in moved.completed}},
        parents={**trainee.parents, **joined, **dict(moved.parents)},
    )


def _without(trainee: Trainee, people: Collection[str]) -> Trainee:
    return replace(
        trainee,
        entries={place: a for place, a in trainee.entries.items() if place[0] not in people},
        results={place: score for place, score in trainee.results.items() if place[0] not in people},
        completed={number: c for number, c in trainee.completed.items() if c.person_id not in people},
        parents={person: into for person, into in trainee.parents.items() if person not in people},
    )


def evolve(trainee: Trainee, event: Any) -> Trainee:
    match event:
        case RecordsJoined():
            return _with(trainee, event.moved, event.duplicate_id, event.person_id)
        case RecordsSeparated():
            return _without(trainee, event.people)
        case RecordGivenUp():
            return Trainee(trainee.person_id, into=event.into)
        case RecordReturned():
            return _with(Trainee(trainee.person_id), event.moved)
    return trainee
