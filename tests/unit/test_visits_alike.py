"""Probable duplicates of places: what is compared of an address and a contact, what makes two probably one."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.visits.comparing import LABEL, Comparing, address_form, contact_forms
from services.visits.domain import (
    PLACES,
    MergePlaces,
    PlaceKind,
    PlaceRegistered,
    PlaceToldApart,
    TellPlacesApart,
    place_stream,
)
from services.visits.domain.alike import Token, Trait, in_common
from shared.blind_index import BlindIndex
from shared.pairs import Key, page
from shared.testing import Spec
from shared.vietnamese import fold

COMPARING = Comparing(BlindIndex(b"k" * 32, LABEL))
ONE, OTHER, THIRD = (UUID(int=n) for n in (1, 2, 3))


def why(one: tuple[str | None, str | None], other: tuple[str | None, str | None]) -> list[str]:
    return [str(trait) for trait in in_common(COMPARING.tokens(*one), COMPARING.tokens(*other))]


# --- what is compared ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("Số 12, ngõ 5, xã Ngọc Hoà, huyện Chương Mỹ, TP. Hà Nội", "12 ngõ 5"),
        ("số nhà 12 - ngõ 5 – phường 3 - Q. 5; Việt Nam", "12 ngõ 5"),
        ("Xã Ngọc Hoà số 12", "Xã Ngọc Hoà 12"),
        ("12 Quán Thánh, P.Trúc Bạch", "12 Quán Thánh"),
        ("thôn Đoài, thi tran Xuan Mai", "thôn Đoài"),
        ("Phường Hồng Hà, thành phố Hà Nội", ""),
        ("  ", ""),
    ],
)
def test_an_address_counts_without_the_units_that_the_place_stands_in(address: str, form: str) -> None:
    assert address_form(address) == form
    assert address_form(unicodedata.normalize("NFD", address)) == form


@pytest.mark.parametrize(
    ("contact", "name", "phones"),
    [
        ("chị Nguyễn Thị Lan (chủ hộ) - 0912 345 678", "Nguyễn Thị Lan", ["0912 345 678"]),
        ("0912345678 / 0987.654.321", "", ["0912345678", "0987.654.321"]),
        ("(024) 3825 1234, ông Trần Văn Bình", "Trần Văn Bình", ["024 3825 1234"]),
        ("Chu Văn An sđt: 912345678", "Chu Văn An", ["912345678"]),
        ("chú An Bình +84 912 345 678", "An Bình", ["+84 912 345 678"]),
        ("ông Tư", "", []),
        ("Lan", "", []),
        ("số thẻ 001085012345678", "số thẻ", []),
        ("", "", []),
    ],
)
def test_a_contact_is_a_name_and_phone_numbers(contact: str, name: str, phones: list[str]) -> None:
    assert contact_forms(contact) == (name, phones)


# --- what is probable ------------------------------------------------------------------------------------------------


def test_an_address_or_a_phone_number_is_enough() -> None:
    assert why(("Số 12, ngõ 5", None), ("12 ngo 5, xã Ngọc Hòa", None)) == ["address"]
    assert why((None, "chị Lan 0912345678"), (None, "+84 912 345 678 (Lan)")) == ["phone"]
    assert why(("12", "Nguyễn An"), ("12", "Trần Bình 0912345678")) == ["address"]
    assert why(("Số 12", "Lê Hoà Bình 0912345678"), ("12", "LÊ HÒA BÌNH - 0912.345.678")) == [
        "phone",
        "address",
        "name",
    ]
    assert why(("Số 12", None), ("Số 13", None)) == why((None, None), (None, None)) == []


def test_a_name_says_nothing_against_an_address_or_a_phone_number() -> None:
    assert why((None, "Nguyễn Thị Lan"), (None, "chị Nguyen Thi Lan")) == ["name"]
    assert why(("Số 12", "Nguyễn Thị Lan"), (None, "Nguyễn Thị Lan 0912345678")) == ["name"]
    assert why(("Số 12", "Nguyễn Thị Lan"), ("Số 13", "Nguyễn Thị Lan")) == []
    assert why((None, "Nguyễn Thị Lan 0912345678"), (None, "Nguyễn Thị Lan 0912345679")) == []
    both = "Nguyễn Thị Lan 0912345678/0912345679"
    assert why((None, both), (None, "Nguyễn Thị Lan 0912345679")) == ["phone", "name"]


def test_accents_are_optional_and_where_both_write_them_the_same() -> None:
    assert (
        why(("ngõ Đỗ Hoà", None), ("ngo do hoa", None))
        == why(("ngõ Đỗ Hoà", None), ("Ngõ Đỗ Hòa", None))
        == ["address"]
    )
    assert why(("ngõ Hoà", None), ("ngõ Hoa", None)) == [], "one of the words is written with accents"
    assert why((None, "Nguyễn Tuấn"), (None, "Nguyễn Tuân")) == []


words = st.lists(st.sampled_from("Số 12 ngõ Đoài Hoà Hòa hoa đường ĐƯỜNG 5/3 xóm".split()), max_size=4).map(" ".join)
people = st.sampled_from(["", "chị Lê Hoà An", "Lê Hòa An", "le hoa an", "ông Đỗ Lý", "Đỗ Ly"])
numbers = st.sampled_from(["", "0912345678", "+84912345678", "0912 345 679"])
told = st.tuples(words, st.tuples(people, numbers).map(" - ".join))


@given(told, told)
def test_it_is_the_same_from_both_sides_and_everybody_is_like_itself(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert why(one, other) == why(other, one)
    mine = COMPARING.tokens(*one)
    assert set(in_common(mine, mine)) == {token.trait for token in mine}


@given(told)
def test_how_it_is_written_does_not_matter(one: tuple[str, str]) -> None:
    address, contact = one
    for form in ("NFC", "NFD"):
        again = tuple(unicodedata.normalize(form, text).upper() for text in one)
        assert COMPARING.tokens(*again) == COMPARING.tokens(*one)
    bare = COMPARING.tokens(fold(address), contact)
    traits = {token.trait for token in COMPARING.tokens(*one)}
    assert set(in_common(bare, COMPARING.tokens(*one))) == traits


def test_tokens_are_of_this_service_and_of_their_trait() -> None:
    other = Comparing(BlindIndex(b"k" * 32, b"tungnha teams: blind index of people 1"))
    mine = COMPARING.tokens("Lê An", "Lê An")
    assert mine.isdisjoint(other.tokens("Lê An", "Lê An"))
    [address, name] = sorted(mine, key=lambda token: token.trait)
    assert (address.trait, name.trait) == (Trait.ADDRESS, Trait.NAME)
    assert not Token(Trait.NAME, *address[1:]).agrees(name)


# --- told apart -----------------------------------------------------------------------------------------------------


def spec(*places: UUID) -> Spec[Any, Any, Any]:
    return Spec(PLACES).given(
        *((place_stream(place), PlaceRegistered(place, PlaceKind.HOUSEHOLD, "thon-1")) for place in places)
    )


def test_two_places_are_told_apart_in_both_streams_and_nobody_hears_of_it() -> None:
    told = spec(ONE, OTHER).when(TellPlacesApart(ONE, OTHER))
    told.then(
        (place_stream(ONE), PlaceToldApart(ONE, OTHER)),
        (place_stream(OTHER), PlaceToldApart(OTHER, ONE)),
    )
    assert told.state(place_stream(ONE)) == spec(ONE).state(place_stream(ONE))


def test_only_two_places_that_are_there_can_be_told_apart() -> None:
    two = spec(ONE, OTHER)
    two.when(TellPlacesApart(ONE, ONE)).then_rejected("place-itself")
    two.when(TellPlacesApart(ONE, THIRD)).then_rejected("unknown-place")
    two.when(TellPlacesApart(THIRD, ONE)).then_rejected("unknown-place")
    two.when(MergePlaces(OTHER, ONE))
    two.when(TellPlacesApart(ONE, OTHER)).then_rejected("place-merged", into=str(ONE))


# --- pages of pairs -------------------------------------------------------------------------------------------------


@given(
    st.sets(st.tuples(st.sampled_from("abcd"), st.sampled_from("123"), st.sampled_from("456")), max_size=20),
    st.integers(1, 7),
)
def test_pages_have_every_pair_once_and_in_order(pairs: set[tuple[str, str, str]], limit: int) -> None:
    areas = {area: [f"{area}{n}" for n in range(600)] for area in "abcde"}

    def find(units: Mapping[str, str]) -> dict[Key, dict[str, Any]]:
        seen = set(units.values())
        return {pair: {"pair": pair} for pair in pairs if pair[0] in seen}

    found, after = [], ""
    while after is not None:
        some, after = page(areas, find, after, limit)
        assert len(some) <= limit
        found += [pair["pair"] for pair in some]
    assert found == sorted(pairs)
