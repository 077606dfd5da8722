"""Lists of obligations equal a naive count over random seats, rules, attendances, exemptions and joins; on any map."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import msgspec
import pytest
from sqlalchemy import text

from ops.local.provision import Database
from services.training import reminding
from services.training.domain.dues import Due, State
from services.training.domain.plans import Measure, Target
from services.training.domain.reminders import IssueReminder
from services.training.domain.rules import Role, TeamKind, Terms
from services.training.projections.obligations import Obligations
from services.training.projections.register import Register
from services.training.projections.seats import Seats
from services.training.queries.figures import Figures
from services.training.queries.obligations import KNOWN, InForce, ObligationQueries, Wanted, uuids
from services.training.reminding import Reminding, kind_of
from shared.db import engine
from shared.log import Recorded
from shared.unit_directory import UnitDirectory, Units
from tests.training_events import attendance, course, exempted, joined, reassigned, rule, session, team, unit

SPACE = UUID(int=1)
REFORM, EVER = date(2025, 7, 1), date(2022, 1, 1)
COMMUNES = {"c1": "p1", "c2": "p1", "c3": "p2"}
VILLAGES = {f"v{n}": f"c{n % 3 + 1}" for n in range(9)}
TOPICS = ("policy", "online_safety", "public_services")


def uid(name: str) -> str:
    return str(uuid5(SPACE, name))


PEOPLE = [uid(f"p{n}") for n in range(25)]


@dataclass
class World:
    """Events, and the same in the plainest shape for the naive count."""

    chance: random.Random
    teams: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    own: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    seats: list[dict[str, Any]] = field(default_factory=list)
    rules: list[tuple[str, str, date, Terms]] = field(default_factory=list)
    learnt: list[tuple[str, str, date]] = field(default_factory=list)
    exempt: list[tuple[str, str, date, date | None]] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)

    def day(self) -> date:
        return date(2024, 1, 1) + timedelta(self.chance.randrange(700))

    def unit_on(self, unit_id: str, day: date) -> set[str]:
        """The unit and all above it: c1 and c2 become c9 by the reform, and the provinces p9."""
        commune = VILLAGES.get(unit_id, unit_id)
        if day < REFORM:
            return {unit_id, commune, COMMUNES[commune], "vn"}
        commune = "c9" if commune in ("c1", "c2") else commune
        return ({unit_id} if unit_id in VILLAGES else set()) | {commune, "p9", "vn"}


def world(seed: int) -> World:
    made = World(random.Random(seed))
    _units(made)
    for n in range(14):
        _team(made, f"t{n}")
    _courses(made)
    _rules(made)
    for n in range(12):
        one, until = made.chance.choice(made.rules), made.day()
        person, since = made.chance.choice(PEOPLE), until - timedelta(made.chance.randrange(1, 200))
        made.exempt.append((person, one[0], since, None if n % 3 == 0 else until))
        made.own.append(exempted(uid(f"e{n}"), *made.exempt[-1]))
    for duplicate, person in (("p20", "p0"), ("p21", "p1"), ("p22", "p21")):
        made.teams.append(joined(uid(person), uid(duplicate)))
    made.kept = {uid("p20"): uid("p0"), uid("p21"): uid("p1"), uid("p22"): uid("p1")}
    return made


def _units(made: World) -> None:
    made.teams += [unit("vn", "nation", None), unit("p1", "province", "vn"), unit("p2", "province", "vn")]
    made.teams += [unit(commune, "commune", province) for commune, province in COMMUNES.items()]
    made.teams += [unit(village, "village", commune) for village, commune in VILLAGES.items()]
    made.teams += [unit("p9", "province", "vn", REFORM), unit("c9", "commune", "p9", REFORM)]
    for gone, heir in (("p1", "p9"), ("p2", "p9"), ("c1", "c9"), ("c2", "c9")):
        successors = [{"unit_id": heir, "main": True, "share": None}]
        ended = {"unit_id": gone, "effective": REFORM.isoformat(), "successors": successors}
        made.teams.append(("UnitAbolished", ended | {"successor_unknown": False, "document_id": None}))
    for village, commune in VILLAGES.items():
        if commune in ("c1", "c2"):
            moved = {"unit_id": village, "parent_id": "c9", "effective": REFORM.isoformat(), "document_id": None}
            made.teams.append(("UnitReparented", moved))


def _team(made: World, name: str) -> None:
    chance, since = made.chance, made.day()
    place = chance.choice([*VILLAGES, *COMMUNES])
    kind = "village" if place in VILLAGES else "commune"
    seats = []
    for n, person in enumerate(chance.sample(PEOPLE, 3)):
        role = chance.choice(["leader", "deputy", "member"])
        seats.append({"seat_id": uid(f"{name}{n}"), "person_id": person, "role": role, "affiliation": None})
        gone = since + timedelta(chance.randrange(1, 500)) if n == 2 else None
        about = {**seats[-1], "team_id": uid(name), "kind": kind, "since": since, "until": gone}
        made.seats.append(about | {"unit_id": place})
    made.teams.append(team(uid(name), kind, place, since, seats))
    released = {"team_id": uid(name), "unit_id": place, "seat_id": seats[2]["seat_id"]}
    day = made.seats[-1]["until"]
    made.teams.append(("SeatReleased", released | {"effective": day.isoformat(), "document_id": "d", "reason": None}))
    if place in ("c1", "c2") and since < REFORM and chance.random() < 0.5:
        made.teams.append(reassigned(uid(name), kind, place, "c9", REFORM))
        for seat in made.seats[-3:]:
            seat["later"] = "c9"


def _courses(made: World) -> None:
    for n, topics in enumerate((TOPICS[:1], TOPICS[1:2], TOPICS[1:])):
        made.own.append(course(uid(f"course{n}"), topics))
        made.own.append(session(uid(f"session{n}"), uid(f"course{n}"), "vn", date(2024, 1, 1)))
        for person in made.chance.sample(PEOPLE, 14):
            day = made.day()
            made.own.append(attendance(person, uid(f"session{n}"), uid(f"course{n}"), "v0", day))
            made.learnt += [(person, item, day) for item in (*topics, uid(f"course{n}"))]
    # A course that teaches something else later on does not change what was learnt before.
    made.own.append(course(uid("course0"), ("project_06",), revised=True))


def _rules(made: World) -> None:
    many = [
        ("vn", Terms(Due(within_days=90), topics=TOPICS)),
        ("p1", Terms(Due(every_months=6), topics=("policy",), roles=(Role.LEADER, Role.DEPUTY))),
        ("c2", Terms(Due(by=date(2025, 6, 1)), topics=TOPICS[:2], all_of_it=True)),
        ("p9", Terms(Due(within_days=30), courses=(uid("course2"),), counts_from=date(2025, 1, 1))),
        ("vn", Terms(Due(every_months=12), topics=("online_safety",), team_kind=TeamKind.COMMUNE)),
    ]
    for n, (unit_id, terms) in enumerate(many):
        first = REFORM if unit_id == "p9" else date(2024, 3, 1)
        made.rules.append((uid(f"rule{n}"), unit_id, first, terms))
        made.own.append(rule(uid(f"rule{n}"), unit_id, first, terms))


def _stood(seat: dict[str, Any], day: date, area_day: date) -> str:
    """Where the seat's unit stood on the last day of a former area: a new commune where its main predecessor did."""
    later = day >= REFORM > area_day and seat.get("later")
    return "c1" if later else str(seat["unit_id"])


