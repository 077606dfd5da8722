"""Admission: who may come in now, who waits a moment, and who is told when to come back (docs/adr/0023).

A process that takes all it is sent answers everybody late, then nobody. So each class of requests has a *lane*: as much
is at work at once as keeps the process busy; a little more waits in line; and whoever would wait longer than is worth
it is refused before anything of the request but its headers has been read.

    lane = Lane("batch", width=400_000, patience=0.4)
    lane.knock(actor.sub, cost(likely_size))        # both raise Problem("overloaded") with Retry-After
    raw = …                                         # only now the body is read
    with lane.admitted(actor.sub, cost(len(raw))):
        …

How long a newcomer would wait follows from what is ahead of it and from how fast the lane was served lately, so the
bound holds on a slow machine and beside a slow database without being set. Lines are per client and served in turn:
a client that sends much waits behind itself.
"""

from __future__ import annotations

import random
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import eventlet
from eventlet.event import Event
from prometheus_client import Counter, Gauge, Histogram

from shared.problems import Problem

OWN = 6_000
"""What a request costs by itself, in bytes of a body: its own way through the process. So an upload of three visits
takes as long as the last fifteen of a batch, and the pace of one kind of load says what another kind will take."""
USUAL = 100_000
"""Up to this size a request has the lane's patience, beyond it in proportion."""
FEW_SECONDS = 30.0
FIRST_RATE = 800_000.0
"""Until the lane was full once: rather too careful for a moment than a flood inside."""
LEAST_RATE = 20_000.0
AT_WORK_SECONDS = 0.15
"""No more is at work than takes so long at the lane's pace: it would only wait inside, where nobody can be refused."""
WINDOW_SECONDS = 0.25
SMOOTHING = 0.5
SPREAD = 1.5
BEST_FADES_SECONDS = 600.0
MOST_AHEAD_SECONDS = 300.0
"""Phones that are told to wait longer are put away."""

REQUESTS = Counter("tungnha_admission_requests", "Requests that asked to come in", ["lane", "outcome"])
WAITED = Histogram(
    "tungnha_admission_wait_seconds",
    "Time in line of those admitted",
    ["lane"],
    buckets=(0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0),
)
AT_WORK = Gauge("tungnha_admission_at_work_bytes", "Cost of the requests at work", ["lane"])
WAITING = Gauge("tungnha_admission_waiting_bytes", "Cost of the requests in line", ["lane"])
RATE = Gauge("tungnha_admission_bytes_per_second", "How fast the lane was served when it last was full", ["lane"])


def cost(size: int) -> int:
    """Of a request with a body of so many bytes, in bytes."""
    return OWN + size


def overloaded(seconds: int = 1) -> Problem:
    return Problem("overloaded", headers={"Retry-After": str(seconds)}, seconds=seconds)


@dataclass(slots=True, eq=False)
class _Ticket:
    cost: int
    called: Event = field(default_factory=Event)
    admitted: bool = False


