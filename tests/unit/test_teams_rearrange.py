"""Mergers, splits and their undoing: every seat accounted for, totals that reconcile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.teams.domain import DECIDER
from services.teams.domain.documents import DocumentKind, DocumentRegistered
from services.teams.domain.looks import LookFurther
from services.teams.domain.people import PersonRegistered
from services.teams.domain.team.events import Role, Seat, TeamKind
from services.teams.domain.team.life import EstablishTeam, RenameTeam
from services.teams.domain.team.merge import Fate, MergeTeams, SeatFate
from services.teams.domain.team.rearrange import NewTeam
from services.teams.domain.team.seats import ReleaseSeat
from services.teams.domain.units import UnitEstablished
from shared.decider import Personal
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
        while True:
            super().when(command)
            if not isinstance(self._outcome, LookFurther):
                return self
            command = replace(command, also=tuple(sorted({*command.also, *self._outcome.streams})))


def registry(*history: tuple[str, Any]) -> Spec[Any, Any, Any]:
    people = [person(n) for n in range(1, 10)]
    return Registry(DECIDER).given(*UNITS, ("document:d", PLAN), *people).given(*history)


def establish(team: str = "t", unit_id: str = "v", *seats: Seat, **other: Any) -> EstablishTeam:
    fields = {"kind": VILLAGE, "name": "Tổ", "effective": DAY, "document_id": "d", **other}
    return EstablishTeam(team_id=team, unit_id=unit_id, seats=seats, **fields)


def with_team(*seats: Seat, **other: Any) -> Spec[Any, Any, Any]:
    spec = registry().when(establish("t", "v", *seats, **other))
    assert spec.events
    return spec


# --- mergers ------------------------------------------------------------------------------------------------------


def carried(*numbers: int) -> tuple[SeatFate, ...]:
    return tuple(SeatFate(f"s{n}", Fate.CARRIED) for n in numbers)


def two_teams(*second: Seat) -> Spec[Any, Any, Any]:
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
