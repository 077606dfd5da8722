"""What a subscription promises: every event once, in order, never past a hole, never stopped by one bad event."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.bus import parse, stretch
from shared.mirror import Mirror
from shared.news import QUESTION, News
from shared.parking import end_stuck, unpark
from shared.subscription import Halted, Reaction, Subscription, reaction_id
from tests.bus_kit import Seen, SeenAhead, Service, public, spawn_engine


@pytest.fixture
def visits(database: Callable[..., object]) -> Iterator[Service]:
    service = Service(database("visits", migrate=False))  # type: ignore[arg-type]  # a factory with keywords
    yield service
    service.close()


@pytest.fixture
def reporting(database: Callable[..., object]) -> Iterator[Service]:
    service = Service(database("reporting", migrate=False), 1)  # type: ignore[arg-type]  # a factory with keywords
    yield service
    service.close()


def drain(subscription: Subscription) -> int:
    total = 0
    while moved := subscription.step():
        total += moved
    return total


def mirrored(source: Service, target: Service, *, without: tuple[int, ...] = (), partition: int = 0) -> None:
    """Bring the source's events into the target's mirror, except these positions."""
    log = source.log
    target.run(
        "INSERT INTO bus.sources (source, log_id) VALUES (:s, :id) ON CONFLICT DO NOTHING", s=source.name, id=log.log_id
    )
    events = [e for e in log.read(partition, 0, 10_000) if e.position not in without]
    wires = [parse(orjson.dumps(w)) for e in events for _, w in stretch(source.name, log.log_id, [e], public)]
    mirror = Mirror(target.engine, {source.name: {"Counted"}})
    assert mirror.store(dict(enumerate(wires))) == []


class FewTypes(Seen):
    types = ("Counted",)


def test_a_projection_of_few_types_gets_these_and_passes_over_the_others(visits: Service) -> None:
    for n in range(40):
        visits.append(1, type="Other")
        visits.append(n % 2, type="Counted")
    visits.append(30, type="Other")
    subscription = Subscription(FewTypes({"": (0,)}), visits.engine, visits.log, limit=3)
    moved = [subscription.step()]
    # Three events of interest a transaction, and what lies between them; the last run ends with the log.
    assert 3 <= moved[0] <= 24
    assert moved[0] + drain(subscription) == 90
    assert len(visits.run("SELECT position FROM read.seen")) == 20


def test_each_event_is_applied_once_and_all_partitions_share_one_transaction(visits: Service) -> None:
    visits.append(30, partition=0)
    visits.append(20, stream="other", partition=1)
    projection = Seen({"": (0, 1)})
    subscription = Subscription(projection, visits.engine, visits.log)
    assert subscription.step() == 50
    assert projection.batches == 1
    assert subscription.step() == 0
    assert visits.value("SELECT count(DISTINCT (partition, position)) FROM read.seen") == 50


def test_a_failing_commit_leaves_neither_rows_nor_cursor(visits: Service) -> None:
    visits.append(5)
    projection = Seen({"": (0,)})

    class Broken(Seen):
        def apply(self, tx, batch):  # type: ignore[no-untyped-def]  # as above
            super().apply(tx, batch)
            tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DBAPIError):
        Subscription(Broken({"": (0,)}), visits.engine, visits.log).step()
    assert visits.value("SELECT count(*) FROM read.seen") == 0
    assert drain(Subscription(projection, visits.engine, visits.log)) == 5
    assert visits.value("SELECT count(*) FROM read.seen") == 5


@pytest.mark.parametrize("kind", [Seen, SeenAhead])
def test_two_workers_that_are_killed_at_random_count_everything_once(visits: Service, kind: type[Seen]) -> None:
    visits.append(2000, partition=0, streams=50)
    visits.append(2000, partition=1, streams=50, stream="b")
    engines = [spawn_engine(visits, f"worker-{n}") for n in range(2)]
    finished = threading.Event()

    def work(n: int) -> None:
        subscription = Subscription(kind({"": (0, 1)}), engines[n], visits.log, limit=37)
        while not finished.is_set():
            try:
                subscription.step()
            except DBAPIError:
                continue

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(60):
        visits.run(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name LIKE 'worker-%' AND random() < 0.5"""
        )
        finished.wait(0.02)
    for _ in range(300):
        if visits.value("SELECT coalesce(sum(position), 0) FROM bus.cursors") == 4000:
            break
        finished.wait(0.05)
    finished.set()
    for thread in threads:
        thread.join(10)
    for each in engines:
        each.dispose()
    assert visits.value("SELECT count(*) FROM read.seen") == 4000
    assert visits.value("SELECT count(DISTINCT (partition, position)) FROM read.seen") == 4000
    order = "SELECT position < lag(position) OVER (PARTITION BY partition ORDER BY at) AS back FROM read.seen"
    assert visits.value(f"SELECT count(*) FROM ({order}) o WHERE back") == 0


