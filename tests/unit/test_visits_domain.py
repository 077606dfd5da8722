"""What a visit causes in its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.visits.domain import (
    ALL_SKILLS,
    PLACES,
    AgeBand,
    Covered,
    Flag,
    Learner,
    Level,
    Place,
    PlaceKind,
    PlaceRegistered,
    Reach,
    RecordVisit,
    RegisterPlace,
    Skill,
    SkillLevel,
    VisitRecorded,
    place_stream,
)
from services.visits.domain.reach import attained, covered_since
from shared.decider import Personal
from shared.testing import Spec

PLACE = UUID(int=1)
STREAM = place_stream(PLACE)
MONDAY = date(2026, 3, 2)


def learner(ref: str = "mother", **levels: Level) -> Learner:
    return Learner(ref, AgeBand.FROM_40_TO_59, tuple(SkillLevel(Skill(s), level) for s, level in levels.items()))


def visit(n: int, day: date = MONDAY, *learners: Learner, **other: Any) -> RecordVisit:
    said: dict[str, Any] = {
        "visit_id": UUID(int=n),
        "place_id": PLACE,
        "place_kind": PlaceKind.HOUSEHOLD,
        "unit_id": "thon-1",
        "day": day,
        "team_id": UUID(int=7),
        "member_ids": (UUID(int=70),),
        "learners": learners,
        "today": MONDAY + timedelta(days=30),
    }
    return RecordVisit(**said | other)


def place() -> Spec[Any, Any, Any]:
    return Spec(PLACES)


def recorded(spec: Spec[Any, Any, Any]) -> VisitRecorded:
    [(stream, event)] = spec.events
    assert stream == STREAM and isinstance(event, VisitRecorded)
    return event


def days(*numbers: int) -> list[date]:
    return [MONDAY + timedelta(days=n) for n in numbers]


# --- reach -----------------------------------------------------------------------------------------------------------


def test_the_first_visit_makes_the_place_and_reaches_it() -> None:
    event = recorded(place().when(visit(1)))
    assert event.reach == (Reach(MONDAY, None, 1),)
    assert (event.unit_id, event.place_kind, event.covered, event.flags) == ("thon-1", PlaceKind.HOUSEHOLD, (), ())


def test_a_second_visit_on_the_same_day_reaches_nobody_new() -> None:
    assert recorded(place().when(visit(1)).when(visit(2))).reach == ()


def test_a_late_visit_goes_between_its_neighbours() -> None:
    first, middle, last = days(0, 3, 9)
    event = recorded(place().when(visit(1, first)).when(visit(2, last)).when(visit(3, middle)))
    assert set(event.reach) == {Reach(middle, first, 1), Reach(last, first, -1), Reach(last, middle, 1)}


def test_a_late_visit_before_all_others() -> None:
    first, last = days(0, 3)
    event = recorded(place().when(visit(1, last)).when(visit(2, first)))
    assert set(event.reach) == {Reach(first, None, 1), Reach(last, None, -1), Reach(last, first, 1)}


# --- coverage --------------------------------------------------------------------------------------------------------


def test_covered_when_somebody_does_it_and_not_before() -> None:
    first, second = days(0, 1)
    spec = place().when(visit(1, first, learner(online_safety=Level.UNDERSTANDS)))
    assert recorded(spec).covered == ()
    spec.when(visit(2, second, learner(online_safety=Level.DOES)))
    assert recorded(spec).covered == (Covered("online_safety", second, 1),)


def test_a_second_person_who_does_it_changes_nothing() -> None:
    spec = place().when(visit(1, MONDAY, learner(online_safety=Level.DOES)))
    assert recorded(spec.when(visit(2, MONDAY, learner("father", online_safety=Level.DOES)))).covered == ()


def test_an_earlier_day_that_comes_late_moves_the_coverage() -> None:
    early, late = days(0, 5)
    spec = place().when(visit(1, late, learner(online_safety=Level.DOES)))
    spec.when(visit(2, early, learner(online_safety=Level.DOES)))
    assert recorded(spec).covered == (Covered("online_safety", late, -1), Covered("online_safety", early, 1))


def test_a_later_weaker_visit_takes_nothing_away() -> None:
    early, late = days(0, 5)
    spec = place().when(visit(1, early, learner(online_safety=Level.DOES)))
    spec.when(visit(2, late, learner(online_safety=Level.KNOWS)))
    assert recorded(spec).covered == ()
    assert attained(spec.state(STREAM).visits) == {"mother": {Skill.ONLINE_SAFETY: Level.DOES}}


def test_all_five_count_from_the_day_of_the_last_of_them() -> None:
    first, second = days(0, 1)
    four = {str(skill): Level.DOES for skill in list(Skill)[:4]}
    spec = place().when(visit(1, first, learner(**four)))
    assert [c.skill for c in recorded(spec).covered] == list(Skill)[:4]
    spec.when(visit(2, second, learner("child", local_platforms=Level.DOES)))
    assert recorded(spec).covered == (Covered("local_platforms", second, 1), Covered(ALL_SKILLS, second, 1))


Visits = list[tuple[int, tuple[tuple[int, Skill, Level], ...]]]
lessons = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(Skill), st.sampled_from(Level)), max_size=6, unique_by=lambda x: x[:2]
).map(tuple)
histories = st.lists(st.tuples(st.integers(0, 12), lessons), max_size=9)


@settings(deadline=None, max_examples=200)
@given(histories, st.randoms(use_true_random=False), st.integers(-1, 13), st.integers(0, 14))
def test_added_up_changes_equal_a_recount_in_any_order(history: Visits, random: Any, first: int, length: int) -> None:
    commands = []
    for n, (day, lesson) in enumerate(history, 1):
        people: dict[int, dict[str, Level]] = {}
        for person, skill, level in lesson:
            people.setdefault(person, {})[str(skill)] = level
        commands.append(visit(n, days(day)[0], *(learner(f"p{p}", **levels) for p, levels in people.items())))
    random.shuffle(commands)
    spec, events = place(), []
    for command in commands:
        events.append(recorded(spec.when(command)))

    start, end = days(first, first + length)
    reach = [r for e in events for r in e.reach]
    counted = sum(r.n for r in reach if start <= r.day <= end and (r.previous_day is None or r.previous_day < start))
    assert counted == any(start <= c.day <= end for c in commands)

    covered = [c for e in events for c in e.covered]
    for name in [*map(str, Skill), ALL_SKILLS]:
        wanted = set(Skill) if name == ALL_SKILLS else {Skill(name)}
        done = {
            s.skill
            for c, x in product(commands, range(3))
            if c.day <= end and x < len(c.learners)
            for s in c.learners[x].skills
            if s.level is Level.DOES
        }
        assert sum(c.n for c in covered if c.skill == name and c.day <= end) == (wanted <= done), name
    if commands:
        assert covered_since(spec.state(STREAM).visits).keys() == {c.skill for c in covered}


# --- doubts and refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "flags"),
    [
        ({"today": MONDAY - timedelta(days=1)}, ()),
        ({"today": MONDAY - timedelta(days=2)}, (Flag.DAY_IN_FUTURE,)),
        ({"today": MONDAY + timedelta(days=400)}, ()),
        ({"today": MONDAY + timedelta(days=401)}, (Flag.DAY_LONG_PAST,)),
        ({"started_at": datetime(2026, 3, 1, 18, 0, tzinfo=UTC)}, ()),
        ({"started_at": datetime(2026, 3, 1, 16, 0, tzinfo=UTC)}, (Flag.TIME_DIFFERS,)),
        ({"unit_id": "thon-2", "place_kind": PlaceKind.SHOP}, (Flag.UNIT_DIFFERS, Flag.KIND_DIFFERS)),
    ],
)
def test_doubtful_visits_are_stored_and_flagged(said: dict[str, Any], flags: tuple[Flag, ...]) -> None:
    assert recorded(place().when(visit(1)).when(visit(2, **said))).flags == flags


def test_a_visit_reported_elsewhere_counts_where_the_place_is() -> None:
    event = recorded(place().when(visit(1)).when(visit(2, unit_id="thon-2", place_kind=PlaceKind.SHOP)))
    assert (event.unit_id, event.reported_unit_id) == ("thon-1", "thon-2")
    assert (event.place_kind, event.reported_kind) == (PlaceKind.HOUSEHOLD, PlaceKind.SHOP)


def test_members_and_platforms_named_twice_count_once() -> None:
    member = UUID(int=70)
    event = recorded(place().when(visit(1, member_ids=(member, member), platforms=("vneid", "vssid", "vneid"))))
    assert (event.member_ids, event.platforms) == ((member,), ("vneid", "vssid"))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"learners": (learner(), learner())}, "learner-twice"),
        (
            {"learners": (Learner("x", AgeBand.FROM_60, (SkillLevel(Skill.ONLINE_SAFETY, Level.KNOWS),) * 2),)},
            "skill-twice",
        ),
        ({"day": date(1999, 12, 31)}, "day-implausible"),
        ({"day": date(2100, 1, 1)}, "day-implausible"),
        ({"started_at": datetime(1, 1, 1, tzinfo=UTC)}, "day-implausible"),
    ],
)
def test_contradictory_visits_are_refused(said: dict[str, Any], code: str) -> None:
    place().when(visit(1, **said)).then_rejected(code)


# --- registering -----------------------------------------------------------------------------------------------------

REGISTER = RegisterPlace(PLACE, PlaceKind.HOUSEHOLD, "thon-1", Personal("Số 5 ngõ 3"))
REGISTERED = PlaceRegistered(PLACE, PlaceKind.HOUSEHOLD, "thon-1", Personal("Số 5 ngõ 3"))


def test_register_a_place() -> None:
    place().when(REGISTER).then((STREAM, REGISTERED))


def test_register_a_place_that_its_first_visit_made() -> None:
    spec = place().when(visit(1)).when(REGISTER).then((STREAM, REGISTERED))
    assert isinstance(spec.state(STREAM), Place) and spec.state(STREAM).registered


def test_registering_twice_changes_nothing() -> None:
    place().given((STREAM, REGISTERED)).when(REGISTER).then()


def test_registering_elsewhere_is_refused() -> None:
    place().when(visit(1)).when(replace(REGISTER, unit_id="thon-2")).then_rejected("place-differs", unit="thon-1")


def test_the_unit_of_a_registered_place_stands() -> None:
    assert recorded(place().given((STREAM, REGISTERED)).when(visit(1, unit_id="thon-2"))).unit_id == "thon-1"


def test_the_address_of_an_erased_place_is_gone_and_the_place_stays() -> None:
    spec = place().given((STREAM, replace(REGISTERED, address=Personal(None))))
    assert spec.state(STREAM) == Place(PlaceKind.HOUSEHOLD, "thon-1", True)
