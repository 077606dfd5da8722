"""Mergers, splits and their undoing: every seat accounted for, totals that reconcile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.teams.domain import DECIDER
from services.teams.domain.documents import DocumentKind, DocumentRegistered
from services.teams.domain.duplicates import JoinPeople, SeparatePeople
from services.teams.domain.people import PersonRegistered
from services.teams.domain.team.events import Role, Seat, TeamKind
from services.teams.domain.team.life import DissolveTeam, EstablishTeam, RenameTeam
from services.teams.domain.team.merge import Fate, MergeTeams, SeatFate
from services.teams.domain.team.rearrange import NewTeam, RearrangementUndone, TeamsRearranged, Totals
from services.teams.domain.team.seats import AppointSeat, ReleaseSeat
from services.teams.domain.team.split import ReleasedSeat, SplitInto, SplitTeam
from services.teams.domain.team.state import Life
from services.teams.domain.team.undo import SeatPlacement, UndoRearrangement
from services.teams.domain.units import UnitAbolished, UnitEstablished
from shared.decider import LookFurther, Personal
from shared.handling import LOOKS
from shared.testing import Spec

START, DAY = date(2022, 1, 1), date(2023, 10, 1)
COMMUNE, VILLAGE = TeamKind.COMMUNE, TeamKind.VILLAGE
PLAN = DocumentRegistered("d", DocumentKind.DECISION, "UBND", "1/QĐ", 2023, DAY, DAY, None, "")


def unit(unit_id: str, level: str, parent: str | None) -> tuple[str, Any]:
    event = UnitEstablished(unit_id, level, "xã", unit_id, parent, None, START, None, True)
    return f"unit:{unit_id}", event


def person(n: int) -> tuple[str, Any]:
    return f"person:p{n}", PersonRegistered(f"p{n}", Personal("An"))


def seat(n: int, role: Role = Role.MEMBER) -> Seat:
    return Seat(f"s{n}", f"p{n}", role)


UNITS = (unit("vn", "nation", None), unit("c", "commune", "vn"), *(unit(v, "village", "c") for v in "vwxyz"))
LEADER, DEPUTY = seat(1, Role.LEADER), seat(2, Role.DEPUTY)


class Registry(Spec[Any, Any, Any]):
    """Looks further where a decision asks for it, as the intake does."""

    def when(self, command: Any) -> Registry:
        for _ in range(1 + LOOKS):
            super().when(command)
            if not isinstance(self._outcome, LookFurther):
                return self
            command = replace(command, also=tuple(sorted({*command.also, *self._outcome.streams})))
        raise AssertionError("more looks than the service takes")


def registry(*history: tuple[str, Any]) -> Registry:
    people = [person(n) for n in range(1, 10)]
    return Registry(DECIDER).given(*UNITS, ("document:d", PLAN), *people).given(*history)


def establish(team: str = "t", unit_id: str = "v", *seats: Seat, **other: Any) -> EstablishTeam:
    fields = {"kind": VILLAGE, "name": "Tổ", "effective": DAY, "document_id": "d", **other}
    return EstablishTeam(team_id=team, unit_id=unit_id, seats=seats, **fields)


def with_team(*seats: Seat, **other: Any) -> Registry:
    spec = registry().when(establish("t", "v", *seats, **other))
    assert spec.events
    return spec


# --- mergers ------------------------------------------------------------------------------------------------------


def carried(*numbers: int) -> tuple[SeatFate, ...]:
    return tuple(SeatFate(f"s{n}", Fate.CARRIED) for n in numbers)


def two_teams(*second: Seat) -> Registry:
    spec = with_team(LEADER, DEPUTY)
    assert spec.when(establish("u", "w", *(second or (seat(3, Role.LEADER), seat(4))))).events
    return spec


def merge(*fates: SeatFate, **other: Any) -> MergeTeams:
    fields = {
        "rearrangement_id": "r",
        "into_team_id": "t",
        "from_team_ids": ("u",),
        "effective": date(2024, 2, 1),
        "document_id": "d",
    }
    return MergeTeams(seats=fates, **fields | other)


def test_a_merger_carries_every_seat_and_leaves_the_surplus_leader_visible() -> None:
    spec = two_teams().when(merge(*carried(3, 4)))
    (stream, merged), (into, _), (gone, absorbed) = spec.events
    assert (stream, into, gone, absorbed.into_team_id) == ("rearrangement:r", "team:t", "team:u", "t")
    totals = merged.totals
    assert (totals.teams_before, totals.teams_after) == (2, 1)
    assert (totals.seats_before, totals.carried, totals.joined, totals.released, totals.seats_after) == (4, 4, 0, 0, 4)
    assert [(s.seat.seat_id, s.from_team_id) for s in merged.carried] == [
        ("s1", "t"),
        ("s2", "t"),
        ("s3", "u"),
        ("s4", "u"),
    ]
    assert spec.state("team:t").surplus_leaders == 1
    assert spec.state("team:u").open_seats == ()
    spec.when(RenameTeam("u", "x", date(2024, 3, 1), "d")).then_rejected("team-ended")
    assert spec.when(ReleaseSeat("t", "s3", date(2024, 3, 1), "d")).events
    assert spec.state("team:t").surplus_leaders == 0


def test_a_doubled_seat_is_joined_with_the_same_person_only() -> None:
    same = Seat("s9", "p1", Role.MEMBER)
    joined = SeatFate("s9", Fate.JOINED, with_seat_id="s1")
    spec = two_teams(same, seat(4))
    spec.when(merge(SeatFate("s9", Fate.CARRIED), *carried(4))).then_rejected("person-already-seated")
    spec.when(merge(replace(joined, with_seat_id="s2"), *carried(4))).then_rejected("merge-joined-other-person")
    spec.when(merge(replace(joined, with_seat_id=None), *carried(4))).then_rejected("merge-joined-with-nobody")
    spec.when(merge(joined, SeatFate("s1", Fate.RELEASED), *carried(4))).then_rejected("merge-joined-with-nobody")
    spec.when(merge(joined, SeatFate("s2", Fate.RELEASED, reason="age"), *carried(4)))
    totals = spec.events[0][1].totals
    assert (totals.seats_before, totals.carried, totals.joined, totals.released, totals.seats_after) == (4, 2, 1, 1, 2)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (merge(*carried(3)), "merge-seat-unaccounted"),
        (merge(*carried(3, 3, 4)), "merge-seat-twice"),
        (merge(*carried(3, 4, 8)), "seat-unknown"),
        (merge(*carried(3, 4), from_team_ids=("t",)), "merge-into-itself"),
        (merge(*carried(3, 4), from_team_ids=("u", "u")), "merge-team-twice"),
        (merge(from_team_ids=()), "merge-too-few"),
        (merge(from_team_ids=("x",)), "team-unknown"),
        (merge(*carried(3, 4), effective=date(2023, 9, 1)), "team-not-yet"),
        (merge(*carried(3, 4), document_id="none"), "document-unknown"),
        (merge(*carried(3, 4), into_team_id="new", new=NewTeam(VILLAGE, "v", "Tổ")), "merge-too-few"),
        (merge(from_team_ids=("u", "x"), new=NewTeam(VILLAGE, "v", "Tổ")), "team-exists"),
        (
            merge(*carried(1, 2, 3, 4), into_team_id="n", from_team_ids=("t", "u"), new=NewTeam(COMMUNE, "c", "Tổ")),
            "merge-kinds-differ",
        ),
    ],
)
def test_mergers_that_are_refused(command: MergeTeams, code: str) -> None:
    two_teams().when(command).then_rejected(code)


def test_two_teams_become_a_new_one_in_the_unit_of_one_of_them() -> None:
    spec = two_teams()
    new = NewTeam(VILLAGE, "v", "Tổ mới")
    spec.when(merge(*carried(1, 2, 3, 4), into_team_id="n", from_team_ids=("t", "u"), new=new))
    assert [type(event).__name__ for _, event in spec.events] == [
        "TeamEstablished",
        "TeamPlaced",
        "TeamsRearranged",
        "TeamTookPart",
        "TeamTookPart",
        "TeamTookPart",
    ]
    totals = spec.events[2][1].totals
    assert (totals.teams_before, totals.teams_after, totals.seats_before, totals.seats_after) == (3, 1, 4, 4)
    assert len(spec.state("team:n").open_seats) == 4
    later = establish("x", "v", effective=date(2024, 2, 1))
    spec.when(later).then_rejected("team-place-taken", holder="n")


# --- splits -------------------------------------------------------------------------------------------------------


LATER = date(2024, 2, 1)
EVEN_LATER = date(2024, 6, 1)


def split(*into: SplitInto, **other: Any) -> SplitTeam:
    fields = {"rearrangement_id": "r", "team_id": "t", "released": (), "goes_on": False}
    return SplitTeam(into=into, **{**fields, "effective": LATER, "document_id": "d", **other})


def part(team: str, unit_id: str | None, *numbers: int) -> SplitInto:
    new = NewTeam(VILLAGE, unit_id, f"Tổ {team}") if unit_id else None
    return SplitInto(team, tuple(f"s{n}" for n in numbers), new)


def of_four() -> Registry:
    return with_team(LEADER, DEPUTY, seat(3), seat(4))


def people(spec: Registry, team: str) -> list[str]:
    return sorted(seat.person_id for seat in spec.state(f"team:{team}").open_seats)


def counts(event: TeamsRearranged) -> set[tuple[str, int, int]]:
    return {(count.unit_id, count.teams, count.seats) for count in event.counts}


def the_event(spec: Registry) -> TeamsRearranged:
    return next(event for _, event in spec.events if isinstance(event, TeamsRearranged))


def test_cu_khe_a_team_is_split_between_the_two_successors_of_its_village() -> None:
    released = (ReleasedSeat("s4", "moved_away"),)
    spec = of_four().when(split(part("a", "w", 1, 2), part("b", "x", 3), released=released))
    event = the_event(spec)
    assert event.totals == Totals(3, 2, 4, 3, 0, 1, 0, 3)
    assert counts(event) == {("v", -1, -4), ("w", 0, 2), ("x", 0, 1)}
    assert (people(spec, "a"), people(spec, "b"), people(spec, "t")) == (["p1", "p2"], ["p3"], [])
    gone = spec.state("team:t")
    assert (gone.ended, gone.ending, gone.into) == (LATER, "split", "a")
    spec.when(establish("n", "w", effective=LATER)).then_rejected("team-place-taken", holder="a")


def test_a_team_that_goes_on_keeps_whom_nobody_takes() -> None:
    spec = of_four().when(split(part("a", "w", 3), goes_on=True))
    assert (people(spec, "t"), people(spec, "a")) == (["p1", "p2", "p4"], ["p3"])
    assert counts(the_event(spec)) == {("v", 0, -1), ("w", 0, 1)}
    assert the_event(spec).unit_id == "v"


def test_a_person_who_sits_in_the_other_team_already_has_one_seat_there() -> None:
    spec = of_four()
    assert spec.when(establish("u", "w", Seat("s9", "p3", Role.LEADER))).events
    spec.when(split(part("u", None, 3, 4), part("a", "x", 1, 2)))
    event = the_event(spec)
    assert [(j.seat.seat_id, j.with_seat_id) for j in event.joined] == [("s3", "s9")]
    assert people(spec, "u") == ["p3", "p4"]
    assert (event.totals.seats_before, event.totals.seats_after) == (5, 4)


def test_a_new_team_may_take_the_place_of_the_one_that_ends() -> None:
    spec = of_four()
    spec.when(split(part("a", "v", 1, 2), part("b", "w", 3, 4), goes_on=True)).then_rejected("team-place-taken")
    assert spec.when(split(part("a", "v", 1, 2), part("b", "w", 3, 4))).events


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (split(part("a", "w", 1, 2), part("b", "x", 3)), "split-seat-unaccounted"),
        (split(part("a", "w", 1, 2), part("b", "x", 2, 3, 4)), "split-seat-twice"),
        (split(part("a", "w", 1, 2), part("b", "x", 3, 4, 8)), "seat-unknown"),
        (split(part("a", "w", 1, 2, 3, 4)), "split-too-few"),
        (split(goes_on=True), "split-too-few"),
        (split(part("a", "w", 1, 2), part("a", "x", 3, 4)), "split-team-twice"),
        (split(part("t", None, 1, 2), part("a", "x", 3, 4)), "split-into-itself"),
        (split(part("t", "w", 1), team_id="nobody"), "split-too-few"),
        (split(part("a", "w"), part("b", "x"), team_id="nobody"), "team-unknown"),
        (split(part("a", None, 1, 2), part("b", "x", 3, 4)), "team-unknown"),
        (split(part("a", "nowhere", 1, 2), part("b", "x", 3, 4)), "unknown-unit"),
        (split(part("a", "c", 1, 2), part("b", "x", 3, 4)), "team-unit-level"),
        (split(part("a", "w", 1, 2), part("b", "x", 3, 4), effective=date(2023, 1, 1)), "team-not-yet"),
        (split(part("a", "w", 1, 2), part("b", "x", 3, 4), document_id="none"), "document-unknown"),
        (
            split(
                SplitInto("a", ("s1", "s2"), NewTeam(COMMUNE, "c", "Tổ")),
                SplitInto("b", ("s3", "s4"), NewTeam(COMMUNE, "c", "Tổ")),
            ),
            "split-kinds-differ",
        ),
    ],
)
def test_splits_that_are_refused(command: SplitTeam, code: str) -> None:
    of_four().when(command).then_rejected(code)


# --- undoing ------------------------------------------------------------------------------------------------------


def undo(undoes: str = "r", by: str = "u1", day: date = LATER, *seats: SeatPlacement) -> UndoRearrangement:
    return UndoRearrangement(by, undoes, day, "d", seats)


def test_a_merger_into_an_old_team_is_undone_on_its_own_day() -> None:
    spec = two_teams().when(merge(*carried(3, 4))).when(undo())
    event = the_event(spec)
    assert event.totals == Totals(1, 2, 4, 4, 0, 0, 0, 4)
    assert counts(event) == {("v", 0, -2), ("w", 1, 2)}
    assert (event.how, event.undoes) == ("undo", "r")
    assert (people(spec, "t"), people(spec, "u")) == (["p1", "p2"], ["p3", "p4"])
    back = spec.state("team:u")
    assert (back.ended, back.exists(LATER), back.lives) == (None, True, (Life(DAY),))
    assert spec.events[-1] == ("rearrangement:r", RearrangementUndone("r", "u1"))


def test_an_undoing_is_undone_in_turn_at_any_depth() -> None:
    spec = two_teams().when(merge(*carried(3, 4)))
    merged = the_event(spec)
    whole, parted = (["p1", "p2", "p3", "p4"], []), (["p1", "p2"], ["p3", "p4"])
    for depth, day in enumerate((LATER, LATER, EVEN_LATER, date(2025, 1, 1), date(2025, 1, 1))):
        undoes = f"u{depth - 1}" if depth else "r"
        assert spec.when(undo(undoes, f"u{depth}", day)).events
        assert (people(spec, "t"), people(spec, "u")) == (whole if depth % 2 else parted)
        if depth % 2:
            gone = spec.state("team:u")
            assert (gone.ended, gone.ending, gone.into) == (day, "merged", "t")
            assert counts(the_event(spec)) == counts(merged)
            spec.when(undo("r", "again", day)).then_rejected("rearrangement-redone", by="u1")
        else:
            spec.when(undo(undoes, "again", day)).then_rejected("rearrangement-undone", by=f"u{depth}")


def test_a_merger_into_a_new_team_is_undone_and_done_again() -> None:
    new = NewTeam(VILLAGE, "v", "Tổ mới")
    spec = two_teams().when(merge(*carried(1, 2, 3, 4), into_team_id="n", from_team_ids=("t", "u"), new=new))
    spec.when(undo(day=EVEN_LATER))
    assert the_event(spec).totals == Totals(1, 2, 4, 4, 0, 0, 0, 4)
    assert spec.state("team:n").ending == "undone"
    assert (people(spec, "t"), people(spec, "u"), people(spec, "n")) == (["p1", "p2"], ["p3", "p4"], [])
    spec.when(establish("x", "v", effective=EVEN_LATER)).then_rejected("team-place-taken", holder="t")
    spec.when(undo("u1", "u2", date(2025, 1, 1)))
    assert people(spec, "n") == ["p1", "p2", "p3", "p4"]
    assert (spec.state("team:t").ending, spec.state("team:t").into) == ("merged", "n")
    assert spec.state("team:n").lives == (
        Life(LATER, EVEN_LATER, "undone"),
        Life(date(2025, 1, 1)),
    )


def test_what_was_joined_or_released_is_restored_and_goes_again() -> None:
    same = Seat("s9", "p1", Role.MEMBER)
    spec = two_teams(same, seat(4))
    fates = (SeatFate("s9", Fate.JOINED, "s1"), SeatFate("s2", Fate.RELEASED, reason="age"), *carried(4))
    spec.when(merge(*fates)).when(undo())
    assert the_event(spec).totals == Totals(1, 2, 2, 2, 0, 0, 2, 4)
    assert (people(spec, "t"), people(spec, "u")) == (["p1", "p2"], ["p1", "p4"])
    spec.when(undo("u1", "u2", EVEN_LATER))
    event = the_event(spec)
    assert event.totals == Totals(2, 1, 4, 2, 1, 1, 0, 2)
    assert [(j.seat.seat_id, j.with_seat_id) for j in event.joined] == [("s9", "s1")]
    assert [(gone.seat.seat_id, gone.reason) for gone in event.released] == [("s2", "age")]
    assert people(spec, "t") == ["p1", "p4"]


def test_who_left_since_stays_away_and_who_came_since_is_placed() -> None:
    new = NewTeam(VILLAGE, "x", "Tổ mới")
    spec = two_teams().when(merge(*carried(1, 2, 3, 4), into_team_id="n", from_team_ids=("t", "u"), new=new))
    assert spec.when(ReleaseSeat("n", "s2", date(2024, 3, 1), "d")).events
    assert spec.when(AppointSeat("n", seat(5), date(2024, 4, 1), "d")).events
    spec.when(undo(day=EVEN_LATER)).then_rejected("undo-seat-unaccounted", seat="s5", team="n")
    spec.when(undo("r", "u1", EVEN_LATER, SeatPlacement("s5", "n"))).then_rejected("undo-team-not-there")
    spec.when(undo("r", "u1", EVEN_LATER, SeatPlacement("s8", "t"))).then_rejected("seat-unknown")
    twice = (SeatPlacement("s5", "t"), SeatPlacement("s5", "u"))
    spec.when(undo("r", "u1", EVEN_LATER, *twice)).then_rejected("undo-seat-twice")
    spec.when(undo()).then_rejected("fact-contradicted")
    assert spec.when(undo("r", "u1", EVEN_LATER, SeatPlacement("s5", "t"))).events
    assert (people(spec, "t"), people(spec, "u")) == (["p1", "p5"], ["p3", "p4"])


def test_who_came_since_may_be_released_and_then_comes_back() -> None:
    spec = two_teams().when(merge(*carried(3, 4)))
    assert spec.when(undo(day=date(2024, 3, 1))).events
    assert spec.when(AppointSeat("u", seat(5), date(2024, 4, 1), "d")).events
    spec.when(undo("u1", "u2", EVEN_LATER)).then_rejected("undo-seat-unaccounted", seat="s5", team="u")
    assert spec.when(undo("u1", "u2", EVEN_LATER, SeatPlacement("s5", reason="age"))).events
    assert people(spec, "t") == ["p1", "p2", "p3", "p4"]
    assert spec.when(undo("u2", "u3", date(2025, 1, 1))).events
    assert people(spec, "u") == ["p3", "p4", "p5"]


def test_a_split_is_undone() -> None:
    spec = of_four().when(split(part("a", "w", 1, 2), part("b", "x", 3, 4))).when(undo(day=EVEN_LATER))
    assert the_event(spec).totals == Totals(2, 1, 4, 4, 0, 0, 0, 4)
    assert people(spec, "t") == ["p1", "p2", "p3", "p4"]
    assert spec.when(undo("u1", "u2", date(2025, 1, 1))).events
    assert (spec.state("team:t").ending, spec.state("team:t").into) == ("split", "a")
    assert (people(spec, "a"), people(spec, "b")) == (["p1", "p2"], ["p3", "p4"])


def test_who_returns_to_a_team_where_they_were_appointed_again_has_one_seat_there() -> None:
    spec = of_four().when(split(part("a", "w", 3), goes_on=True))
    assert spec.when(AppointSeat("t", Seat("s9", "p3", Role.MEMBER), date(2024, 3, 1), "d")).events
    spec.when(undo(day=EVEN_LATER))
    assert [(j.seat.seat_id, j.with_seat_id) for j in the_event(spec).joined] == [("s3", "s9")]
    assert people(spec, "t") == ["p1", "p2", "p3", "p4"]


def test_the_later_rearrangement_is_undone_first() -> None:
    spec = two_teams().when(merge(*carried(3, 4)))
    assert spec.when(establish("n", "x", seat(5))).events
    into = {"rearrangement_id": "r2", "into_team_id": "n", "from_team_ids": ("t",), "effective": date(2024, 3, 1)}
    assert spec.when(merge(*carried(1, 2, 3, 4), **into)).events
    spec.when(undo(day=EVEN_LATER)).then_rejected("undo-contradicted", team="t")
    spec.when(undo()).then_rejected("fact-contradicted")
    assert spec.when(undo("r2", "u1", EVEN_LATER)).events
    assert spec.when(undo("r", "u2", EVEN_LATER)).events
    assert (people(spec, "t"), people(spec, "u"), people(spec, "n")) == (["p1", "p2"], ["p3", "p4"], ["p5"])


def test_a_place_that_was_taken_meanwhile_stays_taken() -> None:
    spec = two_teams().when(merge(*carried(3, 4)))
    assert spec.when(establish("n", "w", effective=date(2024, 3, 1))).events
    spec.when(undo(day=EVEN_LATER)).then_rejected("team-place-taken", holder="n")
    spec.when(undo()).then_rejected("team-place-taken", holder="n")
    assert spec.when(DissolveTeam("n", EVEN_LATER, "d")).events
    assert spec.when(undo(day=EVEN_LATER)).events
    spec.when(establish("m", "w", effective=date(2025, 1, 1))).then_rejected("team-place-taken", holder="u")


def test_a_team_begins_again_only_while_its_unit_exists() -> None:
    spec = two_teams().when(merge(*carried(3, 4)))
    spec.given(("unit:w", UnitAbolished("w", EVEN_LATER, (), True, None)))
    spec.when(undo(day=EVEN_LATER)).then_rejected("unit-closed")
    assert spec.when(undo(day=date(2024, 5, 31))).events


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (undo("nobody"), "rearrangement-unknown"),
        (undo("r", "r"), "rearrangement-exists"),
        (undo(day=date(2024, 1, 31)), "undo-too-early"),
        (replace(undo(), document_id="none"), "document-unknown"),
    ],
)
def test_undoings_that_are_refused(command: UndoRearrangement, code: str) -> None:
    two_teams().when(merge(*carried(3, 4))).when(command).then_rejected(code)


def test_a_rearrangement_is_made_once() -> None:
    spec = two_teams().when(merge(*carried(3, 4)))
    spec.when(merge(*carried(3, 4), effective=EVEN_LATER)).then_rejected("rearrangement-exists")


def test_two_people_who_are_one_may_be_joined_in_a_merger() -> None:
    joined = SeatFate("s3", Fate.JOINED, "s1")
    spec = two_teams().when(merge(joined, *carried(4))).then_rejected("merge-joined-other-person")
    assert spec.when(JoinPeople("p9", "p1", "same_person")).events
    spec.when(merge(joined, *carried(4))).then_rejected("merge-joined-other-person")
    assert spec.when(JoinPeople("p9", "p3", "same_person")).events
    assert spec.when(merge(joined, *carried(4))).events
    assert people(spec, "t") == ["p1", "p2", "p4"]
    assert spec.when(undo()).events
    assert people(spec, "u") == ["p3", "p4"]
    assert spec.when(undo("u1", "u2")).events
    assert people(spec, "t") == ["p1", "p2", "p4"]
    assert spec.when(undo("u2", "u3", EVEN_LATER)).events
    assert spec.when(SeparatePeople("p9", "p3", "two_people")).events
    spec.when(undo("u3", "u4", EVEN_LATER)).then_rejected("undo-seat-unaccounted", seat="s3")


def test_however_many_teams_the_service_looks_a_few_times_only() -> None:
    spec = registry(*(unit(f"m{n}", "village", "c") for n in range(9)), *(person(n) for n in range(10, 30)))
    teams = tuple(f"t{n}" for n in range(8))
    for n, team in enumerate(teams):
        assert spec.when(establish(team, f"m{n}", seat(10 + n), Seat(f"x{n}", f"p{20 + n}", Role.MEMBER))).events
        assert spec.when(JoinPeople("p1", f"p{20 + n}", "same_person")).events
    new = NewTeam(VILLAGE, "m8", "Tổ mới")
    fates = [SeatFate(f"x{n}", Fate.JOINED, "x0") if n else SeatFate("x0", Fate.CARRIED) for n in range(8)]
    merged = merge(*carried(*range(10, 18)), *fates, into_team_id="n", from_team_ids=teams, new=new)
    assert the_event(spec.when(merged)).totals == Totals(9, 1, 16, 9, 7, 0, 0, 9)
    assert the_event(spec.when(undo())).totals == Totals(1, 8, 9, 9, 0, 0, 7, 16)
    assert the_event(spec.when(undo("u1", "u2", EVEN_LATER))).totals == Totals(8, 1, 16, 9, 7, 0, 0, 9)
