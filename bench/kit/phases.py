"""The two ways of loading a stack, and waiting until what was sent is reported."""

from __future__ import annotations

import http.client
import resource
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import orjson
import psycopg

from bench.kit.load import Plan, Sent
from bench.kit.measure import percentile
from bench.kit.stack import superuser_url
from ops.client import ACCEPTED, Api
from ops.local import tokens
from ops.local.process import StackError
from ops.local.stack import Stack
from ops.local.state import ROOT
from ops.units.seed import NATION_ID

PATIENCE_SECONDS = 180.0
BATCH = "/v1/visits/batch"
OPEN_CONNECTIONS = 48
POLL_SECONDS = 0.05

Poll = tuple[float, dict[int, int]]
"""When the national report was answered, and the positions of visits it includes."""


@dataclass
class Phase:
    """``started``, ``ended``: first byte sent, everything reported. Moments are of ``time.monotonic``."""

    sent: list[Sent]
    started: float
    ended: float
    generator_seconds: float
    polls: list[Poll] = field(default_factory=list)

    @property
    def visits(self) -> int:
        return sum(sum(batch.outcomes.values()) for batch in self.sent)

    @property
    def per_s(self) -> float:
        return round(self.visits / (self.ended - self.started), 1)

    def freshness(self, percent: float) -> float:
        """Milliseconds from the client's answer until a report was answered that includes the batch."""
        return round(percentile(included(self.sent, self.polls), percent) * 1000, 1)

    def details(self, name: str) -> dict[str, float]:
        waits = [batch.answered - batch.due for batch in self.sent]
        found: dict[str, float] = {
            f"{name}_visits": self.visits,
            f"{name}_failures": sum(batch.refused + batch.failures for batch in self.sent),
        }
        found |= {f"{name}_answer_p{p}_ms": round(percentile(waits, p) * 1000, 1) for p in (50, 99)}
        if self.polls:
            found |= {f"freshness_p{p}_ms": self.freshness(p) for p in (50, 100)}
        return found


def closed_loop(of: Stack, bodies: Path, length: float, connections: int, seed: int) -> Phase:
    return _generate(_plan(of, bodies, length, connections, None, seed))


def open_loop(of: Stack, bodies: Path, length: float, rate: float, seed: int) -> Phase:
    """``rate`` in batches per second; meanwhile the national report is asked for twenty times a second."""
    over, polls = threading.Event(), list[Poll]()
    poller = threading.Thread(target=_poll, args=(of, polls, over))
    poller.start()
    try:
        phase = _generate(_plan(of, bodies, length, OPEN_CONNECTIONS, rate, seed))
        phase.polls = polls
        until(lambda: _includes(polls, phase.sent), "everything reported")
    finally:
        over.set()
        poller.join()
    return phase


def included(sent: Sequence[Sent], polls: Sequence[Poll]) -> list[float]:
    """Seconds from the answer to each batch until the first report that includes all of it, never below zero."""
    partitions = {partition for batch in sent for partition in batch.positions}
    reached = {partition: [positions.get(partition, 0) for _, positions in polls] for partition in partitions}
    found = []
    for batch in sent:
        first = max(bisect_left(reached[partition], position) for partition, position in batch.positions.items())
        found.append(max(0.0, polls[first][0] - batch.answered))
    return found


def after(sent: Sequence[Sent]) -> str:
    """The last positions, as ``?after=`` of the reports wants them."""
    return ",".join(f"visits:{partition}:{position}" for partition, position in sorted(_last(sent).items()))


def reported(reporting: Api, positions: str) -> None:
    """Return once the national report includes these positions."""
    until(
        lambda: "figures" in reporting.get(f"/v1/reports/{NATION_ID}", after=positions), f"a report after {positions}"
    )


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise StackError(f"waited {PATIENCE_SECONDS:.0f} s in vain: {what}")
        time.sleep(0.02)


def cursor(of: Stack, service: str, subscription: str) -> int:
    """The position of a subscription to teams."""
    with psycopg.connect(superuser_url(of, service)) as tx:
        asked = "SELECT position FROM bus.cursors WHERE subscription = %s AND source = 'teams'"
        row = tx.execute(asked, [subscription]).fetchone()
        return int(row[0]) if row else 0


def logged(of: Stack) -> Counter[str]:
    """How often each visit was recorded, from the raw log."""
    with psycopg.connect(superuser_url(of, "visits")) as tx:
        rows = tx.execute("SELECT data->>'visit_id' FROM log.events WHERE type = 'VisitRecorded'")
        return Counter(visit_id for (visit_id,) in rows)


# --- parts -----------------------------------------------------------------------------------------------------------


def _plan(of: Stack, bodies: Path, length: float, connections: int, rate: float | None, seed: int) -> Plan:
    return Plan(
        host=urlsplit(of.api_url("visits")).netloc,
        path=BATCH,
        token=tokens.issue(of.state, "bench", "visits:write", [NATION_ID], int(length) + 3600),
        bodies=str(bodies),
        results=str(bodies.with_suffix(".results.json")),
        seconds=length,
        connections=connections,
        rate=rate,
        seed=seed,
    )


def _generate(plan: Plan) -> Phase:
    before = _children_seconds()
    sent = generate(plan)
    # "repeated" is a batch whose first answer the client did not get.
    if turned_down := {outcome for batch in sent for outcome in batch.outcomes} - ACCEPTED:
        raise StackError(f"fresh visits came out as {turned_down}")
    return Phase(sent, min(batch.due for batch in sent), time.monotonic(), _children_seconds() - before)


def generate(plan: Plan, patience: float = PATIENCE_SECONDS) -> list[Sent]:
    """Run the load generator to its end."""
    path = Path(plan.results).with_suffix(".plan.json")
    path.write_bytes(msgspec.json.encode(plan))
    argv = [sys.executable, "-m", "bench.kit.load", str(path)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=plan.seconds + patience)
    if done.returncode:
        raise StackError(f"the load generator failed: {done.stderr[-1500:]}")
    return msgspec.json.decode(Path(plan.results).read_bytes(), type=list[Sent])


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _poll(of: Stack, polls: list[Poll], over: threading.Event) -> None:
    connection = http.client.HTTPConnection(urlsplit(of.api_url("reporting")).netloc, timeout=30)
    token = tokens.issue(of.state, "bench", "reporting:read", [NATION_ID], 3600)
    while not over.is_set():
        due = time.monotonic() + POLL_SECONDS
        connection.request("GET", f"/v1/reports/{NATION_ID}", headers={"Authorization": f"Bearer {token}"})
        answer = orjson.loads(connection.getresponse().read())
        positions = {int(partition): position for partition, position in answer["positions"]["visits"].items()}
        polls.append((time.monotonic(), positions))
        over.wait(max(0.0, due - time.monotonic()))


def _last(sent: Sequence[Sent]) -> dict[int, int]:
    last: dict[int, int] = {}
    for batch in sent:
        for partition, position in batch.positions.items():
            last[partition] = max(position, last.get(partition, 0))
    return last


def _includes(polls: Sequence[Poll], sent: Sequence[Sent]) -> bool:
    told = polls[-1][1] if polls else {}
    return all(told.get(partition, 0) >= position for partition, position in _last(sent).items())
