"""The registry at the size of the nation: filled, asked, reformed; the whole stack and the clients on the same cores.

``load``: 11,368 units of 2022, 64,700 villages, 74,500 teams with 348,362 seats of 339,362 people, and the mergers until
30/6/2025 through the public API, until the registry's own tables show all of it. Nothing else must run on the machine.

For a shorter look: ``TUNGNHA_BENCH_PERCENT`` 100 of the network, ``TUNGNHA_BENCH_SECONDS`` 20 per kind of look-up.
"""

from __future__ import annotations

import time
from pathlib import Path

import psycopg

from bench.kit import account, national, phases, stack
from bench.kit.measure import report, say
from bench.kit.options import number
from ops.demo.network import Network
from ops.demo.world import World
from ops.local import tokens
from ops.local.stack import Stack
from ops.units import seed as units

SEED = 2026
Found = dict[str, float]


def main(as_json: bool = False) -> int:
    network = Network(World(SEED, units.load()), share=number("PERCENT", 100) / 100)
    with stack.running() as of:
        found = _load(of, network)
    return report("registry", SEED, found, as_json)


def _token(of: Stack) -> str:
    return tokens.issue(of.state, "bench", tokens.ADMIN_SCOPE, [units.NATION_ID], 3 * 3600)


def _load(of: Stack, network: Network) -> Found:
    folder = Path(of.state.directory) / "bodies"
    folder.mkdir()
    stages = national.prepare(network, folder)
    say("prepared " + ", ".join(f"{stage.rows:,} {stage.name}" for stage in stages))
    token, url = _token(of), of.api_url("teams")
    before, began = account.spent(of), time.monotonic()
    position = 0
    found: Found = {}
    for stage in stages:
        started = time.monotonic()
        position = max(position, national.send(stage, url, token).position)
        found[f"load_{stage.name.replace(' ', '_')}_s"] = round(time.monotonic() - started, 1)
        say(f"{stage.name}: {stage.rows:,} rows in {time.monotonic() - started:.1f} s")
    answered = time.monotonic()
    phases.until(lambda: _own_tables(of) >= position, "the registry's tables show everything")
    found |= {
        "load_s": round(time.monotonic() - began, 1),
        "load_tables_behind_s": round(time.monotonic() - answered, 1),
    }
    rows = sum(stage.rows for stage in stages)
    say(f"CPU, µs per row: {account.per_visit(before, account.spent(of), rows)}")
    return found | {"load_rows": rows}


def _own_tables(of: Stack) -> int:
    with psycopg.connect(stack.superuser_url(of, "teams")) as tx:
        row = tx.execute("SELECT min(position) FROM bus.cursors WHERE source = ''").fetchone()
        return int(row[0]) if row and row[0] is not None else 0
