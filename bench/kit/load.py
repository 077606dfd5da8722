"""The load generator: a process of its own that sends prepared bodies and notes what became of them.

    python -m bench.kit.load PLAN.json     (see ``Plan``)

Bodies are made beforehand, one a line, so that making them costs nothing here. ``rate`` None is a closed loop: every
connection sends its next batch when the last one is answered. With a rate batches fall due at random moments (Poisson),
whether or not earlier ones are answered, and answers are measured from the due moment: no coordinated omission.
Moments are those of ``time.monotonic``, which all processes of a machine share.
"""

from __future__ import annotations

import contextlib
import http.client
import random
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import orjson

AGAIN_EVERY = 50
"""Every so many batches one is sent again at once, as if its answer had been lost."""
TRIES = 20


class Plan(msgspec.Struct):
    host: str
    path: str
    token: str
    bodies: str
    results: str
    seconds: float
    connections: int
    rate: float | None
    """Batches per second."""
    seed: int


class Sent(msgspec.Struct, array_like=True):
    """A batch: moments in seconds, rows by outcome, and the last position in each partition."""

    line: int
    due: float
    answered: float
    outcomes: dict[str, int]
    positions: dict[int, int]
    failures: int


class Generator:
    def __init__(self, plan: Plan, bodies: Iterator[bytes]) -> None:
        self._plan, self._bodies = plan, enumerate(bodies)
        self._lock = threading.Lock()
        self._chance = random.Random(f"arrivals {plan.seed}")
        self._start = self._next_due = time.monotonic()
        self.sent: list[Sent] = []
        self.errors: list[BaseException] = []

    def run(self) -> list[Sent]:
        threads = [threading.Thread(target=self._connection) for _ in range(self._plan.connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.errors:
            raise self.errors[0]
        return self.sent

    def _connection(self) -> None:
        connection = http.client.HTTPConnection(self._plan.host, timeout=60)
        try:
            while (job := self._next()) is not None:
                line, due, body = job
                time.sleep(max(0.0, due - time.monotonic()))
                self.sent.append(self._deliver(connection, line, due, body))
                if line % AGAIN_EVERY == AGAIN_EVERY - 1:
                    again = self._deliver(connection, line, time.monotonic(), body)
                    if set(again.outcomes) != {"repeated"}:
                        raise RuntimeError(f"a batch sent again came out as {again.outcomes}")
        except BaseException as error:
            self.errors.append(error)
        finally:
            connection.close()

    def _next(self) -> tuple[int, float, bytes] | None:
        with self._lock:
            due = time.monotonic()
            if self._plan.rate is not None:
                self._next_due += self._chance.expovariate(self._plan.rate)
                due = self._next_due
            if due - self._start > self._plan.seconds or self.errors:
                return None
            line, body = next(self._bodies, (0, b""))
            return (line, due, body) if body else None

    def _deliver(self, connection: http.client.HTTPConnection, line: int, due: float, body: bytes) -> Sent:
        """Send until it is answered, as a careful client does."""
        headers = {"Authorization": f"Bearer {self._plan.token}", "Content-Type": "application/json"}
        for failures in range(TRIES):
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("POST", self._plan.path, body, headers)
                response = connection.getresponse()
                content = response.read()
                if response.status == 200:
                    return _noted(line, due, orjson.loads(content)["results"], failures)
                if response.status < 500:
                    raise RuntimeError(f"{response.status} {content[:300]!r}")
            connection.close()
            time.sleep(0.25)
        raise RuntimeError(f"batch {line} was not answered in {TRIES} tries")


def _noted(line: int, due: float, rows: list[dict[str, str]], failures: int) -> Sent:
    sent = Sent(line, due, time.monotonic(), {}, {}, failures)
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
