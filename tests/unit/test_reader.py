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
from shared.reader import GroupReader


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
