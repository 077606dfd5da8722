"""Declared numbers of households."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.visits.domain.households import (
    HOUSEHOLDS,
    Declaration,
    DeclarationReason,
    DeclareHouseholds,
    HouseholdsDeclared,
    HouseholdsWithdrawn,
    Qualifier,
    WithdrawHouseholds,
    as_of,
    households_stream,
)
from shared.testing import Spec

UNIT = "thon-1"
STREAM = households_stream(UNIT)
DAY = date(2025, 12, 31)
FIRST = Declaration(DAY, 412, Qualifier.EXACT, "Báo cáo UBND xã", UUID(int=1))
DECLARED = (STREAM, HouseholdsDeclared(UNIT, DAY, 412, Qualifier.EXACT, "Báo cáo UBND xã", UUID(int=1)))
TYPO = DeclarationReason.TYPO


def test_declare() -> None:
    spec = Spec(HOUSEHOLDS).when(DeclareHouseholds(UNIT, FIRST)).then(DECLARED)
    assert spec.state(STREAM) == (FIRST,)
    spec.when(DeclareHouseholds(UNIT, FIRST)).then()


def test_another_figure_for_the_day_needs_a_reason() -> None:
    other = replace(FIRST, total=421)
    spec = Spec(HOUSEHOLDS).given(DECLARED).when(DeclareHouseholds(UNIT, other))
    spec.then_rejected("households-declared", day=DAY, total=412)
    corrected = HouseholdsDeclared(UNIT, DAY, 421, Qualifier.EXACT, "Báo cáo UBND xã", UUID(int=1), TYPO, 412)
    spec.when(DeclareHouseholds(UNIT, other, TYPO)).then((STREAM, corrected))
    assert spec.state(STREAM) == (other,)


def test_a_figure_is_that_of_the_unit_of_its_day_and_keeps_which_was_named() -> None:
    named = HouseholdsDeclared(UNIT, DAY, 412, Qualifier.EXACT, "Báo cáo UBND xã", UUID(int=1), reported_unit_id="cu")
    spec = Spec(HOUSEHOLDS).when(DeclareHouseholds("cu", FIRST, stands_in=UNIT)).then((STREAM, named))
    spec.when(DeclareHouseholds(UNIT, FIRST)).then()
    gone = WithdrawHouseholds("cu", DAY, TYPO, stands_in=UNIT)
    spec.when(gone).then((STREAM, HouseholdsWithdrawn(UNIT, DAY, TYPO, 412)))


def test_nothing_to_correct_and_nothing_to_withdraw() -> None:
    Spec(HOUSEHOLDS).when(DeclareHouseholds(UNIT, FIRST, TYPO)).then_rejected("households-not-declared")
    Spec(HOUSEHOLDS).when(WithdrawHouseholds(UNIT, DAY, TYPO)).then_rejected("households-not-declared")


def test_withdraw() -> None:
    spec = Spec(HOUSEHOLDS).given(DECLARED).when(WithdrawHouseholds(UNIT, DAY, DeclarationReason.WRONG_UNIT))
    spec.then((STREAM, HouseholdsWithdrawn(UNIT, DAY, DeclarationReason.WRONG_UNIT, 412)))
    assert spec.state(STREAM) == ()
    spec.when(DeclareHouseholds(UNIT, FIRST)).then(DECLARED)


days = st.dates(date(2025, 1, 1), date(2025, 1, 10))
declarations = st.builds(
    Declaration, days, st.integers(1, 5), st.sampled_from(Qualifier), st.sampled_from(("a", "b")), st.none()
)
commands = st.builds(
    DeclareHouseholds, st.just(UNIT), declarations, st.none() | st.sampled_from(DeclarationReason)
) | st.builds(WithdrawHouseholds, st.just(UNIT), days, st.just(TYPO))


@given(st.lists(commands, max_size=15))
def test_as_of_any_day_counts_the_latest_declaration_up_to_it(history: list[DeclareHouseholds]) -> None:
    spec, naive = Spec(HOUSEHOLDS), dict[date, Declaration]()
    for command in history:
        spec.when(command)
        if spec.rejection is None and isinstance(command, DeclareHouseholds):
            naive[command.declaration.day] = command.declaration
        elif spec.rejection is None:
            del naive[command.day]
    for n in range(12):
        day = date(2024, 12, 31) + timedelta(n)
        known = [d for d in naive if d <= day]
        assert as_of(spec.state(STREAM), day) == (naive[max(known)] if known else None)
