"""Annual plans (*kế hoạch hằng năm*) of a team or a unit, with targets that can be measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.teams.domain.affairs.entries import Cited, MayCite, Noted, Owned
from services.teams.domain.affairs.records import Affair, States
from shared.decider import Rejected


@dataclass(frozen=True, slots=True)
class Target:
    """``indicator`` and ``measure`` (what it is counted in: ``household``, ``percent``…) are words."""

    indicator: str
    value: float
    measure: str


@dataclass(frozen=True, kw_only=True)
class AdoptPlan(Cited, Owned):
    plan_id: str
    year: int
    title: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, kw_only=True)
class RevisePlan(Cited):
    """The full new list of targets."""

    plan_id: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, kw_only=True)
class ReportTarget(MayCite):
    """What has been achieved by the ``effective`` day, in the target's measure. A later day's value replaces it."""

    plan_id: str
    indicator: str
    value: float


@dataclass(frozen=True, kw_only=True)
class WithdrawPlan(Cited):
    plan_id: str


@dataclass(frozen=True, kw_only=True)
class PlanAdopted(Noted, AdoptPlan):
    becomes = "adopted"


@dataclass(frozen=True, kw_only=True)
class PlanRevised(Noted, RevisePlan):
    becomes = "revised"


@dataclass(frozen=True, kw_only=True)
class TargetReported(Noted, ReportTarget):
    pass


@dataclass(frozen=True, kw_only=True)
class PlanWithdrawn(Noted, WithdrawPlan):
    becomes = "withdrawn"


def targets(facts: Sequence[Any]) -> tuple[Target, ...]:
    """The targets after these facts, in order."""
    lists = (fact.targets for fact in reversed(facts) if isinstance(fact, PlanAdopted | PlanRevised))
    return next(lists, ())


def _check(command: Any, states: States) -> None:
    if isinstance(command, AdoptPlan | RevisePlan):
        seen: set[str] = set()
        for n, target in enumerate(command.targets):
            if target.indicator in seen:
                raise Rejected("plan-indicator-twice", f"/targets/{n}/indicator", indicator=target.indicator)
            seen.add(target.indicator)


def _follows(before: Sequence[Any], fact: Any, number: int) -> None:
    if isinstance(fact, TargetReported) and fact.indicator not in {t.indicator for t in targets(before)}:
        raise Rejected("plan-indicator-unknown", "/indicator", fact=number, day=fact.effective)


PLAN = Affair(
    "plan",
    "plan_id",
    ("team", "unit"),
    opens={AdoptPlan: PlanAdopted},
    changes={RevisePlan: PlanRevised, ReportTarget: TargetReported},
    closes={WithdrawPlan: PlanWithdrawn},
    check=_check,
    follows=_follows,
)
