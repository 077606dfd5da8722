"""What can be so of a unit from a day on: its events, stored exactly as published.

``effective`` is the first day that counts. A fact may be recorded long after facts that took effect later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Successor:
    """``share``: per cent of the former unit's people that it took over, where the document says so."""

    unit_id: str
    main: bool
    share: int | None = None


@dataclass(frozen=True, slots=True)
class UnitEstablished:
    """``code`` is a GSO code."""

    unit_id: str
    level: str
    kind: str
    name: str
    parent_id: str | None
    code: str | None
    effective: date
    document_id: str | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class UnitRenamed:
    unit_id: str
    name: str
    effective: date
    document_id: str | None


@dataclass(frozen=True, slots=True)
class UnitKindChanged:
    unit_id: str
    kind: str
    effective: date
    document_id: str | None


@dataclass(frozen=True, slots=True)
class UnitCodeAssigned:
    """``code`` is None where the unit gives its code of that system up and takes no other."""

    unit_id: str
    system: str
    code: str | None
    effective: date
    document_id: str | None


@dataclass(frozen=True, slots=True)
class UnitReparented:
    unit_id: str
    parent_id: str
    effective: date
    document_id: str | None


@dataclass(frozen=True, slots=True)
class UnitAbolished:
    unit_id: str
    effective: date
    successors: tuple[Successor, ...]
    successor_unknown: bool
    document_id: str | None


UnitFact = UnitEstablished | UnitRenamed | UnitKindChanged | UnitCodeAssigned | UnitReparented | UnitAbolished


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact as it is known now; a ``void`` one was withdrawn by a correction."""

    event: UnitFact
    void: bool = False


Facts = tuple[Fact, ...]
"""In the order of recording: a fact is known by its number there, counted from 1, for ever."""


@dataclass(frozen=True, slots=True)
class UnitCodeTaken:
    """Reservation: this unit bears the code, from that day on for the first time. Private."""

    system: str
    code: str
    unit_id: str
    effective: date


def in_order(facts: Iterable[Fact]) -> list[tuple[int, UnitFact]]:
    """The facts that are in force, with their numbers, by the day they took effect.

    Those of one day as recorded, but a unit is first established, and nothing else happens to it on the day of its end.
    """
    numbered = [(number, fact.event) for number, fact in enumerate(facts, 1) if not fact.void]
    return sorted(numbered, key=lambda one: (one[1].effective, _turn(one[1]), one[0]))


def _turn(event: UnitFact) -> int:
    return 0 if isinstance(event, UnitEstablished) else 1 if isinstance(event, UnitAbolished) else 2
