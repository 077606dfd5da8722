"""Many readers share a query, and each gets its own answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from shared.log import Append, LogUnavailable, NewEvent, canonical
from shared.memory import MemoryLog
from shared.reader import GroupReader, SharedAnswer


class Counted(MemoryLog):
    """Holds every query until told, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.queries = 0
        self.go = threading.Event()

    def load(self, after):  # type: ignore[no-untyped-def]  # as in MemoryLog
        self.queries += 1
        self.go.wait(10)
        if "broken" in after:
            raise LogUnavailable
        return super().load(after)


@pytest.fixture
def log() -> Counted:
    made = Counted()
    for number in range(10):
        events = tuple(NewEvent(f"s{number}", v, "Happened", 1, canonical({"v": v}), b"") for v in range(1, 4))
        made.append([Append(uuid4(), b"f", {}, events)])
    return made


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_those_who_wait_share_a_query_and_get_what_they_asked_for(log: Counted) -> None:
    reader = GroupReader(log)
    with ThreadPoolExecutor(20) as pool:
        asked = [{f"s{n % 10}": n % 4, "unknown": 0} for n in range(20)]
        answers = [pool.submit(reader.load, asked[0])]
        _wait_for(lambda: log.queries == 1)
        answers += [pool.submit(reader.load, after) for after in asked[1:]]
        _wait_for(lambda: len(reader._loads._waiting) == 19)
        log.go.set()
        for after, answer in zip(asked, answers, strict=True):
            (stream, version), _ = after.items()
            found = answer.result()
            assert [e.version for e in found[stream]] == [v for v in (1, 2, 3) if v > version]
            assert found["unknown"] == []
            assert found.keys() == after.keys()
    assert log.queries == 2
    reader.stop()


def test_a_command_is_found_by_whoever_asks(log: Counted) -> None:
    reader = GroupReader(log)
    command = log.read(0, 0, 1)[0].command_id
    assert command
    assert reader.find([command, uuid4()]).keys() == {command}
    assert reader.find([uuid4()]) == {}
    reader.stop()


def test_a_failed_query_fails_for_those_who_asked_and_not_later(log: Counted) -> None:
    log.go.set()
    reader = GroupReader(log)
    with pytest.raises(LogUnavailable):
        reader.load({"broken": 0})
    assert len(reader.load({"s1": 0})["s1"]) == 3
    reader.stop()


def test_whoever_comes_while_an_answer_is_on_its_way_shares_the_next_one() -> None:
    go, begun = threading.Event(), list[int]()

    def answer() -> int:
        begun.append(len(begun) + 1)
        number = begun[-1]
        go.wait(10)
        return number

    shared = SharedAnswer(answer)
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(shared.ask)
        _wait_for(lambda: begun == [1])
        others = [pool.submit(shared.ask) for _ in range(19)]
        time.sleep(0.05)  # so that they have all come before the first is answered
        go.set()
        assert first.result() == 1 and [each.result() for each in others] == [2] * 19
    assert shared.ask() == 3, "an answer that was there before the question is too old"


def test_no_shared_answer_began_before_its_question() -> None:
    moments = iter(range(10**9))
    shared = SharedAnswer(lambda: (next(moments), time.sleep(0.0002))[0])

    def ask(_: int) -> bool:
        came = next(moments)
        return shared.ask() > came

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(400)))


def test_a_failed_answer_is_the_error_of_one_and_the_others_ask_again() -> None:
    answers = iter([LogUnavailable(), "well"])
    go, asked = threading.Event(), list[int]()

    def answer() -> str:
        asked.append(1)
        go.wait(10)
        if isinstance(found := next(answers), Exception):
            raise found
        return found

    shared = SharedAnswer(answer)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shared.ask)
        _wait_for(lambda: len(asked) == 1)
        second = pool.submit(shared.ask)
        go.set()
        with pytest.raises(LogUnavailable):
            first.result()
        assert second.result() == "well"
