"""Sixteen offices upload the same day at once, each in cuts of its own, half of them with one visit in twenty altered.

Every visit must be stored once; whoever sends what is stored hears ``repeated``, whoever sends another content hears
``conflict`` with the position of what is stored. ``errors`` are answers of 500 and above but "come later". The api
process and the clients share the cores; nothing else must run on the machine.

For a shorter look: ``TUNGNHA_BENCH_VISITS`` 10000.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
import orjson

from bench.kit import contestants, country
from bench.kit.measure import report, say
from bench.kit.options import number
from ops.local import tokens
from ops.local.process import StackError
from ops.local.stack import Stack
from ops.units.seed import NATION_ID

SEED = 2026
CLIENTS = 16
ALTERED_EVERY = 20
CUTS = (37, 100, 250, 1_000)
Row = dict[str, object]


@dataclass
class Told:
    """What the clients heard, by visit."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    positions: dict[str, set[str]] = field(default_factory=dict)
    refused: int = 0
    errors: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, results: list[dict[str, str]]) -> None:
        with self.lock:
            for result in results:
                self.outcomes.setdefault(result["id"], Counter())[result["outcome"]] += 1
                self.positions.setdefault(result["id"], set()).add(result["position"])


def main(as_json: bool = False) -> int:
    land = country.province(number("VILLAGES", 1_000), SEED)
    rows = country.day(land.crews, number("VISITS", 10_000), country.FIRST_SUNDAY, SEED)
    altered = {str(row["visit_id"]): row | {"duration_minutes": 61} for row in rows[::ALTERED_EVERY]}
    told = Told()
    with contestants.servers() as of:
        contestants.tell(of, land)
        ours = contestants.ours(of, 1)
        with ours.running():
            began = time.monotonic()
            clients = [threading.Thread(target=_upload, args=(of, n, rows, altered, told)) for n in range(CLIENTS)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            took = time.monotonic() - began
        stored = ours.stored()
    _check(rows, altered, told)
    found = {"visits": stored, "conflicts": sum(each["conflict"] for each in told.outcomes.values())}
    found |= {"refused": told.refused, "errors": told.errors}
    say(f"{CLIENTS} times {len(rows):,} visits in {took:.1f} s, {CLIENTS * len(rows) / took:,.0f} rows/s")
    return report("sixteen", SEED, found | {"rows_per_s": round(CLIENTS * len(rows) / took, 1)}, as_json)


def _upload(of: Stack, n: int, rows: list[Row], altered: dict[str, Row], told: Told) -> None:
    mine = [altered.get(str(row["visit_id"]), row) if n % 2 else row for row in rows]
    chance = random.Random(f"{SEED} {n}")
    token = tokens.issue(of.state, f"office {n}", "visits:write", [NATION_ID], 3600)
    with httpx.Client(base_url=of.api_url("visits"), headers={"Authorization": f"Bearer {token}"}, timeout=120) as http:
        first = 0
        while first < len(mine):
            size = chance.choice(CUTS)
            told.add(_sent(http, mine[first : first + size], told))
            first += size


def _sent(http: httpx.Client, rows: list[Row], told: Told) -> list[dict[str, str]]:
    while True:
        body = orjson.dumps({"rows": rows})
        answer = http.post("/v1/visits/batch", content=body, headers={"Content-Type": "application/json"})
        if answer.status_code == 200:
            results: list[dict[str, str]] = orjson.loads(answer.content)["results"]
            return results
        if answer.status_code < 500:
            raise StackError(f"{answer.status_code} {answer.text[:300]}")
        with told.lock:
            told.refused += answer.status_code == 503
            told.errors += answer.status_code != 503
        time.sleep(float(answer.headers.get("Retry-After", 1)))


def _check(rows: list[Row], altered: dict[str, Row], told: Told) -> None:
    """Of an altered visit the copy or the original is stored, whichever was first; half have the other."""
    half = CLIENTS // 2
    for row in rows:
        visit = str(row["visit_id"])
        expected = {"stored": 1, "repeated": half - 1, "conflict": half} if visit in altered else {"stored": 1}
        expected.setdefault("repeated", CLIENTS - 1)
        if told.outcomes[visit] != expected or len(told.positions[visit]) != 1:
            raise StackError(f"visit {visit} came out as {told.outcomes[visit]}, at {told.positions[visit]}")
