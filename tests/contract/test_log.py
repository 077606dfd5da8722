"""What every event log must keep: one suite, run on PostgreSQL and on the memory twin."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from shared.db import engine
from shared.log import Append, Log, NewEvent, Outcome, PostgresLog, Unstorable, canonical
from shared.memory import MemoryLog
from shared.migrate import kernel_sql

PARTITIONS = 4


@pytest.fixture
def kernel_database(database):
    """A database with the kernel's schemas only."""
    made = database("visits", migrate=False)
    with psycopg.connect(made.owner_url) as connection:
        for statements in kernel_sql("visits", PARTITIONS):
            connection.execute(statements)
    return made


@pytest.fixture(params=["postgres", "memory"])
def log(request) -> Iterator[Log]:
    if request.param == "memory":
        yield MemoryLog(PARTITIONS)
        return
    eng = engine(request.getfixturevalue("kernel_database").app_url, name="test", pool_size=12, autocommit=True)
    yield PostgresLog(eng)
    eng.dispose()


def a_command(
    *streams: tuple[str, int], partition: int = 0, id: UUID | None = None, mark: str = "a", data=None
) -> Append:
    data = {"mark": mark} if data is None else data
    events = tuple(NewEvent(s, v, "Happened", 1, canonical(data), b"hash", partition) for s, v in streams)
    return Append(id or uuid4(), mark.encode(), {"actor": "tester"}, events)


def outcomes(log: Log, *commands: Append) -> list[Outcome]:
    return [answer.outcome for answer in log.append(commands)]


def test_positions_are_dense_and_in_order_per_partition(log):
    for number in range(1, 6):
        log.append(
            [a_command((f"a{number}", 1), partition=0), a_command((f"b{number}", 1), (f"c{number}", 1), partition=2)]
        )
    assert log.heads() == {0: 5, 1: 0, 2: 10, 3: 0}
    assert [e.position for e in log.read(2, 0, 100)] == list(range(1, 11))
    assert [e.position for e in log.read(2, 7, 2)] == [8, 9]
    recorded = [e.recorded_at for e in log.read(2, 0, 100)]
    assert recorded == sorted(recorded)


def test_a_reader_of_some_types_is_told_how_far_it_has_come(log):
    for number in range(1, 6):
        log.append([a_command((f"a{number}", 1), partition=0)])
    [kind] = {event.type for event in log.read(0, 0, 5)}
    chosen = log.select(0, 1, 3, [kind], 9)
    assert (chosen.last, chosen.total, [e.position for e in chosen.events]) == (4, 3, [2, 3, 4])
    assert chosen.events == log.read(0, 1, 3)
    first = log.select(0, 1, 3, [kind], 2)
    assert (first.last, first.total, first.events) == (4, 3, chosen.events[:2])
    ignored = log.select(0, 1, 3, ["SomethingElse"], 9)
    assert (ignored.last, ignored.total, ignored.events) == (4, 3, [])
    nothing = log.select(0, 5, 3, [kind], 9)
    assert (nothing.last, nothing.total, nothing.events) == (5, 0, [])


def test_a_stored_event_comes_back_whole(log):
    data = {"tên": "Nguyễn Văn Đức", "n": 12345678901234, "nested": [{"a": None, "b": True}], "empty": {}}
    command = a_command(("place:1", 1), partition=1, data=data)
    answer = log.append([command])[0]
    (event,) = log.load({"place:1": 0})["place:1"]
    assert (answer.outcome, answer.partition, answer.position, answer.version, answer.stream_id) == (
        "stored",
        1,
        1,
        1,
        "place:1",
    )
    assert (event.data, event.metadata, event.type, event.schema) == (data, {"actor": "tester"}, "Happened", 1)
    assert (event.command_id, event.ordinal, event.hash) == (command.command_id, 1, b"hash")
    assert event.id == f"{command.command_id}:1"


