"""People over HTTP: lists, matching, duplicates, erasure; who may, and that no name or number leaves the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from sqlalchemy import Connection, Engine, text

from ops.local import tokens
from ops.local.provision import Database
from ops.local.state import State
from services.teams.domain import DECIDER, EVENTS
from services.teams.domain.duplicates import (
    DuplicateDismissed,
    JoinPeople,
    PeopleJoined,
    PeopleSeparated,
    SeparatePeople,
)
from services.teams.domain.people import PersonChanged, PersonRegistered, RegisterPerson, SubjectErased, person_stream
from services.teams.projections.people import People
from shared.blind_index import BlindIndex
from shared.codec import Codec
from shared.db import engine
from shared.decider import Personal
from shared.handler import Envelope, Handler
from shared.handling import handle_many
from shared.log import PostgresLog, Recorded
from shared.vault import MemoryKeys, Vault
from shared.writer import GroupWriter
from tests.teams_kit import DAY, NATION, Teams, batch, document, person, post, running, uid, unit
from tests.waiting import eventually, local

PERSONAL = (
    *("Bưởi", "Tuấn", "Tuân", "Đỗ Thị", "do thi", "tuan"),
    *("912 345", "912345678", "912 000", "91200000", "912999999"),
)
"""Parts of names and numbers, long enough not to turn up in ids and hashes by chance."""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("teams")


@pytest.fixture(scope="module")
def service(module_database: Callable[..., Database], rabbit: Any, stack_state: State, logs: Path) -> Iterator[Teams]:
    with running(module_database("teams"), rabbit, stack_state, logs) as teams:
        with teams.client(NATION) as client:
            assert batch(client, "/v1/units/batch", [unit(NATION, "nation", None)])["counts"] == {"stored": 1}
        yield teams


@dataclass
class Country:
    """Two provinces of a test's own: seven people in teams of three villages, the first five in one commune."""

    name: str
    people: list[str]
    document_id: str

    def unit(self, unit_id: str) -> str:
        return f"{self.name}-{unit_id}"

    @property
    def all(self) -> tuple[str, str]:
        return self.unit("hn"), self.unit("nb")


NAMES = [
    {"name": "Đỗ Thị Bưởi", "phone": "0912 345 678"},
    {"name": "ĐỖ THỊ BƯỞI", "phone": "+84 912 345 678"},  # the same one, registered again
    {"name": "Nguyễn Văn Tuấn", "phone": "0912 000 001"},
    {"name": "Nguyễn Văn Tuân", "phone": "0912 000 002"},  # another name
    {"name": "Nguyen Van Tuan"},  # either
    {"name": "Nguyễn Văn Tuấn", "phone": "0912000009"},  # elsewhere
    {"name": "Lê Thị Đào", "phone": "0912345678"},  # elsewhere; the number of the first
]


@pytest.fixture
def country(service: Teams) -> Country:
    made = Country(uid()[:8], [uid() for _ in NAMES], uid())
    units = [("hn", "province", NATION), ("nb", "province", NATION), ("c1", "commune", made.unit("hn"))]
    units += [("c2", "commune", made.unit("nb")), ("v0", "village", made.unit("c1"))]
    units += [("v1", "village", made.unit("c1")), ("w0", "village", made.unit("c2"))]
    crews = {"v0": [0, 2, 3], "v1": [1, 4], "w0": [5, 6]}
    with service.client(NATION) as client:
        rows = [unit(made.unit(u), level, parent, name=u) for u, level, parent in units]
        assert batch(client, "/v1/units/batch", rows)["counts"] == {"stored": len(rows)}
        post(client, "/v1/documents", document(made.document_id))
        rows = [person(p, **named) for p, named in zip(made.people, NAMES, strict=True)]
        assert batch(client, "/v1/people/batch", rows)["counts"] == {"stored": len(rows)}
        rows = [
            {"id": uid(), "team_id": uid(), "kind": "village", "unit_id": made.unit(place), "name": "Tổ"}
            | {"effective": DAY, "document_id": made.document_id}
            | {"seats": [{"seat_id": uid(), "person_id": made.people[n], "role": "member"} for n in crew]}
            for place, crew in crews.items()
        ]
        assert batch(client, "/v1/teams/batch", rows)["counts"] == {"stored": 3}
        eventually(service.caught_up)
    return made


