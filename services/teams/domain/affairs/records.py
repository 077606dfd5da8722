"""One shape for all affairs of teams and units: a record with dated facts, stream ``<affair>:<id>``.

A record is opened by its first fact, perhaps changed and closed by others, each from its *effective* day on. Facts are
numbered 1, 2, 3… in the order they were recorded; what is so on a day follows from those that hold, in the order of
their days. So a fact may be recorded late, as long as it and everything after it can be true.

A fact that ``corrects`` an earlier one replaces it under its number; ``EntryVoided`` strikes one out, or the whole
record. Both say why, and both are facts themselves: history is never rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from services.teams.domain.affairs.entries import EntryVoided, Owned, VoidEntry
from services.teams.domain.documents import cite, document_stream
from services.teams.domain.team.life import running, team_stream
from services.teams.domain.units import standing, unit_stream
from shared.decider import Rejected

# --- states -------------------------------------------------------------------------------------------------------

NOT_YET, VOID = "not_yet", "void"


@dataclass(frozen=True, slots=True)
class Record:
    """All facts in the order they were recorded, corrections and what they corrected included."""

    facts: tuple[Any, ...]

    @property
    def unit_id(self) -> str:
        unit_id: str = self.facts[0].unit_id
        return unit_id

    @property
    def team_id(self) -> str | None:
        team_id: str | None = self.facts[0].team_id
        return team_id

    def holding(self) -> list[Any]:
        """The facts that hold, in the order of their days; none if the record is void."""
        return [fact for _, fact in in_order(numbered(self.facts))]

    def told(self, day: date) -> list[Any]:
        """The facts that had taken effect on that day."""
        return [fact for fact in self.holding() if fact.effective <= day]

    def state_on(self, day: date) -> str:
        """``not_yet``, ``void``, or what the last fact that changed it made of it."""
        if not self.holding():
            return VOID
        return next((fact.becomes for fact in reversed(self.told(day)) if fact.becomes), NOT_YET)


Numbered = Mapping[int, Any]


def numbered(facts: Sequence[Any]) -> dict[int, Any]:
    """Number → the fact that holds under it; nothing if the record is void."""
    standing: dict[int, Any] = {}
    for fact in facts:
        if not isinstance(fact, EntryVoided):
            standing[fact.corrects or fact.fact] = fact
        elif fact.corrects is None:
            return {}
        else:
            standing.pop(fact.corrects, None)
    return standing


def in_order(facts: Numbered) -> list[tuple[int, Any]]:
    """By day, and facts of one day in the order of their numbers."""
    return sorted(facts.items(), key=lambda item: (item[1].effective, item[0]))


# --- kinds of records ---------------------------------------------------------------------------------------------

Changes = Sequence[tuple[str, Any]]
States = Mapping[str, Any]


def _nothing_named(command: Any) -> tuple[str, ...]:
    return ()


def _always(command: Any, states: States) -> None:
    """No rule of its own."""


def _anything(before: Sequence[Any], fact: Any, number: int) -> None:
    """No rule of its own."""


@dataclass(frozen=True)
class Affair:
    """One kind of record: which command makes which fact, and what is special about it.

    ``key``: the field that holds the record's id. ``owners``: what may own it, of ``unit`` and ``team``.
    ``names(command)``: streams of other records that a command refers to. ``check(command, states)`` raises
    ``Rejected``, and so does ``follows(facts before, fact, its number)`` if the fact cannot be true in its turn.
    """

    word: str
    key: str
    owners: tuple[str, ...]
    opens: Mapping[type, type]
    changes: Mapping[type, type] = field(default_factory=dict)
    closes: Mapping[type, type] = field(default_factory=dict)
    names: Callable[[Any], tuple[str, ...]] = _nothing_named
    check: Callable[[Any, States], None] = _always
    follows: Callable[[Sequence[Any], Any, int], None] = _anything

    @property
    def commands(self) -> Mapping[type, type]:
        """Command → its event."""
        return {**self.opens, **self.changes, **self.closes}

    def stream(self, record_id: str) -> str:
        return f"{self.word}:{record_id}"

    def stream_of(self, command: Any) -> str:
        return self.stream(getattr(command, self.key))


def known(states: States, stream: str, pointer: str) -> Record:
    """The record that a command refers to. Raises ``Rejected`` if there is none, or it was taken back."""
    record = states[stream]
    affair, _, record_id = stream.partition(":")
    if record is None:
        raise Rejected("affair-unknown", pointer, affair=affair, id=record_id)
    if not record.holding():
        raise Rejected("affair-void", pointer, affair=affair, id=record_id)
    assert isinstance(record, Record)
    return record


# --- decisions ----------------------------------------------------------------------------------------------------


def streams(affair: Affair, command: Any) -> tuple[str, ...]:
    if isinstance(command, VoidEntry):
        names = [affair.stream(command.record_id)]
    else:
        names = [affair.stream_of(command), *affair.names(command)]
    if isinstance(command, Owned):
        names += [team_stream(command.team_id)] if command.team_id is not None else []
        names += [unit_stream(command.unit_id)] if command.unit_id is not None else []
    if command.document_id is not None:
        names.append(document_stream(command.document_id))
    return tuple(dict.fromkeys(names))


def decide(affair: Affair, command: Any, states: States) -> Changes:
    if command.document_id is not None:
        cite(states, command.document_id)
    if isinstance(command, VoidEntry):
        return _void(affair, command, states)
    stream = affair.stream_of(command)
    if type(command) in affair.opens:
        unit_id, team_id = _owner(affair, command, states)
        record = states[stream]
        if record is not None and (record.unit_id, record.team_id) != (unit_id, team_id):
            moved = Rejected("affair-moved", f"/{affair.key}")
            raise moved if command.corrects else Rejected("affair-exists", f"/{affair.key}", id=stream)
    else:
        record = known(states, stream, f"/{affair.key}")
        unit_id, team_id = record.unit_id, record.team_id
    affair.check(command, states)
    facts = record.facts if record is not None else ()
    said = {**vars(command), "fact": len(facts) + 1, "unit_id": unit_id, "team_id": team_id}
    event = affair.commands[type(command)](**said)
    if record is not None and _holds(known(states, stream, f"/{affair.key}"), event):
        return []
    if record is not None and type(command) in affair.opens and command.corrects is None:
        raise Rejected("affair-exists", f"/{affair.key}", id=getattr(command, affair.key))
    _correctable(facts, event)
    _possible(affair, numbered((*facts, event)), command.corrects or event.fact)
    return [(stream, event)]


def _owner(affair: Affair, command: Owned, states: States) -> tuple[str, str | None]:
    """The unit, and the team if it is a team's, both there on the day. Raises ``Rejected``."""
    given = [name for name in ("unit", "team") if getattr(command, f"{name}_id") is not None]
    if len(given) != 1 or given[0] not in affair.owners:
        raise Rejected("affair-owner", f"/{affair.owners[0]}_id", affair=affair.word, owners=", ".join(affair.owners))
    day = command.effective  # type: ignore[attr-defined]  # every command that opens a record is an Entry as well
    if command.unit_id is not None:
        standing(states, command.unit_id, day, "/unit_id")
        return command.unit_id, None
    assert command.team_id is not None
    _, team = running(states, command.team_id, day)
    return team.unit_id, command.team_id


