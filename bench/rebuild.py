"""Rebuilding reporting's figures from its mirror: ``python -m services.reporting rebuild``, as an operator runs it.

The mirror is filled directly with what half a million visits would have left there: villages all over the real country,
a year of days, most visits on Sundays, the same households again now and then. PostgreSQL waits for the disk as always.
``TUNGNHA_BENCH_EVENTS`` 500000 and ``TUNGNHA_BENCH_VILLAGES`` 6000 may be given for a shorter look.
"""

from __future__ import annotations

import json
import subprocess
import sys

import psycopg

from bench.kit import history, mirrored, stack
from bench.kit.measure import RUNS, medians, report, say
from bench.kit.options import number
from ops.local.process import StackError
from ops.local.stack import Stack
from ops.local.state import ROOT

SEED = 2026
SUBSCRIPTIONS = ("figures@2", "units@1")


def main(as_json: bool = False) -> int:
    visits = number("EVENTS", 500_000)
    with stack.database_only("reporting") as of:
        with psycopg.connect(stack.superuser_url(of, "reporting")) as tx:
            stored = _fill(tx, visits)
        say(f"the mirror holds {stored:,} events, {visits:,} of them visits")
        runs = [_rebuilt(of, visits) for _ in range(RUNS)]
    return report("rebuild", SEED, medians(runs) | {"events": stored}, as_json)


def _fill(tx: psycopg.Connection, visits: int) -> int:
    """Mirror, cursors and unit facts as ingest and projections would have left them; how many events there are."""
    made = history.make(number("VILLAGES", 6_000), visits, SEED)
    heads = mirrored.copy(tx, mirrored.sources(tx), made.events())
    for subscription in SUBSCRIPTIONS:
        for (source, partition), position in heads.items():
            tx.execute(
                "INSERT INTO bus.cursors (subscription, source, partition, position) VALUES (%s, %s, %s, %s)",
                [subscription, source, partition, position],
            )
    mirrored.units(tx)
    tx.commit()
    tx.autocommit = True
    tx.execute("VACUUM ANALYZE bus.mirror")
    return sum(heads.values())


def _rebuilt(of: Stack, visits: int) -> dict[str, float]:
    argv = [sys.executable, "-m", "services.reporting", "rebuild"]
    done = subprocess.run(argv, env=of.environment("reporting"), cwd=ROOT, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise StackError(f"the rebuild failed: {done.stderr[-1500:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    with psycopg.connect(stack.superuser_url(of, "reporting")) as tx:
        counted = tx.execute("SELECT (SELECT sum(visits) FROM read.leaf), (SELECT count(*) FROM bus.parked)").fetchone()
    if counted != (visits, 0):
        raise StackError(f"rebuilt to (visits, parked) = {counted} instead of ({visits}, 0)")
    say(f"  {told['events']:,} events in {told['seconds']:.1f} s: {told['events_per_s']:,.0f}/s")
    return {"events_per_s": told["events_per_s"], "seconds": told["seconds"]}