def naive(made: World, root: str, day: date) -> set[tuple[str, str, str, date, str]]:
    """person, rule, state, due, seat: everybody against every rule."""
    found = set()
    for person in {made.kept.get(p, p) for p in PEOPLE}:
        ids = {person} | {duplicate for duplicate, kept in made.kept.items() if kept == person}
        learnt: dict[str, date] = {}
        for who, item, when in made.learnt:
            if who in ids and when <= day:
                learnt[item] = max(when, learnt.get(item, when))
        for rule_id, area, first, terms in made.rules:
            if day < first:
                continue
            # A former area is what it was on its last day.
            area_day = min(day, REFORM - timedelta(1)) if area in ("p1", "c2") else day
            concerned = [
                (max(seat["since"], first), seat["seat_id"])
                for seat in made.seats
                if seat["person_id"] in ids
                and seat["since"] <= day < (seat["until"] or date.max)
                and root in made.unit_on(seat["unit_id"], day)
                and area in made.unit_on(_stood(seat, day, area_day), area_day)
                and (terms.team_kind is None or terms.team_kind == seat["kind"])
                and (not terms.roles or seat["role"] in terms.roles)
            ]
            if not concerned:
                continue
            since, seat_id = min(concerned)
            trained = terms.trained(learnt)
            due = terms.due.day(since, trained)
            if due is None:
                continue
            exempt = any(p in ids and r == rule_id and s <= day < (u or date.max) for p, r, s, u in made.exempt)
            state = State.EXEMPT if exempt else terms.due.state(due, trained, day)
            found.add((person, rule_id, state.value, due, seat_id))
    return found


