"""Projecting visits into reporting's figures: one worker's projection, steps as in its process, nothing else running.

The network is there and counted; then half a million visits lie in the mirror: villages all over the real country, a
year of days, most visits on Sundays. ``TUNGNHA_BENCH_EVENTS`` 500000 and ``TUNGNHA_BENCH_VILLAGES`` 6000 may be given.
"""

from __future__ import annotations

import gc
import resource
import time
from datetime import date

import psycopg

from bench.kit import history, mirrored, stack
from bench.kit.measure import report, say
from bench.kit.options import number
from ops.local.process import StackError
from services.reporting.maps import Maps
from services.reporting.projections import Figures
from shared.db import engine
from shared.memory import MemoryLog
from shared.subscription import Subscription
from shared.unit_directory import UnitDirectory
from shared.worker import COLLECTIONS

SEED = 2026
TODAY = date(2026, 1, 1)


def main(as_json: bool = False) -> int:
    gc.set_threshold(*COLLECTIONS)
    visits = number("EVENTS", 500_000)
    made = history.make(number("VILLAGES", 6_000), visits, SEED)
    with stack.database_only("reporting") as of:
        own = engine(of.database("reporting").app_url, name="bench", pool_size=4)
        projection = Subscription(Figures(UnitDirectory(own)), own, MemoryLog())
        with psycopg.connect(stack.superuser_url(of, "reporting"), autocommit=True) as tx:
            logs = mirrored.sources(tx)
            mirrored.copy(tx, logs, made.events(visits=False))
            mirrored.units(tx)
            tx.execute("VACUUM ANALYZE bus.mirror")
            Maps(own, UnitDirectory(own), lambda: TODAY).settle()
            network = _measured(projection)
            say(f"the network: {network['events']:,.0f} events, {network['events_per_s']:,.0f}/s")
            mirrored.copy(tx, logs, (event for event in made.events() if event[0] == "visits"))
            tx.execute("VACUUM ANALYZE bus.mirror")
            done = _measured(projection)
            row = tx.execute("SELECT sum(visits) FROM read.leaf").fetchone()
        own.dispose()
        if row is None or row[0] != visits:
            raise StackError(f"{row} visits counted instead of {visits}")
    metrics = {
        "visits_per_s": done["events_per_s"],
        "client_us_per_visit": done["client_us"],
        "network_events_per_s": network["events_per_s"],
        "visits": visits,
    }
    return report("projection", SEED, metrics, as_json)


def _measured(projection: Subscription) -> dict[str, float]:
    began, cpu, events = time.perf_counter(), _cpu(), 0
    while moved := projection.step():
        events += moved
    seconds = time.perf_counter() - began
    return {
        "events": events,
        "events_per_s": round(events / seconds, 1),
        "client_us": round((_cpu() - cpu) / max(1, events) * 1e6, 1),
    }


def _cpu() -> float:
    """Seconds of this process; PostgreSQL's are not among them."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
