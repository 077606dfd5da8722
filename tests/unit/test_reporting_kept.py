"""Sums are read once for each state of the read model, and never outlive it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

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
    maps={1: Map(1, DAY, 3)},
    moved_at=None,
    checked_at=None,
    whole=True,
)


class Reading:
    def __init__(self) -> None:
        self.kept, self.times = Kept(), 0

    def __call__(self, progress: Progress = THEN, asked: str = "nation", *, units: int = 3, values: int = 1) -> int:
        return self.kept.sums(progress, units, asked, self._read, values)

    def _read(self) -> int:
        self.times += 1
        return self.times


def test_the_same_question_in_the_same_state_is_read_once() -> None:
    ask = Reading()
    assert [ask(), ask(asked="province"), ask(), ask(asked="province")] == [1, 2, 1, 2]
    assert ask(replace(THEN, heads={("visits", 0): 12}, checked_at=None)) == 1, "a head is news, not counted yet"


@pytest.mark.parametrize(
    "now",
    [
        replace(THEN, positions={("visits", 0): 8}),
        replace(THEN, positions={("visits", 0): 7, ("visits", 1): 1}),
        replace(THEN, parked=1),
        replace(THEN, slot="b"),
        replace(THEN, maps={1: Map(1, DAY, 4)}),
        replace(THEN, maps={1: Map(1, DAY + timedelta(days=1), 3)}),
        replace(THEN, maps={}),
        replace(THEN, units_position=4),
        replace(THEN, whole=False),
    ],
)
def test_whatever_moves_makes_every_question_new(now: Progress) -> None:
    ask = Reading()
    assert [ask(), ask(now), ask(now)] == [1, 2, 2]
    assert ask(THEN) == 3, "nothing of an earlier state is left"


def test_units_learned_meanwhile_make_every_question_new() -> None:
    ask = Reading()
    assert [ask(), ask(units=4), ask(units=4)] == [1, 2, 2]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_VALUES", 10)
    ask = Reading()
    for n in range(100):
        ask(asked=str(n), values=4)
        assert len(ask.kept._found) <= 4
