"""Campaign windows."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from uuid import UUID

from services.visits.domain import (
    CAMPAIGNS,
    CampaignCancelled,
    CampaignScheduled,
    CancelCampaign,
    Cancelled,
    ScheduleCampaign,
    Scheduled,
    Targets,
    campaign_stream,
)
from shared.decider import Personal
from shared.testing import Spec

ID = UUID(int=5)
STREAM = campaign_stream(ID)
SUNDAY = date(2026, 10, 11)
SCHEDULE = ScheduleCampaign(ID, "Ngày chủ nhật số", SUNDAY, SUNDAY, ("tinh-1",), Targets(visits=1000))
SCHEDULED = CampaignScheduled(ID, "Ngày chủ nhật số", SUNDAY, SUNDAY, ("tinh-1",), Targets(visits=1000))
CANCEL = CancelCampaign(ID, Personal("bão"))


def test_schedule() -> None:
    spec = Spec(CAMPAIGNS).when(SCHEDULE).then((STREAM, SCHEDULED))
    assert spec.state(STREAM) == Scheduled(SCHEDULED)


def test_a_unit_named_twice_is_one() -> None:
    Spec(CAMPAIGNS).when(replace(SCHEDULE, unit_ids=("tinh-1", "tinh-1"))).then((STREAM, SCHEDULED))


def test_an_end_before_the_beginning_is_refused() -> None:
    Spec(CAMPAIGNS).when(replace(SCHEDULE, last_day=date(2026, 10, 10))).then_rejected("days-reversed")


def test_cancel() -> None:
    spec = (
        Spec(CAMPAIGNS).given((STREAM, SCHEDULED)).when(CANCEL).then((STREAM, CampaignCancelled(ID, Personal("bão"))))
    )
    assert spec.state(STREAM) == Cancelled(SCHEDULED)


def test_cancelling_twice_changes_nothing() -> None:
    Spec(CAMPAIGNS).given((STREAM, SCHEDULED), (STREAM, CampaignCancelled(ID, Personal(None)))).when(CANCEL).then()


def test_what_was_never_scheduled_cannot_be_cancelled() -> None:
    Spec(CAMPAIGNS).when(CANCEL).then_rejected("unknown-campaign")


def test_targets_may_be_absent() -> None:
    assert asdict(Targets()) == {"visits": None, "households": None}
