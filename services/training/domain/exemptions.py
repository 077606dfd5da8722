"""Exemptions: a person need not follow a rule for some days. Stream ``exemption:<id>``. Private as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from services.training.domain.rules import rule_stream
from shared.decider import Rejected


class ExemptionReason(StrEnum):
    """Words that say nothing of anybody's health or family."""

    EQUIVALENT_TRAINING = "equivalent_training"
    ABSENT = "absent"
    LEAVING = "leaving"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ExemptPerson:
    """Until the day before ``until``; None: for as long as the rule holds."""

    exemption_id: str
    person_id: str
    rule_id: str
    since: date
    reason: ExemptionReason
    until: date | None = None


@dataclass(frozen=True, slots=True)
class EndExemption:
    """``effective`` is the first day on which the person is not exempt; the first day itself: it never was."""

    exemption_id: str
    effective: date


@dataclass(frozen=True, slots=True)
class PersonExempted:
    exemption_id: str
    person_id: str
    rule_id: str
    since: date
    reason: ExemptionReason
    until: date | None = None


@dataclass(frozen=True, slots=True)
class ExemptionEnded:
    exemption_id: str
    effective: date


@dataclass(frozen=True, slots=True)
class Exemption:
    """``given`` as it was given; ``until`` as it is now."""

    given: PersonExempted
    until: date | None


COMMANDS = (ExemptPerson, EndExemption)
EVENTS = (PersonExempted, ExemptionEnded)


def exemption_stream(exemption_id: str) -> str:
    return f"exemption:{exemption_id}"


def streams(command: ExemptPerson | EndExemption) -> tuple[str, ...]:
    own = exemption_stream(command.exemption_id)
    return (own, rule_stream(command.rule_id)) if isinstance(command, ExemptPerson) else (own,)


def decide(command: ExemptPerson | EndExemption, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    stream = exemption_stream(command.exemption_id)
    known: Exemption | None = states[stream]
    if isinstance(command, EndExemption):
        return [(stream, event) for event in _end(command, known)]
    given = PersonExempted(
        command.exemption_id, command.person_id, command.rule_id, command.since, command.reason, command.until
    )
    if known is not None:
        if known.given == given:
            return []
        raise Rejected("exemption-exists", "/exemption_id", exemption_id=command.exemption_id)
    if states[rule_stream(command.rule_id)] is None:
        raise Rejected("rule-unknown", "/rule_id", rule_id=command.rule_id)
    if command.until is not None and command.until <= command.since:
        raise Rejected("exemption-days-reversed", "/until", day=command.since)
    return [(stream, given)]


def _end(command: EndExemption, known: Exemption | None) -> Sequence[ExemptionEnded]:
    if known is None:
        raise Rejected("exemption-unknown", exemption_id=command.exemption_id)
    if known.until == command.effective:
        return []
    if known.until is not None and known.until < command.effective:
        raise Rejected("exemption-over", "/effective", day=known.until)
    if command.effective < known.given.since:
        raise Rejected("exemption-days-reversed", "/effective", day=known.given.since)
    return [ExemptionEnded(command.exemption_id, command.effective)]


def evolve(state: Any, event: Any) -> Any:
    if isinstance(event, PersonExempted):
        return Exemption(event, event.until)
    return replace(state, until=event.effective)
