"""Calendars: every day in exactly one period, and the days that decree 09/2019/NĐ-CP names."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.periods import CALENDARS, Step, period, periods, previous, same_part
from services.reporting.sums_sql import months_and_days, split_months

CALENDAR, ADMINISTRATIVE = CALENDARS["calendar"], CALENDARS["administrative"]
days = st.dates(date(2022, 1, 1), date(2035, 12, 31))
calendars = st.sampled_from([CALENDAR, ADMINISTRATIVE])
steps = st.sampled_from(list(Step))


@pytest.mark.parametrize(
    ("day", "step", "first", "last", "name"),
    [
        ("2026-11-14", Step.MONTH, "2026-10-15", "2026-11-14", "2026-11"),
        ("2026-11-15", Step.MONTH, "2026-11-15", "2026-12-14", "2026-12"),
        ("2026-12-15", Step.MONTH, "2026-12-15", "2027-01-14", "2027-01"),
        ("2026-03-14", Step.QUARTER, "2025-12-15", "2026-03-14", "2026-Q1"),
        ("2026-03-15", Step.QUARTER, "2026-03-15", "2026-06-14", "2026-Q2"),
        ("2025-12-15", Step.YEAR, "2025-12-15", "2026-12-14", "2026"),
        ("2026-12-14", Step.YEAR, "2025-12-15", "2026-12-14", "2026"),
    ],
)
def test_administrative_periods_end_on_the_14th(day, step, first, last, name):
    found = period(date.fromisoformat(day), step, ADMINISTRATIVE)
    assert (found.first.isoformat(), found.last.isoformat(), found.name) == (first, last, name)


@pytest.mark.parametrize(
    ("day", "step", "first", "last", "name"),
    [
        ("2024-02-29", Step.MONTH, "2024-02-01", "2024-02-29", "2024-02"),
        ("2026-12-31", Step.QUARTER, "2026-10-01", "2026-12-31", "2026-Q4"),
        ("2026-11-28", Step.WEEK, "2026-11-23", "2026-11-29", "2026-W48"),
        ("2027-01-01", Step.WEEK, "2026-12-28", "2027-01-03", "2026-W53"),
    ],
)
def test_calendar_periods(day, step, first, last, name):
    found = period(date.fromisoformat(day), step, CALENDAR)
    assert (found.first.isoformat(), found.last.isoformat(), found.name) == (first, last, name)


@given(days, st.integers(0, 800), steps, calendars)
def test_every_day_lies_in_one_period(first, length, step, calendar):
    last = first + timedelta(days=length)
    found = list(periods(first, last, step, calendar))
    assert [each.first for each in found] == [first, *(each.last + timedelta(days=1) for each in found[:-1])]
    assert found[-1].last == last
    assert all(each.whole for each in found[1:-1])
    assert len({each.name for each in found}) == len(found)
    assert {period(each.first, step, calendar).name for each in found} == {each.name for each in found}


@given(days, steps, calendars)
def test_a_period_is_the_same_from_each_of_its_days(day, step, calendar):
    found = period(day, step, calendar)
    assert found.first <= day <= found.last
    assert found == period(found.first, step, calendar) == period(found.last, step, calendar)


@pytest.mark.parametrize(
    ("first", "last", "calendar", "expected"),
    [
        ("2026-10-01", "2026-12-31", CALENDAR, ("2026-07-01", "2026-09-30")),
        ("2026-02-01", "2026-02-28", CALENDAR, ("2026-01-01", "2026-01-31")),
        ("2026-01-01", "2026-06-30", CALENDAR, ("2025-07-01", "2025-12-31")),
        ("2025-12-15", "2026-12-14", ADMINISTRATIVE, ("2024-12-15", "2025-12-14")),
        ("2026-11-10", "2026-11-19", CALENDAR, ("2026-10-31", "2026-11-09")),
    ],
)
def test_what_a_period_is_compared_with(first, last, calendar, expected):
    found = previous(date.fromisoformat(first), date.fromisoformat(last), calendar)
    assert tuple(day.isoformat() for day in found) == expected


@pytest.mark.parametrize(
    ("first", "last", "calendar", "expected"),
    [
        ("2026-01-01", "2026-11-28", CALENDAR, ("2025-01-01", "2025-11-28")),
        ("2026-01-01", "2026-06-30", CALENDAR, ("2025-01-01", "2025-06-30")),
        ("2024-01-01", "2024-02-29", CALENDAR, ("2023-01-01", "2023-02-28")),
        ("2026-01-01", "2026-12-31", CALENDAR, ("2025-01-01", "2025-12-31")),
        ("2025-01-01", "2026-11-28", CALENDAR, ("2023-01-01", "2024-11-28")),
        ("2026-10-01", "2026-11-28", CALENDAR, ("2026-07-01", "2026-08-28")),
        ("2026-03-01", "2026-03-30", CALENDAR, ("2026-02-01", "2026-02-28")),
        ("2026-11-01", "2026-11-30", CALENDAR, ("2026-10-01", "2026-10-31")),
        ("2025-12-15", "2026-11-28", ADMINISTRATIVE, ("2024-12-15", "2025-11-28")),
        ("2026-11-15", "2026-11-28", ADMINISTRATIVE, ("2026-10-15", "2026-10-28")),
        ("2026-11-10", "2026-11-19", CALENDAR, ("2026-10-31", "2026-11-09")),
        ("2026-11-01", "2026-11-01", CALENDAR, ("2026-10-31", "2026-10-31")),
    ],
)
def test_what_is_still_running_is_compared_with_the_same_part_of_what_was_before(first, last, calendar, expected):
    found = previous(date.fromisoformat(first), date.fromisoformat(last), calendar, running=True)
    assert tuple(day.isoformat() for day in found) == expected


@given(days, st.integers(0, 800), calendars)
def test_the_part_before_is_never_longer_than_its_period_and_lies_before_this_one(first, length, calendar):
    begin, end = previous(first, first + timedelta(days=length), calendar, running=True)
    assert begin <= end < first


@given(days, steps, calendars, st.integers(0, 400))
def test_the_same_part_of_the_period_before_begins_with_it_and_ends_within_it(day, step, calendar, gone):
    now = period(day, step, calendar)
    before = period(now.first - timedelta(days=1), step, calendar)
    until = min(now.first + timedelta(days=gone), now.last)
    end = same_part(before, until, step, calendar)
    assert before.first <= end <= before.last
    assert (end == before.last) >= (until == now.last)
    assert abs((end - before.first).days - (until - now.first).days) <= 3 or end == before.last


@given(days, st.integers(0, 800), calendars)
def test_the_previous_period_ends_where_this_one_begins(first, length, calendar):
    begin, end = previous(first, first + timedelta(days=length), calendar)
    assert begin <= end == first - timedelta(days=1)


@given(st.lists(st.dates(), max_size=4), st.lists(st.dates(), max_size=4), st.dates())
def test_a_month_that_is_not_split_lies_on_one_side_of_every_day(
    firsts: list[date], lasts: list[date], day: date
) -> None:
    split = split_months(firsts, lasts)
    for month in {each.replace(day=1) for each in (*firsts, *lasts, day)} - set(split):
        end = month.replace(day=monthrange(month.year, month.month)[1])
        assert all((month >= first) == (end >= first) for first in firsts)
        assert all((month <= last) == (end <= last) for last in lasts)
    assert split == sorted(set(split)) and all(month.day == 1 for month in split)
    assert len(split) <= len({each.replace(day=1) for each in (*firsts, *lasts)})


def test_whole_months_are_not_split() -> None:
    assert split_months([date(2026, 1, 1), date.min], [date(2026, 2, 28), date(2028, 2, 29), date.max]) == []
    assert split_months([date(2026, 1, 2)], [date(2028, 2, 28), date(2026, 1, 30)]) == [
        date(2026, 1, 1),
        date(2028, 2, 1),
    ]


@given(st.lists(days, min_size=1, max_size=4, unique=True).map(sorted), days, st.integers(1, 800))
def test_months_and_single_days_together_hold_whoever_was_met_before_the_period(
    firsts: list[date], day: date, ago: int
) -> None:
    of, last_met = months_and_days(firsts), day - timedelta(days=ago)
    for n, first in enumerate(firsts):
        if day < first:
            continue
        by_month = last_met.replace(day=1) < of["months_until"][n]
        by_day = of["signs"][n] * (of["days_from"][n] <= last_met < of["days_until"][n])
        assert by_month + by_day == (last_met < first)
        assert (of["days_until"][n] - of["days_from"][n]).days <= 15
        assert not by_day or last_met.replace(day=1) in of["cut_months"]


def test_a_period_that_begins_with_a_month_needs_no_single_days() -> None:
    of = months_and_days([date(2026, 2, 1), date(2028, 2, 16), date(2028, 2, 15)])
    assert of["days_from"] == [date(2026, 2, 1), date(2028, 2, 16), date(2028, 2, 1)]
    assert of["days_until"] == [date(2026, 2, 1), date(2028, 3, 1), date(2028, 2, 15)]
    assert of["months_until"] == [date(2026, 2, 1), date(2028, 3, 1), date(2028, 2, 1)]
    assert of["signs"] == [1, -1, 1] and of["cut_months"] == [date(2028, 2, 1), date(2028, 2, 1)]