def test_a_command_over_several_streams_is_stored_whole_or_not_at_all(log):
    log.append([a_command(("a", 1))])
    assert outcomes(log, a_command(("b", 1), ("a", 1), ("c", 1))) == ["stale"]
    assert log.load({"a": 0, "b": 0, "c": 0})["b"] == []
    assert outcomes(log, a_command(("b", 1), ("a", 2), ("c", 1), ("c", 2))) == ["stored"]
    assert {s: [e.version for e in events] for s, events in log.load({"a": 0, "b": 0, "c": 0}).items()} == {
        "a": [1, 2],
        "b": [1],
        "c": [1, 2],
    }


def test_the_answer_tells_the_version_of_the_principal_stream_and_the_last_position(log):
    answer = log.append([a_command(("a", 1), ("a", 2), ("b", 1))])[0]
    assert (answer.stream_id, answer.version, answer.position) == ("a", 2, 3)
    _, again = log.find([answer.command_id])[answer.command_id]
    assert (again.outcome, again.stream_id, again.version, again.position) == ("repeated", "a", 2, 3)


def test_the_same_id_is_a_repeat_with_equal_content_and_a_conflict_otherwise(log):
    first = a_command(("a", 1), mark="x")
    assert outcomes(log, first) == ["stored"]
    assert outcomes(log, first) == ["repeated"]
    assert outcomes(log, a_command(("a", 1), mark="y", id=first.command_id)) == ["conflict"]
    assert outcomes(log, a_command(("other", 1), mark="y", id=first.command_id, partition=3)) == ["conflict"]
    assert log.heads()[0] == 1
    assert log.find([first.command_id, uuid4()]).keys() == {first.command_id}


@pytest.mark.parametrize("version", [1, 3])
def test_a_version_that_is_not_the_next_one_is_stale(log, version):
    log.append([a_command(("a", 1))])
    assert outcomes(log, a_command(("a", version))) == ["stale"]


def test_one_call_may_mix_every_outcome(log):
    old = a_command(("a", 1), mark="x")
    log.append([old])
    altered = a_command(("z", 1), mark="y", id=old.command_id)
    assert outcomes(log, a_command(("b", 1)), a_command(("a", 5)), a_command(("c", 1), partition=1)) == [
        "stored",
        "stale",
        "stored",
    ]
    assert outcomes(log, old, a_command(("d", 1))) == ["repeated", "stored"]
    assert outcomes(log, altered) == ["conflict"]
    assert log.heads()[0] == 3


def test_load_takes_up_where_a_reader_left_off(log):
    log.append([a_command(("a", 1), ("a", 2), ("a", 3))])
    assert [e.version for e in log.load({"a": 1})["a"]] == [2, 3]
    assert log.load({"a": 3, "unknown": 0}) == {"a": [], "unknown": []}
    assert log.load({}) == {}


def test_nothing_to_append_is_nothing(log):
    assert log.append([]) == []
    assert log.find([]) == {}


def test_what_json_columns_cannot_hold_is_unstorable_and_leaves_no_trace(log):
    with pytest.raises(Unstorable):
        log.append([a_command(("good", 1)), a_command(("bad", 1), data={"note": "zero \x00 byte"})])
    assert log.heads()[0] == 0


def test_a_writer_who_lost_the_race_is_told_so(log):
    """Twelve writers on three hot streams, each command also sent twice: one effect each, positions dense."""
    wins: Counter[str] = Counter()
    lock = threading.Lock()

    def write(number: int) -> None:
        for _ in range(15):
            stream = f"hot{number % 3}"
            command_id = uuid4()
            while True:
                version = len(log.load({stream: 0})[stream]) + 1
                command = a_command((stream, version), partition=number % 3, id=command_id)
                outcome = log.append([command])[0].outcome
                if outcome is Outcome.STORED:
                    assert outcomes(log, command) == ["repeated"]
                    with lock:
                        wins[stream] += 1
                    break

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(write, range(12)))
    assert wins == {f"hot{n}": 60 for n in range(3)}
    for partition in range(3):
        assert [e.position for e in log.read(partition, 0, 1000)] == list(range(1, 61))
        assert log.heads()[partition] == 60


