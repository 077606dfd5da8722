"""Outreach sessions: sums of heads equal a naive recount, whatever was corrected or voided; notes stay here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from ops.local.provision import Database
from services.visits.domain.outreach import (
    OUTREACH,
    CorrectOutreach,
    Heads,
    Occasion,
    RecordOutreach,
    Session,
    SessionReason,
    VoidOutreach,
)
from services.visits.domain.vocabulary import AgeBand
from services.visits.public import Publisher
from services.visits.queries.below import units_of
from services.visits.queries.outreach import OutreachQueries, Wanted
from services.visits.wiring import PARTITIONS, partition_of, records_of
from shared.decider import Personal
from shared.kit import Kit
from shared.unit_directory import UnitDirectory
from tests.visit_days import by
from tests.visits_kit import envelope, opened, project

DAY = date(2026, 10, 11)
FIRST, LAST = DAY - timedelta(1), DAY + timedelta(1)


@pytest.fixture
def kit(database: Callable[..., Database]) -> Iterator[Kit]:
    with opened(database("visits")) as kit:
        yield kit


def random_session(chance: Random) -> Session:
    bands = chance.sample(list(AgeBand), chance.randint(1, 3))
    return Session(
        chance.choice(("v1", "v2", "v3", "c1", "c3")),
        DAY + timedelta(chance.randint(-3, 3)),
        UUID(int=7),
        (UUID(int=70),),
        chance.choice(list(Occasion)),
        tuple(Heads(band, chance.randint(1, 40)) for band in bands),
        ("online_safety",),
    )


@pytest.mark.parametrize("seed", range(3))
def test_heads_equal_a_recount(kit: Kit, seed: int) -> None:
    chance, handler = Random(seed), kit.handler(OUTREACH, partition_of=partition_of)
    told = {UUID(int=n): random_session(chance) for n in range(1, 41)}
    for session_id, session in told.items():
        handler.handle(envelope(RecordOutreach(session_id, session, by(DAY)), session_id))
    for session_id in chance.sample(list(told), 20):
        if chance.random() < 0.4:
            handler.handle(envelope(VoidOutreach(session_id, SessionReason.RECORDED_TWICE)))
            del told[session_id]
        else:
            told[session_id] = random_session(chance)
            handler.handle(envelope(CorrectOutreach(session_id, told[session_id], SessionReason.TYPO, by(DAY))))
        if chance.random() < 0.3:
            project(kit, records_of(kit))
    project(kit, records_of(kit))

    queries, tree = OutreachQueries(kit.engine, kit.log, kit.codec), UnitDirectory(kit.engine).tree()
    for unit, below in (("nation", {"v1", "v2", "v3", "c1", "c3"}), ("c1", {"c1", "v1", "v2"}), ("v3", {"v3"})):
        here = {i: s for i, s in told.items() if s.unit_id in below and FIRST <= s.day <= LAST}
        heads: Counter[str] = Counter()
        for session in here.values():
            heads.update({str(each.age_band): each.n for each in session.heads})
        wanted = Wanted(units_of(tree, unit, DAY), FIRST, LAST)
        assert queries.sum(wanted) == {"sessions": len(here), "heads": heads.total(), "by_age": dict(heads)}
        found: list[dict[str, Any]] = []
        after = None
        while page := queries.page(Wanted(wanted.units, FIRST, LAST, after, 3)):
            found += page
            after = page[-1]["day"], page[-1]["session_id"]
        assert [each["session_id"] for each in found] == sorted(here, key=lambda i: (here[i].day, i))


def test_what_is_published_and_what_is_not(kit: Kit) -> None:
    handler, queries = kit.handler(OUTREACH, partition_of=partition_of), OutreachQueries(kit.engine, kit.log, kit.codec)
    session = Session("v1", DAY, UUID(int=7), (UUID(int=70),), Occasion.MARKET_DAY, (Heads(AgeBand.FROM_60, 12),))
    note = Personal("có bác Sáu giúp")
    handler.handle(envelope(RecordOutreach(UUID(int=1), session, by(DAY), note)))
    handler.handle(envelope(VoidOutreach(UUID(int=1), SessionReason.OTHER, Personal("bác Sáu nhầm"))))
    stored = [event for p in range(PARTITIONS) for event in kit.log.read(p, 0, 99)]
    publish = Publisher(UnitDirectory(kit.engine))
    recorded, voided = [public for event in stored if (public := publish(event))]
    assert "Sáu" not in str([event.data for event in stored]) and "note" not in str((recorded, voided))
    told = {
        "unit_id": "v1",
        "day": DAY.isoformat(),
        "team_id": str(UUID(int=7)),
        "member_ids": [str(UUID(int=70))],
        "occasion": "market_day",
        "heads": {"60_plus": 12},
        "topics": [],
        "duration_minutes": None,
    }
    assert recorded.data == {"session_id": str(UUID(int=1)), **told, "flags": []} and recorded.commune == "c1"
    assert (voided.data["before"], voided.data["reason"], voided.data["unit_id"]) == (told, "other", "v1")
    kit.vault.destroy(str(UUID(int=1)))
    events, version = queries.events(UUID(int=1))
    assert [event.note.text for event in events] == [None, None] and version == 2
