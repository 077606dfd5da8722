"""Legal documents that every change of a team cites: stream ``document:<id>``.

Numbers restart every year, so a document is known by issuer, kind, number and year; that key is held by a reservation
stream. The day of signing, the days it holds for and the day we recorded it are three different things: Bắc Kạn's pilot
ran from 1/5/2022 under a plan signed on 24/5/2022.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from shared.decider import Rejected


class DocumentKind(StrEnum):
    DECISION = "decision"
    PLAN = "plan"
    OFFICIAL_LETTER = "official_letter"
    RESOLUTION = "resolution"


KINDS: Mapping[DocumentKind, tuple[str, str]] = {
    DocumentKind.DECISION: ("quyết định", "QĐ"),
    DocumentKind.PLAN: ("kế hoạch", "KH"),
    DocumentKind.OFFICIAL_LETTER: ("công văn", "CV"),
    DocumentKind.RESOLUTION: ("nghị quyết", "NQ"),
}
"""What each is called, and the letters for it in a document's number (decree 30/2020/NĐ-CP)."""


@dataclass(frozen=True, slots=True)
class RegisterDocument:
    """``number`` as printed, e.g. ``265/KH-UBND``; ``effective_to`` is the first day it no longer holds."""

    document_id: str
    kind: DocumentKind
    issuer: str
    number: str
    year: int
    signed_on: date
    effective_from: date
    effective_to: date | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class DocumentRegistered:
    document_id: str
    kind: DocumentKind
    issuer: str
    number: str
    year: int
    signed_on: date
    effective_from: date
    effective_to: date | None
    title: str


@dataclass(frozen=True, slots=True)
class DocumentKeyTaken:
    """Reservation of issuer, kind, number and year. Private."""

    document_id: str


@dataclass(frozen=True, slots=True)
class Document:
    registered: DocumentRegistered


@dataclass(frozen=True, slots=True)
class DocumentKey:
    document_id: str


COMMANDS = (RegisterDocument,)
EVENTS = (DocumentRegistered, DocumentKeyTaken)


def document_stream(document_id: str) -> str:
    return f"document:{document_id}"


def key_stream(command: RegisterDocument) -> str:
    return key_of(command.issuer, command.kind, command.number, command.year)


def key_of(issuer: str, kind: DocumentKind, number: str, year: int) -> str:
    """The reservation of this key. Case and spacing do not make another document; a slash inside a number must not look
    like a separator."""
    plain = (" ".join(issuer.casefold().split()), "".join(number.casefold().split()))
    of, no = (text.replace("%", "%25").replace("/", "%2F") for text in plain)
    return f"document-key:{of}/{kind}/{no}/{year}"


def cite(states: Mapping[str, Any], document_id: str, at: str = "/document_id") -> None:
    """A change that cites a document needs that document to be registered."""
    if states[document_stream(document_id)] is None:
        raise Rejected("document-unknown", at, document=document_id)


def streams(command: RegisterDocument) -> tuple[str, ...]:
    return document_stream(command.document_id), key_stream(command)


def decide(command: RegisterDocument, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    stream, key = streams(command)
    event = DocumentRegistered(
        command.document_id,
        command.kind,
        command.issuer,
        command.number,
        command.year,
        command.signed_on,
        command.effective_from,
        command.effective_to,
        command.title,
    )
    if states[stream] is not None:
        if states[stream].registered == event:
            return []
        raise Rejected("document-exists", "/document_id", document=command.document_id)
    if states[key] is not None:
        raise Rejected("document-key-taken", "/number", holder=states[key].document_id, number=command.number)
    if command.effective_to is not None and command.effective_to <= command.effective_from:
        raise Rejected("document-dates-reversed", "/effective_to")
    return [(stream, event), (key, DocumentKeyTaken(command.document_id))]


def evolve(state: Any, event: Any) -> Any:
    match event:
        case DocumentRegistered():
            return Document(event)
        case DocumentKeyTaken():
            return DocumentKey(event.document_id)
    return state
