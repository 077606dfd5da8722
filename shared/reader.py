"""The group reader: what was asked while the last query was in flight goes into the next one.

A query costs a process most of a millisecond of its own, whether it asks for one stream or for a hundred. Under load
the requests of a moment share it; a lone one waits for nobody. The counterpart of ``shared.writer``.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from shared.log import Appended, Log, Recorded

Q = TypeVar("Q")
A = TypeVar("A")

GATHER_SECONDS = 0.005

Found = dict[UUID, tuple[bytes, Appended]]
Loaded = dict[str, list[Recorded]]


class GroupReader:
    """``load`` and ``find`` of a ``Log``, grouped. Either sees whatever was committed before it was called."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._loads: GroupQuestions[Mapping[str, int], Loaded] = GroupQuestions(self._load_all)
        self._finds: GroupQuestions[Collection[UUID], Found] = GroupQuestions(self._find_all)

    def load(self, after: Mapping[str, int]) -> Loaded:
        """As ``Log.load``."""
        return self._loads.ask(after)

    def find(self, command_ids: Collection[UUID]) -> Found:
        """As ``Log.find``."""
        return self._finds.ask(command_ids)

    def stop(self) -> None:
        self._loads.stop()
        self._finds.stop()

    def _load_all(self, asked: Sequence[Mapping[str, int]]) -> list[Loaded]:
        if len(asked) == 1:
            return [self._log.load(asked[0])]
        lowest: dict[str, int] = {}
        for after in asked:
            for stream, version in after.items():
                lowest[stream] = min(version, lowest.get(stream, version))
        found = self._log.load(lowest)
        return [
            {stream: [e for e in found[stream] if e.version > version] for stream, version in after.items()}
            for after in asked
        ]

    def _find_all(self, asked: Sequence[Collection[UUID]]) -> list[Found]:
        found = self._log.find({command_id for ids in asked for command_id in ids})
        return [{command_id: found[command_id] for command_id in ids if command_id in found} for ids in asked]


class SharedAnswer(Generic[A]):
    """One question that many ask. Whoever comes while it is being answered waits for the next answer, with all who came
    meanwhile: so none is older than its question, and a lone one waits for nobody."""

    def __init__(self, answer: Callable[[], A]) -> None:
        self._answer = answer
        self._one_at_a_time = threading.Lock()
        self._begun = 0
        self._last: tuple[int, A] | None = None

    def ask(self) -> A:
        """As ``answer``, which began after this was called. An error is its caller's; the others ask again."""
        came = self._begun
        with self._one_at_a_time:
            if self._last is None or self._last[0] <= came:
                self._begun += 1
                self._last = self._begun, self._answer()
            return self._last[1]


class _Question(Generic[Q, A]):
    def __init__(self, asked: Q) -> None:
        self.asked = asked
        self.answer: A | Exception | None = None
        self.answered = threading.Lock()
        self.answered.acquire()


class GroupQuestions(Generic[Q, A]):
    """One thread that answers the questions of many, all that are waiting at a time, in their order."""

    def __init__(self, answer_all: Callable[[Sequence[Q]], Sequence[A]]) -> None:
        self._answer_all = answer_all
        self._waiting: deque[_Question[Q, A]] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="group-reader", daemon=True)
        self._thread.start()

    def ask(self, asked: Q) -> A:
        question: _Question[Q, A] = _Question(asked)
        with self._changed:
            self._waiting.append(question)
            self._changed.notify()
        question.answered.acquire()
        if isinstance(question.answer, Exception):
            raise question.answer
        assert question.answer is not None
        return question.answer

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    if self._stopping:
                        return
                    self._changed.wait()
                questions = list(self._waiting)
                self._waiting.clear()
            answers: Sequence[A | Exception]
            try:
                answers = self._answer_all([question.asked for question in questions])
            except Exception as error:  # each caller raises it
                answers = [error] * len(questions)
            for question, answer in zip(questions, answers, strict=True):
                question.answer = answer
                question.answered.release()
            if self._waiting:  # many ask: a moment more, and the next query is shared by more of them
                time.sleep(GATHER_SECONDS)
