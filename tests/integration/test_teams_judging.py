"""The worker judges what concerns a team: stopped anywhere and begun again, the record is what a fresh look finds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from ops.local.provision import Database
from services.teams.domain import DECIDER, EVENTS
from services.teams.domain.affairs.entries import VoidEntry
from services.teams.domain.affairs.policies import EndPolicy, ReplacePolicy, Rules, SetPolicy
from services.teams.domain.documents import DocumentKind, RegisterDocument
from services.teams.domain.nearest import Policies, chain_on
from services.teams.domain.people import RegisterPerson
from services.teams.domain.policy import broken, open_on
from services.teams.domain.team.events import Role, Seat, TeamKind
from services.teams.domain.team.life import DissolveTeam, EstablishTeam
from services.teams.domain.team.seats import AppointSeat, ReleaseSeat
from services.teams.domain.units import EstablishUnit, ReparentUnit
from services.teams.projections.affairs import Affairs
from services.teams.projections.warnings import Unjudged, Warnings
from services.teams.queries.policy import WantedWarnings, WarningQueries
from services.teams.reactions import Judge
from shared.codec import Codec
from shared.db import engine
from shared.decider import Personal, Rejected
from shared.handler import Envelope, Handler
from shared.log import PostgresLog
from shared.subscription import Subscription
from shared.unit_directory import UnitDirectory, Units
from shared.vault import MemoryKeys, Vault
from shared.writer import GroupWriter

START = date(2023, 1, 1)
TEAMS = [f"t{n}" for n in range(6)]
AREAS = ["vn", "p0", "p1", "c0", "c1", "c2", "v0"]


class Killed(Exception):
    """The worker ends here."""


class Dying:
    """A handler whose process is killed now and then: before its commands are stored, or right after."""

    def __init__(self, handler: Handler[Any, Any, Any], dice: random.Random) -> None:
        self._handler, self._dice = handler, dice
        self.sent = 0

    def handle_many(self, envelopes: Sequence[Envelope]) -> list[Any]:
        fate = self._dice.random()
        if fate < 0.2:
            raise Killed
        answers = self._handler.handle_many(envelopes)
        self.sent += len(envelopes)
        if fate < 0.4:
            raise Killed
        return list(answers)


class Registry:
    """The pieces of the worker that have to do with warnings, run by hand."""

    def __init__(self, db: Database, seed: int) -> None:
        self.dice = random.Random(seed)
        self.engines: list[Engine] = [engine(db.app_url, name="log", autocommit=True), engine(db.app_url, name="test")]
        self.log = PostgresLog(self.engines[0])
        self.writer = GroupWriter(self.log)
        codec = Codec(*EVENTS, vault=Vault(MemoryKeys()))
        self.handler: Handler[Any, Any, Any] = Handler(
            self.log, self.writer, DECIDER, codec, hash_key=b"k" * 32, guard_reads=True
        )
        self.directory = UnitDirectory(self.engines[1])
        self.dying = Dying(self.handler, self.dice)
        handler: Any = self.dying
        self.judges = [
            Judge(self.engines[1], self.log, codec, handler, self.directory, moves_every=0) for _ in range(2)
        ]
        projections = (Units(""), Affairs(), Unjudged(), Warnings())
        self.subscriptions = [Subscription(each, self.engines[1], self.log) for each in projections]
        self.made = 0
        self.policies: list[str] = []

    def send(self, *commands: Any) -> list[Any]:
        now = datetime.now(UTC)
        ids = [UUID(int=self.dice.getrandbits(128)) for _ in commands]
        return self.handler.handle_many([Envelope(i, c, "test", now) for i, c in zip(ids, commands, strict=True)])

    def begin(self) -> None:
        day = START
        self.send(EstablishUnit("vn", "nation", "quốc gia", "Việt Nam", None, None, day))
        self.send(*(EstablishUnit(f"p{n}", "province", "tỉnh", f"P{n}", "vn", None, day) for n in range(2)))
        self.send(*(EstablishUnit(f"c{n}", "commune", "xã", f"C{n}", f"p{n % 2}", None, day) for n in range(3)))
        self.send(*(EstablishUnit(f"v{n}", "village", "thôn", f"V{n}", f"c{n % 3}", None, day) for n in range(6)))
        self.send(RegisterDocument("d", DocumentKind.DECISION, "UBND", "1", 2023, day, day))
        self.send(*(RegisterPerson(f"p{n}", Personal("An")) for n in range(12)))
        for n, team in enumerate(TEAMS):
            seats = tuple(self.seat(i, Role.MEMBER if i else Role.LEADER) for i in range(n))
            [answer] = self.send(EstablishTeam(team, TeamKind.VILLAGE, f"v{n}", "Tổ", START, "d", seats))
            assert not isinstance(answer, Rejected), answer.code

    def seat(self, person: int, role: Role = Role.MEMBER) -> Seat:
        self.made += 1
        return Seat(f"s{self.made}", f"p{person}", role, self.dice.choice((None, "teacher", "youth_union")))

    def change(self) -> Any:
        dice, day = self.dice, START + timedelta(self.dice.randrange(60))
        team = dice.choice(TEAMS)
        match dice.randrange(8):
            case 0 | 1:
                return AppointSeat(team, self.seat(dice.randrange(12)), day, "d")
            case 2:
                return ReleaseSeat(team, f"s{dice.randrange(1, self.made + 1)}", day, "d")
            case 3:
                return ReparentUnit(f"c{dice.randrange(3)}", f"p{dice.randrange(2)}", day)
            case 4 if self.policies:
                return ReplacePolicy(
                    policy_id=dice.choice(self.policies), rules=self.rules(), effective=day, source="x"
                )
            case 5 if self.policies:
                return EndPolicy(policy_id=dice.choice(self.policies), effective=day)
            case 6 if self.policies and dice.random() < 0.3:
                return VoidEntry(affair="policy", record_id=dice.choice(self.policies), effective=day, reason="error")
            case 7 if dice.random() < 0.2:
                return DissolveTeam(team, day, "d")
        self.policies.append(f"y{len(self.policies)}")
        said = {"unit_id": dice.choice(AREAS), "team_kind": TeamKind.VILLAGE, "source": "Kế hoạch"}
        return SetPolicy(policy_id=self.policies[-1], rules=self.rules(), effective=day, **said)

    def rules(self) -> Rules:
        least = self.dice.randrange(1, 6)
        return Rules(least, least + 2, roles=(Role.LEADER,), affiliations=("teacher",))

    def work(self, steps: int) -> None:
        """A while of the worker's life, in any order; a killed step is begun again some time."""
        for _ in range(steps):
            runner = self.dice.choice([*self.subscriptions, *self.judges])
            try:
                runner.step()
            except Killed:
                continue

    def quiet(self) -> None:
        """Until there is nothing left to do."""
        while True:
            heads = self.log.heads()
            done = sum(each.step() for each in self.subscriptions)
            try:
                done += self.judges[0].step()
            except Killed:
                continue
            if not done and heads == self.log.heads():
                return

    def close(self) -> None:
        self.writer.stop()
        for each in self.engines:
            each.dispose()


