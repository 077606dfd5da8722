"""Programs we start, and ending exactly those again.

A pid alone names nothing: it may have been given to a stranger since. Everywhere a process is remembered it is
remembered as (pid, start time), and only a process that still matches both is ever signalled.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil


class StackError(Exception):
    """Something the person at the terminal has to know; shown without a traceback."""


@dataclass(frozen=True, slots=True)
class User:
    """The operating-system user a program runs as (only root can choose)."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. ``ready`` is asked until it is true or ``start_timeout`` seconds have gone."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    ready: Callable[[], bool]
    user: User | None = None
    stop_signal: int = signal.SIGTERM
    stop_timeout: float = 10.0
    start_timeout: float = 60.0
    before: Callable[[], None] = field(default=lambda: None)
    url: str = ""  # base of its HTTP interface, if it has one


@dataclass(frozen=True, slots=True)
class Identity:
    """A process of ours, for certain: its pid together with the moment it started (seconds since the epoch)."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        with contextlib.suppress(psutil.Error):
            return cls(pid, psutil.Process(pid).create_time())
        return None

    def process(self) -> psutil.Process | None:
        """The living process, or None if it ended (a zombie has ended) or the pid belongs to someone else now."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            # The kernel counts start times in ticks of 10 ms from boot; the boot time itself is read with jitter.
            if abs(process.create_time() - self.started) < 1.5 and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


class Running:
    """A started ``Program``."""

    def __init__(self, program: Program, popen: subprocess.Popen[bytes]) -> None:
        self.program = program
        self.popen = popen
        self.identity = Identity.of(popen.pid) or Identity(popen.pid, time.time())

    @property
    def pid(self) -> int:
        return self.popen.pid

    def alive(self) -> bool:
        return self.popen.poll() is None

    def stop(self) -> None:
        """End the program and everything it started: its stop signal first, SIGKILL after its timeout."""
        end([self.identity], self.program.stop_signal, self.program.stop_timeout)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(5)

    def kill(self) -> None:
        """SIGKILL, as a power cut or the OOM killer would (for tests and stuck programs)."""
        end([self.identity], signal.SIGKILL, 5)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(5)


def start(program: Program) -> Running:
    """Start in a session of its own, so that Ctrl-C at the terminal reaches the supervisor only."""
    program.before()
    program.log.parent.mkdir(parents=True, exist_ok=True)
    user = program.user
    with program.log.open("ab") as log:
        try:
            popen = subprocess.Popen(
                program.argv,
                env=dict(program.env),
                cwd=program.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
            )
        except OSError as error:
            raise StackError(f"cannot start {program.name}: {error}") from error
    return Running(program, popen)


def wait_ready(running: Running) -> None:
    """Return once the program says it is ready.

    Raises ``StackError`` with the end of its log if it ends first or takes longer than its ``start_timeout``.
    """
    program = running.program
    deadline = time.monotonic() + program.start_timeout
    while not program.ready():
        if not running.alive():
            raise StackError(f"{program.name} ended with code {running.popen.returncode}\n{tail(program.log)}")
        if time.monotonic() > deadline:
            seconds = f"{program.start_timeout:.0f}"
            raise StackError(f"{program.name} is not ready after {seconds} s\n{tail(program.log)}")
        time.sleep(0.05)


def run_program(program: Program) -> Running:
    """Start and wait until ready; nothing is left running if that fails."""
    running = start(program)
    try:
        wait_ready(running)
    except BaseException:
        running.kill()
        raise
    return running


def end(identities: Iterable[Identity], stop_signal: int = signal.SIGTERM, timeout: float = 10.0) -> None:
    """Signal these processes and wait; then end what is left of them and of their descendants."""
    mains = [process for identity in identities if (process := identity.process())]
    family = list(mains)
    for process in mains:
        with contextlib.suppress(psutil.Error):
            family += process.children(recursive=True)
        _signal(process, stop_signal)
        # A stopped (SIGSTOP) process takes no other signal until it is continued.
        _signal(process, signal.SIGCONT)
    psutil.wait_procs(mains, timeout=timeout)
    # Children usually end with their parent, a moment later.
    _, alive = psutil.wait_procs(family, timeout=0.5)
    for process in alive:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=5)


def _signal(process: psutil.Process, number: int) -> None:
    with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
        process.send_signal(number)


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, indented, for an error message; empty if there is no log."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 20_000))
        text = file.read().decode("utf-8", "replace")
    return "\n".join("    " + line for line in text.splitlines()[-lines:])


def clean_environment() -> dict[str, str]:
    """The environment our programs start from: no foreign settings of PostgreSQL, RabbitMQ, Erlang or Python."""
    keep = {"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TERM", "SHELL"}
    env = {key: value for key, value in os.environ.items() if key in keep}
    env.setdefault("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    return env | {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def remember(path: Path, identity: Identity) -> None:
    """Append a process to a list, so that a later run can end it if this one cannot."""
    with path.open("a") as file:
        file.write(json.dumps([identity.pid, identity.started]) + "\n")


def remembered(path: Path) -> list[Identity]:
    """The processes of such a list; a line cut short by a crash is left out."""
    found: list[Identity] = []
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_text().splitlines():
            with contextlib.suppress(ValueError, TypeError):
                found.append(Identity(*json.loads(line)))
    return found
