"""The registry's rules: units, documents, people, teams, their seats and mergers. Pure: no clock, ids or I/O.

One aggregate per file, each with its commands, events, states and decisions; here they become one decider, because most
commands touch streams of several (a team is established for a unit, by a document, with people). A stream without
events has the state None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from services.teams.domain import affairs, documents, duplicates, people, policy, reforms
from services.teams.domain.team import corrections as team_corrections
from services.teams.domain.team import life, merge, rearrange, seats, split, undo
from services.teams.domain.units import corrections as unit_corrections
from services.teams.domain.units import reorganisations, single
from shared.decider import Decider

MODULES: tuple[ModuleType, ...] = (
    single,
    unit_corrections,
    reorganisations,
    documents,
    people,
    duplicates,
    life,
    seats,
    team_corrections,
    rearrange,
    merge,
    split,
    undo,
    affairs,
    policy,
    reforms,
)
"""Each has ``COMMANDS`` and ``EVENTS`` (types), and the functions ``streams``, ``decide`` and ``evolve``."""

COMMANDS: Mapping[type, ModuleType] = {command: module for module in MODULES for command in module.COMMANDS}
"""Command → the module that decides it."""

OF_EVENT: Mapping[type, ModuleType] = {event: module for module in MODULES for event in module.EVENTS}

EVENTS: tuple[type, ...] = tuple(OF_EVENT)
"""Every event type, for the codec."""


def _initial(stream: str) -> Any:
    return None


def _streams(command: Any) -> tuple[str, ...]:
    named: tuple[str, ...] = COMMANDS[type(command)].streams(command)
    return named


def _decide(command: Any, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    changes: Sequence[tuple[str, Any]] = COMMANDS[type(command)].decide(command, states)
    return changes


def _evolve(state: Any, event: Any) -> Any:
    return OF_EVENT[type(event)].evolve(state, event)


DECIDER: Decider[Any, Any, Any] = Decider(_initial, _streams, _decide, _evolve)
