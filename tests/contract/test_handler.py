"""Commands become events once, whatever is repeated, altered, raced or refused; on both logs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import psycopg
import pytest

from shared.codec import Codec
from shared.db import engine
from shared.decider import Decider, Personal, Rejected, ambient, sealed
from shared.handler import Envelope, Handler
from shared.log import LogUnavailable, Outcome, PostgresLog, Unstorable
from shared.memory import MemoryLog
from shared.migrate import kernel_sql
from shared.reader import GroupReader
from shared.vault import MemoryKeys, Vault
from shared.writer import GroupWriter, Overloaded


@dataclass(frozen=True)
class Pay:
    """Move an amount from one account to another; a balance never goes below zero."""

    source: str
    target: str
    amount: int
    note: str = ""
    today: date = ambient(default=date(2026, 1, 1))


@dataclass(frozen=True)
class Paid:
    amount: int
    note: str


@dataclass(frozen=True)
class Received:
    amount: int


def decide(command: Pay, states):
    if command.amount > states[command.source]:
        raise Rejected("too-poor", balance=states[command.source])
    if command.amount == 0:
        return []
    return [(command.source, Paid(command.amount, command.note)), (command.target, Received(command.amount))]


BANK: Decider = Decider(
    initial=lambda stream: 1000 if stream == "bank" else 0,
    streams=lambda c: (c.source, c.target),
    decide=decide,
    evolve=lambda balance, e: balance - e.amount if isinstance(e, Paid) else balance + e.amount,
)


@pytest.fixture(params=["postgres", "memory"])
def log(request):
    if request.param == "memory":
        yield MemoryLog()
        return
    made = request.getfixturevalue("database")("visits", migrate=False)
    with psycopg.connect(made.owner_url) as connection:
        for statements in kernel_sql("visits", 1):
            connection.execute(statements)
    eng = engine(made.app_url, name="test", pool_size=20, autocommit=True)
    yield PostgresLog(eng)
    eng.dispose()


@pytest.fixture(params=[0, 2], ids=["forgetful", "remembering"])
def process(log, request):
    """Makes handlers as separate api processes would: own writer, own cache, one log; with and without a memory."""
    parts = []

    def make(log_=log) -> Handler:
        reader, writer = GroupReader(log_), GroupWriter(log_)
        parts.extend((reader, writer))
        return Handler(reader, writer, BANK, Codec(Paid, Received), hash_key=b"k" * 32, remembered=request.param)

    yield make
    for part in parts:
        part.stop()


def envelope(command: Pay, id: UUID | None = None, expected: int | None = None) -> Envelope:
    return Envelope(id or uuid4(), command, "tester", datetime.now(UTC), expected)


def test_a_command_is_stored_and_answered_with_version_and_position(process, log):
    handler = process()
    answer = handler.handle(envelope(Pay("bank", "a", 10)))
    assert (answer.outcome, answer.stream_id, answer.version, answer.token) == ("stored", "bank", 1, "0:2")
    assert handler.state("bank") == (990, 1)
    assert handler.state("a") == (10, 1)
    assert log.read(0, 0, 10)[0].metadata["actor"] == "tester"


def test_a_repeat_gets_the_stored_answer_even_when_the_rules_would_now_refuse_it(process):
    handler = process()
    first = envelope(Pay("bank", "a", 900))
    stored = handler.handle(first)
    for other in (handler, process()):
        again = other.handle(first)
        assert (again.outcome, again.version, again.position) == ("repeated", stored.version, stored.position)
    assert handler.state("bank") == (100, 1)


class Unasked:
    """A log that must not be asked."""

    def __getattr__(self, name):
        raise AssertionError(f"{name} was called")


def test_what_is_remembered_is_answered_without_the_log():
    log = MemoryLog()
    reader, writer = GroupReader(log), GroupWriter(log)
    handler = Handler(reader, writer, BANK, Codec(Paid, Received), hash_key=b"k" * 32, remembered=2)
    sent = [envelope(Pay("bank", name, 1)) for name in "abcde"]
    stored = handler.handle_many(sent)
    handler._reads = handler._writer = Unasked()
    again = handler.handle_many(sent[-2:])
    assert [(a.outcome, a.position, a.version, a.events) for a in again] == [
        ("repeated", a.position, a.version, ()) for a in stored[-2:]
    ]
    altered = handler.handle(envelope(Pay("bank", "x", 7), sent[-1].command_id))
    assert (altered.outcome, altered.position, altered.stream_id) == ("conflict", stored[-1].position, "bank")
    with pytest.raises(AssertionError, match="was called"):
        handler.handle(sent[0])  # forgotten
    reader.stop()
    writer.stop()


def test_an_answer_brings_what_was_stored_just_now(process):
    handler = process()
    first = envelope(Pay("bank", "a", 10, "x"))
    assert handler.handle(first).events == (Paid(10, "x"), Received(10))
    assert handler.handle(first).events == ()


def test_an_altered_copy_is_a_conflict_and_changes_nothing(process):
    handler = process()
    first = envelope(Pay("bank", "a", 10))
    handler.handle(first)
    for altered in (Pay("bank", "a", 11), Pay("bank", "b", 10), Pay("bank", "a", 5000), Pay("a", "b", 1)):
        assert handler.handle(envelope(altered, first.command_id)).outcome == "conflict"
    assert handler.state("bank") == (990, 1)


def test_what_the_edge_adds_does_not_make_a_repeat_another_command(process):
    handler = process()
    first = envelope(Pay("bank", "a", 10, today=date(2026, 1, 1)))
    handler.handle(first)
    tomorrow = envelope(Pay("bank", "a", 10, today=date(2026, 1, 2)), first.command_id)
    assert handler.handle(tomorrow).outcome == "repeated"


def test_a_command_without_effect_is_remembered(process, log):
    """Else its late duplicate could act after a newer command."""
    handler = process()
    nothing = envelope(Pay("bank", "a", 0))
    assert handler.handle(nothing).outcome == "stored"
    assert [e.type for e in log.read(0, 0, 10)] == ["NothingChanged"]
    assert handler.handle(nothing).outcome == "repeated"
    assert handler.state("bank") == (1000, 1)


def test_a_refusal_tells_its_code_and_stores_nothing(process, log):
    with pytest.raises(Rejected) as refused:
        process().handle(envelope(Pay("a", "b", 1)))
    assert (refused.value.code, refused.value.params) == ("too-poor", {"balance": 0})
    assert log.heads() == {0: 0}


def test_a_process_with_old_state_decides_again_on_new_state(process):
    here, there = process(), process()
    here.handle(envelope(Pay("bank", "a", 10)))
    there.handle(envelope(Pay("a", "b", 10)))
    with pytest.raises(Rejected):
        here.handle(envelope(Pay("a", "b", 1)))
    there.handle(envelope(Pay("bank", "a", 5)))
    assert here.handle(envelope(Pay("a", "b", 5))).outcome == "stored"
    assert here.state("a") == there.state("a") == (0, 4)


def test_an_expected_version_must_match_unless_it_is_a_repeat(process):
    handler = process()
    first = envelope(Pay("bank", "a", 10), expected=0)
    handler.handle(first)
    assert handler.handle(first).outcome == "repeated"
    with pytest.raises(Rejected) as refused:
        handler.handle(envelope(Pay("bank", "a", 10), expected=0))
    assert (refused.value.code, refused.value.params) == ("version-changed", {"version": 1})


def test_many_commands_are_handled_in_order_each_with_its_own_outcome(process):
    handler = process()
    pay = envelope(Pay("bank", "a", 10))
    results = handler.handle_many(
        [
            pay,
            envelope(Pay("a", "b", 4)),  # only possible after the first
            pay,  # a copy in the same batch
            envelope(Pay("bank", "a", 11), pay.command_id),  # an altered one
            envelope(Pay("a", "b", 7)),  # only 6 left
            envelope(Pay("bank", "c", 1, note="zero \x00")),  # what the database cannot store
            envelope(Pay("a", "b", 6)),
        ]
    )
    told = [r.code if isinstance(r, Rejected) else str(r.outcome) for r in results]
    assert told == ["stored", "stored", "repeated", "conflict", "too-poor", "unstorable", "stored"]
    assert (handler.state("a")[0], handler.state("b")[0], handler.state("bank")[0]) == (0, 10, 990)


def test_clients_racing_with_the_same_commands_have_one_effect(process, log):
    commands = [envelope(Pay("bank", f"a{n % 3}", 1)) for n in range(40)]
    handlers = [process(), process()]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: handlers[n % 2].handle_many(commands), range(8)))
    for position in range(40):
        assert sorted(str(a[position].outcome) for a in answers) == ["repeated"] * 7 + ["stored"]
    assert handlers[0].state("bank") == (960, 40)
    assert log.heads() == {0: 80}


class Flaky:
    """A log whose connection breaks before or after the commit, as told."""

    def __init__(self, log, *faults: str):
        self._log, self.faults = log, list(faults)

    def __getattr__(self, name):
        return getattr(self._log, name)

    def append(self, commands):
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "before":
            raise LogUnavailable
        if fault == "no connection to be had":
            raise TimeoutError
        answers = self._log.append(commands)
        if fault == "after":
            raise LogUnavailable
        return answers


@pytest.mark.parametrize("faults", [("before",), ("after",), ("before", "no connection to be had", "after")])
def test_a_lost_connection_is_looked_into_and_nothing_is_lost_or_doubled(process, log, faults):
    handler = process(Flaky(log, *faults))
    results = handler.handle_many([envelope(Pay("bank", f"a{n}", 1)) for n in range(5)])
    assert all(r.outcome in (Outcome.STORED, Outcome.REPEATED) and r.position for r in results)
    assert process().state("bank") == (995, 5)


def test_one_bad_row_does_not_fail_its_neighbours(process):
    handler = process()
    accounts = [f"a{n}" for n in range(20)]
    handler.handle_many([envelope(Pay("bank", a, 1)) for a in accounts])
    rows = [envelope(Pay(a, f"to-{a}", 1, note="\x00" if a == "a13" else "")) for a in accounts]
    results = handler.handle_many(rows)
    assert [i for i, r in enumerate(results) if isinstance(r, Rejected)] == [13]
    assert [handler.state(f"to-{a}")[0] for a in accounts] == [int(a != "a13") for a in accounts]


def test_a_full_writer_refuses_at_once_and_a_stopped_one_takes_nothing(log):
    writer = GroupWriter(log, max_waiting=3)
    handler = Handler(log, writer, BANK, Codec(Paid, Received), hash_key=b"k" * 32)
    handler.handle_many([envelope(Pay("bank", f"a{n}", 1)) for n in range(4)])  # one at a time: they share a stream
    with pytest.raises(Overloaded):
        handler.handle_many([envelope(Pay(f"a{n}", "b", 0)) for n in range(4)])
    writer.stop()
    with pytest.raises(Overloaded):
        handler.handle(envelope(Pay("bank", "a", 1)))


def test_unstorable_is_not_retried(log):
    calls = []

    class Refusing(Flaky):
        def append(self, commands):
            calls.append(len(commands))
            raise Unstorable("22P05")

    writer = GroupWriter(Refusing(log))
    handler = Handler(log, writer, BANK, Codec(Paid, Received), hash_key=b"k" * 32)
    with pytest.raises(Rejected, match="unstorable"):
        handler.handle(envelope(Pay("bank", "a", 1)))
    assert calls == [1]
    writer.stop()


@dataclass(frozen=True)
class Note:
    place: str
    text: Personal


@dataclass(frozen=True)
class Noted:
    place: str
    text: Personal = sealed(by="place")


def test_a_note_about_an_erased_subject_is_refused_and_its_neighbours_stored(log):
    """One row of a batch must not fail the others, nor bring an erased key back."""
    notes: Decider = Decider(
        initial=lambda stream: 0,
        streams=lambda c: (c.place,),
        decide=lambda c, states: [(c.place, Noted(c.place, c.text))],
        evolve=lambda n, e: n + 1,
    )
    vault = Vault(MemoryKeys())
    vault.ensure(["erased"])
    vault.destroy("erased")
    writer = GroupWriter(log)
    handler = Handler(log, writer, notes, Codec(Noted, vault=vault), hash_key=b"k" * 32)
    rows = [Envelope(uuid4(), Note(p, Personal("hỏi")), "tester", datetime.now(UTC)) for p in ("a", "erased", "b")]
    told = [r.code if isinstance(r, Rejected) else str(r.outcome) for r in handler.handle_many(rows)]
    assert told == ["stored", "subject-erased", "stored"]
    writer.stop()


# --- what is only read ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leave:
    """Go off duty, as long as the other one stays: a rule about a stream that is not written."""

    who: str
    other: str


@dataclass(frozen=True)
class Left:
    pass


def may_leave(command: Leave, states):
    if not states[command.other]:
        raise Rejected("last-one")
    return [(command.who, Left())] if states[command.who] else []


DUTY: Decider = Decider(
    initial=lambda stream: True,
    streams=lambda c: (c.who, c.other),
    decide=may_leave,
    evolve=lambda on_duty, e: False,
)


@pytest.fixture
def duty(log):
    """Makes handlers that guard what they read."""
    parts = []

    def make() -> Handler:
        reader, writer = GroupReader(log), GroupWriter(log)
        parts.extend((reader, writer))
        return Handler(reader, writer, DUTY, Codec(Left), hash_key=b"k" * 32, guard_reads=True)

    yield make
    for part in parts:
        part.stop()


def left(handler: Handler, *commands: Leave) -> list[str]:
    envelopes = [Envelope(uuid4(), command, "tester", datetime.now(UTC)) for command in commands]
    return [r.code if isinstance(r, Rejected) else str(r.outcome) for r in handler.handle_many(envelopes)]


def test_a_decision_rests_on_what_it_only_read_as_well(duty):
    one, other = duty(), duty()
    assert one.state("b0") == (True, 0)  # in the cache of the first from now on
    assert left(other, Leave("b0", "a0")) == ["stored"]
    assert left(one, Leave("a0", "b0")) == ["last-one"]
    assert left(one, Leave("a1", "b1"), Leave("b1", "a1")) == ["stored", "last-one"]


def test_two_at_once_never_leave_both(duty):
    handlers = [duty(), duty()]
    same = duty()
    with ThreadPoolExecutor(4) as pool:
        for n in range(12):
            pair = (Leave(f"a{n}", f"b{n}"), Leave(f"b{n}", f"a{n}"))
            outcomes = [pool.submit(left, handler, command) for handler, command in zip(handlers, pair, strict=True)]
            assert sorted(o.result()[0] for o in outcomes) == ["last-one", "stored"]
            pair = (Leave(f"c{n}", f"d{n}"), Leave(f"d{n}", f"c{n}"))
            outcomes = [pool.submit(left, same, command) for command in pair]
            assert sorted(o.result()[0] for o in outcomes) == ["last-one", "stored"]