def test_it_waits_before_a_hole_and_goes_on_once_that_is_filled(visits: Service, reporting: Service) -> None:
    visits.append(10)
    mirrored(visits, reporting, without=(4, 8))
    subscription = Subscription(Seen({"visits": (0,)}), reporting.engine, reporting.log)
    assert drain(subscription) == 3
    mirrored(visits, reporting, without=(8,))
    assert drain(subscription) == 4
    mirrored(visits, reporting)
    assert drain(subscription) == 3
    assert reporting.run("SELECT position FROM read.seen ORDER BY at") == [(n,) for n in range(1, 11)]


def test_the_cursor_moves_over_positions_that_are_not_used(visits: Service, reporting: Service) -> None:
    visits.append(7, private=True)
    visits.append(1)
    visits.append(4, private=True)
    mirrored(visits, reporting)
    assert drain(Subscription(Seen({"visits": (0,)}), reporting.engine, reporting.log)) == 12
    assert reporting.run("SELECT position FROM read.seen") == [(8,)]


def test_a_bad_event_is_parked_with_its_stream_and_the_others_go_on(visits: Service) -> None:
    visits.append(3, stream="good")
    visits.append(2, stream="bad")
    visits.append(1, stream="bad", poison=True)
    visits.append(2, stream="bad")
    visits.append(3, stream="good")
    subscription = Subscription(Seen({"": (0,)}), visits.engine, visits.log)
    assert drain(subscription) == 11
    assert visits.run("SELECT stream_id, count(*) FROM read.seen GROUP BY 1 ORDER BY 1") == [("bad", 2), ("good", 6)]
    parked = visits.run("SELECT position, error FROM bus.parked ORDER BY position")
    assert [row[0] for row in parked] == [6, 7, 8]
    assert parked[0][1].startswith("ValueError in bus_kit.py")
    assert "secret" not in parked[0][1]

    visits.append(1, stream="bad")
    assert drain(subscription) == 1
    assert visits.value("SELECT count(*) FROM bus.parked") == 4


def test_unparking_applies_in_order_once_the_fault_is_gone(visits: Service) -> None:
    visits.append(1, stream="bad", poison=True)
    visits.append(3, stream="bad")
    visits.append(1, stream="worse", terrible=True)
    projection = Seen({"": (0,)}, poison=("poison", "terrible"))
    subscription = Subscription(projection, visits.engine, visits.log)
    drain(subscription)
    still = unpark(visits.engine, projection, visits.log)
    assert (still.applied, still.left) == (0, 5)
    projection.poison = {"terrible"}
    done = unpark(visits.engine, projection, visits.log)
    assert (done.applied, done.left) == (4, 1)
    assert visits.run("SELECT position FROM read.seen ORDER BY at") == [(1,), (2,), (3,), (4,)]
    visits.append(1, stream="bad")
    drain(subscription)
    assert visits.value("SELECT max(position) FROM read.seen") == 6


def test_a_fault_outside_the_events_parks_nothing(visits: Service) -> None:
    visits.append(3)

    class NoTable(Seen):
        def apply(self, tx, batch):  # type: ignore[no-untyped-def]  # as above
            tx.execute(text("INSERT INTO read.not_migrated_yet VALUES (1)"))

    with pytest.raises(DBAPIError):
        Subscription(NoTable({"": (0,)}), visits.engine, visits.log).step()
    assert visits.value("SELECT count(*) FROM bus.parked") == 0
    assert visits.value("SELECT position FROM bus.cursors") == 0


