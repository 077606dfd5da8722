"""A subscription of a projection that sums: batches grow while it is behind, and the next is read and counted ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.subscription import Subscription
from tests.bus_kit import SeenAhead, Service

AHEAD = "ahead@1-ahead_0"


@pytest.fixture
def visits(database: Callable[..., Any]) -> Iterator[Service]:
    service = Service(database("visits", migrate=False))
    yield service
    service.close()


def positions(service: Service) -> list[int]:
    return [row.position for row in service.run("SELECT position FROM read.seen ORDER BY at, position")]


def test_batches_grow_while_it_is_behind_and_each_event_counts_once_in_order(visits: Service) -> None:
    visits.append(100)
    projection = SeenAhead({"": (0,)})
    subscription = Subscription(projection, visits.engine, visits.log, limit=10)
    assert [subscription.step() for _ in range(5)] == [10, 20, 40, 30, 0]
    visits.append(30)
    assert [subscription.step() for _ in range(3)] == [10, 20, 0]
    assert positions(visits) == list(range(1, 131))
    first, *ahead = projection.counted_in[:4]
    assert first == "MainThread"
    assert ahead == [AHEAD] * 3


def test_a_batch_that_another_worker_took_meanwhile_is_dropped(visits: Service) -> None:
    visits.append(60)
    ours, theirs = (Subscription(SeenAhead({"": (0,)}), visits.engine, visits.log, limit=10) for _ in range(2))
    assert ours.step() == 10  # and has read 11 to 30 ahead
    assert theirs.step() == 10
    while ours.step():
        pass
    assert positions(visits) == list(range(1, 61))


def test_of_what_was_read_ahead_nothing_counts_that_came_to_be_parked(visits: Service) -> None:
    visits.append(10)
    visits.append(15, stream="bad")
    visits.append(5)
    subscription = Subscription(SeenAhead({"": (0,)}), visits.engine, visits.log, limit=10)
    subscription.step()  # and reads 11 to 30 ahead, before any of it is parked
    visits.run(
        """INSERT INTO bus.parked (subscription, source, partition, position, stream_id, error)
           VALUES ('ahead@1', '', 0, 0, 'bad', 'a test')"""
    )
    assert subscription.step() == 20
    assert positions(visits) == [*range(1, 11), *range(26, 31)]
    assert visits.value("SELECT count(*) FROM bus.parked WHERE position > 0") == 15


def test_a_bad_event_read_ahead_is_parked_alone_in_its_turn(visits: Service) -> None:
    visits.append(10)
    visits.append(1, stream="bad", poison=True)
    visits.append(29)
    subscription = Subscription(SeenAhead({"": (0,)}), visits.engine, visits.log, limit=10)
    assert subscription.step() == 10
    assert visits.value("SELECT count(*) FROM bus.parked") == 0
    while subscription.step():
        pass
    assert positions(visits) == [*range(1, 11), *range(12, 41)]
    assert visits.run("SELECT position FROM bus.parked") == [(11,)]


def test_a_batch_that_could_not_be_written_is_read_again(visits: Service) -> None:
    visits.append(40)

    class WithoutItsTable(SeenAhead):
        gone = False

        def add(self, tx: Connection, batch: Any, counted: Any) -> None:
            super().add(tx, batch, counted)
            if self.gone:
                tx.execute(text("INSERT INTO read.not_migrated_yet VALUES (1)"))

    projection = WithoutItsTable({"": (0,)})
    subscription = Subscription(projection, visits.engine, visits.log, limit=10)
    subscription.step()
    projection.gone = True
    with pytest.raises(DBAPIError):
        subscription.step()
    projection.gone = False
    while subscription.step():
        pass
    assert positions(visits) == list(range(1, 41))


def test_at_its_end_what_arrives_after_it_was_looked_at_is_read_again(visits: Service) -> None:
    visits.append(10)
    subscription = Subscription(SeenAhead({"": (0,)}), visits.engine, visits.log, limit=10)
    assert subscription.step() == 10  # full, so it looks ahead: there is nothing
    visits.append(3)
    assert [subscription.step() for _ in range(2)] == [3, 0]
    assert positions(visits) == list(range(1, 14))
