"""How fast reporting answers: 100 questions a second, whether or not earlier ones are answered (open loop).

Nation, a province and a commune; of a day, a quarter and a year, ending on any of thirty days; on today's map and on
that of 30/6/2025: with half a million visits in the read model, and with five million. About one answer in eleven is to
a question that nobody has asked before, the others may be kept ones (nothing is counted meanwhile). The visits are
public events of a seeded history, piled up and summed as a rebuild does, without mirror and broker. One api process
answers; PostgreSQL and the load generator run on the same cores. Then another map is asked for that nobody has asked
for before.
``TUNGNHA_BENCH_VISITS`` 5000000, ``TUNGNHA_BENCH_VILLAGES`` 6000 and ``TUNGNHA_BENCH_SECONDS`` 60 may be given.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice, product
from urllib.parse import urlsplit

import orjson
import psycopg
from sqlalchemy import Engine

from bench.kit import asking, history, stack
from bench.kit.measure import percentile, report, say
from bench.kit.options import number, seconds
from ops.local import tokens
from ops.local.process import StackError
from ops.local.stack import Stack
from ops.local.state import ROOT
from ops.units.seed import NATION_ID
from services.reporting import domain, filling, store
from services.reporting.domain import Tally
from services.reporting.maps import Maps
from services.reporting.placing import BEFORE_REFORM
from services.reporting.projections import NAME
from services.reporting.rebuild import sum_up
from shared.db import engine
from shared.unit_directory import UnitDirectory

SEED = 2026
RATE = 100.0
SMALL_SHARE = 10
"""The small read model holds so many times less."""
BATCH = 20_000
CORES = 2
"""So many processes fill the read model."""
OTHER_MAPS = (date(2022, 6, 1), date(2023, 3, 1), date(2024, 12, 15))
START_SECONDS = 60.0
END_DAYS, WARM = 30, 18
"""Questions: three units, three periods, two maps, so many last days; those of the last one are asked beforehand."""


def main(as_json: bool = False) -> int:
    visits, villages = number("VISITS", 5_000_000), number("VILLAGES", 6_000)
    small = max(1, visits // SMALL_SHARE)
    with stack.database_only("reporting") as of:
        own = engine(of.database("reporting").app_url, name="bench-fill", pool_size=4)
        directory = UnitDirectory(own)
        made = history.make(villages, small, SEED)
        _prepare(of, own, directory, made)
        _fill(of, own, directory, made)
        paths = list(_paths(directory, made))
        p99_small = _p99(of, paths)
        _fill(of, own, directory, replace(made, visits=visits))
        p99 = _p99(of, paths)
        figures = {
            "p99_ms": p99,
            "p99_ms_small": p99_small,
            "ratio_size": round(p99 / p99_small, 3),
            "other_map_first_ms": _other_maps(of),
            "visits": visits,
        }
        own.dispose()
    return report("reports", SEED, figures, as_json)


# --- filling ---------------------------------------------------------------------------------------------------------


def _prepare(of: Stack, own: Engine, directory: UnitDirectory, made: history.History) -> None:
    """The units, and the maps that they make."""
    with psycopg.connect(stack.superuser_url(of, "reporting")) as tx:
        _store_units(tx, made)
    Maps(own, directory, _today).settle()


def _fill(of: Stack, own: Engine, directory: UnitDirectory, made: history.History) -> None:
    """Count everything from the beginning, as a rebuild does, in a process for each core; it is live then."""
    began, url = time.monotonic(), of.database("reporting").app_url
    with own.begin() as tx:
        slot = filling.begin(tx)
        filling.pile(tx, _tallied(event for event in made.events(visits=False) if event[2] == "TeamEstablished"), 0)
    parts = [
        replace(made, units=(), teams=made.teams[n::CORES], visits=len(range(n, made.visits, CORES)), seed=SEED + n)
        for n in range(CORES)
    ]
    with ProcessPoolExecutor(CORES, multiprocessing.get_context("spawn")) as processes:
        list(processes.map(_pile, [url] * CORES, parts))
    piled = time.monotonic()
    sum_up(own, slot, made.visits, directory, _today())
    with own.begin() as tx:
        store.switch(tx, slot)
    with psycopg.connect(stack.superuser_url(of, "reporting"), autocommit=True) as tx:
        tx.execute("VACUUM ANALYZE")
    say(f"{made.visits:,} visits: made in {piled - began:.0f} s, counted in {time.monotonic() - piled:.0f} s more")


def _pile(url: str, part: history.History) -> None:
    gc.disable()  # as a rebuild does: no cycles, and a great many small objects
    own = engine(url, name="bench-fill", pool_size=1)
    events = (event for event in part.events() if event[0] == "visits")
    for chunk in count(1):
        if not (batch := list(islice(events, BATCH))):
            break
        with own.begin() as tx:
            filling.pile(tx, _tallied(batch), chunk)
    own.dispose()


def _tallied(events: Iterable[history.Mirrored]) -> Tally:
    tally = Tally()
    for _, _, type_, _, data in events:
        domain.count(tally, type_, orjson.loads(data))
    return tally


def _store_units(tx: psycopg.Connection, made: history.History) -> None:
    """Units and cursors as their projection and the supervisor would have left them."""
    with tx.cursor() as cursor, cursor.copy("COPY read.unit_facts (position, type, data) FROM STDIN") as copy:
        for position, (type_, data) in enumerate(made.units, 1):
            copy.write_row((position, type_, orjson.dumps(data).decode()))
    for subscription, (source, partitions) in product((NAME, "units@1"), history.PARTITIONS.items()):
        for partition in range(partitions):
            tx.execute(
                "INSERT INTO bus.cursors (subscription, source, partition, position) VALUES (%s, %s, %s, 0)",
                [subscription, source, partition],
            )


# --- asking ----------------------------------------------------------------------------------------------------------


def _p99(of: Stack, paths: Sequence[str]) -> float:
    token = _token(of)
    with _api(of) as url:
        for path in paths[:WARM]:  # every plan made, every map known
            _get(f"{url}{path}", token)
        took = asking.ask(url, token, paths, RATE, seconds("SECONDS", 60), SEED)
    p99 = round(percentile(took, 99), 1)
    say(f"  {len(took):,} answers: median {statistics.median(took):.1f} ms, p99 {p99:.1f} ms")
    return p99


def _paths(directory: UnitDirectory, made: history.History) -> Iterator[str]:
    """The units above the first team's village on each of two maps, in three periods, ending on each of some days."""
    tree, last = directory.tree(), history.FIRST_DAY + timedelta(days=history.DAYS - 1)
    village = made.teams[0][0].unit_id
    maps = {
        map_day: [u for u in tree.ancestors(village, map_day) if tree.level(u) in ("commune", "province", "nation")]
        for map_day in (BEFORE_REFORM, _today())
    }
    for end in (last - timedelta(days=back) for back in range(END_DAYS)):
        for map_day, days in product(maps, (1, 91, 365)):
            for unit in maps[map_day]:
                yield f"/v1/reports/{unit}?from={end - timedelta(days=days - 1)}&to={end}&map={map_day}"


