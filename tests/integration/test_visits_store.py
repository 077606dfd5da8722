"""Visits over PostgreSQL: whatever way they arrive, each counts once and sums equal a recount."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from ops.local.provision import Database
from services.visits.domain import (
    PLACES,
    AgeBand,
    Learner,
    Level,
    PlaceKind,
    RecordVisit,
    RegisterPlace,
    Skill,
    SkillLevel,
)
from services.visits.projections.activity import Activity
from services.visits.public import Publisher
from services.visits.queries.places import PlaceQueries, details_answer
from services.visits.queries.visits import VisitQueries, visit_answer
from services.visits.wiring import PARTITIONS, partition_of
from shared.decider import Personal, Rejected
from shared.handler import Answer, Envelope
from shared.kit import Kit
from shared.log import Outcome
from shared.subscription import Subscription
from shared.unit_directory import UnitDirectory
from shared.vietnamese import hanoi_day
from tests.visit_days import by
from tests.visits_kit import NOW, opened

SUNDAY = date(2026, 10, 11)


@pytest.fixture
def kit(database: Callable[..., Database]) -> Iterator[Kit]:
    with opened(database("visits")) as kit:
        yield kit


def visit(n: int, place: int, day: date = SUNDAY, **other: Any) -> RecordVisit:
    said: dict[str, Any] = {
        "visit_id": UUID(int=n),
        "place_id": UUID(int=place << 64),
        "place_kind": PlaceKind.HOUSEHOLD,
        "unit_id": f"v{place % 3 + 1}",
        "day": day,
        "team_id": UUID(int=7),
        "member_ids": (UUID(int=70),),
        "learners": (
            Learner("a", AgeBand.FROM_60, (SkillLevel(list(Skill)[n % 5], list(Level)[n // 5 % 3]),)),
            Learner("b", AgeBand.FROM_60, (SkillLevel(list(Skill)[n % 5], list(Level)[n // 15 % 3]),)),
        ),
        "latest": by(SUNDAY),
    }
    return RecordVisit(**said | other)


def envelope(command: Any, command_id: UUID | None = None) -> Envelope:
    return Envelope(command_id or command.visit_id, command, "phone", NOW)


def project(kit: Kit) -> None:
    subscription = Subscription(Activity(PARTITIONS), kit.engine, kit.log)
    while subscription.step():
        pass


def stored(kit: Kit) -> list[Any]:
    return [event for p in range(PARTITIONS) for event in kit.log.read(p, 0, 10_000)]


def test_the_same_visits_from_sixteen_clients_some_altered(kit: Kit) -> None:
    commands = [visit(n, n % 60, SUNDAY - timedelta(days=n % 9)) for n in range(1, 401)]
    altered = {c.visit_id: replace(c, duration_minutes=999) for c in commands}
    results: list[tuple[RecordVisit, Answer | Rejected]] = []
    lock = threading.Lock()

    def client(seed: int) -> None:
        chance = Random(seed)
        handler = kit.handler(PLACES, partition_of=partition_of)
        mine = [c if seed == 0 or chance.random() > 0.05 else altered[c.visit_id] for c in commands]
        chance.shuffle(mine)
        cuts = range(0, len(mine), chance.choice((50, 80, 100, 200)))
        size = cuts.step
        for start in cuts:
            part = mine[start : start + size]
            answers = handler.handle_many([envelope(c) for c in part])
            with lock:
                results.extend(zip(part, answers, strict=True))

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert len(results) == 16 * 400
    by_visit: dict[UUID, list[tuple[RecordVisit, Answer]]] = {}
    for command, answer in results:
        assert isinstance(answer, Answer)
        by_visit.setdefault(command.visit_id, []).append((command, answer))
    for answers in by_visit.values():
        [(winner, first)] = [(c, a) for c, a in answers if a.outcome is Outcome.STORED]
        for command, answer in answers:
            if answer.outcome is not Outcome.STORED:
                same = command.duration_minutes == winner.duration_minutes
                assert answer.outcome is (Outcome.REPEATED if same else Outcome.CONFLICT)
                assert (answer.version, answer.token) == (first.version, first.token)
    events = stored(kit)
    assert len({e.data["visit_id"] for e in events}) == len(events) == 400
    assert sum(kit.log.heads().values()) == 400
    households_equal_a_recount(kit, commands)


def households_equal_a_recount(kit: Kit, commands: list[RecordVisit]) -> None:
    events = stored(kit)
    for first in range(-9, 1):
        for last in range(first, 1):
            start, end = (SUNDAY + timedelta(days=d) for d in (first, last))
            added = sum(
                r["n"]
                for e in events
                for r in e.data["reach"]
                if start.isoformat() <= r["day"] <= end.isoformat()
                and (r["previous_day"] is None or r["previous_day"] < start.isoformat())
            )
            assert added == len({c.place_id for c in commands if start <= c.day <= end})
    for skill in Skill:
        rows = [row for e in events for row in e.data["covered"] if "age_band" not in row]
        added = sum(row.get("to", {}).get(skill) == "does" for row in rows)
        added -= sum(row.get("from", {}).get(skill) == "does" for row in rows)
        does = {
            c.place_id for c in commands for x in c.learners for s in x.skills if s == SkillLevel(skill, Level.DOES)
        }
        assert added == len(does)


def test_a_place_id_of_another_visit_is_a_conflict(kit: Kit) -> None:
    handler = kit.handler(PLACES, partition_of=partition_of)
    assert handler.handle(envelope(visit(1, 1))).outcome is Outcome.STORED
    assert handler.handle(envelope(visit(1, 2))).outcome is Outcome.CONFLICT
    assert handler.handle(envelope(visit(1, 1, latest=by(SUNDAY + timedelta(days=90))))).outcome is Outcome.REPEATED


def test_notes_and_addresses_are_sealed_and_can_be_erased(kit: Kit) -> None:
    handler = kit.handler(PLACES, partition_of=partition_of)
    queries, places = VisitQueries(kit), PlaceQueries(kit, handler)
    first = visit(1, 1, note=Personal("chờ cấp lại thẻ"))
    place = RegisterPlace(first.place_id, PlaceKind.HOUSEHOLD, first.unit_id, Personal("Số 5 ngõ 3"))
    handler.handle(envelope(first))
    handler.handle(envelope(place, place.place_id))

    raw = str([event.data for event in stored(kit)])
    assert "chờ" not in raw and "ngõ" not in raw
    publish = Publisher(UnitDirectory(kit.engine))
    public = [publish(event) for event in stored(kit)]
    assert "sealed" not in str(public) and "learners'" not in str([p.data.keys() for p in public if p])

    found = queries.visit(first.visit_id)
    assert found and visit_answer(found, personal=True)["note"] == "chờ cấp lại thẻ"
    assert "note" not in visit_answer(found, personal=False)
    assert details_answer(places.details(first.place_id))["address"] == "Số 5 ngõ 3"
    assert queries.visit(first.place_id) is None and queries.visit(UUID(int=99)) is None

    kit.vault.destroy(str(first.place_id))
    assert details_answer(places.details(first.place_id))["address"] is None
    again = queries.visit(first.visit_id)
    assert again and visit_answer(again, personal=True)["note"] is None
    known = places.place(first.place_id)
    assert known and len(known[0].visits) == 1 and known[0].registered


def test_what_is_published(kit: Kit) -> None:
    handler = kit.handler(PLACES, partition_of=partition_of)
    command = visit(14, 1, platforms=("vneid",), duration_minutes=20)
    handler.handle(envelope(command))
    [event] = stored(kit)
    public = Publisher(UnitDirectory(kit.engine))(event)
    assert public is not None
    assert (public.type, public.version, public.province, public.commune) == ("VisitRecorded", 1, "p1", "c1")
    assert public.data == {
        "visit_id": str(command.visit_id),
        "place_id": str(command.place_id),
        "place_kind": "household",
        "unit_id": "v2",
        "day": "2026-10-11",
        "team_id": str(UUID(int=7)),
        "member_ids": [str(UUID(int=70))],
        "duration_minutes": 20,
        "skills": [
            {"skill": "local_platforms", "level": "does", "learners": 1},
            {"skill": "local_platforms", "level": "knows", "learners": 1},
        ],
        "platforms": ["vneid"],
        "outcomes": [],
        "obstacle": None,
        "people_taught": 2,
        "ages": {"60_plus": 2},
        "reach": [{"day": "2026-10-11", "previous_day": None, "n": 1}],
        "covered": [
            {"to": {"local_platforms": "does"}},
            {"to": {"local_platforms": "does"}, "age_band": "60_plus"},
        ],
        "flags": [],
        "received_on": hanoi_day(event.recorded_at).isoformat(),
    }


def test_streams_are_spread_over_the_partitions() -> None:
    spread = Counter(partition_of(f"place:{UUID(int=n)}") for n in range(1000))
    assert set(spread) == set(range(PARTITIONS)) and min(spread.values()) > 200
