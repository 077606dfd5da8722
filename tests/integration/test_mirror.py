"""The mirror: at-least-once and unordered in, exactly once and complete out."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

import shared.mirror
from shared.bus import Public, Wire, parse, stretch
from shared.log import Recorded
from shared.mirror import Delivery, Mirror, Uses
from shared.parking import unpark_replaced
from shared.refetch import NEAR, complete, stretches
from shared.repair import FeedError, Repair
from shared.subscription import Subscription
from tests.bus_kit import DirectFeed, Seen, Service, dense, public

USES = {"visits": {"Counted"}}


@pytest.fixture
def visits(database: Callable[..., Any]) -> Iterator[Service]:
    service = Service(database("visits", migrate=False))
    yield service
    service.close()


@pytest.fixture
def reporting(database: Callable[..., Any]) -> Iterator[Service]:
    service = Service(database("reporting", migrate=False), 1)
    yield service
    service.close()


@pytest.fixture
def mirror(reporting: Service) -> Mirror:
    return Mirror(reporting.engine, USES)


def wires(service: Service, partition: int = 0) -> list[dict[str, Any]]:
    log = service.log
    return [w for _, w in stretch(service.name, log.log_id, log.read(partition, 0, 10_000), public)]


def deliveries(*messages: dict[str, Any], exchange: str = "visits.events") -> list[Delivery]:
    return [Delivery(orjson.dumps(message), exchange) for message in messages]


def repairer(visits: Service, mirror: Mirror, **options: Any) -> Repair:
    return Repair("visits", DirectFeed(visits, **options), mirror, pause=lambda seconds: None)  # type: ignore[arg-type]  # a feed without HTTP


def adopt(reporting: Service, visits: Service) -> None:
    reporting.run("INSERT INTO bus.sources (source, log_id) VALUES ('visits', :id)", id=visits.log.log_id)


# --- storing -----------------------------------------------------------------------------------------------------


def test_shuffled_and_repeated_messages_are_stored_once(visits: Service, reporting: Service, mirror: Mirror) -> None:
    visits.append(50)
    visits.append(9, private=True)
    visits.append(50)
    messages = wires(visits) * 3
    random.Random(1).shuffle(messages)
    for start in range(0, len(messages), 40):
        assert mirror.ingest(deliveries(*messages[start : start + 40])) == []
    assert dense(reporting, "visits") == {0: (109, 109)}
    held = reporting.run("SELECT position, hash FROM bus.mirror WHERE type = 'Counted' ORDER BY position")
    log = visits.run("SELECT position, hash FROM log.events WHERE data ->> 'private' IS NULL ORDER BY position")
    assert held == log


def test_a_type_that_is_not_used_leaves_one_small_row_with_its_hash(visits: Service, reporting: Service) -> None:
    visits.append(1)
    assert Mirror(reporting.engine, {"visits": {"Other"}}).ingest(deliveries(*wires(visits))) == []
    row = reporting.run("SELECT type, data, stream_id, hash FROM bus.mirror")[0]
    assert tuple(row) == (None, None, None, visits.log.read(0, 0, 1)[0].hash)


def test_a_forged_hash_raises_an_alarm_and_overwrites_nothing(
    visits: Service, reporting: Service, mirror: Mirror
) -> None:
    visits.append(3)
    first, second, third = wires(visits)
    assert mirror.ingest(deliveries(first, second)) == []
    forged = second | {"contenthash": "00" * 16, "data": {"n": 999}}
    assert mirror.ingest(deliveries(first, forged, third)) == [(1, "hash")]
    assert reporting.run("SELECT source, kind, detail FROM bus.alarms") == [("visits", "hash", "message 0:2")]
    assert reporting.run("SELECT position, (data ->> 'n')::int FROM bus.mirror ORDER BY 1") == [(1, 1), (2, 1), (3, 1)]


def test_a_tick_cannot_swallow_known_events(visits: Service, reporting: Service, mirror: Mirror) -> None:
    visits.append(2)
    messages = wires(visits)
    mirror.ingest(deliveries(messages[0]))
    tick = messages[1] | {"type": "Tick.v1", "position": "5", "data": {"from": 1, "to": 5}}
    assert mirror.ingest(deliveries(tick)) == [(0, "hash")]
    assert dense(reporting, "visits") == {0: (1, 1)}


def test_an_unknown_log_raises_an_alarm_and_is_not_mixed_in(
    visits: Service, reporting: Service, mirror: Mirror
) -> None:
    visits.append(2)
    adopt(reporting, visits)
    good, other = wires(visits)
    assert mirror.ingest(deliveries(good, other | {"logid": str(uuid.uuid4())})) == [(1, "log-id")]
    assert reporting.value("SELECT kind FROM bus.alarms") == "log-id"
    assert dense(reporting, "visits") == {0: (1, 1)}


def test_what_is_not_ours_is_named_and_the_rest_is_stored(visits: Service, reporting: Service, mirror: Mirror) -> None:
    visits.append(4)
    one, two, three, four = wires(visits)
    batch = [
        *deliveries(one),
        Delivery(b"{", "visits.events"),
        Delivery(b"\xff\xfe", "visits.events"),
        *deliveries(two, exchange="teams.events"),
        *deliveries(two | {"position": 2}),
        *deliveries(two | {"data": {"n": 1, "text": "a\0b"}}),
        Delivery(orjson.dumps(three).replace(b'"n":1', b'"n":' + b"9" * 40), "visits.events"),
        Delivery(b'{"data":' + b"[" * 50_000, "visits.events"),
        *deliveries(three | {"time": "9999-12-31T23:59:59-23:59"}),
        *deliveries(four),
    ]
    reasons = dict(mirror.ingest(batch))
    assert reasons == {
        1: "not-json",
        2: "not-json",
        3: "forged-source",
        4: "invalid $.position",
        5: "nul-character",
        6: "unstorable",
        7: "invalid $.data",
        8: "invalid $.time",
    }
    assert reporting.run("SELECT position FROM bus.mirror ORDER BY 1") == [(1,), (4,)]


def several(*messages: dict[str, Any]) -> Delivery:
    return Delivery(orjson.dumps(messages), "visits.events")


def test_messages_with_several_events_are_stored_once_in_any_order(
    visits: Service, reporting: Service, mirror: Mirror
) -> None:
    visits.append(60)
    visits.append(3, private=True)
    visits.append(40)
    events = wires(visits)
    chance = random.Random(5)
    chance.shuffle(events)
    cut = [several(*events[first : first + 7]) for first in range(0, len(events), 7)]
    again = [*chance.sample(cut, 6), several(events[3], events[50])]
    assert mirror.ingest([*cut[:9], *again, *cut[9:]]) == []
    assert mirror.ingest(cut) == []
    assert dense(reporting, "visits") == {0: (103, 103)}


def test_one_bad_event_takes_its_message_to_the_dead_letters_and_no_other_event(
    visits: Service, reporting: Service, mirror: Mirror
) -> None:
    visits.append(8)
    adopt(reporting, visits)
    events = wires(visits)
    batch = [
        several(events[0], events[1] | {"position": "x"}, events[2]),
        several(events[3], events[4] | {"source": "/tungnha/teams"}),
        several(events[5], events[5] | {"contenthash": "00" * 16}),
        several(events[6]),
    ]
    assert dict(mirror.ingest(batch)) == {0: "invalid $.position", 1: "forged-source", 2: "hash"}
    stored = [row[0] for row in reporting.run("SELECT position FROM bus.mirror ORDER BY 1")]
    assert stored == [1, 3, 4, 6, 7]
    repair = repairer(visits, mirror)
    while repair.round():
        pass
    assert dense(reporting, "visits") == {0: (8, 8)}


def test_a_value_only_the_database_refuses_is_found_by_halving(
    visits: Service, reporting: Service, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits.append(9)
    row = shared.mirror._row

    def too_large(i: int, wire: Wire, uses: Uses) -> Iterator[dict[str, Any]]:
        return ({**r, "version": 70_000} if i == 4 else r for r in row(i, wire, uses))

    monkeypatch.setattr(shared.mirror, "_row", too_large)
    assert mirror.ingest(deliveries(*wires(visits))) == [(4, "unstorable")]
    assert reporting.value("SELECT count(*) FROM bus.mirror") == 8


# --- repair ------------------------------------------------------------------------------------------------------


def test_a_new_consumer_catches_up_from_the_feed_alone(visits: Service, reporting: Service, mirror: Mirror) -> None:
    visits.append(2500, partition=0, streams=100)
    visits.append(10, partition=1, stream="b", private=True)
    assert repairer(visits, mirror).round() is True
    assert dense(reporting, "visits") == {0: (2500, 2500), 1: (10, 10)}
    assert Subscription(Seen({"visits": (0, 1)}), reporting.engine, reporting.log, limit=5000).step() == 2510


def test_lost_messages_in_the_middle_and_at_the_end_are_read_from_the_feed(
    visits: Service, reporting: Service, mirror: Mirror
) -> None:
    visits.append(60)
    messages = wires(visits)
    kept = [m for m in messages[:50] if int(m["position"]) % 7]
    mirror.ingest(deliveries(*kept))
    repair = repairer(visits, mirror)
    assert repair.round() is True
    assert repair.holes == 60 - len(kept)
    assert dense(reporting, "visits") == {0: (60, 60)}
    assert repair.round() is False
    assert repair.repaired == 60 - len(kept)
    assert reporting.value("SELECT dense ->> '0' FROM bus.sources") == "60"


def test_a_tail_that_is_still_arriving_is_left_to_the_queue(
    visits: Service, reporting: Service, mirror: Mirror
) -> None:
    visits.append(30)
    messages = wires(visits)
    mirror.ingest(deliveries(*messages[:10]))
    repair = repairer(visits, mirror)
    adopt(reporting, visits)
    reporting.run("""UPDATE bus.sources SET dense = '{"0": 10}'""")
    repair._pause = lambda seconds: mirror.ingest(deliveries(*messages[10:20]))
    assert repair.round() is False
    assert dense(reporting, "visits") == {0: (20, 20)}


def test_any_loss_and_any_order_ends_complete(visits: Service, reporting: Service, mirror: Mirror) -> None:
    visits.append(300, streams=30)
    visits.append(20, private=True)
    visits.append(100, streams=10)
    messages = wires(visits)
    generator = random.Random(7)
    for _ in range(5):
        reporting.run("DELETE FROM bus.mirror")
        reporting.run("DELETE FROM bus.sources")
        sample = generator.choices(messages, k=generator.randrange(len(messages)))
        assert mirror.ingest(deliveries(*sample)) == []
        repair = repairer(visits, mirror)
        while repair.round():
            pass
        assert dense(reporting, "visits") == {0: (420, 420)}


def test_one_worker_at_a_time_asks_a_source(visits: Service, reporting: Service, mirror: Mirror) -> None:
    visits.append(3)
    first, second = repairer(visits, mirror), repairer(visits, mirror)
    first._pause = lambda seconds: second.round()
    first.round()
    assert (first.repaired, second.repaired) == (3, 0)


def test_a_restored_log_stops_the_mirror_until_an_operator_acts(
    visits: Service, reporting: Service, mirror: Mirror
) -> None:
    visits.append(5)
    adopt(reporting, visits)
    mirror.ingest(deliveries(*wires(visits)[:3]))
    reporting.run("UPDATE bus.sources SET log_id = gen_random_uuid()")
    repair = repairer(visits, mirror)
    with pytest.raises(FeedError):
        repair.round()
    assert repair.trouble() is not None
    assert reporting.value("SELECT kind FROM bus.alarms") == "log-id"
    assert reporting.value("SELECT count(*) FROM bus.mirror") == 3


def test_a_position_above_the_head_is_dropped_with_an_alarm(
    visits: Service, reporting: Service, mirror: Mirror
) -> None:
    visits.append(4)
    messages = wires(visits)
    repairer(visits, mirror).round()
    mirror.ingest(deliveries(messages[3] | {"position": "400", "id": f"{uuid.uuid4()}:1"}))
    repairer(visits, mirror).round()
    assert reporting.value("SELECT kind FROM bus.alarms") == "above-head"
    assert dense(reporting, "visits") == {0: (4, 4)}


def test_a_placeholder_waits_parked_until_its_source_can_publish_it(
    visits: Service, reporting: Service, mirror: Mirror
) -> None:
    visits.append(1, stream="a")
    visits.append(1, stream="a", unmappable=True)
    visits.append(1, stream="a")
    visits.append(1, stream="b")
    adopt(reporting, visits)
    mirror.ingest(deliveries(*wires(visits)))
    projection = Seen({"visits": (0,)})
    subscription = Subscription(projection, reporting.engine, reporting.log)
    assert subscription.step() == 4
    assert reporting.run("SELECT position FROM read.seen ORDER BY 1") == [(1,), (4,)]

    mended = {w["position"]: w for _, w in stretch("visits", visits.log.log_id, visits.log.read(0, 0, 9), mend)}
    assert mirror.ingest(deliveries(mended["2"])) == [], "same hash, but only the feed may replace"
    assert unpark_replaced(reporting.engine, projection, reporting.log) == 0
    repair = repairer(visits, mirror, publish=mend)
    repair._looked_again = float("-inf")
    repair.round()
    assert unpark_replaced(reporting.engine, projection, reporting.log) == 2
    assert reporting.run("SELECT position FROM read.seen ORDER BY at") == [(1,), (4,), (2,), (3,)]
    assert reporting.value("SELECT count(*) FROM bus.parked") == 0


def test_types_that_are_used_from_now_on_are_read_again(visits: Service, reporting: Service, mirror: Mirror) -> None:
    visits.append(3)
    visits.append(2, type="Heard", stream="opinion")
    visits.append(2, private=True)
    visits.append(1, type="Heard", stream="opinion")
    visits.append(1, type="Seen", stream="other", partition=1)
    visits.append(1, type="Heard", stream="opinion-1", partition=1)
    mirror.ingest(deliveries(*wires(visits), *wires(visits, 1)))
    repair = repairer(visits, mirror)
    while repair.round():
        pass
    held = "SELECT partition, position, type FROM bus.mirror WHERE type IS NOT NULL ORDER BY 1, 2"
    assert reporting.run(held) == [(0, n, "Counted") for n in (1, 2, 3)]
    grown = Mirror(reporting.engine, {"visits": {"Counted", "Heard"}})
    assert not holds(reporting, grown)
    assert grown.ingest(deliveries(*wires(visits))) == [], "a message does not replace what is there"
    assert len(reporting.run(held)) == 3
    repair = repairer(visits, grown)
    while repair.round():
        pass
    heard = [(0, 4, "Heard"), (0, 5, "Heard"), (0, 8, "Heard"), (1, 2, "Heard")]
    assert reporting.run(held) == [(0, n, "Counted") for n in (1, 2, 3)] + heard
    assert holds(reporting, grown) and dense(reporting, "visits") == {0: (8, 8), 1: (2, 2)}
    assert reporting.value("SELECT data ->> 'n' FROM bus.mirror WHERE (partition, position) = (1, 2)") == "1"
    assert reporting.value("SELECT count(*) FROM bus.alarms") == 0
    repaired, repair.repaired = repair.repaired, 0
    assert repaired > 0 and not repair.round() and repair.repaired == 0, "once"
    # Who uses less again has to ask anew later on: what arrived meanwhile was not kept.
    repairer(visits, mirror).round()
    assert not holds(reporting, grown)


def holds(service: Service, mirror: Mirror) -> bool:
    with mirror.engine.connect() as tx:
        return complete(tx, mirror.uses)


def test_positions_near_each_other_are_read_together() -> None:
    near = [(0, 1), (0, 2), (0, 2 + NEAR), (0, 3 + 2 * NEAR), (1, 4), (2, 4)]
    assert list(stretches(near)) == [(0, 1, 2 + NEAR), (0, 3 + 2 * NEAR, 3 + 2 * NEAR), (1, 4, 4), (2, 4, 4)]
    assert list(stretches([])) == []


def test_where_messages_disagree_the_feed_tells_which_one_was_forged(
    visits: Service, reporting: Service, mirror: Mirror
) -> None:
    visits.append(2)
    adopt(reporting, visits)
    one, two = wires(visits)
    assert mirror.ingest(deliveries(one, two | {"contenthash": "00" * 16})) == []
    assert mirror.ingest(deliveries(one | {"contenthash": "11" * 16}, two)) == [(0, "hash"), (1, "hash")]
    repair = repairer(visits, mirror)
    repair._looked_again = float("-inf")
    repair.round()
    alarms = reporting.run("SELECT detail FROM bus.alarms ORDER BY 1")
    assert alarms == [("feed 0:2",), ("message 0:1",), ("message 0:2",)]


def mend(event: Recorded) -> Public | None:
    return Public(event.type, 1, event.data)


def test_the_feed_form_reads_like_the_message(visits: Service) -> None:
    visits.append(1)
    wire = wires(visits)[0]
    assert parse(orjson.dumps(wire)).where == "0:1"
