"""Answers are given again in the same state of the read model, and never outlive it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.reporting.positions import Progress
from services.reporting.queries import kept
from services.reporting.queries.kept import Kept
from services.reporting.store import Map

DAY = date(2026, 1, 1)
THEN = Progress(
    positions={("visits", 0): 7},
    heads={("visits", 0): 9},
    parked=0,
    units_cursor=3,
    units_position=3,
    slot="a",
    since=datetime(2026, 1, 1, tzinfo=UTC),
    maps={1: Map(1, DAY, 3)},
    moved_at=None,
    checked_at=None,
    unchecked={},
    whole=True,
)


NATION, PROVINCE = {"figures": {"visits": 7}}, {"figures": {"visits": 3}}


def state(progress: Progress = THEN, units: int = 3) -> Hashable:
    """As ``Reports`` names it."""
    return progress.state, units


def kept_then() -> Kept:
    kept = Kept()
    kept.keep("nation", state(), NATION, 1)
    kept.keep("province", state(), PROVINCE, 1)
    return kept


def test_in_the_same_state_the_same_question_has_the_same_answer() -> None:
    kept = kept_then()
    assert "nation" in kept and "village" not in kept
    news_of_a_head = replace(THEN, heads={("visits", 0): 12}, checked_at=None)  # not counted yet
    assert kept.answer("nation", state()) == kept.answer("nation", state(news_of_a_head)) == NATION
    assert kept.answer("province", state()) == PROVINCE
    assert kept.answer("village", state()) is None


@pytest.mark.parametrize(
    "now",
    [
        replace(THEN, positions={("visits", 0): 8}),
        replace(THEN, positions={("visits", 0): 7, ("visits", 1): 1}),
        replace(THEN, parked=1),
        replace(THEN, since=THEN.since + timedelta(days=1)),
        replace(THEN, maps={1: Map(1, DAY, 4)}),
        replace(THEN, maps={1: Map(1, DAY + timedelta(days=1), 3)}),
        replace(THEN, maps={}),
        replace(THEN, units_position=4),
        replace(THEN, whole=False),
        replace(THEN, unchecked={"visits": None}),
    ],
)
def test_whatever_moves_makes_every_question_new(now: Progress) -> None:
    kept = kept_then()
    assert kept.answer("nation", state(now)) is None
    kept.keep("nation", state(now), PROVINCE, 1)
    assert kept.answer("nation", state(now)) == PROVINCE
    assert kept.answer("nation", state()) is None and "province" not in kept, "nothing of an earlier state is left"


def test_units_learned_meanwhile_make_every_question_new() -> None:
    assert kept_then().answer("nation", state(units=4)) is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_VALUES", 10)
    some = Kept()
    for n in range(100):
        some.keep(n, state(), NATION, 4)
        assert n in some and sum(each in some for each in range(100)) <= 3
