"""A private stack for one benchmark: servers and services under the real supervisor, ports and state of its own.

    with running() as of: of.api_url("visits") …

Gone at the end; what a killed benchmark left is ended by the next one (``ops.local.testing``).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bench.kit.options import scale
from ops.local import lifecycle, process, provision, stack
from ops.local.process import Identity, StackError
from ops.local.stack import KINDS, SERVER_PORTS, Stack
from ops.local.state import ROOT, State
from ops.local.testing import test_state
from shared import topology

START_SECONDS = 180.0


@contextlib.contextmanager
def running(*, without: Collection[str] = ()) -> Iterator[Stack]:
    """Every process is ready, but those of services ``without``; ``TUNGNHA_BENCH_SCALE`` says how many there are."""
    with test_state() as state:
        _any_ports(state)
        supervisor = _supervisor(state, without)
        process.remember(
            state.directory / "processes.jsonl", Identity.of(supervisor.pid) or Identity(supervisor.pid, 0)
        )
        try:
            _wait(state, supervisor)
            yield stack.opened(state)
        finally:
            supervisor.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                supervisor.wait(90)
            lifecycle.stop(state, lambda text: None)


@contextlib.contextmanager
def database_only(service: str) -> Iterator[Stack]:
    """PostgreSQL alone, with the database of one service migrated."""
    with test_state() as state:
        of = settled(state)
        server = process.run_program(of.servers()[0])
        process.remember(state.directory / "processes.jsonl", server.identity)
        try:
            migrated(of, service)
            yield of
        finally:
            server.stop()


def settled(state: State) -> Stack:
    """A stack with ports of its own, nothing of it running yet."""
    _any_ports(state)
    return stack.prepare(state, env={})


def migrated(of: Stack, service: str) -> None:
    """Make the database of one service."""
    provision.database(of.admin_database_url, service, of.state.secret)
    argv = [sys.executable, "-m", f"services.{service}", "migrate"]
    subprocess.run(argv, env=of.environment(service), cwd=ROOT, check=True)


def superuser_url(of: Stack, service: str) -> str:
    """A service's database, for counting and for what no role of the service may do."""
    parts = urlsplit(of.admin_database_url)
    return urlunsplit(parts._replace(path=f"/{of.database(service).name}"))


def _any_ports(state: State) -> None:
    names = [*SERVER_PORTS, *(f"{service}-{kind}" for service in topology.SERVICES for kind in KINDS)]
    state.ports(dict.fromkeys(names, 0))


def _supervisor(state: State, without: Collection[str]) -> subprocess.Popen[bytes]:
    none = ",".join(f"{service}-{kind}=0" for service in without for kind in KINDS)
    env: Mapping[str, str] = {k: v for k, v in os.environ.items() if not k.startswith("TUNGNHA_") or "_BENCH_" in k}
    told = ",".join(each for each in (env.get("TUNGNHA_BENCH_SCALE", ""), none) if each)
    with (state.logs / "supervisor.log").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "bench.kit.stack", str(state.directory)],
            cwd=ROOT,
            env={**env, "PYTHONPATH": str(ROOT), "TUNGNHA_BENCH_SCALE": told},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait(state: State, supervisor: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not state.read("run.json").get("ready"):
        if supervisor.poll() is not None or time.monotonic() > deadline:
            raise StackError(f"the stack did not start\n{process.tail(state.logs / 'supervisor.log', 60)}")
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(lifecycle.supervise(State(Path(sys.argv[1])), scale(), lambda text: print(text, flush=True)))
