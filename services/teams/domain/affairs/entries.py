"""What the commands and the events of all affairs have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Entry:
    """``corrects``: the number of the fact that this one replaces; it keeps its number. ``reason`` is a word."""

    effective: date
    corrects: int | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cited(Entry):
    document_id: str


@dataclass(frozen=True, kw_only=True)
class MayCite(Entry):
    document_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Owned:
    """What opens a record says whose it is: a unit's or a team's."""

    unit_id: str | None = None
    team_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Noted:
    """What an event adds to what its command said: the number of the fact, and whose record it is.

    ``unit_id`` is the owning unit, or the one that the owning team served on the day the record was opened. ``becomes``
    is the state of the record from that day on, if the fact changes it.
    """

    becomes: ClassVar[str | None] = None
    fact: int
    unit_id: str
    team_id: str | None


@dataclass(frozen=True, kw_only=True)
class VoidEntry(MayCite):
    """Take back what was recorded in error: the fact number ``corrects``, or the whole record if that is None.

    ``effective`` is the day of taking back; what is taken back never held.
    """

    affair: str
    record_id: str


@dataclass(frozen=True, kw_only=True)
class EntryVoided(Noted, VoidEntry):
    pass
