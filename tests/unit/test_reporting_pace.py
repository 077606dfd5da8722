"""How far a campaign has come, and where its pace leads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.pace import Pace, Span, pace, percent

WEEK = Span(date(2026, 11, 23), date(2026, 11, 29))
MONDAY = datetime(2026, 11, 22, 17, tzinfo=UTC)
"""Midnight in Viet Nam."""


@pytest.mark.parametrize(
    ("hours", "elapsed"), [(-30, 0.0), (0, 0.0), (12, 0.5), (36, 1.5), (7 * 24, 7.0), (9 * 24, 7.0)]
)
def test_days_go_by_in_viet_nam(hours: int, elapsed: float) -> None:
    assert WEEK.days == 7 and WEEK.elapsed(MONDAY + timedelta(hours=hours)) == elapsed


@pytest.mark.parametrize(
    ("done", "target", "elapsed", "expected"),
    [
        (0, 100, 0.0, Pace(None, None, None)),
        (3, 100, 0.03, Pace(None, None, None)),
        (0, 100, 1.0, Pace(0.0, 0, None)),
        (20, 100, 1.0, Pace(20.0, 140, date(2026, 11, 27))),
        (20, 100, 2.0, Pace(10.0, 70, date(2026, 12, 2))),
        (20, None, 2.0, Pace(10.0, 70, None)),
        (120, 100, 2.0, Pace(60.0, 420, None)),
        (50, 100, 7.0, Pace(7.1, 50, None)),
        (1, 1_000_000, 7.0, Pace(0.1, 1, None)),
        (1, 1_000_000, 6.9, Pace(0.1, 1, None)),
        (-2, 100, 1.0, Pace(-2.0, -2, None)),
    ],
)
def test_pace_and_where_it_leads(done: int, target: int | None, elapsed: float, expected: Pace) -> None:
    assert pace(done, target, WEEK, elapsed) == expected


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.floats(1 / 24, 6.99))
def test_a_target_is_reached_within_the_days_exactly_if_the_projection_says_so(
    done: int, target: int, elapsed: float
) -> None:
    found = pace(done, target, WEEK, elapsed)
    assert found.projected is not None and found.projected >= done
    if done < target and found.reached_on is not None and abs(done / elapsed * 7 - target) > 1:
        assert (found.reached_on <= WEEK.last) == (found.projected >= target)


def test_percent_of_no_target_is_not_known() -> None:
    assert (percent(5, None), percent(5, 20), percent(1, 3)) == (None, 25.0, 33.3)
