"""Pace and projection of a campaign, by the server's time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.visits.domain.pace import elapsed_days, per_day, projected

SUNDAY = date(2026, 11, 15)
MIDNIGHT = datetime(2026, 11, 14, 17, 0, tzinfo=UTC)
"""00:00 of that Sunday in Viet Nam."""


@pytest.mark.parametrize(
    ("hours", "elapsed"), [(-1, 0.0), (0, 0.0), (12, 0.5), (24, 1.0), (36, 1.5), (48, 2.0), (999, 2.0)]
)
def test_days_and_parts_of_days_in_viet_nam(hours: int, elapsed: float) -> None:
    assert elapsed_days(SUNDAY, SUNDAY + timedelta(1), MIDNIGHT + timedelta(hours=hours)) == elapsed


def test_nobody_can_tell_before_it_has_begun() -> None:
    assert (per_day(5, 0.0), projected(5, 0.0, 2)) == (None, None)
    assert (per_day(5, 0.02), projected(5, 0.02, 2)) == (None, None)


def test_half_way_it_will_be_twice_as_much() -> None:
    assert (per_day(60, 1.0), projected(60, 1.0, 2)) == (60.0, 120)
    assert projected(0, 1.0, 2) == 0


@given(st.integers(0, 10**7), st.integers(1, 60), st.floats(0, 60))
def test_a_projection_is_never_below_what_is_done_and_ends_there(done: int, days: int, elapsed: float) -> None:
    found = projected(done, min(elapsed, days), days)
    assert found is None or found >= done
    assert projected(done, float(days), days) == done
