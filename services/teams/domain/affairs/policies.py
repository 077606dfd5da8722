"""Composition policies: how teams of an area should be made up, as dated data with its source.

What guidance and plans say differs by place and year: 3 members in the guidance of 2022, 5–7 in Ninh Bình and Chương
Mỹ, about 10 per commune and 5–6 per village in Thái Bình, 4–9 nationally. So a policy is a record like others; the
nearest area with one in force decides, and it only ever warns (``services.teams.domain.policy``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.teams.domain.affairs.entries import MayCite, Noted, Owned
from services.teams.domain.affairs.records import Affair, Record, States
from services.teams.domain.team.events import Role, TeamKind
from shared.decider import Rejected


@dataclass(frozen=True, slots=True)
class Rules:
    """Sizes count seats, both ends included. ``roles`` that must be filled; ``leaders`` and ``deputies``: affiliations
    one of which they have (none given: any); ``affiliations``: each must be in the team. Affiliations are words."""

    min_size: int | None = None
    max_size: int | None = None
    roles: tuple[Role, ...] = ()
    leaders: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()
    affiliations: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SetPolicy(MayCite, Owned):
    """For the teams of a kind in the unit and below it. ``source``: what law or plan says so, if no registered one."""

    policy_id: str
    team_kind: TeamKind
    rules: Rules
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReplacePolicy(MayCite):
    policy_id: str
    rules: Rules
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class EndPolicy(MayCite):
    policy_id: str


@dataclass(frozen=True, kw_only=True)
class PolicySet(Noted, SetPolicy):
    becomes = "in_force"


@dataclass(frozen=True, kw_only=True)
class PolicyReplaced(Noted, ReplacePolicy):
    becomes = "in_force"


@dataclass(frozen=True, kw_only=True)
class PolicyEnded(Noted, EndPolicy):
    becomes = "ended"


def team_kind(record: Record) -> TeamKind:
    """The kind of teams that a policy is for; it has not been taken back."""
    return next(fact.team_kind for fact in record.holding() if isinstance(fact, PolicySet))


def rules_by_day(record: Record) -> list[tuple[date, Rules | None]]:
    """The rules from each day on; None from the day it ended."""
    return [(fact.effective, getattr(fact, "rules", None)) for fact in record.holding()]


def _check(command: Any, states: States) -> None:
    if isinstance(command, EndPolicy):
        return
    if command.document_id is None and command.source is None:
        raise Rejected("policy-source-missing", "/source")
    rules = command.rules
    if rules.min_size is not None and rules.max_size is not None and rules.min_size > rules.max_size:
        raise Rejected("policy-sizes-reversed", "/rules/max_size", least=rules.min_size, most=rules.max_size)


POLICY = Affair(
    "policy",
    "policy_id",
    ("unit",),
    opens={SetPolicy: PolicySet},
    changes={ReplacePolicy: PolicyReplaced},
    closes={EndPolicy: PolicyEnded},
    check=_check,
)
