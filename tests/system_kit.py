"""A whole private stack for tests: four services (api and worker each), PostgreSQL, RabbitMQ, the real supervisor.

    def test_x(system): system.api("visits").batch(…); system.kill("visits-api"); system.reported(unit, day)

One stack per test session, started on first use (``python -m tests.system_kit STATE`` is its supervisor), with ports of
its own, and gone with the session; what a killed session left is ended by the next. It knows a small part of Viet Nam:
one district of Hà Nội with two communes, what became of them on 1/7/2025, and six villages, a team in each.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psutil
import psycopg
import pytest

from ops import verify
from ops.client import ACCEPTED, Api, Receipts
from ops.demo.world import World
from ops.local import lifecycle, process, provision, stack, tokens
from ops.local.process import Identity
from ops.local.stack import KINDS, SERVER_PORTS, Stack, http_get
from ops.local.state import ROOT, State
from ops.local.testing import test_state
from ops.simulator import Crew
from ops.units import seed as units
from ops.units.seed import NATION_ID, REFORM
from ops.verify.difference import Check
from shared import topology
from tests.waiting import local

SCALE = {"reporting-worker": 2}
"""Two, so that one can be stopped and the other has to take its work over."""
PATIENCE = 120.0
FORMED = date(2024, 10, 1)
HOUSEHOLDS = 150
Row = dict[str, Any]


def eventually(what: str, check: Callable[[], Any], timeout: float = PATIENCE, pause: float = 0.1) -> Any:
    """The first true answer of ``check``; a test failure naming ``what`` if there is none in time."""
    deadline = time.monotonic() + timeout
    while not (found := check()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {timeout:.0f} s: {what}")
        time.sleep(pause)
    return found


@dataclass
class Network:
    """The small part of the country, by own ids. ``crews`` go from door to door in ``villages``."""

    world: World
    province: str
    district: str
    communes: tuple[str, ...]
    """Since the reform."""
    villages: tuple[str, ...]
    crews: tuple[Crew, ...] = ()
    session_id: str = ""
    session_day: date = date(2026, 9, 12)


@dataclass
class System:
    """The running stack."""

    state: State
    of: Stack
    receipts: Receipts
    network: Network = field(init=False)
    _days: Iterator[int] = field(default_factory=lambda: count(1))

    # --- clients -------------------------------------------------------------------------------------------------

    def token(self, scope: str = tokens.ADMIN_SCOPE, units: Sequence[str] = (NATION_ID,), ttl: int = 3600) -> str:
        return tokens.issue(self.state, "system test", scope, units, ttl)

    def api(self, service: str) -> Api:
        """A careful client that keeps receipts."""
        return Api(service, self.of.api_url(service), self.token, self.receipts)

    def http(self, service: str, token: str | None = None, **headers: str) -> httpx.Client:
        """A client that sees every answer as it is, ``token`` "" for none."""
        bearer = self.token() if token is None else token
        given = ({"Authorization": f"Bearer {bearer}"} if bearer else {}) | headers
        return local(self.of.api_url(service), headers=given, timeout=60.0, trust_env=False)

    def fresh_day(self) -> date:
        """A day on which no other test reports visits."""
        return date(2026, 3, 1).replace(day=next(self._days))

    def reported(self, unit: str, day: date, *apis: Api, timeout: float = PATIENCE) -> dict[str, Any]:
        """Figures of one day, once they include everything these clients sent."""
        after = ",".join(api.after for api in apis if api.heads)
        asked: dict[str, Any] = {"from": day.isoformat(), "to": day.isoformat()} | ({"after": after} if after else {})
        reporting = self.api("reporting")

        def answered() -> Any:
            return reporting.get(f"/v1/reports/{unit}", **asked).get("figures")

        figures: dict[str, Any] = eventually(f"a report that includes {after}", answered, timeout)
        return figures

    # --- processes -----------------------------------------------------------------------------------------------

    def entry(self, name: str) -> dict[str, Any]:
        """What the supervisor says of a process: pid, started, state, restarts, url."""
        found: dict[str, Any] = self.state.read("run.json")["processes"][name]
        return found

    def kill(self, name: str) -> int:
        """SIGKILL, as the OOM killer would; returns the pid that was."""
        pid = int(eventually(f"a pid of {name}", lambda: self.entry(name)["pid"]))
        self._signal(pid, signal.SIGKILL)
        return pid

    def stop(self, name: str) -> int:
        """SIGSTOP: as a machine that sleeps, or a process that waits for a disk."""
        pid = int(self.entry(name)["pid"])
        self._signal(pid, signal.SIGSTOP)
        return pid

    def cont(self, name: str) -> None:
        self._signal(int(self.entry(name)["pid"]), signal.SIGCONT)

    def back(self, name: str, old_pid: int, timeout: float = PATIENCE) -> None:
        """Return once the supervisor has a successor of ``old_pid`` running that is ready."""

        def ready() -> bool:
            entry = self.entry(name)
            if not entry["pid"] or entry["pid"] == old_pid:
                return False
            return http_get(f"{entry['url']}/readyz")[0] == 200 if entry["url"] else entry["state"] == "ready"

        eventually(f"{name} back and ready", ready, timeout)

    @contextmanager
    def without_supervisor(self) -> Iterator[None]:
        """Nothing that ends is started again meanwhile."""
        pid = int(self.state.read("run.json")["supervisor"]["pid"])
        self._signal(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(pid, signal.SIGCONT)

    @contextmanager
    def down(self, *names: str) -> Iterator[None]:
        """These processes are dead within the block, and back and ready after it."""
        pids: dict[str, int] = {}
        with self.without_supervisor():
            for name in names:
                pids[name] = self.kill(name)
            yield
        for name, pid in pids.items():
            self.back(name, pid)

    def ready(self) -> None:
        """Return once every process is ready."""
        eventually("everything ready", lambda: self.state.read("run.json").get("ready"))

    def _signal(self, pid: int, number: int) -> None:
        os.kill(pid, number)
        if number == signal.SIGKILL:
            gone = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
            with suppress(psutil.NoSuchProcess):
                dying = psutil.Process(pid)
                eventually(f"{pid} dead", lambda: not dying.is_running() or dying.status() in gone, pause=0.01)

    # --- tables --------------------------------------------------------------------------------------------------

    def superuser(self, service: str) -> psycopg.Connection[Any]:
        """The service's database as nobody but a test (or an intruder) opens it."""
        parts = urlsplit(self.of.admin_database_url)
        url = urlunsplit(parts._replace(path="/" + provision.describe("", service, self.state.secret).name))
        return psycopg.connect(url, autocommit=True)

    def metric(self, name: str, sample: str) -> float:
        """The sum of a process's samples that start so: ``metric("reporting-api", "tungnha_dead_letters_total{")``."""
        body = http_get(f"{self.entry(name)['url']}/metrics")[1].decode()
        return sum(float(line.rpartition(" ")[2]) for line in body.splitlines() if line.startswith(sample))

    # --- proof ---------------------------------------------------------------------------------------------------

    def verify(self, receipts: Sequence[Path] | None = None, patience: float = verify.SETTLE_SECONDS) -> list[Check]:
        files = [self.receipts.path] if receipts is None else list(receipts)
        return list(verify.run(self.of, files, patience))

    def assert_verified(self) -> None:
        failed = [f"{check.name}: {check.detail}" for check in self.verify() if not check.ok]
        assert failed == [], failed


