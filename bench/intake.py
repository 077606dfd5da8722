"""Visits into the log, durable, one api and nothing else: against two services that other people would have written.

*batch*: 100 visits a request, one api process, eight connections; in the same run a hand-written FastAPI service that
inserts the same rows into a table, without events. *single*: one visit a request, 32 connections, two api processes;
against that service with a commit per request, and the pipeline of nameko's documentation (three processes). They
take turns, each running alone with PostgreSQL, RabbitMQ and the load generator; medians of three rounds. What was
answered is compared with what each database holds. Nothing else must run on the machine.

*repeat*: our batches once more, at first to the process that stored them and remembers the last of them, then to a new
one that remembers nothing (*forgotten*); ``*_cpu_us`` is processor time of the api per visit.

For a shorter look: ``TUNGNHA_BENCH_SECONDS`` 10 per turn, ``TUNGNHA_BENCH_ROUNDS`` 3.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from bench.kit import contestants, country
from bench.kit.contestants import Contestant
from bench.kit.load import Plan, Sent
from bench.kit.measure import medians, percentile, report, say
from bench.kit.options import number, seconds
from bench.kit.phases import BATCH, generate
from ops.local import tokens
from ops.local.process import StackError
from ops.local.stack import Stack
from ops.units.seed import NATION_ID

SEED = 2026
SIZE = 100
BATCH_CONNECTIONS, SINGLE_CONNECTIONS = 8, 32
MOST_BATCHES_PER_S, MOST_SINGLES_PER_S = 150, 5_000
WARM_SECONDS = 2.0
LONGEST_SECONDS = 120.0
VILLAGES = 1_000
Found = dict[str, float]


@dataclass(frozen=True)
class Turn:
    """``keys``: what the figures are called. ``again``: whether all of it is sent again."""

    contestant: Contestant
    path: str
    connections: int
    size: int
    keys: tuple[str, str]
    again: bool = False


def main(as_json: bool = False) -> int:
    land = country.province(number("VILLAGES", VILLAGES), SEED)
    with contestants.servers() as of:
        contestants.make_databases(of)
        contestants.tell(of, land)
        bodies = _bodies(land)
        gc.freeze()
        rounds = []
        for n in range(number("ROUNDS", 3)):
            rounds.append({key: value for turn in _turns(of) for key, value in _taken(of, turn, bodies).items()})
            say(f"round {n + 1}: {rounds[-1]}")
    found = medians(rounds)
    found["ratio_fastapi_batch"] = round(found["batch_visits_per_s"] / found["fastapi_batch_per_s"], 2)
    found["ratio_fastapi_single"] = round(found["single_per_s"] / found["fastapi_single_per_s"], 2)
    for again in ("repeat", "forgotten"):
        found[f"ratio_{again}"] = round(found[f"{again}_batch_per_s"] / found["batch_visits_per_s"], 2)
    found["ratio_naive"] = round(found["single_per_s"] / found["naive_per_s"], 1)
    return report("intake", SEED, found, as_json)


def _turns(of: Stack) -> list[Turn]:
    ours_one, ours_two = contestants.ours(of, 1), contestants.ours(of, 2)
    fast_one, fast_two = contestants.fastapi(of, 1), contestants.fastapi(of, 2)
    single = ("/v1/visits", SINGLE_CONNECTIONS, 1)
    batch = (BATCH, BATCH_CONNECTIONS, SIZE)
    return [
        Turn(ours_one, *batch, ("batch_visits_per_s", "batch_p99_ms"), again=True),
        Turn(fast_one, *batch, ("fastapi_batch_per_s", "fastapi_batch_p99_ms")),
        Turn(ours_two, *single, ("single_per_s", "single_p99_ms")),
        Turn(fast_two, *single, ("fastapi_single_per_s", "fastapi_single_p99_ms")),
        Turn(contestants.naive(of), *single, ("naive_per_s", "naive_p99_ms")),
    ]


def _bodies(land: country.Country) -> Callable[[int, int], Iterator[bytes]]:
    """Fresh visits for every turn; no two turns share one."""
    made = country.batches(land.crews, SIZE, SEED)

    def take(size: int, wanted: int) -> Iterator[bytes]:
        if size > 1:
            yield from (orjson.dumps({"rows": rows}) for rows in islice(made, wanted))
            return
        yield from (orjson.dumps(row) for rows in islice(made, -(-wanted // SIZE)) for row in rows)

    return take


def _taken(of: Stack, turn: Turn, bodies: Callable[[int, int], Iterator[bytes]]) -> Found:
    """One turn: visits per second, and the 99th percentile of the time to answer."""
    length = seconds("SECONDS", 10.0)
    most = MOST_SINGLES_PER_S if turn.size == 1 else MOST_BATCHES_PER_S
    before = turn.contestant.stored()
    warming, timed = (_file(of, bodies(turn.size, int(s * most))) for s in (WARM_SECONDS, length))
    with turn.contestant.running() as spent:
        warm = _sent(of, turn, warming, WARM_SECONDS)
        began = spent()
        sent = _sent(of, turn, timed, length)
        cpu = spent() - began
        p99 = percentile([body.answered - body.due for body in sent], 99)
        found = {turn.keys[0]: _per_s(sent), turn.keys[1]: round(p99 * 1000, 1)}
        if turn.again:
            found |= {"original_cpu_us": round(cpu * 1e6 / _visits(sent), 1)}
            found |= _again(of, turn, timed, spent, "repeat")
    if turn.again:
        with turn.contestant.running() as spent:
            _sent(of, turn, warming, length)
            found |= _again(of, turn, timed, spent, "forgotten")
    answered = _visits([*warm, *sent])
    if (kept := turn.contestant.stored() - before) != answered:
        raise StackError(f"{turn.contestant.name} answered {answered} visits and holds {kept}")
    warming.unlink()
    timed.unlink()
    return found


def _again(of: Stack, turn: Turn, file: Path, spent: Callable[[], float], name: str) -> Found:
    """The batches of the file, all of them stored before: visits per second, and CPU time of the api for each."""
    began = spent()
    sent = _sent(of, turn, file, LONGEST_SECONDS)
    cpu = spent() - began
    if {outcome for body in sent for outcome in body.outcomes} != {"repeated"}:
        raise StackError(f"{turn.contestant.name} did not take what it had stored for repeated")
    return {f"{name}_batch_per_s": _per_s(sent), f"{name}_cpu_us": round(cpu * 1e6 / _visits(sent), 1)}


def _visits(sent: Sequence[Sent]) -> int:
    return sum(sum(body.outcomes.values()) for body in sent)


def _per_s(sent: Sequence[Sent]) -> float:
    return round(_visits(sent) / (max(body.answered for body in sent) - min(body.due for body in sent)), 1)


_files = count(1)


def _file(of: Stack, bodies: Iterator[bytes]) -> Path:
    path = Path(of.state.directory) / f"turn-{next(_files)}.ndjson"
    path.write_bytes(b"\n".join(bodies) + b"\n")
    return path


def _sent(of: Stack, turn: Turn, file: Path, length: float) -> list[Sent]:
    """What was sent of the bodies in the file, which holds no others afterwards."""
    plan = Plan(
        host=urlsplit(turn.contestant.url).netloc,
        path=turn.path,
        token=tokens.issue(of.state, "bench", "visits:write", [NATION_ID], 3600),
        bodies=str(file),
        results=str(file.with_suffix(".results.json")),
        seconds=length,
        connections=turn.connections,
        rate=None,
        seed=SEED,
        again_every=0,
    )
    time.sleep(0.5)  # whatever start or preparation left to do
    sent = generate(plan)
    with file.open("rb+") as bodies:
        for _ in sent:
            bodies.readline()
        bodies.truncate()
    return sent
