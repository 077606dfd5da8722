"""The wire form: dense, readable by us alone, and never a crash."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.broker import BATCH, EVENT, Publisher, _publish_frames
from shared.bus import (
    MAX_PACKED,
    MAX_PACKED_BYTES,
    MAX_TICK,
    PLACEHOLDER,
    TICK,
    Public,
    Undecodable,
    Wire,
    packed,
    parse,
    read,
    routing_key,
    stretch,
)
from shared.log import Recorded

LOG = uuid.UUID(int=7)
WHEN = datetime(2026, 5, 1, 12, 0, 0, 123456, UTC)


def event(position: int, kind: str) -> Recorded:
    return Recorded(1, position, f"place:{position}", 1, kind, 1, {"n": position}, {}, uuid.uuid4(), 1, b"h" * 16, WHEN)


def publish(stored: Recorded) -> Public | None:
    if stored.type == "Hidden":
        return None
    if stored.type == "Broken":
        raise LookupError
    return Public(stored.type, 2, stored.data)


def travelled(events: list[Recorded]) -> list[Wire]:
    return [parse(orjson.dumps(wire)) for _, wire in stretch("visits", LOG, events, publish)]


@given(st.lists(st.sampled_from(["Hidden", "Broken", "Shown"])), st.integers(0, 10**12))
def test_every_position_travels_exactly_once(kinds: list[str], start: int) -> None:
    events = [event(start + n, kind) for n, kind in enumerate(kinds, 1)]
    wires = travelled(events)
    covered = [position for wire in wires for position in range(wire.first, wire.last + 1)]
    assert covered == [stored.position for stored in events]
    by_position = {stored.position: stored for stored in events}
    for wire in wires:
        kinds_covered = {by_position[p].type for p in range(wire.first, wire.last + 1)}
        assert kinds_covered == {{TICK: "Hidden", PLACEHOLDER: "Broken"}.get(wire.type, "Shown")}
        assert (wire.revision == 0) == (wire.type == PLACEHOLDER)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 30_000)), max_size=150))
def test_packing_loses_nothing_and_stays_within_bounds(sizes: list[tuple[str, int]]) -> None:
    wires = [(key, {"n": n, "x": "x" * size}) for n, (key, size) in enumerate(sizes)]
    seen: list[tuple[str, int]] = []
    for key, body, several in packed(iter(wires)):
        found = orjson.loads(body) if several else [orjson.loads(body)]
        assert (len(found) > 1) == several
        assert len(found) <= MAX_PACKED
        assert len(body) <= MAX_PACKED_BYTES or len(found) == 1
        seen += [(key, wire["n"]) for wire in found]
    assert sorted(seen, key=lambda each: each[1]) == [(key, wire["n"]) for key, wire in wires]
    for each in "abc":
        of_key = [n for key, n in seen if key == each]
        assert of_key == sorted(of_key), "in order within a key"


def test_a_small_run_is_few_messages() -> None:
    wires = [("a" if n % 3 else "b", {"n": n}) for n in range(300)]
    assert [(key, len(orjson.loads(body))) for key, body, _ in packed(wires)] == [("a", 100), ("b", 100), ("a", 100)]


def test_a_message_with_several_is_read_event_by_event() -> None:
    bodies = [orjson.dumps(wire) for _, wire in stretch("visits", LOG, [event(n, "Shown") for n in (1, 2, 3)], publish)]
    whole = b"[" + b",".join(bodies) + b"]"
    assert read(whole) == ([parse(body) for body in bodies], None)
    assert read(bodies[0]) == ([parse(bodies[0])], None)
    bad = bodies[1].replace(b'"2"', b'"-2"')
    good, reason = read(b"[" + b",".join([bodies[0], bad, b"7", bodies[2]]) + b"]")
    assert ([wire.last for wire in good], reason) == ([1, 3], "invalid $.position")
    for broken, why in ((whole[:-1], "not-json"), (b"[]", "not 1 to 100 events"), (b"[1", "not-json")):
        assert read(broken) == ([], why)
    assert read(b"[" + b",".join(bodies * 34) + b"]") == ([], "not 1 to 100 events")


def test_what_travels_comes_back() -> None:
    stored = event(4711, "Shown")
    (wire,) = travelled([stored])
    assert (wire.source, wire.log_id, wire.partition, wire.first, wire.last) == ("visits", LOG, 1, 4711, 4711)
    assert (wire.type, wire.version, wire.subject, wire.data) == ("Shown", 2, "place:4711", {"n": 4711})
    assert (wire.command_id, wire.ordinal, wire.hash, wire.time) == (stored.command_id, 1, b"h" * 16, WHEN)


def test_routing_keys_have_a_place_for_every_unit() -> None:
    assert routing_key(Public("VisitRecorded", 1, {}, "p01", "c0001")) == "VisitRecorded.v1.p01.c0001"
    assert routing_key(Public("CampaignScheduled", 1, {})) == "CampaignScheduled.v1._._"


@given(st.binary())
def test_no_bytes_crash_the_reader(body: bytes) -> None:
    with pytest.raises(Undecodable):
        parse(body)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5)
GOOD = next(wire for _, wire in stretch("visits", LOG, [event(3, "Shown")], publish))


@given(st.sampled_from(sorted(GOOD)), JSON)
def test_any_attribute_may_be_anything(name: str, value: Any) -> None:
    body = orjson.dumps(GOOD)
    try:
        changed = orjson.dumps({**orjson.loads(body), name: value})
    except TypeError:
        return  # not JSON to begin with: an integer beyond 64 bits, a lone surrogate
    try:
        wire = parse(changed)
    except Undecodable as error:
        assert len(error.reason) < 80
    else:
        assert wire.first == wire.last >= 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "Tick.v1", "data": {"from": 1, "to": 3 + MAX_TICK}, "position": str(3 + MAX_TICK)}, "tick-too-long"),
        ({"type": "Tick.v1", "data": {"from": 4, "to": 3}}, "invalid tick"),
        ({"type": "Tick.v1", "data": {"from": True, "to": 3}}, "invalid tick"),
        ({"revision": 0}, "invalid revision"),
        ({"subject": None}, "not one of our events"),
        ({"id": "nonsense:1"}, "invalid $.id"),
        ({"id": str(uuid.UUID(int=1))}, "not one of our events"),
        ({"logid": "x"}, "invalid $.logid"),
        ({"specversion": "0.3"}, "invalid $.specversion"),
        ({"source": "/elsewhere/visits"}, "invalid $.source"),
        ({"data": {"note": "a\0b"}}, "nul-character"),
        ({"data": {"x": "y" * 1_000_000}}, "too-large"),
    ],
)
def test_a_forgery_is_refused_with_its_reason(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(Undecodable) as refused:
        parse(orjson.dumps(GOOD | change))
    assert refused.value.reason == reason


def test_an_escaped_backslash_before_u0000_is_innocent() -> None:
    assert parse(orjson.dumps(GOOD | {"data": {"note": "\\u0000"}})).data == {"note": "\\u0000"}


# --- confirms ----------------------------------------------------------------------------------------------------


@given(st.data())
def test_confirms_may_come_in_any_order_and_in_groups(data: st.DataObject) -> None:
    total = data.draw(st.integers(0, 30))
    publisher = Publisher.__new__(Publisher)
    publisher._published, publisher._confirmed_up_to, publisher._confirmed_beyond = total, 0, set()
    publisher._failure = None
    waiting = set(range(1, total + 1))
    while waiting:
        tag = data.draw(st.sampled_from(sorted(waiting)))
        multiple = data.draw(st.booleans())
        publisher._on_ack(tag, multiple)
        waiting -= set(range(1, tag + 1)) if multiple else {tag}
        assert publisher._outstanding == len(waiting)


def test_published_frames_are_what_py_amqp_would_send() -> None:
    import amqp
    from amqp import spec
    from amqp.method_framing import frame_writer
    from amqp.serialization import dumps

    class Connection:
        frame_max, bytes_sent = 131_072, 0

    class Transport:
        sent = b""

        def write(self, data: Any) -> None:
            self.sent += bytes(data)

    for content_type in (EVENT, BATCH):
        transport = Transport()
        message = amqp.Message(b"{}", content_type=content_type, delivery_mode=2)
        arguments = dumps("Bssbb", (0, "visits.events", "A.v1._._", True, False))
        frame_writer(Connection(), transport)(1, 3, spec.Basic.Publish, arguments, message)
        assert _publish_frames(3, "visits.events", "A.v1._._", b"{}", content_type) == transport.sent
