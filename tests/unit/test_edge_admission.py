"""Admission: a bounded wait, a fair line, refusals that spread, and nothing held by those who went away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import eventlet
import pytest
from eventlet.greenthread import GreenThread

from shared.edge_admission import FIRST_RATE, SPREAD, Lane, _Pace, cost
from shared.problems import Problem

WIDTH = 10_000
REQUEST = 5_000
"""Two fit."""


class Door:
    """A lane whose requests take ``seconds`` each, and what became of them."""

    def __init__(self, *, patience: float = 0.2, seconds: float = 0.01) -> None:
        self.lane = Lane("test", width=WIDTH, patience=patience)
        self.seconds = seconds
        self.served: list[str] = []
        self.refused: Counter[str] = Counter()
        self.retry_after: list[int] = []
        self.at_work = self.most_at_work = 0

    def come(self, client: str, cost: int = REQUEST) -> GreenThread:
        return eventlet.spawn(self._come, client, cost)

    def _come(self, client: str, cost: int) -> None:
        try:
            with self.lane.admitted(client, cost):
                self.at_work += cost
                self.most_at_work = max(self.most_at_work, self.at_work)
                self.served.append(client)
                try:
                    eventlet.sleep(self.seconds)
                finally:
                    self.at_work -= cost
        except Problem as problem:
            assert problem.code == "overloaded"
            self.refused[client] += 1
            self.retry_after.append(int(problem.headers["Retry-After"]))

    def open_again(self) -> bool:
        """Nothing is held any more."""
        lane = self.lane
        return (lane._at_work, lane._inside, dict(lane._lines), lane._waiting) == (0, 0, {}, {})


def all_of(threads: list[GreenThread]) -> None:
    for thread in threads:
        thread.wait()


def until(true: Callable[[], bool]) -> None:
    with eventlet.Timeout(10):
        while not true():
            eventlet.sleep(0.001)


def test_no_more_at_work_than_the_lane_is_wide() -> None:
    door = Door(patience=5.0)
    all_of([door.come(f"phone {n}") for n in range(12)])
    assert (len(door.served), door.refused) == (12, Counter())
    assert door.most_at_work == WIDTH
    assert door.open_again()


def test_whoever_is_larger_than_the_lane_comes_in_alone() -> None:
    door = Door(patience=5.0)
    all_of([door.come("small"), door.come("large", 3 * WIDTH), door.come("small")])
    assert sorted(door.served) == ["large", "small", "small"]
    assert door.most_at_work == 3 * WIDTH
    assert door.open_again()


def test_some_work_side_by_side_however_large_they_are() -> None:
    door = Door(patience=5.0)
    door.lane._side_by_side = 2
    all_of([door.come(f"office {n}", 3 * WIDTH) for n in range(6)])
    assert (len(door.served), door.most_at_work) == (6, 6 * WIDTH)
    assert door.open_again()


def test_a_slow_service_refuses_before_anybody_waits_long() -> None:
    """Twenty times what is served: those that come in waited a moment, the others know at once."""
    door, threads = Door(patience=0.2, seconds=0.02), []
    for n in range(400):
        threads.append(door.come(f"phone {n}"))
        eventlet.sleep(0.0005)
    all_of(threads)
    assert sum(door.refused.values()) > 100
    assert len(door.served) > 20
    assert len(door.served) + sum(door.refused.values()) == 400
    assert door.open_again()


def test_late_is_refused_although_it_was_let_into_the_line() -> None:
    door = Door(patience=0.05, seconds=1.0)
    threads = [door.come("first", WIDTH), door.come("second")]
    threads[1].wait()
    assert door.refused == {"second": 1}
    threads[0].wait()
    assert door.open_again()


def test_a_few_are_never_refused() -> None:
    door = Door(patience=0.0)
    door.lane._few = 5
    door.lane._pace.rate = 20_000.0
    threads = [door.come(f"office {n}") for n in range(10)]
    all_of(threads)
    assert (len(door.served), sum(door.refused.values())) == (6, 4), "one at work, five in line"
    assert door.open_again()


def test_a_client_that_sends_much_waits_behind_itself() -> None:
    door = Door(patience=5.0)
    threads = [door.come("bulk") for _ in range(20)]
    eventlet.sleep(0)
    threads += [door.come("phone"), door.come("another phone")]
    all_of(threads)
    assert max(door.served.index("phone"), door.served.index("another phone")) < 8
    assert door.open_again()


def test_a_flood_is_refused_while_a_phone_still_comes_in() -> None:
    door = Door(patience=0.05)
    door.lane._pace.rate = 500_000.0
    threads = [door.come("bulk") for _ in range(50)]
    eventlet.sleep(0)
    threads.append(door.come("phone"))
    all_of(threads)
    assert door.refused["bulk"] > 30
    assert "phone" in door.served


def test_knocking_reserves_nothing() -> None:
    door = Door(patience=0.05, seconds=0.2)
    door.lane._pace.rate = 50_000.0
    door.lane.knock("phone", REQUEST)
    working = door.come("first", WIDTH)
    eventlet.sleep(0)
    with pytest.raises(Problem, match="overloaded"):
        door.lane.knock("phone", REQUEST)
    working.wait()
    assert door.open_again()


def test_whoever_is_killed_gives_its_place_back() -> None:
    door = Door(patience=5.0, seconds=0.05)
    working, waiting, last = (door.come("client", WIDTH) for _ in range(3))
    eventlet.sleep(0.01)
    waiting.kill()
    working.kill()
    last.wait()
    assert door.served == ["client", "client"]
    assert door.open_again()


def test_the_pace_is_that_of_the_service_and_refusals_spread_with_the_load() -> None:
    door, threads = Door(patience=0.1, seconds=0.05), []
    for n in range(800):
        threads.append(door.come(f"phone {n}"))
        eventlet.sleep(0.001)
    all_of(threads)
    assert 80_000 < door.lane._pace.rate < 1_200_000, "two of 5,000 bytes each 50 ms are 200,000 a second, smoothed"
    early, late = door.retry_after[:20], door.retry_after[-50:]
    assert min(door.retry_after) >= 1
    assert len(set(late)) > 5, "they must not come back together"
    assert sum(late) / len(late) > sum(early) / len(early)
    assert door.open_again()


def test_a_request_with_nothing_in_it_costs_something() -> None:
    door = Door(seconds=0.05)
    threads = [door.come("phone", cost(0)) for _ in range(WIDTH // cost(0) + 1)]
    eventlet.sleep(0.01)
    assert len(door.served) == WIDTH // cost(0)
    all_of(threads)
    assert door.open_again()


def test_whoever_is_turned_away_lengthens_the_wait_of_the_next_until_due_again() -> None:
    now = [1_000.0]
    lane = Lane("away", width=10_000, patience=0.0, clock=lambda: now[0])

    def told(times: int) -> list[int]:
        return [int(lane._refusal(20_000).headers["Retry-After"]) for _ in range(times)]

    first, later = told(100), told(10_000)
    assert max(first) <= 1 + 1 + SPREAD * 100 * 20_000 / FIRST_RATE
    assert sum(later[-1_000:]) / 1_000 > 50, "10,000 of them take 100 seconds"
    now[0] += 700
    assert max(told(10)) <= 2, "all of them were due since"


def test_the_wait_is_reckoned_with_the_best_pace_of_late_not_with_that_of_the_storm() -> None:
    pace = _Pace()
    for tenth in range(20):  # a calm evening: nobody waits
        pace.served(10_000, 100 + tenth / 10, full=False)
    assert pace.rate == FIRST_RATE, "an idle lane tells nothing"
    for tenth in range(20):
        pace.full(102 + tenth / 10)
        pace.served(1_000, 102 + tenth / 10, full=True)
    assert pace.rate < 20_001
    assert 99_000 < pace.best(104.0) <= 100_000
    assert 40_000 < pace.best(402.0) < 60_000, "it fades"
    assert pace.best(3_000.0) == pace.rate
