"""The read tables say what the folded streams say, however the events are cut into batches."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text

from ops.local.provision import Database
from services.teams.domain import DECIDER, EVENTS
from services.teams.domain.documents import DocumentKind, RegisterDocument
from services.teams.domain.people import ErasePerson, RegisterPerson
from services.teams.domain.team.corrections import Correction, CorrectTeam
from services.teams.domain.team.events import CorrectionReason, Role, Seat, TeamKind
from services.teams.domain.team.life import (
    DissolveTeam,
    EndPilot,
    EstablishTeam,
    ReassignTeam,
    RenameTeam,
    ResumeTeam,
    SuspendTeam,
)
from services.teams.domain.team.merge import Fate, MergeTeams, SeatFate
from services.teams.domain.team.rearrange import NewTeam
from services.teams.domain.team.replay import as_of
from services.teams.domain.team.seats import AppointSeat, ChangeLeader, ReconstituteTeam, ReleaseSeat
from services.teams.domain.team.split import SplitInto, SplitTeam
from services.teams.domain.team.state import Team
from services.teams.domain.team.undo import UndoRearrangement
from services.teams.domain.units import AbolishUnit, EstablishUnit
from services.teams.projections.registry import Registry
from shared.codec import Codec
from shared.db import engine
from shared.decider import Personal, Rejected
from shared.handler import Envelope, Handler
from shared.handling import handle_many
from shared.log import PostgresLog, Recorded
from shared.vault import MemoryKeys, Vault
from shared.vietnamese import fold
from shared.writer import GroupWriter

START = date(2023, 1, 1)
PEOPLE = [f"p{n}" for n in range(15)]
TABLES = {
    "teams": "team_id, position, kind, unit_id, established, ended, ending, into_team_id, document_id, simulated",
    "team_spans": "team_id, since, until, unit_id, kind, standing, name, folded, seats, leaders, established, ended,"
    " ending, into_team_id, document_id, simulated",
    "team_units": "team_id, unit_id",
    "seats": "team_id, seat_id, since, until, person_id, role, affiliation",
    "documents": "document_id, kind, issuer, number",
    "citations": "document_id, position, type, stream_id, unit_id, effective",
}


class History:
    """Random commands, most of them sensible; what is refused is refused."""

    def __init__(self, handler: Handler[Any, Any, Any], seed: int) -> None:
        self.handler, self.dice, self.day, self.made = handler, random.Random(seed), START, 0
        self.teams = [f"t{n}" for n in range(12)]
        self.rearranged: list[str] = []

    def send(self, *commands: Any) -> list[Any]:
        now = datetime.now(UTC)
        ids = [UUID(int=self.dice.getrandbits(128)) for _ in commands]
        return handle_many(self.handler, [Envelope(i, c, "test", now) for i, c in zip(ids, commands, strict=True)])

    def run(self, steps: int) -> int:
        day = START
        self.send(EstablishUnit("vn", "nation", "quốc gia", "Việt Nam", None, None, day))
        for document in "de":
            self.send(RegisterDocument(document, DocumentKind.DECISION, "UBND", document, 2023, day, day))
        self.send(*(EstablishUnit(f"v{n}", "village", "thôn", f"Thôn {n}", "vn", None, day) for n in range(12)))
        self.send(*(RegisterPerson(p, Personal("An"), None, "teacher") for p in PEOPLE))
        self.send(*(self.establish(n) for n in range(12)))
        stored = 0
        for _ in range(steps):
            self.day += timedelta(self.dice.choice((0, 0, 1, 30)))
            [result] = self.send(self.change())
            stored += not isinstance(result, Rejected)
        self.send(ErasePerson("p0"))
        return stored

    def seats(self, most: int) -> tuple[Seat, ...]:
        people = self.dice.sample(PEOPLE, self.dice.randrange(most + 1))
        return tuple(self.seat(p, Role.MEMBER if n else Role.LEADER) for n, p in enumerate(people))

    def seat(self, person: str, role: Role = Role.MEMBER) -> Seat:
        self.made += 1
        return Seat(f"s{self.made}", person, role, self.dice.choice((None, "teacher")))

    def establish(self, n: int) -> EstablishTeam:
        return EstablishTeam(f"t{n}", TeamKind.VILLAGE, f"v{n}", f"Tổ {n}", START, "d", self.seats(4), n % 3 == 0)

    def change(self) -> Any:
        """Mostly as days go by, sometimes long after."""
        dice = self.dice
        day = self.day - timedelta(dice.choice((0, 0, 0, 45)))
        one, other = dice.sample(self.teams, 2)
        team: Team = self.handler.state(f"team:{one}")[0]
        ever = list(team.seats) or ["none"]
        match dice.randrange(17):
            case 0:
                return RenameTeam(one, f"Tổ mới {dice.randrange(5)}", day, "d")
            case 1 | 2:
                return AppointSeat(one, self.seat(dice.choice(PEOPLE)), day, "d")
            case 3:
                return ReleaseSeat(one, dice.choice(ever), day, "d", "moved")
            case 4 | 5:
                kept = [s for s in team.open_seats if dice.random() < 0.7 and s.role is not Role.LEADER]
                turned = [Seat(s.seat_id, s.person_id, Role.DEPUTY) if dice.random() < 0.4 else s for s in kept]
                return ReconstituteTeam(one, tuple(turned), day, "d")
            case 6:
                return EndPilot(one, dice.random() < 0.7, day, "d")
            case 7:
                return SuspendTeam(one, day, "d")
            case 8:
                return ResumeTeam(one, day, "d")
            case 9:
                return ReassignTeam(one, f"v{dice.randrange(12)}", day, "d")
            case 10:
                return ChangeLeader(one, day, "d", dice.choice(ever))
            case 11:
                return self.correction(one, len(team.facts), day)
            case 12:
                return self.split(one, other, [seat.seat_id for seat in team.open_seats])
            case 13 | 14 if self.rearranged:
                return UndoRearrangement(self.rearrangement(), dice.choice(self.rearranged[:-1] or ["r0"]), day, "d")
            case _ if dice.random() < 0.3:
                return DissolveTeam(one, day, "d")
            case _:
                return self.merge(one, other)

    def correction(self, team: str, facts: int, day: date) -> CorrectTeam:
        fact = self.dice.randrange(1, facts + 1)
        correction = self.dice.choice(
            (
                Correction(fact, None, {"effective": day}),
                Correction(fact, None, {"document_id": "e"}),
                Correction(fact, None, {"unit_id": f"v{self.dice.randrange(12)}"}),
                Correction(fact, True),
                Correction(fact, False),
            )
        )
        return CorrectTeam(team, (correction,), (), CorrectionReason.OTHER, "d")

    def rearrangement(self) -> str:
        self.rearranged.append(f"r{len(self.rearranged)}")
        return self.rearranged[-1]

    def split(self, team: str, other: str, seats: list[str]) -> SplitTeam:
        """Some to another team, some to a new one; who is named by neither stays."""
        self.made += 1
        share = len(seats) // 3
        new = NewTeam(TeamKind.VILLAGE, f"v{self.dice.randrange(12)}", "Tổ mới")
        into = (
            SplitInto(other, tuple(seats[:share])),
            SplitInto(f"n{self.made}", tuple(seats[share : 2 * share]), new),
        )
        return SplitTeam(self.rearrangement(), team, into, (), True, self.day, "d")

    def merge(self, into: str, source: str) -> MergeTeams:
        seated = {s.person_id: s.seat_id for s in self.handler.state(f"team:{into}")[0].open_seats}
        fates = []
        for seat in self.handler.state(f"team:{source}")[0].open_seats:
            if seat.person_id in seated:
                fates.append(SeatFate(seat.seat_id, Fate.JOINED, seated[seat.person_id]))
            else:
                fates.append(SeatFate(seat.seat_id, self.dice.choice((Fate.CARRIED, Fate.RELEASED))))
        return MergeTeams(self.rearrangement(), into, (source,), tuple(fates), self.day, "d")


def tables(tx: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: [tuple(row) for row in tx.execute(text(f"SELECT {columns} FROM read.{name} ORDER BY 1, 2"))]
        for name, columns in TABLES.items()
    }


def projected(tx: Connection, events: list[Recorded], size: int) -> dict[str, list[tuple[Any, ...]]]:
    """The tables after these events in batches of this size; nothing stays."""
    with tx.begin_nested() as attempt:
        for first in range(0, len(events), size):
            Registry().apply(tx, [("", event) for event in events[first : first + size]])
        found = tables(tx)
        attempt.rollback()
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_cut_gives_the_same_tables_and_they_equal_the_folded_states(
    database: Callable[..., Database], seed: int
) -> None:
    db = database("teams")
    autocommit, transactions = engine(db.app_url, name="log", autocommit=True), engine(db.app_url, name="test")
    log = PostgresLog(autocommit)
    writer = GroupWriter(log)
    codec = Codec(*EVENTS, vault=Vault(MemoryKeys()))
    handler: Handler[Any, Any, Any] = Handler(log, writer, DECIDER, codec, hash_key=b"k" * 32, guard_reads=True)
    history = History(handler, seed)
    assert history.run(150) > 25
    events = log.read(0, 0, 10_000)
    with transactions.connect() as tx:
        expected = projected(tx, events, 1)
        for size in (2, 7, 50, 10_000):
            assert projected(tx, events, size) == expected
    for team in history.teams:
        assert_day_by_day(expected, handler.state(f"team:{team}")[0])
    writer.stop()
    for each in (autocommit, transactions):
        each.dispose()


def assert_day_by_day(expected: dict[str, list[tuple[Any, ...]]], team: Team) -> None:
    """What the rows say of a team on a day is what its facts say."""
    team_id = team.birth.team_id
    [latest] = [row for row in expected["teams"] if row[0] == team_id]
    assert latest[3:8] == (team.unit_id, team.established, team.ended, team.ending, team.into)
    edges = {fact.effective for fact in team.facts}
    for day in sorted({day + timedelta(n) for day in edges for n in (-1, 0, 1)}):
        then = as_of(team, day)
        spans = [row for row in expected["team_spans"] if row[0] == team_id and holds(row[1], row[2], day)]
        seats = [row for row in expected["seats"] if row[0] == team_id and holds(row[2], row[3], day)]
        if then is None or then.ended is not None:
            assert (spans, seats) == ([], [])
            continue
        name = max(then.names)[1]
        standing = "suspended" if then.suspended_on(day) else "pilot" if then.pilot else "active"
        leaders = sum(seat.role is Role.LEADER for seat in then.open_seats)
        told = (then.unit_id, "village", standing, name, fold(name), len(then.open_seats), leaders)
        whole = (team.established, team.ended, team.ending, team.into, team.birth.document_id, False)
        assert [row[3:] for row in spans] == [told + whole]
        assert sorted((row[1], *row[4:]) for row in seats) == sorted(
            (seat.seat_id, seat.person_id, seat.role.value, seat.affiliation) for seat in then.open_seats
        )


def holds(since: date, until: date | None, day: date) -> bool:
    return since <= day and (until is None or day < until)


@pytest.fixture
def processes(database: Callable[..., Database]) -> Iterator[list[Handler[Any, Any, Any]]]:
    """Four handlers with caches of their own, as in four api processes; the first has told a history."""
    db = database("teams")
    engines = [engine(db.app_url, name=f"log {n}", autocommit=True) for n in range(4)]
    logs = [PostgresLog(each) for each in engines]
    keys, writers = CountingKeys(), [GroupWriter(log) for log in logs]
    handlers: list[Handler[Any, Any, Any]] = [
        Handler(log, writer, DECIDER, Codec(*EVENTS, vault=Vault(keys)), hash_key=b"k" * 32, guard_reads=True)
        for log, writer in zip(logs, writers, strict=True)
    ]
    start = History(handlers[0], 0)
    start.run(0)
    start.send(EstablishUnit("v99", "village", "thôn", "Thôn", "vn", None, START))
    yield handlers
    for writer, each in zip(writers, engines, strict=True):
        writer.stop()
        each.dispose()


class CountingKeys(MemoryKeys):
    asked = 0

    def get(self, subjects: Collection[str]) -> dict[str, bytes]:
        CountingKeys.asked += 1
        return super().get(subjects)


def sent(handler: Handler[Any, Any, Any], command: Any) -> str:
    result = handle_many(handler, [Envelope(uuid4(), command, "test", datetime.now(UTC))])[0]
    return result.code if isinstance(result, Rejected) else result.outcome.value


def establish(n: int, *seats: Seat, day: date = START) -> EstablishTeam:
    return EstablishTeam(f"x{n}", TeamKind.VILLAGE, "v99", "Tổ", day, "d", seats)


def test_eight_at_once_establish_one_team(processes: list[Handler[Any, Any, Any]]) -> None:
    """The reservation decides, whichever process comes first."""
    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(lambda n: sent(processes[n % 4], establish(n)), range(8)))
    assert outcomes == ["stored", *["team-place-taken"] * 7]


def test_what_another_process_has_just_decided_counts(processes: list[Handler[Any, Any, Any]]) -> None:
    one, other = processes[:2]
    one.state("unit:v99")
    one.state("person:p1")
    assert sent(other, AbolishUnit("v99", date(2024, 1, 1), (), True)) == "stored"
    assert sent(other, ErasePerson("p1")) == "stored"
    assert sent(one, establish(1, day=date(2024, 1, 1))) == "unit-closed"
    assert sent(one, establish(1, Seat("s", "p1", Role.MEMBER))) == "person-erased"
    assert sent(one, establish(1, Seat("s", "p2", Role.MEMBER))) == "stored"


def test_keys_of_many_people_are_fetched_at_once(processes: list[Handler[Any, Any, Any]]) -> None:
    CountingKeys.asked = 0
    members = [Seat(f"s{n}", f"p{n}", Role.MEMBER) for n in range(1, 10)]
    assert sent(processes[3], establish(1, *members)) == "stored"
    assert CountingKeys.asked == 1
