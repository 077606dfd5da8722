"""From the HTTP request to the national report, the whole stack and the load generator on the same cores.

Phase 1, closed loop: batches of 100 visits as fast as they are taken; the rate counts what is *in the national
report*, from the first byte sent until everything is reported. Phase 2, open loop: 725 visits/s for two minutes;
freshness is the time from a client's answer until the national report includes the batch. Nothing else must run on the
machine.

For a shorter look (the bars speak of the usual values): ``TUNGNHA_BENCH_SECONDS`` 60, ``TUNGNHA_BENCH_OPEN_SECONDS``
120, ``TUNGNHA_BENCH_VILLAGES`` 1000, ``TUNGNHA_BENCH_CONNECTIONS`` 8, ``TUNGNHA_BENCH_SCALE`` (``visits-api=2``).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import orjson

from bench.kit import account, country, phases, stack
from bench.kit.measure import report, say
from bench.kit.options import number, seconds
from ops.client import Api
from ops.local import status, tokens
from ops.local.stack import Stack
from ops.units.seed import NATION_ID

SEED = 2026
SIZE = 100
OPEN_SIZE = 25
OPEN_VISITS_PER_S = 725
MOST_VISITS_PER_S = 4_000
"""So many visits are prepared for each second of the closed loop; whoever is faster ends it early."""
QUIET_SECONDS = 10.0


@dataclass
class Prepared:
    """Bodies on disk, one batch a line, and what is in them."""

    path: Path
    ids: list[list[str]] = field(default_factory=list)
    villages: list[Counter[str]] = field(default_factory=list)


def main(as_json: bool = False) -> int:
    closed, open_ = seconds("SECONDS", 60.0), seconds("OPEN_SECONDS", 120.0)
    land = country.province(number("VILLAGES", 1_000), SEED)
    with stack.running() as of:
        say(f"loading {len(land.units):,} unit changes and {len(land.teams):,} teams")
        apis = {service: _api(of, service) for service in ("teams", "reporting")}
        land.load(apis["teams"])
        phases.reported(apis["reporting"], apis["teams"].after)
        prepared = [
            _prepare(of, land, "closed", SIZE, closed * MOST_VISITS_PER_S, SEED),
            _prepare(of, land, "open", OPEN_SIZE, open_ * OPEN_VISITS_PER_S * 1.1, SEED + 1),
        ]
        memory = _idle_memory(of)
        _await_units(of, apis["teams"])
        first, budget = _closed(of, apis["reporting"], prepared[0].path, closed)
        second = phases.open_loop(of, prepared[1].path, open_, OPEN_VISITS_PER_S / OPEN_SIZE, SEED)
        phases.reported(apis["reporting"], phases.after(second.sent))
        kept = [
            (of_phase.ids[batch.line], of_phase.villages[batch.line])
            for of_phase, sent in zip(prepared, (first.sent, second.sent), strict=True)
            for batch in sent
        ]
        lost, twice = _compared(of, land, apis["reporting"], kept)
    found = {
        "visits_per_s": first.per_s,
        "freshness_p99_ms_at_725": second.freshness(99),
        "lost": lost,
        "twice": twice,
        "rss_mb": memory,
        **first.details("closed"),
        **second.details("open"),
    }
    return report("pipeline", SEED, found | {"cpu_us_per_visit": budget}, as_json)


def _api(of: Stack, service: str) -> Api:
    token = partial(tokens.issue, of.state, "bench", tokens.ADMIN_SCOPE, [NATION_ID], 3600)
    return Api(service, of.api_url(service), token)


def _prepare(of: Stack, land: country.Country, name: str, size: int, visits: float, seed: int) -> Prepared:
    prepared = Prepared(of.state.directory / f"{name}.ndjson")
    wanted = int(visits / size) + 1
    with prepared.path.open("wb") as file:
        for rows, _ in zip(country.batches(land.crews, size, seed), range(wanted), strict=False):
            file.write(orjson.dumps({"rows": rows}) + b"\n")
            prepared.ids.append([row["visit_id"] for row in rows])
            prepared.villages.append(Counter(row["unit_id"] for row in rows))
    say(f"prepared {wanted * size:,} visits, {prepared.path.stat().st_size / 1e6:.0f} MB")
    return prepared


def _idle_memory(of: Stack) -> float:
    """Megabytes of the whole stack, servers and supervisor included, when nothing has been asked of it for a while."""
    time.sleep(QUIET_SECONDS)
    memory = float(status.collect(of.state)["rss_mb"])
    say(f"idle: {memory:,.0f} MB")
    return memory


def _await_units(of: Stack, teams: Api) -> None:
    """Visits learns of the villages through the bus."""
    head = int(teams.get("/v1/events/heads")["heads"]["0"])
    phases.until(lambda: phases.cursor(of, "visits", "units@1") >= head, "visits knows the units")


def _closed(of: Stack, reporting: Api, bodies: Path, length: float) -> tuple[phases.Phase, dict[str, float]]:
    before = account.spent(of)
    phase = phases.closed_loop(of, bodies, length, number("CONNECTIONS", 8), SEED)
    phases.reported(reporting, phases.after(phase.sent))
    phase.ended = time.monotonic()
    budget = account.per_visit(before, account.spent(of), phase.visits)
    budget["load generator"] = round(phase.generator_seconds * 1e6 / phase.visits, 1)
    say(f"closed loop: {phase.visits:,} visits, {phase.per_s:,.0f}/s into the national report")
    for who, each in budget.items():
        say(f"  {who:<40} {each:>8.1f} µs")
    say(f"  {'together':<40} {sum(budget.values()):>8.1f} µs of CPU time per visit")
    return phase, budget


def _compared(
    of: Stack, land: country.Country, reporting: Api, kept: Sequence[tuple[list[str], Counter[str]]]
) -> tuple[int, int]:
    """What was accepted against the log, visit by visit, and against the reports, village by village."""
    accepted = Counter(visit_id for ids, _ in kept for visit_id in ids)
    logged = phases.logged(of)
    lost, twice = (accepted - logged).total(), (logged - accepted).total()
    expected = sum((villages for _, villages in kept), Counter[str]())
    told = Counter[str]()
    for commune in land.communes:
        answer = reporting.get(f"/v1/reports/{commune}/children")
        told.update({row["unit"]["id"]: row["figures"]["visits"] for row in answer["children"]})
    national = reporting.get(f"/v1/reports/{NATION_ID}")["figures"]["visits"]
    difference = national - told.total()
    if difference:
        say(f"the nation's figure differs from the sum of its villages by {difference}")
    lost += (expected - told).total() + max(0, -difference)
    twice += (told - expected).total() + max(0, difference)
    say(f"{accepted.total():,} accepted, {logged.total():,} in the log, {national:,} in the national report")
    return lost, twice
