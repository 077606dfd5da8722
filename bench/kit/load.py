"""The load generator: a process of its own that sends prepared bodies and notes what became of them.

    python -m bench.kit.load PLAN.json     (see ``Plan``)

Bodies are made beforehand, one a line, so that making them costs nothing here; one thread serves all connections, since
the generator works on the processor it measures. ``rate`` None is a closed loop: every connection sends its next body
when the last one is answered. With a rate bodies fall due at random moments (Poisson), whether or not earlier ones are
answered, and answers are measured from the due moment: no coordinated omission. Whoever is refused comes again when
the service asked for, a little off, as phones do. Moments are those of ``time.monotonic``, which all processes share.
"""

from __future__ import annotations

import heapq
import random
import selectors
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import orjson

from bench.kit.wire import Answer, Connection

AGAIN_EVERY = 50
"""Every so many bodies one is sent again at once, as if its answer had been lost."""
LOST_PAUSE = 0.25
MOST_IDLE_SECONDS = 0.05


class Plan(msgspec.Struct):
    host: str
    path: str
    token: str
    bodies: str
    results: str
    seconds: float
    connections: int
    rate: float | None
    """Bodies per second."""
    seed: int
    tries: int = 1_000
    rate_of_attempts: bool = False
    """Whether the rate counts those that come again, too: the load that a service sees, whatever it refuses."""
    again_every: int = AGAIN_EVERY


class Sent(msgspec.Struct, array_like=True):
    """A body: moments in seconds, rows by outcome, and the last position in each partition.

    ``due`` is when it should have been sent first, ``asked`` when the attempt that was accepted should have been.
    """

    line: int
    due: float
    asked: float
    answered: float
    outcomes: dict[str, int]
    positions: dict[int, int]
    refused: int
    failures: int


class Job:
    """A body on its way. ``again``: it was stored before, and has to come out as repeated."""

    __slots__ = ("again", "asked", "body", "due", "failures", "line", "refused")

    def __init__(self, line: int, due: float, body: bytes, *, again: bool = False) -> None:
        self.line, self.due, self.asked, self.body, self.again = line, due, due, body, again
        self.refused = self.failures = 0