def _holds(record: Record, event: Any) -> bool:
    """Whether the very same is on record already, under the number that is corrected or under any."""
    facts = numbered(record.facts)
    compared = facts.values() if event.corrects is None else [facts[n] for n in (event.corrects,) if n in facts]
    return any(_content(fact) == _content(event) for fact in compared)


def _content(fact: Any) -> Any:
    return replace(fact, fact=0, corrects=None, reason=None)


def _correctable(facts: Sequence[Any], event: Any) -> None:
    """What takes back or corrects says why; a correction names a fact of its own type that holds."""
    voids = isinstance(event, EntryVoided)
    if event.reason is None and (voids or event.corrects is not None):
        raise Rejected("affair-reason-missing", "/reason")
    if event.corrects is None:
        return
    wrong = numbered(facts).get(event.corrects)
    if wrong is None:
        raise Rejected("affair-fact-unknown", "/corrects", fact=event.corrects)
    if not voids and type(wrong) is not type(event):
        raise Rejected("affair-fact-differs", "/corrects", fact=event.corrects, type=type(wrong).__name__)


def _possible(affair: Affair, facts: Numbered, new: int) -> None:
    """Each fact can be true in its turn. Raises ``Rejected`` naming another fact that ``new`` contradicts."""
    before: list[Any] = []
    closed: tuple[int, Any] | None = None
    for number, fact in in_order(facts):
        opening = type(fact) in affair.opens.values()
        if not before and not opening:
            opened = next(f for f in facts.values() if type(f) in affair.opens.values()).effective
            raise Rejected("affair-not-yet", "/effective", fact=number, opened=opened, day=fact.effective)
        if closed is not None:
            other = number if closed[0] == new else closed[0]
            raise Rejected("affair-closed", "/effective", fact=other, closed=closed[1].effective, day=fact.effective)
        affair.follows(before, fact, number)
        before.append(fact)
        if type(fact) in affair.closes.values():
            closed = number, fact


def _void(affair: Affair, command: VoidEntry, states: States) -> Changes:
    stream = affair.stream(command.record_id)
    record = states[stream]
    if record is not None and not record.holding():
        return []
    record = known(states, stream, "/record_id")
    # Nothing is left of a record that was never opened.
    corrects = None if command.corrects == 1 else command.corrects
    if corrects is not None and any(isinstance(f, EntryVoided) and f.corrects == corrects for f in record.facts):
        return []
    said = {**vars(command), "corrects": corrects}
    event = EntryVoided(**said, fact=len(record.facts) + 1, unit_id=record.unit_id, team_id=record.team_id)
    _correctable(record.facts, event)
    _possible(affair, numbered((*record.facts, event)), event.corrects or 0)
    return [(stream, event)]


def evolve(state: Any, event: Any) -> Any:
    return Record((*(state.facts if state is not None else ()), event))
