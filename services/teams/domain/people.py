"""People: ids that seats refer to. Stream ``person:<id>``.

Name and phone number are sealed under the person's key and never leave this service; folded state holds neither, so no
decision can depend on them. Erasing a person destroys the key; seats and counts stay as they were (Law 91/2025/QH15).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.decider import Personal, Rejected, sealed


@dataclass(frozen=True, slots=True)
class RegisterPerson:
    person_id: str
    name: Personal
    phone: Personal | None = None
    affiliation: str | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class ErasePerson:
    person_id: str


@dataclass(frozen=True, slots=True)
class PersonRegistered:
    """Private as a whole."""

    person_id: str
    name: Personal = sealed(by="person_id")
    phone: Personal | None = sealed(by="person_id", default=None)
    affiliation: str | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class SubjectErased:
    """The person's key is destroyed; consumers forget what else they know of this id."""

    person_id: str


@dataclass(frozen=True, slots=True)
class Person:
    affiliation: str | None
    erased: bool = False


COMMANDS = (RegisterPerson, ErasePerson)
EVENTS = (PersonRegistered, SubjectErased)


def person_stream(person_id: str) -> str:
    return f"person:{person_id}"


def present(states: Mapping[str, Any], person_id: str, pointer: str) -> None:
    """Only a registered person whose data still exists can be appointed."""
    person = states[person_stream(person_id)]
    if person is None:
        raise Rejected("person-unknown", pointer, person=person_id)
    if person.erased:
        raise Rejected("person-erased", pointer, person=person_id)


def streams(command: RegisterPerson | ErasePerson) -> tuple[str, ...]:
    return (person_stream(command.person_id),)


def decide(command: RegisterPerson | ErasePerson, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    stream = person_stream(command.person_id)
    person = states[stream]
    match command:
        case RegisterPerson():
            if person is not None and person.erased:
                raise Rejected("person-erased", "/person_id", person=command.person_id)
            if person is not None:
                raise Rejected("person-exists", "/person_id", person=command.person_id)
            event = PersonRegistered(
                command.person_id, command.name, command.phone, command.affiliation, command.simulated
            )
            return [(stream, event)]
        case ErasePerson():
            if person is None:
                raise Rejected("person-unknown", "/person_id", person=command.person_id)
            return [] if person.erased else [(stream, SubjectErased(command.person_id))]


def evolve(state: Any, event: Any) -> Any:
    match event:
        case PersonRegistered():
            return Person(event.affiliation)
        case SubjectErased():
            return Person(None, erased=True)
    return state
