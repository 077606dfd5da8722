"""Probable duplicates of places on PostgreSQL: suggested where they stand today, dismissed, changed, merged, erased."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from ops.local.provision import Database
from services.visits.domain import (
    PLACES,
    ChangePlace,
    CorrectPlace,
    ErasePlace,
    MergePlaces,
    Mistake,
    MovePlace,
    PlaceKind,
    Position,
    RegisterPlace,
    SeparatePlaces,
    TellPlacesApart,
)
from services.visits.projections.activity import Activity
from services.visits.projections.lists import Lists
from services.visits.projections.together import Together
from services.visits.public import Publisher
from services.visits.queries.alike import COMMON, AlikeQueries
from services.visits.queries.below import homes
from services.visits.wiring import PARTITIONS, partition_of, records_of
from shared.decider import Personal
from shared.kit import Kit
from shared.unit_directory import UnitDirectory
from tests.visits_kit import envelope, opened, project

A, B, C = (UUID(int=n) for n in (1, 2, 3))
TODAY = date(2026, 11, 1)
HOUSE = PlaceKind.HOUSEHOLD
LAN, BINH = "chị Nguyễn Thị Lan - 0912 345 678", "Trần Văn Bình"


@pytest.fixture
def db(database: Callable[..., Database]) -> Database:
    return database("visits")


@pytest.fixture
def kit(db: Database) -> Iterator[Kit]:
    with opened(db) as kit:
        yield kit


def personal(said: str | None) -> Personal | None:
    return None if said is None else Personal(said)


def register(place: UUID, address: str | None, contact: str | None = None, unit: str = "v1", kind: Any = HOUSE) -> Any:
    return RegisterPlace(place, kind, unit, personal(address), personal(contact))


def change(place: UUID, address: str | None, contact: str | None = None, **other: Any) -> ChangePlace:
    return ChangePlace(place, personal(address), personal(contact), **other)


def told(kit: Kit, *commands: Any) -> None:
    handler = kit.handler(PLACES, partition_of=partition_of, guard_reads=True)
    for command in commands:
        handler.handle(envelope(command))
    project(kit, Together(Activity.name, [Lists()], PARTITIONS), records_of(kit))


def suggested(kit: Kit, unit: str = "nation", kind: str | None = None) -> list[tuple[str, int, int, list[str]]]:
    """All pages, two pairs at a time: (unit, place, other, reasons)."""
    units = homes(UnitDirectory(kit.engine).tree(), unit, TODAY)
    queries, found, after = AlikeQueries(kit.engine), list[Any](), ""
    while after is not None:
        pairs, after = queries.page(units, kind, after, 2)
        found += pairs
    return [
        (pair["unit_id"], UUID(pair["place_id"]).int, UUID(pair["other_id"]).int, pair["reasons"]) for pair in found
    ]


def tokens(kit: Kit) -> set[str]:
    with kit.engine.connect() as connection:
        return set(connection.execute(text("SELECT place_id FROM vault.place_tokens")).scalars())


def test_suggested_dismissed_and_suggested_again_after_a_change(kit: Kit) -> None:
    told(kit, register(A, "Số 12, ngõ Hoà, xã Ngọc Hoà", LAN), register(B, "12 ngo hoa"), register(C, "Số 13"))
    pair = [("v1", 1, 2, ["same_address"])]
    assert suggested(kit) == suggested(kit, "v1") == suggested(kit, "p1") == pair
    assert suggested(kit, "v2") == suggested(kit, "p2") == suggested(kit, kind="shop") == []

    told(kit, TellPlacesApart(B, A))
    assert suggested(kit) == []
    told(kit, change(A, "Số 12, Ngõ Hòa", LAN, position=Position(21.0, 105.8)), TellPlacesApart(A, C))
    assert suggested(kit) == [], "says what was said before, in other letters"
    told(kit, change(B, "12 ngo hoa", "0912345678"))
    assert suggested(kit) == [("v1", 1, 2, ["same_phone", "same_address"])]
    told(kit, TellPlacesApart(A, B), change(B, None))
    assert suggested(kit) == []
    told(kit, change(B, "12 ngo hoa", "0912345678"))
    assert suggested(kit) == [("v1", 1, 2, ["same_phone", "same_address"])], "said anew after it was dismissed"


def test_merged_they_are_one_and_separated_they_are_known_apart(kit: Kit) -> None:
    told(kit, register(A, None, LAN), register(B, None, LAN), register(C, None, "0912345678"))
    everybody = [("v1", 1, 2, ["same_phone", "same_name"]), ("v1", 1, 3, ["same_phone"]), ("v1", 2, 3, ["same_phone"])]
    assert suggested(kit) == everybody
    told(kit, MergePlaces(B, A))
    assert suggested(kit) == [("v1", 1, 3, ["same_phone"])]
    told(kit, SeparatePlaces(B, A))
    assert suggested(kit) == everybody[1:]
    told(kit, change(B, "Số 5", LAN))
    assert suggested(kit) == everybody


def test_an_erasure_takes_the_tokens_with_the_key(kit: Kit, db: Database) -> None:
    told(kit, register(A, "Số 12", LAN), register(B, "Số 12", LAN))
    assert tokens(kit) == {str(A), str(B)}
    kit.handler(PLACES, partition_of=partition_of).handle(envelope(ErasePlace(A)))
    kit.vault.destroy(str(A))
    assert tokens(kit) == {str(B)}, "at once, not when the log is read next"
    told(kit, change(A, "Số 12", LAN))
    assert tokens(kit) == {str(B)} and suggested(kit) == []
    # A worker that still has the key in memory when it hears of new details.
    kit.handler(PLACES, partition_of=partition_of).handle(envelope(change(B, "Số 99")))
    kit.vault.ensure([str(B)])
    with psycopg.connect(db.vault_url) as vault:
        vault.execute("DELETE FROM vault.keys")
    project(kit, records_of(kit))
    assert tokens(kit) == set()
    with psycopg.connect(db.app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("SELECT key FROM vault.keys")
    with psycopg.connect(db.verify_url) as verify, pytest.raises(psycopg.errors.InsufficientPrivilege):
        verify.execute("SELECT * FROM vault.place_tokens")


def test_kind_and_todays_unit_narrow_the_candidates(kit: Kit) -> None:
    told(
        kit,
        register(A, "Số 12", unit="v1"),
        register(B, "Số 12", unit="v2"),
        register(C, "Số 12", unit="v1", kind=PlaceKind.SHOP),
    )
    assert suggested(kit) == []
    told(kit, CorrectPlace(C, Mistake.TYPO, kind=HOUSE))
    assert suggested(kit) == [("v1", 1, 3, ["same_address"])]
    told(kit, MovePlace(C, "v2", TODAY))
    assert suggested(kit) == [("v2", 2, 3, ["same_address"])]


def test_villages_that_became_one_have_one_list(kit: Kit) -> None:
    told(kit, register(A, "Số 12", unit="v1"), register(B, "Số 12", unit="v2"), TellPlacesApart(A, B))
    told(kit, register(C, None, LAN, unit="v2"), register(UUID(int=4), None, LAN, unit="v1"))
    assert suggested(kit, "c1") == []
    successors = [{"unit_id": "v1", "main": True}]
    gone = {"unit_id": "v2", "effective": "2026-06-01", "successors": successors, "successor_unknown": False}
    with kit.engine.begin() as tx:
        fact = "INSERT INTO read.unit_facts VALUES (99, 'UnitAbolished', cast(:data AS jsonb))"
        tx.execute(text(fact), {"data": json.dumps(gone)})
    merged = [("v1", 3, 4, ["same_phone", "same_name"])]
    assert suggested(kit, "c1") == suggested(kit, "v1") == suggested(kit, "v2") == merged
    assert suggested(kit, "v3") == []


def test_what_many_share_says_nothing(kit: Kit) -> None:
    few = [register(UUID(int=n), "thôn Đoài", f"hộ {n}" if n % 2 else None) for n in range(1, COMMON + 1)]
    told(kit, *few)
    assert len(suggested(kit)) == COMMON * (COMMON - 1) // 2
    told(kit, register(UUID(int=COMMON + 1), "thôn Đoài"))
    assert suggested(kit) == []
    told(kit, register(UUID(int=50), "thôn Đoài", BINH), register(UUID(int=51), "thôn Đoài", BINH))
    assert suggested(kit) == [("v1", 50, 51, ["same_address", "same_name"])]


@pytest.mark.parametrize("seed", range(3))
def test_however_the_log_is_cut_it_is_the_same(kit: Kit, seed: int) -> None:
    chance = Random(seed)
    places = [UUID(int=n) for n in range(1, 7)]
    handler = kit.handler(PLACES, partition_of=partition_of, guard_reads=True)
    for place in places:
        handler.handle(envelope(register(place, "Số 12")))
    for _ in range(30):
        one, other = chance.sample(places, 2)
        said = chance.choice(["Số 12", "Số 13", None])
        command = change(one, said) if chance.random() < 0.5 else TellPlacesApart(one, other)
        handler.handle(envelope(command))
        if chance.random() < 0.2:
            project(kit, records_of(kit))
    told(kit)
    found, pairs = suggested(kit), rows(kit)
    with kit.engine.begin() as tx:
        tx.execute(text("DELETE FROM vault.place_tokens"))
        tx.execute(text("TRUNCATE read.places_apart"))
        tx.execute(text("DELETE FROM bus.cursors WHERE subscription LIKE 'records%'"))
    project(kit, records_of(kit))
    assert (suggested(kit), rows(kit)) == (found, pairs)


def rows(kit: Kit) -> list[Any]:
    with kit.engine.connect() as connection:
        tokens = connection.execute(text("SELECT place_id, said, plain FROM vault.place_tokens ORDER BY 1, 3")).all()
        apart = connection.execute(text("SELECT * FROM read.places_apart ORDER BY one, other")).all()
        return [tokens, apart]


def test_nothing_of_it_is_published(kit: Kit) -> None:
    told(kit, register(A, "Số 12", LAN), register(B, "Số 12", LAN), TellPlacesApart(A, B))
    publish = Publisher(UnitDirectory(kit.engine))
    events = [event for partition in range(PARTITIONS) for event in kit.log.read(partition, 0, 100)]
    told_apart = [event for event in events if event.type == "PlaceToldApart"]
    assert len(told_apart) == 2 and [publish(event) for event in told_apart] == [None, None]
