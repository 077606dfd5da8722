"""Catalogues (*danh mục*): the platforms, outcomes and topics that may be named on a day, national or of one province.

One stream per entry, ``catalogue:<kind>:<unit>:<code>``, holding dated facts that may come in any order: from a day on
the entry has a name and pillars, or has ended. Of two facts of one day the later one counts, so an entry that ends on
its own first day never was.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.decider import Decider, Rejected


class CatalogueKind(StrEnum):
    PLATFORM = "platform"
    """Installed or activated at a visit: VNeID, VssID, telehealth…"""
    OUTCOME = "outcome"
    """What came of a visit: an account opened, a dossier filed online…"""
    OUTREACH_TOPIC = "outreach_topic"
    OPINION_TOPIC = "opinion_topic"


class Pillar(StrEnum):
    """*Chính quyền số, kinh tế số, xã hội số*."""

    GOVERNMENT = "government"
    ECONOMY = "economy"
    SOCIETY = "society"


@dataclass(frozen=True, slots=True)
class Words:
    """What an entry is called, and what it counts towards."""

    name_vi: str
    name_en: str
    pillars: tuple[Pillar, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogueEntrySet:
    """From ``effective`` on the entry is so, until another fact. ``unit_id``: the nation, or a province."""

    kind: CatalogueKind
    code: str
    unit_id: str
    effective: date
    words: Words
    document_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class CatalogueEntryEnded:
    """``effective`` is the first day on which the entry may no longer be named."""

    kind: CatalogueKind
    code: str
    unit_id: str
    effective: date
    document_id: UUID | None = None


CatalogueEvent = CatalogueEntrySet | CatalogueEntryEnded
EVENTS: tuple[type, ...] = (CatalogueEntrySet, CatalogueEntryEnded)


@dataclass(frozen=True, slots=True)
class SetEntry:
    kind: CatalogueKind
    code: str
    unit_id: str
    effective: date
    words: Words
    document_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class EndEntry:
    kind: CatalogueKind
    code: str
    unit_id: str
    effective: date
    document_id: UUID | None = None


CatalogueCommand = SetEntry | EndEntry

Facts = tuple[tuple[date, Words | None], ...]
"""By day, and on one day in the order of recording; None: not to be named from that day on."""


def words_on(facts: Facts, day: date) -> Words | None:
    """What the entry is on that day; None where it may not be named."""
    found = None
    for since, words in facts:
        if since > day:
            break
        found = words
    return found


def entry_stream(command: CatalogueCommand | CatalogueEvent) -> str:
    return f"catalogue:{command.kind}:{command.unit_id}:{command.code}"


def decide(command: CatalogueCommand, states: Mapping[str, Facts]) -> Sequence[tuple[str, CatalogueEvent]]:
    stream = entry_stream(command)
    facts, day = states[stream], command.effective
    key = (command.kind, command.code, command.unit_id, day)
    standing = words_on(facts, day)
    match command:
        case SetEntry(words=words, document_id=document):
            return [] if standing == words else [(stream, CatalogueEntrySet(*key, words, document))]
        case EndEntry(document_id=document):
            if standing is not None:
                return [(stream, CatalogueEntryEnded(*key, document))]
            if any(since <= day for since, _ in facts):
                return []
            raise Rejected("entry-not-standing", "/effective", entry=command.code)


def evolve(state: Facts, event: CatalogueEvent) -> Facts:
    facts = list(state)
    words = event.words if isinstance(event, CatalogueEntrySet) else None
    insort(facts, (event.effective, words), key=lambda fact: fact[0])
    return tuple(facts)


CATALOGUE: Decider[CatalogueCommand, Facts, CatalogueEvent] = Decider(
    initial=lambda stream: (),
    streams=lambda command: (entry_stream(command),),
    decide=decide,
    evolve=evolve,
)
