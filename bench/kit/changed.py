"""Visits that are corrected or taken back after they were sent: one by one, as their reporters see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from bench.kit.measure import say
from ops.client import Api
from ops.simulator import changes

AT_ONCE = 8


def play(api: Api, bodies: Path, most: int, seed: int) -> tuple[int, Counter[str]]:
    """The first ``most`` changes to the visits in a file of batches: how many were corrected, and those taken back by
    village. Raises ``Refused`` at one that is turned down."""
    wrong = list(islice(changes(_visits(bodies), seed), most))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(api.change, each.path, each.body, each.command_id) for each in wrong]:
            done.result()
    voided = Counter(each.visit["unit_id"] for each in wrong if each.voids)
    say(f"{len(wrong) - voided.total():,} visits corrected, {voided.total():,} voided")
    return len(wrong) - voided.total(), voided


def _visits(bodies: Path) -> Iterator[dict[str, Any]]:
    with bodies.open("rb") as file:
        for line in file:
            yield from orjson.loads(line)["rows"]
