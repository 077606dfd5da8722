"""Bodies: what is taken, what is refused and where, and that the quick way and the schema agree."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from services.teams.domain.team.corrections import Correction
from services.teams.domain.team.events import Role, Seat
from services.teams.domain.team.merge import Fate, SeatFate
from services.teams.domain.units import AbolishUnit, Successor
from services.teams.messages import MESSAGES
from services.teams.schemas.base import Picked, row_of
from services.teams.schemas.corrections import CHANGES, CorrectTeamSchema
from services.teams.schemas.documents import RegisterDocumentSchema
from services.teams.schemas.people import NEVER, RegisterPersonSchema
from services.teams.schemas.rearrange import MergeTeamsSchema
from services.teams.schemas.teams import (
    TEAM_CHANGES,
    AppointSeatSchema,
    EstablishTeamSchema,
    SeatSchema,
    seats,
)
from services.teams.schemas.units import UNIT_CHANGES
from shared.problems import from_validation, register

register(MESSAGES)


def uid() -> str:
    return str(uuid4())


def refused(schema: Any, body: Any) -> set[tuple[str, str]]:
    """Codes and pointers."""
    with pytest.raises(ValidationError) as error:
        schema.load(body)
    return {(issue.code, issue.pointer) for issue in from_validation(error.value).issues}


def team(**other: Any) -> dict[str, Any]:
    row = {"id": uid(), "team_id": uid(), "kind": "village", "unit_id": "v", "name": "Tổ", "effective": "2023-10-01"}
    return row | {"document_id": uid()} | other


def test_a_row_becomes_a_command() -> None:
    seat = {"seat_id": "s", "person_id": uid(), "role": "leader"}
    loaded = row_of(EstablishTeamSchema).load(team(seats=[seat], name=" To\u0302\u0309  "))
    command = loaded.command()
    assert command.seats == (Seat("s", seat["person_id"], Role.LEADER, None),)
    assert (command.name, command.pilot) == ("Tổ", False)
    assert str(loaded.command_id)


def test_units_may_carry_successors() -> None:
    row = {"id": uid(), "do": "abolish", "unit_id": "a", "effective": "2025-07-01"}
    heirs = [{"unit_id": "b", "main": True}, {"unit_id": "c"}]
    command = Picked(UNIT_CHANGES).load(row | {"successors": heirs}).command()
    assert isinstance(command, AbolishUnit)
    assert command.successors == (Successor("b", True), Successor("c", False))


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"id": "x"}, "wrong-type", "/id"),
        ({"team_id": 5}, "wrong-type", "/team_id"),
        ({"kind": "province"}, "unknown-choice", "/kind"),
        ({"unit_id": "a b"}, "wrong-format", "/unit_id"),
        ({"unit_id": "a\n"}, "wrong-format", "/unit_id"),
        ({"name": "   "}, "wrong-length", "/name"),
        ({"name": "a\tb"}, "wrong-format", "/name"),
        ({"name": "x" * 201}, "wrong-length", "/name"),
        ({"effective": "1/10/2023"}, "wrong-type", "/effective"),
        ({"effective": "2023-02-30"}, "wrong-type", "/effective"),
        ({"effective": 20231001}, "wrong-type", "/effective"),
        ({"pilot": 1}, "wrong-type", "/pilot"),
        ({"seats": {}}, "wrong-type", "/seats"),
        ({"seats": [{}] * 101}, "wrong-length", "/seats"),
        ({"seats": [{"seat_id": "s", "person_id": "p", "role": "member"}]}, "wrong-type", "/seats/0/person_id"),
        ({"seats": [5]}, "wrong-type", "/seats/0"),
        ({"leader": "An"}, "unknown-field", "/leader"),
        ({"document_id": None}, "missing-field", "/document_id"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], code: str, pointer: str) -> None:
    assert (code, pointer) in refused(row_of(EstablishTeamSchema), team(**change))


def test_rows_say_what_they_do_and_under_which_id() -> None:
    picked = Picked(TEAM_CHANGES)
    assert refused(picked, {}) == {("missing-field", "/do")}
    assert refused(picked, {"do": ["rename"]}) == {("unknown-choice", "/do")}
    assert refused(picked, []) == {("wrong-type", "")}
    assert ("missing-field", "/id") in refused(picked, {"do": "rename"})


def test_a_single_route_takes_its_path_from_the_path() -> None:
    body = {
        "effective": "2024-01-01",
        "document_id": uid(),
        "seat": {"seat_id": "s", "person_id": uid(), "role": "deputy"},
    }
    schema = AppointSeatSchema(exclude=("team_id",))
    assert schema.load(body).command(team_id="t").team_id == "t"
    assert ("unknown-field", "/team_id") in refused(schema, body | {"team_id": uid()})


@pytest.mark.parametrize("field", sorted(NEVER))
def test_forbidden_personal_fields_say_so(field: str) -> None:
    body = {"person_id": uid(), "name": "An", field: "1"}
    assert refused(RegisterPersonSchema(), body) == {("forbidden-personal-field", f"/{field}")}


def test_a_name_hides_no_number_and_is_never_shown() -> None:
    person = RegisterPersonSchema().load({"person_id": uid(), "name": "Nguyễn Văn An", "phone": "+84 912 345 678"})
    assert "Nguyễn" not in repr(person.command())
    assert "912" not in repr(person.command())
    body = {"person_id": uid(), "name": "An 001099012345"}
    assert refused(RegisterPersonSchema(), body) == {("forbidden-personal-field", "/name")}
    assert refused(RegisterPersonSchema(), body | {"name": "An", "phone": "call me"}) == {("wrong-format", "/phone")}


def test_documents_have_days_and_a_year() -> None:
    body = {"document_id": uid(), "kind": "plan", "issuer": "UBND", "number": "1", "year": 2022}
    body |= {"signed_on": "2022-05-24", "effective_from": "2022-05-01"}
    assert RegisterDocumentSchema().load(body).command().title == ""
    assert ("out-of-range", "/year") in refused(RegisterDocumentSchema(), body | {"year": 22})
    assert ("wrong-type", "/year") in refused(RegisterDocumentSchema(), body | {"year": "2022"})


def test_fates_of_a_merger() -> None:
    body = {"rearrangement_id": uid(), "into_team_id": uid(), "from_team_ids": [uid()]}
    body |= {"effective": "2024-01-01", "document_id": uid()}
    fates = [{"seat_id": "a", "fate": "joined", "with_seat_id": "b"}, {"seat_id": "c", "fate": "released"}]
    command = MergeTeamsSchema().load(body | {"seats": fates}).command()
    assert command.seats == (SeatFate("a", Fate.JOINED, "b"), SeatFate("c", Fate.RELEASED))
    new = {"kind": "village", "unit_id": "v", "name": "Tổ"}
    assert MergeTeamsSchema().load(body | {"new": new}).command().new.unit_id == "v"
    bad = body | {"seats": [{"seat_id": "a", "fate": "lost"}], "from_team_ids": []}
    assert {p for _, p in refused(MergeTeamsSchema(), bad)} == {"/seats/0/fate", "/from_team_ids"}


texts = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=8),
    st.sampled_from(["s1", "leader", "member", "teacher", "a b", "x\n", "Teacher", str(uuid4()), str(uuid4()).upper()]),
)
items = st.dictionaries(st.sampled_from(["seat_id", "person_id", "role", "affiliation", "name"]), texts)


@given(st.lists(items, max_size=3))
def test_the_quick_way_takes_what_the_schema_takes(given_items: list[dict[str, Any]]) -> None:
    try:
        expected = tuple(Seat(**seat) for seat in SeatSchema(many=True).load(given_items))
    except ValidationError:
        with pytest.raises(ValidationError):
            seats().deserialize(given_items)
    else:
        assert seats().deserialize(given_items) == expected


def test_a_correction_names_facts_and_adds_late_ones() -> None:
    team, other = uid(), uid()
    late = {"do": "appoint", "effective": "2024-01-01", "document_id": uid()}
    late |= {"seat": {"seat_id": "s", "person_id": uid(), "role": "deputy"}}
    body: dict[str, Any] = {"reason": "wrong_day", "document_id": other, "added": [late]}
    body |= {"corrections": [{"fact": 2, "effective": "2023-05-01", "name": "Tổ"}, {"fact": 3, "void": True}]}
    schema = CorrectTeamSchema(exclude=("team_id",))
    command = schema.load(body | {"if_match": 4}).command(team_id=team)
    assert schema.load(body | {"if_match": 4}).if_match == 4
    assert command.corrections == (
        Correction(2, None, {"effective": date(2023, 5, 1), "name": "Tổ"}),
        Correction(3, True),
    )
    assert (command.added[0].team_id, command.added[0].seat.role) == (team, Role.DEPUTY)
    row = Picked(CHANGES).load(body | {"do": "correct", "id": uid(), "team_id": team})
    assert row.command() == command
    bad = body | {
        "corrections": [{"fact": 0}, {"fact": 1, "names": "x"}],
        "added": [late | {"team_id": team}, {"do": "merge"}],
    }
    assert {p for _, p in refused(schema, bad | {"reason": "x", "if_match": -1})} == {
        "/corrections/0/fact",
        "/corrections/1/names",
        "/added/0/team_id",
        "/added/1/do",
        "/reason",
        "/if_match",
    }
