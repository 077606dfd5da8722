"""People: changes, joins and separations of duplicates, the blind index, and what a body must not carry."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from services.teams.domain import DECIDER
from services.teams.domain.documents import DocumentKind, DocumentRegistered
from services.teams.domain.duplicates import (
    LONGEST_CHAIN,
    DismissDuplicate,
    DuplicateDismissed,
    JoinPeople,
    PeopleJoined,
    PeopleSeparated,
    PersonKept,
    SeparatePeople,
)
from services.teams.domain.people import (
    ChangePerson,
    ErasePerson,
    PersonChanged,
    PersonRegistered,
    RegisterPerson,
    SubjectErased,
    person_stream,
)
from services.teams.messages import MESSAGES
from services.teams.public import Publisher
from services.teams.schemas.base import Picked, row_of
from services.teams.schemas.forbidden import NEVER
from services.teams.schemas.people import (
    PEOPLE_CHANGES,
    ChangePersonSchema,
    JoinPeopleSchema,
    Reference,
    RegisterPersonSchema,
)
from services.teams.schemas.teams import EstablishTeamSchema
from shared.blind_index import BlindIndex, phone_form, word_forms
from shared.decider import LookFurther, Personal, Rejected
from shared.log import Recorded
from shared.problems import from_validation, register
from shared.testing import Spec
from shared.unit_directory import UnitDirectory
from shared.vietnamese import fold

register(MESSAGES)
AN = Personal("Nguyễn Văn An")


def registered(*people: str) -> list[tuple[str, Any]]:
    return [(person_stream(p), PersonRegistered(p, AN)) for p in people]


def spec(*people: str) -> Spec[Any, Any, Any]:
    return Spec(DECIDER).given(*registered(*people))


def when(spec: Spec[Any, Any, Any], command: JoinPeople) -> Spec[Any, Any, Any]:
    """The command with whatever further streams its decision asks for, as ``intake`` does."""
    for _ in range(LONGEST_CHAIN + 1):
        spec.when(command)
        outcome = spec._outcome
        if not isinstance(outcome, LookFurther):
            break
        command = replace(command, also=tuple(sorted({*command.also, *outcome.streams})))
    return spec


def joined(kept: str, duplicate: str) -> tuple[tuple[str, Any], tuple[str, Any]]:
    event = PeopleJoined(kept, duplicate, "same_phone", None)
    return (person_stream(duplicate), event), (person_stream(kept), PersonKept(kept, duplicate))


def join(kept: str, duplicate: str, **other: Any) -> JoinPeople:
    return JoinPeople(kept, duplicate, "same_phone", **other)


# --- a person ---------------------------------------------------------------------------------------------------------


def test_a_person_is_changed_in_part() -> None:
    spec("p").when(ChangePerson("p", ("phone",), phone=Personal("0912"))).then(
        (person_stream("p"), PersonChanged("p", ("phone",), None, Personal("0912"), None))
    )
    changed = spec("p").when(ChangePerson("p", ("affiliation",), affiliation="teacher"))
    assert changed.state(person_stream("p")).affiliation == "teacher"
    changed.when(ChangePerson("p", ("affiliation",), affiliation="teacher")).then()
    changed.when(ChangePerson("p", ("name",), name=AN))
    assert changed.state(person_stream("p")).affiliation == "teacher"
    changed.when(ChangePerson("p", ())).then_rejected("person-change-empty")
    changed.when(ChangePerson("q", ("name",), name=AN)).then_rejected("person-unknown", person="q")


def test_an_erased_person_takes_no_data() -> None:
    erased = spec("p").when(ErasePerson("p")).then((person_stream("p"), SubjectErased("p")))
    erased.when(ErasePerson("p")).then()
    erased.when(ChangePerson("p", ("name",), name=AN)).then_rejected("person-erased")
    erased.when(RegisterPerson("p", AN)).then_rejected("person-erased")
    assert "Văn" not in repr(erased.state(person_stream("p")))


# --- duplicates -------------------------------------------------------------------------------------------------------


def test_a_duplicate_is_joined_and_separated() -> None:
    pair = spec("a", "b").when(join("a", "b")).then(*joined("a", "b"))
    pair.when(join("a", "b")).then()
    pair.when(join("b", "a"))
    when(pair, join("b", "a")).then_rejected("person-is-kept", person="a")
    pair.when(SeparatePeople("b", "a", "wrong")).then_rejected("people-not-joined")
    apart = PeopleSeparated("a", "b", "wrong", None)
    pair.when(SeparatePeople("a", "b", "wrong")).then((person_stream("b"), apart))
    pair.when(SeparatePeople("a", "b", "wrong")).then_rejected("people-not-joined", kept="–")
    when(pair, join("b", "a")).then(*joined("b", "a"))


def test_a_join_into_a_joined_person_goes_to_the_kept_one() -> None:
    chain = spec("a", "b", "c", "d")
    when(chain, join("a", "b")).then(*joined("a", "b"))
    when(chain, join("c", "a")).then(*joined("c", "a"))
    when(chain, join("b", "d")).then(*joined("c", "d"))
    when(chain, join("d", "b")).then()  # one person already
    when(chain, join("d", "c")).then_rejected("person-is-kept", person="c")
    more = chain.given(*registered("e"))
    when(more, join("e", "b")).then_rejected("person-joined", kept="a")
    chain.when(SeparatePeople("c", "a", "wrong"))
    when(chain, join("b", "e")).then(*joined("a", "e"))


def test_a_join_needs_two_registered_people_with_data_and_its_document() -> None:
    pair = spec("a", "b")
    pair.when(join("a", "a")).then_rejected("people-same")
    pair.when(join("a", "x")).then_rejected("person-unknown", person="x")
    pair.when(join("a", "b", document_id="d")).then_rejected("document-unknown")
    day = date(2023, 10, 1)
    document = DocumentRegistered("d", DocumentKind.DECISION, "UBND", "1", 2023, day, day, None, "")
    pair.given(("document:d", document), (person_stream("b"), SubjectErased("b")))
    pair.when(join("a", "b", document_id="d")).then_rejected("person-erased", person="b")
    pair.when(SeparatePeople("a", "x", "wrong")).then_rejected("person-unknown")


def test_a_suggestion_is_dismissed_once_whoever_is_named_first() -> None:
    pair = spec("a", "b")
    pair.when(DismissDuplicate("b", "a")).then(("apart:a/b", DuplicateDismissed("a", "b", None)))
    pair.when(DismissDuplicate("a", "b")).then()
    pair.when(DismissDuplicate("a", "x")).then_rejected("person-unknown")
    pair.when(DismissDuplicate("a", "a")).then_rejected("people-same")


@dataclass
class Naive:
    """What joins mean, without trees: a union of the pairs that are joined now."""

    people: list[str]
    joins: set[tuple[str, str]] = field(default_factory=set)

    def groups(self) -> set[frozenset[str]]:
        group = {p: frozenset([p]) for p in self.people}
        for one, other in self.joins:
            union = group[one] | group[other]
            group |= dict.fromkeys(union, union)
        return set(group.values())


steps = st.lists(
    st.tuples(st.sampled_from("join join join separate erase".split()), st.integers(0, 5), st.integers(0, 5)),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(steps)
def test_groups_are_the_union_of_the_joins_that_hold(steps: list[tuple[str, int, int]]) -> None:
    people = list("abcdef")
    world, naive, erased = spec(*people), Naive(people), set[str]()
    for what, n, m in steps:
        one, other = people[n], people[m]
        match what:
            case "join":
                before = naive.groups()
                when(world, join(one, other))
            case "separate":
                world.when(SeparatePeople(one, other, "wrong"))
            case _:
                world.when(ErasePerson(one))
                erased.add(one)
        if isinstance(world._outcome, Rejected):
            continue
        for _, event in world.events:
            if isinstance(event, PeopleJoined):
                assert not {event.person_id, event.duplicate_id} & erased
                naive.joins.add((event.person_id, event.duplicate_id))
                assert len(naive.groups()) == len(before) - 1, "a join made no two groups one"
            if isinstance(event, PeopleSeparated):
                naive.joins.remove((event.person_id, event.duplicate_id))
    assert {
        frozenset(p for p in people if root(world, p) == kept) for kept in map_roots(world, people)
    } == naive.groups()
    assert {p for p in people if world.state(person_stream(p)).erased} == erased


def root(world: Spec[Any, Any, Any], person: str) -> str:
    for _ in range(10):
        into = world.state(person_stream(person)).into
        if into is None:
            return person
        person = into
    raise AssertionError("a circle")


def map_roots(world: Spec[Any, Any, Any], people: list[str]) -> set[str]:
    return {root(world, person) for person in people}


# --- what is published ------------------------------------------------------------------------------------------------


def recorded(type_: str, data: dict[str, Any]) -> Recorded:
    return Recorded(0, 1, "s", 1, type_, 1, data, {}, uuid4(), 1, b"", None)  # type: ignore[arg-type]  # not asked


@pytest.mark.parametrize("private", ["PersonRegistered", "PersonChanged", "PersonKept", "DuplicateDismissed"])
def test_what_tells_of_a_person_is_private(private: str) -> None:
    assert Publisher(UnitDirectory(None))(recorded(private, {"name": {}})) is None  # type: ignore[arg-type]  # not asked


@pytest.mark.parametrize("public", ["PeopleJoined", "PeopleSeparated", "SubjectErased"])
def test_joins_and_erasures_are_public(public: str) -> None:
    found = Publisher(UnitDirectory(None))(recorded(public, {"person_id": "a"}))  # type: ignore[arg-type]  # not asked
    assert found is not None
    assert (found.type, found.data, found.province) == (public, {"person_id": "a"}, None)


# --- bodies -----------------------------------------------------------------------------------------------------------


def refused(schema: Any, data: Any) -> set[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        schema.load(data)
    return {(issue.code, issue.pointer) for issue in from_validation(caught.value).issues}


def uid() -> str:
    return str(uuid4())


def body(**other: Any) -> dict[str, Any]:
    return {"person_id": uid(), "name": "Nguyễn Văn An"} | other


@pytest.mark.parametrize(
    "field", [*sorted(NEVER), "Số CCCD", "soCMND", "Ngày sinh", "birthDate", "SỐ ĐỊNH DANH", "Ảnh"]
)
def test_what_must_never_be_stored_is_refused_by_its_rule(field: str) -> None:
    for schema in (RegisterPersonSchema(), ChangePersonSchema(), Reference()):
        sent = {"name": "An", field: "1"} | ({} if isinstance(schema, Reference) else {"person_id": uid()})
        assert refused(schema, sent) == {("forbidden-personal-field", f"/{field}")}


def test_the_rule_comes_first_and_holds_in_every_body() -> None:
    with pytest.raises(ValidationError) as caught:
        row_of(RegisterPersonSchema).load({"name": 5, "cccd": "1"})
    assert from_validation(caught.value).code == "forbidden-personal-field"
    text = from_validation(caught.value).document("vi")["detail"]
    assert "91/2025/QH15" in text
    seat = {"seat_id": "s", "person_id": uid(), "role": "member", "ngay_sinh": "1990-01-01"}
    team = {"team_id": uid(), "kind": "village", "unit_id": "v", "name": "T", "effective": "2023-10-01"}
    found = refused(EstablishTeamSchema(), team | {"document_id": uid(), "seats": [seat], "anh_the": "x"})
    assert found == {("forbidden-personal-field", "/seats/0/ngay_sinh"), ("forbidden-personal-field", "/anh_the")}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": "An 001099012345"}, "/name"),
        ({"name": "An 0912.345.678"}, "/name"),
        ({"phone": "001099012345"}, "/phone"),
        ({"phone": "001 099 012 345"}, "/phone"),
        ({"affiliation": "cccd001099012345"}, "/affiliation"),
    ],
)
def test_identity_numbers_hide_in_no_other_field(change: dict[str, Any], pointer: str) -> None:
    assert refused(RegisterPersonSchema(), body(**change)) == {("forbidden-personal-field", pointer)}
    assert refused(ChangePersonSchema(), {"person_id": uid(), **change}) == {("forbidden-personal-field", pointer)}


@pytest.mark.parametrize("phone", ["0912 345 678", "+84 912 345 678", "0084912345678", "024.3825.1234", "84912345678"])
def test_phone_numbers_are_taken_as_they_are_written(phone: str) -> None:
    assert RegisterPersonSchema().load(body(phone=phone)).command().phone == Personal(phone)


def test_a_change_names_what_it_changes() -> None:
    changed = ChangePersonSchema().load({"person_id": uid(), "phone": None, "name": "  Trần Thị Bưởi "}).command()
    assert (changed.fields, changed.name, changed.phone) == (("name", "phone"), Personal("Trần Thị Bưởi"), None)
    assert "Bưởi" not in repr(changed)
    assert refused(ChangePersonSchema(), {"person_id": uid(), "name": None}) == {("missing-field", "/name")}
    assert ChangePersonSchema(exclude=("person_id",)).load({"affiliation": None}).command(person_id="p").fields == (
        "affiliation",
    )


def test_changes_of_people_come_in_rows_too() -> None:
    rows = Picked(PEOPLE_CHANGES)
    pair = {"person_id": uid(), "duplicate_id": uid(), "reason": "same_phone"}
    assert rows.load({"id": uid(), "do": "join", **pair}).command() == JoinPeople(**pair)
    assert refused(rows, {"id": uid(), "do": "join", **pair, "reason": "Ông An"}) == {("wrong-format", "/reason")}
    assert refused(JoinPeopleSchema(), pair | {"reason": None}) == {("missing-field", "/reason")}


# --- the blind index --------------------------------------------------------------------------------------------------

INDEX = BlindIndex(b"k" * 32, b"people")
syllables = st.sampled_from("Nguyễn Trần Hoà Hòa Đỗ THỊ h'mai An-Bình Y Ênuôl Lý  Tuấn Tuân Tuan".split(" "))
names = st.lists(syllables, min_size=1, max_size=5).map(" ".join)


@given(names | st.text(max_size=30))
def test_without_accents_a_name_is_what_search_takes_it_for(name: str) -> None:
    assert word_forms(name)[0] == fold(name)
    assert word_forms(fold(name)) == (fold(name), fold(name))


@given(names)
def test_accents_are_optional_and_tones_stand_anywhere(name: str) -> None:
    plain = INDEX.name(fold(name).upper())
    assert INDEX.name(name).agrees(plain) and plain.agrees(INDEX.name(name))
    other = name.replace("Hoà", "?").replace("Hòa", "Hoà").replace("?", "Hòa")
    assert INDEX.name(name) == INDEX.name(other) == INDEX.name(f"  {name.lower()} ")


def test_names_with_other_accents_are_other_names() -> None:
    assert not INDEX.name("Tuấn").agrees(INDEX.name("Tuân"))
    assert not INDEX.name("Nguyễn An").agrees(INDEX.name("Nguyễn Ân"))
    assert INDEX.name("Nguyễn Ân").agrees(INDEX.name("NGUYEN AN"))
    assert not INDEX.name("An").agrees(INDEX.name("Anh"))


def test_a_phone_number_has_one_form() -> None:
    forms = ["0912 345 678", "+84 912.345.678", "84912345678", "0084-912345678", "912345678", "+84 (0)912345678"]
    assert {phone_form(form) for form in forms} == {"0912345678"}
    assert phone_form("+66 81 234 5678") == phone_form("0066812345678") == "+66812345678"
    assert INDEX.phone("0912345678") != INDEX.phone("0912345679")
    assert phone_form("024 3825 1234") == "02438251234"


def test_tokens_are_of_this_key_and_of_their_kind() -> None:
    other = BlindIndex(b"x" * 32, b"people")
    assert INDEX.name("An") != other.name("An")
    assert INDEX.phone("0912345678") != INDEX.name("0912345678").plain
    assert -(2**63) <= INDEX.phone("0912345678") < 2**63
