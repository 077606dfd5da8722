"""Units as dated facts: given – when – then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.teams.domain import DECIDER
from services.teams.domain.documents import DocumentKind, DocumentRegistered
from services.teams.domain.units import (
    AbolishUnit,
    AssignUnitCode,
    ChangeUnitKind,
    Correction,
    CorrectUnit,
    EstablishUnit,
    FactOfUnit,
    LevelTotal,
    Reason,
    RedoReorganisation,
    RenameUnit,
    ReorganiseUnits,
    ReparentUnit,
    Successor,
    UndoReorganisation,
    UnitAbolished,
    UnitCodeAssigned,
    UnitCodeTaken,
    UnitCorrected,
    UnitEstablished,
    UnitKindChanged,
    UnitRenamed,
    UnitReparented,
)
from services.teams.domain.units.corrections import CodeSince, CorrectedFact, Since
from shared.decider import LookFurther
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
    registry(taken).when(heir).then_rejected("unit-code-taken", holder="tl")
    spec = registry(taken).when(AbolishUnit("tl", REFORM, (Successor("hh", True),)))
    spec.when(heir)
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


# --- late facts, corrections, reorganisations -----------------------------------------------------------------------

CITED = ("document:d", DocumentRegistered("d", DocumentKind.RESOLUTION, "UBTVQH", "1", 2025, REFORM, REFORM, None, ""))
JUNE = date(2025, 6, 1)


def look(spec: Spec[Any, Any, Any], command: Any) -> Spec[Any, Any, Any]:
    """As the intake does: what the decision misses is read, and it is made again."""
    while isinstance((missing := spec.when(command).rejection), LookFurther):
        command = replace(command, also=(*command.also, *missing.streams))
    return spec


def corrected(**anew: Any) -> Correction:
    return Correction(anew.pop("fact"), anew.pop("void", None), anew)


def correct(unit_id: str, *corrections: Correction) -> CorrectUnit:
    return CorrectUnit(unit_id, corrections, Reason.TYPO, "d")


def test_a_late_fact_is_admitted_where_later_facts_still_hold() -> None:
    renamed = ("unit:tl", UnitRenamed("tl", "Sau", REFORM, None))
    spec = registry(renamed).when(RenameUnit("tl", "Trước", JUNE))
    spec.then(("unit:tl", UnitRenamed("tl", "Trước", JUNE, None)))
    assert [name for _, name in spec.state("unit:tl").names] == ["Tl", "Trước", "Sau"]
    spec.when(AbolishUnit("tl", date(2025, 6, 15), (), True)).then_rejected(
        "unit-fact-contradicted", fact=2, day=REFORM
    )
    registry().when(AbolishUnit("tl", START, (), True)).then_rejected("unit-ends-at-start")


def test_a_code_can_be_given_up_without_another() -> None:
    spec = registry().when(AssignUnitCode("tl", "gso", None, JUNE))
    spec.then(("unit:tl", UnitCodeAssigned("tl", "gso", None, JUNE, None)))
    taken = ("unit-code:gso/00097", UnitCodeTaken("gso", "00097", "tl", START))
    spec.given(taken)
    assert look(spec, establish("hh", "commune", "hn", code="00097")).events
    spec.when(AssignUnitCode("tl", "gso", None, REFORM)).then()


def test_every_taker_of_a_code_is_looked_at() -> None:
    """The one that took it last may have given it up, and an earlier one may bear it again by a correction."""
    spec = registry(CITED, ("unit-code:gso/00097", UnitCodeTaken("gso", "00097", "tl", START)))
    assert look(spec, AssignUnitCode("tl", "gso", "00098", date(2023, 1, 1))).events
    assert look(spec, establish("b", "commune", "hn", code="00097", effective=date(2023, 1, 1))).events
    assert look(spec, AbolishUnit("b", date(2024, 1, 1), (), True)).events
    assert look(spec, establish("c", "commune", "hn", code="00097", effective=JUNE)).events
    early = look(spec, establish("x", "commune", "hn", code="00097", effective=date(2022, 6, 1)))
    early.then_rejected("unit-code-taken", holder="b", day=date(2023, 1, 1))
    again = look(spec, correct("tl", corrected(fact=2, void=True)))
    again.then_rejected("unit-code-taken", holder="b", day=date(2023, 1, 1))
    assert look(spec, correct("b", corrected(fact=1, void=True), corrected(fact=2, void=True))).events
    look(spec, correct("tl", corrected(fact=2, void=True))).then_rejected("unit-code-taken", holder="c", day=JUNE)


def test_a_correction_is_an_event_that_tells_the_whole_unit() -> None:
    spec = registry(CITED, ("unit:tl", UnitRenamed("tl", "Tứ Lien", JUNE, None)))
    spec.when(correct("tl", corrected(fact=2, name="Tứ Liên", effective=REFORM)))
    [(stream, event)] = spec.events
    assert (stream, type(event), event.effective, event.reason) == ("unit:tl", UnitCorrected, JUNE, Reason.TYPO)
    assert event.corrections == (CorrectedFact(2, "UnitRenamed", False, REFORM, "Tứ Liên"),)
    assert (event.established, event.ended, event.level) == (START, None, "commune")
    assert event.names == (Since(START, "Tl"), Since(REFORM, "Tứ Liên"))
    assert event.codes == (CodeSince("gso", START, "00097"),)
    assert [fact.event for fact in spec.state("unit:tl").facts][1] == UnitRenamed("tl", "Tứ Liên", REFORM, None)
    spec.when(correct("tl", corrected(fact=2, name="Tứ Liên"))).then()


def test_a_unit_that_never_was_can_be_established_again() -> None:
    spec = registry(CITED, unit("oak", "village", "tl", day=JUNE))
    spec.when(correct("oak", corrected(fact=1, void=True)))
    [(_, event)] = spec.events
    assert (event.established, event.parents) == (None, (Since(JUNE, "tl"),))
    spec.when(RenameUnit("oak", "Sồi", REFORM)).then_rejected("unknown-unit")
    assert spec.when(establish("oak", "village", "tl", kind="thôn", effective=REFORM)).events
    spec.when(correct("oak", corrected(fact=1, void=False))).then_rejected("unit-fact-contradicted", fact=2)


@pytest.mark.parametrize(
    ("correction", "code"),
    [
        ((corrected(fact=3, void=True),), "unit-fact-unknown"),
        ((corrected(fact=1, void=True), corrected(fact=1, name="A")), "unit-fact-twice"),
        ((corrected(fact=2, kind="xã"),), "unit-fact-field"),
        ((corrected(fact=1, void=True),), "unit-fact-contradicted"),
        ((corrected(fact=1, parent_id="tl"),), "unit-parent-level"),
        ((corrected(fact=1, effective=date(2021, 1, 1)),), "unit-not-yet"),
    ],
)
def test_corrections_that_make_no_sense(correction: tuple[Correction, ...], code: str) -> None:
    spec = registry(CITED, ("unit:tl", UnitRenamed("tl", "Tứ Lien", JUNE, None)))
    look(spec, correct("tl", *correction)).then_rejected(code)


def reorganise(*changes: Any, number: str = "r") -> ReorganiseUnits:
    return ReorganiseUnits(number, "d", REFORM, tuple(replace(change, document_id="d") for change in changes))


SPLIT = (
    AbolishUnit("tl", REFORM, (Successor("east", False, 30), Successor("west", False, 70))),
    AbolishUnit("cm", REFORM),
    establish("east", "commune", "greater"),
    establish("west", "commune", "greater", code="00097"),
    establish("greater", "province", "vn"),
)


def test_a_reorganisation_is_judged_by_what_is_so_once_it_is_done() -> None:
    taken = ("unit-code:gso/00097", UnitCodeTaken("gso", "00097", "tl", START))
    spec = look(registry(CITED, taken), reorganise(*SPLIT))
    assert [type(event).__name__ for _, event in spec.events] == [
        "UnitsReorganised",
        *["UnitEstablished"] * 3,
        *["UnitAbolished"] * 2,
        "UnitCodeTaken",
    ]
    made = spec.events[0][1]
    assert made.totals == (LevelTotal("province", 0, 1), LevelTotal("district", 1, 0), LevelTotal("commune", 1, 2))
    assert set(made.facts) == {
        FactOfUnit(u, n) for u, n in (("tl", 2), ("cm", 2), ("east", 1), ("west", 1), ("greater", 1))
    }
    # The larger share makes the main successor.
    assert spec.state("unit:tl").successors == (Successor("east", False, 30), Successor("west", True, 70))
    look(spec, reorganise(*reversed(SPLIT))).then()
    look(spec, reorganise(*SPLIT[1:])).then_rejected("reorganisation-exists")


def test_undoing_withdraws_exactly_those_facts_and_can_be_taken_back() -> None:
    taken = ("unit-code:gso/00097", UnitCodeTaken("gso", "00097", "tl", START))
    spec = look(registry(CITED, taken), reorganise(*SPLIT))
    undo, redo = UndoReorganisation("r", Reason.WITHDRAWN, "d"), RedoReorganisation("r", Reason.WITHDRAWN, "d")
    spec.when(redo).then()
    assert {type(event).__name__ for _, event in look(spec, undo).events} == {
        "ReorganisationUndone",
        "UnitCorrected",
        "UnitCodeTaken",
    }
    assert spec.state("unit:west").never and spec.state("unit:tl").code("gso", REFORM) == "00097"
    spec.when(undo).then()
    assert look(spec, redo).events
    assert spec.state("unit:west").exists(REFORM) and spec.state("unit:tl").closed == REFORM
    spec.when(RenameUnit("west", "Tây", date(2026, 1, 1)))
    look(spec, undo).then_rejected("unit-fact-contradicted", unit="west", fact=2)
    spec.when(UndoReorganisation("other", Reason.TYPO, "d")).then_rejected("reorganisation-unknown")


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ([RenameUnit("nobody", "A", REFORM)], "unknown-unit", "/changes/0/unit_id"),
        ([establish("tl", "commune", "hn")], "unit-exists", "/changes/0/unit_id"),
        ([AbolishUnit("tl", REFORM, (Successor("tl", True),))], "unit-into-itself", "/changes/0/successors"),
        ([RenameUnit("tl", "A", REFORM), RenameUnit("tl", "B", REFORM)], "unit-changed-twice", "/changes/1"),
        ([AbolishUnit("tl", REFORM, (), True), RenameUnit("tl", "A", REFORM)], "unit-closed", "/changes/1/unit_id"),
        (
            [establish("a", "commune", "hn"), AbolishUnit("a", REFORM, (), True)],
            "unit-ends-at-start",
            "/changes/1/unit_id",
        ),
        ([establish("a", "commune", "b"), establish("b", "commune", "a")], "unit-parent-level", "/changes/0/parent_id"),
        ([establish("a", "commune", "hn", code="7"), establish("b", "commune", "hn", code="7")], "unit-code-taken", ""),
        ([AbolishUnit("tl", REFORM, (Successor("a", True, 60),)), establish("a", "commune", "hn")], "unit-shares", ""),
        (
            [AbolishUnit("tl", REFORM, (Successor("c2", True),)), AbolishUnit("c2", REFORM, (Successor("tl", True),))],
            "unit-closed",
            "/changes/0/successors/0/unit_id",
        ),
    ],
)
def test_reorganisations_that_make_no_sense(changes: list[Any], code: str, pointer: str) -> None:
    spec = look(registry(CITED, unit("c2", "commune", "hn")), reorganise(*changes))
    spec.then_rejected(code)
    assert spec.rejection and spec.rejection.pointer.startswith(pointer)
