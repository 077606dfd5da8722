"""Unique persons of any period as a sum, against a naive recount."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.training.domain import TRAINING
from services.training.domain.attendance import AttendanceRecorded, RecordAttendance
from services.training.domain.sessions import SessionPart, SessionScheduled, session_stream
from services.training.domain.words import Mode, Organiser, Part
from shared.testing import Spec

START = date(2026, 1, 1)
DAYS = [START + timedelta(days=n) for n in range(8)]
PARTS = (Part.MORNING, Part.AFTERNOON)
SESSION = SessionScheduled(
    "s", "c", "u", Organiser.MINISTRY, Mode.ONLINE, tuple(SessionPart(day, part) for day in DAYS for part in PARTS)
)

Attendance = tuple[str, date, Part, str]
attendances = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(DAYS), st.sampled_from(PARTS), st.sampled_from(["x", "y"])),
    unique_by=lambda a: a[:3],
)
periods = st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map(sorted)


def record(history: list[Attendance]) -> list[AttendanceRecorded]:
    spec = Spec(TRAINING).given((session_stream("s"), SESSION))
    recorded: list[AttendanceRecorded] = []
    for person, day, part, unit in history:
        spec.when(RecordAttendance(person, "s", unit, day, DAYS[-1], part))
        recorded += [event for _, event in spec.events if isinstance(event, AttendanceRecorded)]
    return recorded


def unique(events: list[AttendanceRecorded], first: date, last: date) -> dict[str, int]:
    """What a reader computes: it only adds."""
    counted: dict[str, int] = defaultdict(int)
    for event in events:
        for link in event.reach:
            if first <= link.day <= last and (link.previous_day is None or link.previous_day < first):
                counted[link.unit_id] += link.n
    return {unit: n for unit, n in counted.items() if n}


@given(attendances, periods)
def test_unique_persons_of_a_period_are_a_sum(history: list[Attendance], period: list[date]) -> None:
    first, last = period
    counted = unique(record(history), first, last)
    assert sum(counted.values()) == len({person for person, day, _, _ in history if first <= day <= last})


@given(attendances, periods)
def test_a_person_counts_in_the_unit_of_the_first_day_in_the_period(
    history: list[Attendance], period: list[date]
) -> None:
    """On each day, the unit of the attendance recorded first: whole persons, so that units add up to the nation."""
    first, last = period
    where: dict[tuple[str, date], str] = {}
    for person, day, _, unit in history:
        where.setdefault((person, day), unit)
    expected: dict[str, int] = defaultdict(int)
    for person in {p for p, day in where if first <= day <= last}:
        expected[where[person, min(day for p, day in where if p == person and first <= day <= last)]] += 1
    assert unique(record(history), first, last) == expected


@given(attendances, st.randoms())
def test_the_order_of_arrival_does_not_change_the_nation(history: list[Attendance], random: Random) -> None:
    shuffled = list(history)
    random.shuffle(shuffled)

    def chain(events: list[AttendanceRecorded]) -> dict[tuple[date, date | None], int]:
        links: dict[tuple[date, date | None], int] = defaultdict(int)
        for event in events:
            for link in event.reach:
                links[link.day, link.previous_day] += link.n
        return {link: n for link, n in links.items() if n}

    assert chain(record(history)) == chain(record(shuffled))


@given(attendances)
def test_sent_twice_nothing_changes(history: list[Attendance]) -> None:
    assert record([*history, *history]) == record(history)
