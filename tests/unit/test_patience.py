"""Waiting for as long as something moves."""

from __future__ import annotations

from ops.patience import Patience


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_is_lost_once_the_same_was_seen_for_too_long_and_not_before():
    clock = Clock()
    patience = Patience(10, clock)
    for seen in range(100):
        clock.now += 9
        assert not patience.lost({"position": seen})
    clock.now += 10
    assert not patience.lost({"position": 99})
    clock.now += 0.1
    assert patience.lost({"position": 99})
