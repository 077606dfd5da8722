"""The bus as data: who may do what, and that the two ways of declaring it agree."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared import topology
from shared.topology import DEAD, SERVICES, SOURCES, SUBSCRIPTIONS, exchange, queue

EVERYTHING = [
    *topology.exchanges(),
    *topology.queues(),
    "amq.default",
    "amq.topic",
    "xteams.events",
    "teams.events2",
]


def allowed(service: str, verb: str) -> set[str]:
    pattern = re.compile(topology.permissions(service)[verb])
    return {name for name in EVERYTHING if pattern.search(name)}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_publishes_to_no_exchange_but_its_own_and_the_dead_letters(service):
    written = allowed(service, "write") & {*topology.exchanges(), "amq.default", "amq.topic", "xteams.events"}
    assert written <= {exchange(service), DEAD}
    assert (exchange(service) in written) == (service in SOURCES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_its_own_queue_and_what_it_subscribes_to(service):
    sources = {exchange(source) for source in SUBSCRIPTIONS.get(service, ())}
    own = {queue(service)} if service in SUBSCRIPTIONS else set()
    assert allowed(service, "read") == sources | own


def test_every_queue_keeps_what_it_refuses():
    for consumer in SUBSCRIPTIONS:
        arguments = topology.queues()[queue(consumer)]
        assert arguments["x-queue-type"] == "quorum"
        assert arguments["x-dead-letter-exchange"] == DEAD
        # Without this pair dead-lettering silently becomes at-most-once.
        assert (arguments["x-dead-letter-strategy"], arguments["x-overflow"]) == ("at-least-once", "reject-publish")


def test_no_exchange_is_without_a_queue():
    assert {source for source, _ in topology.bindings()} == set(topology.exchanges())


class Recorder:
    """A channel that remembers what it was told."""

    def __init__(self) -> None:
        self.told: dict[str, list[Any]] = {"exchanges": [], "queues": [], "bindings": []}

    def exchange_declare(self, name: str, type: str, **options: Any) -> None:
        self.told["exchanges"].append(name)

    def queue_declare(self, name: str, *, arguments: dict[str, Any], **options: Any) -> None:
        self.told["queues"].append((name, arguments))

    def queue_bind(self, target: str, source: str, key: str) -> None:
        self.told["bindings"].append((source, target, key))


def test_the_definitions_file_says_what_declaring_says():
    channel = Recorder()
    topology.declare(channel)
    file = topology.definitions(dict.fromkeys([*SERVICES, "root"], "secret"), "root")
    assert [entry["name"] for entry in file["exchanges"]] == channel.told["exchanges"]
    assert [(entry["name"], entry["arguments"]) for entry in file["queues"]] == channel.told["queues"]
    told = [(entry["source"], entry["destination"], entry["routing_key"]) for entry in file["bindings"]]
    assert told == channel.told["bindings"]
    assert "secret" not in str(file)
