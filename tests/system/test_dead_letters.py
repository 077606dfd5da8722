"""Messages that are not what they claim go to the dead letters with their reason; what is reported stays right."""

from __future__ import annotations

import copy
import json
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import amqp
import pytest

from ops.local import rabbitmq
from ops.simulator import visits
from ops.units.seed import NATION_ID
from shared import topology
from tests.system_kit import System, eventually

Event = dict[str, Any]


def _changed(**changes: Any) -> Callable[[Event], bytes]:
    return lambda event: json.dumps(copy.deepcopy(event) | changes).encode()


MESSAGES: dict[str, tuple[Callable[[Event], bytes], str]] = {
    "not JSON": (lambda event: b"not json", "not-json"),
    "not UTF-8": (lambda event: b'{"specversion": "\xff"}', "not-json"),
    "too deep": (lambda event: b"[" * 100_000, "not-json"),
    "one of several without position": (
        lambda event: json.dumps([event, event | {"position": "0"}]).encode(),
        "invalid $.position",
    ),
    "another format": (_changed(specversion="0.3"), "invalid $.specversion"),
    "no position": (_changed(position="-1"), "invalid $.position"),
    "U+0000": (_changed(data={"text": "a\u0000b"}), "nul-character"),
    "a tick over everything": (
        _changed(type="Tick.v1", position="9000000", data={"from": 1, "to": 9_000_000}),
        "tick-too-long",
    ),
    "too large": (lambda event: json.dumps(event | {"data": {"text": "x" * 1_000_001}}).encode(), "too-large"),
    "in another's name": (_changed(source="/tungnha/teams"), "forged-source"),
    "from another log": (_changed(logid=str(uuid.UUID(int=7))), "log-id"),
    "another content": (_changed(contenthash="00" * 16), "hash"),
}
"""What visits' broker user could put on its own exchange, made of a real event; and why it is turned down."""


@pytest.fixture(scope="module")
def event(system: System) -> Event:
    """An event of visits that reporting has counted."""
    day, phone = system.fresh_day(), system.api("visits")
    rows = [body for _, body in visits(system.network.crews, 20, day, seed=5)]
    phone.batch("/v1/visits/batch", rows, "visit_id")
    assert system.reported(NATION_ID, day, phone)["visits"] == 20
    partition, position = next(iter(phone.heads.items()))
    page = phone.get("/v1/events", partition=partition, after=position - 1)
    found: Event = page["events"][0]
    return found


def test_bad_messages_become_dead_letters_and_change_nothing(system: System, event: Event):
    before = system.api("reporting").get(f"/v1/reports/{NATION_ID}")["figures"]
    system.assert_verified()
    counted = system.metric("reporting-api", "tungnha_dead_letters_total{")
    _publish(system, [make(event) for make, _ in MESSAGES.values()])
    letters = _dead_letters(system, len(MESSAGES))
    reasons = Counter(reason for reason, _ in letters)
    assert reasons == Counter(reason for _, reason in MESSAGES.values())
    assert {queue for _, queue in letters} == {"reporting.mirror"}
    assert system.metric("reporting-api", "tungnha_dead_letters_total{") == counted + len(MESSAGES)
    assert system.metric("reporting-api", 'tungnha_dead_letters_total{queue="reporting.mirror",reason="hash"}') >= 1
    assert system.api("reporting").get(f"/v1/reports/{NATION_ID}")["figures"] == before
    # Two of them say that a log is not what it was: verify does not pass over that until an operator has looked.
    told = {check.name: check.detail for check in system.verify(patience=1) if not check.ok}
    assert list(told) == ["mirror reporting of visits"]
    _cleared(system, {"log-id", "hash"})
    system.assert_verified()


def test_a_message_from_the_future_is_dropped_and_told(system: System, event: Event):
    """A position that the source never gave would wait in the mirror until the source gets there."""
    far = int(event["position"]) + 1_000_000
    _publish(system, [_changed(position=str(far), id=f"{uuid.uuid4()}:1")(event)])
    with system.superuser("reporting") as tx:
        query = "SELECT detail FROM bus.alarms WHERE kind = 'above-head'"
        row = eventually("the alarm", lambda: tx.execute(query).fetchone())
        assert row[0].startswith(f"{event['partition']}:{far} head ")
        held = tx.execute("SELECT count(*) FROM bus.mirror WHERE position = %s", [far]).fetchone()
    assert held == (0,)
    _cleared(system, {"above-head"})
    system.assert_verified()


def _publish(system: System, bodies: list[bytes]) -> None:
    with rabbitmq.connect(system.of.node.uri("visits")) as connection:
        channel = connection.channel()
        channel.confirm_select()
        for body in bodies:
            exchange = topology.exchange("visits")
            channel.basic_publish_confirm(amqp.Message(body), exchange, "VisitRecorded.v1._._", mandatory=True)


def _dead_letters(system: System, count: int) -> list[tuple[str, str]]:
    """Take this many dead letters: reason and queue of each."""
    found: list[tuple[str, str]] = []
    with rabbitmq.connect(system.of.admin_amqp_uri) as connection:
        channel = connection.channel()

        def taken() -> bool:
            while message := channel.basic_get(topology.DEAD, no_ack=True):
                headers = message.headers
                found.append((headers["reason"], headers["queue"]))
            return len(found) >= count

        eventually(f"{count} dead letters", taken)
    return found


def _cleared(system: System, kinds: set[str]) -> None:
    """The operator has looked: these alarms, and no other, are taken away."""
    with system.superuser("reporting") as tx:
        raised = {row[0] for row in tx.execute("DELETE FROM bus.alarms RETURNING kind")}
    assert raised == kinds
