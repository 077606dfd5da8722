"""Who takes visits in ``bench intake``: our api alone, and the two baselines; each started for its turn, then ended.

``servers()`` is a stack's PostgreSQL and RabbitMQ with nothing of ours running; visits' database is migrated and knows
the units, so that its api decides as it does in a stack, without the other services taking part of the processor.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit, urlunsplit

import orjson
import psycopg

from bench.baselines.naive_tables import TABLES
from bench.kit import account, stack
from bench.kit.country import Country
from ops import catalogue
from ops.local import process
from ops.local.process import Program, clean_environment
from ops.local.stack import MARK, Stack, http_status
from ops.local.state import ROOT
from ops.local.testing import test_state
from ops.units import seed as units


@dataclass(frozen=True)
class Contestant:
    """``programs``: what runs in its turn, in starting order; ``stored``: the visits that its database holds."""

    name: str
    url: str
    programs: Sequence[Program]
    stored: Callable[[], int]

    @contextlib.contextmanager
    def running(self) -> Iterator[Callable[[], float]]:
        """Gives the CPU time, in seconds, that its programs have used so far."""
        with ExitStack() as ended:
            pids = []
            for program in self.programs:
                running = process.run_program(program)
                ended.callback(running.stop)
                pids.append(running.pid)
            yield lambda: account.seconds_of(pids)


@contextlib.contextmanager
def servers() -> Iterator[Stack]:
    with test_state() as state, ExitStack() as ended:
        of = stack.settled(state)
        for program in of.servers():
            running = process.run_program(program)
            process.remember(state.directory / "processes.jsonl", running.identity)
            ended.callback(running.stop)
        stack.migrated(of, "visits")
        yield of


def tell(of: Stack, land: Country) -> None:
    """What visits would have heard by now: units, teams, people, and what the catalogues hold."""
    facts = [units.as_event(dict(row)) for row in land.units]
    with psycopg.connect(stack.superuser_url(of, "visits")) as tx:
        _copy(
            tx,
            "COPY read.unit_facts (position, type, data) FROM STDIN",
            ((position, type_, orjson.dumps(data).decode()) for position, (type_, data) in enumerate(facts, 1)),
        )
        _copy(tx, "COPY read.known_teams (team_id) FROM STDIN", ((crew.team_id,) for crew in land.crews))
        people = ((person["person_id"],) for person in land.people)
        _copy(tx, "COPY read.known_people (person_id) FROM STDIN", people)
        entries = ((row["effective"], row["kind"], row["code"], row["unit_id"], "{}") for row in catalogue.rows())
        _copy(tx, "COPY read.catalogue (since, kind, code, unit_id, words) FROM STDIN", entries)


def _copy(tx: psycopg.Connection[Any], statement: LiteralString, rows: Iterable[tuple[object, ...]]) -> None:
    with tx.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def ours(of: Stack, processes: int) -> Contestant:
    """So many processes of the api of visits on one port."""
    scaled = replace(of, scale={"visits-api": processes})
    programs = [p for p in scaled.services() if p.name.startswith("visits-api")]
    return Contestant("ours", of.api_url("visits"), programs, lambda: _count(of, "visits", "log.events"))


def fastapi(of: Stack, workers: int) -> Contestant:
    port = of.ports["teams-api"]
    url = f"http://127.0.0.1:{port}"
    options = ("--port", str(port), "--workers", str(workers), "--log-level", "warning", "--no-access-log")
    argv = (sys.executable, "-m", "uvicorn", "bench.baselines.fastapi_service:app", *options)
    env = {"BENCH_DATABASE_URL": _url(of, "bench_fastapi")}
    program = _program(of, "fastapi", argv, env, f"{url}/healthz")
    return Contestant("fastapi", url, [program], lambda: _count(of, "bench_fastapi", "visits"))


def naive(of: Stack) -> Contestant:
    address = f"127.0.0.1:{of.ports['training-api']}"
    env = {"BENCH_DATABASE_URL": _url(of, "bench_naive"), "BENCH_AMQP_URI": of.admin_amqp_uri}
    programs = []
    for what in ("reporting", "visits", "gateway"):
        argv = (sys.executable, "-m", "bench.baselines.naive_nameko", what, address)
        ready = f"http://{address}/healthz" if what == "gateway" else ""
        programs.append(_program(of, f"naive-{what}", argv, env, ready))
    return Contestant("naive", f"http://{address}", programs, lambda: _count(of, "bench_naive", "visits"))


def make_databases(of: Stack) -> None:
    """Those of the baselines."""
    with psycopg.connect(of.admin_database_url, autocommit=True) as connection:
        for name in ("bench_fastapi", "bench_naive"):
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    with psycopg.connect(_url(of, "bench_naive")) as connection:
        connection.execute(TABLES)
    make = "from bench.baselines.fastapi_service import Base, engine; Base.metadata.create_all(engine)"
    env = os.environ | {"BENCH_DATABASE_URL": _url(of, "bench_fastapi")}
    subprocess.run([sys.executable, "-c", make], env=env, cwd=ROOT, check=True)


def _program(of: Stack, name: str, argv: tuple[str, ...], env: Mapping[str, str], ready: str) -> Program:
    log: Path = of.state.logs / f"{name}.log"
    return Program(
        name=name,
        argv=argv,
        env=clean_environment() | dict(env) | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", MARK: of.state.key},
        cwd=ROOT,
        log=log,
        ready=(lambda: http_status(ready) == 200) if ready else lambda: True,
    )


def _url(of: Stack, database: str) -> str:
    return urlunsplit(urlsplit(of.admin_database_url)._replace(path=f"/{database}"))


def _count(of: Stack, database: str, table: str) -> int:
    url = stack.superuser_url(of, database) if database == "visits" else _url(of, database)
    with psycopg.connect(url) as tx:
        row = tx.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(row[0]) if row else 0
