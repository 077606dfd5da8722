"""Ten times what the service can take, for a minute, as phones send it; the whole stack and the load on the same cores.

First the capacity: phones' uploads (1 to 100 visits each, some sent twice) in a closed loop. Then ten times as many a
second, arriving at random whether or not earlier ones are answered; whoever is refused comes again when it was told to,
and counts for the load. After the minute what is left comes in by retries alone. ``accepted_p99_ms`` is the time from
the moment an accepted request was due to its answer, within the minute; ``lost`` and ``twice`` compare what was
accepted in the end, which is everything, with the log. Nothing else must run on the machine.

For a shorter look: ``TUNGNHA_BENCH_SECONDS`` 60, ``TUNGNHA_BENCH_TIMES`` 10, ``TUNGNHA_BENCH_VILLAGES`` 1000.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.kit import country, phases, pipe, stack
from bench.kit.load import Plan, Sent
from bench.kit.measure import percentile, report, say
from bench.kit.options import number, seconds
from bench.kit.prepared import Prepared, accepted, differences, prepare
from ops.client import ACCEPTED
from ops.local import tokens
from ops.local.process import StackError
from ops.local.stack import Stack
from ops.simulator import deliveries
from ops.units.seed import NATION_ID

SEED = 2026
CAPACITY_SECONDS = 10.0
CAPACITY_CONNECTIONS = 16
CONNECTIONS = 900
MOST_UPLOADS_PER_S = 150
OUTSTANDING_SECONDS = 120.0
"""So much of the capacity is prepared beyond the minute: phones that are waiting to come again."""
DRAIN_SECONDS = 900.0
WITHOUT_END = 10**9
Row = dict[str, Any]


def main(as_json: bool = False) -> int:
    length, times = seconds("SECONDS", 60.0), number("TIMES", 10)
    land = country.province(number("VILLAGES", 1_000), SEED)
    with stack.running() as of:
        pipe.filled(of, land)
        uploads = _uploads(land)
        folder = Path(of.state.directory)
        first = prepare(folder / "capacity.ndjson", uploads, int(CAPACITY_SECONDS * MOST_UPLOADS_PER_S))
        calm = phases.generate(_plan(of, first, CAPACITY_SECONDS, CAPACITY_CONNECTIONS, None))
        capacity = len(calm) / (max(s.answered for s in calm) - min(s.due for s in calm))
        say(f"capacity: {capacity:,.0f} uploads/s of {first.visits / len(first.ids):,.0f} visits")
        wanted = int(capacity * (length + OUTSTANDING_SECONDS))
        second = prepare(folder / "pressure.ndjson", uploads, wanted)
        began = time.monotonic()
        sent = phases.generate(_plan(of, second, length, CONNECTIONS, capacity * times), DRAIN_SECONDS)
        say(f"everything was accepted after {time.monotonic() - began:,.0f} s")
        ids, _ = accepted([(first, calm), (second, sent)])
        lost, twice = differences(Counter(ids.keys()), phases.logged(of))
    found = _figures(sent, min(body.due for body in sent) + length)
    found |= {"lost": lost, "twice": twice, "capacity_uploads_per_s": round(capacity, 1), "visits": len(ids)}
    return report("overload", SEED, found, as_json)


def _uploads(land: country.Country) -> Iterator[list[Row]]:
    """Phones' uploads without end, one Sunday after the other, in order of arrival."""
    sunday = country.FIRST_SUNDAY
    while True:
        for delivery in deliveries(land.crews, country.VISITS_PER_SUNDAY, sunday, SEED):
            yield list(delivery.rows)
        sunday += timedelta(days=7)


def _plan(of: Stack, bodies: Prepared, length: float, connections: int, rate: float | None) -> Plan:
    return Plan(
        host=urlsplit(of.api_url("visits")).netloc,
        path=phases.BATCH,
        token=tokens.issue(of.state, "bench", "visits:write", [NATION_ID], 3600),
        bodies=str(bodies.path),
        results=str(bodies.path.with_suffix(".results.json")),
        seconds=length,
        connections=connections,
        rate=rate,
        seed=SEED,
        tries=WITHOUT_END,
        rate_of_attempts=True,
        again_every=0,
    )


def _figures(sent: list[Sent], until: float) -> dict[str, float]:
    if turned_down := {outcome for body in sent for outcome in body.outcomes} - ACCEPTED:
        raise StackError(f"uploads came out as {turned_down}")
    within = [body.answered - body.asked for body in sent if body.asked <= until]
    return {
        "accepted_p99_ms": round(percentile(within, 99) * 1000, 1),
        "accepted_p50_ms": round(percentile(within, 50) * 1000, 1),
        "accepted": len(within),
        "refused": sum(body.refused for body in sent),
        "failures": sum(body.failures for body in sent),
        "seconds_until_all_accepted": round(max(b.answered for b in sent) - min(b.due for b in sent), 1),
    }
