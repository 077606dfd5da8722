"""Corrections of what is recorded of a team: what they make of it, what they refuse, and that all numbers follow."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.teams.domain import DECIDER
from services.teams.domain.documents import DocumentKind, DocumentRegistered
from services.teams.domain.people import PersonRegistered
from services.teams.domain.team.corrections import Correction, CorrectTeam
from services.teams.domain.team.counts import transitions
from services.teams.domain.team.events import (
    Corrected,
    CorrectionReason,
    Count,
    Role,
    Seat,
    TeamCorrected,
    TeamEstablished,
    TeamKind,
)
from services.teams.domain.team.life import (
    DissolveTeam,
    EndPilot,
    EstablishTeam,
    ReassignTeam,
    RenameTeam,
    ResumeTeam,
    SuspendTeam,
)
from services.teams.domain.team.merge import Fate, MergeTeams, SeatFate
from services.teams.domain.team.replay import replay
from services.teams.domain.team.seats import AppointSeat, ChangeLeader, ChangeSeat, ReconstituteTeam, ReleaseSeat
from services.teams.domain.team.state import Team
from services.teams.domain.units import UnitEstablished
from shared.decider import LookFurther, Personal, Rejected
from shared.testing import Spec

START = date(2023, 1, 1)
VILLAGE = TeamKind.VILLAGE
LEADER, DEPUTY = Seat("s1", "p1", Role.LEADER), Seat("s2", "p2", Role.DEPUTY)
UNITS = ("v", "w", "x")


def on(month: int, day: int = 1) -> date:
    return date(2023, month, day)


class Registry(Spec[Any, Any, Any]):
    """Decides again with the streams that a decision missed, as the service does."""

    def when(self, command: Any) -> Spec[Any, Any, Any]:
        super().when(command)
        for _ in range(4):
            if not isinstance(self._outcome, LookFurther):
                break
            command = replace(command, also=(*command.also, *self._outcome.streams))
            super().when(command)
        return self


def registry() -> Registry:
    spec = Registry(DECIDER)
    for unit in UNITS:
        spec.given(
            (f"unit:{unit}", UnitEstablished(unit, "village", "thôn", unit, "c", None, date(2022, 1, 1), None, True))
        )
    for document in ("d", "e"):
        event = DocumentRegistered(
            document, DocumentKind.DECISION, "UBND", f"{document}/QĐ", 2023, START, START, None, ""
        )
        spec.given((f"document:{document}", event))
    spec.given(*((f"person:p{n}", PersonRegistered(f"p{n}", Personal("An"))) for n in range(1, 9)))
    return spec


def told(spec: Registry, *commands: Any) -> Registry:
    for command in commands:
        assert spec.when(command).events, command
    return spec


def establish(team: str = "t", unit: str = "v", day: date = START, *seats: Seat, **other: Any) -> EstablishTeam:
    return EstablishTeam(team, VILLAGE, unit, "Tổ", day, "d", seats, **other)


def correct(*corrections: Correction, added: tuple[Any, ...] = (), **other: Any) -> CorrectTeam:
    fields = {"team_id": "t", "reason": CorrectionReason.WRONG_DAY, "document_id": "d"} | other
    return CorrectTeam(corrections=corrections, added=added, **fields)


def anew(fact: int, **values: Any) -> Correction:
    return Correction(fact, None, values)


def void(fact: int) -> Correction:
    return Correction(fact, True)


def with_life() -> Registry:
    """1 established with two, 2 renamed in March, 3 one appointed in April, 4 dissolved in September (three seats)."""
    return told(
        registry(),
        establish("t", "v", START, LEADER, DEPUTY),
        RenameTeam("t", "Tổ mới", on(3), "d"),
        AppointSeat("t", Seat("s3", "p3", Role.MEMBER), on(4), "d"),
        DissolveTeam("t", on(9), "d"),
    )


def corrected(spec: Registry) -> TeamCorrected:
    event = spec.events[0][1]
    assert isinstance(event, TeamCorrected)
    return event


def test_a_wrong_day_is_stated_anew_and_every_number_follows() -> None:
    spec = with_life()
    spec.when(correct(anew(3, effective=on(5))))
    event = corrected(spec)
    assert [(told.fact, told.type, told.how) for told in event.facts] == [(3, "SeatAppointed", Corrected.CORRECTED)]
    assert event.effective == on(4)
    assert event.counts == (Count("v", VILLAGE, on(4), 0, -1), Count("v", VILLAGE, on(5), 0, 1))
    assert [len(spec.state("team:t").filled_on(on(month))) for month in (4, 5)] == [2, 3]
    assert not spec.when(correct(anew(3, effective=on(5)))).events


def test_totals_that_later_facts_state_follow() -> None:
    spec = with_life()
    spec.when(correct(void(3), reason=CorrectionReason.WITHDRAWN))
    event = corrected(spec)
    assert [(told.fact, told.how) for told in event.facts] == [(3, Corrected.VOIDED), (4, Corrected.RESTATED)]
    assert event.facts[1].dissolved is not None
    assert event.facts[1].dissolved.seats == 2
    assert event.counts == (Count("v", VILLAGE, on(4), 0, -1), Count("v", VILLAGE, on(9), 0, 1))
    spec.when(correct(anew(3, effective=on(5)))).then_rejected("fact-void")
    spec.when(correct(Correction(3, False)))
    assert [told.how for told in corrected(spec).facts] == [Corrected.RESTORED, Corrected.RESTATED]
    assert spec.state("team:t") == with_life().state("team:t")


def test_late_facts_are_added_where_totals_would_contradict_them() -> None:
    spec = with_life()
    late = AppointSeat("t", Seat("s4", "p4", Role.MEMBER), on(6), "e")
    spec.when(late).then_rejected("fact-contradicted", fact=4, rule="total-contradicted")
    spec.when(correct(added=(late,), reason=CorrectionReason.OTHER))
    assert [(told.fact, told.how) for told in corrected(spec).facts] == [(4, Corrected.RESTATED), (5, Corrected.ADDED)]
    assert len(spec.state("team:t").filled_on(on(8, 31))) == 4
    spec.when(correct(added=(late,))).then()


def test_a_team_that_never_was_gives_its_place_back() -> None:
    spec = with_life()
    spec.when(correct(void(1)))
    assert corrected(spec).counts == tuple(
        Count("v", VILLAGE, day, teams, seats) for day, teams, seats in ((START, -1, -2), (on(4), 0, -1), (on(9), 1, 3))
    )
    team: Team = spec.state("team:t")
    assert (team.never, team.standing_on(on(5)), transitions(team)) == (True, "void", {})
    spec.when(RenameTeam("t", "x", on(5), "d")).then_rejected("team-void")
    spec.when(establish("t", "v", START, LEADER, DEPUTY)).then_rejected("team-exists")
    assert spec.when(establish("u", "v", START)).events
    back = tuple(Correction(n, False) for n in (1, 2, 3, 4))
    spec.when(correct(*back)).then_rejected("team-place-taken", holder="u")
    told(spec, correct(void(1), team_id="u"), correct(*back))
    assert spec.state("team:t") == with_life().state("team:t")


def test_a_voided_end_must_find_its_place_free() -> None:
    spec = told(with_life(), establish("u", "v", on(10)))
    spec.when(correct(void(4))).then_rejected("team-place-taken", holder="u")
    spec.when(correct(anew(4, effective=on(11)))).then_rejected("team-place-taken", holder="u")
    assert spec.when(correct(anew(4, effective=on(10)))).events
    assert spec.when(correct(anew(4, effective=on(8)))).events


def test_another_unit_takes_the_place_there() -> None:
    spec = with_life()
    spec.when(correct(anew(1, unit_id="w"), reason=CorrectionReason.WRONG_UNIT))
    (_, event), (place, taken) = spec.events
    assert (place, taken.team_id) == ("team-of:w/village", "t")
    assert {told.fact for told in event.facts} == {1, 2, 3, 4}
    assert sum(count.teams for count in event.counts if count.unit_id == "w" and count.day <= on(8)) == 1
    spec.when(establish("u", "w", on(5))).then_rejected("team-place-taken", holder="t")
    assert spec.when(establish("u", "v", on(5))).events
    spec.when(correct(anew(1, unit_id="nowhere"))).then_rejected("unknown-unit")


def test_who_was_named_wrongly_is_named_right_everywhere() -> None:
    spec = told(
        registry(), establish("t", "v", START, LEADER), ChangeSeat("t", "s1", on(3), "d", affiliation="teacher")
    )
    wrong, right = LEADER, replace(LEADER, person_id="p5")
    spec.when(correct(anew(1, seats=(right,)))).then_rejected("fact-contradicted", fact=2, rule="seat-id-taken")
    unknown = replace(wrong, person_id="nobody")
    spec.when(correct(anew(1, seats=(unknown,)))).then_rejected("person-unknown")
    both = correct(anew(1, seats=(right,)), anew(2, seat=replace(right, affiliation="teacher")))
    spec.when(both)
    assert corrected(spec).counts == ()
    assert [s.seat.person_id for s in spec.state("team:t").filled_on(on(4))] == ["p5"]


def test_a_reconstitution_takes_a_new_full_list() -> None:
    new = Seat("s4", "p4", Role.MEMBER)
    spec = told(
        registry(), establish("t", "v", START, LEADER, DEPUTY), ReconstituteTeam("t", (LEADER, new), on(3), "d")
    )
    spec.when(correct(anew(2, seats=(LEADER, DEPUTY, new))))
    assert corrected(spec).counts == (Count("v", VILLAGE, on(3), 0, 1),)
    spec.when(correct(anew(2, seats=(LEADER, LEADER)))).then_rejected("seat-id-taken")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (correct(anew(9, name="x")), "fact-unknown"),
        (correct(anew(2, name="x"), anew(2, name="y")), "fact-twice"),
        (correct(anew(2, seats=())), "fact-field"),
        (correct(anew(2, document_id="none")), "document-unknown"),
        (correct(anew(2, name="x"), document_id="none"), "document-unknown"),
        (correct(anew(2, name="x"), team_id="nobody"), "team-unknown"),
        (correct(anew(2, effective=date(2022, 6, 1))), "team-not-yet"),
        (correct(anew(1, effective=on(4))), "fact-contradicted"),
        (correct(anew(4, effective=on(2))), "fact-contradicted"),
        (correct(anew(1, effective=date(2021, 1, 1))), "unit-not-yet"),
        (correct(added=(AppointSeat("t", Seat("s9", "p9", Role.MEMBER), on(5), "d"),)), "person-unknown"),
        (correct(added=(ReleaseSeat("t", "s9", on(5), "d"),)), "seat-unknown"),
        (correct(added=(RenameTeam("u", "x", on(5), "d"),)), "added-to-another-team"),
        (correct(added=(RenameTeam("t", "x", on(10), "d"),)), "team-ended"),
    ],
)
def test_corrections_that_are_refused(command: CorrectTeam, code: str) -> None:
    with_life().when(command).then_rejected(code)


def test_what_a_rearrangement_did_is_undone_first() -> None:
    spec = told(
        registry(), establish("t", "v", START, LEADER), establish("u", "w", START, Seat("s7", "p7", Role.LEADER))
    )
    merge = MergeTeams("r", "t", ("u",), (SeatFate("s7", Fate.CARRIED),), on(6), "d")
    told(spec, merge)
    spec.when(correct(void(2))).then_rejected("correction-of-rearrangement", rearrangement="r")
    spec.when(correct(void(1))).then_rejected("correction-of-rearrangement")
    late = AppointSeat("t", Seat("s3", "p3", Role.MEMBER), on(5), "d")
    spec.when(correct(added=(late,))).then_rejected("fact-contradicted", fact=2, rule="total-contradicted")
    assert spec.when(correct(anew(1, name="Khác"))).events
    # It counted for the unit it served: another unit would move numbers that the rearrangement has published.
    spec.when(correct(anew(1, unit_id="x"))).then_rejected("fact-contradicted", rule="unit-contradicted")


# --- any history ------------------------------------------------------------------------------------------------

DAYS = st.integers(0, 8).map(lambda n: START + timedelta(30 * n))
ROLES = st.sampled_from(Role)
SEATS = st.builds(lambda n, role: Seat(f"s{n}", f"p{n}", role), st.integers(1, 6), ROLES)
LISTS = st.lists(SEATS, max_size=3, unique_by=lambda seat: seat.seat_id).map(tuple)
LATE: st.SearchStrategy[Any] = st.one_of(
    st.builds(RenameTeam, st.just("t"), st.sampled_from("abc"), DAYS, st.just("d")),
    st.builds(ReassignTeam, st.just("t"), st.sampled_from(UNITS), DAYS, st.just("d")),
    st.builds(SuspendTeam, st.just("t"), DAYS, st.just("d")),
    st.builds(ResumeTeam, st.just("t"), DAYS, st.just("d")),
    st.builds(EndPilot, st.just("t"), st.booleans(), DAYS, st.just("d")),
    st.builds(DissolveTeam, st.just("t"), DAYS, st.just("d")),
    st.builds(AppointSeat, st.just("t"), SEATS, DAYS, st.just("d")),
    st.builds(ReleaseSeat, st.just("t"), st.sampled_from(("s1", "s2", "s3")), DAYS, st.just("d")),
    st.builds(ChangeSeat, st.just("t"), st.sampled_from(("s1", "s2")), DAYS, st.just("d"), ROLES),
    st.builds(ChangeLeader, st.just("t"), DAYS, st.just("d"), st.sampled_from(("s1", "s2", "s3"))),
    st.builds(ReconstituteTeam, st.just("t"), LISTS, DAYS, st.just("d")),
)
ANEW = st.one_of(
    st.fixed_dictionaries({"effective": DAYS}),
    st.fixed_dictionaries({"unit_id": st.sampled_from(UNITS)}),
    st.fixed_dictionaries({"seats": LISTS}),
    st.fixed_dictionaries({"seat": SEATS}),
)
CORRECTIONS = st.builds(
    lambda corrections, added: correct(*corrections, added=added),
    st.lists(
        st.builds(
            Correction, st.integers(1, 6), st.sampled_from((None, None, True, False)), st.one_of(st.just({}), ANEW)
        ),
        max_size=2,
        unique_by=lambda correction: correction.fact,
    ).map(tuple),
    st.lists(LATE, max_size=1).map(tuple),
)


def worth(event: Any) -> Counter[tuple[str, date, str]]:
    """What a reader adds for a published event (services/reporting)."""
    found: Counter[tuple[str, date, str]] = Counter()

    def add(unit: str, day: date, teams: int, seats: int) -> None:
        found[unit, day, "teams"] += teams
        found[unit, day, "seats"] += seats

    match type(event).__name__:
        case "TeamEstablished":
            add(event.unit_id, event.effective, 1, len(event.seats))
        case "TeamReconstituted":
            add(event.unit_id, event.effective, 0, event.seats_after - event.seats_before)
        case "SeatAppointed" | "SeatReleased":
            add(event.unit_id, event.effective, 0, 1 if type(event).__name__ == "SeatAppointed" else -1)
        case "TeamReassigned":
            add(event.from_unit_id, event.effective, -1, -event.seats)
            add(event.unit_id, event.effective, 1, event.seats)
        case "TeamDissolved" | "PilotEnded" if not getattr(event, "converted", False):
            add(event.unit_id, event.effective, -1, -event.seats)
        case "TeamCorrected":
            for count in event.counts:
                add(count.unit_id, count.day, count.teams, count.seats)
    return found


@settings(max_examples=150, deadline=None)
@given(LISTS, st.lists(st.one_of(LATE, LATE, CORRECTIONS), max_size=14))
def test_after_any_history_the_published_numbers_are_those_of_the_facts(
    seats: tuple[Seat, ...], commands: list[Any]
) -> None:
    spec = registry()
    spec.when(establish("t", "v", START, *seats, pilot=True))
    if isinstance(spec._outcome, Rejected):
        return
    published = worth(spec.events[0][1])
    for command in commands:
        spec.when(command)
        if isinstance(spec._outcome, Rejected):
            assert spec._outcome.code != "look-further"
            continue
        for stream, event in spec.events:
            if stream == "team:t":
                published.update(worth(event))
    team: Team = spec.state("team:t")
    expected = {
        (unit, day, what): n
        for (unit, day), numbers in transitions(team).items()
        for what, n in zip(("teams", "seats"), numbers, strict=True)
        if n
    }
    assert {key: n for key, n in published.items() if n} == expected
    assert replay(team.facts, team.voided) == team
    assert sum(isinstance(fact, TeamEstablished) for fact in team.facts) == 1
