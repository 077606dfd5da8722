"""The day the software is for: 348,362 members, ten visits each, all over the country; all on the same cores.

Phase 1: as fast as it is taken (batches of 100, eight connections) until all 3.48 million visits are in the national
report; ``seconds`` from the first byte to the last figure. Phase 2: at 725 visits/s, the threefold peak of such a day
in four hours, how fresh the national report is. Between them some visits are corrected or taken back, one by one.
``lost`` and ``twice`` compare everything that was accepted with the log, visit by visit, and with the reports, village
by village. Nothing else must run on the machine.

For a shorter look: ``TUNGNHA_BENCH_VISITS`` 3483620, ``TUNGNHA_BENCH_VILLAGES`` 10000, ``TUNGNHA_BENCH_CHANGES`` 2000,
``TUNGNHA_BENCH_OPEN_SECONDS`` 120, ``TUNGNHA_BENCH_CONNECTIONS`` 8.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.kit import changed, country, phases, pipe, stack
from bench.kit.measure import report, say
from bench.kit.options import number, seconds
from bench.kit.prepared import Prepared, Row, accepted, compared, prepare
from ops.simulator import Crew
from ops.units.seed import NATION_ID

SEED = 2026
VISITS = 3_483_620
VILLAGES = 10_000
CHANGES = 2_000
SIZE, OPEN_SIZE = 100, 25
OPEN_VISITS_PER_S = 725
PART = 50_000
"""Visits made at a time, so that preparing them takes little memory."""
MOST_SECONDS = 6 * 3600.0


def main(as_json: bool = False) -> int:
    visits, open_ = number("VISITS", VISITS), seconds("OPEN_SECONDS", 120.0)
    land = country.nation(number("VILLAGES", VILLAGES), SEED)
    with stack.running() as of:
        apis = pipe.filled(of, land)
        reporting = apis["reporting"]
        folder = Path(of.state.directory)
        day = _prepared(folder, land.crews, visits)
        some = prepare(
            folder / "open.ndjson",
            country.batches(land.crews, OPEN_SIZE, SEED - 1),  # the day's parts count from SEED on
            int(open_ * OPEN_VISITS_PER_S * 1.1 / OPEN_SIZE) + 1,
        )
        with pipe.watched_memory(of) as resident:
            first = phases.closed_loop(of, day.path, MOST_SECONDS, number("CONNECTIONS", 8), SEED)
            phases.reported(reporting, phases.after(first.sent))
        first.ended = time.monotonic()
        say(f"{first.visits:,} visits in {first.ended - first.started:,.0f} s, {first.per_s:,.0f}/s")
        corrected, voided = changed.play(apis["visits"], day.path, number("CHANGES", CHANGES), SEED)
        phases.reported(reporting, apis["visits"].after)
        second = phases.open_loop(of, some.path, open_, OPEN_VISITS_PER_S / OPEN_SIZE, SEED)
        ids, villages = accepted([(day, first.sent), (some, second.sent)])
        lost, twice = compared(of, reporting, land.communes, ids, villages - voided)
        national = reporting.get(f"/v1/reports/{NATION_ID}")["figures"]
    found = {
        "visits": first.visits,
        "seconds": round(first.ended - first.started, 1),
        "visits_per_s": first.per_s,
        "freshness_p99_ms": second.freshness(99),
        "lost": lost,
        "twice": twice,
        "households_reached": national["households_reached"],
        "corrected": corrected,
        "voided": voided.total(),
        **pipe.grown(resident),
        **first.details("closed"),
        **second.details("open"),
    }
    return report("sunday", SEED, found, as_json)


def _prepared(folder: Path, crews: Sequence[Crew], visits: int) -> Prepared:
    """The day's bodies, made by both cores a part at a time and then put one after the other."""
    whole = Prepared(folder / "day.ndjson")
    with ProcessPoolExecutor(2) as pool, whole.path.open("wb") as file:
        sizes = [min(PART, visits - first) for first in range(0, visits, PART)]
        jobs = [pool.submit(_part, folder / f"part-{n}.ndjson", crews, size, n) for n, size in enumerate(sizes)]
        for part in (job.result() for job in jobs):
            whole.ids += part.ids
            whole.villages += part.villages
            with part.path.open("rb") as made:
                shutil.copyfileobj(made, file, 1 << 20)
            part.path.unlink()
    say(f"prepared {whole.visits:,} visits, {whole.path.stat().st_size / 1e6:,.0f} MB")
    return whole


def _part(path: Path, crews: Sequence[Crew], size: int, n: int) -> Prepared:
    return prepare(path, _cut(country.day(crews, size, country.FIRST_SUNDAY, SEED + n)), size)


def _cut(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[first : first + SIZE] for first in range(0, len(rows), SIZE))
