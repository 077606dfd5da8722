"""The life of a campaign."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from uuid import UUID

import pytest

from services.visits.domain.campaign import (
    CAMPAIGNS,
    CampaignCancelled,
    CampaignChanged,
    CampaignClosed,
    CampaignOpened,
    CampaignScheduled,
    CancelCampaign,
    Cancelled,
    ChangeCampaign,
    CloseCampaign,
    Closed,
    Open,
    OpenCampaign,
    Plan,
    ScheduleCampaign,
    Scheduled,
    SkillTarget,
    Targets,
    UnitTargets,
    campaign_stream,
)
from services.visits.domain.vocabulary import Skill
from shared.decider import Personal
from shared.testing import Spec

ID = UUID(int=5)
STREAM = campaign_stream(ID)
SUNDAY, MONDAY = date(2026, 10, 11), date(2026, 10, 12)
PLAN = Plan(
    "Ngày chủ nhật số",
    SUNDAY,
    SUNDAY,
    ("tinh-1",),
    Targets(visits=1000, covered=(SkillTarget(Skill.PUBLIC_SERVICES, 200),)),
    (UnitTargets("xa-1", Targets(households=50)),),
)
CONTENT = (PLAN.name, PLAN.first_day, PLAN.last_day, PLAN.unit_ids, PLAN.targets, PLAN.unit_targets)
SCHEDULED = (STREAM, CampaignScheduled(ID, *CONTENT))
OPENED = (STREAM, CampaignOpened(ID, SUNDAY))
CLOSED = (STREAM, CampaignClosed(ID, MONDAY))
CANCELLED = (STREAM, CampaignCancelled(ID, Personal(None)))
SCHEDULE, CANCEL = ScheduleCampaign(ID, PLAN), CancelCampaign(ID, Personal("bão"))


def test_schedule() -> None:
    spec = Spec(CAMPAIGNS).when(SCHEDULE).then(SCHEDULED)
    assert spec.state(STREAM) == Scheduled(PLAN)


def test_a_unit_named_twice_is_one() -> None:
    Spec(CAMPAIGNS).when(ScheduleCampaign(ID, replace(PLAN, unit_ids=("tinh-1", "tinh-1")))).then(SCHEDULED)


@pytest.mark.parametrize(
    ("plan", "code", "pointer"),
    [
        (replace(PLAN, last_day=date(2026, 10, 10)), "days-reversed", "/last_day"),
        (replace(PLAN, unit_targets=PLAN.unit_targets * 2), "targets-twice", "/unit_targets/1/unit_id"),
        (replace(PLAN, targets=Targets(covered=PLAN.targets.covered * 2)), "skill-twice", "/targets/covered"),
        (
            replace(PLAN, unit_targets=(UnitTargets("xa-1", Targets(covered=PLAN.targets.covered * 2)),)),
            "skill-twice",
            "/unit_targets/0/covered",
        ),
    ],
)
def test_plans_that_cannot_be_meant_are_refused(plan: Plan, code: str, pointer: str) -> None:
    for spec in (
        Spec(CAMPAIGNS).when(ScheduleCampaign(ID, plan)),
        Spec(CAMPAIGNS).given(SCHEDULED).when(ChangeCampaign(ID, plan)),
    ):
        spec.then_rejected(code)
        assert spec.rejection is not None and spec.rejection.pointer == pointer


def test_a_plan_may_change_before_and_after_the_opening() -> None:
    longer = replace(PLAN, last_day=MONDAY)
    changed = (STREAM, CampaignChanged(ID, longer.name, SUNDAY, MONDAY, *CONTENT[3:]))
    planned = Spec(CAMPAIGNS).given(SCHEDULED).when(ChangeCampaign(ID, longer)).then(changed)
    opened = Spec(CAMPAIGNS).given(SCHEDULED, OPENED).when(ChangeCampaign(ID, longer)).then(changed)
    assert (planned.state(STREAM), opened.state(STREAM)) == (Scheduled(longer), Open(longer))


def test_the_same_plan_is_no_change() -> None:
    Spec(CAMPAIGNS).given(SCHEDULED).when(ChangeCampaign(ID, PLAN)).then()


def test_open_and_close() -> None:
    spec = Spec(CAMPAIGNS).given(SCHEDULED).when(OpenCampaign(ID, SUNDAY)).then(OPENED)
    assert spec.state(STREAM) == Open(PLAN)
    spec.when(OpenCampaign(ID, MONDAY)).then().when(CloseCampaign(ID, MONDAY)).then(CLOSED)
    assert spec.state(STREAM) == Closed(PLAN)
    spec.when(CloseCampaign(ID, MONDAY)).then()


def test_what_was_not_opened_is_not_closed() -> None:
    Spec(CAMPAIGNS).given(SCHEDULED).when(CloseCampaign(ID, MONDAY)).then_rejected("campaign-not-open")


@pytest.mark.parametrize("begun", [(SCHEDULED,), (SCHEDULED, OPENED)])
def test_cancel(begun: tuple[tuple[str, CampaignScheduled], ...]) -> None:
    spec = Spec(CAMPAIGNS).given(*begun).when(CANCEL).then((STREAM, CampaignCancelled(ID, Personal("bão"))))
    assert spec.state(STREAM) == Cancelled(PLAN)
    spec.when(CANCEL).then()


@pytest.mark.parametrize("end", [CLOSED, CANCELLED])
def test_what_is_over_stays_over(end: tuple[str, CampaignClosed | CampaignCancelled]) -> None:
    commands = (ChangeCampaign(ID, PLAN), OpenCampaign(ID, MONDAY), CloseCampaign(ID, MONDAY), CANCEL)
    over = Spec(CAMPAIGNS).given(SCHEDULED, OPENED, end)
    state = over.state(STREAM)
    for command in commands:
        over.when(command)
        if over.rejection is None:
            over.then()
        else:
            over.then_rejected("campaign-over")
    assert over.state(STREAM) == state


@pytest.mark.parametrize(
    "command", [ChangeCampaign(ID, PLAN), OpenCampaign(ID, SUNDAY), CloseCampaign(ID, SUNDAY), CANCEL]
)
def test_what_was_never_scheduled_is_unknown(command: ChangeCampaign) -> None:
    Spec(CAMPAIGNS).when(command).then_rejected("unknown-campaign")


def test_targets_may_be_absent() -> None:
    assert asdict(Targets()) == {"visits": None, "households": None, "covered": ()}
