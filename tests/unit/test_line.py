"""A batch comes out as if its commands had come one by one, and what all of them read does not make it slow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from shared.codec import Codec
from shared.decider import Decider, LookFurther, Rejected
from shared.handler import Answer, Envelope, Handler
from shared.line import MOST_FORESEEN, Line
from shared.log import Appended, Recorded
from shared.memory import MemoryLog
from shared.writer import GroupWriter

ROOM = "room"


@dataclass(frozen=True)
class Enter:
    """Everybody reads the room, and the first one opens it; nobody can be in it twice, or after it was closed."""

    who: str


@dataclass(frozen=True)
class Close:
    door: str = ROOM


@dataclass(frozen=True)
class Entered:
    who: str


@dataclass(frozen=True)
class Turned:
    to: str


Command = Enter | Close


def decide(command: Command, states: Mapping[str, str]) -> Sequence[tuple[str, Entered | Turned]]:
    if isinstance(command, Close):
        return [] if states[ROOM] == "closed" else [(ROOM, Turned("closed"))]
    if states[ROOM] == "closed":
        raise Rejected("closed")
    if states[command.who] == "in":
        raise Rejected("in-already")
    opened = [] if states[ROOM] == "open" else [(ROOM, Turned("open"))]
    return [(command.who, Entered(command.who)), *opened]


DOOR: Decider[Command, str, Entered | Turned] = Decider(
    initial=lambda stream: "",
    streams=lambda command: (ROOM,) if isinstance(command, Close) else (command.who, ROOM),
    decide=decide,
    evolve=lambda state, event: "in" if isinstance(event, Entered) else event.to,
)


class Counting:
    def __init__(self, log: MemoryLog) -> None:
        self.log, self.loads = log, 0

    def load(self, after: Mapping[str, int]) -> dict[str, list[Recorded]]:
        self.loads += 1
        return self.log.load(after)

    def find(self, command_ids: Collection[UUID]) -> dict[UUID, tuple[bytes, Appended]]:
        return self.log.find(command_ids)


def handled(batches: Sequence[Sequence[Command]]) -> tuple[list[str], dict[str, str], int]:
    """What became of each command, the states at the end, and how often the log was read."""
    log = Counting(MemoryLog())
    writer = GroupWriter(log.log)
    codec = Codec(Entered, Turned)
    handler = Handler(log, writer, DOOR, codec, hash_key=b"k" * 32, guard_reads=True)
    told: list[str] = []
    for batch in batches:
        now = datetime.now(UTC)
        results = handler.handle_many([Envelope(uuid4(), command, "tester", now) for command in batch])
        told += [result.outcome.value if isinstance(result, Answer) else "refused" for result in results]
    loads = log.loads
    people = {command.who for batch in batches for command in batch if isinstance(command, Enter)}
    states = {stream: handler.state(stream)[0] for stream in (ROOM, *people)}
    writer.stop()
    return told, states, loads


@given(st.lists(st.one_of(st.sampled_from("abcde").map(Enter), st.just(Close())), max_size=12))
def test_a_batch_comes_out_as_if_its_commands_had_come_one_by_one(commands: list[Command]) -> None:
    together, alone = handled([commands]), handled([[command] for command in commands])
    assert together[:2] == alone[:2]


def test_what_all_read_holds_nobody_up() -> None:
    """Every second one comes twice, as in a sheet about two days of a session."""
    people = [f"p{n // 2 if n % 4 < 2 else n}" for n in range(400)]
    told, _, loads = handled([[Enter(who) for who in people]])
    assert told.count("stored") == len(set(people))
    assert loads <= 5


def test_a_batch_about_one_stream_is_decided_once_a_command() -> None:
    """Each in a round of its own, behind which all others wait without being worked out again and again."""
    decided: list[Command] = []

    def counted(command: Command, states: Mapping[str, str]) -> Sequence[tuple[str, Entered | Turned]]:
        decided.append(command)
        return [(ROOM, Turned(f"after {states[ROOM]}"[:20]))]

    log = MemoryLog()
    writer = GroupWriter(log)
    decider = Decider(DOOR.initial, lambda command: (ROOM,), counted, DOOR.evolve)
    handler = Handler(log, writer, decider, Codec(Entered, Turned), hash_key=b"k" * 32)
    now = datetime.now(UTC)
    results = handler.handle_many([Envelope(uuid4(), Close(), "tester", now) for _ in range(100)])
    writer.stop()
    assert [result.version for result in results if isinstance(result, Answer)] == [*range(1, 101)]
    assert len(decided) == 100


def test_no_more_than_so_many_are_worked_out_in_a_round() -> None:
    worked_out: list[str] = []

    def counted(command: Command, states: Mapping[str, str]) -> Sequence[tuple[str, Entered | Turned]]:
        assert isinstance(command, Enter)
        worked_out.append(command.who)
        return [(command.who, Entered(command.who)), (ROOM, Turned(command.who))]

    decider = Decider(DOOR.initial, DOOR.streams, counted, DOOR.evolve)
    line: Line[Command, str, Entered | Turned] = Line(decider, lambda stream: "")
    assert line.lets_pass(uuid4(), ("a", ROOM), [(ROOM, Turned("open"))])
    for n in range(3 * MOST_FORESEEN):
        assert line.holds_up(uuid4(), Enter(f"p{n}"), (f"p{n}", ROOM))
    assert len(worked_out) == MOST_FORESEEN
    assert line.holds_up(uuid4(), Enter("p150"), ("p150",)), "nobody overtakes those that were not worked out"


def test_whoever_has_still_to_say_what_it_needs_is_overtaken_by_nobody() -> None:
    def asking(command: Command, states: Mapping[str, str]) -> Sequence[tuple[str, Entered | Turned]]:
        raise LookFurther(["elsewhere"])

    line: Line[Command, str, Entered | Turned] = Line(
        Decider(DOOR.initial, DOOR.streams, asking, DOOR.evolve), lambda stream: ""
    )
    assert line.lets_pass(uuid4(), ("a", ROOM), [("a", Entered("a"))])
    assert line.holds_up(uuid4(), Enter("a"), ("a", ROOM))
    assert line.holds_up(uuid4(), Enter("b"), ("b", ROOM))
