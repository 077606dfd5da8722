"""psycopg under eventlet: ten statements wait side by side, none holds the others up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

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
print(json.dumps({"seconds": time.monotonic() - started, "ticks": ticks, "wait": psycopg.waiting.wait.__name__}))
"""


def test_ten_sleeps_take_as_long_as_one(pg: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, pg.admin_url],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["wait"] == "wait_selector"
    assert found["seconds"] < 1
    assert found["ticks"] > 5