def test_the_same_command_from_many_clients_at_once_is_stored_once(log):
    """Also across partitions, where no common lock orders the writers."""
    command_id = uuid4()

    def send(number: int) -> Outcome | str:
        try:
            return log.append([a_command((f"s{number}", 1), partition=number % 4, id=command_id, mark=f"m{number}")])[
                0
            ].outcome
        except Unstorable:
            return "unique"

    with ThreadPoolExecutor(8) as pool:
        found = Counter(pool.map(send, range(8)))
    assert found["stored"] == 1
    assert sum(log.heads().values()) == 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.integers(1, 3)), min_size=1, max_size=3),
        max_size=12,
    )
)
def test_both_logs_answer_any_history_alike(kernel_log, history):
    """The memory twin is no more lenient than PostgreSQL, whatever partitions a command spans."""
    twin = MemoryLog(PARTITIONS)
    prefix = uuid4().hex
    base = kernel_log.heads()
    for targets in history:
        versions: dict[str, int] = {}
        streams = []
        for partition, name, step in targets:
            stream = f"{prefix}{partition}{name}"
            versions[stream] = versions.get(stream, len(twin.load({stream: 0})[stream]) + (0 if step < 3 else 1)) + 1
            streams.append((stream, versions[stream], partition))
        command = across(*streams)
        assert outcomes(kernel_log, command) == outcomes(twin, command)
    assert {p: head - base[p] for p, head in kernel_log.heads().items()} == twin.heads()


@pytest.fixture
def kernel_log(kernel_database) -> Iterator[PostgresLog]:
    eng = engine(kernel_database.app_url, name="test", autocommit=True)
    yield PostgresLog(eng)
    eng.dispose()


def test_append_refuses_a_caller_inside_a_transaction(kernel_database):
    eng = engine(kernel_database.app_url, name="test")
    with pytest.raises(RuntimeError, match="AUTOCOMMIT"):
        PostgresLog(eng).append([a_command(("a", 1))])
    eng.dispose()
    with psycopg.connect(kernel_database.app_url) as connection:
        connection.execute("DELETE FROM bus.cursors")
        connection.execute("SELECT pg_current_xact_id()")
        with pytest.raises(psycopg.errors.ActiveSqlTransaction):
            connection.execute("SELECT * FROM log.append('[]')")