@pytest.fixture
def training(database: Callable[..., Database]) -> Database:
    return database("training")


@pytest.fixture
def tables(training: Database) -> Iterator[Any]:
    made = engine(training.app_url, name="test")
    yield made
    made.dispose()


def fill(tables: Any, made: World) -> ObligationQueries:
    now = datetime.now(UTC)
    for source, events, projections in (
        ("teams", made.teams, (Units(), Seats())),
        ("", made.own, (Register(), Obligations())),
    ):
        batch = [
            (source, Recorded(0, n, "", n, type_, 1, data, {}, uuid4(), 1, b"", now))
            for n, (type_, data) in enumerate(events, 1)
        ]
        for projection in projections:
            with tables.begin() as tx:
                projection.apply(tx, batch)
    return ObligationQueries(tables, tables, UnitDirectory(tables))


def listed(queries: ObligationQueries, wanted: Wanted) -> list[tuple[str, str, str, date, str]]:
    found = []
    for _ in range(300):
        page = queries.page(wanted)
        assert len(page.found) <= wanted.limit
        found += [(one.person_id, one.rule_id, one.state.value, one.due, one.seat_id) for one in page.found]
        if page.next is None:
            return found
        wanted = Wanted(wanted.unit_id, wanted.day, wanted.state, wanted.rule_id, page.next, wanted.limit)
    raise AssertionError("pages without end")


