"""One human being registered twice: joined into one by a decision of people, taken apart again, or kept apart.

A join names the person that is kept and the duplicate. It rewrites no history: seats keep the id they were filled with,
and whoever asks is told the id that is kept; two seats in one team stay two until a change of the team joins them.

Nobody is joined into more than one other, so joins are trees and the kept person is the root. The duplicate's stream
holds the join. The kept person's stream gets a reservation in the same append, so that it cannot be joined into another
one at that very moment: no chain of joins is a circle.

Names play no part here: suggestions come from a blind index (``shared/blind_index.py``), never a decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.teams.domain.documents import cite, document_stream
from services.teams.domain.people import person_stream, present
from shared.decider import Rejected, ambient, need

# --- commands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JoinPeople:
    """``duplicate_id`` is ``person_id``; if that one was joined itself, whoever is kept for it. ``reason``: a word."""

    person_id: str
    duplicate_id: str
    reason: str
    document_id: str | None = None
    also: tuple[str, ...] = ambient(default=())


@dataclass(frozen=True, slots=True)
class SeparatePeople:
    """Undoes a join: ``person_id`` is the one the duplicate was joined into."""

    person_id: str
    duplicate_id: str
    reason: str
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class DismissDuplicate:
    """They are two: not to be suggested again. Which of the two is named first does not matter."""

    person_id: str
    other_id: str
    reason: str | None = None


# --- events -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PeopleJoined:
    """``person_id`` is the kept one, and has not been joined into another."""

    person_id: str
    duplicate_id: str
    reason: str
    document_id: str | None


@dataclass(frozen=True, slots=True)
class PersonKept:
    """Reservation on the kept person's stream. Private."""

    person_id: str
    duplicate_id: str


@dataclass(frozen=True, slots=True)
class PeopleSeparated:
    """The join of exactly these two no longer holds; what else was joined into the duplicate stays with it."""

    person_id: str
    duplicate_id: str
    reason: str
    document_id: str | None


@dataclass(frozen=True, slots=True)
class DuplicateDismissed:
    """Private: it says that two people resemble each other. ``person_id`` < ``other_id``."""

    person_id: str
    other_id: str
    reason: str | None


# --- states -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KnownApart:
    """Two people who are not one."""


def apart_stream(one: str, other: str) -> str:
    return "apart:{}/{}".format(*sorted((one, other)))


# --- decisions ----------------------------------------------------------------------------------------------------

DuplicateCommand = JoinPeople | SeparatePeople | DismissDuplicate
Changes = Sequence[tuple[str, Any]]

COMMANDS = (JoinPeople, SeparatePeople, DismissDuplicate)
EVENTS = (PeopleJoined, PersonKept, PeopleSeparated, DuplicateDismissed)

LONGEST_CHAIN = 5
"""A join into somebody who is kept only after more joins than this names the next one instead."""


def streams(command: DuplicateCommand) -> tuple[str, ...]:
    match command:
        case JoinPeople():
            named = [person_stream(command.duplicate_id), person_stream(command.person_id)]
        case SeparatePeople():
            named = [person_stream(command.duplicate_id)]
        case DismissDuplicate():
            pair = command.person_id, command.other_id
            return (apart_stream(*pair), *dict.fromkeys(map(person_stream, pair)))
    if command.document_id is not None:
        named.append(document_stream(command.document_id))
    return tuple(dict.fromkeys([*named, *getattr(command, "also", ())]))


def decide(command: DuplicateCommand, states: Mapping[str, Any]) -> Changes:
    match command:
        case JoinPeople():
            return _join(command, states)
        case SeparatePeople():
            return _separate(command, states)
        case DismissDuplicate():
            return _dismiss(command, states)


def _join(command: JoinPeople, states: Mapping[str, Any]) -> Changes:
    _two(command.person_id, command.duplicate_id, states, "/duplicate_id")
    if command.document_id is not None:
        cite(states, command.document_id)
    kept, former = (kept_for(id_, states, at) for id_, at in _named(command))
    if kept == former:
        if kept == command.duplicate_id:
            raise Rejected("person-is-kept", "/duplicate_id", person=kept)
        return []
    if former != command.duplicate_id:
        into = states[person_stream(command.duplicate_id)].into
        raise Rejected("person-joined", "/duplicate_id", person=command.duplicate_id, kept=into)
    for person_id, pointer in ((kept, "/person_id"), (former, "/duplicate_id")):
        present(states, person_id, pointer)
    event = PeopleJoined(kept, former, command.reason, command.document_id)
    return [(person_stream(former), event), (person_stream(kept), PersonKept(kept, former))]


def _named(command: JoinPeople) -> tuple[tuple[str, str], tuple[str, str]]:
    return (command.person_id, "/person_id"), (command.duplicate_id, "/duplicate_id")


def kept_for(person_id: str, states: Mapping[str, Any], pointer: str) -> str:
    """Whoever is kept for this person. Raises ``LookFurther`` while the way there has not been read."""
    here = person_id
    for _ in range(LONGEST_CHAIN):
        need(states, [person_stream(here)])
        into: str | None = states[person_stream(here)].into
        if into is None:
            return here
        here = into
    raise Rejected("person-joined", pointer, person=person_id, kept=here)


def _separate(command: SeparatePeople, states: Mapping[str, Any]) -> Changes:
    stream = person_stream(command.duplicate_id)
    duplicate = states[stream]
    if duplicate is None:
        raise Rejected("person-unknown", "/duplicate_id", person=command.duplicate_id)
    if command.document_id is not None:
        cite(states, command.document_id)
    if duplicate.into != command.person_id:
        into = duplicate.into or "–"
        raise Rejected("people-not-joined", "/person_id", duplicate=command.duplicate_id, kept=into)
    event = PeopleSeparated(command.person_id, command.duplicate_id, command.reason, command.document_id)
    return [(stream, event)]


def _dismiss(command: DismissDuplicate, states: Mapping[str, Any]) -> Changes:
    _two(command.person_id, command.other_id, states, "/other_id")
    stream = apart_stream(command.person_id, command.other_id)
    if states[stream] is not None:
        return []
    first, second = sorted((command.person_id, command.other_id))
    return [(stream, DuplicateDismissed(first, second, command.reason))]


def _two(one: str, other: str, states: Mapping[str, Any], pointer: str) -> None:
    """Two people, both registered."""
    if one == other:
        raise Rejected("people-same", pointer, person=one)
    for person_id, at in ((one, "/person_id"), (other, pointer)):
        if states[person_stream(person_id)] is None:
            raise Rejected("person-unknown", at, person=person_id)


# --- what events mean ---------------------------------------------------------------------------------------------


def evolve(state: Any, event: Any) -> Any:
    match event:
        case PeopleJoined():
            return replace(state, into=event.person_id)
        case PeopleSeparated():
            return replace(state, into=None)
        case DuplicateDismissed():
            return KnownApart()
    return state
