"""Unique persons and attendances of any period as sums, against a naive recount, whatever happens in whatever order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ops.verify.training import TrainingFacts
from services.reporting.domain import FIGURES, Tally, count
from services.training.domain import TRAINING
from services.training.domain.attendance import AttendanceRecorded, RecordAttendance
from services.training.domain.corrections import (
    AttendanceCorrected,
    AttendanceVoided,
    CorrectAttendance,
    VoidAttendance,
)
from services.training.domain.joining import JoinRecords, RecordsJoined, RecordsSeparated, SeparateRecords
from services.training.domain.sessions import SessionPart, SessionScheduled, session_stream
from services.training.domain.words import CorrectionReason, Mode, Organiser, Part
from shared.testing import Spec

START = date(2026, 1, 1)
DAYS = [START + timedelta(days=n) for n in range(4)]
PARTS = (Part.MORNING, Part.AFTERNOON)
SESSION = SessionScheduled(
    "s", "c", "u", Organiser.MINISTRY, Mode.ONLINE, tuple(SessionPart(day, part) for day in DAYS for part in PARTS)
)
WHY = CorrectionReason.TYPO

Key = tuple[date, Part]
people, units = st.sampled_from("abc"), st.sampled_from(["x", "y"])
keys = st.sampled_from([(DAYS[0], Part.MORNING), *((day, Part.AFTERNOON) for day in DAYS)])
recordings = st.tuples(st.just("record"), people, keys, units)
happenings = st.lists(
    recordings
    | recordings
    | st.tuples(st.just("void"), people, keys)
    | st.tuples(st.just("correct"), people, keys, keys, units)
    | st.tuples(st.just("join"), people, people)
    | st.tuples(st.just("separate"), people),
    min_size=12,
    max_size=30,
)
periods = st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map(sorted)


@dataclass
class Naive:
    """Each human being's rows (id, key, unit) in the order in which they came to it."""

    rows: dict[str, list[tuple[str, Key, str]]] = field(default_factory=lambda: {person: [] for person in "abc"})
    parents: dict[str, str] = field(default_factory=dict)

    def root(self, person: str) -> str:
        return self.root(self.parents[person]) if person in self.parents else person

    def tell(self, what: str, person: str, *said: Any) -> None:
        getattr(self, what)(person, *said)

    def record(self, person: str, key: Key, unit: str) -> None:
        mine = self.rows[self.root(person)]
        if not any(row[:2] == (person, key) for row in mine):
            mine.append((person, key, unit))

    def void(self, person: str, key: Key) -> None:
        root = self.root(person)
        self.rows[root] = [row for row in self.rows[root] if row[1] != key]

    def correct(self, person: str, key: Key, right: Key, unit: str) -> None:
        mine = self.rows[self.root(person)]
        at = next((n for n, row in enumerate(mine) if row[1] == key), None)
        if at is None or (right != key and any(row[1] == right for row in mine)):
            return
        if mine[at][1:] == (right, unit):
            return  # nothing was wrong
        corrected = (mine[at][0], right, unit)
        if right == key:
            mine[at] = corrected
        else:
            mine.append(corrected)
        doubles = [n for n, row in enumerate(mine) if row[1] == key and (n != at or right != key)]
        for n in reversed(doubles):
            del mine[n]

    def join(self, person: str, duplicate: str) -> None:
        if duplicate not in self.parents and self.root(person) != duplicate:
            self.rows[self.root(person)] += self.rows.pop(duplicate)
            self.parents[duplicate] = person

    def separate(self, duplicate: str) -> None:
        if duplicate in self.parents:
            mine = self.rows.pop(self.root(duplicate))
            root = self.root(self.parents.pop(duplicate))
            self.rows[duplicate] = [row for row in mine if self.root(row[0]) == duplicate]
            self.rows[root] = [row for row in mine if self.root(row[0]) == root]

    def unique(self, first: date, last: date) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for rows in self.rows.values():
            days = [(key[0], unit) for _, key, unit in rows if first <= key[0] <= last]
            if days:
                found[min(days, key=lambda told: told[0])[1]] += 1
        return found

    def attendances(self, first: date, last: date) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for rows in self.rows.values():
            told: dict[Key, str] = {}
            for _, key, unit in rows:
                told.setdefault(key, unit)
            for (day, _), unit in told.items():
                found[unit] += first <= day <= last
        return {unit: n for unit, n in found.items() if n}


def command(parents: dict[str, str], what: str, person: str, *said: Any) -> Any:
    match what, said:
        case "record", ((day, part), unit):
            return RecordAttendance(person, "s", unit, day, DAYS[-1], part)
        case "void", ((day, part),):
            return VoidAttendance(person, "s", day, part, WHY)
        case "correct", ((day, part), (right_day, right_part), unit):
            return CorrectAttendance(person, "s", day, part, WHY, DAYS[-1], unit, right_day, right_part)
        case "join", (duplicate,):
            return JoinRecords(person, duplicate)
        case _:
            return SeparateRecords(parents.get(person, "nobody"), person)


def tell(history: Iterable[Any]) -> tuple[list[Any], Naive]:
    """The events, and the naive model of the same happenings."""
    stored, naive = happened(history)
    return [event for _, event in stored], naive