class Generator:
    def __init__(self, plan: Plan, bodies: Iterator[bytes]) -> None:
        self._plan, self._bodies = plan, enumerate(bodies)
        self._chance = random.Random(f"arrivals {plan.seed}")
        self._start = self._tick = time.monotonic()
        self._later: list[tuple[float, int, Job]] = []
        self._order = 0
        self._fresh = True
        self._selector = selectors.DefaultSelector()
        self._idle: list[Connection[Job]] = []
        self._busy = 0
        self.sent: list[Sent] = []

    def run(self) -> list[Sent]:
        """Until every body that was begun is answered. Raises ``RuntimeError`` at an answer that must not be."""
        if self._plan.rate is not None:
            self._tick += self._chance.expovariate(self._plan.rate)
        while self._fresh or self._later or self._busy:
            now = time.monotonic()
            while (self._idle or self._busy < self._plan.connections) and (job := self._take(now)):
                self._begin(job)
            for key, events in self._selector.select(self._pause(time.monotonic())):
                self._ready(key.data, events)
        for connection in self._idle:
            connection.close()
        return self.sent

    # --- what is next ------------------------------------------------------------------------------------------------

    def _take(self, now: float) -> Job | None:
        coming_again = bool(self._later) and self._later[0][0] <= now
        if not self._fresh or (coming_again and not self._plan.rate_of_attempts):
            return heapq.heappop(self._later)[2] if coming_again else None
        if self._plan.rate is None:
            due = now
        elif self._tick > now:
            return None
        else:
            due = self._tick
            self._tick += self._chance.expovariate(self._plan.rate)
        if due - self._start > self._plan.seconds:
            self._fresh = False
            return self._take(now)
        if coming_again:
            _, _, job = heapq.heappop(self._later)
            job.asked = due
            return job
        line, body = next(self._bodies, (0, b""))
        if body:
            return Job(line, due, body)
        # With a rate of attempts those that were refused still come for the whole time.
        self._fresh = self._plan.rate_of_attempts
        return None

    def _pause(self, now: float) -> float:
        moments = [self._later[0][0]] if self._later else []
        if self._fresh and self._plan.rate is not None:
            moments.append(self._tick)
        return min(MOST_IDLE_SECONDS, max(0.0, min(moments) - now)) if moments else MOST_IDLE_SECONDS

    def _again(self, job: Job, pause: float) -> None:
        if job.refused + job.failures >= self._plan.tries:
            raise RuntimeError(f"body {job.line} was not answered in {self._plan.tries} tries")
        self._order += 1
        job.asked = time.monotonic() + pause
        heapq.heappush(self._later, (job.asked, self._order, job))

    # --- on the wire -------------------------------------------------------------------------------------------------

    def _begin(self, job: Job) -> None:
        connection = self._idle.pop() if self._idle else Connection[Job](self._plan.host, self._selector)
        self._busy += 1
        connection.begin(job, self._head(len(job.body)) + job.body)

    def _head(self, length: int) -> bytes:
        plan = self._plan
        return (
            f"POST {plan.path} HTTP/1.1\r\nHost: {plan.host}\r\nAuthorization: Bearer {plan.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        ).encode()

    def _ready(self, connection: Connection[Job], events: int) -> None:
        try:
            answer = connection.ready(events)
        except OSError:
            answer = None
            connection.broken = True
        if answer is None and not connection.broken:
            return
        job, connection.job = connection.job, None
        if job is None:  # closed while nothing was asked of it
            self._idle.remove(connection)
            connection.close()
            return
        self._busy -= 1
        if connection.broken or (answer and answer.closing):
            connection.close()
        else:
            self._idle.append(connection)
        if answer is None:
            job.failures += 1
            self._again(job, LOST_PAUSE)
        else:
            self._answered(job, answer)

    def _answered(self, job: Job, answer: Answer) -> None:
        if answer.status == 503:
            job.refused += 1
            self._again(job, (answer.retry_after or LOST_PAUSE) * self._chance.uniform(0.75, 1.25))
        elif answer.status >= 500:
            job.failures += 1
            self._again(job, LOST_PAUSE)
        elif answer.status not in (200, 201):
            raise RuntimeError(f"{answer.status} {answer.body[:300]!r}")
        else:
            self._note(job, orjson.loads(answer.body))

    def _note(self, job: Job, said: dict[str, object]) -> None:
        sent = noted(job, said)
        if job.again:
            if set(sent.outcomes) != {"repeated"}:
                raise RuntimeError(f"a body sent again came out as {sent.outcomes}")
            return
        if self._plan.again_every and (job.line + 1) % self._plan.again_every == 0:
            self._again(Job(job.line, time.monotonic(), job.body, again=True), 0.0)
        self.sent.append(sent)


def noted(job: Job, said: dict[str, object]) -> Sent:
    """``said`` is the answer to a batch, or to a single visit."""
    sent = Sent(job.line, job.due, job.asked, time.monotonic(), {}, {}, job.refused, job.failures)
    rows = said.get("results") or [said]
    assert isinstance(rows, list)
    for row in rows:
        outcome = row["outcome"]
        sent.outcomes[outcome] = sent.outcomes.get(outcome, 0) + 1
        if position := row.get("position"):
            partition, _, at = position.partition(":")
            sent.positions[int(partition)] = max(int(at), sent.positions.get(int(partition), 0))
    return sent


def main(path: str) -> int:
    plan = msgspec.json.decode(Path(path).read_bytes(), type=Plan)
    with Path(plan.bodies).open("rb") as bodies:
        sent = Generator(plan, (line.rstrip(b"\n") for line in bodies)).run()
    Path(plan.results).write_bytes(msgspec.json.encode(sent))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