# --- life ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    with test_state() as state, _supervised(state):
        running = System(state, stack.opened(state), Receipts(state.directory / "receipts" / "tests.ndjson"))
        running.network = populate(running)
        yield running
        running.receipts.close()


@contextmanager
def _supervised(state: State) -> Iterator[None]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name in ("TUNGNHA_DATABASE_URL", "TUNGNHA_AMQP_URI"):
        env.pop(name, None)
    log = state.logs / "supervisor.log"
    with log.open("ab") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "tests.system_kit", str(state.directory)],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process.remember(state.directory / "processes.jsonl", Identity.of(supervisor.pid) or Identity(supervisor.pid, 0))
    try:
        _wait(state, supervisor)
        yield
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.send_signal(signal.SIGCONT)
        with suppress(subprocess.TimeoutExpired):
            supervisor.wait(90)
        lifecycle.stop(state, lambda text: None)


def _wait(state: State, supervisor: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 300
    while not state.read("run.json").get("ready"):
        if supervisor.poll() is not None or time.monotonic() > deadline:
            told = process.tail(state.logs / "supervisor.log", 60)
            pytest.fail(f"the stack did not start:\n{told}\n{json.dumps(state.read('run.json'), indent=1)}")
        time.sleep(0.1)


def _supervise(directory: str) -> int:
    """The supervisor's process. Random ports, except that a restart keeps them."""
    state = State(Path(directory))
    names = [*SERVER_PORTS, *(f"{service}-{kind}" for service in topology.SERVICES for kind in KINDS)]
    state.ports(dict.fromkeys(names, 0))
    return lifecycle.supervise(state, SCALE, lambda text: print(text, flush=True))


# --- a small country -------------------------------------------------------------------------------------------------


def populate(system: System) -> Network:
    """Units, a document, people and teams, a course and a session: sent through the public API, known everywhere."""
    known = units.load()
    world = World(1, known)
    district = known.by_name("Chương Mỹ", FORMED, "district")
    former = known.communes(district, FORMED)[:2]
    rows = part_of(known.rows, former)
    villages = world.make_villages(former, 6, FORMED)
    moved = [_moved(world, village, known.tree.successors(village["parent_id"])[0]) for village in villages]
    plan = world.document("decision", "UBND huyện Chương Mỹ", "1/QĐ-UBND", FORMED, "Thành lập tổ")
    places = [(former[0], former[0]), *((village["unit_id"], village["parent_id"]) for village in villages)]
    made = [world.make_team("chuong-my", unit, commune, 4, "công nghệ số") for unit, commune in places]
    teams = system.api("teams")
    everything = [*rows, *villages, *moved]
    _send(teams, "/v1/units/batch", everything)
    _send(teams, "/v1/documents/batch", [plan])
    _send(teams, "/v1/people/batch", [person for _, people in made for person in people])
    _send(teams, "/v1/teams/batch", [world.established(team, FORMED, plan) for team, _ in made])
    crews = tuple(
        Crew(team.team_id, team.unit_id, tuple(seat["person_id"] for seat in team.seats), HOUSEHOLDS)
        for team, _ in made
        if team.kind == "village"
    )
    province = known.tree.parent(district, FORMED)
    assert province is not None
    heirs = tuple(known.tree.successors(commune)[0] for commune in former)
    network = Network(world, province, district, heirs, tuple(crew.unit_id for crew in crews), crews)
    system.reported(NATION_ID, FORMED, teams)
    _units_known(system)
    _offer_session(system, network)
    return network


def part_of(rows: Sequence[Row], roots: Sequence[str]) -> list[Row]:
    """The rows of these units, of those above them and of those that followed them, in the order of the seed."""
    of_unit: dict[str, list[Row]] = {}
    for row in rows:
        of_unit.setdefault(row["unit_id"], []).append(row)
    wanted: set[str] = set()
    pending = list(roots)
    while pending:
        unit = pending.pop()
        if unit in wanted:
            continue
        wanted.add(unit)
        for row in of_unit[unit]:
            pending += [row["parent_id"]] if row.get("parent_id") else []
            pending += [heir["unit_id"] for heir in row.get("successors", ())]
    return [row for row in rows if row["unit_id"] in wanted]


def _moved(world: World, village: Row, commune: str) -> Row:
    moving = {"id": world.id("reparent", village["unit_id"]), "do": "reparent", "unit_id": village["unit_id"]}
    return moving | {"parent_id": commune, "effective": REFORM.isoformat()}


def _send(api: Api, path: str, rows: Sequence[Row]) -> None:
    turned_down = [result for result in api.batch(path, rows) if result["outcome"] not in ACCEPTED]
    assert turned_down == []


def _units_known(system: System) -> None:
    """Visits and training learn of the units through the bus: wait until both have taken all of it."""
    head = system.api("teams").get("/v1/events/heads")["heads"]["0"]
    for service in ("visits", "training"):
        with system.superuser(service) as tx:
            known = "SELECT min(position) >= %s FROM bus.cursors WHERE source = 'teams'"

            def arrived(tx: psycopg.Connection[Any] = tx, known: str = known) -> bool:
                return tx.execute(known, [head]).fetchone() == (True,)

            eventually(f"{service} knows the units", arrived)


def _offer_session(system: System, network: Network) -> None:
    world, training = network.world, system.api("training")
    course, network.session_id = world.id("course"), world.id("session")
    training.post(
        "/v1/courses",
        {"course_id": course, "title": "Kỹ năng số cơ bản", "topics": ["public_services"], "simulated": True},
    )
    training.post(
        "/v1/sessions",
        {
            "session_id": network.session_id,
            "course_id": course,
            "unit_id": network.communes[0],
            "organiser": "department",
            "parts": [{"day": network.session_day.isoformat()}],
            "simulated": True,
        },
    )


# --- steady load -----------------------------------------------------------------------------------------------------


class Load:
    """Clients that send batches at a steady pace, each in a thread, until told to stop; what they keep is confirmed."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.errors: list[BaseException] = []
        self.outcomes: dict[str, int] = {}
        self.confirmed: dict[str, set[str]] = {}
        """Path → ids of the rows that were stored, each once however often it was sent."""

    def client(self, api: Api, path: str, id_key: str, batches: Iterator[list[Row]], pause: float) -> None:
        """Start a client: a batch every ``pause`` seconds, and every tenth one once more."""

        def run() -> None:
            try:
                for number, rows in enumerate(batches):
                    due = time.monotonic() + pause
                    for _ in range(2 if number % 10 == 9 else 1):
                        self.send(api, path, id_key, rows)
                    if self._over.wait(max(0.0, due - time.monotonic())):
                        return
            except BaseException as error:
                self.errors.append(error)

        self._threads.append(threading.Thread(target=run, daemon=True))
        self._threads[-1].start()

    def send(self, api: Api, path: str, id_key: str, rows: list[Row]) -> None:
        results = api.batch(path, rows, id_key)
        with self._lock:
            for row, result in zip(rows, results, strict=True):
                outcome = result["outcome"]
                self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
                if outcome in ACCEPTED:
                    self.confirmed.setdefault(path, set()).add(row[id_key])

    def end(self) -> None:
        """Stop after the batches under way."""
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE + 60)
            assert not thread.is_alive(), "a client still waits for its answer"


if __name__ == "__main__":
    sys.exit(_supervise(sys.argv[1]))
