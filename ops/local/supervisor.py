"""Keeps the processes of a stack running: starts them in order, restarts what dies, ends everything at the end.

``run.json`` in the state directory says at any moment what runs. There is no control channel: ``down`` signals the
supervisor, ``restart`` ends one process (which is then started again), SIGUSR1 makes it try given-up ones once more.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import psutil
import psycopg

from ops.local import process, provision, stack
from ops.local.process import Identity, Program, Running, StackError
from ops.local.stack import Stack
from ops.local.state import State
from shared import topology

QUICK_DEATHS = 6
WITHIN = 60.0
HUNG_AFTER = 120.0
_ALIVE = ("starting", "ready", "unready")


class Managed:
    """One program, its current process, and how often it died lately."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.url = program.url
        self.running: Running | None = None
        self.state = "stopped"
        self.restarts = 0
        self.deaths: list[float] = []
        self.started = 0.0
        self.not_before = 0.0
        self.ask_at = 0.0

    def start(self) -> None:
        self.running = process.start(self.program)
        self.started = time.monotonic()
        self.ask_at = 0.0
        self.state = "starting"

    def died(self, now: float) -> None:
        """Plan the next start: at once the first time, then ever later, not at all after six deaths in a minute."""
        self.deaths = [moment for moment in self.deaths if now - moment < WITHIN] + [now]
        self.restarts += 1
        self.running = None
        if len(self.deaths) >= QUICK_DEATHS:
            self.state = "failed"
        else:
            self.state = "restarting"
            recent = len(self.deaths) - 1
            self.not_before = now + (0.5 * 2 ** (recent - 1) if recent else 0.0)

    def described(self) -> dict[str, Any]:
        identity = self.running.identity if self.running else None
        return {
            "pid": identity.pid if identity else None,
            "started": identity.started if identity else None,
            "state": self.state,
            "restarts": self.restarts,
            "url": self.url,
        }


