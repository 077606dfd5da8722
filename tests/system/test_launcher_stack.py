"""The real stack, from ``up`` to ``down --wipe``, in a checkout of its own with an awkward path."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ops.local import process, stack
from ops.local.state import ROOT, State
from shared import topology


class Checkout:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        ignored = shutil.ignore_patterns(".git", ".venv", ".local", ".*_cache", "*.pyc.*", "tests")
        shutil.copytree(ROOT, directory, ignore=ignored)
        self.state = State(directory / ".local")

    def tungnha(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "ops", *arguments],
            cwd=self.directory,
            env=process.clean_environment() | {"PYTHONPATH": str(self.directory)},
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def status(self) -> dict[str, Any]:
        found = json.loads(self.tungnha("status", "--json", check=False))
        assert isinstance(found, dict)
        return found

    def pid(self, name: str) -> int:
        return int(self.state.read("run.json")["processes"][name]["pid"] or 0)

    def processes(self) -> list[psutil.Process]:
        """Everything that carries this stack's mark, the supervisor, and all their descendants."""
        run = self.state.read("run.json")
        roots = [entry["pid"] for entry in run["processes"].values()] + [run["supervisor"]["pid"]]
        found = [psutil.Process(pid) for pid in roots]
        return found + [child for each in found for child in each.children(recursive=True)]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    made = Checkout(tmp_path_factory.mktemp("stack") / "Từng Nhà thử")
    try:
        made.tungnha("up", "--detach")
        yield made
    finally:
        made.tungnha("down", "--wipe", check=False)


def until(condition: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)


def heads(checkout: Checkout, service: str, token: str) -> dict[str, Any]:
    url = stack.opened(checkout.state).api_url(service) + "/v1/events/heads"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        found = json.load(answer)
        assert isinstance(found, dict)
        return found


def test_everything_is_ready_small_and_on_loopback_only(checkout):
    status = checkout.status()
    assert status["ready"] is True
    services = {f"{service}-{kind}" for service in topology.SERVICES for kind in stack.KINDS}
    assert set(status["services"]) == services | {"postgres", "epmd", "rabbitmq"}
    assert status["queues"] == dict.fromkeys(topology.queues(), 0)
    assert set(status["lag"]) == {f"{service}-worker" for service in topology.SERVICES}
    assert 0 < status["rss_mb"] <= 1200
    listening = [
        connection.laddr.ip
        for each in checkout.processes()
        for connection in each.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 11 and set(listening) <= {"127.0.0.1", "::1"}


def test_up_again_changes_nothing(checkout):
    before = checkout.state.read("run.json")["supervisor"]
    assert "http://127.0.0.1:" in checkout.tungnha("up", "--detach")
    assert checkout.state.read("run.json")["supervisor"] == before


def test_the_token_of_env_opens_every_feed(checkout):
    exports = dict(line.removeprefix("export ").split("=", 1) for line in checkout.tungnha("env").splitlines() if line)
    assert {f"TUNGNHA_{service.upper()}_URL" for service in topology.SERVICES} <= set(exports)
    for service in topology.SERVICES:
        assert heads(checkout, service, exports["TUNGNHA_TOKEN"])["heads"]


def test_secrets_are_not_in_any_command_line(checkout):
    secrets = {path.read_text() for path in (checkout.state.directory / "secrets").iterdir()}
    lines = " ".join(" ".join(each.cmdline()) for each in checkout.processes())
    assert [secret for secret in secrets if secret in lines] == []


@pytest.mark.parametrize("name", ["visits-api", "reporting-worker", "postgres", "rabbitmq", "epmd"])
def test_whatever_is_killed_comes_back(checkout, name):
    before = checkout.pid(name)
    os.kill(before, signal.SIGKILL)
    until(lambda: checkout.pid(name) not in (0, before))
    until(lambda: bool(checkout.state.read("run.json")["ready"]))
    others = {entry["restarts"] for key, entry in checkout.status()["services"].items() if "-" in key}
    assert others <= {0, 1}, "services outlive their servers"


def test_restart_by_name(checkout):
    before = checkout.pid("training-worker")
    checkout.tungnha("restart", "training-worker")
    assert checkout.pid("training-worker") != before


def test_a_killed_supervisor_is_replaced_on_the_same_ports(checkout):
    run, ports = checkout.state.read("run.json"), checkout.state.read("ports.json")
    os.kill(run["supervisor"]["pid"], signal.SIGKILL)
    checkout.tungnha("up", "--detach")
    assert checkout.status()["ready"] is True
    assert checkout.state.read("ports.json") == ports
    old = [process.Identity(entry["pid"], entry["started"]) for entry in run["processes"].values()]
    assert [identity for identity in old if identity.process()] == []


def test_down_leaves_nothing_behind(checkout):
    everything, servers = checkout.processes(), checkout.state.servers
    assert servers.exists()
    checkout.tungnha("down", "--wipe")
    assert [each for each in everything if each.is_running()] == []
    assert not servers.exists() and not checkout.state.directory.exists()