@pytest.mark.parametrize("seed", range(3))
def test_lists_and_counts_equal_a_naive_count(tables: Any, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = world(seed)
    queries = fill(tables, made)
    monkeypatch.setattr("services.training.queries.obligations.CHUNK", 3)  # a person's seats in several chunks
    compared = 0
    for day in (date(2024, 8, 1), date(2025, 6, 30), REFORM, date(2026, 1, 1)):
        for root in ("vn", "p1", "p2", "p9", "c2", "c9", "c3", "v1"):
            if not queries._directory.tree().exists(root, day):
                continue
            expected = naive(made, root, day)
            for limit in (3, 500):
                told = listed(queries, Wanted(root, day, limit=limit))
                assert len(told) == len(set(told)), (root, day)
                assert set(told) == expected, (root, day)
            overdue = listed(queries, Wanted(root, day, state=State.OVERDUE, limit=2))
            assert set(overdue) == {one for one in expected if one[2] == "overdue"}
            counts, _ = queries.summary(root, day)
            assert {(r, s): n for r, of in counts.items() for s, n in of.items()} == Counter(
                (one[1], one[2]) for one in expected
            ), (root, day)
            compared += len(expected)
    assert compared > 200


MANY = """INSERT INTO read.attendance (person_id, session_id, day, part, unit_id, course_id, mode)
          SELECT gen_random_uuid(), cast(lpad(to_hex(n % 60), 32, '0') AS uuid), '2024-05-01', 'day', 'v0',
                 cast(:course AS uuid), 'online' FROM generate_series(1, 60000) n"""
SOME = "SELECT array_agg(cast(person_id AS text)) FROM (SELECT person_id FROM read.attendance LIMIT 100) a"


def test_what_a_page_reads_does_not_grow_with_the_tables(training: Database, tables: Any) -> None:
    """As after an upload: written, and looked at for its statistics, but not vacuumed yet."""
    fill(tables, world(1))
    with tables.begin() as tx:
        tx.execute(text(MANY), {"course": uid("course0")})
    owner = engine(training.owner_url, name="test", autocommit=True)
    lookups = engine(training.app_url, name="test", autocommit=True)
    with owner.connect() as tx:
        tx.exec_driver_sql("ANALYZE read.attendance, read.seats, read.lessons, read.exemptions")
    asked = {"day": REFORM, "items": list(TOPICS)}
    with lookups.connect() as tx:
        people = tx.execute(text(SOME)).scalar_one()
        explained = text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {KNOWN}")
        plan = tx.execute(explained, asked | {"people": uuids(people)}).scalar_one()[0]["Plan"]
    owner.dispose()
    lookups.dispose()
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 20 * len(people)


def test_coverage_equals_a_naive_count(tables: Any) -> None:
    made = world(5)
    fill(tables, made)
    figures = Figures(tables, UnitDirectory(tables))
    one = {person: made.kept.get(person, person) for person in PEOPLE}
    for day, trained_day in ((date(2024, 8, 1), date(2024, 8, 1)), (date(2026, 1, 1), date(2025, 1, 1))):
        for root in ("vn", "c3", "c9" if day >= REFORM else "c2"):
            for topic in (None, "policy"):
                who = [
                    one[seat["person_id"]]
                    for seat in made.seats
                    if seat["since"] <= day < (seat["until"] or date.max) and root in made.unit_on(seat["unit_id"], day)
                ]
                learnt = {one[p] for p, item, when in made.learnt if when <= trained_day and topic in (None, item)}
                told = figures.serving(root, day, trained_day, topic)
                assert (told.seats, told.people, told.trained) == (len(who), len({*who}), len({*who} & learnt))
                if root == "vn":
                    everybody = figures.trained(root, date(2022, 1, 1), trained_day, topic=topic)
                    assert everybody.people == len(learnt)
                    assert figures.reached(Target(Measure.PEOPLE, 1, topic=topic), root, EVER, trained_day) == len(
                        learnt
                    )
    attended = figures.trained("vn", EVER, date(2026, 1, 1))
    assert attended.attendances == 3 * 14
    assert figures.reached(Target(Measure.SESSIONS, 1), "vn", EVER, date(2026, 1, 1)) == 0


def walker(tables: Any, handler: Any, moment: datetime) -> Reminding:
    lookups = tables.execution_options(isolation_level="AUTOCOMMIT")
    return Reminding(lookups, UnitDirectory(tables), handler, now=lambda: moment, every=0.0)


def test_everybody_is_reminded_once_and_not_before_all_is_read(tables: Any) -> None:
    made = world(3)
    queries, sent = fill(tables, made), list[IssueReminder]()

    class Handler:
        """Keeps what it is told, and shows it as issued, as the projection will."""

        def handle_many(self, envelopes: Any) -> list[Any]:
            sent.extend(envelope.command for envelope in envelopes)
            events = [("ReminderDue", msgspec.to_builtins(envelope.command)) for envelope in envelopes]
            now = datetime.now(UTC)
            with tables.begin() as tx:
                Obligations().apply(
                    tx,
                    [("", Recorded(0, n, "", n, t, 1, d, {}, uuid4(), 1, b"", now)) for n, (t, d) in enumerate(events)],
                )
            return [None for _ in envelopes]

        def states(self, stream_ids: Any) -> dict[str, Any]:
            return {}

    day = date(2025, 6, 20)
    noon = datetime(2025, 6, 20, 5, tzinfo=UTC)
    first, other = (walker(tables, Handler(), noon) for _ in range(2))

    def go_round() -> list[IssueReminder]:
        sent.clear()
        for _ in range(60):
            for each in (first, other):
                each.step()
        return list(sent)

    assert go_round() == []  # the registry has not been heard of
    with tables.begin() as tx:
        tx.exec_driver_sql("INSERT INTO bus.sources (source, heads) VALUES ('teams', '{\"0\": 5}')")
        tx.exec_driver_sql(
            "INSERT INTO bus.cursors (subscription, source, partition, position) VALUES ('x', 'teams', 0, 4)"
        )
    assert go_round() == []  # and not all of it is read
    with tables.begin() as tx:
        tx.exec_driver_sql("UPDATE bus.cursors SET position = 5")
    told = go_round()
    terms = {rule_id: terms for rule_id, _, _, terms in made.rules}
    expected = set()
    for one in queries.page(Wanted("vn", day, limit=500)).found:
        rule = InForce(one.rule_id, "vn", day, terms[one.rule_id])
        if kind := kind_of(one, rule, day):
            expected.add((one.person_id, one.rule_id, one.due, kind))
    assert expected and len(told) == len(expected), "one of two workers walks"
    assert {(one.person_id, one.rule_id, one.due, one.kind) for one in told} == expected
    with tables.begin() as tx:
        tx.exec_driver_sql("UPDATE bus.cursors SET position = 6")
    assert go_round() == []


class Untold:
    """A handler that takes reminders and tells nobody."""

    def handle_many(self, envelopes: Any) -> list[Any]:
        return [None for _ in envelopes]

    def states(self, stream_ids: Any) -> dict[str, Any]:
        return {}


def test_when_the_walker_is_lost_another_one_begins_anew(tables: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tables, world(3))
    monkeypatch.setattr(reminding, "CHUNK", 2)
    with tables.begin() as tx:
        tx.exec_driver_sql("INSERT INTO bus.sources (source, heads) VALUES ('teams', '{\"0\": 5}')")

    def at(one: Reminding) -> Any:
        one.step()
        return one._at

    lost, other = (walker(tables, Untold(), datetime(2025, 6, 20, 5, tzinfo=UTC)) for _ in range(2))
    assert at(lost) and at(other) is None
    begun = at(lost)
    with tables.begin() as tx:
        tx.exec_driver_sql("UPDATE read.reminder_round SET walks_until = now() - interval '1 second'")
    again = at(other)
    assert again and again != begun, "from the beginning"
    lost._renews_at = float("-inf")  # it comes back after a while
    assert at(lost) is None and at(other)
    assert any(at(other) is None for _ in range(60))
    assert at(lost) is None and at(other) is None, "nothing is new since"
    with tables.begin() as tx:
        tx.exec_driver_sql(
            "INSERT INTO bus.cursors (subscription, source, partition, position) VALUES ('seats@1', 'teams', 0, 6)"
        )
    assert at(lost) and at(other) is None


def test_a_reform_changes_nobodys_record_only_where_it_is_listed(tables: Any) -> None:
    made = world(7)
    made.rules, made.own = [], [event for event in made.own if event[0] != "RuleSet"]
    made.own.append(rule(uid("all"), "vn", date(2024, 3, 1), Terms(Due(within_days=90), topics=TOPICS)))
    # On the eve of the reform and on its day, nobody comes, goes or is trained.
    made.teams = [
        event for event in made.teams if event[1].get("effective") != REFORM.isoformat() or event[0] != "SeatReleased"
    ]
    queries = fill(tables, made)
    before = {one[:2] + one[3:] for one in listed(queries, Wanted("vn", REFORM - timedelta(1)))}
    after = {one[:2] + one[3:] for one in listed(queries, Wanted("vn", REFORM))}
    assert before and before == after
    places = {seat["seat_id"]: seat["unit_id"] for seat in made.seats}
    on_c9 = {one[4] for one in listed(queries, Wanted("c9", REFORM))}
    assert on_c9 and all(VILLAGES.get(places[seat], places[seat]) in ("c1", "c2") for seat in on_c9)
