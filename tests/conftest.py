"""Real servers for tests, started on first use and shared by the whole run.

    def test_x(pg): ...                       # pg.admin_url; pg.stop(), pg.kill(), pg.start()
    def test_y(rabbit): ...                   # rabbit.uri("visits"), rabbit.admin_uri(); stop/kill/start/wipe/purge
    def test_z(database): db = database("visits")           # fresh, migrated (python -m services.visits migrate)
                          db.app_url, db.owner_url, db.vault_url, db.verify_url, db.name
    def test_k(database): db = database("visits", migrate=False)      # fresh and empty, roles made
    def test_s(system): ...                   # the whole running stack, see tests/system_kit.py

The servers are private: own ports on 127.0.0.1, own directory, ended and removed with the run (what a killed run left
is ended by the next). ``TUNGNHA_TEST_DATABASE_URL`` and ``TUNGNHA_TEST_AMQP_URI`` use running servers instead; tests
that stop or wipe a server then fail, on purpose.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from ops.local import postgres, process, provision, rabbitmq
from ops.local.provision import Database
from ops.local.state import ROOT, State
from ops.local.testing import test_state
from shared import topology
from tests.system_kit import system

__all__ = ["system"]

# How fast an example runs says how busy the machine is, not whether it is right.
settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")


class Server:
    """Programs that are up together."""

    def __init__(self, programs: Callable[[], list[process.Program]], remember: Callable[[process.Running], None]):
        self._programs = programs
        self._remember = remember
        self._running: list[process.Running] = []

    def start(self) -> None:
        for program in self._programs():
            self._running.append(process.run_program(program))
            self._remember(self._running[-1])

    def stop(self) -> None:
        while self._running:
            self._running.pop().stop()

    def kill(self) -> None:
        """SIGKILL everything, as a power cut would."""
        while self._running:
            self._running.pop().kill()


class PostgresServer(Server):
    admin_url: str


class RabbitServer(Server):
    node: rabbitmq.Node | None = None
    given_uri: str = ""

    def uri(self, service: str) -> str:
        return self.node.uri(service) if self.node else self.given_uri

    def admin_uri(self) -> str:
        return self.node.admin_uri() if self.node else self.given_uri

    def wipe(self) -> None:
        """Lose the disk of the (stopped) node."""
        assert self.node, "not our broker: its data stays"
        self.node.wipe()

    def purge(self) -> None:
        """Empty every queue of the bus."""
        with rabbitmq.connect(self.admin_uri()) as connection:
            channel = connection.channel()
            for name in topology.queues():
                channel.queue_purge(name)


@pytest.fixture(scope="session")
def stack_state() -> Iterator[State]:
    """The state directory of this run."""
    with test_state() as state:
        yield state


@pytest.fixture(scope="session")
def pg(stack_state: State) -> Iterator[PostgresServer]:
    given = os.environ.get("TUNGNHA_TEST_DATABASE_URL")
    if given:
        server = PostgresServer(list, _forget)
        server.admin_url = given
    else:
        port = stack_state.ports({"postgres": 0})["postgres"]
        server = PostgresServer(lambda: [postgres.program(stack_state, port, durable=False)], _rememberer(stack_state))
        server.admin_url = postgres.admin_url(stack_state, port)
        server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def rabbit(stack_state: State) -> Iterator[RabbitServer]:
    given = os.environ.get("TUNGNHA_TEST_AMQP_URI")
    if given:
        server = RabbitServer(list, _forget)
        server.given_uri = given
        provision.bus(given)
    else:
        node = rabbitmq.Node(stack_state, stack_state.ports({"amqp": 0, "dist": 0, "epmd": 0}))
        server = RabbitServer(node.programs, _rememberer(stack_state))
        server.node = node
        server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _templates() -> dict[str, str]:
    return {}


@pytest.fixture
def database(pg: PostgresServer, stack_state: State, _templates: dict[str, str]) -> Iterator[Callable[..., Database]]:
    """A factory of databases that live as long as the test. A service is migrated once per run and then copied."""
    yield from _databases(pg, stack_state, _templates)


@pytest.fixture(scope="module")
def module_database(
    pg: PostgresServer, stack_state: State, _templates: dict[str, str]
) -> Iterator[Callable[..., Database]]:
    """The same for databases that the tests of a module share."""
    yield from _databases(pg, stack_state, _templates)


@pytest.fixture(scope="session")
def session_database(
    pg: PostgresServer, stack_state: State, _templates: dict[str, str]
) -> Iterator[Callable[..., Database]]:
    """The same for what all tests share."""
    yield from _databases(pg, stack_state, _templates)


def _databases(pg: PostgresServer, stack_state: State, templates: dict[str, str]) -> Iterator[Callable[..., Database]]:
    made: list[str] = []

    def make(service: str, *, migrate: bool = True) -> Database:
        name = f"test_{service}_{uuid.uuid4().hex[:12]}"
        if migrate:
            if service not in templates:
                templates[service] = _migrated(pg, stack_state, service)
            with psycopg.connect(pg.admin_url, autocommit=True) as connection:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                        *map(sql.Identifier, (name, f"{service}_owner", templates[service]))
                    )
                )
        made.append(name)
        return provision.database(pg.admin_url, service, stack_state.secret, name)

    yield make
    _drop(pg, made)


def _migrated(pg: PostgresServer, state: State, service: str) -> str:
    template = provision.database(pg.admin_url, service, state.secret, f"template_{service}_{uuid.uuid4().hex[:12]}")
    done = subprocess.run(
        [sys.executable, "-m", f"services.{service}", "migrate"],
        env=process.clean_environment()
        | {
            "PYTHONPATH": str(ROOT),
            "TUNGNHA_OWNER_DATABASE_URL": template.owner_url,
            "TUNGNHA_SERVICE_DATABASE_URL": template.app_url,
            "TUNGNHA_VAULT_DATABASE_URL": template.vault_url,
            "TUNGNHA_HASH_KEY": state.secret("hash-key"),
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"migrating {service} failed:\n{done.stdout}\n{done.stderr}"
    return template.name


def _drop(pg: PostgresServer, names: list[str]) -> None:
    with psycopg.connect(pg.admin_url, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _rememberer(state: State) -> Callable[[process.Running], None]:
    return lambda running: process.remember(state.directory / "processes.jsonl", running.identity)


def _forget(_running: process.Running) -> None:
    return None


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT
