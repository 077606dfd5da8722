"""Who used the processor: CPU time per program of a stack, PostgreSQL's backends by the service they work for.

before = spent(of); …; per_visit(before, spent(of), visits)
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

import psutil
import psycopg

from ops.local import supervisor
from ops.local.stack import Stack

Spent = Mapping[tuple[str, int], float]
"""(who, pid) → seconds of CPU time, user and system."""


def spent(of: Stack) -> Spent:
    """CPU time so far of every process of the stack."""
    found: dict[tuple[str, int], float] = {}
    backends = _backends(of)
    for name, entry in of.state.read("run.json").get("processes", {}).items():
        with contextlib.suppress(psutil.Error):
            main = psutil.Process(entry["pid"])
            for process in (main, *main.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    who = backends.get(process.pid, "postgres itself") if name == "postgres" else name
                    found[who, process.pid] = _seconds(process)
    if managing := supervisor.supervisor_of(of.state):
        found["supervisor", managing.pid] = _seconds(managing)
    return found


def per_visit(before: Spent, after: Spent, visits: int) -> dict[str, float]:
    """Microseconds of CPU time per visit and program, the largest first; programs below 0.5 µs are left out.

    What started meanwhile counts whole; what ended meanwhile is missing, so nothing should.
    """
    used: dict[str, float] = defaultdict(float)
    for (who, pid), seconds in after.items():
        used[who] += (seconds - before.get((who, pid), 0.0)) * 1e6 / max(visits, 1)
    ranked = sorted(used.items(), key=lambda item: -item[1])
    return {who: round(each, 1) for who, each in ranked if each >= 0.5}


def seconds_of(pids: Iterable[int]) -> float:
    """CPU time so far of these processes and their children."""
    mains = [psutil.Process(pid) for pid in pids]
    return sum(_seconds(process) for main in mains for process in (main, *main.children(recursive=True)))


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _backends(of: Stack) -> dict[int, str]:
    """``postgres for visits-api`` for a session of that program, ``postgres walwriter`` for a helper."""
    with psycopg.connect(of.admin_database_url) as connection:
        rows = connection.execute("SELECT pid, datname, application_name, backend_type FROM pg_stat_activity")
        return {
            pid: f"postgres for {application or database}"
            if database and kind == "client backend"
            else f"postgres {kind}"
            for pid, database, application, kind in rows
        }
