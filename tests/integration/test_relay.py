"""The relay against a real broker: nothing is skipped, whatever breaks between log, broker and cursor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from ops.local import rabbitmq
from shared import broker, topology
from shared.bus import MAX_PACKED, PLACEHOLDER, TICK, Wire, read
from shared.relay import Relay
from tests.bus_kit import Service, public


@pytest.fixture
def visits(database: Callable[..., Any], rabbit: Any) -> Iterator[Service]:
    rabbit.purge()
    service = Service(database("visits", migrate=False))
    yield service
    service.close()


@pytest.fixture
def relay(visits: Service, rabbit: Any) -> Iterator[Relay]:
    relay = Relay("visits", visits.log, visits.plain, rabbit.uri("visits"), public, range(2), limit=300)
    yield relay
    relay.close()


def received(rabbit: Any, queue: str = "reporting.mirror") -> list[Wire]:
    """Everything in the queue, taken out of it."""
    wires: list[Wire] = []
    with rabbitmq.connect(rabbit.admin_uri()) as connection:
        channel = connection.channel()
        while (message := channel.basic_get(queue, no_ack=True)) is not None:
            body = message.body
            found, reason = read(body.encode() if isinstance(body, str) else bytes(body))
            assert reason is None
            wires += found
    return wires


def drain(relay: Relay) -> int:
    total = 0
    while moved := relay.step():
        total += moved
    return total


def cursor(visits: Service) -> list[tuple[int, int]]:
    return [tuple(r) for r in visits.run("SELECT partition, position FROM bus.cursors ORDER BY 1")]


def test_everything_public_arrives_and_private_runs_become_ticks(visits: Service, rabbit: Any, relay: Relay) -> None:
    visits.append(400, partition=0)
    visits.append(3, partition=1, stream="b")
    visits.append(5, partition=1, stream="b", private=True)
    visits.append(1, partition=1, stream="b")
    assert drain(relay) == 409
    assert cursor(visits) == [(0, 400), (1, 9)]
    wires = received(rabbit)
    assert {w.last for w in wires if w.partition == 0} == set(range(1, 401))
    assert [(w.type, w.first, w.last) for w in wires if w.partition == 1 and w.type == TICK] == [(TICK, 4, 8)]
    event = visits.log.read(1, 8, 1)[0]
    sent = next(w for w in wires if (w.partition, w.last) == (1, 9))
    assert (sent.hash, sent.subject, sent.command_id, sent.time) == (
        event.hash,
        event.stream_id,
        event.command_id,
        event.recorded_at,
    )


def test_routing_keys_name_event_and_units(visits: Service, rabbit: Any, relay: Relay) -> None:
    with rabbitmq.connect(rabbit.admin_uri()) as connection:
        channel = connection.channel()
        name = channel.queue_declare(exclusive=True).queue
        channel.queue_bind(name, "visits.events", "Counted.v1.p1.*")
        visits.append(1)
        visits.append(1, private=True)
        drain(relay)
        visits.append(1)
        drain(relay)
        keys = [channel.basic_get(name, no_ack=True) for _ in range(3)]
        assert [m.delivery_info["routing_key"] for m in keys if m] == ["Counted.v1.p1.c7"] * 2


def test_events_of_one_key_share_messages_across_partitions(visits: Service, rabbit: Any, relay: Relay) -> None:
    visits.append(MAX_PACKED + 10, partition=0)
    visits.append(20, partition=1, stream="b")
    visits.append(5, partition=1, stream="b", private=True)
    assert drain(relay) == MAX_PACKED + 35
    with rabbitmq.connect(rabbit.admin_uri()) as connection:
        channel = connection.channel()
        messages = [channel.basic_get("reporting.mirror", no_ack=True) for _ in range(4)]
    kinds = [message.properties["content_type"] for message in messages if message]
    assert kinds == ["application/cloudevents-batch+json"] * 2 + ["application/cloudevents+json"]
    sizes = [len(read(bytes(message.body))[0]) for message in messages[:3]]
    assert sizes == [MAX_PACKED, 30, 1]


def test_an_event_that_cannot_be_mapped_goes_out_as_a_placeholder(visits: Service, rabbit: Any, relay: Relay) -> None:
    visits.append(1, unmappable=True, note="personal")
    visits.append(1)
    drain(relay)
    bad, good = sorted(received(rabbit), key=lambda w: w.last)
    assert (bad.type, bad.revision, bad.data) == (PLACEHOLDER, 0, {})
    assert (good.type, good.revision) == ("Counted", 1)


def test_a_crash_between_publishing_and_moving_publishes_again(
    visits: Service, rabbit: Any, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits.append(20)
    monkeypatch.setattr(relay, "_move", lambda runs: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        relay.step()
    assert cursor(visits) == [(0, 0), (1, 0)]
    other = Relay("visits", visits.log, visits.plain, rabbit.uri("visits"), public, range(2))
    assert other.step() == 0, "still leased"
    visits.run("UPDATE bus.cursors SET leased_until = now() - interval '1 second'")
    assert drain(other) == 20
    other.close()
    assert sorted(w.last for w in received(rabbit)) == sorted([*range(1, 21)] * 2)


def test_an_unroutable_message_moves_no_cursor_and_is_reported(visits: Service, rabbit: Any, relay: Relay) -> None:
    visits.append(3)
    with rabbitmq.connect(rabbit.admin_uri()) as connection:
        channel = connection.channel()
        channel.queue_unbind("reporting.mirror", "visits.events", "#")
        try:
            with pytest.raises(broker.Unpublished):
                relay.step()
            assert cursor(visits)[0] == (0, 0)
            assert relay.reason is not None and relay.reason.startswith("unroutable")
        finally:
            channel.queue_bind("reporting.mirror", "visits.events", "#")
    assert drain(relay) == 3
    assert relay.reason is None


def test_two_relays_share_partitions_and_publish_nothing_twice(visits: Service, rabbit: Any, relay: Relay) -> None:
    other = Relay("visits", visits.log, visits.plain, rabbit.uri("visits"), public, range(2), limit=300)
    visits.append(500, partition=0)
    visits.append(500, partition=1, stream="b")
    while relay.step() + other.step():
        pass
    other.close()
    assert len(received(rabbit)) == 1000


def test_a_broker_that_restarts_or_loses_its_disk_costs_only_time(visits: Service, rabbit: Any, relay: Relay) -> None:
    visits.append(10)
    assert drain(relay) == 10
    rabbit.stop()
    visits.append(10)
    with pytest.raises(broker.Unreachable):
        relay.step()
    assert relay.reason is not None
    rabbit.start()
    assert drain(relay) == 10
    assert len(received(rabbit)) == 20
    rabbit.kill()
    rabbit.wipe()
    rabbit.start()
    visits.append(10)
    deadline = time.monotonic() + 10
    moved = 0
    while moved < 10 and time.monotonic() < deadline:
        try:
            moved += relay.step()
        except broker.Unreachable:
            time.sleep(0.1)
    assert moved == 10
    assert [w.last for w in received(rabbit)] == list(range(21, 31))


def test_a_refusing_queue_moves_no_cursor(visits: Service, rabbit: Any, relay: Relay) -> None:
    with rabbitmq.connect(rabbit.admin_uri()) as connection:
        channel = connection.channel()
        full = {"x-max-length": 1, "x-overflow": "reject-publish"}
        name = channel.queue_declare(exclusive=True, arguments=full).queue
        channel.queue_bind(name, "visits.events", "#")
        visits.append(4)
        visits.append(1, private=True)  # a message of its own
        with pytest.raises(broker.Unpublished, match="refused"):
            relay.step()
        assert cursor(visits)[0] == (0, 0)
    assert drain(relay) == 5


def test_a_large_event_travels_too(visits: Service, rabbit: Any, relay: Relay) -> None:
    visits.append(1)
    visits.append(1, note="x" * 300_000)
    visits.append(1)
    assert drain(relay) == 3
    assert sorted((w.last, len(w.data.get("note", ""))) for w in received(rabbit)) == [(1, 0), (2, 300_000), (3, 0)]


def test_a_message_is_persistent_cloudevents_json(visits: Service, rabbit: Any, relay: Relay) -> None:
    visits.append(1)
    drain(relay)
    with rabbitmq.connect(rabbit.admin_uri()) as connection:
        message = connection.channel().basic_get("reporting.mirror", no_ack=True)
    assert message.properties["delivery_mode"] == 2
    assert message.properties["content_type"] == "application/cloudevents+json"
    wire = orjson.loads(message.body)
    assert wire["source"] == "/tungnha/visits" and wire["specversion"] == "1.0" and wire["position"] == "1"
    assert topology.exchange("visits") == message.delivery_info["exchange"]
