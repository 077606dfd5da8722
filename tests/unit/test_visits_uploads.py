"""A day of visits as a file: every line answered by its number, whatever is in it, and the same after being killed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.visits.domain import PLACES
from services.visits.domain.vocabulary import Flag
from services.visits.intake import Intake
from services.visits.lanes import LANES
from services.visits.messages import MESSAGES
from services.visits.messages.doubts import DOUBTS
from services.visits.stored import EVENTS
from services.visits.uploads import LINES_AT_ONCE, UPLOAD, UploadTask, UploadWork
from services.visits.wiring import partition_of
from shared.access import Actor
from shared.codec import Codec
from shared.edge_admission import cost
from shared.handler import Handler
from shared.jobs import Done, Job, RowResult, State
from shared.memory import MemoryLog
from shared.problems import Problem, register
from shared.reader import GroupReader
from shared.units import UnitTree
from shared.vault import MemoryKeys, Vault
from shared.writer import GroupWriter

NOW = datetime(2026, 11, 16, 20, tzinfo=UTC)
VILLAGE = "village"


class Units:
    """One village since 2025."""

    def __init__(self) -> None:
        self._tree = UnitTree()
        for unit, level, parent in (("nation", "nation", None), (VILLAGE, "village", "nation")):
            told = {"unit_id": unit, "level": level, "kind": level, "name": unit, "parent_id": parent, "code": None}
            more = {"effective": "2025-07-01", "document_id": None, "simulated": True}
            self._tree.apply("UnitEstablished", told | more)

    def tree(self) -> UnitTree:
        return self._tree


class NoDoubts:
    """Every team, member and code is known."""

    def flags(self, visits: Sequence[Any]) -> list[tuple[()]]:
        return [() for _ in visits]


class Uploaded:
    media = "ndjson"

    def __init__(self, content: bytes) -> None:
        self._file = BytesIO(content)

    def open(self) -> BytesIO:
        return self._file


class Worker:
    """The task over a log in memory; ``process`` is one that knows nothing of what went before."""

    def __init__(self) -> None:
        register(MESSAGES | DOUBTS)
        self.log = MemoryLog(4)
        self.codec = Codec(*EVENTS, vault=Vault(MemoryKeys()))

    @contextmanager
    def process(self) -> Iterator[UploadTask]:
        reader, writer = GroupReader(self.log), GroupWriter(self.log)
        handler = Handler(reader, writer, PLACES, self.codec, hash_key=b"k" * 32, partition_of=partition_of)
        yield UploadTask(Intake(handler, Units(), NoDoubts()), reader)  # type: ignore[arg-type]  # all that is asked of them
        writer.stop()
        reader.stop()

    def job(self, heads: Mapping[int, int]) -> Job:
        actor = Actor("agency", frozenset({"visits:write"}), frozenset({"nation"}))
        made: dict[str, Any] = dict.fromkeys(Job.__dataclass_fields__)
        told = {"job_id": uuid4(), "task": UPLOAD, "params": {}, "actor": actor, "locale": "en", "media": "ndjson"}
        return Job(**made | told | {"state": State.APPLYING, "cursor": 0, "heads": heads, "created_at": NOW})


def visit(**other: Any) -> dict[str, Any]:
    row = {"visit_id": str(uuid4()), "place_id": str(uuid4()), "place_kind": "household", "unit_id": VILLAGE}
    row |= {"day": "2026-11-15", "team_id": str(uuid4()), "member_ids": [str(uuid4())]}
    return row | other


def steps(work: UploadWork, cursor: int | None = 0) -> Iterator[Done]:
    while cursor is not None:
        done = work.step(cursor)
        yield done
        cursor = done.cursor


def results(done: Iterator[Done]) -> list[RowResult]:
    return [result for step in done for result in step.results]


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.visits.uploads.MOST_REST_SECONDS", 0.0)


def test_four_files_arrive_at_once_however_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    lane, now = next(lane for lane in LANES if lane.name == "upload"), [0.0]
    monkeypatch.setattr(lane, "_clock", lambda: now[0])
    for _ in range(2):  # the second time it is known how slow they are
        with ExitStack() as inside:
            for office in range(4):
                inside.enter_context(lane.admitted(f"office {office}", cost(0)))
            with pytest.raises(Problem, match="overloaded"):
                lane.knock("fifth", cost(0))
            now[0] += 900


def test_every_line_is_answered_by_its_number() -> None:
    worker, good = Worker(), visit()
    altered, moved = good | {"duration_minutes": 9}, good | {"place_id": str(uuid4())}
    shop = visit(place_id=good["place_id"], place_kind="shop")
    lines = [good, good, altered, moved, shop, visit(unit_id="nowhere"), visit(day="31/12/2026"), visit(members=[])]
    content = b"\n\n".join(orjson.dumps(line) for line in lines) + b'\n{"visit_id": "cut o'
    with worker.process() as task:
        work = task.open(worker.job({}), Uploaded(content), [])
        found = results(steps(work))
    assert work.total == 9
    told = [(r.row, r.outcome, [(f.code, f.pointer) for f in r.findings]) for r in found]
    assert told == [
        (1, "stored", []),
        (3, "stored", []),  # its own repeat: the file stored it
        (5, "conflict", [("conflict", "")]),
        (7, "conflict", [("visit-elsewhere", "/place_id")]),
        (9, "flagged", [("flag-kind-differs", "")]),
        (11, "rejected", [("unknown-unit", "/unit_id")]),
        (13, "rejected", [("wrong-type", "/day")]),
        (15, "rejected", [("unknown-field", "/members")]),
        (16, "rejected", [("line-broken", "")]),
    ]
    assert sum(worker.log.heads().values()) == 2
    first, second = (found[n].position for n in (0, 4))
    assert [r.position for r in found] == [first] * 4 + [second] + [None] * 4
    stored = [event for p in range(4) for event in worker.log.read(p, 0, 9)]
    assert {first, second} == {f"{event.partition}:{event.position}" for event in stored}

    written = BytesIO()
    work.result(found, written)
    said = [orjson.loads(line) for line in written.getvalue().splitlines()]
    assert [(each["line"], each["outcome"]) for each in said] == [(r.row, r.outcome) for r in found]
    assert [each.get("position") for each in said] == [r.position for r in found]
    assert said[5]["errors"][0] | {"detail": ""} == {
        "code": "unknown-unit",
        "cell": "11",
        "row": 11,
        "pointer": "/unit_id",
        "detail": "",
    }
    assert b"nowhere" not in written.getvalue()


def test_killed_after_any_step_it_comes_to_the_same_result() -> None:
    lines = [visit(place_kind="shop" if n % 7 == 0 else "household", place_id=str(uuid4())) for n in range(700)]
    for n, line in enumerate(lines[1:], 1):
        if n % 5 == 0:
            line["place_id"] = lines[n - 1]["place_id"]
    content = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    whole = Worker()
    with whole.process() as task:
        expected = results(steps(task.open(whole.job({}), Uploaded(content), [])))
    assert {r.outcome for r in expected} == {"stored", "flagged"}
    assert len(expected) == 700 > 3 * LINES_AT_ONCE

    broken, job, cursor, found = Worker(), whole.job({}), 0, list[RowResult]()
    while len(found) < 700:
        with broken.process() as task:
            task.open(job, Uploaded(content), found).step(cursor)  # killed before this was committed
        with broken.process() as task:
            done = task.open(job, Uploaded(content), found).step(cursor)
        found += done.results
        cursor = done.cursor or cursor
    assert found == expected
    assert broken.log.heads() == whole.log.heads()


def test_every_doubt_has_its_words() -> None:
    assert {f"flag-{flag.replace('_', '-')}" for flag in Flag} == DOUBTS.keys()
