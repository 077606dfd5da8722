"""Under a steady load every part is killed in turn: nothing confirmed is lost, nothing counts twice, nobody helps.

The clients are phones in a village: they send batches, wait patiently where nobody answers, and send again whatever
they are not sure of. They keep a receipt of everything that was confirmed. The tests of this file share one load and
run in their order; the last one adds everything up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count, islice

import pytest

from ops.local import rabbitmq
from ops.local.stack import KINDS
from ops.simulator import visits
from ops.units.seed import NATION_ID
from tests.system_kit import Load, Row, System, eventually

CLIENTS, BATCH, PAUSE = 4, 25, 0.5
"""200 visits/s, and some of them twice."""
STOPPED_SECONDS = 60.0
"""Longer than every lease (12 and 20 s), and than the 30 s after which another worker ends a stuck holder of one."""


@dataclass
class Siege:
    """The load, and what has been done to the stack so far."""

    system: System
    day: date
    load: Load = field(default_factory=Load)
    probes: int = 0
    stopped_at: dict[str, float] = field(default_factory=dict)

    def start(self) -> None:
        for number in range(CLIENTS):
            phone = self.system.api("visits")
            self.load.client(phone, "/v1/visits/batch", "visit_id", self._visits(number, BATCH), PAUSE)
        for service, path, key, rows in (
            ("training", "/v1/attendance/batch", "attendance_id", self._attendances()),
            ("teams", "/v1/people/batch", "id", self._people()),
        ):
            self.load.client(self.system.api(service), path, key, rows, PAUSE)

    def flows(self) -> None:
        """What is sent now is confirmed, and comes to stand in the national report."""
        self.probes += 1
        phone = self.system.api("visits")
        self.load.send(phone, "/v1/visits/batch", "visit_id", next(self._visits(1_000 + self.probes, 5)))
        self.system.reported(NATION_ID, self.day, phone)

    def stop(self, name: str) -> None:
        self.system.stop(name)
        self.stopped_at[name] = time.monotonic()

    def wake(self, name: str) -> None:
        """Continue a stopped worker, not before it has been away for longer than anything may be held."""
        time.sleep(max(0.0, self.stopped_at.pop(name) + STOPPED_SECONDS - time.monotonic()))
        self.system.cont(name)

    def _visits(self, seed: int, size: int) -> Iterator[list[Row]]:
        rows = (body for n in count() for _, body in visits(self.system.network.crews, 500, self.day, seed * 1_000 + n))
        while batch := list(islice(rows, size)):
            yield batch

    def _people(self) -> Iterator[list[Row]]:
        world = self.system.network.world
        for n in count():
            yield [world.person(self.day, n, index) for index in range(5)]

    def _attendances(self) -> Iterator[list[Row]]:
        network = self.system.network
        for n in count():
            yield [
                {
                    "attendance_id": network.world.id("attendance", self.day, n, index),
                    "person_id": network.world.id("trained", self.day, n, index),
                    "session_id": network.session_id,
                    "unit_id": network.communes[index % 2],
                    "day": network.session_day.isoformat(),
                }
                for index in range(5)
            ]


@pytest.fixture(scope="module")
def siege(system: System) -> Iterator[Siege]:
    siege = Siege(system, system.fresh_day())
    siege.start()
    yield siege
    for name in siege.stopped_at:
        system.cont(name)
    siege.load.end()


def test_a_reporting_worker_falls_asleep_in_the_middle(siege: Siege):
    """It holds whatever it held; it is woken below."""
    siege.flows()
    siege.stop("reporting-worker")


@pytest.mark.parametrize("kind", KINDS)
def test_killed_processes_come_back(siege: Siege, kind: str):
    """One after the other, before the one before is back."""
    killed = {}
    for service in ("visits", "teams", "training"):
        killed[f"{service}-{kind}"] = siege.system.kill(f"{service}-{kind}")
        time.sleep(0.5)
    for name, pid in killed.items():
        siege.system.back(name, pid)


def test_the_other_reporting_worker_takes_the_work_over(siege: Siege):
    siege.flows()


def test_a_relay_falls_asleep(siege: Siege):
    """Its service has no other worker: the feed has what is not relayed now, and in the tests that follow."""
    siege.stop("visits-worker")
    siege.flows()


def test_the_woken_worker_does_no_harm(siege: Siege):
    siege.wake("reporting-worker")
    siege.flows()


@pytest.mark.parametrize("name", ["reporting-api", "reporting-worker"])
def test_a_killed_reporting_process_comes_back(siege: Siege, name: str):
    siege.system.back(name, siege.system.kill(name))
    siege.flows()


def test_a_killed_database_server_recovers(siege: Siege):
    siege.system.back("postgres", siege.system.kill("postgres"))
    siege.flows()


def test_a_killed_broker_comes_back(siege: Siege):
    siege.system.back("rabbitmq", siege.system.kill("rabbitmq"))
    siege.flows()


def test_the_woken_relay_does_no_harm(siege: Siege):
    siege.wake("visits-worker")
    siege.flows()


def test_a_broker_that_lost_its_disk_comes_back(siege: Siege):
    """What lay in the queue is gone for good; the consumer reads it from the source."""
    system = siege.system
    with system.without_supervisor():
        ingest = system.kill("reporting-api")
        uri = system.of.admin_amqp_uri
        eventually("messages in the queue", lambda: rabbitmq.depths(uri)["reporting.mirror"] > 100)
        broker = system.kill("rabbitmq")
        system.of.node.wipe()
    system.back("rabbitmq", broker)
    system.back("reporting-api", ingest)
    siege.flows()


def test_nothing_was_lost_and_nothing_counts_twice(siege: Siege):
    system, load = siege.system, siege.load
    load.end()
    assert load.errors == []
    assert set(load.outcomes) <= {"stored", "flagged", "repeated"}
    confirmed = load.confirmed["/v1/visits/batch"]
    assert len(confirmed) > 2_000
    phone = system.api("visits")
    phone.note_heads()
    assert system.reported(NATION_ID, siege.day, phone)["visits"] == len(confirmed)
    with system.superuser("visits") as tx:
        query = "SELECT data ->> 'visit_id' FROM log.events WHERE type = 'VisitRecorded' AND data ->> 'day' = %s"
        stored = [row[0] for row in tx.execute(query, [siege.day.isoformat()])]
    assert sorted(stored) == sorted(confirmed)
    system.assert_verified()
    system.ready()


def test_nobody_gave_up(system: System):
    processes: dict[str, Row] = system.state.read("run.json")["processes"]
    assert {name: entry["state"] for name, entry in processes.items()} == dict.fromkeys(processes, "ready")