def test_a_projection_that_fails_on_everything_stops_itself(visits: Service) -> None:
    visits.append(1600, streams=400, poison=True)
    subscription = Subscription(Seen({"": (0,)}), visits.engine, visits.log)
    with pytest.raises(Halted):
        drain(subscription)
    assert visits.value("SELECT position FROM bus.cursors") == visits.value("SELECT count(*) FROM bus.parked") < 1600


def test_a_worker_that_stands_still_is_ended(visits: Service) -> None:
    visits.append(4)
    stuck = spawn_engine(visits, "visits-leases-stuck")
    connection = stuck.connect()
    prepared = Subscription(Seen({"": (0,)}), visits.engine, visits.log)
    prepared.step()
    visits.append(4)
    connection.execute(text("SELECT 1 FROM bus.cursors FOR UPDATE"))
    assert prepared.step() == 0, "leased by somebody else"
    assert end_stuck(visits.plain, "visits-leases-stuck", seconds=30) == 0
    assert end_stuck(visits.plain, "visits-leases-stuck", seconds=0) == 1
    _wait_until_gone(visits, "visits-leases-stuck")
    assert drain(prepared) == 4
    connection.invalidate()
    stuck.dispose()


def _wait_until_gone(service: Service, name: str) -> None:
    """A session that was told to end gives its locks back a moment later."""
    query = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with service.plain.connect() as connection:
            if not connection.execute(query, {"name": name}).scalar_one():
                return
        time.sleep(0.02)
    raise AssertionError(f"sessions of {name} are still there")


def test_a_reaction_gives_the_same_command_id_however_often_it_runs(visits: Service) -> None:
    visits.append(3)
    handled: list[object] = []

    def handle(envelopes):  # type: ignore[no-untyped-def]  # stands for Handler.handle_many
        handled.extend(envelopes)
        return [None] * len(envelopes)

    def react(source, event):  # type: ignore[no-untyped-def]  # the id stands for the envelope
        return [reaction_id(event, "greet")]

    for name in ("greet@1", "greet again@1"):
        assert Subscription(Reaction(name, {"": (0,)}, react, handle), visits.engine, visits.log).step() == 3
    assert handled[:3] == handled[3:]
    assert len(set(handled)) == 3
    assert all(isinstance(command, uuid.UUID) for command in handled)


def test_a_rejected_reaction_is_parked(visits: Service) -> None:
    visits.append(2)
    reaction = Reaction(
        "greet@1", {"": (0,)}, lambda s, e: [e], lambda envelopes: [ValueError("no") for _ in envelopes]
    )  # type: ignore[misc, list-item]  # events stand for envelopes
    assert Subscription(reaction, visits.engine, visits.log).step() == 2
    assert visits.value("SELECT count(*) FROM bus.parked") == 2


def test_one_question_tells_which_subscriptions_have_something_new(visits: Service, reporting: Service) -> None:
    visits.append(5)
    mirrored(visits, reporting, without=(3,))
    reporting.append(2)
    far = Subscription(Seen({"visits": (0,)}, "far"), reporting.engine, reporting.log)
    near = Subscription(Seen({"": (0,)}, "near"), reporting.engine, reporting.log)
    news = News(reporting.plain, ["far", "near", "new"], max_age=0.0)
    assert [news.of(name) for name in ("far", "near", "new")] == [True, True, True]  # none of them has a cursor yet
    assert drain(near) == 2
    assert (news.of("far"), news.of("near")) == (True, False)
    assert drain(far) == 2
    assert not news.of("far")  # position 3 is missing
    mirrored(visits, reporting)
    reporting.append(1)
    assert (news.of("far"), news.of("near")) == (True, True)


def test_a_question_planned_while_the_mirror_is_empty_is_a_look_up_when_it_is_large(reporting: Service) -> None:
    asked = str(QUESTION).replace(":names", "$1")
    with reporting.plain.connect() as tx:
        plan = "\n".join(tx.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {asked}").scalars())
    assert "mirror_pkey on mirror" in plan
    assert "hashed" not in plan


def test_an_answer_holds_for_a_moment(visits: Service) -> None:
    near = Subscription(Seen({"": (0,)}, "near"), visits.engine, visits.log)
    near.step()
    news = News(visits.plain, ["near"], max_age=0.2)
    assert not news.of("near")
    visits.append(1)
    assert not news.of("near")
    time.sleep(0.25)
    assert news.of("near")
