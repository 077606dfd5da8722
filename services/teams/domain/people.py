"""People: ids that seats refer to. Stream ``person:<id>``.

Name and phone number are sealed under the person's key and never leave this service; folded state holds neither, so no
decision can depend on them. Erasing a person destroys the key; seats and counts stay as they were (Law 91/2025/QH15).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.decider import Personal, Rejected, sealed

# --- commands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegisterPerson:
    person_id: str
    name: Personal
    phone: Personal | None = None
    affiliation: str | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class ChangePerson:
    """Only the fields named in ``fields`` (name, phone, affiliation) change; None takes a phone or affiliation away."""

    person_id: str
    fields: tuple[str, ...]
    name: Personal | None = None
    phone: Personal | None = None
    affiliation: str | None = None


@dataclass(frozen=True, slots=True)
class ErasePerson:
    person_id: str


# --- events -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonRegistered:
    """Private as a whole."""

    person_id: str
    name: Personal = sealed(by="person_id")
    phone: Personal | None = sealed(by="person_id", default=None)
    affiliation: str | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class PersonChanged:
    """Private as a whole. What is not named in ``fields`` stays as it was."""

    person_id: str
    fields: tuple[str, ...]
    name: Personal | None = sealed(by="person_id", default=None)
    phone: Personal | None = sealed(by="person_id", default=None)
    affiliation: str | None = None


@dataclass(frozen=True, slots=True)
class SubjectErased:
    """The person's key is destroyed; consumers forget what else they know of this id."""

    person_id: str


# --- states -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """``into``: the person this one was joined into, as a duplicate (see ``duplicates``)."""

    affiliation: str | None
    erased: bool = False
    into: str | None = None


def person_stream(person_id: str) -> str:
    return f"person:{person_id}"


def present(states: Mapping[str, Any], person_id: str, pointer: str) -> Person:
    """The person. Only one that is registered, and whose data still exists, can be appointed or joined."""
    person = states[person_stream(person_id)]
    if person is None:
        raise Rejected("person-unknown", pointer, person=person_id)
    if person.erased:
        raise Rejected("person-erased", pointer, person=person_id)
    assert isinstance(person, Person)
    return person


# --- decisions ----------------------------------------------------------------------------------------------------

PersonCommand = RegisterPerson | ChangePerson | ErasePerson

COMMANDS = (RegisterPerson, ChangePerson, ErasePerson)
EVENTS = (PersonRegistered, PersonChanged, SubjectErased)


def streams(command: PersonCommand) -> tuple[str, ...]:
    return (person_stream(command.person_id),)


def decide(command: PersonCommand, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    stream = person_stream(command.person_id)
    match command:
        case RegisterPerson():
            return [(stream, registered(command, states, "/person_id"))]
        case ChangePerson():
            return _change(command, present(states, command.person_id, "/person_id"), stream)
        case ErasePerson():
            person = states[stream]
            if person is None:
                raise Rejected("person-unknown", "/person_id", person=command.person_id)
            return [] if person.erased else [(stream, SubjectErased(command.person_id))]


def registered(command: RegisterPerson, states: Mapping[str, Any], at: str) -> PersonRegistered:
    """Raises ``Rejected`` if the id is in use, or was until its person was erased."""
    person = states[person_stream(command.person_id)]
    if person is not None:
        raise Rejected("person-erased" if person.erased else "person-exists", at, person=command.person_id)
    return PersonRegistered(command.person_id, command.name, command.phone, command.affiliation, command.simulated)


def _change(command: ChangePerson, person: Person, stream: str) -> Sequence[tuple[str, Any]]:
    if not command.fields:
        raise Rejected("person-change-empty")
    if command.fields == ("affiliation",) and command.affiliation == person.affiliation:
        return []
    event = PersonChanged(command.person_id, command.fields, command.name, command.phone, command.affiliation)
    return [(stream, event)]


# --- what events mean ---------------------------------------------------------------------------------------------


def evolve(state: Any, event: Any) -> Any:
    match event:
        case PersonRegistered():
            return Person(event.affiliation)
        case PersonChanged() if "affiliation" in event.fields:
            return replace(state, affiliation=event.affiliation)
        case SubjectErased():
            return replace(state, affiliation=None, erased=True)
    return state
