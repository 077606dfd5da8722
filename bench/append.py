"""Commands into the log: handler → PostgreSQL with fsync, 64 at once, one partition.

In the same run, on the same server: one commit per command, and the PyPI library ``eventsourcing`` at the number of
threads that suits it best. All three know the state of what they append to. ``unknown_per_s`` is the price of not
knowing it: every command is the first to its stream, as most visits are. The load generator shares the cores with
PostgreSQL.
"""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg

from bench.kit.measure import interleaved, report, say
from ops.local import postgres, process, provision
from ops.local.state import ROOT
from ops.local.testing import test_state
from shared.migrate import kernel_sql

SEED = 2026
LIBRARY_THREADS = (1, 4, 16)


def main(as_json: bool = False) -> int:
    with test_state() as state:
        port = state.ports({"postgres": 0})["postgres"]
        server = process.run_program(postgres.program(state, port, durable=True))
        try:
            database = provision.database(postgres.admin_url(state, port), "visits", state.secret, "bench_append")
            with psycopg.connect(database.owner_url) as connection:
                for statements in kernel_sql("visits", 1):
                    connection.execute(statements)
            threads = max(LIBRARY_THREADS, key=lambda n: _run("library", database.owner_url, str(n)))
            say(f"the library does best with {threads} threads; three rounds of each follow")
            found = interleaved(
                {
                    "events_per_s": lambda: _run("grouped", database.app_url),
                    "one_by_one_per_s": lambda: _run("one-by-one", database.app_url),
                    "library_per_s": lambda: _run("library", database.owner_url, str(threads)),
                    "unknown_per_s": lambda: _run("unknown-streams", database.app_url),
                }
            )
        finally:
            server.stop()
    found["ratio_library"] = round(found["events_per_s"] / found["library_per_s"], 2)
    found["ratio_one_by_one"] = round(found["events_per_s"] / found["one_by_one_per_s"], 2)
    return report("append", SEED, found, as_json)


def _run(variant: str, url: str, *arguments: str) -> float:
    """Events per second of one variant, in a process of its own: the green one patches the world."""
    parts = urlsplit(url)
    env = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "BENCH_DATABASE_URL": url,
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path[1:],
        "POSTGRES_HOST": str(parts.hostname),
        "POSTGRES_PORT": str(parts.port),
        "POSTGRES_USER": str(parts.username),
        "POSTGRES_PASSWORD": str(parts.password),
        "POSTGRES_MAX_OVERFLOW": "20",
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.kit.append_variants", variant, *arguments],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
    )
    if done.returncode:
        raise RuntimeError(f"{variant}: {done.stderr[-2000:]}")
    rate = float(done.stdout.splitlines()[-1])
    say(f"  {variant} {' '.join(arguments)}: {rate:,.0f} events/s")
    return rate
