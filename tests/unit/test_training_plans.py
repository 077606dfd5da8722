"""Plans of training, and which reminders are due."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.training.domain import TRAINING
from services.training.domain.dues import Due, State
from services.training.domain.plans import (
    Measure,
    RevisePlan,
    SetPlan,
    Target,
    TrainingPlanRevised,
    TrainingPlanSet,
    TrainingPlanWithdrawn,
    WithdrawPlan,
)
from services.training.domain.reminders import IssueReminder, ReminderDue, ReminderKind
from services.training.domain.rules import Terms
from services.training.queries.obligations import InForce, Obligation
from services.training.reminding import kind_of
from shared.testing import Spec

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
TARGETS = (Target(Measure.PEOPLE, 500), Target(Measure.PEOPLE, 100, topic="policy"), Target(Measure.SESSIONS, 4))


def spec() -> Spec[object, object, object]:
    return Spec(TRAINING)


def test_a_plan_is_set_revised_and_withdrawn() -> None:
    plan = spec().when(SetPlan("p", "hn", FIRST, LAST, TARGETS))
    plan.then(("plan:p", TrainingPlanSet("p", "hn", FIRST, LAST, TARGETS)))
    plan.when(SetPlan("p", "hn", FIRST, LAST, TARGETS)).then()
    plan.when(SetPlan("p", "nb", FIRST, LAST, TARGETS)).then_rejected("plan-exists")
    plan.when(RevisePlan("p", TARGETS[:1])).then(("plan:p", TrainingPlanRevised("p", "hn", FIRST, TARGETS[:1])))
    plan.when(RevisePlan("p", TARGETS[:1])).then()
    plan.when(WithdrawPlan("p")).then(("plan:p", TrainingPlanWithdrawn("p", "hn", FIRST)))
    plan.when(WithdrawPlan("p")).then()
    plan.when(RevisePlan("p", TARGETS)).then_rejected("plan-withdrawn")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (SetPlan("p", "hn", LAST, FIRST, TARGETS), "plan-days-reversed"),
        (SetPlan("p", "hn", FIRST, LAST, (*TARGETS, TARGETS[1])), "plan-target-twice"),
        (RevisePlan("p", TARGETS), "plan-unknown"),
        (WithdrawPlan("p"), "plan-unknown"),
    ],
)
def test_what_a_plan_cannot_be(command: object, code: str) -> None:
    spec().when(command).then_rejected(code)


def test_a_reminder_is_issued_once_for_a_due_day_and_kind() -> None:
    first = IssueReminder("p", "r", "v", FIRST, ReminderKind.UPCOMING)
    again = IssueReminder("p", "r", "w", FIRST, ReminderKind.UPCOMING)
    assert first.command_id == again.command_id
    late = IssueReminder("p", "r", "v", FIRST, ReminderKind.OVERDUE)
    person = spec().when(first).then(("reminders:p", ReminderDue("p", "r", "v", FIRST, ReminderKind.UPCOMING)))
    person.when(again).then()
    person.when(late).then(("reminders:p", ReminderDue("p", "r", "v", FIRST, ReminderKind.OVERDUE)))


def test_which_reminder_is_due() -> None:
    def kind(due: Due, state: State, days: int) -> ReminderKind | None:
        rule = InForce("r", "vn", FIRST, Terms(due, topics=("policy",), remind_days=14))
        one = Obligation("p", "r", state, LAST, FIRST, None, "s", "t", "village", "member", "v")
        return kind_of(one, rule, LAST - timedelta(days))

    within, yearly = Due(within_days=90), Due(every_months=12)
    assert [kind(within, State.DUE, days) for days in (15, 14, 0)] == [None, "upcoming", "upcoming"]
    assert kind(within, State.OVERDUE, -1) is ReminderKind.OVERDUE
    assert kind(within, State.DONE, 3) is None
    assert kind(yearly, State.DONE, 3) is ReminderKind.UPCOMING
    assert kind(yearly, State.EXEMPT, 3) is None
