"""Good practice (*cách làm hay*) that teams share: a note of a unit and a topic. Pure.

One stream per note, ``note:<uuid>``: shared, withdrawn. Its words are sealed under a key of the note, destroyed when it
is withdrawn. A note is about how something is done, not about anybody: what looks like a telephone number, an
address for mail or a number of a person is refused before anything is stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.decider import Decider, Personal, Rejected, ambient, sealed


class Withdrawing(StrEnum):
    OUTDATED = "outdated"
    MISTAKE = "mistake"
    PERSONAL = "personal"
    """It tells of somebody."""
    OTHER = "other"


# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NoteShared:
    """``topic``: a skill or another word of the locality; ``day``: since when it is done so."""

    note_id: UUID
    unit_id: str
    topic: str
    day: date
    team_id: UUID | None
    title: Personal = sealed(by="note_id")
    text: Personal = sealed(by="note_id")


@dataclass(frozen=True, slots=True)
class NoteWithdrawn:
    note_id: UUID
    unit_id: str
    reason: Withdrawing


NoteEvent = NoteShared | NoteWithdrawn
EVENTS: tuple[type, ...] = (NoteShared, NoteWithdrawn)

# --- commands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShareNote:
    """``today``: the day in Viet Nam on which we received it."""

    note_id: UUID
    unit_id: str
    topic: str
    day: date
    title: Personal
    text: Personal
    today: date = ambient()
    team_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class WithdrawNote:
    note_id: UUID
    reason: Withdrawing


NoteCommand = ShareNote | WithdrawNote

# --- states ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unshared:
    pass


@dataclass(frozen=True, slots=True)
class Shared:
    note: NoteShared


@dataclass(frozen=True, slots=True)
class Withdrawn:
    note: NoteShared


NoteState = Unshared | Shared | Withdrawn


def note_stream(note_id: UUID) -> str:
    return f"note:{note_id}"


# --- decisions -------------------------------------------------------------------------------------------------------

_PERSONAL = re.compile(
    r"(?<!\d)(?:\+?84|0)(?:[ .-]?\d){8,10}(?!\d)"  # a telephone number, however it is spaced
    r"|(?<!\d)\d{9,}(?!\d)"  # the numbers of identity cards have nine or twelve digits
    r"|[\w.+-]+@[\w-]+\.\w+"
)


def is_personal(text: str) -> bool:
    """Whether something in it looks like a number or an address of a person. Names cannot be told from other words."""
    return _PERSONAL.search(text) is not None


def decide(command: NoteCommand, states: Mapping[str, NoteState]) -> Sequence[tuple[str, NoteEvent]]:
    stream = note_stream(command.note_id)
    event = _decide(command, states[stream])
    return [(stream, event)] if event else []


def _decide(command: NoteCommand, state: NoteState) -> NoteEvent | None:
    match command, state:
        case ShareNote(), Unshared():
            return _shared(command)
        case ShareNote(), _:
            raise Rejected("note-exists", "/note_id")
        case WithdrawNote(), Unshared():
            raise Rejected("unknown-note")
        case WithdrawNote(note_id, reason), Shared(note):
            return NoteWithdrawn(note_id, note.unit_id, reason)
        case _:
            return None


def _shared(command: ShareNote) -> NoteShared:
    if command.day > command.today:
        raise Rejected("note-in-future", "/day", today=command.today)
    for name, said in (("title", command.title), ("text", command.text)):
        if said.text is not None and is_personal(said.text):
            raise Rejected("note-personal", f"/{name}")
    return NoteShared(
        command.note_id, command.unit_id, command.topic, command.day, command.team_id, command.title, command.text
    )


def evolve(state: NoteState, event: NoteEvent) -> NoteState:
    match event, state:
        case NoteShared(), _:
            return Shared(event)
        case NoteWithdrawn(), Shared(note):
            return Withdrawn(note)
        case _:
            return state


NOTES: Decider[NoteCommand, NoteState, NoteEvent] = Decider(
    initial=lambda stream: Unshared(),
    streams=lambda command: (note_stream(command.note_id),),
    decide=decide,
    evolve=evolve,
)