class Supervisor:
    """Runs ``servers``, then ``prepare()`` (provisioning and migrations), then ``services``.

    ``say(text)`` is told what a person should know.
    """

    def __init__(
        self,
        state: State,
        servers: Sequence[Managed],
        services: Sequence[Managed],
        prepare: Callable[[], None],
        say: Callable[[str], None],
        record: Mapping[str, Any] | None = None,
    ) -> None:
        self._state = state
        self._servers = list(servers)
        self._services = list(services)
        self._prepare = prepare
        self._tell = say
        self._record = dict(record or {})
        self._ending = threading.Event()
        self._again = threading.Event()
        self._ready = False
        self._written: dict[str, Any] = {}
        self._answered: dict[str, float] = {}

    def _say(self, text: str) -> None:
        with contextlib.suppress(OSError):  # a closed terminal must not keep us from ending what we started
            self._tell(text)

    @property
    def _all(self) -> list[Managed]:
        return [*self._servers, *self._services]

    def run(self) -> int:
        """Blocks until SIGTERM, SIGINT or SIGHUP. 0, or 1 if the stack could not be started (run.json says why)."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self._ending.set())
        signal.signal(signal.SIGUSR1, lambda *_: self._again.set())
        try:
            self._start()
            watcher = threading.Thread(target=self._watch_health, daemon=True)
            watcher.start()
            while not self._ending.wait(0.2):
                self._tend()
            return 0
        except StackError as error:
            self._record["failed"] = str(error)
            self._say(str(error))
            return 1
        finally:
            self._stop()

    def _start(self) -> None:
        self._write()
        for managed in self._servers:
            self._say(f"starting {managed.program.name}")
            managed.start()
            assert managed.running
            self._write()
            self._wait_first(managed)
        self._say("preparing databases")
        self._prepare()
        self._say("starting services")
        for managed in self._services:
            if self._ending.is_set():
                return
            managed.start()
            self._write()

    def _wait_first(self, managed: Managed) -> None:
        """The first start of a server is waited for; an end asked for meanwhile is heard."""
        deadline = time.monotonic() + managed.program.start_timeout
        while not managed.program.ready() and not self._ending.is_set():
            assert managed.running
            if not managed.running.alive():
                raise StackError(f"{managed.program.name} ended at once\n{process.tail(managed.program.log)}")
            if time.monotonic() > deadline:
                raise StackError(f"{managed.program.name} does not answer\n{process.tail(managed.program.log)}")
            time.sleep(0.05)
        managed.state = "ready"

    def _tend(self) -> None:
        now = time.monotonic()
        if self._again.is_set():
            self._again.clear()
            for managed in self._all:
                if managed.state == "failed":
                    managed.state, managed.deaths, managed.not_before = "restarting", [], 0.0
        for managed in self._all:
            self._tend_one(managed, now)
        self._write()

    def _tend_one(self, managed: Managed, now: float) -> None:
        if managed.running and not managed.running.alive():
            code = managed.running.popen.returncode
            managed.died(now)
            self._say(f"{managed.program.name} ended (code {code})" + self._verdict(managed))
        elif managed.running and self._hung(managed, now):
            self._say(f"{managed.program.name} does not answer and is ended")
            managed.running.kill()
        elif managed.state == "restarting" and now >= managed.not_before:
            try:
                managed.start()
            except StackError as error:
                self._say(str(error))
                managed.died(now)

    def _verdict(self, managed: Managed) -> str:
        if managed.state != "failed":
            return "; starting it again"
        return (
            f", {QUICK_DEATHS} times within {WITHIN:.0f} s: GIVEN UP. Last lines of its log:\n"
            f"{process.tail(managed.program.log)}\n  Once mended: ./tungnha restart {managed.program.name}"
        )

    def _hung(self, managed: Managed, now: float) -> bool:
        limit = managed.program.start_timeout if managed.state == "starting" else HUNG_AFTER
        last = max(self._answered.get(managed.program.name, 0.0), managed.started)
        return now - last > limit

    # --- health ------------------------------------------------------------------------------------------------

    def _watch_health(self) -> None:
        """Asks every process in turn whether it answers, and the services whether they are ready."""
        while not self._ending.wait(0.2):
            for managed in self._all:
                if managed.running and managed.state in _ALIVE and time.monotonic() >= managed.ask_at:
                    self._ask(managed)

    def _ask(self, managed: Managed) -> None:
        asked = managed.running
        answers = managed.program.ready()
        healthy = answers and (not managed.url or stack.http_status(f"{managed.url}/readyz") == 200)
        if managed.running is not asked or managed.state not in _ALIVE:
            return
        if answers:
            self._answered[managed.program.name] = time.monotonic()
        if answers or managed.state != "starting":
            managed.state = "ready" if healthy else "unready"
        # Asking a server costs it a connection, so a healthy one is asked seldom.
        managed.ask_at = time.monotonic() + ((2 if managed.url else 5) if healthy else 0.2)

    # --- records and the end -----------------------------------------------------------------------------------

    def _write(self) -> None:
        own = Identity.of(os.getpid())
        ready = all(managed.state == "ready" for managed in self._all)
        if ready and not self._ready:
            self._say("ready")
        self._ready = ready
        content = self._record | {
            "supervisor": {"pid": os.getpid(), "started": own.started if own else 0},
            "ready": ready,
            "processes": {managed.program.name: managed.described() for managed in self._all},
        }
        if content != self._written:
            self._state.write("run.json", content)
            self._written = content

    def _stop(self) -> None:
        """Services first and together, then the servers in reverse order."""
        self._ending.set()
        self._say("stopping")
        stopping = [threading.Thread(target=m.running.stop) for m in self._services if m.running]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
        for managed in reversed(self._servers):
            if managed.running:
                managed.running.stop()
        for managed in self._all:
            managed.running, managed.state = None, "stopped"
        end_orphans(self._state)
        self._state.write("run.json", self._record | {"supervisor": None, "ready": False, "processes": {}})


def for_stack(of: Stack, say: Callable[[str], None]) -> Supervisor:
    """The supervisor of a whole stack."""
    return Supervisor(
        of.state,
        [Managed(program) for program in of.servers()],
        [Managed(program) for program in of.services()],
        lambda: _prepare(of),
        say,
        {"scale": dict(of.scale)},
    )


def _prepare(of: Stack) -> None:
    for service in topology.SERVICES:
        try:
            provision.database(of.admin_database_url, service, of.state.secret)
        except psycopg.Error as error:
            raise StackError(f"cannot prepare the database of {service}: {error}") from error
    if of.external_broker:
        try:
            provision.bus(of.external_broker)
        except Exception as error:
            raise StackError(f"cannot declare the bus on TUNGNHA_AMQP_URI: {type(error).__name__}: {error}") from error
    migrations = [process.start(program) for program in of.migrations()]
    try:
        for running in migrations:
            if running.popen.wait(300):
                log = process.tail(running.program.log)
                raise StackError(f"{running.program.name} failed (code {running.popen.returncode})\n{log}")
    finally:
        for running in migrations:
            running.kill()


# --- from outside ----------------------------------------------------------------------------------------------


def supervisor_of(state: State) -> psutil.Process | None:
    """The living supervisor of this state directory, if there is one."""
    recorded = state.read("run.json").get("supervisor") or {}
    with contextlib.suppress(KeyError, TypeError):
        return Identity(recorded["pid"], recorded["started"]).process()
    return None


def end_orphans(state: State) -> int:
    """End what belongs to this stack and has no supervisor any more; returns how many there were."""
    found = list(_marked(state))
    process.end(found, signal.SIGTERM, timeout=15)
    return len(found)


def _marked(state: State) -> Iterator[Identity]:
    """Recorded processes, and any that carry this stack's mark in their environment."""
    for entry in state.read("run.json").get("processes", {}).values():
        if entry.get("pid") and (identity := Identity(entry["pid"], entry["started"])).process():
            yield identity
    for candidate in psutil.process_iter(["environ"]):
        if (candidate.info["environ"] or {}).get(stack.MARK) == state.key and candidate.pid != os.getpid():
            with contextlib.suppress(psutil.Error):
                yield Identity(candidate.pid, candidate.create_time())
