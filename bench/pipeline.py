"""From the HTTP request to the national report, the whole stack and the load generator on the same cores.

Phase 1, closed loop: batches of 100 visits as fast as they are taken; the rate counts what is *in the national
report*, from the first byte sent until everything is reported. Phase 2, open loop: 725 visits/s for two minutes;
freshness is the time from a client's answer until the national report includes the batch. Nothing else must run on the
machine.

For a shorter look (the bars speak of the usual values): ``TUNGNHA_BENCH_SECONDS`` 60, ``TUNGNHA_BENCH_OPEN_SECONDS``
120, ``TUNGNHA_BENCH_VILLAGES`` 1000, ``TUNGNHA_BENCH_CONNECTIONS`` 8, ``TUNGNHA_BENCH_SCALE`` (``visits-api=2``).
"""

from __future__ import annotations

import time
from pathlib import Path

from bench.kit import account, country, phases, pipe, stack
from bench.kit.measure import report, say
from bench.kit.options import number, seconds
from bench.kit.prepared import accepted, compared, prepare
from ops.client import Api
from ops.local import status
from ops.local.stack import Stack

SEED = 2026
SIZE = 100
OPEN_SIZE = 25
OPEN_VISITS_PER_S = 725
MOST_VISITS_PER_S = 4_000
"""So many visits are prepared for each second of the closed loop; whoever is faster ends it early."""
QUIET_SECONDS = 10.0


def main(as_json: bool = False) -> int:
    closed, open_ = seconds("SECONDS", 60.0), seconds("OPEN_SECONDS", 120.0)
    land = country.province(number("VILLAGES", 1_000), SEED)
    with stack.running() as of:
        apis = pipe.filled(of, land)
        folder = Path(of.state.directory)
        batches, some = country.batches(land.crews, SIZE, SEED), country.batches(land.crews, OPEN_SIZE, SEED + 1)
        prepared = [
            prepare(folder / "closed.ndjson", batches, int(closed * MOST_VISITS_PER_S / SIZE)),
            prepare(folder / "open.ndjson", some, int(open_ * OPEN_VISITS_PER_S * 1.1 / OPEN_SIZE) + 1),
        ]
        memory = _idle_memory(of)
        with pipe.watched_memory(of) as resident:
            first, budget = _closed(of, apis["reporting"], prepared[0].path, closed)
        second = phases.open_loop(of, prepared[1].path, open_, OPEN_VISITS_PER_S / OPEN_SIZE, SEED)
        phases.reported(apis["reporting"], phases.after(second.sent))
        ids, villages = accepted(zip(prepared, (first.sent, second.sent), strict=True))
        lost, twice = compared(of, apis["reporting"], land.communes, ids, villages)
    found = {
        "visits_per_s": first.per_s,
        "freshness_p99_ms_at_725": second.freshness(99),
        "lost": lost,
        "twice": twice,
        "rss_mb": memory,
        **pipe.grown(resident),
        **first.details("closed"),
        **second.details("open"),
    }
    return report("pipeline", SEED, found | {"cpu_us_per_visit": budget}, as_json)


def _idle_memory(of: Stack) -> float:
    """Megabytes of the whole stack, servers and supervisor included, when nothing has been asked of it for a while."""
    time.sleep(QUIET_SECONDS)
    memory = float(status.collect(of.state)["rss_mb"])
    say(f"idle: {memory:,.0f} MB")
    return memory


def _closed(of: Stack, reporting: Api, bodies: Path, length: float) -> tuple[phases.Phase, dict[str, float]]:
    before = account.spent(of)
    phase = phases.closed_loop(of, bodies, length, number("CONNECTIONS", 8), SEED)
    phases.reported(reporting, phases.after(phase.sent))
    phase.ended = time.monotonic()
    budget = account.per_visit(before, account.spent(of), phase.visits)
    budget["load generator"] = round(phase.generator_seconds * 1e6 / phase.visits, 1)
    say(f"closed loop: {phase.visits:,} visits, {phase.per_s:,.0f}/s into the national report")
    for who, each in budget.items():
        say(f"  {who:<40} {each:>8.1f} µs")
    say(f"  {'together':<40} {sum(budget.values()):>8.1f} µs of CPU time per visit")
    return phase, budget
