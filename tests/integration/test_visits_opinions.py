"""Opinions: where they stand, who has to answer, and that nothing of what was said leaves or outlives its erasure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from ops.local.provision import Database
from services.visits.domain.catalogue import Pillar
from services.visits.domain.opinion import (
    OPINIONS,
    AnswerOpinion,
    CloseOpinion,
    Closing,
    ForwardOpinion,
    RecordOpinion,
    Subject,
    Withdrawing,
    WithdrawOpinion,
)
from services.visits.projections.opinions import STATES
from services.visits.public import Publisher
from services.visits.queries.below import units_of
from services.visits.queries.opinions import OpinionQueries, Wanted
from services.visits.wiring import PARTITIONS, partition_of, records_of
from shared.decider import Personal, Rejected
from shared.handler import Handler
from shared.kit import Kit
from shared.unit_directory import UnitDirectory
from tests.visits_kit import envelope, opened, project

DAY = date(2026, 11, 15)
TEXT, REPLY = Personal("Cổng dịch vụ công hay lỗi"), Personal("Đã khắc phục xong")
UNITS = ("v1", "v2", "v3", "c3")


@pytest.fixture
def kit(database: Callable[..., Database]) -> Iterator[Kit]:
    with opened(database("visits")) as kit:
        yield kit


def queries_of(kit: Kit) -> OpinionQueries:
    return OpinionQueries(kit.engine, kit.log, kit.codec)


def wanted(kit: Kit, unit: str, where: str = "heard", today: date = DAY, **more: Any) -> Wanted:
    return Wanted(units_of(UnitDirectory(kit.engine).tree(), unit, today), where, today, **more)


def recorded(n: int, unit: str = "v1", day: date = DAY) -> RecordOpinion:
    return RecordOpinion(UUID(int=n), Subject(unit, "public_services", Pillar.GOVERNMENT), day, TEXT)


def do(handler: Handler[Any, Any, Any], *commands: Any) -> None:
    for command in commands:
        handler.handle(envelope(command))


@pytest.mark.parametrize("seed", range(3))
def test_lists_and_counts_equal_a_fold_of_every_stream(kit: Kit, seed: int) -> None:
    chance, handler = Random(seed), kit.handler(OPINIONS, partition_of=partition_of)
    units = {UUID(int=n): chance.choice(UNITS) for n in range(1, 31)}
    do(handler, *(recorded(n.int, unit) for n, unit in units.items()))
    for n in range(90):
        opinion, day = UUID(int=chance.randint(1, 30)), DAY + timedelta(n // 10)
        command = chance.choice(
            (
                ForwardOpinion(opinion, day, day + timedelta(chance.randint(0, 5)), chance.choice(("c1", "p1"))),
                AnswerOpinion(opinion, day, REPLY),
                CloseOpinion(opinion, day, Closing.SETTLED),
                WithdrawOpinion(opinion, day, Withdrawing.BY_PERSON),
            )
        )
        try:
            do(handler, command)
        except Rejected as rejected:
            assert rejected.code == "opinion-over"
        if chance.random() < 0.2:
            project(kit, records_of(kit))
    project(kit, records_of(kit))

    queries, today = queries_of(kit), DAY + timedelta(9)
    last = {opinion: queries.events(opinion)[0][-1] for opinion in units}
    states = {opinion: STATES[type(event).__name__] for opinion, event in last.items()}
    overdue = {opinion for opinion, event in last.items() if states[opinion] == "forwarded" and event.due < today}
    for unit, below in (("nation", set(UNITS)), ("p1", {"v1", "v2", "v3"}), ("c1", {"v1", "v2"}), ("v3", {"v3"})):
        here = {opinion for opinion, of in units.items() if of in below}
        asked = wanted(kit, unit, today=today)
        counts = queries.counts(asked)
        assert counts == {state: sum(states[o] == state for o in here) for state in STATES.values()} | {
            "overdue": len(here & overdue)
        }
        assert {each["opinion_id"] for each in queries.page(asked)} == here
        late = queries.page(wanted(kit, unit, today=today, overdue=True))
        assert {each["opinion_id"] for each in late} == here & overdue and all(each["overdue"] for each in late)
    sent = {each["opinion_id"] for each in queries.page(wanted(kit, "nation", "forwarded", today))}
    steps = {opinion: [type(event).__name__ for event in queries.events(opinion)[0]] for opinion in units}
    assert sent == {opinion for opinion, told in steps.items() if "OpinionForwarded" in told}


def test_pages_come_in_order_without_gaps(kit: Kit) -> None:
    handler, queries = kit.handler(OPINIONS, partition_of=partition_of), queries_of(kit)
    do(handler, *(recorded(n, day=DAY - timedelta(n % 3)) for n in range(1, 12)))
    project(kit, records_of(kit))
    found: list[dict[str, Any]] = []
    after = None
    while page := queries.page(wanted(kit, "c1", after=after, limit=4)):
        found += page
        after = page[-1]["heard"], page[-1]["opinion_id"]
    assert [each["opinion_id"].int for each in found] == [2, 5, 8, 11, 1, 4, 7, 10, 3, 6, 9]
    assert queries.page(wanted(kit, "c1", state="answered")) == []


def test_what_was_said_stays_here_and_can_be_erased(kit: Kit) -> None:
    handler, queries = kit.handler(OPINIONS, partition_of=partition_of), queries_of(kit)
    do(handler, recorded(1), ForwardOpinion(UUID(int=1), DAY, DAY, "c1"), AnswerOpinion(UUID(int=1), DAY, REPLY))
    stored = [event for p in range(PARTITIONS) for event in kit.log.read(p, 0, 99)]
    publish = Publisher(UnitDirectory(kit.engine))
    public = [publish(event) for event in stored]
    for word in ("Cổng", "khắc phục"):
        assert word not in str([event.data for event in stored]) and word not in str(public)
    assert "text" not in str([p.data.keys() for p in public if p]) and "sealed" not in str(public)
    assert [(p.type, p.commune, p.data["topic"]) for p in public if p] == [
        ("OpinionRecorded", "c1", "public_services"),
        ("OpinionForwarded", "c1", "public_services"),
        ("OpinionAnswered", "c1", "public_services"),
    ]
    told, version = queries.events(UUID(int=1))
    assert ([event.text.text for event in (told[0], told[2])], version) == ([TEXT.text, REPLY.text], 3)
    project(kit, records_of(kit))
    before = queries.page(wanted(kit, "v1"))
    kit.vault.destroy(str(UUID(int=1)))
    told, _ = queries.events(UUID(int=1))
    assert [event.text.text for event in (told[0], told[2])] == [None, None]
    assert queries.page(wanted(kit, "v1")) == before
    with pytest.raises(Rejected, match="subject-erased"):
        do(handler, AnswerOpinion(UUID(int=1), DAY, REPLY))
    do(handler, CloseOpinion(UUID(int=1), DAY, Closing.SETTLED))
