"""Starting, finding and ending a stack from a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import psutil

from ops.local import install, process, stack, supervisor
from ops.local.process import StackError
from ops.local.state import ROOT, State, reserved
from shared import topology

START_TIMEOUT = 300.0
Say = Callable[[str], None]


def local_state() -> State:
    """The state of this checkout."""
    return State(ROOT / ".local")


def is_up(state: State) -> bool:
    return supervisor.supervisor_of(state) is not None


def supervise(state: State, scale: Mapping[str, int], say: Say) -> int:
    """Run the stack in this process until SIGTERM, SIGINT or SIGHUP."""
    holder = _claim(state)
    if holder is None:
        raise StackError("this checkout's stack runs already (or is just starting or stopping)")
    with holder:
        if left := supervisor.end_orphans(state):
            say(f"ended {left} processes that a killed supervisor had left behind")
        _link_servers(state)
        prepared = stack.prepare(state, scale)
        with contextlib.ExitStack() as held:
            for service in topology.SERVICES:
                held.enter_context(reserved(prepared.ports[f"{service}-api"]))
            return supervisor.for_stack(prepared, say).run()


def start_detached(state: State, scale: Mapping[str, int], say: Say) -> None:
    """Return once every process is ready; raises ``StackError`` (with nothing left running) if that fails.

    Does nothing if the stack is up.
    """
    if not is_up(state):
        options = [word for name, count in scale.items() for word in ("--scale", f"{name}={count}")]
        log = state.logs / "supervisor.log"
        with log.open("ab") as output:
            started = subprocess.Popen(
                [sys.executable, "-m", "ops", "supervise", *options],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait_ready(state, started, say)
        except BaseException:
            stop(state, say)
            raise
    else:
        _wait_ready(state, None, say)


def stop(state: State, say: Say) -> bool:
    """End the stack of this checkout, whoever started it; whether there was anything to end."""
    running = supervisor.supervisor_of(state)
    if running is not None:
        say("stopping")
        running.send_signal(signal.SIGTERM)
        running.send_signal(signal.SIGCONT)
        _, alive = psutil.wait_procs([running], timeout=90)
        for stuck in alive:
            stuck.kill()
    left = supervisor.end_orphans(state)
    state.write("run.json", {"supervisor": None, "ready": False, "processes": {}})
    return running is not None or left > 0


def restart(state: State, name: str, timeout: float = 120.0) -> None:
    """End one process and return once its successor is ready."""
    before = _processes(state)
    if name not in before:
        known = ", ".join(sorted(before))
        raise StackError(f"there is no process {name!r}; there are: {known}" if known else "the stack is not up")
    old = before[name]
    if old["pid"]:
        process.end([process.Identity(old["pid"], old["started"])], _stop_signal(name), timeout=30)
    elif running := supervisor.supervisor_of(state):
        running.send_signal(signal.SIGUSR1)  # a given-up one: try again
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        now = _processes(state).get(name, {})
        if now.get("state") == "ready" and (now["pid"], now["started"]) != (old["pid"], old["started"]):
            return
        time.sleep(0.1)
    raise StackError(f"{name} is not ready after {timeout:.0f} s\n{process.tail(state.logs / f'{name}.log')}")


def _processes(state: State) -> dict[str, Any]:
    processes = state.read("run.json").get("processes", {})
    return processes if isinstance(processes, dict) else {}


def _stop_signal(name: str) -> int:
    return signal.SIGINT if name == "postgres" else signal.SIGTERM


def _claim(state: State) -> TextIO | None:
    """The lock a supervisor holds for its whole life, or None if another one does."""
    holder = (state.directory / "supervisor.lock").open("w")
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder.close()
        return None
    return holder


def _wait_ready(state: State, started: subprocess.Popen[bytes] | None, say: Say) -> None:
    log = state.logs / "supervisor.log"
    deadline = time.monotonic() + START_TIMEOUT
    shown = ""
    while time.monotonic() < deadline:
        run = state.read("run.json")
        if started is not None and started.poll() is not None:
            raise StackError(str(run.get("failed") or f"the supervisor ended\n{process.tail(log)}"))
        if is_up(state) and (started is None or run["supervisor"]["pid"] == started.pid):
            if run["ready"]:
                return
            if given_up := [n for n, entry in run["processes"].items() if entry["state"] == "failed"]:
                raise StackError(f"gave up on {', '.join(given_up)}\n{process.tail(state.logs / f'{given_up[0]}.log')}")
            states = [entry["state"] for entry in run["processes"].values()]
            now = f"{states.count('ready')} of {len(states)} processes are ready"
            if now != shown:
                say(now)
                shown = now
        time.sleep(0.1)
    raise StackError(f"not ready after {START_TIMEOUT:.0f} s; see ./tungnha logs\n{process.tail(log)}")


def _link_servers(state: State) -> None:
    """Let people find the servers' files from the state directory, wherever they are."""
    link = state.directory / "servers"
    if state.servers != link and not link.is_symlink():
        link.symlink_to(state.servers)


def ensure_requirements(say: Say) -> None:
    """What the machine must have before a start."""
    if not os.environ.get("TUNGNHA_AMQP_URI"):
        install.ensure_rabbitmq(say)
