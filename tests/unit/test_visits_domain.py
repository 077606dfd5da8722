"""What a visit causes in its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.visits.domain import (
    ALL_SKILLS,
    PLACES,
    AgeBand,
    Flag,
    ForeignPlace,
    Learner,
    Level,
    Place,
    PlaceKind,
    PlaceRegistered,
    RecordVisit,
    RegisterPlace,
    Reported,
    Skill,
    SkillLevel,
    VisitRecorded,
    place_stream,
)
from services.visits.domain.doubts import HANOI, latest_of
from shared.decider import Personal
from shared.testing import Spec
from tests.visit_days import by

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
        "latest": by(MONDAY + timedelta(days=30)),
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


def reach(day: date, previous: date | None, n: int) -> dict[str, Any]:
    return {"day": day, "previous_day": previous, "n": n}


# --- reach -----------------------------------------------------------------------------------------------------------


def test_the_first_visit_makes_the_place_and_reaches_it() -> None:
    event = recorded(place().when(visit(1)))
    assert event.reach == (reach(MONDAY, None, 1),)
    assert (event.unit_id, event.place_kind, event.covered, event.flags) == ("thon-1", PlaceKind.HOUSEHOLD, (), ())


def test_a_second_visit_on_the_same_day_reaches_nobody_new() -> None:
    assert recorded(place().when(visit(1)).when(visit(2))).reach == ()


def test_a_late_visit_goes_between_its_neighbours() -> None:
    first, middle, last = days(0, 3, 9)
    event = recorded(place().when(visit(1, first)).when(visit(2, last)).when(visit(3, middle)))
    assert list(event.reach) == [reach(middle, first, 1), reach(last, first, -1), reach(last, middle, 1)]


def test_a_late_visit_before_all_others() -> None:
    first, last = days(0, 3)
    event = recorded(place().when(visit(1, last)).when(visit(2, first)))
    assert list(event.reach) == [reach(first, None, 1), reach(last, None, -1), reach(last, first, 1)]


# --- coverage --------------------------------------------------------------------------------------------------------


def test_the_levels_of_a_first_visit_begin_for_anybody_and_for_each_age_band() -> None:
    child = Learner("child", AgeBand.FROM_16_TO_24, (SkillLevel(Skill.ONLINE_PAYMENT, Level.KNOWS),))
    event = recorded(place().when(visit(1, MONDAY, learner(online_safety=Level.DOES), child)))
    assert event.covered == (
        {"to": {"online_payment": "knows", "online_safety": "does"}},
        {"to": {"online_payment": "knows"}, "age_band": "16_24"},
        {"to": {"online_safety": "does"}, "age_band": "40_59"},
    )


def test_a_better_level_ends_the_one_before() -> None:
    first, second = days(0, 1)
    spec = place().when(visit(1, first, learner(online_safety=Level.UNDERSTANDS)))
    spec.when(visit(2, second, learner(online_safety=Level.DOES)))
    change = {"to": {"online_safety": "does"}, "from": {"online_safety": "understands"}}
    assert recorded(spec).covered == (change, change | {"age_band": "40_59"})


def test_a_second_person_of_that_age_who_does_it_changes_nothing() -> None:
    spec = place().when(visit(1, MONDAY, learner(online_safety=Level.DOES)))
    assert recorded(spec.when(visit(2, MONDAY, learner("father", online_safety=Level.DOES)))).covered == ()


def test_an_earlier_day_that_comes_late_moves_the_coverage() -> None:
    early, late = days(0, 5)
    spec = place().when(visit(1, late, learner(online_safety=Level.DOES)))
    spec.when(visit(2, early, learner(online_safety=Level.DOES)))
    begun, ended = {"to": {"online_safety": "does"}}, {"from": {"online_safety": "does"}}
    age = {"age_band": "40_59"}
    assert list(recorded(spec).covered) == [begun, begun | age, ended | {"day": late}, ended | age | {"day": late}]


def test_a_later_weaker_visit_takes_nothing_away() -> None:
    early, late = days(0, 5)
    spec = place().when(visit(1, early, learner(online_safety=Level.DOES)))
    spec.when(visit(2, late, learner(online_safety=Level.KNOWS)))
    assert recorded(spec).covered == ()


def test_all_five_count_from_the_day_of_the_last_of_them() -> None:
    first, second = days(0, 1)
    four = {str(skill): Level.DOES for skill in list(Skill)[:4]}
    spec = place().when(visit(1, first, learner(**four)))
    assert recorded(spec).covered[0] == {"to": four}
    spec.when(visit(2, second, learner("child", local_platforms=Level.DOES)))
    assert recorded(spec).covered[0] == {"to": {"local_platforms": "does", ALL_SKILLS: "does"}}


# --- doubts and refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "flags"),
    [
        ({"latest": by(MONDAY)}, ()),
        ({"latest": by(MONDAY - timedelta(days=1))}, (Flag.DAY_IN_FUTURE,)),
        ({"latest": by(MONDAY + timedelta(days=400))}, ()),
        ({"latest": by(MONDAY + timedelta(days=401))}, (Flag.DAY_LONG_PAST,)),
        ({"started_at": datetime(2026, 3, 1, 18, 0, tzinfo=UTC)}, ()),
        ({"started_at": datetime(2026, 3, 1, 16, 0, tzinfo=UTC)}, (Flag.TIME_DIFFERS,)),
        (
            {"unit_id": "thon-2", "place_kind": PlaceKind.SHOP, "cleared": ("thon-1",)},
            (Flag.UNIT_DIFFERS, Flag.KIND_DIFFERS),
        ),
    ],
)
def test_doubtful_visits_are_stored_and_flagged(said: dict[str, Any], flags: tuple[Flag, ...]) -> None:
    assert recorded(place().when(visit(1)).when(visit(2, **said))).flags == flags


@pytest.mark.parametrize(
    ("hour", "received", "flags"),
    [
        (None, (9, 0), ()),
        (8, (9, 0), ()),
        (9, (8, 45), ()),
        (9, (8, 44), (Flag.TIME_IN_FUTURE,)),
        (23, (0, 0), (Flag.TIME_IN_FUTURE,)),
    ],
)
def test_a_start_later_today_is_flagged_beyond_what_a_clock_may_be_ahead(
    hour: int | None, received: tuple[int, int], flags: tuple[Flag, ...]
) -> None:
    started = None if hour is None else datetime.combine(MONDAY, time(hour), HANOI)
    came_in = datetime.combine(MONDAY, time(*received), HANOI)
    assert recorded(place().when(visit(1, started_at=started, latest=latest_of(came_in)))).flags == flags


@pytest.mark.parametrize(
    ("days_later", "received", "flags"),
    [(1, (23, 50), ()), (1, (23, 40), (Flag.DAY_IN_FUTURE,)), (-1, (12, 0), ()), (2, (23, 50), (Flag.DAY_IN_FUTURE,))],
)
def test_a_day_in_the_future_says_it_all(days_later: int, received: tuple[int, int], flags: tuple[Flag, ...]) -> None:
    """Four minutes past midnight by the phone's clock."""
    day = MONDAY + timedelta(days=days_later)
    started, came_in = (datetime.combine(d, time(*at), HANOI) for d, at in ((day, (0, 4)), (MONDAY, received)))
    assert recorded(place().when(visit(1, day, started_at=started, latest=latest_of(came_in)))).flags == flags


