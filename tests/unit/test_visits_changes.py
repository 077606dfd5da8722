"""Visits corrected, voided and doubted; places moved, closed, merged and separated: given, when, then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.visits.domain import (
    PLACES,
    AgeBand,
    ChangePlace,
    ClosePlace,
    Closing,
    Content,
    CorrectPlace,
    CorrectVisit,
    ErasePlace,
    Flag,
    FlagSettled,
    Heard,
    Learner,
    Level,
    Merged,
    MergePlaces,
    Mistake,
    MovePlace,
    Place,
    PlaceAbsorbed,
    PlaceClosed,
    PlaceCorrected,
    PlaceErased,
    PlaceKind,
    PlaceMerged,
    PlaceMoved,
    PlaceRestored,
    PlaceSeparated,
    RecordVisit,
    RegisterPlace,
    ReopenPlace,
    Reported,
    Seen,
    SeparatePlaces,
    Settled,
    SettleFlag,
    Skill,
    SkillLevel,
    VisitCorrected,
    VisitVoided,
    VoidVisit,
    place_stream,
)
from services.visits.domain.catalogue import Pillar
from services.visits.domain.opinion import OpinionRecorded, Subject, opinion_of, opinion_stream
from shared.decider import Personal
from shared.testing import Spec
from tests.visit_days import by

HOME, OTHER = UUID(int=1), UUID(int=2)
MONDAY, TUESDAY, FRIDAY = (date(2026, 3, 2) + timedelta(days=n) for n in (0, 1, 4))
DOES = (Learner("mother", AgeBand.FROM_40_TO_59, (SkillLevel(Skill.ONLINE_SAFETY, Level.DOES),)),)
SAFE, SAFE_40 = {"to": {"online_safety": "does"}}, {"to": {"online_safety": "does"}, "age_band": "40_59"}
UNSAFE, UNSAFE_40 = {"from": {"online_safety": "does"}}, {"from": {"online_safety": "does"}, "age_band": "40_59"}


def said(day: date = MONDAY, **other: Any) -> Content:
    return Content(**{"day": day, "team_id": UUID(int=7), "member_ids": (UUID(int=70),), "learners": DOES} | other)


def visit(n: int = 9, day: date = MONDAY, place: UUID = HOME, **other: Any) -> RecordVisit:
    fields = {"day": day, "team_id": UUID(int=7), "member_ids": (UUID(int=70),), "learners": DOES, "latest": by(FRIDAY)}
    fields |= {"visit_id": UUID(int=n), "place_id": place, "place_kind": PlaceKind.HOUSEHOLD, "unit_id": "thon-1"}
    return RecordVisit(**fields | other)


def correct(content: Content, seen: Content | None = None, revision: int = 1, **other: Any) -> CorrectVisit:
    known = Seen("thon-1", revision, seen or said())
    fields = {
        "visit_id": UUID(int=9),
        "place_id": HOME,
        "seen": known,
        "latest": by(FRIDAY),
        "reason": Mistake.WRONG_DAY,
    }
    return CorrectVisit(**fields | {"content": content} | other)


def void(revision: int = 1, **other: Any) -> VoidVisit:
    seen = Seen("thon-1", revision, said())
    fields = {"visit_id": UUID(int=9), "place_id": HOME, "seen": seen, "reason": Mistake.RECORDED_TWICE}
    return VoidVisit(**fields | other)


def settle(flag: Flag, how: Settled, **other: Any) -> SettleFlag:
    fields = {"visit_id": UUID(int=9), "place_id": HOME, "seen": Seen("thon-1", 1, said()), "flag": flag, "how": how}
    return SettleFlag(**fields | other)


def places(*commands: Any) -> Spec[Any, Any, Any]:
    spec: Spec[Any, Any, Any] = Spec(PLACES)
    for command in commands:
        spec.when(command)
        assert spec.events is not None
    return spec


def link(day: date, previous: date | None, n: int, **other: Any) -> dict[str, Any]:
    return {"day": day, "previous_day": previous, "n": n} | other


# --- corrections -----------------------------------------------------------------------------------------------------


def test_another_day_takes_reach_and_levels_along() -> None:
    places(visit()).when(correct(said(FRIDAY))).then(
        (
            place_stream(HOME),
            VisitCorrected(
                visit_id=UUID(int=9),
                place_id=HOME,
                place_kind=PlaceKind.HOUSEHOLD,
                unit_id="thon-1",
                revision=2,
                before=said(),
                after=said(FRIDAY),
                reason=Mistake.WRONG_DAY,
                reach=(link(MONDAY, None, -1), link(FRIDAY, None, 1)),
                covered=(
                    UNSAFE | {"day": MONDAY},
                    UNSAFE_40 | {"day": MONDAY},
                    SAFE | {"day": FRIDAY},
                    SAFE_40 | {"day": FRIDAY},
                ),
            ),
        )
    )


def test_a_correction_takes_a_level_back() -> None:
    [(_, event)] = places(visit()).when(correct(said(learners=()))).events
    assert (event.reach, event.covered) == ((), (UNSAFE | {"day": MONDAY}, UNSAFE_40 | {"day": MONDAY}))


def test_what_says_the_same_changes_nothing() -> None:
    places(visit()).when(correct(said())).then()


def test_a_note_is_content_too() -> None:
    [(_, event)] = places(visit()).when(correct(said(), note=Personal("nhà có chó"))).events
    assert event.note == Personal("nhà có chó")


def test_only_the_revision_that_was_meant_is_changed() -> None:
    spec = places(visit()).when(correct(said(FRIDAY), revision=1))
    again = correct(said(TUESDAY), said(FRIDAY), revision=2)
    spec.when(replace(again, revision=1)).then_rejected("version-changed", version=2)
    [(_, event)] = spec.when(replace(again, revision=2)).events
    assert event.revision == 3


def test_what_was_read_before_somebody_elses_change_is_read_again() -> None:
    places(visit(), correct(said(FRIDAY))).when(correct(said(TUESDAY))).then_rejected("visit-changed")


@pytest.mark.parametrize(
    ("content", "code"),
    [(said(learners=DOES * 2), "learner-twice"), (said(date(1999, 1, 1)), "day-implausible")],
)
def test_a_correction_is_held_to_the_same_rules(content: Content, code: str) -> None:
    places(visit()).when(correct(content)).then_rejected(code)


def test_a_correction_doubts_anew_and_keeps_what_was_settled() -> None:
    spec = places(visit(doubts=(Flag.TEAM_UNKNOWN,)), settle(Flag.TEAM_UNKNOWN, Settled.CONFIRMED))
    doubts = (Flag.TEAM_UNKNOWN, Flag.CODE_UNKNOWN)
    [(_, event)] = spec.when(correct(said(FRIDAY), doubts=doubts)).events
    assert event.flags == doubts
    [taught] = spec.state(place_stream(HOME)).visits
    assert dict(taught.doubts) == {Flag.TEAM_UNKNOWN: Settled.CONFIRMED, Flag.CODE_UNKNOWN: None}


# --- voids -----------------------------------------------------------------------------------------------------------


def test_a_void_takes_back_all_that_the_visit_caused() -> None:
    places(visit()).when(void()).then(
        (
            place_stream(HOME),
            VisitVoided(
                visit_id=UUID(int=9),
                place_id=HOME,
                place_kind=PlaceKind.HOUSEHOLD,
                unit_id="thon-1",
                day=MONDAY,
                revision=2,
                before=said(),
                reason=Mistake.RECORDED_TWICE,
                reach=(link(MONDAY, None, -1),),
                covered=(UNSAFE, UNSAFE_40),
            ),
        )
    )


def test_a_void_leaves_what_others_taught() -> None:
    [(_, event)] = places(visit(), visit(10)).when(void()).events
    assert (event.reach, event.covered) == ((), ())


def test_voiding_twice_changes_nothing_and_a_voided_visit_is_not_corrected() -> None:
    spec = places(visit(), void()).when(void(2)).then()
    spec.when(correct(said(FRIDAY), revision=2)).then_rejected("visit-voided")


def test_a_visit_that_is_none() -> None:
    places(visit()).when(void(visit_id=UUID(int=8))).then_rejected("unknown-visit")


# --- doubts ----------------------------------------------------------------------------------------------------------


def test_a_doubt_is_settled_and_may_be_thought_over() -> None:
    spec = places(visit(doubts=(Flag.TEAM_UNKNOWN,)))
    settled = FlagSettled(UUID(int=9), HOME, "thon-1", MONDAY, Flag.TEAM_UNKNOWN, Settled.CONFIRMED)
    spec.when(settle(Flag.TEAM_UNKNOWN, Settled.CONFIRMED)).then((place_stream(HOME), settled))
    spec.when(settle(Flag.TEAM_UNKNOWN, Settled.CONFIRMED)).then()
    spec.when(settle(Flag.TEAM_UNKNOWN, Settled.RECONCILED)).then()
    again = replace(settled, how=Settled.DISMISSED, was=Settled.CONFIRMED)
    spec.when(settle(Flag.TEAM_UNKNOWN, Settled.DISMISSED)).then((place_stream(HOME), again))


def test_what_is_not_doubted_cannot_be_settled() -> None:
    places(visit()).when(settle(Flag.TEAM_UNKNOWN, Settled.CONFIRMED)).then_rejected("unknown-flag")


@pytest.mark.parametrize(
    ("band", "day", "doubted"),
    [
        (AgeBand.FROM_40_TO_59, FRIDAY, False),
        (AgeBand.FROM_60, FRIDAY, False),
        (AgeBand.FROM_60, MONDAY - timedelta(days=1), True),
        (AgeBand.FROM_25_TO_39, MONDAY - timedelta(days=1), False),
        (AgeBand.FROM_25_TO_39, FRIDAY, True),
        (AgeBand.UNDER_16, FRIDAY, True),
    ],
)
def test_people_grow_older_and_nothing_else(band: AgeBand, day: date, doubted: bool) -> None:
    [(_, event)] = places(visit()).when(visit(10, day, learners=(replace(DOES[0], age_band=band),))).events
    assert (Flag.AGE_DIFFERS in event.flags) is doubted


# --- the life of a place ---------------------------------------------------------------------------------------------


def test_a_place_takes_its_levels_to_the_unit_it_moves_to() -> None:
    places(visit()).when(MovePlace(HOME, "thon-2", FRIDAY)).then(
        (
            place_stream(HOME),
            PlaceMoved(
                HOME,
                PlaceKind.HOUSEHOLD,
                "thon-2",
                "thon-1",
                FRIDAY,
                (),
                (UNSAFE | {"unit_id": "thon-1"}, SAFE, UNSAFE_40 | {"unit_id": "thon-1"}, SAFE_40),
            ),
        )
    )


def test_a_visit_counts_where_the_place_stood_on_its_day() -> None:
    spec = places(visit(), MovePlace(HOME, "thon-2", FRIDAY))
    [(_, event)] = spec.when(visit(10, TUESDAY)).events
    assert (event.unit_id, event.reach, event.flags) == ("thon-1", (link(TUESDAY, MONDAY, 1),), ())
    [(_, event)] = spec.when(visit(11, FRIDAY, unit_id="thon-2")).events
    assert (event.unit_id, event.reach, event.flags) == ("thon-2", (link(FRIDAY, TUESDAY, 1),), ())


def test_moving_to_where_it_is_changes_nothing() -> None:
    places(visit()).when(MovePlace(HOME, "thon-1", FRIDAY)).then()


@pytest.mark.parametrize("command", [correct(said(FRIDAY)), void()])
def test_a_change_says_what_readers_have_counted_before(command: CorrectVisit | VoidVisit) -> None:
    """The kind of the place may have been corrected meanwhile, and doubts are of the report as it was."""
    doubted = visit(doubts=(Flag.TEAM_UNKNOWN, Flag.CODE_UNKNOWN))
    confirmed = settle(Flag.CODE_UNKNOWN, Settled.CONFIRMED)
    spec = places(doubted, confirmed, CorrectPlace(HOME, Mistake.TYPO, PlaceKind.SHOP))
    seen = Seen("thon-1", 1, said(), place_kind=PlaceKind.HOUSEHOLD, received_on=TUESDAY)
    (_, event), *_ = spec.when(replace(command, seen=seen)).events
    assert (event.place_kind, event.recorded_kind) == (PlaceKind.SHOP, PlaceKind.HOUSEHOLD)
    assert event.flags_before == (Flag.TEAM_UNKNOWN, Flag.CODE_UNKNOWN)
    assert event.settled_before == ((Flag.CODE_UNKNOWN, Settled.CONFIRMED),)
    assert event.received_on == TUESDAY


def test_a_kind_that_never_was_takes_all_rows_along() -> None:
    gone = {"place_kind": PlaceKind.HOUSEHOLD}
    places(visit()).when(CorrectPlace(HOME, Mistake.TYPO, PlaceKind.SHOP)).then(
        (
            place_stream(HOME),
            PlaceCorrected(
                HOME,
                PlaceKind.SHOP,
                "thon-1",
                Mistake.TYPO,
                (link(MONDAY, None, -1, **gone), link(MONDAY, None, 1)),
                (
                    UNSAFE | gone | {"day": MONDAY},
                    SAFE | {"day": MONDAY},
                    UNSAFE_40 | gone | {"day": MONDAY},
                    SAFE_40 | {"day": MONDAY},
                ),
            ),
        )
    )


def test_a_closed_place_covers_nobody_until_it_opens_again() -> None:
    spec = places(visit()).when(ClosePlace(HOME, TUESDAY, Closing.MOVED_AWAY))
    closed = PlaceClosed(HOME, PlaceKind.HOUSEHOLD, "thon-1", TUESDAY, Closing.MOVED_AWAY, (), (UNSAFE, UNSAFE_40))
    spec.then((place_stream(HOME), closed))
    spec.when(ClosePlace(HOME, FRIDAY, Closing.DEMOLISHED)).then()
    [(_, event)] = spec.when(visit(10, FRIDAY)).events
    assert (event.flags, event.covered) == ((Flag.PLACE_CLOSED,), ())
    [(_, event)] = spec.when(ReopenPlace(HOME, FRIDAY, Closing.RETURNED)).events
    assert event.covered == (SAFE, SAFE_40)


@pytest.mark.parametrize(
    "command", [MovePlace(HOME, "x", MONDAY), ClosePlace(HOME, MONDAY, Closing.OTHER), ChangePlace(HOME)]
)
def test_a_place_that_nobody_has_heard_of(command: Any) -> None:
    places().when(command).then_rejected("unknown-place")


# --- one place under two ids -----------------------------------------------------------------------------------------


def test_a_merger_writes_both_streams_and_counts_one_household() -> None:
    spec = places(visit(), visit(10, TUESDAY, OTHER)).when(MergePlaces(OTHER, HOME))
    (first, merged), (second, absorbed) = spec.events
    assert (first, second) == (place_stream(OTHER), place_stream(HOME))
    assert isinstance(merged, PlaceMerged) and isinstance(absorbed, PlaceAbsorbed)
    assert merged.reach == (link(TUESDAY, None, -1),)
    assert merged.covered == (UNSAFE | {"day": TUESDAY}, UNSAFE_40 | {"day": TUESDAY})
    assert (absorbed.reach, absorbed.covered) == ((link(TUESDAY, MONDAY, 1),), ())
    spec.when(MergePlaces(OTHER, HOME)).then()


def test_visits_for_a_merged_place_go_to_the_one_that_is_kept_and_come_back() -> None:
    spec = places(visit(), visit(10, TUESDAY, OTHER), MergePlaces(OTHER, HOME))
    [(stream, event)] = spec.when(visit(11, FRIDAY, OTHER)).events
    assert (stream, event.place_id, event.reported) == (place_stream(HOME), HOME, Reported(via=(OTHER,)))
    (_, restored), (_, separated) = spec.when(SeparatePlaces(OTHER, HOME)).events
    assert isinstance(restored, PlaceRestored) and isinstance(separated, PlaceSeparated)
    assert [carried.visit_id for carried in restored.visits] == [UUID(int=10), UUID(int=11)]
    assert [taught.visit_id for taught in spec.state(place_stream(HOME)).visits] == [UUID(int=9)]


def test_a_visit_is_corrected_wherever_it_is_by_now() -> None:
    spec = places(visit(9, MONDAY, OTHER), visit(10, TUESDAY), MergePlaces(OTHER, HOME))
    [(stream, event)] = spec.when(correct(said(FRIDAY), place_id=OTHER)).events
    assert (stream, event.revision) == (place_stream(HOME), 2)
    spec.when(SeparatePlaces(OTHER, HOME))
    [taught] = spec.state(place_stream(OTHER)).visits
    assert (taught.day, taught.revision) == (FRIDAY, 2)


def test_no_place_is_merged_with_itself_in_circles_or_across_kinds() -> None:
    spec = places(visit(), visit(10, TUESDAY, OTHER), visit(11, MONDAY, UUID(int=3), place_kind=PlaceKind.SHOP))
    spec.when(MergePlaces(HOME, HOME)).then_rejected("place-itself")
    spec.when(MergePlaces(HOME, UUID(int=3))).then_rejected("kinds-differ")
    spec.when(MergePlaces(HOME, UUID(int=4))).then_rejected("unknown-place")
    spec.when(SeparatePlaces(OTHER, HOME)).then_rejected("place-not-merged")
    spec.when(MergePlaces(OTHER, HOME)).when(MergePlaces(HOME, OTHER)).then_rejected("place-merged")
    spec.when(MovePlace(OTHER, "thon-2", MONDAY)).then_rejected("place-merged", into=str(HOME))


# --- erasure ---------------------------------------------------------------------------------------------------------


def test_nothing_personal_is_kept_of_an_erased_place() -> None:
    spec = places(visit(), RegisterPlace(HOME, PlaceKind.HOUSEHOLD, "thon-1", Personal("Số 5")))
    spec.when(ErasePlace(HOME)).then((place_stream(HOME), PlaceErased(HOME)))
    spec.when(ErasePlace(HOME)).then()
    [(_, event)] = spec.when(visit(10, TUESDAY, note=Personal("chó dữ"))).events
    assert event.note is None
    opinion = Heard("portal_slow", Personal("ông Năm nói trang chậm"))
    _, (_, heard) = spec.when(visit(11, TUESDAY, opinion=opinion)).events
    assert (heard.text, heard.about.topic, heard.place_id) == (None, "portal_slow", HOME)
    [(_, event)] = spec.when(ChangePlace(HOME, Personal("Số 6"), Personal("0912345678"))).events
    assert (event.address, event.contact) == (None, None)


def test_a_merged_place_is_erased_too() -> None:
    spec = places(visit(), visit(10, TUESDAY, OTHER), MergePlaces(OTHER, HOME)).when(ErasePlace(OTHER))
    state = spec.state(place_stream(OTHER))
    assert isinstance(state, Merged) and state.place.erased
    spec.when(SeparatePlaces(OTHER, HOME))
    assert isinstance(spec.state(place_stream(OTHER)), Place) and spec.state(place_stream(OTHER)).erased


# --- opinions --------------------------------------------------------------------------------------------------------


def test_an_opinion_heard_at_a_visit_is_recorded_by_the_same_command() -> None:
    opinion = Heard("portal_slow", Personal("trang chậm quá"), Pillar.GOVERNMENT)
    command = visit(opinion=opinion)
    (first, recorded), (second, heard) = places().when(command).events
    opinion_id = opinion_of(command.visit_id)
    assert (first, second) == (place_stream(HOME), opinion_stream(opinion_id))
    about = Subject("thon-1", "portal_slow", Pillar.GOVERNMENT)
    assert heard == OpinionRecorded(
        opinion_id, about, MONDAY, command.team_id, command.visit_id, HOME, Personal("trang chậm quá")
    )
    assert recorded.reach == (link(MONDAY, None, 1),)


def test_an_opinion_that_was_recorded_already_is_nobody_elses() -> None:
    opinion = Heard("portal_slow", Personal("chậm"))
    command = visit(opinion=opinion)
    opinion_id = opinion_of(command.visit_id)
    before = OpinionRecorded(opinion_id, Subject("thon-1", "portal_slow"), MONDAY)
    spec = places().given((opinion_stream(opinion_id), before))
    spec.when(command).then_rejected("opinion-exists")
