"""Rules of training as dated data: who in an area has to learn what until when. Stream ``rule:<id>``.

"Within 90 days of the appointment", "leaders every year": what plans and decisions say differs by place and year, so a
rule is set from a day on, replaced and ended by later ones, each with its source. A rule is for the seats whose unit
stands in its area on the day asked for (``services.training.queries.obligations``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from services.training.domain.dues import Due
from shared.decider import Rejected


class TeamKind(StrEnum):
    COMMUNE = "commune"
    VILLAGE = "village"


class Role(StrEnum):
    LEADER = "leader"
    DEPUTY = "deputy"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Terms:
    """Who: seats of teams of that kind and in these roles (None, none: all). What: sessions of these courses or about
    these topics; ``all_of_it``: each of them, else any one. ``counts_from``: earlier training does not count.

    With roles, days are counted from the day on which the person got its present role, else from the appointment; never
    from before the rule was first in force. ``remind_days``: so long before the due day a reminder is sent.
    """

    due: Due
    courses: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    all_of_it: bool = False
    team_kind: TeamKind | None = None
    roles: tuple[Role, ...] = ()
    counts_from: date | None = None
    remind_days: int = 14

    @property
    def items(self) -> tuple[str, ...]:
        return (*self.topics, *self.courses)

    def since(self, appointed: date, in_role: date, first: date) -> date:
        """The day from which days are counted; ``first``: that on which the rule was first in force."""
        return max(in_role if self.roles else appointed, first)

    def trained(self, learnt: Mapping[str, date]) -> date | None:
        """``learnt``: topic or course → the last day of training in it. The day on which the rule was met last."""
        days = [learnt[item] for item in self.items if item in learnt]
        if self.counts_from is not None:
            days = [day for day in days if day >= self.counts_from]
        if self.all_of_it:
            return min(days) if len(days) == len(self.items) else None
        return max(days, default=None)


@dataclass(frozen=True, kw_only=True)
class Based:
    """From that day on, because a registered document or a cited source says so."""

    rule_id: str
    effective: date
    document_id: str | None = None
    source: str | None = None


# --- commands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class SetRule(Based):
    unit_id: str
    terms: Terms


@dataclass(frozen=True, kw_only=True)
class ReplaceRule(Based):
    terms: Terms


@dataclass(frozen=True, kw_only=True)
class EndRule(Based):
    """``effective`` is the first day on which the rule does not hold."""


# --- events ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class RuleSet(SetRule):
    pass


@dataclass(frozen=True, kw_only=True)
class RuleReplaced(ReplaceRule):
    unit_id: str


@dataclass(frozen=True, kw_only=True)
class RuleEnded(EndRule):
    unit_id: str


# --- state and decisions -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """``told``: in the order of their days, which is that in which they were told."""

    set: RuleSet
    told: tuple[RuleSet | RuleReplaced | RuleEnded, ...]

    @property
    def ended(self) -> bool:
        return isinstance(self.told[-1], RuleEnded)


COMMANDS = (SetRule, ReplaceRule, EndRule)
EVENTS = (RuleSet, RuleReplaced, RuleEnded)


def rule_stream(rule_id: str) -> str:
    return f"rule:{rule_id}"


def streams(command: Based) -> tuple[str, ...]:
    return (rule_stream(command.rule_id),)


def decide(command: Based, states: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    stream = rule_stream(command.rule_id)
    rule: Rule | None = states[stream]
    if not isinstance(command, EndRule):
        _check(command)
    if isinstance(command, SetRule):
        event: RuleSet | RuleReplaced | RuleEnded = RuleSet(**_said(command))
        if rule is None:
            return [(stream, event)]
        if rule.set == event:
            return []
        raise Rejected("rule-exists", "/rule_id", rule_id=command.rule_id)
    if rule is None:
        raise Rejected("rule-unknown", rule_id=command.rule_id)
    kind = RuleReplaced if isinstance(command, ReplaceRule) else RuleEnded
    event = kind(**_said(command), unit_id=rule.set.unit_id)
    last = rule.told[-1]
    if event == last:
        return []
    if rule.ended:
        raise Rejected("rule-ended", rule_id=command.rule_id, day=last.effective)
    if event.effective <= last.effective:
        raise Rejected("rule-not-later", "/effective", day=last.effective)
    return [(stream, event)]


def _check(command: Any) -> None:
    terms: Terms = command.terms
    if command.document_id is None and not command.source:
        raise Rejected("rule-source-missing", "/source")
    if not (terms.courses or terms.topics):
        raise Rejected("rule-content-missing", "/topics")
    if terms.due.by is not None and terms.due.by < command.effective:
        raise Rejected("rule-due-before", "/due/by", day=command.effective)


def _said(command: Any) -> dict[str, Any]:
    return dict(vars(command))


def evolve(state: Any, event: Any) -> Any:
    if isinstance(event, RuleSet):
        return Rule(event, (event,))
    return replace(state, told=(*state.told, event))
