"""The supervisor over small stand-in programs: restarts, giving up, ending, and clearing up after its own death."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ops.local import lifecycle, supervisor
from ops.local.process import Identity, StackError
from ops.local.state import ROOT, State, reserved


class Stack:
    """A supervisor process and what it says in run.json."""

    def __init__(self, state: State, *names: str) -> None:
        self.state = state
        self.output = state.directory / "said"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.system.launcher_stand_ins", str(state.directory), *names],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def entry(self, name: str) -> dict[str, Any]:
        found = self.state.read("run.json").get("processes", {}).get(name, {})
        return dict(found)

    def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.output.read_text() + str(self.state.read("run.json"))
            time.sleep(0.05)

    def until_ready(self) -> None:
        self.until(lambda: bool(self.state.read("run.json").get("ready")))

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    made: list[Stack] = []

    def make(*names: str) -> Stack:
        made.append(Stack(State(tmp_path / "state của tôi"), *names))
        return made[-1]

    yield make
    for each in made:
        if each.process.poll() is None:
            each.end()
        supervisor.end_orphans(each.state)


def test_what_dies_is_started_again(run):
    up = run("web", "child")
    up.until_ready()
    before = up.entry("child")
    os.kill(before["pid"], signal.SIGKILL)
    up.until(
        lambda: up.entry("child").get("pid") not in (None, before["pid"]) and up.entry("child")["state"] == "ready"
    )
    assert up.entry("child")["restarts"] == 1
    assert up.end() == 0


def test_what_keeps_dying_is_given_up_loudly_and_the_rest_goes_on(run):
    up = run("web", "crash")
    up.until(lambda: up.entry("crash").get("state") == "failed", seconds=40)
    said = up.output.read_text()
    assert "GIVEN UP" in said and "no reason at all" in said and "./tungnha restart crash" in said
    assert up.entry("web")["state"] == "ready"
    assert up.state.read("run.json")["ready"] is False
    up.process.send_signal(signal.SIGUSR1)
    up.until(lambda: up.entry("crash").get("state") != "failed")


def test_the_end_is_complete_even_for_the_deaf(run):
    up = run("web", "deaf", "child")
    up.until_ready()
    everything = psutil.Process(up.process.pid).children(recursive=True)
    assert len(everything) == 4
    assert up.end() == 0
    assert [process for process in everything if process.is_running()] == []
    assert up.state.read("run.json")["processes"] == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP], ids=["ctrl-c", "closed terminal"])
def test_the_terminal_ends_it_cleanly(run, number):
    up = run("web", "child")
    up.until_ready()
    everything = psutil.Process(up.process.pid).children(recursive=True)
    up.process.send_signal(number)
    assert up.process.wait(20) == 0
    assert [process for process in everything if process.is_running()] == []
    assert "Traceback" not in up.output.read_text()


def test_a_server_that_cannot_start_is_an_error_with_the_end_of_its_log(run):
    up = run("crash", "web")
    assert up.process.wait(20) == 1
    assert "no reason at all" in up.state.read("run.json")["failed"]


def test_orphans_of_a_killed_supervisor_are_found_and_ended(run):
    up = run("web", "child")
    up.until_ready()
    everything = psutil.Process(up.process.pid).children(recursive=True)
    up.process.kill()
    up.process.wait()
    assert supervisor.supervisor_of(up.state) is None
    # Even a process that never got into run.json carries the mark of its stack.
    up.state.write("run.json", {})
    assert lifecycle.stop(up.state, lambda text: None) is True
    assert [process for process in everything if process.is_running() and process.status() != "zombie"] == []
    assert lifecycle.stop(up.state, lambda text: None) is False


def test_restart_returns_when_the_successor_is_ready(run):
    up = run("web", "child")
    up.until_ready()
    before = up.entry("child")["pid"]
    lifecycle.restart(up.state, "child")
    assert up.entry("child")["pid"] != before
    with pytest.raises(StackError, match="child, web"):
        lifecycle.restart(up.state, "nobody")


def test_ports_are_kept_and_taken_ones_avoided(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        state = State(tmp_path / "a")
        first = state.ports({"x": port, "y": 0})
        assert first["x"] != port and first["y"] != first["x"]
    assert state.ports({"x": port, "y": 0}) == first


def test_two_stacks_that_start_in_the_same_moment_do_not_share_a_port(tmp_path):
    first, second = State(tmp_path / "a"), State(tmp_path / "b")
    port = first.ports({"x": 0})["x"]
    with reserved(port), reserved(port):  # its own listeners still may
        assert second.ports({"x": port})["x"] != port


def test_a_pid_given_to_a_stranger_is_not_ours():
    own = Identity.of(os.getpid())
    assert own is not None and own.process() is not None
    assert Identity(own.pid, own.started - 3600).process() is None


def test_secrets_are_for_their_owner_only(tmp_path):
    state = State(tmp_path / "state")
    assert len(state.secret("a")) == 64
    assert state.secret("a") == state.secret("a") != state.secret("b")
    assert stat.S_IMODE(state.secret_path("a").stat().st_mode) == 0o600
    assert stat.S_IMODE(state.directory.stat().st_mode) == stat.S_IMODE(state.logs.stat().st_mode) == 0o700


def test_wiping_can_leave_the_keys_of_data_that_live_elsewhere(tmp_path):
    state = State(tmp_path / "state")
    key = state.secret("hash-key-visits")
    state.write("run.json", {"a": 1})
    state.wipe(keep_secrets=True)
    assert [path.name for path in state.directory.iterdir()] == ["secrets"]
    assert state.secret("hash-key-visits") == key
    state.wipe()
    assert not state.directory.exists()


def test_an_interrupted_wipe_leaves_no_half_of_a_cluster(tmp_path, monkeypatch):
    state = State(tmp_path / "state")
    (state.servers / "postgres" / "data").mkdir(parents=True)

    def interrupted(path: Path, **_: Any) -> None:
        if path.exists():
            raise KeyboardInterrupt

    with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):
        cut.setattr("ops.local.state.shutil.rmtree", interrupted)
        state.wipe()
    assert not state.servers.exists()
    state.wipe()
    assert list(state.servers.parent.glob(f"{state.key}*")) == []
