"""The registry at the size of the nation: filled, asked, reformed; servers and clients on the same cores.

``load``: 11,368 units of 2022, 64,700 villages, 74,500 teams with 348,362 seats of 339,362 people, and the mergers
until 30/6/2025 through the public API, until the registry's own tables show all of it. The other services of the stack
are not running: they would catch up from the bus. Nothing else must run on the machine.

For a shorter look: ``TUNGNHA_BENCH_PERCENT`` 100 of the network, ``TUNGNHA_BENCH_SECONDS`` 20 per kind of look-up.
"""

from __future__ import annotations

import random
import time
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from bench.kit import account, asking, national, phases, stack
from bench.kit.measure import percentile, report, say
from bench.kit.options import number, seconds
from bench.kit.workbook import workbook
from ops.client import Api, Refused
from ops.demo import reform
from ops.demo.network import Network
from ops.demo.world import World
from ops.local import tokens
from ops.local.process import StackError
from ops.local.stack import Stack
from ops.units import seed as units
from ops.units.reform_file import EVE
from ops.units.seed import REFORM
from shared.edge_upload import MEDIA

SEED = 2026
OTHERS = ("visits", "training", "reporting")
RATE = 200
"""Requests per second."""
SAMPLE = 500
WARM_SECONDS = 2.0
Found = dict[str, float]


def main(as_json: bool = False) -> int:
    network = Network(World(SEED, units.load()), share=number("PERCENT", 100) / 100)
    with stack.running(without=OTHERS) as of:
        found = _imported(of, network)
    with stack.running(without=OTHERS) as of:
        found |= _load(of, network)
        found |= {f"before_{name}": value for name, value in _asked(of, network, EVE).items()}
        found |= _reform(of, network)
        found |= _asked(of, network, EVE, REFORM)
    return report("registry", SEED, found, as_json)


def _api(of: Stack) -> Api:
    return Api("teams", of.api_url("teams"), lambda: _token(of))


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


def _asked(of: Stack, network: Network, *days: date) -> Found:
    """Look-ups of units of these days at a steady rate, one kind after the other."""
    tree, chance = network.units.tree, random.Random(SEED)
    units = [(unit, day) for day in days for unit in chance.sample(sorted(tree.existing(day, "commune")), SAMPLE)]
    above = [(unit, day) for day in days for unit in tree.existing(day, "province")]
    kinds = {
        "unit": [f"/v1/units/{unit}?as_of={day}" for unit, day in units],
        "code": [f"/v1/units?code={tree.code(unit, day)}&as_of={day}" for unit, day in units],
        "name": [f"/v1/units?{urlencode({'name': tree.name(unit, day), 'as_of': day})}" for unit, day in units],
        "subtree": [f"/v1/units?below={unit}&as_of={day}&limit=100" for unit, day in above],
        "teams": [f"/v1/teams?unit={unit}&as_of={day}&limit=100" for unit, day in above],
    }
    found: Found = {}
    for kind, paths in kinds.items():
        asking.ask(of.api_url("teams"), _token(of), paths, RATE, WARM_SECONDS, SEED)
        took = asking.ask(of.api_url("teams"), _token(of), paths, RATE, seconds("SECONDS", 20.0), SEED)
        found[f"{kind}_p99_ms"] = round(percentile(took, 99), 1)
        found[f"{kind}_p50_ms"] = round(percentile(took, 50), 1)
        say(f"{kind}: {len(took):,} answers, p50 {found[f'{kind}_p50_ms']} ms, p99 {found[f'{kind}_p99_ms']} ms")
    return found


def _imported(of: Stack, network: Network) -> Found:
    """A province's workbook, one row in a hundred bad: every bad cell named, the rest stored."""
    teams, book = _api(of), workbook(network.units)
    upto = units.rows(network.units, EVE)
    teams.load("/v1/units/batch", list(upto), lambda rows: None, parallel=1)
    started = time.monotonic()
    job = teams.upload("/v1/imports", book.content, MEDIA["xlsx"], template="registry")["id"]
    while (told := teams.get(f"/v1/imports/{job}"))["state"] not in ("done", "failed"):
        time.sleep(0.05)
    took = time.monotonic() - started
    named: dict[str, str] = {}
    after = ""
    while True:
        page = teams.get(f"/v1/imports/{job}/result", format="json", after=after or None)
        named |= {error["cell"]: error["code"] for row in page["results"] for error in row["errors"]}
        after = page.get("next")
        if not after:
            break
    if named != dict(book.bad):
        raise StackError(f"{len(named)} cells were named, expected {len(book.bad)}: {told}")
    say(f"workbook: {book.rows:,} rows in {took:.1f} s, {len(named)} bad cells named")
    return {"import_s": round(took, 1), "import_rows": book.rows, "import_bad_cells": len(named)}


def _reform(of: Stack, network: Network) -> Found:
    """From the first byte of the file to its preview, and from the order to the reconciled result."""
    teams = _api(of)
    content = reform.national_file(network.units)
    started = time.monotonic()
    ready = reform.prepare(teams, content)
    preview = time.monotonic() - started
    say(f"preview in {preview:.1f} s: {ready['counts']}")
    started = time.monotonic()
    reconciled = reform.apply(teams, ready)
    took = time.monotonic() - started
    seats = reconciled["seats"]
    say(f"applied in {took:.1f} s: {seats}")
    new = next(
        unit for unit in network.units.tree.existing(REFORM, "commune") if network.units.tree.life(unit)[0] == REFORM
    )
    phases.until(lambda: _known(teams, new), "the api knows the new communes")
    if seats["before"] != network.seats or seats["after"] != network.seats:
        raise StackError(f"{network.seats} seats should be there before and after: {seats}")
    return {"preview_s": round(preview, 1), "apply_s": round(took, 1), "seats": seats["after"]}


def _known(teams: Api, unit: str) -> bool:
    try:
        return bool(teams.get(f"/v1/units/{unit}", as_of=REFORM.isoformat()))
    except Refused:
        return False


def _own_tables(of: Stack) -> int:
    with psycopg.connect(stack.superuser_url(of, "teams")) as tx:
        row = tx.execute("SELECT min(position) FROM bus.cursors WHERE source = ''").fetchone()
        return int(row[0]) if row and row[0] is not None else 0
