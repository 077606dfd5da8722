"""The group writer: what queued up while the last commit was in flight goes into the next one.

One thread (a greenthread under eventlet) owns the appends of a process. Its callers may be timed out or killed; it is
not, so a connection is never abandoned in the middle of a statement.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence

from shared.log import Append, Appended, Log, LogUnavailable, Outcome, Unstorable

GATHER_SECONDS = 0.005
RETRY_SECONDS = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0)


class Overloaded(Exception):
    """More commands are waiting than the writer accepts; come back later."""


Result = Appended | Unstorable | LogUnavailable


class _Submission:
    """Some appends of one caller, and the lock it waits for, held until all are done (cheaper than an Event)."""

    def __init__(self, size: int) -> None:
        self.results: list[Result | None] = [None] * size
        self._open = size
        self._done = threading.Lock()
        self._done.acquire()

    def finish(self, index: int, result: Result) -> None:
        self.results[index] = result
        self._open -= 1
        if self._open == 0:
            self._done.release()

    def wait(self) -> list[Result]:
        self._done.acquire()
        return [result for result in self.results if result is not None]


_Ticket = tuple[Append, _Submission, int]


class GroupWriter:
    def __init__(self, log: Log, *, max_group: int = 1_000, max_waiting: int = 20_000) -> None:
        self._log, self._max_group, self._max_waiting = log, max_group, max_waiting
        self._waiting: deque[_Ticket] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="group-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def submit(self, appends: Sequence[Append]) -> list[Result]:
        """Append, each in order with whatever else is waiting; returns when all are decided. Raises ``Overloaded``."""
        if not appends:
            return []
        submission = _Submission(len(appends))
        with self._changed:
            if self._stopping or len(self._waiting) + len(appends) > self._max_waiting:
                raise Overloaded
            self._waiting.extend((append, submission, i) for i, append in enumerate(appends))
            self._changed.notify()
        return submission.wait()

    def stop(self) -> None:
        """Accept nothing more, store what is waiting, return."""
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
                group = self._take()
                left = len(self._waiting)
            results = self._store([append for append, _, _ in group])
            for (_, submission, index), result in zip(group, results, strict=True):
                submission.finish(index, result)
            if len(self._waiting) > left:  # many come: a moment more, and the next commit is shared by more of them
                time.sleep(GATHER_SECONDS)

    def _take(self) -> list[_Ticket]:
        """The next group: no command id and no stream twice, and nothing read that is written; whoever must wait keeps
        its place in line."""
        group: list[_Ticket] = []
        later: deque[_Ticket] = deque()
        busy: set[object] = set()
        read: set[object] = set()
        while self._waiting and len(group) < self._max_group:
            ticket = self._waiting.popleft()
            append = ticket[0]
            written = {append.command_id, *append.streams}
            looked_at = [stream for stream, _, _ in append.reads]
            free = busy.isdisjoint(written) and read.isdisjoint(written) and busy.isdisjoint(looked_at)
            (group if free else later).append(ticket)
            busy |= written
            read.update(looked_at)
        self._waiting = later + self._waiting if later else self._waiting
        return group

    def _store(self, appends: list[Append]) -> list[Result]:
        try:
            return list(self._log.append(appends))
        except Unstorable as error:
            if len(appends) == 1:
                return [error]
            # One bad row must not fail its neighbours.
            middle = len(appends) // 2
            return self._store(appends[:middle]) + self._store(appends[middle:])
        except LogUnavailable:
            return self._store_after_doubt(appends)
        except Exception as error:
            return [LogUnavailable(type(error).__name__)] * len(appends)

    def _store_after_doubt(self, appends: list[Append]) -> list[Result]:
        """The connection broke: the commit may or may not have happened. Look, then append what is not there."""
        doubt: Exception = LogUnavailable()
        for pause in RETRY_SECONDS:
            time.sleep(pause)
            try:
                stored = self._log.find([append.command_id for append in appends])
                missing = [append for append in appends if append.command_id not in stored]
                again = dict(zip((m.command_id for m in missing), self._log.append(missing), strict=True))
            except Unstorable:
                return [r for a in appends for r in self._store([a])] if len(appends) > 1 else [Unstorable()]
            except Exception as error:  # whatever it is: this thread must go on, or everybody waits for ever
                doubt = error
                continue
            return [again.get(a.command_id) or _known(a, stored[a.command_id]) for a in appends]
        return [LogUnavailable(str(doubt) or type(doubt).__name__)] * len(appends)


def _known(append: Append, stored: tuple[bytes, Appended]) -> Appended:
    fingerprint, answer = stored
    if fingerprint != append.fingerprint:
        return Appended(append.command_id, Outcome.CONFLICT)
    return answer