def suggested(client: httpx.Client, **query: Any) -> dict[tuple[str, ...], list[str]]:
    """All pages, one pair at a time."""
    found: dict[tuple[str, ...], list[str]] = {}
    after: dict[str, str] = {}
    while True:
        page = client.get("/v1/people/duplicates", params={"limit": 1, **query, **after})
        assert page.status_code == 200, page.text
        for pair in page.json()["duplicates"]:
            key = (pair["person_id"], pair["other_id"])
            assert key not in found and pair["unit_id"][-3:] in ("-c1", "-c2")
            found[key] = pair["reasons"]
        if page.json()["next"] is None:
            return found
        after = {"after": page.json()["next"]}


def pair(one: str, other: str) -> tuple[str, ...]:
    return tuple(sorted((one, other)))


def outcomes(client: httpx.Client, rows: list[dict[str, Any]], **query: Any) -> list[Any]:
    answer = client.post("/v1/people/match", params=query, json={"rows": rows})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return [r.get("person_id") or r.get("person_ids") or r["outcome"] for r in answer.json()["results"]]


def test_names_mean_people_of_the_callers_units(service: Teams, country: Country) -> None:
    buoi, again, accented, other, plain, far, dao = country.people
    scope = "people:match"
    v0, v1, w0 = (country.unit(u) for u in ("v0", "v1", "w0"))
    rows: list[dict[str, Any]] = [
        {"row": 7, "name": "  nguyễn văn TUẤN ", "unit_id": v0},
        {"row": "B8", "name": "Nguyen Van Tuan", "unit_id": v0},
        {"name": "Nguyen Van Tuan", "unit_id": v0, "phone": "84912000002"},
        {"name": "Nguyễn Văn Tuấn", "unit_id": v0, "phone": "0912999999"},
        {"name": "Nguyễn Văn Tuấn", "unit_id": v1, "phone": "0912999999"},
        {"name": "Nguyễn Văn Tuần", "unit_id": country.unit("c1")},
        {"name": "Đỗ Thị Bưởi", "phone": "0912345678"},
        {"name": "Lê Thị Đào", "unit_id": w0},
        {"name": "Không Có Ai"},
        {"name": "An 001099012345"},
        {"name": "An", "cccd": "001099012345"},
    ]
    both, ambiguous = sorted([accented, other]), sorted([buoi, again])
    with service.client(*country.all, scope=scope) as client:
        expected = [accented, both, other, "none", plain, plain, ambiguous, dao, "none", "rejected", "rejected"]
        assert outcomes(client, rows) == expected
        assert outcomes(client, [{"name": "Nguyễn Văn Tuấn"}]) == [sorted([accented, far])]
        assert outcomes(client, rows[:1], as_of="2023-09-30") == ["none"]
        answer = client.post("/v1/people/match", json={"rows": rows}).json()
        assert [result["row"] for result in answer["results"][:3]] == [7, "B8", 2]
        assert answer["results"][9]["problem"]["code"] == "forbidden-personal-field"
        assert answer["results"][10]["problem"]["pointer"] == "/rows/10/cccd"
        assert answer["counts"] == {"matched": 5, "ambiguous": 2, "none": 2, "rejected": 2}
        assert client.post("/v1/people/match", json={"rows": [{}] * 1001}).json()["code"] == "too-many-rows"
    with service.client(NATION, scope=scope) as client:
        assert outcomes(client, rows[:2]) == [accented, both]
        assert dao in str(outcomes(client, [{"name": "Lê Thị Đào"}]))
    with service.client(country.unit("nb"), scope=scope) as client:
        assert outcomes(client, [{"name": "Nguyễn Văn Tuấn"}, {"name": "Nguyễn Văn Tuấn", "unit_id": v0}]) == [
            far,
            "rejected",
        ]
    with service.client(scope=scope, nowhere=True) as client:
        assert outcomes(client, [{"name": "Nguyễn Văn Tuấn"}]) == ["none"]
    with service.client(NATION, scope="people:read") as client:
        assert client.post("/v1/people/match", json={"rows": []}).status_code == 403


