"""Ingest under eventlet, real broker: batches in, one ack, bad messages to the dead letters, any broker weather."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import amqp
import orjson
import psycopg
import pytest

from ops.local import rabbitmq
from ops.local.process import clean_environment
from shared import broker
from shared.bus import stretch
from shared.mirror import Mirror
from shared.relay import Relay
from shared.repair import Repair
from tests.bus_kit import DirectFeed, Service, dense, public
from tests.waiting import eventually


@pytest.fixture
def visits(database: Callable[..., Any], rabbit: Any) -> Iterator[Service]:
    rabbit.purge()
    service = Service(database("visits", migrate=False))
    yield service
    service.close()


@pytest.fixture
def reporting(database: Callable[..., Any]) -> Iterator[Service]:
    service = Service(database("reporting", migrate=False), 1)
    yield service
    service.close()


class Process:
    """The ingesting service as a process of its own."""

    def __init__(self, reporting: Service, rabbit: Any, root: Any) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "tests.batch_service", reporting.database.app_url, rabbit.uri("reporting")],
            cwd=root,
            env=clean_environment() | {"PYTHONPATH": str(root)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.popen.stdout and self.popen.stdout.readline() == "started\n"

    def stop(self) -> tuple[dict[str, Any], float]:
        """Its counters, and how long it took to end."""
        began = time.monotonic()
        self.popen.terminate()
        out, _ = self.popen.communicate(timeout=15)
        assert self.popen.returncode == 0
        return json.loads(out.splitlines()[-1]), time.monotonic() - began


@pytest.fixture
def start(reporting: Service, rabbit: Any, root: Any) -> Iterator[Callable[[], Process]]:
    started: list[Process] = []

    def begin() -> Process:
        started.append(Process(reporting, rabbit, root))
        return started[-1]

    yield begin
    for each in started:
        if each.popen.poll() is None:
            each.popen.kill()
            each.popen.wait()


def publish_all(visits: Service, rabbit: Any) -> None:
    relay = Relay("visits", visits.log, visits.plain, rabbit.uri("visits"), public, range(2))
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if relay.step() == 0:
                break
        except broker.Unreachable:
            time.sleep(0.2)
    relay.close()


def dead(rabbit: Any) -> list[tuple[str, bytes]]:
    letters = []
    with rabbitmq.connect(rabbit.admin_uri()) as connection:
        channel = connection.channel()
        while (message := channel.basic_get("events.dead", no_ack=True)) is not None:
            letters.append((message.headers["reason"], message.headers["queue"]))
    return letters


def depth(rabbit: Any) -> int:
    return rabbitmq.depths(rabbit.admin_uri())["reporting.mirror"]


def test_batches_are_stored_and_bad_messages_end_in_the_dead_letters(
    visits: Service, reporting: Service, rabbit: Any, start: Callable[[], Process]
) -> None:
    visits.append(1200, streams=100)
    publish_all(visits, rabbit)
    with broker.connect(rabbit.uri("visits")) as connection:
        channel = connection.channel()
        for body in (b"{", b"\xff"):
            channel.basic_publish(amqp.Message(body), "visits.events", "x")
        _, event = next(iter(stretch("visits", visits.log.log_id, visits.log.read(0, 0, 1), public)))
        forged = orjson.dumps(event | {"contenthash": "00" * 16})
        channel.basic_publish(amqp.Message(forged, content_encoding="utf-8"), "visits.events", "x")
    process = start()
    eventually(lambda: dense(reporting, "visits") == {0: (1200, 1200)} and depth(rabbit) == 0)
    time.sleep(1)
    counts, seconds = process.stop()
    assert seconds < 5
    assert counts == {"ingested": 12.0, "not-json": 2.0, "hash": 1.0}, "a hundred events a message"
    assert sorted(dead(rabbit)) == [("hash", "reporting.mirror")] + [("not-json", "reporting.mirror")] * 2
    assert reporting.run("SELECT kind FROM bus.alarms") == [("hash",)]
    assert depth(rabbit) == 0, "everything is acknowledged"


def test_it_starts_waits_and_stops_without_a_broker_and_survives_losing_its_disk(
    visits: Service, reporting: Service, rabbit: Any, start: Callable[[], Process]
) -> None:
    rabbit.stop()
    try:
        early = start()
        time.sleep(1)
        _, seconds = early.stop()
        process = start()
    finally:
        rabbit.start()  # whatever went wrong, the tests that follow need it
    assert seconds < 5
    visits.append(50)
    publish_all(visits, rabbit)
    eventually(lambda: dense(reporting, "visits") == {0: (50, 50)})
    rabbit.kill()
    rabbit.wipe()
    rabbit.start()
    visits.append(50)
    visits.run("UPDATE bus.cursors SET position = 70 WHERE subscription = 'relay' AND partition = 0")
    publish_all(visits, rabbit)
    eventually(lambda: dense(reporting, "visits")[0] == (80, 100))
    repair = Repair("visits", DirectFeed(visits), Mirror(reporting.engine, {"visits": {"Counted"}}))  # type: ignore[arg-type]  # a feed without HTTP
    assert repair.round() is True
    assert dense(reporting, "visits") == {0: (100, 100)}
    _, seconds = process.stop()
    assert seconds < 5


def test_an_outage_of_the_database_costs_no_message_its_delivery_limit(
    visits: Service, reporting: Service, rabbit: Any, start: Callable[[], Process]
) -> None:
    with psycopg.connect(reporting.database.owner_url, autocommit=True) as owner:
        owner.execute("REVOKE INSERT ON bus.mirror FROM reporting_app")
        visits.append(20)
        publish_all(visits, rabbit)
        process = start()
        time.sleep(2)
        assert dense(reporting, "visits") == {}
        owner.execute("GRANT INSERT ON bus.mirror TO reporting_app")
    eventually(lambda: dense(reporting, "visits") == {0: (20, 20)})
    counts, _ = process.stop()
    assert counts["ingested"] == 1
    assert dead(rabbit) == []