def happened(history: Iterable[Any]) -> tuple[list[tuple[str, Any]], Naive]:
    spec, naive = Spec(TRAINING).given((session_stream("s"), SESSION)), Naive()
    events: list[tuple[str, Any]] = []
    for happening in history:
        spec.when(command(naive.parents, *happening))
        if spec.rejection is None:
            events += spec.events
        naive.tell(*happening)
    return events, naive


def unique(events: list[Any], first: date, last: date) -> dict[str, int]:
    """What a reader computes: it only adds."""
    counted: dict[str, int] = defaultdict(int)
    for event in events:
        for link in getattr(event, "reach", ()):
            if first <= link.day <= last and (link.previous_day is None or link.previous_day < first):
                counted[link.unit_id] += link.n
    return {unit: n for unit, n in counted.items() if n}


def attendances(events: list[Any], first: date, last: date) -> dict[str, int]:
    counted: Counter[tuple[str, date]] = Counter()
    for event in events:
        more, fewer = changes(event)
        counted.update((each.unit_id, each.day) for each in more)
        counted.subtract(Counter((each.unit_id, each.day) for each in fewer))
    found: dict[str, int] = defaultdict(int)
    for (unit, day), n in counted.items():
        assert n >= 0
        found[unit] += n if first <= day <= last else 0
    return {unit: n for unit, n in found.items() if n}


def changes(event: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    match event:
        case AttendanceRecorded():
            return [event], []
        case AttendanceVoided():
            return [], [event.before]
        case AttendanceCorrected():
            return [event.after], [event.before]
        case RecordsJoined():
            return [], event.removed
        case RecordsSeparated():
            return event.added, []
    return [], []


AFTERNOON = (DAYS[1], Part.AFTERNOON)
CORRECTED_TO_WHAT_IT_WAS = [
    ("join", "a", "b"),
    ("record", "a", AFTERNOON, "x"),
    ("record", "b", AFTERNOON, "x"),
    ("correct", "a", AFTERNOON, AFTERNOON, "x"),
    ("separate", "b"),
]


@settings(max_examples=250, deadline=None)
@given(happenings, periods)
@example(CORRECTED_TO_WHAT_IT_WAS, DAYS[:2])
def test_unique_persons_and_attendances_of_a_period_are_sums(history: list[Any], period: list[date]) -> None:
    """Per unit: a person counts in the unit of the first day in the period. So units add up to the nation."""
    events, naive = tell(history)
    first, last = period
    assert unique(events, first, last) == naive.unique(first, last)
    assert attendances(events, first, last) == naive.attendances(first, last)


@settings(deadline=None)
@given(st.lists(recordings, unique_by=lambda told: told[1:3]), st.randoms())
def test_the_order_of_arrival_does_not_change_the_nation(history: list[Any], random: Random) -> None:
    shuffled = list(history)
    random.shuffle(shuffled)

    def chain(events: list[Any]) -> dict[tuple[date, date | None], int]:
        links: dict[tuple[date, date | None], int] = defaultdict(int)
        for event in events:
            for link in getattr(event, "reach", ()):
                links[link.day, link.previous_day] += link.n
        return {link: n for link, n in links.items() if n}

    assert chain(tell(history)[0]) == chain(tell(shuffled)[0])


@settings(deadline=None)
@given(st.lists(recordings))
def test_sent_twice_nothing_changes(history: list[Any]) -> None:
    assert tell([*history, *history])[0] == tell(history)[0]


@settings(deadline=None)
@given(happenings, people, people)
def test_joined_and_separated_again_is_as_before(history: list[Any], person: str, duplicate: str) -> None:
    before, naive = tell(history)
    if duplicate in naive.parents or naive.root(person) == duplicate:
        return
    after, _ = tell([*history, ("join", person, duplicate), ("separate", duplicate)])
    for first in DAYS:
        assert unique(after, first, DAYS[-1]) == unique(before, first, DAYS[-1])
        assert attendances(after, first, DAYS[-1]) == attendances(before, first, DAYS[-1])


@settings(deadline=None)
@given(happenings, periods)
def test_reporting_and_the_recount_of_verify_follow(history: list[Any], period: list[date]) -> None:
    stored, naive = happened(history)
    facts, tally, (first, last) = TrainingFacts(), Tally(), period
    for stream, event in stored:
        data = msgspec.to_builtins(event)
        count(tally, type(event).__name__, data)
        if stream.startswith("trainee:"):
            facts.tell(stream, type(event).__name__, data)
    told = [each for each in facts.attendances() if first <= each.day <= last]
    assert Counter(each.unit_id for each in told) == naive.attendances(first, last)
    assert len({each.human for each in told}) == sum(naive.unique(first, last).values())

    def within(day: str) -> bool:
        return first.isoformat() <= day <= last.isoformat()

    reached: Counter[str] = Counter()
    for (unit, _, day, previous), n in tally.reached.items():
        reached[unit] += n if within(day) and not within(previous) else 0
    attended: Counter[str] = Counter()
    for (unit, day), row in tally.figures.items():
        attended[unit] += row[FIGURES.index("attendances")] if within(day) else 0
        reached[unit] += row[FIGURES.index("first_persons")] if within(day) else 0
    assert attended + Counter() == Counter(naive.attendances(first, last))
    assert reached + Counter() == Counter(naive.unique(first, last))
