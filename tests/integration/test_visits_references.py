"""What visits knows of teams, people and catalogues, and how little asking for it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text

from ops import catalogue as national
from ops.local.provision import Database
from services.visits.catalogue import Catalogue
from services.visits.domain.catalogue import CATALOGUE, CatalogueKind, EndEntry, Pillar, SetEntry, Words
from services.visits.projections.network import Network
from services.visits.public import Publisher
from services.visits.references import References
from services.visits.schemas.catalogue import SetEntrySchema, set_entry
from services.visits.wiring import PARTITIONS, partition_of, records_of
from shared.kit import Kit
from shared.unit_directory import UnitDirectory
from tests.visits_kit import envelope, of_teams, opened, project

A, B, C = (str(UUID(int=n)) for n in (1, 2, 3))
P, Q, R, S = (str(UUID(int=n)) for n in (11, 12, 13, 14))


@pytest.fixture
def kit(database: Callable[..., Database]) -> Iterator[Kit]:
    with opened(database("visits")) as kit:
        yield kit


def seat(person: str) -> dict[str, str]:
    return {"seat_id": f"seat-{person}", "person_id": person, "role": "member"}


def established(team: str, unit: str, day: str, *people: str) -> dict[str, Any]:
    return {"team_id": team, "kind": "village", "unit_id": unit, "effective": day, "seats": [seat(p) for p in people]}


HISTORY: list[tuple[str, dict[str, Any]]] = [
    ("TeamEstablished", established(A, "v1", "2026-01-01", P)),
    ("TeamEstablished", established(B, "v2", "2026-01-01", Q)),
    ("TeamEstablished", established(C, "v3", "2026-02-01")),
    ("SeatAppointed", {"team_id": C, "unit_id": "v3", "seat": seat(R), "effective": "2026-02-02"}),
    ("TeamReassigned", {"team_id": C, "from_unit_id": "v3", "unit_id": "v2", "seats": 1, "effective": "2026-03-01"}),
    (
        "TeamsRearranged",
        {
            "effective": "2026-04-01",
            "teams": [
                {"team_id": A, "unit_id": "v1", "existed": True, "exists": True},
                {"team_id": B, "unit_id": "v2", "existed": True, "exists": False},
            ],
            "carried": [{"seat": seat(P)}],
            "joined": [],
            "released": [{"seat": seat(S)}],
        },
    ),
    ("PilotEnded", {"team_id": A, "unit_id": "v1", "effective": "2026-05-01", "converted": True, "seats": 1}),
    (
        "TeamCorrected",
        {
            "team_id": C,
            "facts": [],
            "counts": [
                {"unit_id": "v3", "day": "2026-02-01", "teams": -1},
                {"unit_id": "v3", "day": "2026-01-15", "teams": 1},
            ],
        },
    ),
    ("TeamDissolved", {"team_id": A, "unit_id": "v1", "seats": 1, "effective": "2026-06-01"}),
]


def standing(kit: Kit, day: str) -> set[tuple[str, str]]:
    asked = text("SELECT team_id, unit_id FROM read.team_units WHERE day <= :day GROUP BY 1, 2 HAVING sum(n) > 0")
    with kit.engine.connect() as connection:
        return {(team, unit) for team, unit in connection.execute(asked, {"day": day})}


@pytest.mark.parametrize("seed", range(3))
def test_where_teams_stand_in_whatever_order_and_cuts_it_is_told(kit: Kit, seed: int) -> None:
    chance = Random(seed)
    events = [of_teams(n, type_, **data) for n, (type_, data) in enumerate(HISTORY, 1)]
    chance.shuffle(events)
    while events:
        size = chance.randint(1, 4)
        with kit.engine.begin() as tx:
            Network().apply(tx, events[:size])
        events = events[size:]
    assert standing(kit, "2026-01-14") == {(A, "v1"), (B, "v2")}
    assert standing(kit, "2026-01-15") == {(A, "v1"), (B, "v2"), (C, "v3")}
    assert standing(kit, "2026-03-01") == {(A, "v1"), (B, "v2"), (C, "v2")}
    assert standing(kit, "2026-05-31") == {(A, "v1"), (C, "v2")}
    assert standing(kit, "2026-06-01") == {(C, "v2")}


def queries_of(kit: Kit) -> list[str]:
    seen: list[str] = []
    event.listen(kit.lookups, "before_cursor_execute", lambda c, cur, statement, *rest: seen.append(statement))
    return seen


def test_references_become_known_and_are_then_not_asked_for_again(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    references, seen = References(kit.lookups), queries_of(kit)
    teams, members = {UUID(A), UUID(int=77)}, {UUID(P), UUID(R), UUID(int=78)}
    assert references.unknown(teams, members) == teams | members
    with kit.engine.begin() as tx:
        Network().apply(tx, [of_teams(n, type_, **data) for n, (type_, data) in enumerate(HISTORY, 1)])
    assert references.unknown(teams, members) == teams | members, "unknown for a moment longer"
    assert len(seen) == 1
    monkeypatch.setattr("services.visits.references.UNKNOWN_SECONDS", -1)
    assert references.unknown(teams, members) == {UUID(int=77), UUID(int=78)}
    del seen[:]
    for _ in range(3):
        assert references.unknown([UUID(A)], [UUID(P), UUID(R)]) == set()
    assert seen == []
    assert references.unknown([UUID(P)], [UUID(A)]) == {UUID(P), UUID(A)}, "a team is nobody, a person no team"


def test_a_full_memory_forgets_the_older_half(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.visits.references.KEPT", 2)
    with kit.engine.begin() as tx:
        Network().apply(tx, [of_teams(n, type_, **data) for n, (type_, data) in enumerate(HISTORY, 1)])
    references, seen = References(kit.lookups), queries_of(kit)
    for _ in range(2):
        for person in (P, Q, R, S):
            assert references.unknown([], [UUID(person)]) == set()
    assert 4 < len(seen) <= 8


DAY = date(2026, 1, 1)


def entry(code: str, unit: str = "nation", day: date = DAY, kind: CatalogueKind = CatalogueKind.PLATFORM) -> SetEntry:
    return SetEntry(kind, code, unit, day, Words(code.upper(), code, (Pillar.SOCIETY,)))


def test_codes_of_the_nation_and_of_the_province_on_the_day(kit: Kit) -> None:
    entries = kit.handler(CATALOGUE, partition_of=partition_of)
    units = UnitDirectory(kit.engine)
    catalogue = Catalogue(kit.lookups, units, max_age=0)
    assert catalogue.unknown(CatalogueKind.PLATFORM, ("vneid",), "v1", DAY) == {"vneid"}
    for command in (
        entry("vneid"),
        entry("local", "p1"),
        entry("other", "p2"),
        entry("filed", kind=CatalogueKind.OUTCOME),
        EndEntry(CatalogueKind.PLATFORM, "vneid", "nation", date(2026, 7, 1)),
        entry("vneid", day=date(2026, 9, 1)),
    ):
        entries.handle(envelope(command))
        project(kit, records_of(kit))
    codes = ("vneid", "local", "other", "filed")

    def unknown(unit: str, day: date) -> set[str]:
        return catalogue.unknown(CatalogueKind.PLATFORM, codes, unit, day)

    assert unknown("v1", DAY) == {"other", "filed"}
    assert unknown("c3", DAY) == {"local", "filed"}
    assert unknown("v1", date(2026, 7, 1)) == {"vneid", "other", "filed"}
    assert unknown("v1", date(2026, 9, 1)) == {"other", "filed"}
    assert unknown("v1", date(2025, 12, 31)) == set(codes)
    assert unknown("nowhere", DAY) == set(codes), "of no known area: not even the nation's"
    assert catalogue.unknown(CatalogueKind.OUTCOME, (), "v1", DAY) == set()
    assert [(span.code, span.since, span.until) for span in catalogue.standing("c1", DAY, CatalogueKind.PLATFORM)] == [
        ("vneid", DAY, date(2026, 7, 1)),
        ("local", DAY, None),
    ]
    assert len(catalogue.standing(None, DAY)) == 4


def test_the_national_entries_are_sound_and_may_be_sent_twice(kit: Kit) -> None:
    rows = list(national.rows())
    loaded = [SetEntrySchema().load(row) for row in rows]
    assert len({(row.kind, row.code) for row in loaded}) == len({row.id for row in loaded}) == len(rows) > 40
    entries = kit.handler(CATALOGUE, partition_of=partition_of)
    first = entries.handle_many([envelope(set_entry(row), row.id) for row in loaded])
    again = entries.handle_many([envelope(set_entry(row), row.id) for row in loaded])
    assert {answer.outcome for answer in first} == {"stored"} and {answer.outcome for answer in again} == {"repeated"}
    publish = Publisher(UnitDirectory(kit.engine))
    public = [publish(stored) for p in range(PARTITIONS) for stored in kit.log.read(p, 0, 500)]
    assert {(p.data["kind"], p.data["code"]) for p in public if p} == {(row["kind"], row["code"]) for row in rows}
    assert {p.type for p in public if p} == {"CatalogueEntrySet"}