def test_duplicates_are_suggested_joined_separated_and_erased(service: Teams, country: Country, logs: Path) -> None:
    buoi, again, accented, other, plain, _, dao = country.people
    hn, w0 = country.unit("hn"), country.unit("w0")
    near, phone = ["same_name", "same_phone", "same_commune"], ["same_phone"]
    with service.client(*country.all) as client:
        everything = {
            pair(buoi, again): near,
            pair(accented, plain): ["same_name", "same_commune"],
            pair(other, plain): ["same_name", "same_commune"],
            pair(buoi, dao): phone,
            pair(again, dao): phone,
        }
        assert suggested(client) == everything
        assert suggested(client, unit=w0) == {pair(buoi, dao): phone, pair(again, dao): phone}
        assert suggested(client, as_of="2023-09-30") == {}
        with service.client(country.unit("c1")) as commune:
            assert suggested(commune) == {key: why for key, why in everything.items() if dao not in key}

        dismissed = {"person_id": plain, "other_id": other, "reason": "two_people"}
        post(client, "/v1/people/dismiss", dismissed)
        join = {"person_id": buoi, "duplicate_id": again, "reason": "same_phone", "document_id": country.document_id}
        post(client, "/v1/people/join", join)
        post(client, "/v1/people/join", join | {"person_id": again, "duplicate_id": dao})
        assert post(client, "/v1/people/join", {**join, "person_id": dao, "duplicate_id": buoi}, 409)["code"] == (
            "person-is-kept"
        )
        eventually(service.caught_up)
        assert suggested(client) == {pair(accented, plain): ["same_name", "same_commune"]}
        assert outcomes_of(service, country, [{"name": "do thi buoi"}, {"name": "Lê Thị Đào"}]) == [buoi, buoi]

        shown = client.get(f"/v1/people/{buoi}").json()
        assert (shown["same_as"], shown["joined"]) == (
            None,
            [{"person_id": p, "into": buoi} for p in sorted([again, dao])],
        )
        assert client.get(f"/v1/people/{dao}").json()["same_as"] == buoi
        listed = client.get("/v1/people", params={"unit": hn, "limit": 3})
        assert listed.headers["Cache-Control"] == "no-store"
        assert listed.json()["totals"] == {"seats": 5, "ids": 5, "people": 4}
        rest = client.get("/v1/people", params={"unit": hn, "after": listed.json()["next"]}).json()
        people = {p["person_id"]: p for p in listed.json()["people"] + rest["people"]}
        assert people.keys() == {buoi, again, accented, other, plain}
        assert (people[again]["name"], people[again]["same_as"]) == ("ĐỖ THỊ BƯỞI", buoi)
        assert [seat["unit_id"] for seat in people[again]["seats"]] == [country.unit("v1")]
        assert client.get("/v1/people", params={"as_of": "2023-09-30"}).json()["people"] == []

        apart = {"person_id": buoi, "duplicate_id": again, "reason": "wrong"}
        post(client, "/v1/people/separate", apart)
        assert post(client, "/v1/people/separate", apart | {"id": uid()}, 409)["code"] == "people-not-joined"
        eventually(service.caught_up)
        assert pair(buoi, again) not in suggested(client)
        assert client.get(f"/v1/people/{buoi}").json()["joined"] == [{"person_id": dao, "into": buoi}]

        moment = datetime.now(UTC).isoformat()
        change = {"phone": None, "affiliation": "teacher"}
        changed = client.post(f"/v1/people/{again}/change", json=change, headers={"If-Match": '"1"'})
        assert changed.status_code == 412  # it was joined and separated meanwhile
        post(client, f"/v1/people/{again}/change", change | {"name": "Đỗ Thị Bưởi Hai"})
        now = client.get(f"/v1/people/{again}").json()
        assert (now["name"], now["phone"], now["affiliation"]) == ("Đỗ Thị Bưởi Hai", None, "teacher")
        then = client.get(f"/v1/people/{again}", params={"known_at": moment}).json()
        assert (then["name"], then["phone"], then["same_as"]) == ("ĐỖ THỊ BƯỞI", "+84 912 345 678", None)
        assert client.get(f"/v1/people/{again}", params={"known_at": "2020-01-01"}).status_code == 404
        eventually(service.caught_up)
        assert outcomes_of(service, country, [{"name": "Do Thi Buoi Hai"}]) == [again]

        erased = client.delete(f"/v1/people/{dao}").json()
        assert (set(erased["erased"]), erased["left"]) == ({buoi, dao}, [])
        kept = "SELECT count(*) FROM read.person_tokens WHERE person_id = ANY(%s)"
        assert service.log(kept, [buoi, dao]) == [(0,)]
        eventually(service.caught_up)
        assert outcomes_of(service, country, [{"name": "Đỗ Thị Bưởi"}, {"name": "Lê Thị Đào"}]) == ["none", "none"]
        assert client.get(f"/v1/people/{dao}").json()["same_as"] == buoi
        assert client.get("/v1/people", params={"unit": w0}).json()["totals"]["people"] == 2
        events = client.get("/v1/events", params={"partition": 0, "limit": 1000}).json()["events"]

    own = [e for e in events if e["data"].get("person_id") in country.people]
    joins = [e["data"] for e in own if e["type"] == "PeopleJoined.v1"]
    assert joins[1] == {**join, "person_id": buoi, "duplicate_id": dao}
    assert [e["data"] for e in own if e["type"] == "PeopleSeparated.v1"] == [apart | {"document_id": None}]
    assert not {e["type"] for e in events} & {"PersonChanged.v1", "PersonKept.v1", "DuplicateDismissed.v1"}
    assert service.log(kept, country.people) == [(5,)]
    everything = repr(events) + repr(service.log("SELECT data::text, metadata::text FROM log.events"))
    for table in ("person_tokens", "person_joins", "people_apart"):
        everything += repr(service.log(f"SELECT x::text FROM read.{table} x"))
    everything += (logs / "api.log").read_text() + (logs / "worker.log").read_text()
    assert "people matched" in everything and "person erased" in everything
    assert [word for word in PERSONAL if word in everything] == []
    assert service.log("SELECT count(*) FROM bus.parked") == [(0,)]


