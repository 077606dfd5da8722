"""Units as dated facts: given – when – then."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.teams.domain import DECIDER
from services.teams.domain.units import (
    AbolishUnit,
    AssignUnitCode,
    ChangeUnitKind,
    EstablishUnit,
    RenameUnit,
    ReparentUnit,
    Successor,
    UnitAbolished,
    UnitCodeAssigned,
    UnitCodeTaken,
    UnitEstablished,
    UnitKindChanged,
    UnitRenamed,
    UnitReparented,
)
from shared.testing import Spec

START, REFORM = date(2022, 1, 1), date(2025, 7, 1)


def unit(unit_id: str, level: str, parent: str | None, code: str | None = None, day: date = START) -> tuple[str, Any]:
    kinds = {"nation": "quốc gia", "province": "tỉnh", "district": "huyện", "commune": "xã", "village": "thôn"}
    event = UnitEstablished(unit_id, level, kinds[level], unit_id.title(), parent, code, day, None, False)
    return f"unit:{unit_id}", event


NATION = unit("vn", "nation", None)
PROVINCE = unit("hn", "province", "vn", "01")
DISTRICT = unit("cm", "district", "hn", "277")
TU_LIEN = unit("tl", "commune", "cm", "00097")


def registry(*history: tuple[str, Any]) -> Spec[Any, Any, Any]:
    return Spec(DECIDER).given(NATION, PROVINCE, DISTRICT, TU_LIEN).given(*history)


def establish(unit_id: str, level: str, parent: str | None, **other: Any) -> EstablishUnit:
    fields = {"kind": "xã", "name": "Hồng Hà", "code": None, "effective": REFORM, **other}
    return EstablishUnit(unit_id=unit_id, level=level, parent_id=parent, **fields)


def test_a_unit_is_established_under_a_higher_one_and_takes_its_code() -> None:
    registry().when(establish("hh", "commune", "hn", code="00100")).then(
        ("unit:hh", UnitEstablished("hh", "commune", "xã", "Hồng Hà", "hn", "00100", REFORM, None, False)),
        ("unit-code:gso/00100", UnitCodeTaken("gso", "00100", "hh", REFORM)),
    )


def test_the_same_establishment_again_changes_nothing_and_another_is_refused() -> None:
    spec = registry().when(establish("hh", "commune", "hn")).when(establish("hh", "commune", "hn")).then()
    spec.when(establish("hh", "commune", "hn", name="Khác")).then_rejected("unit-exists")


@pytest.mark.parametrize(
    ("level", "parent", "day", "code"),
    [
        ("commune", None, REFORM, "unit-parent-missing"),
        ("district", "tl", REFORM, "unit-parent-level"),
        ("commune", "tl", REFORM, "unit-parent-level"),
        ("commune", "nowhere", REFORM, "unknown-unit"),
        ("commune", "cm", date(2021, 12, 31), "unit-not-yet"),
    ],
)
def test_a_parent_exists_that_day_and_is_of_a_higher_level(level: str, parent: str, day: date, code: str) -> None:
    registry().when(establish("x", level, parent, effective=day)).then_rejected(code)


def test_names_kinds_parents_and_codes_are_dated() -> None:
    spec = registry()
    spec.when(RenameUnit("tl", "Tứ Liên mới", REFORM)).then(("unit:tl", UnitRenamed("tl", "Tứ Liên mới", REFORM, None)))
    spec.when(ChangeUnitKind("tl", "phường", REFORM)).then(("unit:tl", UnitKindChanged("tl", "phường", REFORM, None)))
    spec.when(ReparentUnit("tl", "hn", REFORM)).then(("unit:tl", UnitReparented("tl", "hn", REFORM, None)))
    spec.when(AssignUnitCode("tl", "gso", "00098", REFORM)).then(
        ("unit:tl", UnitCodeAssigned("tl", "gso", "00098", REFORM, None)),
        ("unit-code:gso/00098", UnitCodeTaken("gso", "00098", "tl", REFORM)),
    )
    spec.when(RenameUnit("tl", "Tứ Liên mới", REFORM)).then()
    spec.when(ReparentUnit("tl", "tl", REFORM)).then_rejected("unit-parent-level")
    assert spec.state("unit:tl").parent(date(2025, 6, 30)) == "cm"
    assert spec.state("unit:tl").parent(REFORM) == "hn"


def test_nothing_happens_to_a_unit_before_its_first_day_or_after_its_last() -> None:
    registry().when(RenameUnit("tl", "Sớm", date(2021, 1, 1))).then_rejected("unit-not-yet", opened=START)
    gone = ("unit:tl", UnitAbolished("tl", REFORM, (), True, None))
    registry(gone).when(RenameUnit("tl", "Muộn", REFORM)).then_rejected("unit-closed", closed=REFORM)
    registry(gone).when(RenameUnit("tl", "Đúng", date(2025, 6, 30))).then(
        ("unit:tl", UnitRenamed("tl", "Đúng", date(2025, 6, 30), None))
    )


def test_code_97_passes_from_tu_lien_to_hong_ha_on_the_day_of_the_reform() -> None:
    """The code of Tứ Liên ward became that of Hồng Hà ward: a code is not an identity, and is free only afterwards."""
    taken = ("unit-code:gso/00097", UnitCodeTaken("gso", "00097", "tl", START))
    heir = establish("hh", "commune", "hn", code="00097")
    registry(taken).when(heir).then_rejected("look-further", streams=("unit:tl",))
    looked_again = establish("hh", "commune", "hn", code="00097", also=("unit:tl",))
    registry(taken).when(looked_again).then_rejected("unit-code-taken", holder="tl")
    spec = registry(taken).when(AbolishUnit("tl", REFORM, (Successor("hh", True),)))
    spec.when(looked_again)
    assert [type(event).__name__ for _, event in spec.events] == ["UnitEstablished", "UnitCodeTaken"]


def test_a_code_is_free_again_when_its_bearer_takes_another() -> None:
    taken = ("unit-code:gso/00097", UnitCodeTaken("gso", "00097", "tl", START))
    other = ("unit:tl", UnitCodeAssigned("tl", "gso", "00098", date(2024, 1, 1), None))
    command = establish("hh", "commune", "hn", code="00097", also=("unit:tl",))
    assert registry(taken, other).when(command).events
    early = establish("hh", "commune", "hn", code="00097", also=("unit:tl",), effective=date(2023, 1, 1))
    registry(taken, other).when(early).then_rejected("unit-code-taken")


def test_an_abolished_unit_has_successors_one_of_them_main() -> None:
    a, b = unit("a", "commune", "hn", day=REFORM), unit("b", "commune", "hn", day=REFORM)
    heirs = (Successor("a", True), Successor("b", False))
    registry(a, b).when(AbolishUnit("tl", REFORM, heirs)).then(
        ("unit:tl", UnitAbolished("tl", REFORM, heirs, False, None))
    ).when(AbolishUnit("tl", REFORM, heirs)).then()


@pytest.mark.parametrize(
    ("successors", "unknown", "code"),
    [
        ((), False, "unit-successor-missing"),
        ((Successor("tl", True),), False, "unit-into-itself"),
        ((Successor("a", True), Successor("a", False)), False, "unit-successor-twice"),
        ((Successor("a", True),), True, "unit-successors-contradict"),
        ((Successor("a", False),), False, "unit-main-successor"),
        ((Successor("later", True),), False, "unit-not-yet"),
    ],
)
def test_successors_that_make_no_sense(successors: tuple[Successor, ...], unknown: bool, code: str) -> None:
    spec = registry(unit("a", "commune", "hn"), unit("later", "commune", "hn", day=date(2025, 8, 1)))
    spec.when(AbolishUnit("tl", REFORM, successors, unknown)).then_rejected(code)


def test_a_successor_may_be_established_by_a_later_command() -> None:
    assert registry().when(AbolishUnit("tl", REFORM, (Successor("hh", True),))).events


def test_a_district_ends_without_successor_and_a_commune_may_say_unknown() -> None:
    assert registry().when(AbolishUnit("cm", REFORM)).events
    assert registry().when(AbolishUnit("tl", REFORM, (), True)).events


def test_a_unit_cites_a_registered_document_or_none() -> None:
    registry().when(RenameUnit("tl", "Mới", REFORM, "d")).then_rejected("document-unknown")
