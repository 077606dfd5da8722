"""What a benchmark sends, made before, kept on disk; and what became of it, compared with log and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from bench.kit import phases
from bench.kit.load import Sent
from bench.kit.measure import say
from ops.client import Api
from ops.local.stack import Stack
from ops.units.seed import NATION_ID

Row = dict[str, Any]


@dataclass
class Prepared:
    """Bodies, one a line, and what is in them."""

    path: Path
    ids: list[list[str]] = field(default_factory=list)
    villages: list[Counter[str]] = field(default_factory=list)

    @property
    def visits(self) -> int:
        return sum(map(len, self.ids))


def prepare(path: Path, batches: Iterable[Sequence[Row]], wanted: int) -> Prepared:
    """The first so many batches."""
    prepared = Prepared(path)
    with path.open("wb") as file:
        for rows in islice(batches, wanted):
            file.write(orjson.dumps({"rows": rows}) + b"\n")
            prepared.ids.append([row["visit_id"] for row in rows])
            prepared.villages.append(Counter(row["unit_id"] for row in rows))
    say(f"prepared {prepared.visits:,} visits, {path.stat().st_size / 1e6:,.0f} MB")
    return prepared


def accepted(sent: Iterable[tuple[Prepared, Sequence[Sent]]]) -> tuple[Counter[str], Counter[str]]:
    """Ids of visits that were confirmed, and the villages they belong to; a visit sent several times counts once."""
    ids: Counter[str] = Counter()
    villages: Counter[str] = Counter()
    for prepared, bodies in sent:
        for body in bodies:
            ids.update(prepared.ids[body.line])
            villages.update(prepared.villages[body.line])
    return ids, villages


def differences(expected: Counter[str], found: Counter[str]) -> tuple[int, int]:
    """How many are missing, and how many too many there are."""
    return (expected - found).total(), (found - expected).total()


def reported(reporting: Api, communes: Iterable[str]) -> tuple[Counter[str], int]:
    """Visits by village as the reports of these communes tell them, and the nation's."""
    told: Counter[str] = Counter()
    for commune in communes:
        answer = reporting.get(f"/v1/reports/{commune}", by="unit", indicators="visits", limit=1_000)
        told.update({row["unit"]["id"]: row["figures"]["visits"] for row in answer["units"]})
    return told, int(reporting.get(f"/v1/reports/{NATION_ID}")["figures"]["visits"])


def compared(
    of: Stack, reporting: Api, communes: Iterable[str], ids: Counter[str], villages: Counter[str]
) -> tuple[int, int]:
    """What was accepted against the log, visit by visit, and against the reports, village by village."""
    logged = phases.logged(of)
    lost, twice = differences(ids, logged)
    told, national = reported(reporting, communes)
    if difference := national - told.total():
        say(f"the nation's figure differs from the sum of its villages by {difference}")
    missing, too_many = differences(villages, told)
    say(f"{ids.total():,} accepted, {logged.total():,} in the log, {national:,} in the national report")
    return lost + missing + max(0, -difference), twice + too_many + max(0, difference)