def outcomes_of(service: Teams, country: Country, rows: list[dict[str, Any]]) -> list[Any]:
    with service.client(*country.all, scope="people:match") as client:
        return outcomes(client, rows)


def test_people_are_for_those_of_their_units_and_before_that_for_who_registered_them(
    service: Teams, country: Country
) -> None:
    buoi, again, *_, far, dao = country.people
    alone, c1 = uid(), country.unit("c1")
    with service.client(country.unit("c2")) as client:  # the same caller as everybody here, by its subject
        post(client, "/v1/people", person(alone, name="Lê Thị Mới"))
        assert client.get(f"/v1/people/{alone}").json()["name"] == "Lê Thị Mới"
        assert client.get(f"/v1/people/{buoi}").status_code == 403
        assert client.get("/v1/people", params={"unit": c1}).status_code == 403
        assert client.get("/v1/people/duplicates", params={"unit": c1}).status_code == 403
        assert {p["person_id"] for p in client.get("/v1/people").json()["people"]} == {far, dao}
        join = {"person_id": far, "duplicate_id": buoi, "reason": "same_phone"}
        refused = post(client, "/v1/people/join", join, 403)
        assert (refused["code"], refused["pointer"]) == ("forbidden-unit", "/duplicate_id")
        assert post(client, "/v1/people/separate", join, 403)["code"] == "forbidden-unit"
        assert post(client, f"/v1/people/{buoi}/change", {"phone": None}, 403)["code"] == "forbidden-unit"
        assert client.delete(f"/v1/people/{buoi}").status_code == 403
        rows = [
            {"id": uid(), "do": "register", "person_id": uid(), "name": "Lê Thị Một"},
            {"id": uid(), "do": "join", "person_id": far, "duplicate_id": buoi, "reason": "same_phone"},
            {"id": uid(), "do": "change", "person_id": alone, "affiliation": "teacher"},
            {"id": uid(), "do": "dismiss", "person_id": buoi, "other_id": far},
            {"id": uid(), "do": "change", "person_id": far},
        ]
        rows.append({"id": uid(), "do": "join", "person_id": far, "duplicate_id": rows[0]["person_id"], "reason": "x"})
        answer = batch(client, "/v1/people/changes/batch", rows)
        codes = [result.get("problem", {}).get("code") for result in answer["results"]]
        assert codes == [None, "forbidden-unit", None, "forbidden-unit", "person-change-empty", None]
        assert answer["results"][1]["problem"]["pointer"] == "/rows/1/duplicate_id"
        post(client, "/v1/people/join", {"person_id": dao, "duplicate_id": alone, "reason": "same_person"})
    with service.client(NATION) as client:
        eventually(service.caught_up)
        page = client.get("/v1/people", params={"limit": 500}).json()
        assert {p["person_id"] for p in page["people"]} >= set(country.people)
        assert page["totals"]["seats"] >= page["totals"]["ids"] >= page["totals"]["people"]
        assert {far, dao} & {p for pair in suggested(client) for p in pair}
        post(client, "/v1/people/join", {"person_id": dao, "duplicate_id": again, "reason": "same_phone"})
    with service.client(country.unit("c2")) as client:  # erases what is its own; the rest is for others
        erased = client.delete(f"/v1/people/{dao}").json()
        assert (set(erased["erased"]), erased["left"]) == ({dao, alone}, [again])
        assert client.delete(f"/v1/people/{far}", params={"joined": "false"}).json()["left"] == []
    token = tokens.issue(service.state, "somebody else", "people:read", [country.unit("hn")], 600)
    with local(service.base, headers={"Authorization": f"Bearer {token}"}) as client:
        assert client.get(f"/v1/people/{again}").json()["name"] == "ĐỖ THỊ BƯỞI"
        assert client.get(f"/v1/people/{alone}").status_code == 403
        assert client.get(f"/v1/people/{uid()}").status_code == 404


