"""Going back while events are parked, reports are read and processes die."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise

import pytest
from sqlalchemy import Connection, text

from ops.local.provision import Database
from services.reporting import rebuild as rebuilding
from services.reporting import replaying, resting
from services.reporting.projections import Figures
from services.reporting.rebuild import take_back
from shared.db import engine
from shared.memory import MemoryLog
from shared.parking import unpark
from shared.unit_directory import UnitDirectory
from tests.reporting_kit import NATION, Facts, country, some_facts, team, unit_rows, visited
from tests.reporting_rebuild_kit import anew, arrive, back, compared, in_chunks, planted, some_history, state
from tests.reporting_stack import EVER, TODAY, Stack, tree_of


@pytest.fixture
def stack(database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    yield from in_chunks(database, monkeypatch)


# --- what is parked ----------------------------------------------------------------------------------------------


def broken_and_after(stream: str, day: date) -> Facts:
    """A visit without its day, and two more of the same place."""
    facts, known = Facts(), set[date]()
    for n in range(3):
        visited(facts, stream, "p1-d1-c1-v1", date(day.year, 1 + n, 1), known, 1, False)
    facts.events[0][3][1]["was"] = facts.events[0][3][1].pop("day")
    return facts


def mend(stack: Stack, stream: str) -> None:
    planted(
        stack,
        f"""UPDATE bus.mirror SET data = data || jsonb_build_object('day', data -> 'was')
             WHERE stream_id = 'place:{stream}' AND NOT data ? 'day'""",
    )


def parked(stack: Stack) -> int:
    with stack.engine.connect() as tx:
        return int(tx.execute(text("SELECT count(*) FROM bus.parked")).scalar_one())


def visits(stack: Stack) -> int:
    return int(stack.answer(NATION, first=EVER)["figures"]["visits"])


def test_what_is_parked_comes_back_with_its_slot(stack: Stack) -> None:
    events, _, facts = some_history(1)
    arrive(stack, [*events, *broken_and_after("old", EVER).events])
    assert (parked(stack), visits(stack)) == (3, len(facts.visits))
    anew(stack)
    # One more of the parked place, and another that is broken; both behind in either slot.
    more = Facts()
    visited(more, "old", "p1-d1-c1-v1", TODAY, set(), 1, False)
    arrive(stack, [*more.events, *broken_and_after("new", EVER).events])
    counted = state(stack)
    assert len(counted[2]) == 7
    assert back(stack).parked == 7
    assert state(stack) == ("2a", *counted[1:])


@pytest.mark.parametrize("when", ["before the switch", "after the switch, by hand", "after the switch"])
def test_what_was_parked_and_put_right_counts_once(stack: Stack, when: str) -> None:
    events, _, facts = some_history(1)
    arrive(stack, [*events, *broken_and_after("old", EVER).events])
    if when == "before the switch":
        mend(stack, "old")
    anew(stack)
    if when != "before the switch":
        assert parked(stack) == 3
        mend(stack, "old")
    if "by hand" in when:
        assert unpark(stack.engine, Figures(UnitDirectory(stack.engine)), MemoryLog()).applied == 3
    more = Facts()
    visited(more, "old", "p1-d1-c1-v1", TODAY, set(), 1, False)
    arrive(stack, more.events)
    done = back(stack)
    assert (done.slot, done.parked, parked(stack)) == ("2a", 0, 0)
    assert visits(stack) == len(facts.visits) + 4
    counted = stack.tables()
    assert compared(anew(stack)).equal and stack.tables() == counted


def test_a_team_that_was_parked_is_known_to_what_follows(stack: Stack) -> None:
    """Later events of a team do not say its kind: it comes from the slot, or from what was put right."""
    facts = Facts()
    team(facts, "t", "village", "p1-d1-c1-v1", EVER, 3)
    late = Facts()
    team(late, "u", "village", "p1-d1-c1-v2", EVER, 3)
    broken = late.events[0][3][1]
    broken["was"] = broken.pop("effective")
    arrive(stack, [*unit_rows(country(random.Random(1))), *facts.events, *late.events])
    assert parked(stack) == 1
    anew(stack)
    planted(
        stack, "UPDATE bus.mirror SET data = data || jsonb_build_object('effective', data -> 'was') WHERE data ? 'was'"
    )
    gone = [
        {"team_id": t, "unit_id": u, "effective": str(TODAY), "seats": 3}
        for t, u in (("t", "p1-d1-c1-v1"), ("u", "p1-d1-c1-v2"))
    ]
    arrive(stack, [("teams", 0, f"team:{data['team_id']}", ("TeamDissolved", data)) for data in gone])
    assert back(stack).parked == 0
    with stack.engine.connect() as tx:
        statement = "SELECT sum(teams_village), sum(seats), sum(abs(teams_village)) FROM read.leaf"
        assert tx.execute(text(statement)).one() == (0, 0, 4)


# --- meanwhile ---------------------------------------------------------------------------------------------------


def test_reads_go_on_and_never_go_back(stack: Stack) -> None:
    units = country(random.Random(2))
    facts = some_facts(random.Random(2), tree_of(units), 120)
    arrive(stack, [*unit_rows(units), *facts.events[:40]])
    told: list[tuple[int, int]] = []
    errors: list[BaseException] = []
    over = threading.Event()

    def read() -> None:
        try:
            while not over.is_set():
                answer = stack.answer(NATION, first=EVER, names=("visits",))
                positions = sum(n for partitions in answer["positions"].values() for n in partitions.values())
                told.append((positions, answer["figures"]["visits"]))
        except BaseException as error:  # told to the test below
            errors.append(error)

    def happen() -> None:
        try:
            for start in range(40, len(facts.events), 10):
                arrive(stack, facts.events[start : start + 10])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for work in (read, happen)]
    for thread in threads:
        thread.start()
    anew(stack)
    slots = [back(stack).slot for _ in range(3)]
    threads[1].join(60)
    over.set()
    threads[0].join(60)
    assert not errors
    assert slots == ["2a", "2b", "2a"]
    assert len(told) > 3 and all(a <= b and n <= m for (a, n), (b, m) in pairwise(told))
    stack.figures()
    stack.maps.settle()
    assert visits(stack) == len(facts.visits)
    assert compared(anew(stack)).equal


def _killed(url: str, within: bool) -> None:
    """Goes back, and is killed after its first chunk, or in the middle of the second."""
    replaying.CHUNK, rebuilding.CLOSE = 7, 0
    own, calls = engine(url, name="killed", pool_size=4), 0
    keep = resting.moved

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def moved(tx: Connection, replay: replaying.Replay) -> None:
        nonlocal calls
        calls += 1
        keep(tx, replay)
        if calls == 3:  # once when it woke, once for the first chunk
            die()

    if within:
        resting.moved = moved  # type: ignore[assignment]  # in this process only
    take_back(own, UnitDirectory(own), lambda: TODAY, (lambda done, total: None) if within else die)


@pytest.mark.parametrize("within", [False, True], ids=["between chunks", "within a chunk"])
def test_killed_on_the_way_back_the_live_figures_go_on(stack: Stack, within: bool) -> None:
    events, _, _ = some_history(6)
    arrive(stack, events[:60])
    anew(stack)
    arrive(stack, events[60:])
    before = state(stack)
    url = stack.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    child = multiprocessing.get_context("spawn").Process(target=_killed, args=(url, within))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert state(stack) == before
    done = back(stack)
    assert 0 < done.events < len(events) - 60, "it goes on where it had come to"
    assert state(stack) == ("2a", *before[1:])
    assert compared(anew(stack)).equal
