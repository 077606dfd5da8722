"""Training at the size of the nation; servers, services and clients on the same cores.

The registry's log holds units, 64,700 villages, 74,500 teams with 348,362 seats and everybody's registration.
Training (an api, two workers) is started for the first time after that and catches up from the feed. Then 255,545
people of 59 provinces are uploaded as one CSV file per province, and again; then communes ask who is due, on the maps
before and after the reform. The other services are not running. Nothing else must run on the machine.

For a shorter look: ``TUNGNHA_BENCH_PERCENT`` 100 of the network, ``TUNGNHA_BENCH_SECONDS`` 20 of questions.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import httpx
import psutil
import psycopg

from bench.kit import account, asking, registry_log, stack
from bench.kit.measure import percentile, report, say
from bench.kit.options import number, seconds
from ops.client import Api
from ops.demo import trained
from ops.demo.network import FORMED, Network
from ops.demo.trained import Class
from ops.demo.world import World
from ops.local import tokens
from ops.local.process import StackError
from ops.local.stack import Stack
from ops.local.state import ROOT
from ops.units import seed as units
from ops.units.reform_file import EVE
from ops.units.seed import NATION_ID, REFORM

SEED = 2026
OTHERS = ("visits", "reporting", "training")
WORKERS = 2
"""One for each core: a file is done by one of them, step by step."""
RATE = 50
"""Pages per second."""
SAMPLE = 400
PATIENCE_SECONDS = 600.0
RULES = (
    {"due": {"within_days": 90}, "topics": ["public_services"], "source": "bench"},
    {"due": {"every_months": 12}, "topics": ["online_safety"], "roles": ["leader"], "source": "bench"},
)
Found = dict[str, float]


def main(as_json: bool = False) -> int:
    network = Network(World(SEED, units.load()), share=number("PERCENT", 100) / 100)
    found: Found = {}
    with stack.running(without=OTHERS) as of:
        with psycopg.connect(stack.superuser_url(of, "teams")) as tx:
            head = registry_log.fill(tx, registry_log.events(network))
        say(f"the registry's log holds {head:,} events")
        with _training(of) as (url, processes):
            used = partial(_used, of, processes)
            found |= _caught_up(of, head)
            api = Api("training", url, lambda: _token(of))
            held = trained.classes(network)
            _schedule(api, network.world, held)
            files = [(one, trained.csv(one)) for one in held]
            found |= _uploaded(of, api, files, used)
            for rule in RULES:
                api.post("/v1/rules", {"unit_id": NATION_ID, "effective": FORMED.isoformat()} | rule)
            found |= _asked(of, url, network, used)
            found |= _reform(api)
    return report("training", SEED, found, as_json)


def _token(of: Stack) -> str:
    return tokens.issue(of.state, "bench", tokens.ADMIN_SCOPE, [NATION_ID], 3 * 3600)


@contextlib.contextmanager
def _training(of: Stack) -> Iterator[tuple[str, Mapping[str, int]]]:
    """An api and two workers, started as on their first day; the address of the api, and the processes."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    address = f"127.0.0.1:{of.ports['training-api']}"
    workers = [("worker", "TUNGNHA_WORKER_ADDRESS", f"127.0.0.1:{port}") for port in _free_ports(WORKERS)]
    try:
        for kind, name, at in [("api", "TUNGNHA_HTTP_ADDRESS", address), *workers]:
            with (of.state.logs / f"training-{kind}.log").open("ab") as output:
                environment = of.environment("training") | {name: at}
                command = [sys.executable, "-m", "services.training", kind]
                one = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=output, stderr=output)
                running[f"training {kind} at {at}"] = one
        _until(lambda: _healthy(address), "training answers")
        yield f"http://{address}", {name: one.pid for name, one in running.items()}
    finally:
        for one in running.values():
            one.terminate()
        for one in running.values():
            one.wait(30)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _healthy(address: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"http://{address}/healthz", trust_env=False).status_code == 200
    return False


def _caught_up(of: Stack, head: int) -> Found:
    started = time.monotonic()
    _until(lambda: _cursor(of, "teams") >= head, "training has read the registry's history")
    took = time.monotonic() - started
    seats = _ask(of, "SELECT count(*) FROM read.seats")
    say(f"caught up with {head:,} events in {took:.1f} s: {seats:,} seats")
    return {"catchup_events_per_s": round(head / took), "catchup_s": round(took, 1), "catchup_seats": seats}


def _schedule(api: Api, world: World, held: Sequence[Class]) -> None:
    api.post("/v1/courses", trained.course(world))
    for one in held:
        api.post("/v1/sessions", trained.session(world, one))


def _used(of: Stack, processes: Mapping[str, int]) -> account.Spent:
    """Processor time so far: of training, of the servers and what else runs there, and of this client."""
    times = {(name, pid): psutil.Process(pid).cpu_times() for name, pid in processes.items()}
    own = {who: float(each.user + each.system) for who, each in times.items()}
    return {**account.spent(of), **own, ("client", os.getpid()): time.process_time()}


