"""What one stack consists of: its ports, its servers, and the programs of its services with their settings.

The environment of every service process is the table "Processes and settings" of docs/architecture.md; secrets are
given as files, so that they show neither in ``ps`` nor in a crash report.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ops.local import postgres, provision, rabbitmq, tokens
from ops.local.process import Program, clean_environment
from ops.local.state import ROOT, State, write_private
from shared import topology

KINDS = ("api", "worker")
API_PORT, WORKER_PORT = 8601, 8611
SERVER_PORTS = {"postgres": 8605, "amqp": 8606, "amqp-dist": 8607, "epmd": 8608}
MARK = "TUNGNHA_STACK"
"""Environment variable that every process of a stack carries: finds what a killed supervisor left behind."""


@dataclass(frozen=True)
class Stack:
    """One running (or startable) installation. ``scale`` says how many processes of a kind, ``{"visits-api": 2}``."""

    state: State
    ports: Mapping[str, int]
    scale: Mapping[str, int] = field(default_factory=dict)

    @property
    def external_database(self) -> str | None:
        return self._external("database-url")

    @property
    def external_broker(self) -> str | None:
        return self._external("amqp-uri")

    def _external(self, name: str) -> str | None:
        path = self.state.secret_path(name)
        return path.read_text() if path.exists() else None

    @property
    def admin_database_url(self) -> str:
        return self.external_database or postgres.admin_url(self.state, self.ports["postgres"])

    @property
    def admin_amqp_uri(self) -> str:
        return self.external_broker or self.node.admin_uri()

    @property
    def node(self) -> rabbitmq.Node:
        ports = {"amqp": self.ports["amqp"], "dist": self.ports["amqp-dist"], "epmd": self.ports["epmd"]}
        return rabbitmq.Node(self.state, ports)

    def api_url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[f'{service}-api']}"

    def database(self, service: str) -> provision.Database:
        return provision.describe(self.admin_database_url, service, self.state.secret)

    # --- programs ----------------------------------------------------------------------------------------------

    def servers(self) -> list[Program]:
        """The private servers, in starting order."""
        private = [] if self.external_database else [postgres.program(self.state, self.ports["postgres"])]
        return [self._marked(p) for p in private + ([] if self.external_broker else self.node.programs())]

    def services(self) -> list[Program]:
        """Every api and worker process, as often as ``scale`` says."""
        return [
            self._service(service, kind, number)
            for kind in KINDS
            for service in topology.SERVICES
            for number in range(1, self.scale.get(f"{service}-{kind}", 1) + 1)
        ]

    def migrations(self) -> list[Program]:
        """One program per service that ends by itself."""
        return [self._program(f"{service}-migrate", service, "migrate", url="") for service in topology.SERVICES]

    def _service(self, service: str, kind: str, number: int) -> Program:
        # Processes of an api share their port (SO_REUSEPORT); workers have a health address each.
        name = f"{service}-{kind}" if number == 1 else f"{service}-{kind}-{number}"
        port = self.ports[f"{service}-api" if kind == "api" else name]
        return self._program(name, service, kind, url=f"http://127.0.0.1:{port}")

    def _program(self, name: str, service: str, command: str, *, url: str) -> Program:
        address = url.removeprefix("http://")
        env = self.environment(service) | {MARK: self.state.key}
        if command == "api":
            env["TUNGNHA_HTTP_ADDRESS"] = address
            env["PSYCOPG_WAIT_FUNC"] = "wait_selector"  # psycopg's own loop would block eventlet's hub
        elif command == "worker":
            env["TUNGNHA_WORKER_ADDRESS"] = address
        return Program(
            name=name,
            argv=(sys.executable, "-m", f"services.{service}", command),
            env=env,
            cwd=ROOT,
            log=self.state.logs / f"{name}.log",
            ready=lambda: http_status(f"{url}/healthz") is not None,
            stop_timeout=15,
            url=url,
        )

    def environment(self, service: str) -> dict[str, str]:
        """The settings of a service's processes, all but their own address."""
        database = self.database(service)
        amqp_uri = self.external_broker or self.node.uri(service)
        self.state.secret("hash-key-" + service)
        files = {
            "SERVICE_DATABASE_URL": self._file(f"{service}-database-url", database.app_url),
            "VAULT_DATABASE_URL": self._file(f"{service}-vault-url", database.vault_url),
            "OWNER_DATABASE_URL": self._file(f"{service}-owner-url", database.owner_url),
            "SERVICE_AMQP_URI": self._file(f"{service}-amqp-uri", amqp_uri),
            "HASH_KEY": self.state.secret_path("hash-key-" + service),
            "FEED_TOKEN": tokens.feed_token(self.state, service, topology.SUBSCRIPTIONS.get(service, ())),
        }
        sources = {source: self.api_url(source) for source in topology.SUBSCRIPTIONS.get(service, ())}
        return (
            clean_environment()
            | {f"TUNGNHA_{name}_FILE": str(path) for name, path in files.items()}
            | {
                "TUNGNHA_JWKS": str(tokens.jwks(self.state)),
                "TUNGNHA_ISSUER": tokens.ISSUER,
                "TUNGNHA_SOURCES": json.dumps(sources),
                "PYTHONPATH": str(ROOT),
                "PYTHONUNBUFFERED": "1",
            }
        )

    def _file(self, name: str, content: str) -> Path:
        path = self.state.secret_path(name)
        if not path.exists() or path.read_text() != content:
            write_private(path, content)
        return path

    def _marked(self, program: Program) -> Program:
        return replace(program, env={**program.env, MARK: self.state.key})


def prepare(state: State, scale: Mapping[str, int] | None = None, env: Mapping[str, str] = os.environ) -> Stack:
    """Settle ports, and where the servers are, before a start. Nothing of this stack may run."""
    scale = dict(scale or {})
    for name, variable in (("database-url", "TUNGNHA_DATABASE_URL"), ("amqp-uri", "TUNGNHA_AMQP_URI")):
        path = state.secret_path(name)
        if given := env.get(variable):
            write_private(path, given)
        else:
            path.unlink(missing_ok=True)
    wanted = dict(SERVER_PORTS)
    for offset, service in enumerate(topology.SERVICES):
        wanted |= {f"{service}-api": API_PORT + offset, f"{service}-worker": WORKER_PORT + offset}
        for number in range(2, scale.get(f"{service}-worker", 1) + 1):
            wanted[f"{service}-worker-{number}"] = 0
    return Stack(state, state.ports(wanted), scale)


def opened(state: State) -> Stack:
    """The stack as it was last prepared (for ``status``, ``env`` and the like)."""
    return Stack(state, state.read("ports.json"), state.read("run.json").get("scale", {}))


def http_status(url: str, timeout: float = 2.0) -> int | None:
    """The status a GET is answered with, or None if nobody answers."""
    status, _ = http_get(url, timeout)
    return status


def http_get(url: str, timeout: float = 2.0) -> tuple[int | None, bytes]:
    """Status and body (up to 1 MB) of a GET without proxies; (None, b"") if nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(OSError, ValueError):
        try:
            with opener.open(url, timeout=timeout) as answer:
                return answer.status, answer.read(1_000_000)
        except urllib.error.HTTPError as error:
            return error.code, error.read(1_000_000)
    return None, b""