# --- two processes at once --------------------------------------------------------------------------------------------


def test_no_joins_decided_at_once_run_in_a_circle(database: Callable[..., Database]) -> None:
    autocommit = engine(database("teams").app_url, name="log", pool_size=8, autocommit=True)
    log, keys = PostgresLog(autocommit), MemoryKeys()
    writers = [GroupWriter(log) for _ in range(3)]
    handlers: list[Handler[Any, Any, Any]] = [
        Handler(log, w, DECIDER, Codec(*EVENTS, vault=Vault(keys)), hash_key=b"k" * 32, guard_reads=True)
        for w in writers
    ]
    people = [f"p{n}" for n in range(6)]
    register = [Envelope(uuid4(), RegisterPerson(p, Personal("An")), "test", datetime.now(UTC)) for p in people]
    handlers[0].handle_many(register)

    def join(handler: Handler[Any, Any, Any], seed: int) -> None:
        dice = Random(seed)
        for _ in range(15):
            one, other = dice.sample(people, 2)
            command = JoinPeople(one, other, "x") if dice.random() < 0.7 else SeparatePeople(one, other, "x")
            handle_many(handler, [Envelope(uuid4(), command, "test", datetime.now(UTC))])

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(join, handlers, range(3)))
    into = {p: handlers[0].state(person_stream(p))[0].into for p in people}
    for person_id in people:
        seen: list[str] = []
        here: str | None = person_id
        while here is not None:
            assert here not in seen, into
            seen.append(here)
            here = into[here]
    for each in writers:
        each.stop()
    autocommit.dispose()


# --- the projection alone ---------------------------------------------------------------------------------------------

PEOPLE = list("abcdefgh")
TABLES = {
    "person_tokens": "person_id, name, spelled, phone",
    "person_joins": "duplicate_id, person_id, kept_id",
    "people_apart": "one, other",
}


