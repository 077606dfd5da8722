"""Affairs of teams and units: regulations, plans, tasks, channels, partners, bodies and their roles, policies.

One kind of record per file, all of one shape (``records``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.teams.domain.affairs import records
from services.teams.domain.affairs.bodies import BODY, ROLE
from services.teams.domain.affairs.channels import CHANNEL
from services.teams.domain.affairs.entries import EntryVoided, VoidEntry
from services.teams.domain.affairs.partners import ENGAGEMENT, PARTNER
from services.teams.domain.affairs.plans import PLAN
from services.teams.domain.affairs.policies import POLICY
from services.teams.domain.affairs.records import Affair
from services.teams.domain.affairs.regulations import REGULATION
from services.teams.domain.affairs.tasks import TASK

AFFAIRS: Mapping[str, Affair] = {
    affair.word: affair for affair in (REGULATION, PLAN, TASK, CHANNEL, PARTNER, ENGAGEMENT, BODY, ROLE, POLICY)
}
"""Word → affair. The word begins its streams."""

OF_COMMAND: Mapping[type, Affair] = {command: affair for affair in AFFAIRS.values() for command in affair.commands}
AFFAIR_OF_EVENT: Mapping[type, Affair] = {
    event: affair for affair in AFFAIRS.values() for event in affair.commands.values()
}

COMMANDS: tuple[type, ...] = (*OF_COMMAND, VoidEntry)
EVENTS: tuple[type, ...] = (*AFFAIR_OF_EVENT, EntryVoided)


def affair_of(command: Any) -> Affair:
    return AFFAIRS[command.affair] if isinstance(command, VoidEntry) else OF_COMMAND[type(command)]


def stream_of(command: Any) -> str:
    """The stream of the record that a command opens or changes."""
    affair = affair_of(command)
    return affair.stream(command.record_id) if isinstance(command, VoidEntry) else affair.stream_of(command)


def key_of(command: Any) -> str:
    """The field that names it."""
    return "record_id" if isinstance(command, VoidEntry) else affair_of(command).key


def streams(command: Any) -> tuple[str, ...]:
    return records.streams(affair_of(command), command)


def decide(command: Any, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    return records.decide(affair_of(command), command, states)


evolve = records.evolve
