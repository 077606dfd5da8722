"""Rules of training, exemptions, and the arithmetic of due days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.training.domain import TRAINING
from services.training.domain.dues import Due, State, months_later
from services.training.domain.exemptions import (
    EndExemption,
    ExemptionEnded,
    ExemptionReason,
    ExemptPerson,
    PersonExempted,
)
from services.training.domain.rules import EndRule, ReplaceRule, Role, RuleEnded, RuleReplaced, RuleSet, SetRule, Terms
from shared.testing import Spec

DAY = date(2024, 1, 1)
TERMS = Terms(Due(within_days=90), topics=("public_services",))
YEARLY = Terms(Due(every_months=12), topics=("policy",), roles=(Role.LEADER,))
SET = SetRule(rule_id="r", unit_id="hn", effective=DAY, source="Kế hoạch 12/KH-UBND", terms=TERMS)
THE_RULE = ("rule:r", RuleSet(**vars(SET)))
DAYS = st.dates(date(2022, 1, 1), date(2030, 12, 31))


def spec() -> Spec[object, object, object]:
    return Spec(TRAINING)


def test_a_rule_is_set_replaced_and_ended() -> None:
    replaced = ReplaceRule(rule_id="r", effective=date(2025, 1, 1), document_id="d", terms=YEARLY)
    ended = EndRule(rule_id="r", effective=date(2026, 1, 1))
    rule = spec().when(SET).then(THE_RULE)
    rule.when(SET).then()
    rule.when(replaced).then(("rule:r", RuleReplaced(**vars(replaced), unit_id="hn")))
    rule.when(replaced).then()
    rule.when(ended).then(("rule:r", RuleEnded(**vars(ended), unit_id="hn")))
    rule.when(ended).then()
    rule.when(ReplaceRule(rule_id="r", effective=date(2027, 1, 1), source="x", terms=TERMS)).then_rejected("rule-ended")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (SetRule(rule_id="r", unit_id="nb", effective=DAY, source="x", terms=TERMS), "rule-exists"),
        (SetRule(rule_id="s", unit_id="nb", effective=DAY, terms=TERMS), "rule-source-missing"),
        (
            SetRule(rule_id="s", unit_id="nb", effective=DAY, source="x", terms=Terms(Due(within_days=1))),
            "rule-content-missing",
        ),
        (
            SetRule(
                rule_id="s",
                unit_id="nb",
                effective=DAY,
                source="x",
                terms=Terms(Due(by=DAY - timedelta(1)), topics=("policy",)),
            ),
            "rule-due-before",
        ),
        (EndRule(rule_id="s", effective=DAY), "rule-unknown"),
        (EndRule(rule_id="r", effective=DAY), "rule-not-later"),
    ],
)
def test_what_a_rule_cannot_be(command: object, code: str) -> None:
    spec().given(THE_RULE).when(command).then_rejected(code)


def test_an_exemption_is_given_and_ended() -> None:
    exempt = ExemptPerson("e", "p", "r", DAY, ExemptionReason.ABSENT, date(2024, 6, 1))
    given_ = ("exemption:e", PersonExempted("e", "p", "r", DAY, ExemptionReason.ABSENT, date(2024, 6, 1)))
    one = spec().given(THE_RULE).when(exempt).then(given_)
    one.when(exempt).then()
    one.when(ExemptPerson("e", "q", "r", DAY, ExemptionReason.ABSENT)).then_rejected("exemption-exists")
    one.when(EndExemption("e", date(2024, 7, 1))).then_rejected("exemption-over")
    one.when(EndExemption("e", DAY - timedelta(1))).then_rejected("exemption-days-reversed")
    one.when(EndExemption("e", date(2024, 3, 1))).then(("exemption:e", ExemptionEnded("e", date(2024, 3, 1))))
    one.when(EndExemption("e", date(2024, 3, 1))).then()


def test_an_exemption_needs_its_rule_and_its_days() -> None:
    spec().when(ExemptPerson("e", "p", "r", DAY, ExemptionReason.OTHER)).then_rejected("rule-unknown")
    backwards = ExemptPerson("e", "p", "r", DAY, ExemptionReason.OTHER, DAY)
    spec().given(THE_RULE).when(backwards).then_rejected("exemption-days-reversed")
    spec().when(EndExemption("e", DAY)).then_rejected("exemption-unknown")


@given(DAYS, st.integers(1, 60))
def test_months_later_is_the_same_day_or_the_last_one_of_its_month(day: date, months: int) -> None:
    later = months_later(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(1)).day == 1)


def test_due_days_and_states() -> None:
    within, yearly, fixed = Due(within_days=90), Due(every_months=12), Due(by=date(2024, 12, 31))
    assert within.day(DAY, None) == date(2024, 3, 31)
    assert [within.state(date(2024, 3, 31), None, date(2024, 3, n)) for n in (30, 31)] == [State.DUE, State.DUE]
    assert within.state(date(2024, 3, 31), None, date(2024, 4, 1)) is State.OVERDUE
    assert within.state(date(2024, 3, 31), date(2024, 5, 1), date(2024, 5, 2)) is State.DONE
    assert (yearly.day(DAY, None), yearly.day(DAY, date(2023, 2, 28))) == (date(2025, 1, 1), date(2024, 2, 28))
    last = yearly.day(DAY, date(2024, 2, 29))
    assert last == date(2025, 2, 28)
    assert yearly.state(last, date(2024, 2, 29), last) is State.DONE
    assert yearly.state(last, date(2024, 2, 29), last + timedelta(1)) is State.OVERDUE
    assert fixed.day(date(2024, 12, 31), None) == date(2024, 12, 31)
    assert fixed.day(date(2025, 1, 1), None) is None


def test_what_counts_as_trained() -> None:
    learnt = {"policy": date(2023, 5, 1), "online_safety": date(2024, 2, 1)}
    any_ = Terms(Due(within_days=1), topics=("policy", "online_safety"))
    assert any_.trained(learnt) == date(2024, 2, 1)
    every = Terms(Due(within_days=1), topics=("policy", "online_safety"), all_of_it=True)
    assert every.trained(learnt) == date(2023, 5, 1)
    assert every.trained({"policy": date(2023, 5, 1)}) is None
    late = Terms(Due(within_days=1), topics=("policy",), counts_from=date(2024, 1, 1))
    assert late.trained(learnt) is None


def test_days_are_counted_from_the_role_where_roles_are_named_and_never_from_before_the_rule() -> None:
    appointed, in_role = date(2022, 5, 1), date(2024, 3, 1)
    assert TERMS.since(appointed, in_role, DAY) == DAY
    assert TERMS.since(appointed, in_role, date(2021, 1, 1)) == appointed
    assert YEARLY.since(appointed, in_role, DAY) == in_role
