"""Lists of affairs as of any day and as known at any moment equal a naive re-fold of the log, however it was cut."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from ops.local.provision import Database
from services.teams.domain import DECIDER, EVENTS
from services.teams.domain.affairs.channels import CHANNEL, CloseChannel, OpenChannel
from services.teams.domain.affairs.entries import VoidEntry
from services.teams.domain.affairs.plans import PLAN, AdoptPlan, ReportTarget, RevisePlan, Target, WithdrawPlan
from services.teams.domain.documents import DocumentKind, RegisterDocument
from services.teams.domain.units import EstablishUnit
from services.teams.projections.affairs import Affairs
from services.teams.queries.affairs import AffairQueries, Wanted, shown
from shared.codec import Codec
from shared.db import engine
from shared.decider import Personal, Rejected
from shared.handler import Envelope, Handler
from shared.log import PostgresLog
from shared.subscription import Subscription
from shared.unit_directory import UnitDirectory, Units
from shared.vault import MemoryKeys, Vault
from shared.writer import GroupWriter

START = date(2024, 1, 1)


def change(dice: random.Random) -> Any:
    day, n = START + timedelta(dice.randrange(30)), dice.randrange(8)
    said = {"effective": day, "document_id": "d"}
    if dice.random() < 0.3:
        said |= {"corrects": dice.randrange(1, 5), "reason": "wrong"}
    goals = tuple(Target(f"i{i}", dice.randrange(9), "household") for i in range(1 + dice.randrange(2)))
    match dice.randrange(8):
        case 0 | 1:
            return AdoptPlan(plan_id=f"p{n}", unit_id=f"c{n % 2}", year=2024, title="K", targets=goals, **said)
        case 2:
            return RevisePlan(plan_id=f"p{n}", targets=goals, **said)
        case 3 | 4:
            return ReportTarget(plan_id=f"p{n}", indicator=f"i{n % 2}", value=dice.randrange(9), **said)
        case 5:
            return WithdrawPlan(plan_id=f"p{n}", **said)
        case 6:
            link = Personal("https://zalo.me/g/abc")
            return OpenChannel(channel_id=f"g{n}", unit_id=f"c{n % 2}", platform="zalo", link=link, **said)
    if dice.random() < 0.5:
        return CloseChannel(channel_id=f"g{n}", **said)
    return VoidEntry(
        affair="plan", record_id=f"p{n}", effective=day, corrects=dice.choice((2, 2, 3, 4, None)), reason="e"
    )


def test_lists_equal_a_naive_refold(database: Callable[..., Database]) -> None:
    db, dice = database("teams"), random.Random(7)
    autocommit, transactions = engine(db.app_url, name="log", autocommit=True), engine(db.app_url, name="test")
    log, codec = PostgresLog(autocommit), Codec(*EVENTS, vault=Vault(MemoryKeys()))
    writer = GroupWriter(log)
    handler: Handler[Any, Any, Any] = Handler(log, writer, DECIDER, codec, hash_key=b"k" * 32, guard_reads=True)

    def send(*commands: Any) -> int:
        now = datetime.now(UTC)
        envelopes = [Envelope(UUID(int=dice.getrandbits(128)), command, "test", now) for command in commands]
        return sum(not isinstance(answer, Rejected) for answer in handler.handle_many(envelopes))

    send(EstablishUnit("vn", "nation", "quốc gia", "Việt Nam", None, None, START))
    send(*(EstablishUnit(f"c{n}", "commune", "xã", f"C{n}", "vn", None, START) for n in range(2)))
    send(RegisterDocument("d", DocumentKind.PLAN, "UBND", "1", 2024, START, START))
    runs = [Subscription(Units(""), transactions, log), Subscription(Affairs(), transactions, log, limit=7)]
    moments, stored = [], 0
    for _ in range(9):
        stored += send(*(change(dice) for _ in range(16)))
        with transactions.begin() as tx:
            moments.append(tx.execute(text("SELECT clock_timestamp()")).scalar_one())
        if dice.random() < 0.5:
            runs[1].step()
    while sum(run.step() for run in runs):
        pass
    assert stored > 25

    events = log.read(0, 0, 10_000)
    directory = UnitDirectory(transactions)
    queries = AffairQueries(transactions, directory, log, codec)
    found = 0
    for known_at in (*moments[::3], None):
        folded: dict[str, Any] = {}
        for event in events:
            if event.stream_id[:5] in ("plan:", "chann") and (known_at is None or event.recorded_at <= known_at):
                decoded = codec.decode(event)
                if event.type != "NothingChanged":
                    folded[event.stream_id] = DECIDER.evolve(folded.get(event.stream_id), decoded)
        for day in (START + timedelta(n) for n in range(-1, 31, 8)):
            for affair in (PLAN, CHANNEL):
                records = (folded[stream] for stream in sorted(folded) if stream.startswith(f"{affair.word}:"))
                naive = [shown(affair, r, day) for r in records if r.state_on(day) not in ("not_yet", "void")]
                page, following, _ = queries.page(Wanted(affair, ["vn"], day, known_at))
                assert (page, following) == (naive, None)
                paged = [one for root in ("c0", "c1") for one in queries.page(Wanted(affair, [root], day, known_at))[0]]
                assert sorted(paged, key=str) == sorted(naive, key=str)
                found += len(naive)
    assert found > 25
    writer.stop()
    for each in (autocommit, transactions):
        each.dispose()