def test_append_refuses_another_isolation_level(kernel_database):
    with psycopg.connect(kernel_database.app_url, autocommit=True) as connection:
        connection.execute("SET default_transaction_isolation = 'repeatable read'")
        with pytest.raises(psycopg.errors.InvalidTransactionState):
            connection.execute("SELECT * FROM log.append('[]')")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log.events SET data = '{}'",
        "DELETE FROM log.events",
        "UPDATE log.heads SET position = 0",
        "TRUNCATE log.events",
        "SELECT * FROM vault.keys",
    ],
)
def test_the_application_role_cannot_rewrite_history_or_read_keys(kernel_database, statement):
    with psycopg.connect(kernel_database.app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_an_unknown_partition_is_refused(kernel_log):
    with pytest.raises(Exception, match="unknown partition"):
        kernel_log.append([a_command(("a", 1), partition=9)])


def test_the_log_has_one_identity(kernel_log, kernel_database):
    eng = engine(kernel_database.app_url, name="test")
    with eng.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM log.identity")).scalar() == 1
    assert kernel_log.log_id == PostgresLog(kernel_log._engine).log_id
    eng.dispose()


def across(*streams: tuple[str, int, int], id: UUID | None = None) -> Append:
    """A command over (stream, version, partition)."""
    events = tuple(NewEvent(s, v, "Happened", 1, b"{}", b"hash", p) for s, v, p in streams)
    return Append(id or uuid4(), b"a", {"actor": "tester"}, events)


def test_a_command_over_several_partitions_is_stored_whole_and_dense_in_each(log):
    log.append([a_command(("x", 1), partition=3)])
    both = across(("kept", 1, 3), ("gone", 1, 1), ("kept", 2, 3))
    [answer, other] = log.append([both, across(("gone2", 1, 1), ("kept2", 1, 0))])
    assert (answer.partition, answer.position, answer.version, answer.stream_id) == (3, 3, 2, "kept")
    assert (other.partition, other.position) == (1, 2)
    assert log.heads() == {0: 1, 1: 2, 2: 0, 3: 3}
    assert [(e.stream_id, e.version, e.ordinal) for e in log.read(3, 1, 9)] == [("kept", 1, 1), ("kept", 2, 3)]
    assert [(e.stream_id, e.id) for e in log.read(1, 0, 1)] == [("gone", f"{both.command_id}:2")]
    assert log.find([both.command_id])[both.command_id][1] == replace(answer, outcome=Outcome.REPEATED)
    assert outcomes(log, both) == [Outcome.REPEATED]


def test_a_stale_stream_in_one_partition_keeps_a_command_out_of_all(log):
    log.append([a_command(("gone", 1), partition=1)])
    assert outcomes(log, across(("kept", 1, 3), ("gone", 1, 1))) == [Outcome.STALE]
    assert log.heads() == {0: 0, 1: 1, 2: 0, 3: 0}
    assert outcomes(log, replace(across(("kept", 1, 3)), reads=(("gone", 0, 1),))) == [Outcome.STALE]
    assert outcomes(log, replace(across(("kept", 1, 3)), reads=(("gone", 1, 1),))) == [Outcome.STORED]


def test_commands_across_partitions_neither_deadlock_nor_lose_positions(log):
    """Pairs of partitions in both orders at once, over streams that eight clients race for."""

    def race(client: int) -> list[Outcome]:
        pairs = [((f"s{n}", 1, n % 4), (f"t{n}", 1, (n // 4) % 4)) for n in range(25)]
        return [log.append([across(*(pair if client % 2 else pair[::-1]))])[0].outcome for pair in pairs]

    with ThreadPoolExecutor(8) as pool:
        found = Counter(outcome for some in pool.map(race, range(8)) for outcome in some)
    assert found == {Outcome.STORED: 25, Outcome.STALE: 175}
    for partition, head in log.heads().items():
        assert [e.position for e in log.read(partition, 0, 999)] == list(range(1, head + 1))
    assert sum(log.heads().values()) == 50


def reading(command: Append, *reads: tuple[str, int]) -> Append:
    return replace(command, reads=tuple((*read, command.partition) for read in reads))


@pytest.mark.parametrize(("version", "outcome"), [(2, "stored"), (1, "stale"), (3, "stale")])
def test_what_a_command_only_read_must_not_have_moved_on(log, version, outcome):
    log.append([a_command(("unit", 1), ("unit", 2), ("document", 1))])
    command = reading(a_command(("team", 1)), ("document", 1), ("unit", version), ("nobody", 0))
    assert outcomes(log, command) == [outcome]
    assert len(log.load({"team": 0})["team"]) == (outcome == "stored")
    assert log.load({"unit": 0, "nobody": 0}).keys() == {"unit", "nobody"}
    assert len(log.load({"unit": 0})["unit"]) == 2
    assert outcomes(log, reading(a_command(("other", 1)), ("nobody", 1))) == ["stale"]


def test_a_repeat_is_one_whatever_it_read_has_become(log):
    command = reading(a_command(("team", 1)), ("unit", 0))
    assert outcomes(log, command) == ["stored"]
    log.append([a_command(("unit", 1))])
    assert outcomes(log, command) == ["repeated"]
