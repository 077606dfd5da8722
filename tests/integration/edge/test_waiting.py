"""psycopg under eventlet: statements wait side by side, none holds the others up; a lost connection is noticed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from ops.local.state import ROOT

SCRIPT = """
import json, sys, time
from shared.edge_server import prepare
prepare()
import eventlet, psycopg
url = sys.argv[1]
connections = [psycopg.connect(url, autocommit=True) for _ in range(10)]
started = time.monotonic()
waits = [eventlet.spawn(connection.execute, "SELECT pg_sleep(0.3)") for connection in connections]
ticks = 0
while not all(wait.dead for wait in waits):
    eventlet.sleep(0.01)
    ticks += 1
for wait in waits:
    wait.wait()
print(json.dumps({"seconds": time.monotonic() - started, "ticks": ticks, "wait": psycopg.waiting.wait.__module__}))
"""


LOST = """
from shared.edge_server import prepare
prepare()
import sys, time, eventlet, psycopg
url = sys.argv[1]
one, other = [psycopg.connect(url, autocommit=True) for _ in range(2)]
began = time.monotonic()
ticks = []
ticking = eventlet.spawn(lambda: [(eventlet.sleep(0.05), ticks.append(1)) for _ in range(8)])
sleeping = eventlet.spawn(lambda: one.execute("SELECT pg_sleep(0.5)"))
assert other.execute("SELECT repeat('x', 5000000)").fetchone()[0] == "x" * 5_000_000  # many reads
assert other.execute("SELECT length(%s)", ["y" * 5_000_000]).fetchone() == (5_000_000,)  # many writes
ticking.wait(), sleeping.wait()
assert len(ticks) == 8 and time.monotonic() - began < 5, "they waited for each other"
waiting = eventlet.spawn(lambda: one.execute("SELECT pg_sleep(30)"))
eventlet.sleep(0.2)
other.execute("SELECT pg_terminate_backend(%s)", [one.info.backend_pid])
try:
    with eventlet.Timeout(10):
        waiting.wait()
except psycopg.OperationalError:
    print("noticed")
with eventlet.Timeout(0.2, False):
    other.execute("SELECT pg_sleep(30)")
print("given up")
"""


def ran(script: str, url: str) -> str:
    argv = [sys.executable, "-W", "ignore", "-c", script, url]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ten_sleeps_take_as_long_as_one(pg: Any) -> None:
    found = json.loads(ran(SCRIPT, pg.admin_url))
    assert found["wait"] == "shared.edge_wait"
    assert found["seconds"] < 1
    assert found["ticks"] > 5


def test_large_questions_and_answers_a_lost_connection_and_a_time_limit(pg: Any) -> None:
    assert ran(LOST, pg.admin_url).split() == ["noticed", "given", "up"]
