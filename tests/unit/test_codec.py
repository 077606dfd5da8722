"""Events survive as JSON; older schemas are lifted; personal fields are sealed and can be erased."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from shared.codec import Codec, EventType, NothingChanged, UnknownEvent
from shared.decider import Personal, sealed
from shared.log import Recorded, canonical
from shared.vault import MemoryKeys, SubjectErased, Vault


class Role(StrEnum):
    LEADER = "leader"


@dataclass(frozen=True)
class Seat:
    person_id: UUID
    role: Role


@dataclass(frozen=True)
class TeamFormed:
    team_id: UUID
    day: date
    seats: tuple[Seat, ...] = ()
    note: str | None = None


@dataclass(frozen=True)
class PersonMet:
    person_id: str
    name: Personal = sealed(by="person_id")
    phone: Personal | None = sealed(by="person_id", default=None)


def stored(codec: Codec, event: object, command_id: UUID | None = None) -> Recorded:
    command_id = command_id or uuid4()
    type_, schema, data = codec.encode(event, f"{command_id}:1")
    on_disk = json.loads(data)
    return Recorded(0, 1, "s", 1, type_, schema, on_disk, {}, command_id, 1, b"", datetime.now(UTC))


@given(
    st.builds(
        TeamFormed,
        st.uuids(),
        st.dates(),
        st.lists(st.builds(Seat, st.uuids()), max_size=3).map(tuple),
        st.text() | st.none(),
    )
)
def test_an_event_comes_back_equal_from_canonical_json(event):
    codec = Codec(TeamFormed)
    assert codec.decode(stored(codec, event)) == event
    assert codec.encode(event, "x:1")[2] == canonical(msgspec.to_builtins(event))


def test_older_schemas_are_lifted_one_by_one():
    kind = EventType(
        "TeamFormed",
        TeamFormed,
        schema=3,
        upcasters={
            1: lambda d: d | {"day": d["on"]},
            2: lambda d: {k: v for k, v in d.items() if k != "on"} | {"note": "lifted"},
        },
    )
    old = replace(stored(Codec(TeamFormed), TeamFormed(uuid4(), date(2024, 1, 1))), schema=1)
    old.data["on"] = old.data.pop("day")
    event = Codec(kind).decode(old)
    assert (event.day, event.note) == (date(2024, 1, 1), "lifted")


def test_an_unknown_type_or_a_newer_schema_is_said_to_be_so():
    codec = Codec(TeamFormed)
    known = stored(codec, TeamFormed(uuid4(), date(2024, 1, 1)))
    for unknown in (replace(known, type="Other"), replace(known, schema=2)):
        with pytest.raises(UnknownEvent):
            codec.decode(unknown)


def test_every_codec_knows_that_nothing_changed():
    codec = Codec()
    assert codec.decode(stored(codec, NothingChanged())) == NothingChanged()


def test_two_types_of_one_name_are_refused():
    with pytest.raises(ValueError, match="share a name"):
        Codec(TeamFormed, EventType("TeamFormed", Seat))


def test_sealed_fields_need_a_vault():
    with pytest.raises(ValueError, match="vault"):
        Codec(PersonMet)


@given(st.text())
def test_a_sealed_field_is_unreadable_at_rest_and_opens_with_its_key(name):
    codec = Codec(PersonMet, vault=Vault(MemoryKeys()))
    event = PersonMet("p1", Personal("Đặng Thị " + name), None)
    at_rest = stored(codec, event)
    assert "Đặng" not in json.dumps(at_rest.data, ensure_ascii=False)
    assert at_rest.data["phone"] is None
    assert codec.decode(at_rest) == event


def test_erasing_a_person_blanks_the_past_and_bars_the_future():
    vault = Vault(MemoryKeys())
    codec = Codec(PersonMet, vault=vault)
    hers = stored(codec, PersonMet("p1", Personal("Hoà"), Personal("0912")))
    his = stored(codec, PersonMet("p2", Personal("Đức")))
    vault.destroy("p1")
    assert codec.decode(hers) == PersonMet("p1", Personal(None), Personal(None))
    assert codec.decode(his).name == Personal("Đức")
    with pytest.raises(SubjectErased):
        codec.encode(PersonMet("p1", Personal("Hoà")), "x:1")


def test_a_sealed_text_opens_only_for_its_own_subject_and_event():
    vault = Vault(MemoryKeys())
    box = vault.seal("p1", "c:1", "Hoà")
    vault.ensure({"p2"})
    for subject, event_id in (("p1", "c:2"), ("p2", "c:1")):
        with pytest.raises(InvalidTag):
            vault.open(subject, event_id, box)


def test_a_personal_text_does_not_show_in_a_repr():
    assert "Hoà" not in repr(PersonMet("p1", Personal("Hoà")))