@pytest.fixture
def registry(database: Callable[..., Database], request: pytest.FixtureRequest) -> Iterator[Registry]:
    made = Registry(database("teams"), request.param)
    yield made
    made.close()


@pytest.mark.parametrize("registry", [1, 2], indirect=True)
def test_stopped_anywhere_the_record_is_what_a_fresh_look_finds(registry: Registry) -> None:
    registry.begin()
    for _ in range(45):
        registry.send(registry.change())
        registry.work(registry.dice.randrange(8))
    registry.quiet()

    tree = registry.directory.refresh()
    known = Policies((name, registry.handler.state(f"policy:{name}")[0]) for name in registry.policies)
    queries = WarningQueries(registry.engines[1], registry.directory)
    found = 0
    for later in range(-1, 62):
        day = START + timedelta(later)
        naive: dict[tuple[str, str], Any] = {}
        for team_id in TEAMS:
            team = registry.handler.state(f"team:{team_id}")[0]
            policy = known.nearest(chain_on(tree, team.unit_on(day), day), TeamKind.VILLAGE, day)
            here = broken([s.seat for s in team.filled_on(day)], policy) if team.exists(day) else {}
            told = open_on(registry.handler.state(f"warnings:{team_id}")[0], day)
            assert {code: breach for code, (_, breach) in told.items()} == here
            naive |= {(team_id, code): (breach.policy_id, breach.found) for code, breach in here.items()}
        rows, _, unjudged = queries.page(WantedWarnings(["vn"], day, limit=500))
        listed = {(row["team_id"], row["code"]): (row["policy_id"], _as_told(row["found"])) for row in rows}
        assert (listed, unjudged) == (naive, 0)
        found += len(naive)
    assert found > 20

    # Looked at once more, nothing changes, so nothing is sent.
    sent, heads = registry.dying.sent, registry.log.heads()
    with registry.engines[1].begin() as tx:
        assert tx.execute(text("UPDATE read.judged_teams SET due = 1")).rowcount == len(TEAMS)
    registry.quiet()
    assert (registry.dying.sent, registry.log.heads()) == (sent, heads)


def _as_told(found: Any) -> Any:
    return tuple(found) if isinstance(found, list) else found


@pytest.mark.parametrize("registry", [5], indirect=True)
def test_what_was_known_earlier_can_still_be_told(registry: Registry) -> None:
    registry.begin()
    queries = WarningQueries(registry.engines[1], registry.directory)
    day = START + timedelta(90)
    told: list[tuple[datetime, list[dict[str, Any]]]] = []
    for _ in range(20):
        registry.send(registry.change())
        registry.quiet()
        with registry.engines[1].begin() as tx:
            now = tx.execute(text("SELECT clock_timestamp()")).scalar_one()
        told.append((now, queries.page(WantedWarnings(["vn"], day, limit=500))[0]))
    assert len({len(warnings) for _, warnings in told}) > 1
    for moment, warnings in told:
        assert queries.page(WantedWarnings(["vn"], day, moment, limit=500))[0] == warnings
