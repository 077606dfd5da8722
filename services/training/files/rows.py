"""What the rows of a sheet say: commands with the ids that they would have through the API."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from services.training.domain.sessions import Plan, session_stream
from services.training.domain.trainee import Trainee, trainee_stream
from services.training.queries.identities import Identities
from shared.handling import Decides
from shared.sheets import Book, Row


@dataclass(frozen=True, slots=True)
class Sent:
    """A row as a command. ``unit_id`` has to be the sender's on ``day``; empty in a session that nobody scheduled."""

    row: Row
    command_id: UUID
    command: Any
    unit_id: str
    day: date


def _in_unit(sent: Sent, unit_id: str) -> Sent:
    """The same of another unit; its command has a ``unit_id``."""
    return replace(sent, command=replace(sent.command, unit_id=unit_id), unit_id=unit_id)


class Meaning(Protocol):
    """``chunk``: rows of a step. ``differs``: the code of a row that was sent before and said something else."""

    chunk: int
    differs: str

    def sent(self, rows: Sequence[Row]) -> list[Sent]:
        """A command for each row, in order."""

    def as_recorded(self, sent: Sequence[Sent]) -> list[Sent]:
        """The same with the units that were recorded before, wherever people serve by now."""

    def remark(self, book: Book, sent: Iterable[Sent]) -> None:
        """What else to tell about rows that were taken, as findings."""


class Sessions:
    """The sessions that rows name, and the units of rows that name none."""

    def __init__(self, decides: Decides, identities: Identities) -> None:
        self._decides, self._identities = decides, identities

    def plans(self, rows: Iterable[Row]) -> Mapping[str, Plan | None]:
        """Session → what is arranged; None if nobody scheduled it."""
        named = {row.values["session_id"] for row in rows}
        states = self._decides.states(session_stream(session_id) for session_id in named)
        found = ((session_id, states[session_stream(session_id)]) for session_id in named)
        return {session_id: state and state.plan for session_id, state in found}

    def units(self, rows: Sequence[Row], days: Sequence[date], plans: Mapping[str, Plan | None]) -> list[str]:
        """For each row the unit it names, else where its person serves on the day, else that of the session."""
        units = [row.values["unit_id"] for row in rows]
        unplaced = [n for n, unit_id in enumerate(units) if unit_id is None]
        serving = self._identities.places([(rows[n].values["person_id"], days[n]) for n in unplaced])
        for n, unit_id in zip(unplaced, serving, strict=True):
            plan = plans[rows[n].values["session_id"]]
            units[n] = unit_id or (plan.unit_id if plan else "")
        return units


class OfPeople(ABC):
    """Rows about what one person did on a day, kept in that person's record; a ``Meaning``."""

    chunk = 1_000

    def __init__(self, decides: Decides, sessions: Sessions, today: date) -> None:
        self._decides, self._sessions, self._today = decides, sessions, today

    @abstractmethod
    def _sent(self, row: Row, unit_id: str) -> Sent: ...

    @abstractmethod
    def _unit_recorded(self, command: Any, trainee: Trainee) -> str | None:
        """Of what the record holds already under the command's key."""

    def sent(self, rows: Sequence[Row]) -> list[Sent]:
        days = [row.values["day"] for row in rows]
        units = self._sessions.units(rows, days, self._sessions.plans(rows))
        return [self._sent(row, unit_id) for row, unit_id in zip(rows, units, strict=True)]

    def as_recorded(self, sent: Sequence[Sent]) -> list[Sent]:
        records = _trainees(self._decides, {each.command.person_id for each in sent})
        units = [self._unit_recorded(each.command, records[each.command.person_id]) for each in sent]
        return [each if unit_id is None else _in_unit(each, unit_id) for each, unit_id in zip(sent, units, strict=True)]

    def remark(self, book: Book, sent: Iterable[Sent]) -> None:
        """Nothing."""
        return


def _trainees(decides: Decides, people: Iterable[str]) -> dict[str, Trainee]:
    """Person → the record in which is kept what was recorded under this id."""
    found: dict[str, Trainee] = {}
    where = {person: person for person in people}
    while where:
        states = decides.states({trainee_stream(at) for at in where.values()})
        reached = {person: states[trainee_stream(at)] for person, at in where.items()}
        found |= {person: trainee for person, trainee in reached.items() if trainee.into is None}
        where = {person: trainee.into for person, trainee in reached.items() if trainee.into is not None}
    return found
