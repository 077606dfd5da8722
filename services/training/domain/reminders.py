"""Reminders: once per person, rule, due day and kind, for messengers. Stream ``reminders:<person id>``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

SPACE = UUID("0b7f6c7e-3e0e-5b0e-9a55-6f1d0c2a9e11")


class ReminderKind(StrEnum):
    UPCOMING = "upcoming"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class IssueReminder:
    """``unit_id``: the unit in which the person serves."""

    person_id: str
    rule_id: str
    unit_id: str
    due: date
    kind: ReminderKind

    @property
    def command_id(self) -> UUID:
        """The same reminder is the same command, whoever finds it due."""
        return uuid5(SPACE, f"{self.person_id}/{self.rule_id}/{self.due}/{self.kind}")


@dataclass(frozen=True, slots=True)
class ReminderDue:
    person_id: str
    rule_id: str
    unit_id: str
    due: date
    kind: ReminderKind


Issued = frozenset[tuple[str, date, ReminderKind]]

COMMANDS = (IssueReminder,)
EVENTS = (ReminderDue,)


def reminders_stream(person_id: str) -> str:
    return f"reminders:{person_id}"


def streams(command: IssueReminder) -> tuple[str, ...]:
    return (reminders_stream(command.person_id),)


def decide(command: IssueReminder, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    stream = reminders_stream(command.person_id)
    issued: Issued = states[stream] or frozenset()
    if (command.rule_id, command.due, command.kind) in issued:
        return []
    event = ReminderDue(command.person_id, command.rule_id, command.unit_id, command.due, command.kind)
    return [(stream, event)]


def evolve(state: Any, event: ReminderDue) -> Issued:
    return (state or frozenset()) | {(event.rule_id, event.due, event.kind)}