def test_a_visit_reported_elsewhere_counts_where_the_place_is() -> None:
    command = visit(2, unit_id="thon-2", place_kind=PlaceKind.SHOP, cleared=("thon-1",))
    event = recorded(place().when(visit(1)).when(command))
    assert (event.unit_id, event.place_kind) == ("thon-1", PlaceKind.HOUSEHOLD)
    assert event.reported == Reported("thon-2", PlaceKind.SHOP)


def test_a_place_goes_with_its_unit() -> None:
    spec = place().when(visit(1))
    event = recorded(spec.when(visit(2, unit_id="thon-moi", holds=("thon-1",))))
    assert (event.unit_id, event.flags, event.reported) == ("thon-1", (), Reported("thon-moi"))


def test_a_unit_of_another_day_or_a_code_is_the_unit_of_the_day() -> None:
    event = recorded(place().when(visit(1, unit_id="00097", stands_in="thon-1")))
    assert (event.unit_id, event.flags, event.reported) == ("thon-1", (), Reported("00097"))
    doubtful = visit(2, unit_id="thon-cu", stands_in="thon-2", doubts=(Flag.UNIT_DIFFERS,), cleared=("thon-1",))
    assert recorded(place().when(visit(1)).when(doubtful)).flags == (Flag.UNIT_DIFFERS,)


def test_whoever_is_not_known_to_answer_for_the_unit_of_a_place_is_asked_about() -> None:
    spec = place().when(visit(1)).when(visit(2, unit_id="thon-2"))
    assert isinstance(spec.rejection, ForeignPlace) and spec.rejection.unit_id == "thon-1"


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


def test_a_place_is_registered_where_its_first_visit_found_it() -> None:
    spec = place().when(visit(1)).when(replace(REGISTER, unit_id="thon-moi", holds=("thon-1",)))
    spec.then((STREAM, REGISTERED))
    place().when(replace(REGISTER, unit_id="00097", stands_in="thon-1")).then((STREAM, REGISTERED))


def test_the_unit_of_a_registered_place_stands() -> None:
    command = visit(1, unit_id="thon-2", cleared=("thon-1",))
    assert recorded(place().given((STREAM, REGISTERED)).when(command)).unit_id == "thon-1"


def test_the_address_of_an_erased_place_is_gone_and_the_place_stays() -> None:
    spec = place().given((STREAM, replace(REGISTERED, address=Personal(None))))
    assert spec.state(STREAM) == Place(PlaceKind.HOUSEHOLD, "thon-1", True)
