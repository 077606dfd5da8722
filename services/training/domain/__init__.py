"""Training: courses, their sessions, and who attended. Pure: no clock, ids or I/O.

One subject per file, each with its commands, events, states and decisions; here they become one decider, because most
commands touch streams of several. Attendance lives in the stream of the trainee, so one writer decides whether a person
is counted again (docs/adr/0010-training.md). Persons are references only: names live in the registry.
A stream without events has the state None, that of a trainee is an empty ``Trainee``, that of a roll an empty ``Roll``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from services.training.domain import (
    assessment,
    attendance,
    certificates,
    changes,
    corrections,
    courses,
    exemptions,
    joining,
    plans,
    reminders,
    roll,
    rules,
    sessions,
)
from services.training.domain.roll import Roll
from services.training.domain.trainee import Trainee
from shared.decider import Decider

MODULES: tuple[ModuleType, ...] = (
    courses,
    sessions,
    changes,
    roll,
    attendance,
    corrections,
    assessment,
    certificates,
    joining,
    rules,
    exemptions,
    plans,
    reminders,
)
"""Each has ``COMMANDS`` and ``EVENTS`` (types), and the functions ``streams``, ``decide`` and ``evolve``."""

OF_COMMAND: Mapping[type, ModuleType] = {command: module for module in MODULES for command in module.COMMANDS}
OF_EVENT: Mapping[type, ModuleType] = {event: module for module in MODULES for event in module.EVENTS}

EVENTS: tuple[type, ...] = tuple(OF_EVENT)
"""Every event type, for the codec."""


def _initial(stream: str) -> Any:
    kind, _, identity = stream.partition(":")
    match kind:
        case "trainee":
            return Trainee(identity)
        case "roll":
            return Roll()
        case _:
            return None


def _streams(command: Any) -> tuple[str, ...]:
    named: tuple[str, ...] = OF_COMMAND[type(command)].streams(command)
    return named


def _decide(command: Any, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    changes: Sequence[tuple[str, Any]] = OF_COMMAND[type(command)].decide(command, states)
    return changes


def _evolve(state: Any, event: Any) -> Any:
    return OF_EVENT[type(event)].evolve(state, event)


TRAINING: Decider[Any, Any, Any] = Decider(_initial, _streams, _decide, _evolve)
