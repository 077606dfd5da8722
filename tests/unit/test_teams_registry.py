"""Documents, people, teams and seats: given – when – then, with the golden cases of the field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.teams import domain
from services.teams.domain import DECIDER
from services.teams.domain.documents import DocumentKeyTaken, DocumentKind, DocumentRegistered, RegisterDocument
from services.teams.domain.people import ErasePerson, PersonRegistered, RegisterPerson, SubjectErased
from services.teams.domain.team.events import (
    PilotEnded,
    Role,
    Seat,
    SeatAppointed,
    SeatChanged,
    SeatReleased,
    TeamDissolved,
    TeamEstablished,
    TeamKind,
    TeamReassigned,
    TeamReconstituted,
    TeamRenamed,
    TeamResumed,
    TeamSuspended,
)
from services.teams.domain.team.life import (
    DissolveTeam,
    EndPilot,
    EstablishTeam,
    ReassignTeam,
    RenameTeam,
    ResumeTeam,
    SuspendTeam,
    TeamPlaced,
)
from services.teams.domain.team.seats import AppointSeat, ChangeLeader, ChangeSeat, ReconstituteTeam, ReleaseSeat
from services.teams.domain.units import UnitAbolished, UnitEstablished
from services.teams.messages import MESSAGES
from services.teams.messages.files import FILES
from services.teams.messages.reforms import REFORMS
from shared.decider import Personal
from shared.problem_texts import GENERIC
from shared.problems import rejection_codes
from shared.testing import Spec

START, DAY = date(2022, 1, 1), date(2023, 10, 1)
COMMUNE, VILLAGE = TeamKind.COMMUNE, TeamKind.VILLAGE
PLAN = DocumentRegistered("d", DocumentKind.PLAN, "UBND tỉnh Bắc Kạn", "305/KH", 2022, DAY, DAY, None, "")


def unit(unit_id: str, level: str, parent: str | None) -> tuple[str, Any]:
    event = UnitEstablished(unit_id, level, "xã", unit_id, parent, None, START, None, True)
    return f"unit:{unit_id}", event


def person(n: int) -> tuple[str, Any]:
    return f"person:p{n}", PersonRegistered(f"p{n}", Personal("An"))


def seat(n: int, role: Role = Role.MEMBER) -> Seat:
    return Seat(f"s{n}", f"p{n}", role)


UNITS = (unit("vn", "nation", None), unit("c", "commune", "vn"), unit("v", "village", "c"), unit("w", "village", "c"))
LEADER, DEPUTY, MEMBER = seat(1, Role.LEADER), seat(2, Role.DEPUTY), seat(3)


def registry(*history: tuple[str, Any]) -> Spec[Any, Any, Any]:
    people = [person(n) for n in range(1, 10)]
    return Spec(DECIDER).given(*UNITS, ("document:d", PLAN), *people).given(*history)


def establish(team: str = "t", unit_id: str = "v", *seats: Seat, **other: Any) -> EstablishTeam:
    fields = {"kind": VILLAGE, "name": "Tổ", "effective": DAY, "document_id": "d", **other}
    return EstablishTeam(team_id=team, unit_id=unit_id, seats=seats, **fields)


def with_team(*seats: Seat, **other: Any) -> Spec[Any, Any, Any]:
    spec = registry().when(establish("t", "v", *seats, **other))
    assert spec.events
    return spec


# --- documents and people -----------------------------------------------------------------------------------------


def document(document_id: str, **other: Any) -> RegisterDocument:
    fields = {"kind": DocumentKind.DECISION, "issuer": "UBND xã A", "number": "12/QĐ-UBND", "year": 2023}
    days = {"signed_on": DAY, "effective_from": DAY}
    return RegisterDocument(document_id=document_id, **fields | days | other)


def test_a_document_is_known_by_issuer_kind_number_and_year() -> None:
    spec = registry().when(document("d1"))
    assert spec.events[1] == ("document-key:ubnd xã a/decision/12%2Fqđ-ubnd/2023", DocumentKeyTaken("d1"))
    spec.when(document("d1")).then()
    spec.when(document("d1", title="Khác")).then_rejected("document-exists")
    spec.when(document("d2", issuer="ubnd  xã A")).then_rejected("document-key-taken", holder="d1")
    assert spec.when(document("d2", year=2024)).events


def test_a_document_ends_after_it_begins() -> None:
    registry().when(document("d1", effective_to=DAY)).then_rejected("document-dates-reversed")


def test_a_person_is_registered_once_and_erased_for_ever() -> None:
    spec = registry().when(RegisterPerson("new", Personal("Bình"), None, "youth_union"))
    spec.then(("person:new", PersonRegistered("new", Personal("Bình"), None, "youth_union")))
    spec.when(RegisterPerson("new", Personal("Bình"))).then_rejected("person-exists")
    spec.when(ErasePerson("new")).then(("person:new", SubjectErased("new"))).when(ErasePerson("new")).then()
    spec.when(RegisterPerson("new", Personal("Bình"))).then_rejected("person-erased")
    spec.when(ErasePerson("nobody")).then_rejected("person-unknown")


def test_folded_state_holds_no_name() -> None:
    assert "An" not in repr(registry().state("person:p1"))


def test_people_can_be_registered_with_their_team() -> None:
    both = (RegisterPerson("new", Personal("Bình")), RegisterPerson("other", Personal("Chi"), None, "health"))
    seats = (Seat("n1", "new", Role.LEADER), Seat("n2", "other", Role.MEMBER), seat(1, Role.MEMBER))
    spec = registry().when(establish("t", "v", *seats, people=both))
    assert [stream for stream, _ in spec.events] == ["team:t", "team-of:v/village", "person:new", "person:other"]
    assert spec.events[3][1] == PersonRegistered("other", Personal("Chi"), None, "health")
    assert spec.when(establish("u", "w", people=both[:1])).then_rejected("newcomer-without-seat", person="new")
    spec.when(establish("u", "w", *seats[:1], people=both[:1])).then_rejected("person-exists", person="new")
    third = Seat("n1", "third", Role.LEADER)
    twice = (RegisterPerson("third", Personal("An")),) * 2
    spec.when(establish("u", "w", third, people=twice)).then_rejected("person-exists", person="third")


# --- establishing -------------------------------------------------------------------------------------------------


def test_a_team_is_established_with_its_seats_and_takes_its_place() -> None:
    seats = (LEADER, DEPUTY, MEMBER)
    registry().when(establish("t", "v", *seats)).then(
        ("team:t", TeamEstablished("t", VILLAGE, "v", "Tổ", False, DAY, "d", seats, False)),
        ("team-of:v/village", TeamPlaced("t", DAY)),
    )


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (establish(document_id="none"), "document-unknown"),
        (establish(unit_id="nowhere"), "unknown-unit"),
        (establish(effective=date(2021, 1, 1)), "unit-not-yet"),
        (establish(kind=COMMUNE), "team-unit-level"),
        (establish("t", "v", LEADER, seat(2, Role.LEADER)), "leader-exists"),
        (establish("t", "v", LEADER, replace(MEMBER, seat_id="s1")), "seat-id-taken"),
        (establish("t", "v", LEADER, replace(MEMBER, person_id="p1")), "person-already-seated"),
        (establish("t", "v", Seat("s", "nobody", Role.MEMBER)), "person-unknown"),
    ],
)
def test_a_team_that_cannot_be(command: EstablishTeam, code: str) -> None:
    registry().when(command).then_rejected(code)


def test_no_team_in_a_closed_unit_but_on_its_last_day() -> None:
    closed = ("unit:v", UnitAbolished("v", DAY, (), True, None))
    registry(closed).when(establish()).then_rejected("unit-closed", closed=DAY)
    assert registry(closed).when(establish(effective=date(2023, 9, 30))).events


def test_an_erased_person_is_not_appointed() -> None:
    erased = ("person:p1", SubjectErased("p1"))
    registry(erased).when(establish("t", "v", LEADER)).then_rejected("person-erased")


def test_one_team_per_unit_and_kind_until_the_first_has_ended() -> None:
    spec = with_team(LEADER)
    spec.when(establish("u", "v")).then_rejected("team-place-taken", holder="t")
    again = establish("u", "v", effective=date(2024, 6, 1))
    spec.when(again).then_rejected("team-place-taken", holder="t")
    spec.when(DissolveTeam("t", date(2024, 6, 1), "d")).then(
        ("team:t", TeamDissolved("t", "v", date(2024, 6, 1), 1, "d"))
    )
    spec.when(replace(again, effective=date(2024, 5, 31))).then_rejected("team-place-taken")
    assert spec.when(again).events
    third = establish("x", "v", effective=date(2024, 7, 1), also=("team:t", "team:u"))
    spec.when(third).then_rejected("team-place-taken", holder="u")


def test_establishing_the_same_again_changes_nothing() -> None:
    spec = with_team(LEADER)
    spec.when(establish("t", "v", LEADER)).then()
    spec.when(establish("t", "v", DEPUTY)).then_rejected("team-exists")


def test_bac_kan_the_pilot_ran_before_its_plan_was_signed() -> None:
    """1/5–31/7/2022 by a plan signed on 24/5/2022: effective, signed and recorded are three days."""
    plan = replace(PLAN, document_id="bk", signed_on=date(2022, 5, 24), effective_from=date(2022, 5, 24))
    spec = registry(("document:bk", plan))
    spec.when(establish("t", "c", LEADER, kind=COMMUNE, pilot=True, effective=date(2022, 5, 1), document_id="bk"))
    assert spec.state("team:t").pilot
    end = EndPilot("t", False, date(2022, 8, 1), "bk")
    spec.when(end).then(("team:t", PilotEnded("t", "c", date(2022, 8, 1), False, 1, "bk")))
    spec.when(RenameTeam("t", "Khác", date(2022, 9, 1), "bk")).then_rejected("team-ended")
    assert spec.when(establish("u", "c", kind=COMMUNE, effective=date(2022, 8, 1), also=("team:t",))).events


def test_a_converted_pilot_goes_on() -> None:
    spec = with_team(LEADER, pilot=True)
    spec.when(EndPilot("t", True, date(2024, 1, 1), "d")).then(
        ("team:t", PilotEnded("t", "v", date(2024, 1, 1), True, 1, "d"))
    )
    spec.when(EndPilot("t", True, date(2024, 1, 1), "d")).then()
    spec.when(EndPilot("t", True, date(2024, 2, 1), "d")).then_rejected("team-not-pilot")
    assert [spec.state("team:t").standing_on(day) for day in (date(2023, 12, 31), date(2024, 1, 1))] == [
        "pilot",
        "active",
    ]
    assert spec.when(RenameTeam("t", "Tổ chuyển đổi số", date(2024, 1, 1), "d")).events


# --- changes ------------------------------------------------------------------------------------------------------


def test_a_team_is_renamed_once_per_name() -> None:
    rename = RenameTeam("t", "Tổ chuyển đổi số cộng đồng", date(2024, 1, 1), "d")
    event = TeamRenamed("t", "v", "Tổ chuyển đổi số cộng đồng", date(2024, 1, 1), "d")
    with_team().when(rename).then(("team:t", event)).when(rename).then()
    registry().when(rename).then_rejected("team-unknown")


def test_seats_are_appointed_and_released() -> None:
    spec = with_team(LEADER)
    appoint = AppointSeat("t", MEMBER, date(2023, 11, 1), "d")
    spec.when(appoint).then(("team:t", SeatAppointed("t", "v", MEMBER, date(2023, 11, 1), "d"))).when(appoint).then()
    release = ReleaseSeat("t", "s3", date(2023, 12, 1), "d", "moved_away")
    spec.when(release).then(("team:t", SeatReleased("t", "v", "s3", date(2023, 12, 1), "d", "moved_away")))
    spec.when(release).then()
    spec.when(replace(release, effective=date(2024, 1, 1))).then_rejected("seat-released")
    spec.when(appoint).then()
    spec.when(replace(appoint, effective=date(2024, 1, 1))).then_rejected("seat-id-taken")
    assert spec.when(AppointSeat("t", replace(MEMBER, seat_id="s4"), date(2023, 12, 1), "d")).events


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (AppointSeat("t", MEMBER, date(2023, 9, 30), "d"), "team-not-yet"),
        (AppointSeat("t", seat(4, Role.LEADER), DAY, "d"), "leader-exists"),
        (AppointSeat("t", Seat("s9", "p1", Role.MEMBER), DAY, "d"), "person-already-seated"),
        (AppointSeat("t", Seat("s9", "nobody", Role.MEMBER), DAY, "d"), "person-unknown"),
        (AppointSeat("x", MEMBER, DAY, "d"), "team-unknown"),
        (AppointSeat("t", MEMBER, DAY, "none"), "document-unknown"),
        (ReleaseSeat("t", "s9", DAY, "d"), "seat-unknown"),
        (EndPilot("t", True, DAY, "d"), "team-not-pilot"),
    ],
)
def test_changes_that_are_refused(command: Any, code: str) -> None:
    with_team(LEADER, DEPUTY).when(command).then_rejected(code)


def test_a_release_comes_after_the_appointment() -> None:
    spec = with_team(LEADER).when(AppointSeat("t", MEMBER, date(2024, 1, 1), "d"))
    spec.when(ReleaseSeat("t", "s3", date(2023, 12, 31), "d")).then_rejected("seat-unknown", seat="s3")


def test_reconstituting_gives_the_full_new_list() -> None:
    """Kiện toàn: the deputy becomes leader, the leader leaves, one comes."""
    spec, day, leader = with_team(LEADER, DEPUTY, MEMBER), date(2024, 1, 1), seat(2, Role.LEADER)
    spec.when(ReconstituteTeam("t", (leader, MEMBER, seat(4)), day, "d")).then(
        ("team:t", TeamReconstituted("t", "v", day, "d", 3, 3, ("s1", "s2"), (leader, seat(4))))
    )
    assert {s.seat_id: s.role for s in spec.state("team:t").open_seats} == {
        "s2": Role.LEADER,
        "s3": Role.MEMBER,
        "s4": Role.MEMBER,
    }
    spec.when(ReconstituteTeam("t", (LEADER,), day, "d")).then_rejected("seat-id-taken")
    spec.when(ReconstituteTeam("t", (Seat("s3", "p9", Role.MEMBER),), day, "d")).then_rejected("seat-id-taken")
    late = date(2023, 12, 31)
    contradicted = {"fact": 2, "type": "TeamReconstituted", "day": day, "rule": "total-contradicted"}
    spec.when(ReconstituteTeam("t", (seat(5),), late, "d")).then_rejected("fact-contradicted", **contradicted)
    spec.when(AppointSeat("t", seat(6), late, "d")).then_rejected("fact-contradicted", **contradicted)


# --- a team's life, and late facts ----------------------------------------------------------------------------------


def test_a_team_rests_and_goes_on() -> None:
    spec, resumed = with_team(LEADER), ResumeTeam("t", date(2024, 3, 1), "d")
    spec.when(resumed).then_rejected("team-not-suspended")
    spec.when(SuspendTeam("t", date(2024, 1, 1), "d")).then(("team:t", TeamSuspended("t", "v", date(2024, 1, 1), "d")))
    spec.when(SuspendTeam("t", date(2024, 2, 1), "d")).then_rejected("team-suspended")
    spec.when(resumed).then(("team:t", TeamResumed("t", "v", date(2024, 3, 1), "d"))).when(resumed).then()
    days = (date(2023, 12, 31), date(2024, 1, 1), date(2024, 2, 29), date(2024, 3, 1))
    standings = [spec.state("team:t").standing_on(day) for day in days]
    assert standings == ["active", "suspended", "suspended", "active"]
    # A rest in between would not fit into the one that is recorded.
    spec.when(SuspendTeam("t", date(2023, 12, 1), "d")).then_rejected(
        "fact-contradicted", fact=2, rule="team-suspended"
    )


def test_a_team_serves_another_unit_of_its_level() -> None:
    spec = with_team(LEADER, DEPUTY)
    spec.when(ReassignTeam("t", "c", date(2024, 1, 1), "d")).then_rejected("team-unit-level")
    spec.when(ReassignTeam("t", "v", date(2024, 1, 1), "d")).then()
    event = TeamReassigned("t", VILLAGE, "v", "w", 2, date(2024, 1, 1), "d")
    spec.when(ReassignTeam("t", "w", date(2024, 1, 1), "d")).then(("team:t", event))
    assert [spec.state("team:t").unit_on(day) for day in (date(2023, 12, 31), date(2024, 1, 1))] == ["v", "w"]
    assert spec.when(establish("u", "v", effective=date(2024, 1, 1), also=("team:t",))).events
    # What was counted for its former unit stays there: no late move before it.
    spec.when(RenameTeam("t", "Tổ", date(2024, 2, 1), "d")).then()
    rename = RenameTeam("t", "Tổ mới", date(2024, 2, 1), "d")
    assert spec.when(rename).events
    spec.when(ReassignTeam("t", "v", date(2024, 1, 15), "d")).then_rejected(
        "fact-contradicted", rule="unit-contradicted"
    )


def test_another_leads() -> None:
    spec, day = with_team(LEADER, DEPUTY), date(2024, 6, 1)
    spec.when(ChangeLeader("t", day, "d")).then_rejected("leader-unclear")
    spec.when(ChangeLeader("t", day, "d", seat=seat(3))).then_rejected("leader-unclear")
    spec.when(ChangeLeader("t", day, "d", "s9")).then_rejected("seat-unknown")
    change = ChangeLeader("t", day, "d", "s2", reason="village_head_elected")
    spec.when(change).then(
        ("team:t", SeatChanged("t", "v", seat(1), day, "d", "village_head_elected")),
        ("team:t", SeatChanged("t", "v", seat(2, Role.LEADER), day, "d", "village_head_elected")),
    )
    spec.when(change).then()
    elected = ChangeLeader("t", date(2024, 7, 1), "d", seat=seat(4, Role.LEADER), former_role=None)
    assert [type(event).__name__ for _, event in spec.when(elected).events] == ["SeatReleased", "SeatAppointed"]
    assert not spec.when(elected).events
    assert sorted(s.seat_id for s in spec.state("team:t").open_seats) == ["s1", "s4"]


def test_a_seat_changes_its_role_and_never_its_person() -> None:
    spec, day = with_team(LEADER, DEPUTY), date(2024, 6, 1)
    spec.when(ChangeSeat("t", "s2", day, "d", Role.DEPUTY)).then()
    spec.when(ChangeSeat("t", "s2", day, "d", Role.LEADER)).then_rejected("leader-exists")
    after = replace(DEPUTY, role=Role.MEMBER, affiliation="veterans")
    change = ChangeSeat("t", "s2", day, "d", Role.MEMBER, "veterans")
    spec.when(change).then(("team:t", SeatChanged("t", "v", after, day, "d", None))).when(change).then()


def test_a_late_fact_is_told_in_its_place() -> None:
    """A renaming of March that is recorded after the one of June does not change what the team is called since June."""
    spec = with_team(LEADER).when(RenameTeam("t", "Tháng sáu", date(2024, 6, 1), "d"))
    assert spec.when(RenameTeam("t", "Tháng ba", date(2024, 3, 1), "d")).events
    assert [name for _, name in spec.state("team:t").names] == ["Tổ", "Tháng ba", "Tháng sáu"]
    assert spec.when(AppointSeat("t", seat(3), date(2024, 1, 1), "d")).events
    spec.when(DissolveTeam("t", date(2024, 9, 1), "d"))
    spec.when(AppointSeat("t", seat(4), date(2024, 8, 1), "d")).then_rejected(
        "fact-contradicted", fact=5, type="TeamDissolved", rule="total-contradicted"
    )
    spec.when(DissolveTeam("t", date(2024, 2, 1), "d")).then_rejected("fact-contradicted", rule="team-ended")


def test_every_rejection_has_its_texts() -> None:
    folder = Path(domain.__file__).parent
    codes = rejection_codes(*folder.rglob("*.py"))
    assert len(codes) > 30
    assert codes <= MESSAGES.keys() | GENERIC.keys()
    everywhere = rejection_codes(*folder.parent.rglob("*.py"))
    assert MESSAGES.keys() - everywhere - {*REFORMS, *FILES} <= {"forbidden-personal-field"}  # named by a constant