class Lane:
    """For greenthreads, which give way nowhere here but while waiting. Costs are those of ``cost``, times seconds.

    ``width``: the most at work at once, however fast the lane is. ``few``: so many in line are no overload, however
    long they wait: some offices that send all they have. ``side_by_side``: so many are let in however large they are;
    with two, one is decided while the other is with the database.
    """

    def __init__(
        self,
        name: str,
        *,
        width: int,
        patience: float,
        few: int = 0,
        side_by_side: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self._width, self._patience, self._few, self._clock = name, width, patience, few, clock
        self._side_by_side = side_by_side
        self._at_work = self._inside = 0
        self._lines: OrderedDict[str, deque[_Ticket]] = OrderedDict()
        self._waiting: dict[str, int] = {}
        self._pace = _Pace()
        self._away = _Away(clock())
        AT_WORK.labels(name).set_function(lambda: self._at_work)
        WAITING.labels(name).set_function(lambda: sum(self._waiting.values()))
        RATE.labels(name).set_function(lambda: self._pace.rate)
        self._admitted, self._refused = REQUESTS.labels(name, "admitted"), REQUESTS.labels(name, "refused")

    def knock(self, client: str, cost: int) -> None:
        """Raises ``Problem`` if there is no use in coming in now. Reserves nothing."""
        if (self._lines or not self._fits(cost)) and self._too_long(client, cost):
            self._pace.full(self._clock())
            raise self._refusal(cost)

    @contextmanager
    def admitted(self, client: str, cost: int) -> Iterator[None]:
        """Comes in at once or after a moment in line. Raises ``Problem`` with Retry-After for whoever is not let in."""
        began = self._clock()
        if self._lines or not self._fits(cost):
            self._wait(client, cost)
        else:
            self._enter(cost)
        WAITED.labels(self.name).observe(self._clock() - began)
        self._admitted.inc()
        try:
            yield
        finally:
            self._leave(cost)

    def _fits(self, cost: int) -> bool:
        width = min(self._width, self._pace.rate * AT_WORK_SECONDS)
        return self._inside < self._side_by_side or self._at_work + cost <= width

    def _enter(self, cost: int) -> None:
        self._at_work += cost
        self._inside += 1

    def _wait(self, client: str, cost: int) -> None:
        self._pace.full(self._clock())
        if self._too_long(client, cost):
            raise self._refusal(cost)
        latest = FEW_SECONDS if self._in_line < self._few else 2 * self._patience_for(cost)
        ticket = _Ticket(cost)
        self._lines.setdefault(client, deque()).append(ticket)
        self._waiting[client] = self._waiting.get(client, 0) + cost
        try:
            # The pace may have dropped since: late answers are worth nothing to anybody.
            with eventlet.Timeout(latest, False):
                ticket.called.wait()
        except BaseException:
            if ticket.admitted:
                self._leave(cost)
            raise
        finally:
            if not ticket.admitted:
                self._take(client, ticket)
        if not ticket.admitted:
            raise self._refusal(cost)

    @property
    def _in_line(self) -> int:
        return sum(map(len, self._lines.values()))

    def _too_long(self, client: str, cost: int) -> bool:
        return self._in_line >= self._few and self._expected(client, cost) > self._patience_for(cost)

    def _patience_for(self, cost: int) -> float:
        """Whoever sends much in one request expects to wait for its answer, and would have to send much again."""
        return self._patience * max(1.0, cost / USUAL)

    def _expected(self, client: str, cost: int) -> float:
        """Seconds in line: of every other client at most as much comes first as this one has waiting itself."""
        own = self._waiting.get(client, 0) + cost
        ahead = own + sum(min(own, waiting) for other, waiting in self._waiting.items() if other != client)
        return ahead / self._pace.rate

    def _leave(self, cost: int) -> None:
        self._at_work -= cost
        self._inside -= 1
        while self._lines:
            client, line = next(iter(self._lines.items()))
            ticket = line[0]
            if not self._fits(ticket.cost):
                break
            self._take(client, ticket)
            if client in self._lines:
                self._lines.move_to_end(client)
            self._enter(ticket.cost)
            ticket.admitted = True
            ticket.called.send()
        self._pace.served(cost, self._clock(), full=bool(self._lines))

    def _take(self, client: str, ticket: _Ticket) -> None:
        """Out of the line."""
        line = self._lines[client]
        line.remove(ticket)
        self._waiting[client] -= ticket.cost
        if not line:
            del self._lines[client], self._waiting[client]

    def _refusal(self, cost: int) -> Problem:
        """Those turned away are spread over half as long again as their work will take, so that no more of them come
        back in a second than can be taken: refusing costs time as well, which makes the pace of a storm no measure of
        what can be done after it."""
        now = self._clock()
        ahead = min(MOST_AHEAD_SECONDS, (self._away.cost(now) + cost) / self._pace.best(now))
        seconds = 1 + int(random.uniform(0, 1 + SPREAD * ahead))
        self._away.add(now + seconds, cost)
        self._refused.inc()
        return overloaded(seconds)


class _Away:
    """What those turned away would cost who are not due again yet, by the second in which they are."""

    def __init__(self, now: float) -> None:
        self._passed = int(now)
        self._by_second: dict[int, int] = {}
        self._total = 0

    def add(self, due: float, cost: int) -> None:
        self._by_second[int(due)] = self._by_second.get(int(due), 0) + cost
        self._total += cost

    def cost(self, now: float) -> int:
        for second in range(self._passed, int(now)):
            self._total -= self._by_second.pop(second, 0)
        self._passed = max(self._passed, int(now))
        return self._total


class _Pace:
    """Bytes served per second. ``rate``: now, measured only while the lane is full, for an idle one does not tell what
    it could do. ``best``: in the best second of late."""

    def __init__(self) -> None:
        self.rate = FIRST_RATE
        self._guessed = True
        self._since: float | None = None
        self._served = 0
        self._second, self._in_second = 0, 0
        self._best: tuple[float, float] = (0.0, 0.0)

    def full(self, now: float) -> None:
        if self._since is None:
            self._since, self._served = now, 0

    def served(self, cost: int, now: float, *, full: bool) -> None:
        if int(now) != self._second:
            if self._in_second >= self._faded(now):
                self._best = (self._in_second, now)
            self._second, self._in_second = int(now), 0
        self._in_second += cost
        if self._since is None:
            return
        self._served += cost
        took = now - self._since
        if took >= WINDOW_SECONDS:
            share = 1.0 if self._guessed else SMOOTHING
            self.rate = max(LEAST_RATE, self.rate + share * (self._served / took - self.rate))
            self._guessed = False
            self._since, self._served = (now, 0) if full else (None, 0)

    def best(self, now: float) -> float:
        return max(self.rate, self._faded(now))

    def _faded(self, now: float) -> float:
        """The machine may have become slower."""
        best, since = self._best
        return best * (1 - (now - since) / BEST_FADES_SECONDS)
