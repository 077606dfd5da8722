"""Taking turns: never two at one place, nobody forgotten, whoever gives up lets the next one in."""

from __future__ import annotations

import subprocess
import sys

import pytest

from services.visits.turns import Turns

GREEN = """
import eventlet
eventlet.monkey_patch()
from random import Random
from services.visits.turns import Turns

turns, busy, done, chance = Turns(), set(), [], Random(7)

def client(n, places):
    with turns.of(places):
        assert busy.isdisjoint(places), n
        busy.update(places)
        eventlet.sleep(0)
        busy.difference_update(places)
        done.append(n)

threads = []
for n in range(300):
    threads.append(eventlet.spawn(client, n, chance.sample(range(8), chance.randint(1, 5))))
    if n % 10 == 3:
        eventlet.sleep(0)
        chance.choice(threads).kill()
for _ in range(2000):
    eventlet.sleep(0)
assert all(thread.dead for thread in threads), sum(not t.dead for t in threads)
assert not turns._lines
assert len(done) >= 270, len(done)
print("taken", len(done))
"""


def test_never_two_at_one_place_and_nobody_is_forgotten() -> None:
    """In a process of its own, since greenthreads need the standard library patched; some clients are killed."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", GREEN], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("taken "), done.stderr


def test_a_failure_lets_the_next_one_in() -> None:
    turns = Turns()
    with pytest.raises(ValueError), turns.of({1, 2}):
        raise ValueError
    with turns.of({2, 3}):
        pass
    assert turns._lines == {}