def _uploaded(of: Stack, api: Api, files: Sequence[tuple[Class, bytes]], used: Callable[[], account.Spent]) -> Found:
    people = len({row["person_id"] for one, _ in files for row in one.rows})
    rows = sum(len(one.rows) for one, _ in files)
    before = used()
    took, outcomes = _upload(api, [content for _, content in files])
    say(f"{rows:,} attendances of {people:,} people in {len(files)} files: {took:.1f} s, {dict(outcomes)}")
    _until(lambda: _cursor(of, "") >= _ask(of, "SELECT position FROM log.heads"), "training's tables show it")
    spent = account.per_visit(before, used(), rows)
    say(f"µs of processor time a row, until it is published and in the tables: {spent}")
    again, repeated = _upload(api, [content for _, content in files])
    say(f"sent again: {again:.1f} s, {dict(repeated)}")
    if (outcomes, repeated) != (Counter(stored=rows), Counter(repeated=rows)):
        raise StackError(f"{rows} rows came out as {dict(outcomes)}, then as {dict(repeated)}")
    counted = (
        _ask(of, "SELECT count(*) FROM read.attendance"),
        _ask(of, "SELECT count(DISTINCT person_id) FROM read.attendance"),
    )
    if counted != (rows, people):
        raise StackError(f"(attendances, people) are {counted}, expected {(rows, people)}")
    told = api.get("/v1/coverage", unit=NATION_ID, as_of=FORMED.isoformat(), trained_as_of=trained.SECOND.isoformat())
    if (told["trained"], told["warnings"]) != ({"people": people, "attendances": rows}, ["dates_differ"]):
        raise StackError(f"coverage tells {told}")
    return {
        "upload_s": round(took, 1),
        "upload_again_s": round(again, 1),
        "upload_cpu_us": round(sum(spent.values()), 1),
        "upload_people": people,
        "upload_attendances": rows,
        "upload_provinces": len(files),
    }


def _upload(api: Api, files: Sequence[bytes]) -> tuple[float, Counter[str]]:
    started = time.monotonic()
    outcomes = trained.upload(api, files)
    return time.monotonic() - started, outcomes


def _asked(of: Stack, url: str, network: Network, used: Callable[[], account.Spent]) -> Found:
    """Pages of communes on the map before the reform and on the one after it."""
    tree, chance = network.units.tree, random.Random(SEED)
    serving = [commune for communes in network.serving.values() for commune in communes]
    before = [unit for unit in serving if tree.exists(unit, EVE)]
    after = sorted({placed.unit_id for unit in before if (placed := tree.place(unit, REFORM))})
    found: Found = {}
    for name, places, day in (("before", before, EVE), ("", after, REFORM)):
        chosen = chance.sample(places, min(SAMPLE, len(places)))
        paths = [f"/v1/obligations?unit={unit}&as_of={day}" for unit in chosen]
        asking.ask(url, _token(of), paths, RATE, 3.0, SEED)
        begun = used()
        took = asking.ask(url, _token(of), paths, RATE, seconds("SECONDS", 20.0), SEED)
        prefix = f"due_{name}_" if name else "due_"
        found |= {f"{prefix}p{p}_ms": round(percentile(took, p), 1) for p in (50, 99)}
        spent = account.per_visit(begun, used(), len(took))
        found[f"{prefix}cpu_ms"] = round(sum(spent.values()) / 1e3, 1)
        say(f"{len(took):,} pages as of {day}: {found}; µs of processor time a page: {spent}")
    return found


def _reform(api: Api) -> Found:
    """The nation's numbers by rule and state, the day before the reform and on its day: nobody's record changes."""
    told, took = [], []
    for day in (EVE, REFORM):
        started = time.monotonic()
        told.append(api.get("/v1/obligations/summary", unit=NATION_ID, as_of=day.isoformat())["rules"])
        took.append(time.monotonic() - started)
    if told[0] != told[1] or not told[0]:
        raise StackError(f"the reform changed obligations: {told}")
    say(f"the nation: {told[0]} in {took} s")
    return {"summary_s": round(max(took), 2), "obliged": sum(rule["people"] for rule in told[0])}


def _cursor(of: Stack, source: str) -> int:
    return _ask(
        of, "SELECT coalesce(min(position), 0) FROM bus.cursors WHERE source = %s AND subscription <> ''", source
    )


def _ask(of: Stack, statement: str, *values: str) -> int:
    with psycopg.connect(stack.superuser_url(of, "training")) as tx:
        row = tx.execute(statement, values or None).fetchone()
        return int(row[0]) if row and row[0] is not None else 0


def _until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise StackError(f"waited {PATIENCE_SECONDS:.0f} s in vain: {what}")
        time.sleep(0.05)