def _other_maps(of: Stack) -> float:
    """Median of the first answers on maps nobody has asked for; the nation's, which has to place every leaf."""
    took, token = [], _token(of)
    with _api(of) as url:
        _get(f"{url}/v1/reports/{NATION_ID}", token)
        for map_day in OTHER_MAPS:
            path = f"{url}/v1/reports/{NATION_ID}?from=2025-01-01&map={map_day}"
            began = time.monotonic()
            _get(path, token)
            took.append((time.monotonic() - began) * 1000)
            began = time.monotonic()
            _get(path, token)
            say(f"  map of {map_day}: {took[-1]:.0f} ms, then {(time.monotonic() - began) * 1000:.0f} ms")
    return round(statistics.median(took), 1)


@contextmanager
def _api(of: Stack) -> Iterator[str]:
    """One api process; it needs no broker to answer."""
    argv = [sys.executable, "-W", "ignore", "-m", "services.reporting", "api"]
    url, deadline = of.api_url("reporting"), time.monotonic() + START_SECONDS
    env = of.environment("reporting") | {"TUNGNHA_HTTP_ADDRESS": urlsplit(url).netloc}
    with (of.state.logs / "bench-api.log").open("ab") as output:
        process = subprocess.Popen(argv, env=env, cwd=ROOT, stdout=output, stderr=output)
    try:
        while not _answers(f"{url}/healthz"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise StackError(f"the api did not start; see {of.state.logs / 'bench-api.log'}")
            time.sleep(0.1)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _get(url: str, token: str) -> object:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def _token(of: Stack) -> str:
    return tokens.issue(of.state, "bench", "reporting:read", [NATION_ID], 3600)


def _today() -> date:
    return datetime.now(UTC).date()