@pytest.fixture
def reads(database: Callable[..., Database]) -> Iterator[Engine]:
    made = engine(database("teams").app_url, name="test")
    yield made
    made.dispose()


class Told:
    """Events as the log would hold them."""

    def __init__(self) -> None:
        self.vault = Vault(MemoryKeys())
        self.codec = Codec(*EVENTS, vault=self.vault)
        self.events: list[Recorded] = []

    def tell(self, stream: str, event: Any) -> None:
        command, position = uuid4(), len(self.events) + 1
        self.codec.prepare([event])
        kind, schema, data = self.codec.encode(event, f"{command}:1")
        made = Recorded(
            0, position, stream, 1, kind, schema, orjson.loads(data), {}, command, 1, b"", datetime.now(UTC)
        )
        self.events.append(made)

    def person(self, person_id: str, event: Any) -> None:
        self.tell(person_stream(person_id), event)


def tables(tx: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: [tuple(row) for row in tx.execute(text(f"SELECT {columns} FROM read.{name} ORDER BY 1, 2"))]
        for name, columns in TABLES.items()
    }


def projected(tx: Connection, told: Told, size: int) -> dict[str, list[tuple[Any, ...]]]:
    """The tables after all events in batches of this size; nothing stays."""
    people = People(told.codec, told.vault, BlindIndex(b"k" * 32, b"people"))
    with tx.begin_nested() as attempt:
        for first in range(0, len(told.events), size):
            people.apply(tx, [("", event) for event in told.events[first : first + size]])
        found = tables(tx)
        attempt.rollback()
    return found


def test_any_cut_gives_the_same_tables_and_an_erasure_takes_tokens_and_key(reads: Engine) -> None:
    told, index = Told(), BlindIndex(b"k" * 32, b"people")
    for p in PEOPLE:
        told.person(p, PersonRegistered(p, Personal("Nguyễn Văn An"), Personal("0912345678"), "teacher"))
    told.person("a", PersonChanged("a", ("name",), Personal("Trần Bình")))
    told.person("a", PersonChanged("a", ("affiliation", "phone"), None, None, "police"))
    told.person("b", PersonChanged("b", ("phone",), None, Personal("0912000000")))
    for duplicate, kept in ("bc", "cd", "ed", "fb"):
        told.person(duplicate, PeopleJoined(kept, duplicate, "x", None))
    told.person("c", PeopleSeparated("d", "c", "x", None))
    told.tell("apart:a/g", DuplicateDismissed("a", "g", None))
    told.person("h", PersonChanged("h", ("name",), Personal("Lê Hạnh")))
    sealed = [event.data["name"] for event in told.events if event.stream_id == person_stream("h")]
    with reads.connect() as tx:
        before = projected(tx, told, 1)
        for size in (2, 3, 100):
            assert projected(tx, told, size) == before
        told.person("h", SubjectErased("h"))
        told.person("h", SubjectErased("h"))
        expected = projected(tx, told, 1)
        for size in (2, 3, 100):
            assert projected(tx, told, size) == expected
    an, binh, phone = index.name("Nguyễn Văn An"), index.name("Trần Bình"), index.phone("0912345678")
    assert before["person_tokens"][0] == ("a", binh.plain, binh.spelled, None)
    assert before["person_tokens"][1] == ("b", an.plain, an.spelled, index.phone("0912000000"))
    assert before["person_tokens"][2] == ("c", an.plain, an.spelled, phone)
    assert len(before["person_tokens"]) == 8
    assert [row[0] for row in expected["person_tokens"]] == list("abcdefg")
    assert expected["person_joins"] == [("b", "c", "c"), ("e", "d", "d"), ("f", "b", "c")]
    assert expected["people_apart"] == [("a", "g"), ("c", "d")]
    first = next(event for event in told.events if event.stream_id == person_stream("h"))
    assert told.vault.open("h", first.id, sealed[0]) is None
    assert UUID(first.id.partition(":")[0]) == first.command_id
